/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_search.c - requests of search cursors, of every kind, over a few thousand made-up bytes with
 * a hole; every match is compared with a plain look at the bytes.
 *
 * The first bytes choose kind, machine, granularity, range and hole; then come patterns or bounds;
 * what is left is the memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tmem.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST     0x1000u /* of what is readable */
#define SPAN      0x3000u
#define PLACE     0xf00u /* where the input's bytes begin in it */
#define ROOM      2048u
#define HOLE_SIZE 5u
#define MATCHES   400 /* of one search that are looked at */
#define PATTERNS  96  /* at most: enough for every way of looking for them */

enum { TURNED_BYTES = 4, LENT_BYTES = 8 }; /* of the first byte */

struct input {
	const uint8_t *data;
	size_t size;
};

struct machine {
	uint8_t bytes[SPAN];
	bool valid[SPAN];
	bool big_endian;
};

struct many {
	struct tmem_search_pattern patterns[PATTERNS];
	uint8_t masks[PATTERNS][32];
};

static void require(bool fact)
{
	if (!fact)
		abort();
}

static unsigned take(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

static const uint8_t *take_bytes(struct input *input, size_t size)
{
	const uint8_t *bytes = input->data;

	if (size > input->size)
		return NULL;
	input->data += size;
	input->size -= size;
	return bytes;
}

static uint64_t take_word(struct input *input)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word = word << 8 | take(input);
	return word;
}

/* A request is made of what the input has; patterns that it has not got are left out. */
static void make_request(struct input *input, struct tmem_search_request *request,
			 struct many *many)
{
	unsigned count = 1 + take(input) % PATTERNS;

	if (request->kind >= TMEM_SEARCH_UNSIGNED_INTEGERS) {
		request->integer_size = 1u << count % 4;
		request->minimum = take_word(input);
		request->maximum = take_word(input);
		return;
	}
	request->patterns = many->patterns;
	while (request->pattern_count < count) {
		struct tmem_search_pattern *pattern = &many->patterns[request->pattern_count];
		unsigned shape = take(input);
		size_t size = 1 + shape % 32;
		const uint8_t *bytes = take_bytes(input, size);

		if (!bytes)
			return;
		*pattern = (struct tmem_search_pattern){ .bytes = bytes, .size = size };
		if (shape & 0x80) {
			pattern->mask = many->masks[request->pattern_count];
			for (size_t i = 0; i < size; i++)
				many->masks[request->pattern_count][i] = (uint8_t)take(input);
		}
		request->pattern_count++;
	}
}

static void make_machine(struct input *input, struct machine *machine, unsigned hole)
{
	size_t size = input->size < ROOM ? input->size : ROOM;

	memset(machine, 0, sizeof(*machine));
	memset(machine->valid, 1, SPAN);
	if (size)
		memcpy(machine->bytes + PLACE, input->data, size);
	if (hole)
		memset(machine->valid + PLACE + hole * 8, 0, HOLE_SIZE);
}

static tmem_target *open_machine(const struct machine *machine, unsigned shape, unsigned hole)
{
	FILE *out = fdopen(memfd_create("machine", MFD_CLOEXEC), "w");
	tmem_target *target;
	char spec[64];

	require(out);
	fprintf(out, "tmem synth 1\ntarget lends=%s\nmachine %s\nprocess 1\nrun 0x%x 0x%x rw-p\n",
		shape & LENT_BYTES ? "yes" : "no", machine->big_endian ? "powerpc64" : "amd64",
		FIRST, SPAN);
	fprintf(out, "bytes 0x%x ", FIRST + PLACE);
	for (size_t i = 0; i < ROOM; i++)
		fprintf(out, "%02x", machine->bytes[PLACE + i]);
	if (hole)
		fprintf(out, "\nhole 0x%x %u", FIRST + PLACE + hole * 8, HOLE_SIZE);
	fputc('\n', out);
	require(!fflush(out));
	snprintf(spec, sizeof(spec), "synth:/proc/self/fd/%d", fileno(out));
	require(tmem_open(spec, NULL, &target) == TMEM_S_OK);
	fclose(out);
	return target;
}

