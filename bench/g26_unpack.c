/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g26_unpack.c - row G26: opening a compressed image. One limit is the codec alone, all at once and
 * into memory that is there; the other one writes what comes out into a file without a name as
 * well, which the library has to do.
 *
 * Random bytes do not compress, so these are not the big memory's: pages of zeros, of addresses, of
 * letters and of small numbers.
 */
#include <fcntl.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "fixture.h"

#define SIZE       ((size_t)32 << 20)
#define ROOM       (SIZE + SIZE / 8) /* packed by whatever codec */
#define GZIP       (15 + 16)         /* zlib's largest window, and gzip's headers */
#define GZIP_LEVEL 6
#define XZ_LEVEL   1
#define ZSTD_LEVEL 3

struct packed {
	char path[4096];
	uint8_t *bytes;
	size_t size;
};

struct state {
	uint8_t *plain;
	uint8_t *out; /* of the limits */
	struct packed zstd, gzip, lz4, xz;
};

/* ---- what is packed ---- */

static uint64_t word_of(uint64_t page, uint64_t random)
{
	switch (bench_mix(~page) % 4) {
	case 0: return 0;
	case 1: return UINT64_C(0x7e0000000000) + (random & 0xfffff8);
	case 2: return (random & UINT64_C(0x0f0f0f0f0f0f0f0f)) + UINT64_C(0x6161616161616161);
	default: return random & UINT64_C(0x000000ff000000ff);
	}
}

static uint8_t *make_plain(void)
{
	uint64_t *words = malloc(SIZE);

	for (size_t i = 0; words && i < SIZE / sizeof(*words); i++)
		words[i] = word_of(i * sizeof(*words) / BENCH_PAGE, bench_mix(i));
	return (uint8_t *)words;
}

static size_t pack_zstd(const uint8_t *plain, uint8_t *packed)
{
	size_t size = ZSTD_compress(packed, ROOM, plain, SIZE, ZSTD_LEVEL);

	return ZSTD_isError(size) ? 0 : size;
}

static size_t pack_gzip(const uint8_t *plain, uint8_t *packed)
{
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)plain,
			    .avail_in = SIZE,
			    .next_out = packed,
			    .avail_out = ROOM };
	bool good = deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) ==
			    Z_OK &&
		    deflate(&stream, Z_FINISH) == Z_STREAM_END;

	deflateEnd(&stream);
	return good ? stream.total_out : 0;
}

static size_t pack_lz4(const uint8_t *plain, uint8_t *packed)
{
	size_t size = LZ4F_compressFrame(packed, ROOM, plain, SIZE, NULL);

	return LZ4F_isError(size) ? 0 : size;
}

static size_t pack_xz(const uint8_t *plain, uint8_t *packed)
{
	size_t size = 0;

	return lzma_easy_buffer_encode(XZ_LEVEL, LZMA_CHECK_CRC32, NULL, plain, SIZE, packed, &size,
				       ROOM) == LZMA_OK
		       ? size
		       : 0;
}

static bool make_packed(struct packed *packed, const uint8_t *plain, const char *name,
			size_t (*pack)(const uint8_t *plain, uint8_t *packed))
{
	int fd;

	packed->bytes = malloc(ROOM);
	packed->size = packed->bytes ? pack(plain, packed->bytes) : 0;
	if (!packed->size)
		return bench_fail("%s could not be packed", name);
	fd = bench_file_new(packed->path, sizeof(packed->path), name);
	if (fd < 0)
		return false;
	return bench_file_put(fd, packed->bytes, packed->size, 0) &
	       bench_file_end(fd, packed->path);
}

static enum bench_result setup(void *argument)
{
	struct state *state = argument;

	state->plain = make_plain();
	state->out = malloc(SIZE);
	if (!state->plain || !state->out)
		return BENCH_FAILED;
	return make_packed(&state->zstd, state->plain, "image.zst", pack_zstd) &&
			       make_packed(&state->gzip, state->plain, "image.gz", pack_gzip) &&
			       make_packed(&state->lz4, state->plain, "image.lz4", pack_lz4) &&
			       make_packed(&state->xz, state->plain, "image.xz", pack_xz)
		       ? BENCH_READY
		       : BENCH_FAILED;
}

static void finish(void *argument)
{
	struct state *state = argument;

	free(state->plain);
	free(state->out);
	free(state->zstd.bytes);
	free(state->gzip.bytes);
	free(state->lz4.bytes);
	free(state->xz.bytes);
}

/* ---- the limits ---- */

static bool zstd_alone(void *argument, uint64_t work)
{
	struct state *state = argument;

	return ZSTD_decompress(state->out, work, state->zstd.bytes, state->zstd.size) == work ||
	       bench_fail("zstd failed");
}

static bool gzip_alone(void *argument, uint64_t work)
{
	struct state *state = argument;
	z_stream stream = { .next_in = state->gzip.bytes,
			    .avail_in = (uInt)state->gzip.size,
			    .next_out = state->out,
			    .avail_out = (uInt)work };
	bool good =
		inflateInit2(&stream, GZIP) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END;

	inflateEnd(&stream);
	return good || bench_fail("zlib failed");
}

static bool lz4_alone(void *argument, uint64_t work)
{
	struct state *state = argument;
	LZ4F_dctx *context;
	size_t size = work;
	size_t taken = state->lz4.size;
	size_t left;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		return bench_fail("lz4 failed");
	left = LZ4F_decompress(context, state->out, &size, state->lz4.bytes, &taken, NULL);
	LZ4F_freeDecompressionContext(context);
	return (left == 0 && size == work) || bench_fail("lz4 failed");
}

