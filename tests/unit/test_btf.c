/* SPDX-License-Identifier: Apache-2.0 */
/* test_btf.c - members of structures, out of types made here; damaged and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "btf_writer.h"
#include "format/btf.h"

static struct btf_writer writer;

static struct tmi_bytes written(void)
{
	return (struct tmi_bytes){ .data = writer.out, .size = writer.size };
}

/* One question about what was written. */
static bool ask(struct tmi_btf_query *query, const char *structure, const char *member)
{
	struct tmi_bytes bytes = written();
	struct tmi_btf btf;
	const char *why;
	size_t found;

	*query = (struct tmi_btf_query){ .structure = structure, .member = member };
	assert_true(tmi_btf_init(&btf, &bytes, &why));
	assert_int_equal(btf.count, writer.count);
	found = tmi_btf_find(&btf, 8, query, 1);
	assert_int_equal(found, query->found);
	tmi_btf_fini(&btf);
	return query->found;
}

/* Types as of a kernel, with a structure in a structure, and more than one place of every 64th. */
static void write_types(void)
{
	uint32_t number, character, pointer, comm, inner, list, module_memory, memories, constant;

	btf_begin(&writer);
	number = btf_integer(&writer, "int", 4);
	character = btf_integer(&writer, "char", 1);
	for (unsigned i = 0; i < 200; i++)
		btf_pointer(&writer, i);
	pointer = btf_pointer(&writer, 0);
	comm = btf_array(&writer, character, 16);
	list = btf_type(&writer, "list_head", BTF_STRUCT, 16);
	btf_member(&writer, "next", pointer, 0);
	btf_member(&writer, "prev", pointer, 8);
	constant = btf_type(&writer, NULL, BTF_CONST, list);
	constant = btf_type(&writer, "list_t", BTF_TYPEDEF, constant);
	inner = btf_type(&writer, NULL, BTF_UNION, 8);
	btf_member(&writer, "pid", number, 0);
	btf_member(&writer, "other", number, 0);
	inner = btf_type(&writer, NULL, BTF_STRUCT, 40) + 0 * inner;
	btf_member(&writer, "state", number, 0);
	btf_member(&writer, NULL, inner - 1, 4);
	btf_member(&writer, "tasks", constant, 16);
	module_memory = btf_type(&writer, "module_memory", BTF_STRUCT, 72);
	btf_member(&writer, "base", pointer, 0);
	memories = btf_array(&writer, module_memory, 7);
	btf_type(&writer, "module", BTF_STRUCT, 1024);
	btf_member(&writer, "mem", memories, 256);
	btf_type(&writer, "task_struct", BTF_FWD, 0);
	btf_type(&writer, "task_struct", BTF_STRUCT, 4); /* not the one that is meant */
	btf_member(&writer, "pid", number, 12);
	btf_type(&writer, "task_struct", BTF_STRUCT, 200);
	btf_member(&writer, "info", number, 0);
	btf_member(&writer, NULL, inner, 64);
	btf_member(&writer, "comm", comm, 128);
}

static void members(void **state)
{
	struct tmi_btf_query query;

	write_types();
	btf_end(&writer, 0);
	assert_true(ask(&query, "task_struct", "comm"));
	assert_int_equal(query.offset, 128);
	assert_int_equal(query.size, 16);
	assert_int_equal(query.count, 16);
	assert_true(ask(&query, "task_struct", "tasks"));
	assert_int_equal(query.offset, 80);
	assert_int_equal(query.size, 16);
	assert_int_equal(query.count, 1);
	assert_true(ask(&query, "list_head", "prev"));
	assert_int_equal(query.offset, 8);
	assert_int_equal(query.size, 8);
	assert_true(ask(&query, "module", "mem"));
	assert_int_equal(query.count, 7);
	assert_int_equal(query.size, 7 * 72);
	assert_false(ask(&query, "task_struct", "mm"));
	assert_false(ask(&query, "mm_struct", "pgd"));
	assert_false(ask(&query, "", "next"));
}

/* Of structures of a name the one that has most of what is asked for. */
static void namesakes(void **state)
{
	struct tmi_btf_query queries[] = { { .structure = "task_struct", .member = "pid" },
					   { .structure = "task_struct", .member = "comm" } };
	struct tmi_bytes bytes;
	struct tmi_btf btf;
	const char *why;

	write_types();
	btf_end(&writer, 0);
	bytes = written();
	assert_true(tmi_btf_init(&btf, &bytes, &why));
	assert_int_equal(tmi_btf_find(&btf, 8, queries, 2), 2);
	assert_int_equal(queries[0].offset, 68);
	assert_int_equal(queries[1].offset, 128);
	tmi_btf_fini(&btf);
}

/* With the flag the upper byte of an offset is a width. */
static void bit_fields(void **state)
{
	struct tmi_btf_query query;
	uint32_t number;

	btf_begin(&writer);
	number = btf_integer(&writer, "int", 4);
	btf_type(&writer, "flags", BTF_STRUCT, 8);
	btf_member(&writer, "one", number, 0);
	btf_set_info(&writer, 1u << 31);
	tmi_store(writer.types + writer.types_size - 4, 4, false, 3u << 24 | 40);
	btf_end(&writer, 0);
	assert_true(ask(&query, "flags", "one"));
	assert_int_equal(query.offset, 5);
}

