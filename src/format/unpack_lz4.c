/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_lz4.c - the codec lz4: the frame format of the lz4 tool, by liblz4. */
#include <lz4frame.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "format/unpack.h"

#define MAGIC            0x184d2204u
#define SKIPPABLE        0x184d2a50u
#define SKIPPABLE_MASK   0xfffffff0u
#define FLAGS_AT         4
#define CONTENT_SIZE_AT  6
#define HAS_CONTENT_SIZE 0x08

static bool begins(const uint8_t *magic)
{
	uint32_t value = tmi_load32(magic, false);

	return value == MAGIC || (value & SKIPPABLE_MASK) == SKIPPABLE;
}

static uint64_t declared(const uint8_t *head, size_t size)
{
	if (!tmi_in_range(size, CONTENT_SIZE_AT, 8) || tmi_load32(head, false) != MAGIC ||
	    !(head[FLAGS_AT] & HAS_CONTENT_SIZE))
		return 0;
	return tmi_load64(head + CONTENT_SIZE_AT, false);
}

static void *open_stream(void)
{
	LZ4F_dctx *stream;

	return LZ4F_isError(LZ4F_createDecompressionContext(&stream, LZ4F_VERSION)) ? NULL : stream;
}

static void close_stream(void *state)
{
	LZ4F_freeDecompressionContext(state);
}

static bool next(void *state)
{
	LZ4F_resetDecompressionContext(state);
	return true;
}

static enum tmi_unpack_result step(void *state, struct tmi_unpack_io *io, const char **why)
{
	size_t in = io->in_size, out = io->out_size;
	size_t result = LZ4F_decompress(state, io->out, &out, io->in, &in, NULL);

	if (LZ4F_isError(result)) {
		*why = LZ4F_getErrorName(result);
		return TMI_UNPACK_BAD;
	}
	io->in += in;
	io->in_size -= in;
	io->out += out;
	io->out_size -= out;
	return result == 0 ? TMI_UNPACK_END : TMI_UNPACK_MORE;
}

const struct tmi_codec tmi_codec_lz4 = {
	.name = "lz4",
	.magic_size = 4,
	.begins = begins,
	.declared = declared,
	.open = open_stream,
	.next = next,
	.step = step,
	.close = close_stream,
};
