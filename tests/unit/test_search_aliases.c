/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search_aliases.c - searches where page tables lead to the same frames from many addresses:
 * the same matches as a plain look at every byte, each frame looked through once, and nothing
 * remembered that a write has changed. The tables are made by support/ram.h.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <tmem.h>

#include "support/ram.h"

#define MIB       (1u << 20)
#define BASE      (machine_base)
#define PAGES     5120u /* of virtual memory */
#define SIZE      (PAGES * RAM_PAGE)
#define ROOT      0x1000u
#define NO_FRAME  UINT64_MAX
#define LETTERS   4
#define LONG      256u /* the longest pattern for which frames are remembered */
#define MOST_SETS 3

/* How much is done: ThreadSanitizer takes fifty times as long. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 20
#define SOME   20 /* one of so many queries */
#define ALL    7
#else
#define ROUNDS 300
#define SOME   4
#define ALL    1
#endif

/* Where threads take turns, behind where all frames were seen. */
#define TURN (19u * MIB / RAM_PAGE)

struct machine {
	struct ram ram;
	char path[64];
	uint64_t first; /* frames that are not tables */
	uint64_t frames;
	uint64_t frame_of[PAGES]; /* physical, NO_FRAME: a hole */
	bool writable[PAGES];
	bool all_writable;
	uint8_t *bytes; /* as it is to be seen at BASE */
	uint8_t valid[PAGES];
};

static uint64_t seed = 1;

/* Where the virtual memory is; after 2^64 - 1 there is nothing. */
static uint64_t machine_base = 0x40000000;

static uint64_t next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return seed >> 33;
}

/* --- a machine --- */

static void map(struct machine *machine, size_t page, uint64_t physical, uint64_t size)
{
	const struct ram_page entry = {
		.virtual_ = BASE + page * RAM_PAGE,
		.physical = physical,
		.size = size,
		.writable = machine->all_writable || next_random() % 8 != 0,
		.user = true,
	};

	ram_map(&machine->ram, ROOT, &entry);
	for (size_t i = 0; i < size / RAM_PAGE; i++) {
		machine->frame_of[page + i] = physical + i * RAM_PAGE;
		machine->writable[page + i] = entry.writable;
	}
}

/* Small pages: stretches that go on in physical memory, frames from anywhere, now and then a hole
 * or a frame that is not there. */
static void map_small(struct machine *machine, size_t page, size_t end)
{
	while (page < end) {
		size_t count = 1 + next_random() % 60;
		uint64_t frame = next_random() % machine->frames;
		bool shuffled = next_random() % 2;

		if (next_random() % 25 == 0) {
			page += count % 3 + 1;
			continue;
		}
		for (; count > 0 && page < end; count--, page++) {
			if (shuffled)
				frame = next_random() % (machine->frames + machine->frames / 128);
			map(machine, page, machine->first + frame * RAM_PAGE, RAM_PAGE);
			frame = frame + 1 < machine->frames ? frame + 1 : 0;
		}
	}
}

static void make_bytes(struct machine *machine)
{
	for (size_t page = 0; page < PAGES; page++) {
		const uint8_t *frame = machine->frame_of[page] == NO_FRAME
					       ? NULL
					       : ram_at(&machine->ram, machine->frame_of[page]);

		machine->valid[page] = frame != NULL;
		if (frame)
			memcpy(machine->bytes + page * RAM_PAGE, frame, RAM_PAGE);
	}
}

static void make_machine(struct machine *machine, enum ram_format format)
{
	const uint64_t large = ram_shape(format)->large;

	memset(machine, 0, sizeof(*machine));
	ram_init(&machine->ram, format);
	ram_add(&machine->ram, 0, MIB);
	/* One large page, and of the next the beginning. */
	ram_add(&machine->ram, large, large + MIB);
	machine->ram.next_table = ROOT + 0x4000;
	machine->first = large;
	machine->frames = (large + MIB) / RAM_PAGE;
	machine->bytes = calloc(1, SIZE);
	assert_non_null(machine->bytes);
	for (size_t page = 0; page < PAGES; page++)
		machine->frame_of[page] = NO_FRAME;
	map_small(machine, 0, 1024);
	for (size_t page = 1024; page < 3072; page += large / RAM_PAGE)
		map(machine, page, (1 + page / 2048) * large, large);
	map_small(machine, 3072, PAGES);
	for (uint64_t i = 0; i < machine->frames * RAM_PAGE; i++)
		*ram_at(&machine->ram, machine->first + i) =
			(uint8_t)('a' + next_random() % LETTERS);
}

