/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_unpack.c - compressed files: every codec over every input, in small and in large pieces.
 *
 * What comes out must not depend on the sizes of the pieces, and each step must go on or end.
 */
#include <stdlib.h>
#include <string.h>

#include "format/unpack.h"

#define MOST_OUT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t size;
	bool complete; /* the whole input was sound */
	bool cut;      /* there was more than MOST_OUT: not compared */
};

static struct outcome unpack(const struct tmi_codec *codec, const uint8_t *data, size_t size,
			     uint8_t *out, size_t piece)
{
	enum tmi_unpack_result step = TMI_UNPACK_MORE;
	struct outcome outcome = { 0 };
	struct tmi_unpack state;
	const char *why = NULL;
	size_t at = 0;

	if (!tmi_unpack_init(&state, codec))
		return (struct outcome){ .cut = true };
	for (;;) {
		size_t input = size - at < piece ? size - at : piece;
		size_t room = MOST_OUT - outcome.size < piece ? MOST_OUT - outcome.size : piece;
		struct tmi_unpack_io io = { data + at, input, out + outcome.size, room };

		outcome.cut = room == 0;
		if (outcome.cut)
			break;
		step = tmi_unpack_feed(&state, &io, &why);
		if (io.in_size > input || io.out_size > room)
			abort();
		if (step == TMI_UNPACK_MORE && io.in_size > 0 && io.out_size > 0)
			abort();
		at += input - io.in_size;
		outcome.size += room - io.out_size;
		if (step != TMI_UNPACK_MORE || (at == size && io.out_size > 0))
			break;
	}
	if (step == TMI_UNPACK_END || (step == TMI_UNPACK_BAD && !*why))
		abort();
	outcome.complete = step == TMI_UNPACK_MORE && tmi_unpack_finish(&state, &why);
	outcome.cut |= step == TMI_UNPACK_OUT_OF_MEMORY;
	tmi_unpack_fini(&state);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t first[MOST_OUT], second[MOST_OUT];
	const struct tmi_codec *codec = tmi_unpack_find(data, size);
	struct outcome large, small;

	if (!codec)
		return 0;
	tmi_unpack_declared(codec, data, size);
	large = unpack(codec, data, size, first, MOST_OUT);
	small = unpack(codec, data, size, second, 61);
	if (large.cut || small.cut)
		return 0;
	/* Of a damaged input less may have come out before the damage was seen. */
	if (large.complete != small.complete || (large.complete && large.size != small.size))
		abort();
	if (memcmp(first, second, large.size < small.size ? large.size : small.size))
		abort();
	return 0;
}
