/* SPDX-License-Identifier: Apache-2.0 */
/* test_expression.c - MASM expressions and number literals, over made-up names and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/expression.h"
#include "command/number.h"

/* Bytes that exist: 16 at 0x2000. */
static const uint8_t memory[16] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
				    0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 };

static bool is(const char *name, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(name, word, length) == 0;
}

static enum tmi_lookup module(void *context, const char *name, size_t length, uint64_t *value)
{
	static const struct {
		const char *name;
		uint64_t base;
	} modules[] = {
		{ "libc", 0x7000 },   { "libstdc++", 0x8000 }, { "ld-linux-x86-64", 0x9000 },
		{ "add-in", 0xa000 }, { "dead", 0xb000 },      { "ld", 0xc000 },
	};

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (is(name, length, modules[i].name)) {
			*value = modules[i].base;
			return TMI_LOOKUP_FOUND;
		}
	return TMI_LOOKUP_MISSING;
}

static enum tmi_lookup symbol(void *context, const char *module_name, size_t module_length,
			      const char *name, size_t length, uint64_t *value)
{
	if (!is(name, length, "main") || (module_name && !is(module_name, module_length, "libc") &&
					  !is(module_name, module_length, "libstdc++")))
		return TMI_LOOKUP_MISSING;
	*value = 0x7123;
	return TMI_LOOKUP_FOUND;
}

static enum tmi_lookup region(void *context, const char *name, size_t length, uint64_t *value)
{
	*value = 0x2000;
	if (is(name, length, "heap"))
		return TMI_LOOKUP_FOUND;
	*value = 0xfeed;
	return is(name, length, "add") ? TMI_LOOKUP_FOUND : TMI_LOOKUP_MISSING;
}

static enum tmi_lookup reg(void *context, const char *name, size_t length, uint64_t *value)
{
	*value = 0x2008;
	if (is(name, length, "rsp") || is(name, length, "$csp"))
		return TMI_LOOKUP_FOUND;
	*value = 0x401000;
	if (is(name, length, "$ip"))
		return TMI_LOOKUP_FOUND;
	return is(name, length, "rax") ? TMI_LOOKUP_UNAVAILABLE : TMI_LOOKUP_MISSING;
}

static bool read_memory(void *context, uint64_t address, void *buffer, size_t size)
{
	if (address < 0x2000 || address + size > 0x2000 + sizeof(memory))
		return false;
	memcpy(buffer, memory + (address - 0x2000), size);
	return true;
}

/* Physical memory: each byte is the low byte of its address, up to 0x100000000. */
static bool read_physical(void *context, uint64_t address, void *buffer, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buffer)[i] = (uint8_t)(address + i);
	return address < UINT64_C(0x100000000);
}

static bool valid(void *context, uint64_t address, uint64_t size)
{
	return address >= 0x2000 && size <= sizeof(memory) &&
	       address - 0x2000 <= sizeof(memory) - size;
}

static struct tmi_names names(void)
{
	return (struct tmi_names){
		.radix = 16,
		.pointer_size = 8,
		.module = module,
		.symbol = symbol,
		.region = region,
		.reg = reg,
		.read = read_memory,
		.read_physical = read_physical,
		.valid = valid,
	};
}

/* Checks @text's value, and that @rest is what follows it. */
static void check_with(const struct tmi_names *with, unsigned flags, const char *text,
		       uint64_t expected, const char *rest)
{
	struct tmi_error_place error;
	const char *next = NULL;
	uint64_t value;

	if (!tmi_expression_evaluate(with, text, flags, &value, &next, &error))
		fail_msg("'%s': error %d at %zu", text, error.kind, error.position);
	if (value != expected || strcmp(next, rest) != 0)
		fail_msg("'%s': value %llx, rest '%s'", text, (unsigned long long)value, next);
}

static void check(const char *text, uint64_t expected)
{
	struct tmi_names with = names();

	check_with(&with, 0, text, expected, "");
}

static void check_error(const char *text, enum tmi_error_kind kind, size_t position)
{
	struct tmi_names with = names();
	struct tmi_error_place error;
	const char *next;
	uint64_t value;

	if (tmi_expression_evaluate(&with, text, 0, &value, &next, &error))
		fail_msg("'%s': no error but %llx", text, (unsigned long long)value);
	if (error.kind != kind || error.position != position)
		fail_msg("'%s': error %d at %zu", text, error.kind, error.position);
}

