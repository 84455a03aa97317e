/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_gzip.c - the codec gzip: members of RFC 1952, by zlib. */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "format/unpack.h"

/* The largest window there is, and gzip's header and trailer around it. */
#define WINDOW_BITS (15 + 16)

#define RESERVED_FLAGS 0xe0

static bool begins(const uint8_t *magic)
{
	return magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == Z_DEFLATED &&
	       !(magic[3] & RESERVED_FLAGS);
}

static void *open_stream(void)
{
	z_stream *stream = calloc(1, sizeof(*stream));

	if (stream && inflateInit2(stream, WINDOW_BITS) != Z_OK) {
		free(stream);
		return NULL;
	}
	return stream;
}

static void close_stream(void *state)
{
	inflateEnd(state);
	free(state);
}

static bool next(void *state)
{
	return inflateReset(state) == Z_OK;
}

static unsigned clip(size_t size)
{
	return size > UINT_MAX ? UINT_MAX : (unsigned)size;
}

static enum tmi_unpack_result step(void *state, struct tmi_unpack_io *io, const char **why)
{
	z_stream *stream = state;
	unsigned in = clip(io->in_size), out = clip(io->out_size);
	int result;

	stream->next_in = (Bytef *)(uintptr_t)io->in;
	stream->avail_in = in;
	stream->next_out = io->out;
	stream->avail_out = out;
	result = inflate(stream, Z_NO_FLUSH);
	io->in += in - stream->avail_in;
	io->in_size -= in - stream->avail_in;
	io->out += out - stream->avail_out;
	io->out_size -= out - stream->avail_out;
	switch (result) {
	case Z_OK:
	case Z_BUF_ERROR: return TMI_UNPACK_MORE;
	case Z_STREAM_END: return TMI_UNPACK_END;
	case Z_MEM_ERROR: return TMI_UNPACK_OUT_OF_MEMORY;
	default: *why = stream->msg ? stream->msg : "malformed"; return TMI_UNPACK_BAD;
	}
}

const struct tmi_codec tmi_codec_gzip = {
	.name = "gzip",
	.magic_size = 4,
	.begins = begins,
	.open = open_stream,
	.next = next,
	.step = step,
	.close = close_stream,
};
