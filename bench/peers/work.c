/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - the same work for every reader of memory that is written in C; see work.h. */
#include "work.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT     1024 /* addresses of a round */
#define HOT       256  /* different ones of them in a few pages: as in row G1 */
#define STRINGS   1000
#define TEXT_ROOM 256
#define PIECE     ((size_t)1 << 20)
#define LEAST_NS  100000000u /* rounds are repeated until then */

static struct peer_target target;
static uint64_t size;

static uint64_t addresses[COUNT];
static uint64_t values[COUNT];
static uint64_t pages[STRINGS];
static char texts[STRINGS][TEXT_ROOM];
static uint8_t piece[PIECE];
static uint64_t piece_offset;

uint64_t bench_size(void)
{
	return size;
}

/* ---- what a round works on ---- */

static void choose_random(uint64_t round)
{
	for (size_t i = 0; i < COUNT; i++)
		addresses[i] = target.address + bench_mix(round * COUNT + i) % (size / 8) * 8;
}

/* Pages that are far from each other and differ in the lowest bits of their numbers. */
static void choose_pages(size_t count)
{
	uint64_t stride = size / BENCH_PAGE / count;

	for (size_t i = 0; i < COUNT; i++) {
		uint64_t place = i % count;
		uint64_t page = place * stride + (place + count - place * stride % count) % count;

		addresses[i] =
			target.address + page * BENCH_PAGE + bench_mix(i) % (BENCH_PAGE / 64) * 64;
	}
}

static void choose_same(uint64_t round)
{
	choose_pages(1);
}

static void choose_hot(uint64_t round)
{
	choose_pages(64);
}

static void choose_texts(uint64_t round)
{
	for (size_t i = 0; i < STRINGS; i++) {
		pages[i] = bench_mix(round * STRINGS + i) % (size / BENCH_PAGE);
		addresses[i] = target.address + bench_text_offset(pages[i]);
	}
}

static void choose_piece(uint64_t round)
{
	piece_offset = round % (size / PIECE) * PIECE;
}

/* ---- a round; what it reads is compared when @check is set ---- */

static bool check_values(void)
{
	for (size_t i = 0; i < COUNT; i++)
		if (values[i] != bench_word(addresses[i] - target.address))
			return bench_fail("wrong bytes at %#" PRIx64, addresses[i]);
	return true;
}

static bool read_words(bool check)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!peer_reader.read(addresses[i], &values[i], sizeof(values[i])))
			return false;
	return !check || check_values();
}

static bool scatter(bool check)
{
	if (!peer_reader.scatter)
		return read_words(check);
	return peer_reader.scatter(addresses, values, COUNT) && (!check || check_values());
}

static bool read_pieces(size_t step)
{
	for (size_t at = 0; at < PIECE; at += step)
		if (!peer_reader.read(target.address + piece_offset + at, piece + at, step))
			return false;
	return true;
}

static bool bulk_pages(bool check)
{
	return read_pieces(BENCH_PAGE) &&
	       (!check || bench_is_memory(piece, piece_offset, PIECE, "bulk read"));
}

static bool bulk(bool check)
{
	return read_pieces(PIECE) &&
	       (!check || bench_is_memory(piece, piece_offset, PIECE, "bulk read"));
}

static bool write_piece(bool check)
{
	static uint8_t other[PIECE];

	if (check)
		bench_fill(piece, piece_offset, PIECE);
	if (!peer_reader.write(target.address + piece_offset, piece, PIECE))
		return false;
	return !check || (peer_reader.read(target.address + piece_offset, other, PIECE) &&
			  (!memcmp(piece, other, PIECE) || bench_fail("nothing was written")));
}

static bool read_texts(bool check)
{
	if (peer_reader.texts && !peer_reader.texts(addresses, texts[0], sizeof(texts[0]), STRINGS))
		return false;
	for (size_t i = 0; i < STRINGS && !peer_reader.texts; i++)
		if (!peer_reader.text(addresses[i], texts[i], sizeof(texts[i])))
			return false;
	for (size_t i = 0; i < STRINGS && check; i++)
		if (!bench_is_text(texts[i], pages[i], "string"))
			return false;
	return true;
}

static bool search(bool check)
{
	uint64_t found;

	return peer_reader.search(target.address, size, bench_needle, &found) &&
	       (found == target.address + size - BENCH_NEEDLE_SIZE ||
		bench_fail("the needle was found at %#" PRIx64, found));
}

/* The needle is found where the kernel has it; the guest's files may have more of them. */
static bool is_needle_found(void)
{
	uint64_t wanted = target.direct + target.needle;
	uint64_t end = target.direct + target.memory;
	uint64_t found = target.direct - 1;

	do {
		uint64_t from = found + 1;

		if (!peer_reader.search(from, end - from, bench_needle, &found))
			return false;
	} while (found < wanted);
	return found == wanted || bench_fail("the needle was not found at %#" PRIx64, wanted);
}

/* All physical memory of a guest, where its kernel has it, for what is not in it. */
static bool search_nowhere(bool check)
{
	uint8_t pattern[BENCH_NEEDLE_SIZE];
	uint64_t found;

	if (check && !is_needle_found())
		return false;
	memcpy(pattern, bench_needle, sizeof(pattern));
	pattern[sizeof(pattern) - 1] ^= 0xff;
	return peer_reader.search(target.direct, target.memory, pattern, &found) &&
	       (found == PEER_NOWHERE ||
		bench_fail("what is nowhere was found at %#" PRIx64, found));
}