static bool xz_alone(void *argument, uint64_t work)
{
	struct state *state = argument;
	uint64_t memory = UINT64_MAX;
	size_t taken = 0;
	size_t size = 0;

	return (lzma_stream_buffer_decode(&memory, 0, NULL, state->xz.bytes, &taken, state->xz.size,
					  state->out, &size, work) == LZMA_OK &&
		size == work) ||
	       bench_fail("xz failed");
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, BENCH_PAGE - 1);
}

/* Pages that are not all zeros, as many at a time as follow each other. */
static bool write_pages(int fd, const uint8_t *bytes, size_t size)
{
	size_t begin = 0;

	for (size_t at = 0; at <= size; at += BENCH_PAGE) {
		if (at < size && !is_zero(bytes + at))
			continue;
		if (at > begin && !bench_file_put(fd, bytes + begin, at - begin, begin))
			return false;
		begin = at + BENCH_PAGE;
	}
	return true;
}

/* In the folder that the library takes. */
static bool keep(const struct state *state, size_t size)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	bool good;
	int fd;

	snprintf(path, sizeof(path), "%s/tmem-bench-XXXXXX", folder && *folder ? folder : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	good = fd >= 0 && write_pages(fd, state->out, size);
	if (fd >= 0)
		close(fd);
	return good || bench_fail("what was unpacked could not be written");
}

#define KEPT(codec)                                                                                \
	static bool codec##_kept(void *state, uint64_t work)                                       \
	{                                                                                          \
		return codec##_alone(state, work) && keep(state, work);                            \
	}

KEPT(zstd)
KEPT(gzip)
KEPT(lz4)
KEPT(xz)

/* ---- the library ---- */

static tmem_target *open_packed(const struct packed *packed)
{
	char spec[sizeof(packed->path) + 8];
	tmem_target *target;

	snprintf(spec, sizeof(spec), "raw:%s", packed->path);
	return bench_good(tmem_open(spec, NULL, &target), NULL, spec) ? target : NULL;
}

static bool open_close(const struct packed *packed)
{
	tmem_target *target = open_packed(packed);

	tmem_close(target);
	return target;
}

static bool zstd_library(void *state, uint64_t work)
{
	return open_close(&((struct state *)state)->zstd);
}

static bool gzip_library(void *state, uint64_t work)
{
	return open_close(&((struct state *)state)->gzip);
}

static bool lz4_library(void *state, uint64_t work)
{
	return open_close(&((struct state *)state)->lz4);
}

static bool xz_library(void *state, uint64_t work)
{
	return open_close(&((struct state *)state)->xz);
}

/* ---- that both give the bytes that were packed ---- */

static enum bench_result verify(struct state *state, const struct packed *packed,
				bool (*limit)(void *state, uint64_t work))
{
	tmem_target *target = open_packed(packed);
	bool good = target && limit(state, SIZE);

	if (good && memcmp(state->out, state->plain, SIZE))
		good = bench_fail("%s: the codec gives wrong bytes", packed->path);
	memset(state->out, 1, SIZE);
	good = good &&
	       bench_good(tmem_read_physical(target, 0, state->out, SIZE, NULL), target, "read");
	if (good && memcmp(state->out, state->plain, SIZE))
		good = bench_fail("%s: wrong bytes", packed->path);
	tmem_close(target);
	return good ? BENCH_READY : BENCH_FAILED;
}

static enum bench_result zstd_verify(void *state)
{
	return verify(state, &((struct state *)state)->zstd, zstd_kept);
}

static enum bench_result gzip_verify(void *state)
{
	return verify(state, &((struct state *)state)->gzip, gzip_kept);
}

static enum bench_result lz4_verify(void *state)
{
	return verify(state, &((struct state *)state)->lz4, lz4_kept);
}

static enum bench_result xz_verify(void *state)
{
	return verify(state, &((struct state *)state)->xz, xz_kept);
}

#define LINE(codec, name, how, limit, goal_text, number)                                           \
	{                                                                                          \
		.metric = "open an image packed by " #codec name, .goal = goal_text,               \
		.least = (number), .unit = BENCH_RATE, .work = SIZE, .verify = codec##_verify,     \
		.limits = { { how, codec##_##limit } },                                            \
		.library = { "tmem_open, tmem_close", codec##_library },                           \
	}

#define BESIDE_WRITING(codec) LINE(codec, "", "codec and write", kept, ">= 0.9", 0.9)
#define BESIDE_CODEC(codec, goal_text, number)                                                     \
	LINE(codec, ", codec alone", "codec", alone, goal_text, number)

static const struct bench_line lines[] = {
	BESIDE_WRITING(zstd), BESIDE_CODEC(zstd, ">= 0.5", 0.5),
	BESIDE_WRITING(gzip), BESIDE_CODEC(gzip, ">= 0.8", 0.8),
	BESIDE_WRITING(lz4),  BESIDE_CODEC(lz4, ">= 0.3", 0.3),
	BESIDE_WRITING(xz),   BESIDE_CODEC(xz, ">= 0.85", 0.85),
};

const struct bench_row bench_g26_unpack = {
	.id = "G26",
	.state_size = sizeof(struct state),
	.setup = setup,
	.finish = finish,
	BENCH_LINES(lines),
};
