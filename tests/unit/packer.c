/* SPDX-License-Identifier: Apache-2.0 */
/* packer.c - makes compressed bytes for tests; see packer.h. */
#include "packer.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16)

static void need(bool done)
{
	if (!done)
		abort();
}

static size_t pack_gzip(uint8_t *out, size_t room, const void *data, size_t size)
{
	z_stream stream = {
		.next_in = (Bytef *)(uintptr_t)data,
		.avail_in = (uInt)size,
		.next_out = out,
		.avail_out = (uInt)room,
	};

	need(deflateInit2(&stream, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	need(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&stream);
	return room - stream.avail_out;
}

static size_t pack_zstd(uint8_t *out, size_t room, const void *data, size_t size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t result;

	need(context && !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
	result = ZSTD_compress2(context, out, room, data, size);
	need(!ZSTD_isError(result));
	ZSTD_freeCCtx(context);
	return result;
}

static size_t pack_xz(uint8_t *out, size_t room, const void *data, size_t size)
{
	size_t used = 0;

	need(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, data, size, out, &used, room) ==
	     LZMA_OK);
	return used;
}

static size_t pack_lz4(uint8_t *out, size_t room, const void *data, size_t size)
{
	LZ4F_preferences_t wanted = {
		.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled,
		.frameInfo.contentSize = size,
	};
	size_t result = LZ4F_compressFrame(out, room, data, size, &wanted);

	need(!LZ4F_isError(result));
	return result;
}

size_t packer_append(const char *codec, uint8_t **packed, size_t at, const void *data, size_t size)
{
	static size_t (*const functions[])(uint8_t *, size_t, const void *,
					   size_t) = { pack_gzip, pack_zstd, pack_xz, pack_lz4 };
	size_t room = size + size / 8 + 65536;

	*packed = realloc(*packed, at + room);
	need(*packed);
	for (size_t i = 0; i < PACKER_CODECS; i++)
		if (!strcmp(codec, packer_codecs[i]))
			return at + functions[i](*packed + at, room, data, size);
	abort();
}
