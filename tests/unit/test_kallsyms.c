/* SPDX-License-Identifier: Apache-2.0 */
/* test_kallsyms.c - symbols of tables made here: all encodings, both rules of lengths, bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/kallsyms.h"
#include "kallsyms_writer.h"

#define BASE  0xffffffff81000000u
#define PLACE 0xffffffff82000000u

static struct kallsyms_writer writer;
static uint8_t joined[KALLSYMS_ROOM * 2];

/* Names, @gap bytes, markers. */
static struct tmi_bytes join(size_t gap)
{
	memset(joined, 0, sizeof(joined));
	memcpy(joined, writer.names, writer.names_size);
	memcpy(joined + writer.names_size + gap, writer.markers, writer.markers_size);
	return (struct tmi_bytes){ .data = joined,
				   .size = writer.names_size + gap + writer.markers_size };
}

static struct tmi_kallsyms_tokens tokens(void)
{
	struct tmi_bytes bytes = { .data = writer.tokens, .size = writer.tokens_size };
	struct tmi_kallsyms_tokens result;

	assert_true(tmi_kallsyms_tokens_init(&result, &bytes));
	assert_int_equal(result.size, writer.tokens_size);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(result.index[i], tmi_load16(writer.token_index + 2 * i, false));
	return result;
}

static bool load(struct tmi_kallsyms *symbols, size_t gap)
{
	struct tmi_kallsyms_tokens table = tokens();
	struct tmi_bytes names = join(gap);
	const char *why;

	return tmi_kallsyms_init(symbols, writer.count, 8, &names, &table, &why);
}

/* 600 symbols, with names of up to 300 characters. */
static void fill(void)
{
	kallsyms_begin(&writer);
	kallsyms_add(&writer, 'A', "fixed_percpu_data", 0);
	kallsyms_add(&writer, 'A', "cpu_number", 0x40);
	kallsyms_add(&writer, 'T', "_stext", BASE);
	kallsyms_add(&writer, 'T', "_text", BASE);
	for (unsigned i = 4; i < 599; i++) {
		char name[400];
		int length = sprintf(name, "%s%u", i % 3 ? "sys_call_" : "f", i);

		if (i % 100 == 0) {
			memset(name + length, 'x', 296);
			name[length + 296] = 0;
		}
		kallsyms_add(&writer, i % 2 ? 't' : 'T', name, BASE + i * 16);
	}
	kallsyms_add(&writer, 'D', "init_task", BASE + 0x100000);
	kallsyms_end(&writer);
}

static void check_all(const struct tmi_kallsyms *symbols)
{
	char name[TMI_KALLSYMS_NAME_SIZE];
	uint32_t index;

	assert_int_equal(tmi_kallsyms_name(symbols, 0, name, sizeof(name)), 'A');
	assert_string_equal(name, "fixed_percpu_data");
	assert_int_equal(tmi_kallsyms_name(symbols, 5, name, sizeof(name)), 't');
	assert_string_equal(name, "sys_call_5");
	assert_int_equal(tmi_kallsyms_name(symbols, 500, name, sizeof(name)), 'T');
	assert_int_equal(strlen(name), 12 + 296);
	assert_int_equal(tmi_kallsyms_name(symbols, 600, name, sizeof(name)), 0);
	assert_true(tmi_kallsyms_find(symbols, "sys_call_577", &index));
	assert_int_equal(index, 577);
	assert_false(tmi_kallsyms_find(symbols, "sys_call_1000", &index));
	assert_false(tmi_kallsyms_find(symbols, "", &index));
	for (uint32_t i = 0; i < writer.count; i++)
		assert_int_equal(symbols->addresses[i], writer.addresses[i]);
	assert_true(tmi_kallsyms_nearest(symbols, BASE + 5, &index));
	assert_int_equal(index, 2); /* _stext, the first of two */
	assert_true(tmi_kallsyms_nearest(symbols, BASE + 16 * 300 + 15, &index));
	assert_int_equal(index, 300);
	assert_true(tmi_kallsyms_nearest(symbols, UINT64_MAX, &index));
	assert_int_equal(index, 599);
	assert_true(tmi_kallsyms_nearest(symbols, 0x41, &index));
	assert_int_equal(index, 1);
}

/* What the kernel's build writes for a symbol, by the form. */
static uint64_t encode(unsigned form, uint32_t index)
{
	uint64_t address = writer.addresses[index];

	switch (form) {
	case TMI_KALLSYMS_ABSOLUTE: return address;
	case TMI_KALLSYMS_BASE_RELATIVE: return address - BASE;
	case TMI_KALLSYMS_PERCPU: return address < BASE ? address : BASE - 1 - address;
	default: return address - (PLACE + 4 * index);
	}
}

