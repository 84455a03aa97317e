/* SPDX-License-Identifier: Apache-2.0 */
/* racing.c - readers beside a writer; see racing.h. */
#include "support/racing.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define READERS 3
#if defined(__SANITIZE_THREAD__)
#define WORK 100 /* all is about twenty times slower */
#else
#define WORK 1500
#endif
#define OPERATIONS      WORK /* of each reader, at least */
#define WRITES          WORK
#define OPERATIONS_MOST 3000000 /* of readers that wait for the writer */
#define LARGEST         20000u
#define BATCH           48u
#define ELEMENT         400u

struct reader {
	struct racing *race;
	tmem_target *target;
	unsigned seed;
	char wrong[512]; /* "" = nothing */
	size_t floors;   /* used ones of the next */
	uint32_t floor[BATCH * ELEMENT / 8 + LARGEST / 8];
	uint8_t bytes[BATCH * ELEMENT + LARGEST];
};

static bool complain(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool complain(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->wrong, sizeof(reader->wrong), format, arguments);
	va_end(arguments);
	atomic_store(&reader->race->failed, true);
	return false;
}

static size_t below(unsigned *seed, size_t bound)
{
	uint64_t high = (unsigned)rand_r(seed);

	return (size_t)((high << 15 ^ (unsigned)rand_r(seed)) % bound);
}

uint64_t racing_word(uint64_t place, uint32_t version)
{
	uint64_t mixed = (place + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)version << 32 | ((uint32_t)(mixed >> 32) ^ version);
}

/* --- what a reader may see --- */

/* Words whose bytes lie whole in a piece of the busy part. */
struct words {
	struct racing_log *log;
	const uint32_t *floor; /* what had been written when the question was asked */
	uint64_t place;        /* of the first */
	size_t count;
	size_t skip; /* bytes of the piece before it */
};

/* Before it asks: the words of a piece, and what has been written by now. */
static struct words expect_words(struct reader *reader, struct racing_log *log, uint64_t offset,
				 size_t size)
{
	struct words words = { .place = (offset + 7) / 8 * 8 };

	words.skip = words.place - offset;
	words.count = size < words.skip ? 0 : (size - words.skip) / 8;
	words.log = log + words.place / 8;
	words.floor = reader->floor + reader->floors;
	for (size_t i = 0; i < words.count; i++)
		reader->floor[reader->floors++] =
			atomic_load_explicit(&words.log[i].returned, memory_order_acquire);
	return words;
}

/* Afterwards. */
static bool check_words(struct reader *reader, const struct words *words, const uint8_t *bytes,
			const char *way)
{
	atomic_thread_fence(memory_order_acquire);
	for (size_t i = 0; i < words->count; i++) {
		uint64_t place = words->place + i * 8, word;
		uint32_t begun, version;

		memcpy(&word, bytes + words->skip + i * 8, 8);
		version = (uint32_t)(word >> 32);
		begun = atomic_load(&words->log[i].begun);
		if (word != racing_word(place, version) && reader->race->tears &&
		    words->floor[i] != begun)
			continue;
		if (word != racing_word(place, version))
			return complain(reader, "%s: place %#" PRIx64 " reads %016" PRIx64 ", torn",
					way, place, word);
		if (version < words->floor[i] || version > begun)
			return complain(reader,
					"%s: place %#" PRIx64
					" reads write %u, but %u had returned "
					"before, and %u had begun afterwards",
					way, place, version, words->floor[i], begun);
	}
	return true;
}

/* @done is looked at after @status is there; NULL: there is no count. */
static bool check_status(struct reader *reader, tmem_status status, const size_t *done, size_t size,
			 const char *way)
{
	if (status == TMEM_S_OK && (!done || *done == size))
		return true;
	return complain(reader, "%s: %s, %zu of %zu: %s", way, tmem_status_name(status),
			done ? *done : 0, size, tmem_last_error(reader->target));
}

/* --- the ways of reading --- */

typedef tmem_status read_function(tmem_target *target, uint64_t offset, void *buffer, size_t size,
				  size_t *done);

static size_t random_size(struct reader *reader, size_t most)
{
	static const size_t bounds[] = { 8, 64, RACING_PAGE, LARGEST };
	size_t size = 1 + below(&reader->seed, bounds[below(&reader->seed, 4)]);

	if (below(&reader->seed, 2))
		size = 8;
	return size < most ? size : most;
}

