/* SPDX-License-Identifier: Apache-2.0 */
/* test_elf_symbols.c - symbols of images made here, of both classes and byte orders; bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/elf_symbols.h"

#define BASE    0x40000000u
#define SIZE    0x4000u
#define DYNAMIC 0x200u
#define SYMBOLS 0x400u
#define STRINGS 0x1000u
#define HASH    0x2000u
#define VERSION 0x2800u

enum { OBJECT = 1, FUNCTION = 2, SECTION = 3, TLS = 6, IFUNC = 10 };
enum { LOCAL = 0, GLOBAL = 1, WEAK = 2 };

/* An image as it stands in memory at BASE, written field by field. */
struct image {
	uint8_t bytes[SIZE];
	unsigned word;
	bool big;
	unsigned dynamic; /* entries */
	unsigned symbols;
	unsigned strings;
};

static void put(struct image *image, size_t at, unsigned size, uint64_t value)
{
	assert_true(at + size <= SIZE);
	tmi_store(image->bytes + at, size, image->big, value);
}

static void put_segment(struct image *image, unsigned index, uint32_t type, uint64_t at,
			uint64_t size)
{
	unsigned word = image->word;
	size_t header = (word == 8 ? 64 : 52) + index * (word == 8 ? 56u : 32u);

	put(image, header, 4, type);
	if (word == 8) {
		put(image, header + 4, 4, 5);
		put(image, header + 8, 8, at);
		put(image, header + 16, 8, at);
		put(image, header + 32, 8, size);
		put(image, header + 40, 8, size);
		put(image, header + 48, 8, 0x1000);
	} else {
		put(image, header + 4, 4, at);
		put(image, header + 8, 4, at);
		put(image, header + 16, 4, size);
		put(image, header + 20, 4, size);
		put(image, header + 24, 4, 5);
		put(image, header + 28, 4, 0x1000);
	}
}

static void begin(struct image *image, unsigned word, bool big)
{
	memset(image, 0, sizeof(*image));
	image->word = word;
	image->big = big;
	image->symbols = image->strings = 1;
	memcpy(image->bytes, "\177ELF", 4);
	image->bytes[4] = word == 8 ? 2 : 1;
	image->bytes[5] = big ? 2 : 1;
	image->bytes[6] = 1;
	put(image, 16, 2, TMI_ELF_DYNAMIC);
	put(image, 18, 2, word == 8 ? TMI_ELF_X86_64 : TMI_ELF_386);
	put(image, 20, 4, 1);
	put(image, word == 8 ? 32 : 28, word, word == 8 ? 64 : 52);
	put(image, word == 8 ? 52 : 40, 2, word == 8 ? 64 : 52);
	put(image, word == 8 ? 54 : 42, 2, word == 8 ? 56 : 32);
	put(image, word == 8 ? 56 : 44, 2, 2);
	put_segment(image, 0, TMI_ELF_LOAD, 0, SIZE);
	put_segment(image, 1, TMI_ELF_SEGMENT_DYNAMIC, DYNAMIC, 0x200);
}

static void tag(struct image *image, uint64_t tag, uint64_t value)
{
	size_t at = DYNAMIC + 2u * image->word * image->dynamic++;

	put(image, at, image->word, tag);
	put(image, at + image->word, image->word, value);
}

static void symbol(struct image *image, const char *name, uint64_t value, unsigned binding,
		   unsigned type, unsigned section)
{
	size_t at = SYMBOLS + image->symbols++ * (image->word == 8 ? 24u : 16u);
	size_t size = strlen(name) + 1;

	put(image, at, 4, image->strings);
	memcpy(image->bytes + STRINGS + image->strings, name, size);
	image->strings += (unsigned)size;
	if (image->word == 8) {
		put(image, at + 4, 1, binding << 4 | type);
		put(image, at + 6, 2, section);
		put(image, at + 8, 8, value);
	} else {
		put(image, at + 4, 4, value);
		put(image, at + 12, 1, binding << 4 | type);
		put(image, at + 14, 2, section);
	}
}

/* The tags that all need; @relocated: as the dynamic linker leaves them. */
static void tables(struct image *image, bool relocated)
{
	uint64_t base = relocated ? BASE : 0;

	tag(image, 6, base + SYMBOLS);
	tag(image, TMI_ELF_DYNAMIC_STRTAB, base + STRINGS);
	tag(image, 10, image->strings);
}

static void hash(struct image *image)
{
	tag(image, 4, HASH);
	put(image, HASH, 4, 1);
	put(image, HASH + 4, 4, image->symbols);
}