static void free_machine(struct machine *machine)
{
	unlink(machine->path);
	free(machine->bytes);
	ram_fini(&machine->ram);
}

static void write_machine(struct machine *machine, bool (*write)(const struct ram *, FILE *))
{
	FILE *file;
	int fd;

	strcpy(machine->path, "/tmp/tmem-aliases-XXXXXX");
	fd = mkstemp(machine->path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_true(write(&machine->ram, file));
	fclose(file);
}

static tmem_target *open_machine(const struct machine *machine, const char *more)
{
	char options[160];
	tmem_target *target;

	snprintf(options, sizeof(options), "%s,root=0x%x%s", machine->ram.shape->options, ROOT,
		 more);
	if (tmem_open(machine->path, options, &target) != TMEM_S_OK)
		fail_msg("%s: %s", options, tmem_last_error(NULL));
	return target;
}

/* --- the plain way --- */

struct query {
	const char *name;
	struct tmem_search_request request;
	struct tmem_search_pattern patterns[MOST_SETS];
};

static bool is_readable(const struct machine *machine, uint32_t flags, size_t at, size_t size)
{
	for (size_t page = at / RAM_PAGE; page <= (at + size - 1) / RAM_PAGE; page++)
		if (!machine->valid[page] ||
		    ((flags & TMEM_VSEARCH_WRITABLE_ONLY) && !machine->writable[page]))
			return false;
	return true;
}

static bool is_pattern(const uint8_t *bytes, const struct tmem_search_pattern *pattern)
{
	const uint8_t *wanted = pattern->bytes, *mask = pattern->mask;

	for (size_t i = 0; i < pattern->size; i++)
		if ((bytes[i] ^ wanted[i]) & (mask ? mask[i] : 0xff))
			return false;
	return true;
}

static bool matches(const struct machine *machine, const struct query *query, size_t pattern,
		    size_t at, size_t end)
{
	const struct tmem_search_request *request = &query->request;
	bool integers = request->kind == TMEM_SEARCH_UNSIGNED_INTEGERS;
	size_t size = integers ? request->integer_size : query->patterns[pattern].size;
	uint64_t value = 0;

	if (end - at < size ||
	    (!integers && !is_pattern(machine->bytes + at, &query->patterns[pattern])))
		return false;
	if (integers) {
		memcpy(&value, machine->bytes + at, size);
		if (value < request->minimum || value > request->maximum)
			return false;
	}
	return is_readable(machine, request->flags, at, size);
}

struct place {
	size_t at;
	size_t pattern;
};

/* All matches that begin and end in a part of the memory, in order. */
struct answer {
	size_t start;
	size_t end;
	struct place *places;
	size_t count;
};

/*
 * Where it is worth looking from @at on: one plain pattern can be skipped to, at most by a page, as
 * a sanitizer looks at all that memmem() may look at.
 */
static size_t candidate(const struct machine *machine, const struct query *query, size_t at,
			size_t end)
{
	const struct tmem_search_request *request = &query->request;
	size_t granularity = request->pattern_granularity;
	size_t near = RAM_PAGE / granularity * granularity;
	const uint8_t *found;

	if (request->kind != TMEM_SEARCH_PATTERN || request->mask ||
	    end - at < near + request->pattern_size)
		return at;
	found = memmem(machine->bytes + at, near + request->pattern_size - 1, request->pattern,
		       request->pattern_size);
	return found ? at + ((size_t)(found - machine->bytes) - at) / granularity * granularity
		     : at + near - granularity;
}

static struct answer plain_answer(const struct machine *machine, const struct query *query,
				  size_t start, size_t end)
{
	const struct tmem_search_request *request = &query->request;
	size_t patterns = request->kind == TMEM_SEARCH_PATTERNS ? request->pattern_count : 1;
	struct answer answer = { .start = start, .end = end };
	size_t room = 1 << 16;

	answer.places = malloc(room * sizeof(*answer.places));
	assert_non_null(answer.places);
	for (size_t at = start; at < end; at += request->pattern_granularity) {
		at = candidate(machine, query, at, end);
		for (size_t pattern = 0; pattern < patterns && at < end; pattern++) {
			if (!matches(machine, query, pattern, at, end))
				continue;
			assert_true(answer.count < room);
			answer.places[answer.count++] = (struct place){ at, pattern };
		}
	}
	return answer;
}

/* The library's matches, each compared. */
static void check_query(tmem_target *target, const struct query *query, const struct answer *answer)
{
	struct tmem_search_request request = query->request;
	struct tmem_search_match match = { .size = sizeof(match) };
	tmem_search_cursor *cursor;

	request.offset = BASE + answer->start;
	request.length = answer->end - answer->start;
	assert_int_equal(tmem_search_cursor_new(target, &request, &cursor), TMEM_S_OK);
	for (size_t i = 0; i < answer->count; i++) {
		const struct place *place = &answer->places[i];
		tmem_status status = tmem_search_cursor_next2(cursor, &match);

		if (status != TMEM_S_OK || match.offset != BASE + place->at ||
		    match.pattern != place->pattern)
			fail_msg("%s, match %zu: %#x at %#" PRIx64 ", pattern %zu, not "
				 "%#zx, pattern %zu",
				 query->name, i, (unsigned)status, match.offset - BASE,
				 (size_t)match.pattern, place->at, place->pattern);
	}
	if (tmem_search_cursor_next2(cursor, &match) != TMEM_E_NO_MORE_ENTRIES)
		fail_msg("%s: one more at %#" PRIx64, query->name, match.offset - BASE);
	tmem_search_cursor_free(cursor);
}

/* --- what is looked for --- */

static const uint8_t needle[] = "Xabcabcabcabcab";
static const uint8_t rare[] = "Ydcbadcbadcba";
static uint8_t long_needle[LONG + 1];

static struct query one(const char *name, const void *bytes, size_t size, size_t granularity)
{
	return (struct query){
		.name = name,
		.request = { .size = sizeof(struct tmem_search_request),
			     .kind = TMEM_SEARCH_PATTERN,
			     .space = TMEM_DATA_SPACE_VIRTUAL,
			     .pattern = bytes,
			     .pattern_size = size,
			     .pattern_granularity = granularity },
		.patterns = { { bytes, NULL, size } },
	};
}

static struct query several(const char *name, struct query *query)
{
	query->request.kind = TMEM_SEARCH_PATTERNS;
	query->request.patterns = query->patterns;
	query->request.pattern_count = MOST_SETS;
	query->name = name;
	return *query;
}

static void put(struct machine *machine, uint64_t physical, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (ram_at(&machine->ram, physical + i))
			*ram_at(&machine->ram, physical + i) = ((const uint8_t *)bytes)[i];
}

/* Half of it in the page before, if both are there. */
static void put_across(struct machine *machine, size_t page, const uint8_t *bytes, size_t size)
{
	const uint64_t *frame = &machine->frame_of[page];

	if (frame[-1] == NO_FRAME || frame[0] == NO_FRAME)
		return;
	put(machine, frame[-1] + RAM_PAGE - size / 2, bytes, size / 2);
	put(machine, frame[0], bytes + size / 2, size - size / 2);
}

/* Inside of frames, at their ends, and across pages that follow each other somewhere. */
static void put_needles(struct machine *machine)
{
	const size_t size = sizeof(needle);

	for (size_t i = 0; i < LONG + 1; i++)
		long_needle[i] = (uint8_t)('a' + i * i % 3);
	long_needle[LONG - 100] = 'Z';
	for (unsigned i = 0; i < 12; i++) {
		uint64_t frame = machine->first + next_random() % machine->frames * RAM_PAGE;
		size_t page = next_random() % (PAGES - 1);
		size_t before = 1 + next_random() % (size - 1);

		put(machine, frame + (i % 4 == 0 ? RAM_PAGE - size : next_random() % 4000), needle,
		    size);
		if (machine->frame_of[page] == NO_FRAME || machine->frame_of[page + 1] == NO_FRAME)
			continue;
		put(machine, machine->frame_of[page] + RAM_PAGE - before, needle, before);
		put(machine, machine->frame_of[page + 1], needle + before, size - before);
	}
	put_across(machine, TURN, rare, sizeof(rare));
	put(machine, machine->first + 40 * RAM_PAGE - 1, "Q", 1);
	put(machine, machine->first + 50 * RAM_PAGE, "Q", 1);
	put(machine, machine->first + 60 * RAM_PAGE + 1000, long_needle, LONG + 1);
	put(machine, machine->first + 71 * RAM_PAGE - LONG / 2, long_needle, LONG + 1);
}

static size_t make_queries(struct query *queries)
{
	static const uint8_t mask[16] = { 0xff, 0xff, 0, 0xff, 0xf0, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0, 0,    0xff, 0xff, 0xff, 0xff };
	const size_t size = sizeof(needle);
	size_t count = 0;
	struct query *query;

	for (size_t granularity = 1; granularity <= size; granularity *= 2)
		queries[count++] = one("a needle", needle, size, granularity);
	queries[count++] = one("what is rare", rare, sizeof(rare), 1);
	queries[count++] = one("a byte", "Q", 1, 1);
	queries[count++] = one("letters", "abcdabcda", 9, 1);
	queries[count++] = one("few letters", "abcdab", 6, 1);
	queries[count++] = one("by threes", "abcdabcda", 9, 3);
	queries[count++] = one("a long one", long_needle, LONG, 1);
	queries[count++] = one("a longer one", long_needle, LONG + 1, 1);
	queries[count] = one("what is nowhere", needle, size - 1, 1);
	queries[count++].request.flags = TMEM_VSEARCH_WRITABLE_ONLY;
	query = &queries[count++];
	*query = one("a mask", needle, size, 1);
	query->request.mask = query->patterns[0].mask = mask;
	query = &queries[count++];
	*query = one("several", needle, size, 1);
	query->patterns[1] = (struct tmem_search_pattern){ "QQ", (const uint8_t *)"\xff\0", 2 };
	query->patterns[2] = (struct tmem_search_pattern){ "dcbadcbadcb", NULL, 11 };
	several("several", query);
	query = &queries[count++];
	*query = one("integers", NULL, 0, 4);
	query->request.kind = TMEM_SEARCH_UNSIGNED_INTEGERS;
	query->request.integer_size = 4;
	query->request.minimum = 0x00006158; /* "Xa.." */
	query->request.maximum = 0x61616158;
	return count;
}

/* --- */

/* Every @step-th query, with one thread and with several. */
static void check_machine(enum ram_format format, size_t step)
{
	static const char *const ways[] = { ",threads=1", ",threads=2", ",threads=3,map=never" };
	static struct machine machine;
	tmem_target *targets[sizeof(ways) / sizeof(ways[0])];
	struct query queries[24];
	size_t count;

	make_machine(&machine, format);
	put_needles(&machine);
	make_bytes(&machine);
	write_machine(&machine, ram_write_elf);
	count = make_queries(queries);
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		targets[way] = open_machine(&machine, ways[way]);
	for (size_t i = next_random() % step; i < count; i += step) {
		size_t cut = i % 2 ? 0 : 1 + next_random() % 9000;
		struct answer answer = plain_answer(&machine, &queries[i], cut, SIZE - cut / 2);

		for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
			check_query(targets[way], &queries[i], &answer);
		free(answer.places);
	}
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		tmem_close(targets[way]);
	free_machine(&machine);
}

static void test_x64(void **state)
{
	check_machine(RAM_X64, ALL);
}

/* Up to the last address of all, and up to the last of the lower half. */
static void test_ends(void **state)
{
	const uint64_t before = machine_base;

	machine_base = (uint64_t)-SIZE;
	check_machine(RAM_X64, SOME);
	machine_base = (UINT64_C(1) << 47) - SIZE;
	check_machine(RAM_X64, SOME);
	machine_base = before;
}

static void test_x86(void **state)
{
	check_machine(RAM_X86, SOME);
}

static void test_pae(void **state)
{
	check_machine(RAM_PAE, SOME);
}

static void test_arm64(void **state)
{
	check_machine(RAM_ARM64, SOME);
}

/* What is nowhere: no frame is looked through twice, however many addresses it has. */
static void test_once(void **state)
{
	static struct machine machine;
	uint64_t distinct = 0, seen = 0, bytes = 0, offset;
	struct query query;
	tmem_search_cursor *cursor;
	tmem_target *target;

	make_machine(&machine, RAM_X64);
	make_bytes(&machine);
	write_machine(&machine, ram_write_elf);
	for (uint64_t frame = 0; frame < machine.frames; frame++) {
		bool there = false;

		for (size_t page = 0; page < PAGES; page++)
			if (machine.frame_of[page] == machine.first + frame * RAM_PAGE) {
				there = true;
				seen++;
			}
		distinct += there;
	}
	assert_true(seen > 4 * distinct);
	target = open_machine(&machine, ",threads=1");
	query = one("what is nowhere", needle, sizeof(needle), 1);
	query.request.offset = BASE;
	query.request.length = SIZE;
	assert_int_equal(tmem_search_cursor_new(target, &query.request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next(cursor, &offset), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(tmem_search_cursor_progress(cursor, NULL, &bytes), TMEM_S_OK);
	/* A frame may come twice in one piece, which is asked about at once; ends of stretches are
	 * read again. */
	if (bytes < distinct * RAM_PAGE || bytes > distinct * RAM_PAGE * 21 / 20)
		fail_msg("%" PRIu64 " bytes were looked at, %" PRIu64 " frames are %" PRIu64, bytes,
			 distinct, distinct * RAM_PAGE);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	free_machine(&machine);
}

/* Where a cursor stops; behind a match a search looks for itself as far as this. */
#define STOP        3200
#define ALONE_PAGES (4 * MIB / RAM_PAGE)

/* A page of a frame that was looked through, and the last page that it has. */
static size_t find_pages(const struct machine *machine, size_t stop, size_t *last)
{
	for (size_t page = 100;; page++)
		for (*last = PAGES - 1; machine->valid[page] && *last > stop + ALONE_PAGES + 100;
		     --*last)
			if (machine->frame_of[*last] == machine->frame_of[page])
				return page;
}

/*
 * A cursor stands at its first match. Then the needle is written into a frame that it has seen:
 * by whom does not matter, the last page of the frame must show it.
 */
static void check_written(struct machine *machine, tmem_target *target, bool by_file)
{
	const struct tmem_search_pattern patterns[2] = { { rare, NULL, sizeof(rare) },
							 { needle, NULL, sizeof(needle) } };
	struct tmem_search_match match = { .size = sizeof(match) };
	struct query query = one("two", NULL, 0, 1);
	size_t last, page = find_pages(machine, STOP, &last), found = 0;
	uint64_t frame = machine->frame_of[page];
	tmem_search_cursor *cursor;
	int fd;

	query.request.kind = TMEM_SEARCH_PATTERNS;
	query.request.patterns = patterns;
	query.request.pattern_count = 2;
	query.request.offset = BASE;
	query.request.length = SIZE;
	assert_int_equal(tmem_search_cursor_new(target, &query.request, &cursor), TMEM_S_OK);
	assert_int_equal(tmem_search_cursor_next2(cursor, &match), TMEM_S_OK);
	assert_int_equal(match.offset, BASE + STOP * RAM_PAGE + 64);
	fd = open(machine->path, O_WRONLY);
	if (by_file)
		assert_int_equal(pwrite(fd, needle, sizeof(needle), (off_t)frame + 500),
				 sizeof(needle));
	else
		assert_int_equal(tmem_write_virtual(target, BASE + page * RAM_PAGE + 500, needle,
						    sizeof(needle), NULL),
				 TMEM_S_OK);
	close(fd);
	while (tmem_search_cursor_next2(cursor, &match) == TMEM_S_OK)
		found += match.offset == BASE + last * RAM_PAGE + 500;
	assert_int_equal(found, 1);
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	free_machine(machine);
}

static void make_stop(struct machine *machine)
{
	make_machine(machine, RAM_X64);
	make_bytes(machine);
	/* No other page shows this frame. */
	map(machine, STOP, 0xf0000, RAM_PAGE);
	put(machine, 0xf0000 + 64, rare, sizeof(rare));
}

static void test_written(void **state)
{
	static struct machine machine;

	make_stop(&machine);
	write_machine(&machine, ram_write_elf);
	check_written(&machine, open_machine(&machine, ",threads=1"), false);
}

/* Memory that changes by itself: nothing of it is remembered. */
static void test_living(void **state)
{
	static struct machine machine;
	char spec[80];
	tmem_target *target;

	make_stop(&machine);
	write_machine(&machine, ram_write_raw);
	snprintf(spec, sizeof(spec), "raw:%s", machine.path);
	if (tmem_open(spec, "scheme=x64,root=0x1000,threads=1,live=on", &target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	check_written(&machine, target, true);
}

/* --- beside a writer --- */

struct race {
	tmem_target *target;
	uint64_t entry; /* physical, of the page that goes to and fro */
	uint64_t entries[2];
	atomic_bool stop;
};

static void *write_on(void *argument)
{
	struct race *race = argument;

	for (unsigned i = 0; !atomic_load(&race->stop); i++) {
		if (tmem_write_physical(race->target, race->entry, &race->entries[i % 2], 8,
					NULL) != TMEM_S_OK)
			return race;
		usleep(100 + i % 7 * 100);
	}
	return NULL;
}

/* The physical address of the last entry of a page's walk, and its value. */
static uint64_t entry_of(tmem_target *target, size_t page, uint64_t *value)
{
	uint64_t place = ROOT;

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		place = (place & UINT64_C(0xffffffffff000)) +
			((BASE + page * RAM_PAGE) >> shift & 511) * 8;
		assert_int_equal(tmem_read_physical(target, place, value, 8, NULL), TMEM_S_OK);
		if (shift > 12)
			place = *value;
	}
	return place;
}

/*
 * A page goes to and fro between a frame with the needle, which the last page shows all the time,
 * and one without. Who looks at the second and remembers the first misses the last page.
 */
static void test_beside_a_writer(void **state)
{
	static struct machine machine;
	const size_t moving = 3100, last = PAGES - 1;
	struct race race = { .target = NULL };
	pthread_t writer;
	void *failed;

	make_machine(&machine, RAM_X64);
	machine.all_writable = true;
	for (size_t page = 3072; page < last; page++)
		map(&machine, page, machine.first + page * 7 % machine.frames * RAM_PAGE, RAM_PAGE);
	map(&machine, moving, 0xf1000, RAM_PAGE);
	map(&machine, last, 0xf0000, RAM_PAGE);
	put(&machine, 0xf0000 + 900, needle, sizeof(needle));
	write_machine(&machine, ram_write_elf);
	race.target = open_machine(&machine, ",threads=1");
	entry_of(race.target, last, &race.entries[0]);
	race.entry = entry_of(race.target, moving, &race.entries[1]);
	assert_int_equal(pthread_create(&writer, NULL, write_on, &race), 0);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t found = 0;

		assert_int_equal(tmem_search_virtual(race.target, BASE + 3072 * RAM_PAGE,
						     2048 * RAM_PAGE, needle, sizeof(needle), 1,
						     &found),
				 TMEM_S_OK);
		assert_true(found == BASE + last * RAM_PAGE + 900 ||
			    found == BASE + moving * RAM_PAGE + 900);
	}
	atomic_store(&race.stop, true);
	pthread_join(writer, &failed);
	assert_null(failed);
	tmem_close(race.target);
	free_machine(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x64),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_x86),
		cmocka_unit_test(test_pae),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_living),
		cmocka_unit_test(test_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