static bool read_busy(struct reader *reader, read_function *read, const char *way)
{
	const struct racing *race = reader->race;
	size_t size = random_size(reader, race->busy_size), done = 0;
	uint64_t offset = below(&reader->seed, race->busy_size - size + 1);
	struct words words;

	if (size == 8)
		offset &= ~(uint64_t)7;
	words = expect_words(reader, race->log, offset, size);
	return check_status(reader,
			    read(reader->target, race->busy + offset, reader->bytes, size, &done),
			    &done, size, way) &&
	       check_words(reader, &words, reader->bytes, way);
}

static bool read_quiet(struct reader *reader, read_function *read, const char *way)
{
	const struct racing *race = reader->race;
	size_t size = random_size(reader, race->quiet_size), done = 0;
	uint64_t offset = below(&reader->seed, race->quiet_size - size + 1);

	if (!check_status(reader,
			  read(reader->target, race->quiet + offset, reader->bytes, size, &done),
			  &done, size, way))
		return false;
	return !memcmp(reader->bytes, race->copy + offset, size) ||
	       complain(reader, "%s: %zu quiet bytes at %#" PRIx64 " are wrong", way, size, offset);
}

/* One element of a batch: quiet ones have no words. */
static struct tmem_transfer make_element(struct reader *reader, uint8_t *to, struct words *words)
{
	const struct racing *race = reader->race;
	bool quiet = below(&reader->seed, 3) == 0;
	size_t size = 1 + below(&reader->seed, below(&reader->seed, 2) ? 8 : ELEMENT);
	uint64_t at = below(&reader->seed, (quiet ? race->quiet_size : race->busy_size) - size + 1);

	*words = expect_words(reader, race->log, quiet ? 0 : at, quiet ? 0 : size);
	return (struct tmem_transfer){
		.offset = (quiet ? race->quiet : race->busy) + at,
		.buffer = to,
		.size = size,
		.flags = below(&reader->seed, 8) ? 0 : TMEM_TRANSFER_UNCACHED,
	};
}

static bool check_element(struct reader *reader, const struct tmem_transfer *item,
			  const struct words *words)
{
	const struct racing *race = reader->race;
	uint64_t at = item->offset - race->quiet;

	if (!check_status(reader, item->status, &item->done, item->size, "element of a batch"))
		return false;
	if (item->offset - race->busy < race->busy_size)
		return check_words(reader, words, item->buffer, "element of a batch");
	return !memcmp(item->buffer, race->copy + at, item->size) ||
	       complain(reader, "batch: %zu quiet bytes at %#" PRIx64 " are wrong", item->size, at);
}