/* One bucket with one chain that begins at symbol 1 and ends with the last. */
static void gnu_hash(struct image *image)
{
	size_t buckets = HASH + 16 + image->word;

	tag(image, 0x6ffffef5, HASH);
	put(image, HASH, 4, 1);
	put(image, HASH + 4, 4, 1);
	put(image, HASH + 8, 4, 1);
	put(image, buckets, 4, 1);
	for (unsigned i = 1; i < image->symbols; i++)
		put(image, buckets + 4 * i, 4, i + 1 == image->symbols ? 5 : 4);
}

static size_t read_image(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct image *image = context;

	if (offset < BASE || offset - BASE >= SIZE)
		return 0;
	if (size > SIZE - (offset - BASE))
		size = (size_t)(SIZE - (offset - BASE));
	memcpy(buffer, image->bytes + (offset - BASE), size);
	return size;
}

static void load_more(struct image *image, struct tmi_elf_symbols *symbols,
		      const struct tmi_elf_raw_symbol *more, size_t count)
{
	struct tmi_elf_image found;
	const char *why = NULL;

	if (!tmi_elf_image_init(&found, read_image, image, BASE, 0x1000, &why))
		fail_msg("%s", why);
	tmi_elf_symbols_init(symbols, &found);
	tmi_elf_symbols_add_dynamic(symbols, &found);
	for (size_t i = 0; i < count; i++)
		assert_true(tmi_elf_symbols_add(symbols, &more[i]));
	assert_true(tmi_elf_symbols_settle(symbols));
}

static void load(struct image *image, struct tmi_elf_symbols *symbols)
{
	load_more(image, symbols, NULL, 0);
}

static const char *name_at(const struct tmi_elf_symbols *symbols, uint64_t offset)
{
	const struct tmi_elf_symbol *symbol = tmi_elf_symbols_at(symbols, offset);

	return symbol ? tmi_elf_symbol_name(symbols, symbol) : "";
}

static uint64_t offset_of(const struct tmi_elf_symbols *symbols, const char *name)
{
	bool several;
	const struct tmi_elf_symbol *symbol =
		tmi_elf_symbols_find(symbols, name, strlen(name), &several);

	return symbol ? symbol->offset : UINT64_MAX;
}