/* Structures that contain themselves or each other: the search ends. */
static void endless(void **state)
{
	struct tmi_btf_query query;

	btf_begin(&writer);
	btf_type(&writer, "loop", BTF_STRUCT, 8);
	for (unsigned i = 0; i < 100; i++)
		btf_member(&writer, NULL, i % 2 + 1, 0);
	btf_type(&writer, NULL, BTF_STRUCT, 8);
	for (unsigned i = 0; i < 100; i++)
		btf_member(&writer, NULL, i % 2 + 1, 8);
	btf_type(&writer, "cycle", BTF_TYPEDEF, 4);
	btf_type(&writer, "cycle", BTF_CONST, 3);
	btf_type(&writer, "holder", BTF_STRUCT, 8);
	btf_member(&writer, "value", 3, 4);
	btf_member(&writer, NULL, 3, 4);
	btf_member(&writer, NULL, 77777, 4);
	btf_end(&writer, 0);
	assert_false(ask(&query, "loop", "never"));
	assert_true(ask(&query, "holder", "value"));
	assert_int_equal(query.size, 0);
	assert_false(ask(&query, "holder", "none"));
}

/* Kinds that are newer than this reader: passed over if a layout tells their size. */
static void newer_kinds(void **state)
{
	struct tmi_bytes bytes = written();
	uint8_t out[1024] = { 0 };
	struct tmi_btf btf;
	const char *why;
	size_t at;

	btf_begin(&writer);
	btf_type(&writer, "new", 25, 0);
	btf_set_info(&writer, 2);
	for (unsigned i = 0; i < 5; i++)
		btf_put(&writer, 0x12345678);
	btf_integer(&writer, "int", 4);
	btf_end(&writer, 0);
	bytes = written();
	assert_false(tmi_btf_init(&btf, &bytes, &why));
	tmi_btf_fini(&btf);
	/* A header of 32 bytes, and between types and strings 26 rows of 4 bytes. */
	tmi_store(out, 4, false, 0x0001eb9f);
	tmi_store(out + 4, 4, false, 32);
	tmi_store(out + 12, 4, false, writer.types_size);
	tmi_store(out + 16, 4, false, writer.types_size + 104);
	tmi_store(out + 20, 4, false, writer.strings_size);
	tmi_store(out + 24, 4, false, writer.types_size);
	tmi_store(out + 28, 4, false, 104);
	memcpy(out + 32, writer.types, writer.types_size);
	at = 32 + writer.types_size;
	out[at + 4 * 25] = 4;     /* fixed */
	out[at + 4 * 25 + 1] = 8; /* each */
	memcpy(out + at + 104, writer.strings, writer.strings_size);
	bytes = (struct tmi_bytes){ .data = out, .size = at + 104 + writer.strings_size };
	assert_true(tmi_btf_init(&btf, &bytes, &why));
	assert_int_equal(btf.count, 2);
	tmi_btf_fini(&btf);
}

static bool opens(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct tmi_bytes bytes = { .data = copy, .size = size };
	struct tmi_btf_query query = { .structure = "task_struct", .member = "comm" };
	struct tmi_btf btf;
	const char *why = NULL;
	bool good;

	memcpy(copy, data, size);
	good = tmi_btf_init(&btf, &bytes, &why);
	if (good)
		tmi_btf_find(&btf, 8, &query, 1);
	assert_non_null(why);
	tmi_btf_fini(&btf);
	free(copy);
	return good;
}

static void damaged(void **state)
{
	static const struct {
		unsigned at;
		unsigned size;
		uint32_t value;
	} wrong[] = {
		{ 0, 2, 0x9feb },      { 2, 1, 2 },           { 4, 4, 23 },
		{ 4, 4, 0x7fffffff },  { 8, 4, 0xffffffff },  { 12, 4, 0xffffffff },
		{ 12, 4, 0x10000000 }, { 12, 4, 0 },          { 16, 4, 0xfffffff0 },
		{ 16, 4, 1 },          { 20, 4, 0xffffffff }, { 20, 4, 0 },
	};
	uint8_t copy[sizeof(writer.out)];

	write_types();
	btf_end(&writer, 0);
	assert_true(opens(writer.out, writer.size));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(copy, writer.out, writer.size);
		tmi_store(copy + wrong[i].at, wrong[i].size, false, wrong[i].value);
		assert_false(opens(copy, writer.size));
	}
	/* Strings that do not end; a beginning that is no NUL. */
	memcpy(copy, writer.out, writer.size);
	copy[writer.size - 1] = 'x';
	assert_false(opens(copy, writer.size));
	for (size_t cut = 0; cut < writer.size; cut += 7)
		assert_false(opens(writer.out, cut));
	/* Any byte of the types may be anything. */
	for (size_t at = 24; at < 24 + writer.types_size; at += 3) {
		memcpy(copy, writer.out, writer.size);
		copy[at] ^= 0xff;
		opens(copy, writer.size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),     cmocka_unit_test(namesakes),
		cmocka_unit_test(bit_fields),  cmocka_unit_test(endless),
		cmocka_unit_test(newer_kinds), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