static void test_numbers(void **state)
{
	struct tmi_names with = names();

	check("1f", 0x1f);
	check("0x1F", 0x1f);
	check("0n20", 20);
	check("0t17", 15);
	check("0y101", 5);
	check("20h", 0x20);
	check("0n", 0);
	check("0x", 0);
	check("00007fff`12345678", 0x7fff12345678);
	check("0`00000001", 1);
	check("ffffffffffffffff", UINT64_MAX);
	check("80000000", 0x80000000);
	with.radix = 10;
	check_with(&with, 0, "20", 20, "");
	check_with(&with, 0, "0x20", 0x20, "");
	check_with(&with, 0, "1fh", 0x1f, "");
	with.radix = 8;
	check_with(&with, 0, "17", 15, "");
	check_error("10000000000000000", TMI_ERROR_OVERFLOW, 0);
	check_error("1`2345678", TMI_ERROR_SYNTAX, 0);
	check_error("1`12345678`12345678", TMI_ERROR_SYNTAX, 0);
	check_error("0n1f", TMI_ERROR_RESOLVE, 0);
}

static void test_sign_extension(void **state)
{
	struct tmi_names with = names();

	with.kernel = true;
	check_with(&with, 0, "80000000", 0xffffffff80000000, "");
	check_with(&with, 0, "ffffffff", UINT64_MAX, "");
	check_with(&with, 0, "0`80000000", 0x80000000, "");
	check_with(&with, 0, "7fffffff", 0x7fffffff, "");
	check_with(&with, 0, "7fffffff+1", 0x80000000, "");
	check_with(&with, 0, "180000000", 0x180000000, "");
}

static void test_operators(void **state)
{
	check("1+2*3", 7);
	check("(1+2)*3", 9);
	check("10-2-3", 0xb);
	check("10/3", 5);
	check("10%3", 1);
	check("10 mod 3", 1);
	check("1<<4+1", 32);
	check("ff>>4", 0xf);
	check("1<<40", 0);
	check("8000000000000000>>>3f", UINT64_MAX);
	check("8000000000000000>>3f", 1);
	check("8000000000000000>>>0", UINT64_C(1) << 63);
	check("3=3", 1);
	check("3==4", 0);
	check("3!=4", 1);
	check("3<=3", 1);
	check("-1 > 1", 1);
	check("1 < 2 & 3 >= 2", 1);
	check("c & a | 1", 9);
	check("c and a", 8);
	check("c ^ a", 6);
	check("c xor a or 10", 0x16);
	check("1 OR 2", 3);
	check("-1", UINT64_MAX);
	check("- - 1", 1);
	check("+5", 5);
	check("not 0", 1);
	check("not(5)", 0);
	check("hi 12345678", 0x1234);
	check("low(12345678)", 0x5678);
	check("2*-1", (uint64_t)-2);
	check_error("1/0", TMI_ERROR_OPERAND, 2);
	check_error("1 mod (2-2)", TMI_ERROR_OPERAND, 10);
}

static void test_memory(void **state)
{
	struct tmi_names with = names();

	check("by 2000", 0x11);
	check("wo(2000)", 0x2211);
	check("dwo 2000", 0x44332211);
	check("qwo 2000", 0x8877665544332211);
	check("poi(2008)", 0x2000);
	check("poi @rsp", 0x2000);
	check("by poi 2008", 0x11);
	check("poi(@rsp)+1", 0x2001);
	check("by(2000+2)", 0x33);
	with.pointer_size = 4;
	check_with(&with, 0, "poi 2004", 0x88776655, "");
	with.big_endian = true;
	check_with(&with, 0, "poi 2000", 0x11223344, "");
	/* What is quoted is what was not parsed yet. */
	check_error("poi(1)", TMI_ERROR_MEMORY, 5);
	check_error("poi 1", TMI_ERROR_MEMORY, 4);
	check_error("qwo(2009)+1", TMI_ERROR_MEMORY, 8);
}

static void test_names(void **state)
{
	check("libc", 0x7000);
	check("libc+10", 0x7010);
	check("libstdc++", 0x8000);
	check("libstdc+++1", 0x8001);
	check("ld-linux-x86-64+2", 0x9002);
	check("ld-4", 0xbffc);
	check("libc!main", 0x7123);
	check("libstdc++!main+1", 0x7124);
	check("main", 0x7123);
	/* A number if it can be one; brackets force a name. */
	check("dead", 0xdead);
	check("add", 0xadd);
	check("[add]", 0xfeed);
	check("[heap]+8", 0x2008);
	check_error("libcrypto", TMI_ERROR_RESOLVE, 0);
	check_error("1+libc!nothing", TMI_ERROR_RESOLVE, 2);
	check_error("foo!main", TMI_ERROR_RESOLVE, 0);
	check_error("[nothing]", TMI_ERROR_RESOLVE, 0);
	check_error("[heap", TMI_ERROR_SYNTAX, 5);
}