static void add_usual(struct image *image)
{
	symbol(image, "first", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(image, "second", 0x3100, WEAK, FUNCTION, 1);
	symbol(image, "object", 0x3200, GLOBAL, OBJECT, 2);
}

static void check_usual(const struct tmi_elf_symbols *symbols)
{
	assert_int_equal(symbols->count, 3);
	assert_string_equal(name_at(symbols, 0x2fff), "");
	assert_string_equal(name_at(symbols, 0x3000), "first");
	assert_string_equal(name_at(symbols, 0x30ff), "first");
	assert_string_equal(name_at(symbols, 0x3100), "second");
	assert_string_equal(name_at(symbols, 0x3fff), "object");
	assert_int_equal(offset_of(symbols, "first"), 0x3000);
	assert_int_equal(offset_of(symbols, "object"), 0x3200);
	assert_true(offset_of(symbols, "firs") == UINT64_MAX);
	assert_true(offset_of(symbols, "") == UINT64_MAX);
}

static void test_every_shape(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;

	/* Class, byte order, kind of hash table, relocated or not. */
	for (unsigned shape = 0; shape < 16; shape++) {
		begin(&image, shape & 1 ? 4 : 8, shape & 2);
		add_usual(&image);
		tables(&image, shape & 8);
		if (shape & 4)
			hash(&image);
		else
			gnu_hash(&image);
		load(&image, &symbols);
		check_usual(&symbols);
		assert_false(symbols.cut);
		tmi_elf_symbols_fini(&symbols);
	}
}

static void test_best_name(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;

	begin(&image, 8, false);
	symbol(&image, "label", 0x3000, GLOBAL, 0, 1);
	symbol(&image, "object", 0x3000, GLOBAL, OBJECT, 1);
	symbol(&image, "local", 0x3000, LOCAL, FUNCTION, 1);
	symbol(&image, "__global", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "weak", 0x3000, WEAK, FUNCTION, 1);
	symbol(&image, "chosen", 0x3100, GLOBAL, IFUNC, 1);
	symbol(&image, "other", 0x3100, WEAK, FUNCTION, 1);
	tables(&image, false);
	hash(&image);
	load(&image, &symbols);
	assert_string_equal(name_at(&symbols, 0x3000), "weak");
	assert_string_equal(name_at(&symbols, 0x3104), "chosen");
	assert_int_equal(offset_of(&symbols, "__global"), 0x3000);
	tmi_elf_symbols_fini(&symbols);
}

/* What names no place of the image. */
static void test_left_out(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;

	begin(&image, 8, false);
	symbol(&image, "undefined", 0x3000, GLOBAL, FUNCTION, 0);
	symbol(&image, "GLIBC_2.2.5", 0, GLOBAL, OBJECT, 0xfff1);
	symbol(&image, "errno", 0x10, GLOBAL, TLS, 3);
	symbol(&image, "section", 0x3000, LOCAL, SECTION, 1);
	symbol(&image, "beyond", SIZE + 1, GLOBAL, FUNCTION, 1);
	symbol(&image, "below", UINT64_MAX, GLOBAL, FUNCTION, 1);
	symbol(&image, "", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "\033[2J", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "$x", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "_end", SIZE, GLOBAL, 0, 1);
	tables(&image, false);
	hash(&image);
	load(&image, &symbols);
	assert_int_equal(symbols.count, 1);
	assert_int_equal(offset_of(&symbols, "_end"), SIZE);
	tmi_elf_symbols_fini(&symbols);
}

/* Versions in DT_VERSYM, and in names as .symtab has them. */
static void test_versions(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;
	bool several;

	begin(&image, 8, true);
	symbol(&image, "copy", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "copy", 0x3100, GLOBAL, FUNCTION, 1);
	symbol(&image, "move@V1", 0x3200, GLOBAL, FUNCTION, 1);
	symbol(&image, "move@@V2", 0x3300, GLOBAL, FUNCTION, 1);
	symbol(&image, "twin@@V2", 0x3400, GLOBAL, FUNCTION, 1);
	symbol(&image, "twin", 0x3400, GLOBAL, FUNCTION, 1);
	tables(&image, false);
	hash(&image);
	tag(&image, 0x6ffffff0, VERSION);
	put(&image, VERSION + 2, 2, 0x8002);
	put(&image, VERSION + 4, 2, 3);
	load(&image, &symbols);
	assert_int_equal(symbols.count, 5);
	assert_int_equal(tmi_elf_symbols_find(&symbols, "copy", 4, &several)->offset, 0x3100);
	assert_true(several);
	assert_int_equal(tmi_elf_symbols_find(&symbols, "move", 4, &several)->offset, 0x3300);
	assert_true(several);
	assert_int_equal(tmi_elf_symbols_find(&symbols, "twin", 4, &several)->offset, 0x3400);
	assert_false(several);
	assert_string_equal(name_at(&symbols, 0x3200), "move");
	tmi_elf_symbols_fini(&symbols);
}

#define RAW(text, place, binding)                                                                  \
	{                                                                                          \
		.value = (place), .section = 1, .info = (binding) << 4 | FUNCTION, .name = (text), \
		.name_length = strlen(text)                                                        \
	}

/* The same names again from a table without versions, as elfutils shows .dynsym: nothing moves. */
static void test_versions_untold(void **state)
{
	const struct tmi_elf_raw_symbol more[] = {
		RAW("copy", 0x3000, GLOBAL),  RAW("copy", 0x3100, GLOBAL),
		RAW("both", 0x3200, GLOBAL),  RAW("both", 0x3200, GLOBAL),
		RAW("extra", 0x3000, GLOBAL), RAW("local", 0x3100, LOCAL),
		RAW("only", 0x3300, GLOBAL),
	};
	struct tmi_elf_symbols symbols;
	static struct image image;
	bool several;

	begin(&image, 8, false);
	symbol(&image, "copy", 0x3000, GLOBAL, FUNCTION, 1);
	symbol(&image, "copy", 0x3100, GLOBAL, FUNCTION, 1);
	/* Two versions at one place, of which one is linked against. */
	symbol(&image, "both", 0x3200, GLOBAL, FUNCTION, 1);
	symbol(&image, "both", 0x3200, GLOBAL, FUNCTION, 1);
	tables(&image, false);
	hash(&image);
	tag(&image, 0x6ffffff0, VERSION);
	put(&image, VERSION + 2, 2, 0x8002);
	put(&image, VERSION + 4, 2, 3);
	put(&image, VERSION + 6, 2, 0x8002);
	put(&image, VERSION + 8, 2, 3);
	load_more(&image, &symbols, more, sizeof(more) / sizeof(*more));
	assert_int_equal(symbols.count, 6);
	assert_int_equal(tmi_elf_symbols_find(&symbols, "copy", 4, &several)->offset, 0x3100);
	assert_true(several);
	assert_true(tmi_elf_symbols_at(&symbols, 0x3000)->rank == 0);
	assert_string_equal(name_at(&symbols, 0x3000), "extra");
	assert_string_equal(name_at(&symbols, 0x3100), "copy");
	assert_false(tmi_elf_symbols_find(&symbols, "both", 4, &several)->local);
	assert_false(several);
	assert_int_equal(offset_of(&symbols, "only"), 0x3300);
	tmi_elf_symbols_fini(&symbols);
}

static void test_steps(void **state)
{
	const struct tmi_elf_symbol *middle;
	struct tmi_elf_symbols symbols;
	static struct image image;

	begin(&image, 8, false);
	add_usual(&image);
	symbol(&image, "same_as_second", 0x3100, GLOBAL, OBJECT, 1);
	tables(&image, false);
	gnu_hash(&image);
	load(&image, &symbols);
	middle = tmi_elf_symbols_at(&symbols, 0x3150);
	assert_int_equal(tmi_elf_symbols_step(&symbols, middle, 0)->offset, 0x3100);
	assert_int_equal(tmi_elf_symbols_step(&symbols, middle, 1)->offset, 0x3200);
	assert_int_equal(tmi_elf_symbols_step(&symbols, middle, -1)->offset, 0x3000);
	assert_null(tmi_elf_symbols_step(&symbols, middle, 2));
	assert_null(tmi_elf_symbols_step(&symbols, middle, -2));
	assert_null(tmi_elf_symbols_step(&symbols, middle, INT32_MIN));
	tmi_elf_symbols_fini(&symbols);
}

/* A count beyond what there is ends where the image does, and what came before it stays. */
static void test_counts_that_lie(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;

	begin(&image, 8, false);
	add_usual(&image);
	tables(&image, false);
	hash(&image);
	put(&image, HASH + 4, 4, UINT32_MAX);
	load(&image, &symbols);
	assert_true(symbols.cut);
	assert_int_equal(offset_of(&symbols, "first"), 0x3000);
	tmi_elf_symbols_fini(&symbols);

	/* A chain without an end, more buckets and filters than the image has bytes. */
	for (unsigned field = 0; field < 4; field++) {
		begin(&image, 8, false);
		add_usual(&image);
		tables(&image, false);
		gnu_hash(&image);
		put(&image, field < 3 ? HASH + 4 * field : HASH + 36, 4,
		    field < 3 ? UINT32_MAX : 4);
		load(&image, &symbols);
		assert_true(symbols.count <= SIZE / 24);
		tmi_elf_symbols_fini(&symbols);
	}
}

static void test_tables_elsewhere(void **state)
{
	static const uint64_t places[] = { 0, SIZE, BASE + SIZE, UINT64_MAX, 1ull << 63 };
	struct tmi_elf_symbols symbols;
	static struct image image;

	for (unsigned which = 0; which < 3; which++)
		for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
			begin(&image, 8, false);
			add_usual(&image);
			tag(&image, 6, which == 0 ? places[i] : SYMBOLS);
			tag(&image, TMI_ELF_DYNAMIC_STRTAB, which == 1 ? places[i] : STRINGS);
			hash(&image);
			if (which == 2)
				put(&image, DYNAMIC + 4 * 8 + 8, 8, places[i]);
			load(&image, &symbols);
			assert_int_equal(symbols.count, 0);
			assert_null(tmi_elf_symbols_at(&symbols, 0x3000));
			tmi_elf_symbols_fini(&symbols);
		}
}

