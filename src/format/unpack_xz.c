/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_xz.c - the codec xz: streams of the .xz format, by liblzma. */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "format/unpack.h"

/* Beside the dictionary liblzma needs some memory of its own. */
#define MEMORY_LIMIT (TMI_UNPACK_MEMORY + (UINT64_C(16) << 20))

static bool begins(const uint8_t *magic)
{
	static const uint8_t expected[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	return !memcmp(magic, expected, sizeof(expected));
}

static bool next(void *state)
{
	return lzma_stream_decoder(state, MEMORY_LIMIT, 0) == LZMA_OK;
}

static void close_stream(void *state)
{
	lzma_end(state);
	free(state);
}

static void *open_stream(void)
{
	lzma_stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return NULL;
	*stream = (lzma_stream)LZMA_STREAM_INIT;
	if (!next(stream)) {
		close_stream(stream);
		return NULL;
	}
	return stream;
}

static enum tmi_unpack_result failure(lzma_ret result, const char **why)
{
	switch (result) {
	case LZMA_MEM_ERROR: return TMI_UNPACK_OUT_OF_MEMORY;
	case LZMA_MEMLIMIT_ERROR: *why = "it wants a dictionary of more than 1 GiB"; break;
	case LZMA_OPTIONS_ERROR: *why = "it uses a filter or flag that is not known"; break;
	default: *why = "the data or its checksum is wrong"; break;
	}
	return TMI_UNPACK_BAD;
}

static enum tmi_unpack_result step(void *state, struct tmi_unpack_io *io, const char **why)
{
	lzma_stream *stream = state;
	lzma_ret result;

	stream->next_in = io->in;
	stream->avail_in = io->in_size;
	stream->next_out = io->out;
	stream->avail_out = io->out_size;
	result = lzma_code(stream, LZMA_RUN);
	io->in = stream->next_in;
	io->in_size = stream->avail_in;
	io->out = stream->next_out;
	io->out_size = stream->avail_out;
	switch (result) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: return TMI_UNPACK_MORE;
	case LZMA_STREAM_END: return TMI_UNPACK_END;
	default: return failure(result, why);
	}
}

const struct tmi_codec tmi_codec_xz = {
	.name = "xz",
	.magic_size = 6,
	.begins = begins,
	.open = open_stream,
	.next = next,
	.step = step,
	.close = close_stream,
};
