/* SPDX-License-Identifier: Apache-2.0 */
/* test_unpack.c - the codecs of compressed files, frame by frame and damage by damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "format/unpack.h"
#include "packer.h"

#define SIZE 150000u

/* Text that repeats itself after a while and noise, so that every kind of block comes up. */
static uint8_t *make_content(size_t size)
{
	uint8_t *data = malloc(size + 1);
	uint32_t noise = 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		noise = noise * 1664525 + 1013904223;
		data[i] = i % 30000 < 10000 ? (uint8_t)(noise >> 24) : (uint8_t)(i % 251);
	}
	return data;
}

static const struct tmi_codec *codec_named(const char *name)
{
#define X(row)                                                                                     \
	if (!strcmp(name, #row))                                                                   \
		return &tmi_codec_##row;
#include "format/codecs.def"
#undef X
	fail_msg("no codec %s", name);
	return NULL;
}

struct result {
	bool good;
	size_t size;
	char why[200];
};

/* Unpacks with pieces of the given sizes; @out has @room bytes, more is an error of the test. */
static struct result unpack(const char *codec, const uint8_t *packed, size_t size, uint8_t *out,
			    size_t room, size_t in_piece, size_t out_piece)
{
	enum tmi_unpack_result step = TMI_UNPACK_MORE;
	struct result result = { 0 };
	struct tmi_unpack unpack;
	const char *why = "";
	size_t at = 0;

	assert_true(tmi_unpack_init(&unpack, codec_named(codec)));
	for (;;) {
		size_t input = size - at < in_piece ? size - at : in_piece;
		size_t space = room - result.size < out_piece ? room - result.size : out_piece;
		struct tmi_unpack_io io = { packed + at, input, out + result.size, space };

		step = tmi_unpack_feed(&unpack, &io, &why);
		at += input - io.in_size;
		result.size += space - io.out_size;
		if (step != TMI_UNPACK_MORE || (at == size && io.out_size > 0) || !space)
			break;
	}
	result.good = step == TMI_UNPACK_MORE && tmi_unpack_finish(&unpack, &why);
	snprintf(result.why, sizeof(result.why), "%s", why);
	tmi_unpack_fini(&unpack);
	return result;
}

static void finds_by_content(void **state)
{
	static const uint8_t elf[] = "\177ELF\2\1\1";
	static const uint8_t almost[] = { 0x1f, 0x8b, 8, 0xe0, 0, 0, 0, 0 };

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		uint8_t *packed = NULL;
		size_t size = packer_append(packer_codecs[i], &packed, 0, "abc", 3);
		const struct tmi_codec *codec = tmi_unpack_find(packed, size);

		assert_non_null(codec);
		assert_string_equal(codec->name, packer_codecs[i]);
		assert_null(tmi_unpack_find(packed, codec->magic_size - 1));
		packed[0] ^= 1;
		assert_null(tmi_unpack_find(packed, size));
		free(packed);
	}
	assert_null(tmi_unpack_find(elf, sizeof(elf)));
	assert_null(tmi_unpack_find(almost, sizeof(almost)));
	assert_null(tmi_unpack_find(elf, 0));
}

/* Two frames with padding between and after; an empty frame of its own. */
static void round_trips(void **state)
{
	static const size_t pieces[][2] = { { 1, SIZE }, { SIZE, 1 }, { 7, 11 }, { 4096, 65536 } };
	uint8_t *data = make_content(SIZE);
	uint8_t *out = malloc(SIZE + 1);

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		const char *codec = packer_codecs[i];
		uint8_t *packed = NULL;
		size_t size = packer_append(codec, &packed, 0, data, SIZE / 3);

		memset(packed + size, 0, 512);
		size = packer_append(codec, &packed, size + 512, "", 0);
		size = packer_append(codec, &packed, size, data + SIZE / 3, SIZE - SIZE / 3);
		memset(packed + size, 0, 100);
		for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
			struct result result;

			memset(out, 0xcc, SIZE + 1);
			result = unpack(codec, packed, size + 100, out, SIZE + 1, pieces[k][0],
					pieces[k][1]);
			if (!result.good)
				fail_msg("%s: %s", codec, result.why);
			assert_int_equal(result.size, SIZE);
			assert_memory_equal(out, data, SIZE);
			assert_int_equal(out[SIZE], 0xcc);
		}
		free(packed);
	}
	free(out);
	free(data);
}

/* No beginning of a file passes for the whole. */
static void notices_every_cut(void **state)
{
	uint8_t *data = make_content(3000);
	uint8_t out[3001];

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		uint8_t *packed = NULL;
		size_t size = packer_append(packer_codecs[i], &packed, 0, data, 3000);

		for (size_t cut = 0; cut < size; cut++) {
			struct result result =
				unpack(packer_codecs[i], packed, cut, out, sizeof(out), 512, 512);

			assert_false(result.good);
			assert_true(result.size <= 3000);
			assert_memory_equal(out, data, result.size);
			assert_non_null(strstr(result.why, "in the middle")
						?: strstr(result.why, "follows"));
		}
		free(packed);
	}
	free(data);
}

/* A changed bit of the content or of its checksum is never taken for good. */
static void notices_every_flip(void **state)
{
	uint8_t *data = make_content(2000);
	uint8_t out[8192];

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		uint8_t *packed = NULL;
		size_t size = packer_append(packer_codecs[i], &packed, 0, data, 2000);

		/* The header of gzip holds a time and other things that change nothing. */
		for (size_t at = 10; at < size; at++) {
			struct result result;

			packed[at] ^= 1u << at % 8;
			result = unpack(packer_codecs[i], packed, size, out, sizeof(out), size,
					sizeof(out));
			if (result.good && (result.size != 2000 || memcmp(out, data, 2000)))
				fail_msg("%s: byte %zu changed unseen", packer_codecs[i], at);
			packed[at] ^= 1u << at % 8;
		}
		/* The last byte of a checksum, or of what stands behind it in xz. */
		packed[size - 1] ^= 0x80;
		assert_false(
			unpack(packer_codecs[i], packed, size, out, sizeof(out), size, sizeof(out))
				.good);
		free(packed);
	}
	free(data);
}