static bool list_regions(bool check)
{
	uint64_t count;

	return peer_reader.regions(&count) &&
	       (count >= BENCH_MAPPINGS || bench_fail("only %" PRIu64 " regions", count));
}

/* Physical memory is one segment of the file. */
static bool check_physical(const uint64_t *physical)
{
	int file = open(target.spec, O_RDONLY | O_CLOEXEC);
	bool good = file >= 0;

	for (size_t i = 0; i < COUNT && good; i++)
		good = pread(file, &values[i], 8, (off_t)(target.offset + physical[i])) == 8;
	if (file >= 0)
		close(file);
	return good ? check_values() : bench_fail("%s could not be read", target.spec);
}

static bool translate(bool check)
{
	uint64_t physical[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		if (!peer_reader.translate(addresses[i], &physical[i]))
			return false;
	return !check || check_physical(physical);
}

/* An image opens without its pages being asked for; other lines compare them. */
static bool is_checked(void)
{
	return strcmp(target.kind, "image") &&
	       (!peer_reader.unreadable || strcmp(target.kind, peer_reader.unreadable));
}

static bool open_close(bool check)
{
	uint64_t value = 0;
	bool good = peer_reader.open(&target);

	if (good && check && is_checked())
		good = peer_reader.read(target.address, &value, sizeof(value)) &&
		       (value == bench_word(0) || bench_fail("wrong bytes after opening"));
	if (good)
		peer_reader.close();
	return good;
}

/* ---- operations ---- */

struct operation {
	const char *name;
	const void *needs; /* function of the reader */
	void (*choose)(uint64_t round);
	bool (*run)(bool check);
	uint64_t work; /* of a round; 0: the whole memory */
};

#define NEEDS(member) ((const void *)(uintptr_t)peer_reader.member)

static bool find_operation(const char *name, struct operation *found)
{
	const struct operation all[] = {
		{ "same8", NEEDS(read), choose_same, read_words, COUNT },
		{ "hot8", NEEDS(read), choose_hot, read_words, COUNT },
		{ "random8", NEEDS(read), choose_random, read_words, COUNT },
		{ "scatter", NEEDS(read), choose_random, scatter, COUNT },
		{ "scatter64", NEEDS(read), choose_hot, scatter, COUNT },
		{ "bulk4k", NEEDS(read), choose_piece, bulk_pages, PIECE },
		{ "bulk1m", NEEDS(read), choose_piece, bulk, PIECE },
		{ "write1m", NEEDS(write), choose_piece, write_piece, PIECE },
		{ "strings", NEEDS(text), choose_texts, read_texts, STRINGS },
		{ "search", NEEDS(search), NULL, search, 0 },
		{ "nowhere", NEEDS(search), NULL, search_nowhere, target.memory },
		{ "regions", NEEDS(regions), NULL, list_regions, 1 },
		{ "translate", NEEDS(translate), choose_random, translate, COUNT },
		{ "open", NEEDS(open), NULL, open_close, 1 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].name, name)) {
			*found = all[i];
			return true;
		}
	return false;
}

/* Processor time, so that other work on the machine counts less; or the time on the wall. */
static clockid_t clock_kind = CLOCK_PROCESS_CPUTIME_ID;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(clock_kind, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool repeat(const struct operation *operation, bool check)
{
	static uint64_t round;
	uint64_t ns = 0;
	uint64_t work = 0;

	do {
		uint64_t start;

		if (operation->choose)
			operation->choose(round++);
		start = now();
		if (!operation->run(check))
			return false;
		ns += now() - start;
		work += operation->work ? operation->work : size;
	} while (ns < LEAST_NS && !check);
	printf("%" PRIu64 " %" PRIu64 "\n", ns, work);
	return true;
}

/* "NAME" measures, "check NAME" compares what is read. */
static bool answer(char *line)
{
	struct operation operation;
	bool check = !strncmp(line, "check ", 6);

	line[strcspn(line, "\n")] = 0;
	if (!find_operation(line + (check ? 6 : 0), &operation) || !operation.needs) {
		puts("absent");
		return true;
	}
	return repeat(&operation, check);
}

static uint64_t number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static const char *word(const char *name)
{
	const char *text = getenv(name);

	return text ? text : "";
}

int main(void)
{
	char line[64];
	bool opened;

	target.peer = word("PEER_NAME");
	target.kind = word("PEER_KIND");
	target.spec = word("PEER_SPEC");
	target.options = word("PEER_OPTIONS");
	target.address = number("PEER_ADDRESS");
	target.offset = number("PEER_OFFSET");
	target.root = number("PEER_ROOT");
	target.direct = number("PEER_DIRECT");
	target.memory = number("PEER_MEMORY");
	target.needle = number("PEER_NEEDLE");
	size = number("PEER_SIZE");
	opened = !number("PEER_OPEN_ONLY");
	if (number("PEER_WALL"))
		clock_kind = CLOCK_MONOTONIC;
	if (size < PIECE)
		return 2;
	if (opened && !peer_reader.open(&target))
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		if (!answer(line))
			return 1;
		fflush(stdout);
	}
	if (opened)
		peer_reader.close();
	return 0;
}