static void test_registers(void **state)
{
	struct tmi_names with = names();
	struct tmi_error_place error;
	const char *next;
	uint64_t value;

	check("@rsp", 0x2008);
	check("rsp", 0x2008);
	check("@$csp", 0x2008);
	check("$csp+1", 0x2009);
	check(".", 0x401000);
	check(". + 1", 0x401001);
	check("%rsp", 0x2008);
	check_error("@", TMI_ERROR_SYNTAX, 0);
	check_error("@@c++(1)", TMI_ERROR_SYNTAX, 0);
	check_error("@nothing", TMI_ERROR_RESOLVE, 0);
	check_error("2+$pdwo(1000)", TMI_ERROR_KERNEL_ONLY, 2);
	assert_false(tmi_expression_evaluate(&with, "@rax", 0, &value, &next, &error));
	assert_true(error.unavailable);
}

/* Text that would take for ever if each way to fit were tried in turn. */
static void test_pattern_of_many_stars(void **state)
{
	char line[300];
	size_t size = 0;

	size += (size_t)sprintf(line + size, "$spat(\"");
	for (int i = 0; i < 100; i++)
		line[size++] = 'a';
	size += (size_t)sprintf(line + size, "\", \"");
	for (int i = 0; i < 80; i++)
		line[size++] = i % 2 ? 'a' : '*';
	sprintf(line + size, "b\")");
	check(line, 0);
}

static void test_text_functions(void **state)
{
	check("$scmp(\"a\", \"b\")", UINT64_MAX);
	check("$SCMP ( \"\",\"\" ) + 2", 2);
	check("2 * $sicmp(\"B\", \"a\")", 2);
	check("-$spat(\"x\", \"[\")", 0);
	check("$spat(\"[\", \"[\")", 1);
	check("$spat(\"\", \"\")", 1);
	check("$spat(\"\", \"a#\")", 1);
	check("$spat(\"!\", \"[!]\")", 1);
	check("$spat(\"b-\", \"[a-c][x-]\")", 1);
	check("$spat(\"bcbc\", \"[b-c]+\")", 1);
	check("$spat(\"\\\", \"\\\")", 1);
	check_error("$scmp(\"a\")", TMI_ERROR_SYNTAX, 9);
	check_error("1 + $scmp", TMI_ERROR_SYNTAX, 9);
	check_error("$scmp2(\"a\")", TMI_ERROR_RESOLVE, 0);
}

static void test_functions(void **state)
{
	check_error("$iment(1000)", TMI_ERROR_MEMORY, 7);
	check_error("$iment(2000)", TMI_ERROR_OPERAND, 7);
	check_error("$iment(2000, 1)", TMI_ERROR_SYNTAX, 11);
	check("$vvalid(2000, 10)", 1);
	check("$vvalid(2000, 11)", 0);
	check("$vvalid ( 2000 + 8 , 4 ) + 1", 2);
	check("$vvalid((2000),(1))", 1);
	check("not $vvalid(0,1)", 1);
	check_error("$vvalid(2000)", TMI_ERROR_SYNTAX, 12);
	check_error("$vvalid(1,2,3)", TMI_ERROR_SYNTAX, 13);
	check_error("$vvalid(,1)", TMI_ERROR_MISSING, 8);
}

static void test_syntax(void **state)
{
	check_error("", TMI_ERROR_MISSING, 0);
	check_error("  ", TMI_ERROR_MISSING, 2);
	check_error("(1", TMI_ERROR_SYNTAX, 2);
	check_error("(1 2)", TMI_ERROR_SYNTAX, 3);
	check_error("()", TMI_ERROR_MISSING, 1);
	check_error("1+", TMI_ERROR_MISSING, 2);
	check_error("1+*2", TMI_ERROR_MISSING, 2);
	check_error("1||2", TMI_ERROR_MISSING, 2);
	check_error("#10", TMI_ERROR_SYNTAX, 0);
	check_error("\x80", TMI_ERROR_SYNTAX, 0);
	check_error("poi", TMI_ERROR_MISSING, 3);
}