/* Elements of both parts, some of them uncached, in no order. */
static bool read_batch(struct reader *reader)
{
	struct tmem_transfer items[BATCH];
	struct words words[BATCH];
	size_t count = 1 + below(&reader->seed, BATCH);
	tmem_status status;

	for (size_t i = 0; i < count; i++)
		items[i] = make_element(reader, reader->bytes + i * ELEMENT, &words[i]);
	status = tmem_read_virtual_batch(reader->target, items, count);
	if (!check_status(reader, status, NULL, 0, "batch"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!check_element(reader, &items[i], &words[i]))
			return false;
	return true;
}

/* What is lent must be the target's as long as nothing was written since. */
static bool view_busy(struct reader *reader)
{
	const struct racing *race = reader->race;
	size_t size = 8 + below(&reader->seed, RACING_PAGE);
	uint64_t offset = below(&reader->seed, race->busy_size - size + 1);
	struct words words = expect_words(reader, race->log, offset, size);
	struct tmem_view view;
	tmem_status status = tmem_view_virtual(reader->target, race->busy + offset, size, &view);

	if (status == TMEM_E_NOTIMPL)
		return true;
	if (!check_status(reader, status, NULL, 0, "view"))
		return false;
	if (view.size > size)
		view.size = size;
	memcpy(reader->bytes, view.data, view.size);
	if (tmem_view_is_current(reader->target, &view) != TMEM_S_OK)
		return true;
	words.count = view.size < words.skip ? 0 : (view.size - words.skip) / 8;
	return check_words(reader, &words, reader->bytes, "view");
}

static bool read_string(struct reader *reader)
{
	const struct racing *race = reader->race;
	uint64_t at = below(&reader->seed, race->quiet_size);
	const uint8_t *from = race->copy + at;
	size_t most = race->quiet_size - at < 300 ? race->quiet_size - at : 300;
	const uint8_t *end = memchr(from, 0, most);
	size_t length = end ? (size_t)(end - from) : 0, bytes = 0;
	char text[301];
	tmem_status status = tmem_read_multi_byte_string_virtual(reader->target, race->quiet + at,
								 most, text, sizeof(text), &bytes);

	if (!end)
		return status == TMEM_E_INVALIDARG ||
		       complain(reader, "string: %s without an end", tmem_status_name(status));
	return (check_status(reader, status, &bytes, length + 1, "string") &&
		!memcmp(text, from, length + 1)) ||
	       complain(reader, "string: %zu bytes at %#" PRIx64 ": %s, %zu, or others", length, at,
			tmem_status_name(status), bytes);
}

static bool search_quiet(struct reader *reader)
{
	const struct racing *race = reader->race;
	size_t size = 1 + below(&reader->seed, 24);
	uint64_t at = below(&reader->seed, race->quiet_size - size + 1);
	uint64_t from = below(&reader->seed, at + 1), match = 0;
	const uint8_t *there =
		memmem(race->copy + from, race->quiet_size - from, race->copy + at, size);
	tmem_status status =
		tmem_search_virtual(reader->target, race->quiet + from, race->quiet_size - from,
				    race->copy + at, size, 1, &match);

	return check_status(reader, status, NULL, 0, "search") &&
	       (match - race->quiet == (uint64_t)(there - race->copy) ||
		complain(reader, "search from %#" PRIx64 ": at %#" PRIx64 ", not at %#" PRIx64,
			 from, match - race->quiet, (uint64_t)(there - race->copy)));
}

static bool read_frame(struct reader *reader)
{
	const struct racing *race = reader->race;
	uint64_t page = below(&reader->seed, race->busy_size / RACING_PAGE) * RACING_PAGE;
	size_t size = 1 + below(&reader->seed, RACING_PAGE), done = 0;
	uint64_t at = below(&reader->seed, RACING_PAGE - size + 1);
	struct words words = expect_words(reader, race->log, page + at, size);
	uint64_t physical = race->frames[page / RACING_PAGE] + at;

	return check_status(
		       reader,
		       tmem_read_physical(reader->target, physical, reader->bytes, size, &done),
		       &done, size, "physical") &&
	       check_words(reader, &words, reader->bytes, "physical");
}

static bool translate(struct reader *reader)
{
	const struct racing *race = reader->race;
	uint64_t offsets[BATCH], addresses[BATCH], physical[BATCH];
	size_t count = below(&reader->seed, 2) ? 1 : BATCH, found = 1;
	tmem_status status;

	for (size_t i = 0; i < count; i++) {
		offsets[i] = below(&reader->seed, race->busy_size);
		addresses[i] = race->busy + offsets[i];
	}
	status = count == 1 ? tmem_virtual_to_physical(reader->target, addresses[0], physical)
			    : tmem_virtual_to_physical_batch(reader->target, addresses, physical,
							     count, &found);
	if (!check_status(reader, status, &found, count, "translation"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (physical[i] !=
		    race->frames[offsets[i] / RACING_PAGE] + offsets[i] % RACING_PAGE)
			return complain(reader,
					"translation: %#" PRIx64 " is said to be at %#" PRIx64,
					addresses[i], physical[i]);
	return true;
}

/* The page that moves: its bytes must be those of a frame that it had meanwhile. */
static bool read_moving(struct reader *reader)
{
	const struct racing *race = reader->race;
	struct racing_log *log = &race->log[race->busy_size / 8];
	uint64_t at = below(&reader->seed, RACING_PAGE / 8) * 8, value = 0, physical = 0;
	uint64_t address = race->busy + race->busy_size + at;
	uint32_t floor = atomic_load(&log->returned), begun;
	bool by_address = below(&reader->seed, 4) == 0;
	unsigned frame;
	size_t done = 8;
	tmem_status status = by_address
				     ? tmem_virtual_to_physical(reader->target, address, &physical)
				     : tmem_read_virtual(reader->target, address, &value, 8, &done);

	begun = atomic_load(&log->begun);
	if (!check_status(reader, status, &done, 8, "moving page"))
		return false;
	for (frame = 0; frame < 2; frame++)
		if (by_address
			    ? physical - at == (race->entries[frame] & ~(uint64_t)(RACING_PAGE - 1))
			    : value == racing_word(race->busy_size + frame * RACING_PAGE + at, 0))
			break;
	if (frame == 2)
		return complain(reader, "moving page: neither frame: %#" PRIx64 " %016" PRIx64,
				physical, value);
	return floor != begun || frame == floor % 2 ||
	       complain(reader, "moving page: reads what it was before move %u", floor);
}

/* What the target writes itself. */
static bool read_own(struct reader *reader)
{
	const struct racing *race = reader->race;
	size_t size = 8 * (1 + below(&reader->seed, below(&reader->seed, 4) ? 1 : 64)), done = 0;
	uint64_t offset = below(&reader->seed, race->own_count * 8 - size + 8) & ~(uint64_t)7;
	struct words words = expect_words(reader, race->own_log, offset, size);

	return check_status(reader,
			    tmem_read_virtual(reader->target, race->own + offset, reader->bytes,
					      size, &done),
			    &done, size, "own") &&
	       check_words(reader, &words, reader->bytes, "the target's own");
}

static bool one_operation(struct reader *reader)
{
	const struct racing *race = reader->race;

	reader->floors = 0;
	switch (below(&reader->seed, 16)) {
	case 0: return read_busy(reader, tmem_read_virtual_uncached, "uncached");
	case 1: return read_quiet(reader, tmem_read_virtual_uncached, "uncached");
	case 2: return read_quiet(reader, tmem_read_virtual, "read");
	case 3: return read_batch(reader);
	case 4: return read_string(reader);
	case 5: return view_busy(reader);
	case 6: return below(&reader->seed, 8) || search_quiet(reader);
	case 7: return !race->frames || read_frame(reader);
	case 8: return !race->frames || translate(reader);
	case 9:
	case 10: return !race->entry || read_moving(reader);
	case 11:
	case 12: return !race->own || read_own(reader);
	default: return read_busy(reader, tmem_read_virtual, "read");
	}
}

/* Nothing is written any more: each place has one value, whichever way it is read. */
static bool everything_is_as_written(struct reader *reader)
{
	static const struct {
		read_function *read;
		const char *name;
	} ways[] = { { tmem_read_virtual, "read, afterwards" },
		     { tmem_read_virtual_uncached, "uncached, afterwards" } };
	const struct racing *race = reader->race;

	for (uint64_t at = 0; at < race->busy_size; at += RACING_PAGE)
		for (size_t way = 0; way < 2; way++) {
			struct words words;
			size_t done = 0;

			reader->floors = 0;
			words = expect_words(reader, race->log, at, RACING_PAGE);
			if (!check_status(reader,
					  ways[way].read(reader->target, race->busy + at,
							 reader->bytes, RACING_PAGE, &done),
					  &done, RACING_PAGE, ways[way].name) ||
			    !check_words(reader, &words, reader->bytes, ways[way].name))
				return false;
		}
	return true;
}

static void *read_on(void *argument)
{
	struct reader *reader = argument;
	struct racing *race = reader->race;
	tmem_target *own = NULL;
	bool good = true, last = false;

	/* Each second one through a handle of its own. */
	if (reader->seed % 2 && tmem_target_dup(race->target, &own) == TMEM_S_OK)
		reader->target = own;
	for (unsigned i = 0; good && i < OPERATIONS_MOST && !last; i++) {
		last = atomic_load(&race->final);
		good = one_operation(reader);
		if (i == OPERATIONS)
			atomic_fetch_add(&race->done, 1);
	}
	/* What each thread remembers is of another time: a round more, and then all of it. */
	for (unsigned i = 0; good && i < OPERATIONS / 4; i++)
		good = one_operation(reader);
	if (good)
		everything_is_as_written(reader);
	tmem_close(own);
	return NULL;
}

/* --- the writer --- */

struct writer {
	struct racing *race;
	unsigned seed;
	char wrong[256];
	uint64_t *words; /* race->most bytes */
};

static void log_all(struct racing_log *log, size_t count, uint32_t version, bool returned)
{
	for (size_t i = 0; i < count; i++)
		atomic_store(returned ? &log[i].returned : &log[i].begun, version);
}

/* Words in a row; now and then through physical memory. */
static bool write_words(struct writer *writer, uint32_t version)
{
	struct racing *race = writer->race;
	size_t size = 8, done = 0;
	uint64_t place;
	tmem_status status;
	bool physical;

	if (below(&writer->seed, 4) == 0)
		size = 8 * (1 + below(&writer->seed, race->most / 8));
	place = below(&writer->seed, (race->busy_size - size) / 8 + 1) * 8;
	physical = race->frames && size <= RACING_PAGE - place % RACING_PAGE &&
		   below(&writer->seed, 3) == 0;
	for (size_t i = 0; i < size / 8; i++)
		writer->words[i] = racing_word(place + 8 * i, version);
	log_all(race->log + place / 8, size / 8, version, false);
	if (physical)
		status = tmem_write_physical(
			race->target, race->frames[place / RACING_PAGE] + place % RACING_PAGE,
			writer->words, size, &done);
	else
		status = tmem_write_virtual(race->target, race->busy + place, writer->words, size,
					    &done);
	if (status == TMEM_S_OK && done == size) {
		log_all(race->log + place / 8, size / 8, version, true);
		return true;
	}
	snprintf(writer->wrong, sizeof(writer->wrong), "write of %zu bytes: %s, %zu: %.150s", size,
		 tmem_status_name(status), done, tmem_last_error(race->target));
	return false;
}

static bool move_page(struct writer *writer, uint32_t version)
{
	struct racing *race = writer->race;
	struct racing_log *log = &race->log[race->busy_size / 8];
	tmem_status status;

	atomic_store(&log->begun, version);
	status = tmem_write_physical(race->target, race->entry, &race->entries[version % 2], 8,
				     NULL);
	atomic_store(&log->returned, version);
	if (status != TMEM_S_OK)
		snprintf(writer->wrong, sizeof(writer->wrong), "entry: %s",
			 tmem_status_name(status));
	return status == TMEM_S_OK;
}

static void *write_on(void *argument)
{
	struct writer *writer = argument;
	struct racing *race = writer->race;
	bool good = true;

	for (uint32_t i = 1; good && !atomic_load(&race->stop); i++) {
		good = write_words(writer, i);
		if (good && race->entry && i % 8 == 0)
			good = move_page(writer, i / 8);
		atomic_fetch_add(&race->writes, 1);
		if (!good)
			atomic_store(&race->failed, true);
		/* Readers shall also find what they remember still good. */
		if (i % 4 == 0)
			usleep(1 + (unsigned)below(&writer->seed, 60));
	}
	return NULL;
}

static void *toggle(void *argument)
{
	struct racing *race = argument;
	tmem_status status = TMEM_S_OK;

	while (status == TMEM_S_OK && !atomic_load(&race->stop)) {
		status = tmem_suspend(race->target);
		usleep(2000);
		if (status == TMEM_S_OK)
			status = tmem_resume(race->target);
		usleep(1000);
	}
	return (void *)(uintptr_t)(status != TMEM_S_OK);
}

/* Every reader and the writer have done enough, or somebody found something wrong. */
static bool enough(struct racing *race)
{
	return atomic_load(&race->failed) ||
	       (atomic_load(&race->done) >= READERS && atomic_load(&race->writes) >= WRITES);
}

void racing_run(struct racing *race)
{
	struct reader *readers = calloc(READERS, sizeof(*readers));
	struct writer writer = { .race = race, .words = malloc(race->most) };
	pthread_t threads[READERS], write_thread, toggle_thread;
	void *toggled = NULL;
	unsigned seed = race->seed ? race->seed : (unsigned)time(NULL);

	race->log = calloc(race->busy_size / 8 + 1, sizeof(*race->log));
	assert_true(readers && writer.words && race->log);
	writer.seed = seed;
	atomic_store(&race->stop, false);
	atomic_store(&race->final, false);
	atomic_store(&race->failed, false);
	atomic_store(&race->done, 0);
	atomic_store(&race->writes, 0);
	for (unsigned i = 0; i < READERS; i++) {
		readers[i].race = race;
		readers[i].target = race->target;
		readers[i].seed = seed * 8 + i;
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	assert_int_equal(pthread_create(&write_thread, NULL, write_on, &writer), 0);
	if (race->toggles)
		assert_int_equal(pthread_create(&toggle_thread, NULL, toggle, race), 0);
	while (!enough(race))
		usleep(1000);
	atomic_store(&race->stop, true);
	pthread_join(write_thread, NULL);
	if (race->toggles)
		pthread_join(toggle_thread, &toggled);
	atomic_store(&race->final, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	if (writer.wrong[0])
		fail_msg("%s: %s", race->name, writer.wrong);
	for (unsigned i = 0; i < READERS; i++)
		if (readers[i].wrong[0])
			fail_msg("%s (seed %u, TMEM_DISABLE=\"%s\"): %s", race->name, seed,
				 getenv("TMEM_DISABLE"), readers[i].wrong);
	assert_null(toggled);
	free(readers);
	free(writer.words);
	free(race->log);
}