/* Whether the bytes are there and inside of the range. */
static bool is_there(const struct machine *machine, const struct tmem_search_request *request,
		     uint64_t at, size_t size)
{
	if (at < FIRST || at - FIRST > SPAN || size > SPAN - (at - FIRST) ||
	    size > request->length - (at - request->offset))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!machine->valid[at - FIRST + i])
			return false;
	return true;
}

static bool stands(const struct machine *machine, const struct tmem_search_request *request,
		   const struct tmem_search_pattern *pattern, uint64_t at)
{
	const uint8_t *bytes = pattern->bytes, *mask = pattern->mask;

	if (!is_there(machine, request, at, pattern->size))
		return false;
	for (size_t i = 0; i < pattern->size; i++)
		if ((machine->bytes[at - FIRST + i] ^ bytes[i]) & (mask ? mask[i] : 0xff))
			return false;
	return true;
}

static bool counts(const struct machine *machine, const struct tmem_search_request *request,
		   uint64_t at, uint64_t *value)
{
	unsigned size = request->integer_size;

	*value = 0;
	if (!is_there(machine, request, at, size))
		return false;
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 |
			 machine->bytes[at - FIRST + (machine->big_endian ? i : size - 1 - i)];
	if (request->kind == TMEM_SEARCH_UNSIGNED_INTEGERS)
		return *value >= request->minimum && *value <= request->maximum;
	*value = (uint64_t)((int64_t)(*value << (64 - 8 * size)) >> (64 - 8 * size));
	return (int64_t)*value >= (int64_t)request->minimum &&
	       (int64_t)*value <= (int64_t)request->maximum;
}

static void expect(tmem_search_cursor *cursor, uint64_t at, uint64_t pattern, uint64_t value)
{
	struct tmem_search_match match = { .size = sizeof(match) };

	require(tmem_search_cursor_next2(cursor, &match) == TMEM_S_OK);
	require(match.offset == at && match.pattern == pattern && match.value == value);
}

static void compare(const struct machine *machine, const struct tmem_search_request *request,
		    tmem_search_cursor *cursor)
{
	bool integers = request->kind >= TMEM_SEARCH_UNSIGNED_INTEGERS;
	struct tmem_search_match match = { .size = sizeof(match) };
	unsigned found = 0;
	uint64_t value;

	for (uint64_t at = request->offset; at - request->offset < request->length;
	     at += request->pattern_granularity) {
		if (integers && counts(machine, request, at, &value)) {
			expect(cursor, at, 0, value);
			found++;
		}
		for (size_t j = 0; j < request->pattern_count; j++)
			if (stands(machine, request, &request->patterns[j], at)) {
				expect(cursor, at, j, 0);
				found++;
			}
		if (found > MATCHES)
			return;
	}
	require(tmem_search_cursor_next2(cursor, &match) == TMEM_E_NO_MORE_ENTRIES);
}

/* The first kind of request asks for one pattern, by fields of its own. */
static void use_first_kind(struct tmem_search_request *request)
{
	if (!request->pattern_count || request->kind != TMEM_SEARCH_PATTERN)
		return;
	request->pattern_count = 1;
	request->pattern = request->patterns[0].bytes;
	request->mask = request->patterns[0].mask;
	request->pattern_size = request->patterns[0].size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	struct input input = { data, size };
	unsigned shape = take(&input);
	unsigned step = take(&input);
	unsigned shift = take(&input);
	unsigned length = take(&input);
	unsigned hole = take(&input);
	struct tmem_search_request request = {
		.size = sizeof(request),
		.kind = shape % 4,
		.pattern_granularity = 1 + step % 40,
		.offset = FIRST + PLACE - 0x100 + shift,
		.length = 1 + 16 * length,
	};
	struct many many;
	tmem_search_cursor *cursor;
	tmem_target *target;

	make_request(&input, &request, &many);
	make_machine(&input, &machine, hole);
	use_first_kind(&request);
	machine.big_endian = shape & TURNED_BYTES;
	target = open_machine(&machine, shape, hole);
	if (tmem_search_cursor_new(target, &request, &cursor) == TMEM_S_OK) {
		compare(&machine, &request, cursor);
		tmem_search_cursor_free(cursor);
	}
	tmem_close(target);
	return 0;
}