/* Where an expression ends, and what a list changes about that. */
static void test_end(void **state)
{
	struct tmi_names with = names();

	check_with(&with, 0, "1 2", 1, " 2");
	check_with(&with, 0, "1) 2", 1, ") 2");
	check_with(&with, 0, "10 L20", 0x10, " L20");
	check_with(&with, 0, "1,2", 1, ",2");
	check_with(&with, 0, "1 -2", (uint64_t)-1, "");
	check_with(&with, 0, "1 \"a\"", 1, " \"a\"");
	check_with(&with, TMI_EXPRESSION_LIST, "1 -2", 1, " -2");
	check_with(&with, TMI_EXPRESSION_LIST, "3 - 2", 1, "");
	check_with(&with, TMI_EXPRESSION_LIST, "3-2 4", 1, " 4");
	check_with(&with, TMI_EXPRESSION_LIST, "(3 -2) 4", 1, " 4");
}

/* Nothing that is typed makes the evaluator recurse or overrun. */
static void test_depth(void **state)
{
	struct tmi_names with = names();
	struct tmi_error_place error;
	const char *next;
	uint64_t value;
	char text[4096];

	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_false(tmi_expression_evaluate(&with, text, 0, &value, &next, &error));
	assert_int_equal(error.kind, TMI_ERROR_OVERFLOW);
	assert_int_equal(error.position, 256);
	memset(text, '-', 256);
	strcpy(text + 256, "1");
	assert_true(tmi_expression_evaluate(&with, text, 0, &value, &next, &error));
	assert_int_equal(value, 1);
	/* A long chain is not deep. */
	for (size_t i = 0; i < 2000; i++)
		memcpy(text + 2 * i, "1+", 2);
	strcpy(text + 4000, "1");
	assert_true(tmi_expression_evaluate(&with, text, 0, &value, &next, &error));
	assert_int_equal(value, 2001);
}

/* Operators of every level against a plain evaluation of the fully parenthesised form. */
static void test_levels(void **state)
{
	static const char *const operators[] = { "*", "+", "<<", "<", "&", "^", "|" };
	char plain[64], grouped[64];
	struct tmi_names with = names();
	struct tmi_error_place error;
	const char *next;
	uint64_t value;

	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < 7; j++) {
			snprintf(plain, sizeof(plain), "5%s3%s6", operators[i], operators[j]);
			snprintf(grouped, sizeof(grouped), i <= j ? "(5%s3)%s6" : "5%s(3%s6)",
				 operators[i], operators[j]);
			assert_true(
				tmi_expression_evaluate(&with, grouped, 0, &value, &next, &error));
			check(plain, value);
		}
}

/* $pby and its kin: physical memory, in kernel mode. */
static void test_physical(void **state)
{
	struct tmi_error_place error;
	struct tmi_names with = names();
	const char *next;
	uint64_t value;

	assert_false(tmi_expression_evaluate(&with, "$pby(10)", 0, &value, &next, &error));
	assert_int_equal(error.kind, TMI_ERROR_KERNEL_ONLY);
	with.kernel = true;
	check_with(&with, 0, "$pby(10)", 0x10, "");
	check_with(&with, 0, "$pby 1234 + 1", 0x35, "");
	check_with(&with, 0, "$pwo(10)", 0x1110, "");
	check_with(&with, 0, "$PDWO(10)", 0x13121110, "");
	check_with(&with, 0, "$pqwo(10)", UINT64_C(0x1716151413121110), "");
	check_with(&with, 0, "$ppoi(10)", UINT64_C(0x1716151413121110), "");
	check_with(&with, 0, "poi(2000) - poi(2000) + $pby 5", 5, "");
	/* The sign extension of a constant is taken back. */
	check_with(&with, 0, "$pby(800000ff)", 0xff, "");
	with.pointer_size = 4;
	check_with(&with, 0, "$ppoi(10)", 0x13121110, "");
	with.big_endian = true;
	check_with(&with, 0, "$pdwo(10)", 0x10111213, "");
	assert_false(tmi_expression_evaluate(&with, "$pby(100000000)", 0, &value, &next, &error));
	assert_int_equal(error.kind, TMI_ERROR_MEMORY);
	assert_false(tmi_expression_evaluate(&with, "$pbyte(10)", 0, &value, &next, &error));
	assert_int_equal(error.kind, TMI_ERROR_RESOLVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_physical),       cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sign_extension), cmocka_unit_test(test_operators),
		cmocka_unit_test(test_memory),         cmocka_unit_test(test_names),
		cmocka_unit_test(test_registers),      cmocka_unit_test(test_functions),
		cmocka_unit_test(test_text_functions), cmocka_unit_test(test_pattern_of_many_stars),
		cmocka_unit_test(test_syntax),         cmocka_unit_test(test_end),
		cmocka_unit_test(test_depth),          cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