static void forms(void **state)
{
	static uint8_t raw[600 * 8];

	fill();
	for (unsigned form = 0; form < TMI_KALLSYMS_FORMS; form++) {
		unsigned unit = form == TMI_KALLSYMS_ABSOLUTE ? 8 : 4;
		struct tmi_kallsyms_addresses addresses = { raw, 600 * unit, form, BASE, PLACE };
		struct tmi_kallsyms symbols;

		/* Only the per-processor form has symbols far below the others. */
		writer.addresses[0] = form == TMI_KALLSYMS_BASE_RELATIVE ? BASE : 0;
		writer.addresses[1] = form == TMI_KALLSYMS_BASE_RELATIVE ? BASE : 0x40;
		if (form == TMI_KALLSYMS_PLACE_RELATIVE)
			writer.addresses[0] = writer.addresses[1] = BASE;
		for (uint32_t i = 0; i < 600; i++)
			tmi_store(raw + i * unit, unit, false, encode(form, i));
		assert_true(load(&symbols, form));
		assert_true(symbols.long_lengths);
		assert_int_equal(tmi_kallsyms_score(&symbols, &addresses, BASE, BASE + 0xffffff),
				 1000);
		for (unsigned other = 0; other < TMI_KALLSYMS_FORMS; other++) {
			struct tmi_kallsyms_addresses wrong = addresses;

			wrong.form = other;
			if (other != form)
				assert_true(tmi_kallsyms_score(&symbols, &wrong, BASE,
							       BASE + 0xffffff) < 900);
		}
		assert_true(tmi_kallsyms_settle(&symbols, &addresses));
		if (form == TMI_KALLSYMS_ABSOLUTE || form == TMI_KALLSYMS_PERCPU)
			check_all(&symbols);
		tmi_kallsyms_fini(&symbols);
	}
}

static void out_of_order(void **state)
{
	static uint8_t raw[3 * 8];
	struct tmi_kallsyms_addresses addresses = { raw, sizeof(raw), TMI_KALLSYMS_ABSOLUTE, 0, 0 };
	struct tmi_kallsyms symbols;
	uint32_t index;

	kallsyms_begin(&writer);
	kallsyms_add(&writer, 'T', "c", 0x3000);
	kallsyms_add(&writer, 'T', "a", 0x1000);
	kallsyms_add(&writer, 'T', "a", 0x2000);
	kallsyms_end(&writer);
	for (unsigned i = 0; i < 3; i++)
		tmi_store(raw + 8 * i, 8, false, writer.addresses[i]);
	assert_true(load(&symbols, 0));
	assert_true(tmi_kallsyms_settle(&symbols, &addresses));
	assert_true(tmi_kallsyms_nearest(&symbols, 0x2fff, &index));
	assert_int_equal(index, 2);
	assert_true(tmi_kallsyms_nearest(&symbols, 0x3000, &index));
	assert_int_equal(index, 0);
	assert_false(tmi_kallsyms_nearest(&symbols, 0xfff, &index));
	assert_true(tmi_kallsyms_find(&symbols, "a", &index));
	assert_int_equal(index, 1);
	tmi_kallsyms_fini(&symbols);
}

/* A token that would steer a terminal is not passed on. */
static void unprintable(void **state)
{
	struct tmi_kallsyms symbols;
	char name[16];
	uint32_t index;

	kallsyms_begin(&writer);
	kallsyms_add(&writer, 'T', "abc", 0x1000);
	kallsyms_end(&writer);
	writer.tokens[tmi_load16(writer.token_index + 2 * 'b', false)] = '\033';
	assert_true(load(&symbols, 0));
	assert_int_equal(tmi_kallsyms_name(&symbols, 0, name, sizeof(name)), 'T');
	assert_string_equal(name, "a?c");
	assert_true(tmi_kallsyms_find(&symbols, "a?c", &index));
	tmi_kallsyms_fini(&symbols);
}

/* Before 6.1 a length byte of 0x80 and more was itself; markers decide, of either width. */
static void short_lengths(void **state)
{
	char name[300];

	for (unsigned width = 4; width <= 8; width += 4) {
		struct tmi_kallsyms symbols;

		kallsyms_begin(&writer);
		writer.long_lengths = false;
		writer.marker_size = width;
		for (unsigned i = 0; i < 300; i++) {
			memset(name, 'y', 200);
			sprintf(name + (i % 20 ? 10 : 200), "%u", i);
			kallsyms_add(&writer, 'T', name, i);
		}
		kallsyms_end(&writer);
		assert_true(load(&symbols, 7));
		assert_false(symbols.long_lengths);
		assert_int_equal(tmi_kallsyms_name(&symbols, 280, name, sizeof(name)), 'T');
		assert_string_equal(name + 200, "280");
		tmi_kallsyms_fini(&symbols);
	}
}

