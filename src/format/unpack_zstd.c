/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_zstd.c - the codec zstd: frames of RFC 8878, by libzstd. */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bytes.h"
#include "format/unpack.h"

static bool begins(const uint8_t *magic)
{
	uint32_t value = tmi_load32(magic, false);

	return value == ZSTD_MAGICNUMBER ||
	       (value & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static uint64_t declared(const uint8_t *head, size_t size)
{
	unsigned long long content = ZSTD_getFrameContentSize(head, size);

	return content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR ? 0
											: content;
}

static void *open_stream(void)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	if (stream && ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax,
							  TMI_UNPACK_MEMORY_LOG))) {
		ZSTD_freeDStream(stream);
		return NULL;
	}
	return stream;
}

static void close_stream(void *state)
{
	ZSTD_freeDStream(state);
}

static bool next(void *state)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only));
}

static enum tmi_unpack_result failure(size_t result, const char **why)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation: return TMI_UNPACK_OUT_OF_MEMORY;
	case ZSTD_error_frameParameter_windowTooLarge:
		*why = "it wants a window of more than 1 GiB (--ultra --long=31)";
		return TMI_UNPACK_BAD;
	case ZSTD_error_dictionary_wrong:
		*why = "it was packed with a dictionary, which is not in the file";
		return TMI_UNPACK_BAD;
	default: *why = ZSTD_getErrorName(result); return TMI_UNPACK_BAD;
	}
}

static enum tmi_unpack_result step(void *state, struct tmi_unpack_io *io, const char **why)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_size };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_size };
	size_t result = ZSTD_decompressStream(state, &out, &in);

	io->in += in.pos;
	io->in_size -= in.pos;
	io->out += out.pos;
	io->out_size -= out.pos;
	/* Standing still is judged by the caller. */
	if (ZSTD_isError(result) && ZSTD_getErrorCode(result) != ZSTD_error_srcSize_wrong)
		return failure(result, why);
	return result == 0 ? TMI_UNPACK_END : TMI_UNPACK_MORE;
}

const struct tmi_codec tmi_codec_zstd = {
	.name = "zstd",
	.magic_size = 4,
	.begins = begins,
	.declared = declared,
	.open = open_stream,
	.next = next,
	.step = step,
	.close = close_stream,
};