static void refuses_what_follows(void **state)
{
	uint8_t out[64];

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		for (size_t length = 1; length < 20; length++) {
			uint8_t *packed = NULL;
			size_t size = packer_append(packer_codecs[i], &packed, 0, "hello", 5);
			struct result result;

			memset(packed + size, 'x', length);
			result = unpack(packer_codecs[i], packed, size + length, out, sizeof(out),
					3, 64);
			assert_false(result.good);
			assert_int_equal(result.size, 5);
			assert_non_null(strstr(result.why, "follows the end"));
			free(packed);
		}
	}
}

/* Frames without content stand before the first one, as parallel packers write them. */
static void skips_empty_frames(void **state)
{
	static const uint8_t skippable[] = { 0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c' };
	static const char *const names[] = { "zstd", "lz4" };

	for (size_t i = 0; i < 2; i++) {
		uint8_t *frame = NULL, *packed = malloc(70000);
		size_t size = packer_append(names[i], &frame, 0, "hello", 5);
		uint8_t out[64];
		struct result result;

		memcpy(packed, skippable, sizeof(skippable));
		memcpy(packed + 11, frame, size);
		memcpy(packed + 11 + size, skippable, sizeof(skippable));
		size += 22;
		assert_string_equal(tmi_unpack_find(packed, size)->name, names[i]);
		result = unpack(names[i], packed, size, out, sizeof(out), 2, 64);
		if (!result.good)
			fail_msg("%s: %s", names[i], result.why);
		assert_int_equal(result.size, 5);
		assert_memory_equal(out, "hello", 5);
		/* The first frame with content is out of sight: still recognised. */
		assert_non_null(tmi_unpack_find(packed, 11));
		packed[7] = 0xff;
		assert_non_null(tmi_unpack_find(packed, size));
		free(packed);
		free(frame);
	}
}

static void tells_declared_sizes(void **state)
{
	uint8_t *data = make_content(5000);

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		uint8_t *packed = NULL;
		size_t size = packer_append(packer_codecs[i], &packed, 0, data, 5000);
		bool tells = i == 1 || i == 3;

		assert_int_equal(tmi_unpack_declared(codec_named(packer_codecs[i]), packed, size),
				 tells ? 5000 : 0);
		assert_int_equal(tmi_unpack_declared(codec_named(packer_codecs[i]), packed, 5), 0);
		free(packed);
	}
	free(data);
}

/* A frame may not ask for gigabytes of memory. */
static void refuses_large_windows(void **state)
{
	/* Window descriptor: exponent 10 + 21 in the upper five bits, 2 GiB; then an empty block.
	 */
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0 };
	static const uint8_t fits[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0 };
	uint8_t *xz = NULL;
	size_t size = packer_append("xz", &xz, 0, "hello", 5);
	struct result result;
	uint8_t out[64];
	size_t header, filter = 14;
	uint32_t sum;

	result = unpack("zstd", zstd, sizeof(zstd), out, sizeof(out), 64, 64);
	assert_false(result.good);
	assert_non_null(strstr(result.why, "more than 1 GiB"));
	result = unpack("zstd", fits, sizeof(fits), out, sizeof(out), 64, 64);
	assert_true(result.good);

	/* Behind 12 bytes the block header: filter 0x21 with 1 byte, the size of its dictionary. */
	header = (xz[12] + 1u) * 4;
	while (filter < 12 + header - 6 && (xz[filter] != 0x21 || xz[filter + 1] != 1))
		filter++;
	assert_int_equal(xz[filter], 0x21);
	xz[filter + 2] = 40; /* 4 GiB - 1 */
	sum = lzma_crc32(xz + 12, header - 4, 0);
	memcpy(xz + 12 + header - 4, &sum, sizeof(sum));
	result = unpack("xz", xz, size, out, sizeof(out), 64, 64);
	assert_false(result.good);
	assert_non_null(strstr(result.why, "more than 1 GiB"));
	free(xz);
}

static void names_a_missing_dictionary(void **state)
{
	static const char dictionary[] = "a dictionary that is long enough to be of some use";
	ZSTD_CCtx *context = ZSTD_createCCtx();
	uint8_t packed[256], out[64];
	uint8_t with_id[16 + 256];
	struct result result;
	size_t size;

	/* Raw content has no number: the header gets one, 4 bytes long, by hand. */
	size = ZSTD_compress_usingDict(context, packed, sizeof(packed), "hello", 5, dictionary,
				       sizeof(dictionary), 3);
	assert_false(ZSTD_isError(size));
	memcpy(with_id, packed, 5);
	with_id[4] |= 1;
	with_id[5] = 77;
	memcpy(with_id + 6, packed + 5, size - 5);
	result = unpack("zstd", with_id, size + 1, out, sizeof(out), 64, 64);
	assert_false(result.good);
	assert_non_null(strstr(result.why, "dictionary"));
	ZSTD_freeCCtx(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_content),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(notices_every_cut),
		cmocka_unit_test(notices_every_flip),
		cmocka_unit_test(refuses_what_follows),
		cmocka_unit_test(skips_empty_frames),
		cmocka_unit_test(tells_declared_sizes),
		cmocka_unit_test(refuses_large_windows),
		cmocka_unit_test(names_a_missing_dictionary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