static void markers_decide(void **state)
{
	struct tmi_kallsyms symbols;

	fill();
	writer.markers[5] ^= 1;
	assert_false(load(&symbols, 0));
	tmi_kallsyms_fini(&symbols);
	writer.markers[5] ^= 1;
	assert_false(load(&symbols, 16));
	tmi_kallsyms_fini(&symbols);
	assert_true(load(&symbols, 15));
	tmi_kallsyms_fini(&symbols);
}

static void bad_names(void **state)
{
	struct tmi_kallsyms_tokens table;
	struct tmi_kallsyms symbols;
	struct tmi_bytes names;
	const char *why = NULL;
	uint32_t counts[] = { 0, 601, 1000000, UINT32_MAX, TMI_KALLSYMS_MAX + 1 };

	fill();
	names = join(0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		table = tokens();
		assert_false(tmi_kallsyms_init(&symbols, counts[i], 8, &names, &table, &why));
		assert_non_null(why);
		assert_null(table.text);
		tmi_kallsyms_fini(&symbols);
	}
	/* Cut anywhere: never beyond the end. */
	for (size_t cut = 0; cut < names.size; cut += 97) {
		struct tmi_bytes part = { .data = malloc(cut + 1), .size = cut };

		memcpy((uint8_t *)part.data, names.data, cut);
		table = tokens();
		assert_false(tmi_kallsyms_init(&symbols, 600, 8, &part, &table, &why));
		tmi_kallsyms_fini(&symbols);
		free((uint8_t *)part.data);
	}
}

static void bad_tokens(void **state)
{
	struct tmi_kallsyms_tokens table;
	struct tmi_bytes bytes;

	kallsyms_begin(&writer);
	for (size_t cut = 0; cut < writer.tokens_size; cut += 13) {
		bytes = (struct tmi_bytes){ .data = writer.tokens, .size = cut };
		assert_false(tmi_kallsyms_tokens_init(&table, &bytes));
		assert_null(table.text);
	}
}

static void tables_in_memory(void **state)
{
	static uint8_t memory[16384];
	struct tmi_bytes bytes = { .data = memory, .size = sizeof(memory) };
	const uint8_t *digits;
	uint64_t at, first;

	kallsyms_begin(&writer);
	memset(memory, 0, sizeof(memory));
	memcpy(memory + 1000, writer.tokens, writer.tokens_size);
	digits = memmem(memory, sizeof(memory), TMI_KALLSYMS_DIGITS, TMI_KALLSYMS_DIGITS_SIZE);
	at = (uint64_t)(digits - memory);
	assert_true(tmi_kallsyms_is_tokens(&bytes, at, &first));
	assert_int_equal(first, 1000);
	assert_false(tmi_kallsyms_is_tokens(&bytes, at + 2, &first));
	assert_false(tmi_kallsyms_is_tokens(&bytes, sizeof(memory), &first));
	first = 1000 + tmi_load16(writer.token_index + 2 * 20, false) + 1;
	memory[first] = 0x80;
	assert_false(tmi_kallsyms_is_tokens(&bytes, at, &first));
	memcpy(memory + 1000, writer.tokens, writer.tokens_size);
	memory[1000 + writer.tokens_size - 2] = 0;
	memory[1000 + writer.tokens_size - 3] = 0;
	memory[1000 + writer.tokens_size - 4] = 0;
	assert_false(tmi_kallsyms_is_tokens(&bytes, at, &first));
	/* One character after the other, as tables of characters have it: too short. */
	memset(memory, 0, sizeof(memory));
	for (unsigned i = 0; i < 256; i++)
		memory[100 + 2 * i] = '!' + i % 94;
	for (uint64_t i = 100; i < 700; i += 2)
		assert_false(tmi_kallsyms_is_tokens(&bytes, i, &first));
	/* Hard against both ends. */
	bytes.size = writer.tokens_size;
	memcpy(memory, writer.tokens, writer.tokens_size);
	assert_true(tmi_kallsyms_is_tokens(&bytes, at - 1000, &first));
	assert_int_equal(first, 0);
	bytes.size--;
	assert_false(tmi_kallsyms_is_tokens(&bytes, at - 1000, &first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),          cmocka_unit_test(out_of_order),
		cmocka_unit_test(unprintable),    cmocka_unit_test(short_lengths),
		cmocka_unit_test(markers_decide), cmocka_unit_test(bad_names),
		cmocka_unit_test(bad_tokens),     cmocka_unit_test(tables_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