/* Names that run out of their table, or are longer than any. */
static void test_bad_names(void **state)
{
	struct tmi_elf_symbols symbols;
	static struct image image;

	begin(&image, 8, false);
	add_usual(&image);
	image.strings -= 2; /* "object" has no end any more */
	tables(&image, false);
	hash(&image);
	put(&image, SYMBOLS + 24, 4, UINT32_MAX); /* "first" is nowhere */
	load(&image, &symbols);
	assert_int_equal(symbols.count, 1);
	assert_string_equal(name_at(&symbols, 0x3200), "second");
	tmi_elf_symbols_fini(&symbols);

	begin(&image, 8, false);
	add_usual(&image);
	memset(image.bytes + STRINGS + 1, 'x', 0x1000 - 1);
	memset(image.bytes + HASH + 8, 'x', 0x200);
	image.strings = 0x1300;
	tables(&image, false);
	hash(&image);
	load(&image, &symbols);
	assert_int_equal(symbols.count, 0);
	tmi_elf_symbols_fini(&symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shape),     cmocka_unit_test(test_best_name),
		cmocka_unit_test(test_left_out),        cmocka_unit_test(test_versions),
		cmocka_unit_test(test_versions_untold), cmocka_unit_test(test_steps),
		cmocka_unit_test(test_counts_that_lie), cmocka_unit_test(test_tables_elsewhere),
		cmocka_unit_test(test_bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
