/* SPDX-License-Identifier: Apache-2.0 */
/* test_display.c - the d commands: layouts, holes, strings, continuation, byte orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"

static const char machine64[] =
	"process 1 \"a\"\n"
	"run 0x1000 0x1000 rw-p name=\"[heap]\"\n"
	"bytes 0x1000 0080bcff18000000000000000850e051\n"
	"text 0x1010 \"In memory\\xff\"\n"
	"text 0x1100 \"orphanedirreproducibleconfidences\\0\"\n"
	"text 0x1130 \"orphanedirreproducibleconfidence\\0next\\n!\\0\"\n"
	"text16 0x1200 \"J:\\\\dev\\\\temp\\\\pdbex-sample\\\\pdbex-demo\\\\Debug\\0\"\n"
	"ptr 0x1300 0x1130 0x400100 0 0x1300\n"
	"text 0x1ff0 \"0123456789abcdef\"\n"
	"hole 0x2000 0x1000\n"
	"run 0x3000 0x1000 rw-p\n"
	"text 0x3000 \"behind\\0\"\n"
	"run 0x400000 0x1000 r-xp type=image name=\"/lib/libx.so\" file=1\n"
	"elf 0x400000 size=0x1000\n"
	"u64 0x400100 0x400120\n";

static const char machine32[] = "machine powerpc\n"
				"process 1 \"a\"\n"
				"run 0x80001000 0x1000 rw-p\n"
				"bytes 0x80001000 0123456789abcdef0011223344556677\n"
				"text16 0x80001100 \"wide\\0\"\n"
				"ptr 0x80001200 0x80001100 0x80001000\n"
				"run 0xfffff000 0x1000 rw-p\n"
				"text 0xfffffffa \"ending\"\n";

static struct session_log log;

static int open_64(void **state)
{
	session_log_open(&log, machine64);
	return 0;
}

static int open_32(void **state)
{
	session_log_open(&log, machine32);
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

static void test_values(void **state)
{
	session_log_expect(&log, "db 1000 L10",
			   "00000000`00001000  00 80 bc ff 18 00 00 00-00 00 00 00 08 50 e0 51  "
			   ".............P.Q\n");
	session_log_expect(&log, "db 1008 L9",
			   "00000000`00001008  00 00 00 00 08 50 e0 51-49                       "
			   ".....P.QI\n");
	session_log_expect(&log, "dw 1000 L3", "00000000`00001000  8000 ffbc 0018\n");
	session_log_expect(&log, "dW 1010 L4",
			   "00000000`00001010  6e49 6d20 6d65 726f                      "
			   "In memor\n");
	session_log_expect(&log, "dd 1000 L5",
			   "00000000`00001000  ffbc8000 00000018 00000000 51e05008\n"
			   "00000000`00001010  6d206e49\n");
	session_log_expect(&log, "dc 1010 L4",
			   "00000000`00001010  6d206e49 726f6d65 0000ff79 00000000  "
			   "In memory.......\n");
	session_log_expect(&log, "dq 1000 L3",
			   "00000000`00001000  00000018`ffbc8000 51e05008`00000000\n"
			   "00000000`00001010  726f6d65`6d206e49\n");
	session_log_expect(&log, "dp 1000 1010",
			   "00000000`00001000  00000018`ffbc8000 51e05008`00000000\n"
			   "00000000`00001010  726f6d65`6d206e49\n");
	session_log_expect(&log, "dd /c1 1000 L2",
			   "00000000`00001000  ffbc8000\n00000000`00001004  00000018\n");
	session_log_expect(&log, "dd /c6 1000 L6",
			   "00000000`00001000  ffbc8000 00000018 00000000 51e05008 6d206e49 "
			   "726f6d65\n");
	assert_false(session_log_run(&log, "dd /c0 1000"));
	assert_false(session_log_run(&log, "dd /c101 1000"));
	assert_false(session_log_run(&log, "dd /x 1000"));
}

/* Default extents: 128 bytes whatever the element. */
static void test_default_counts(void **state)
{
	static const struct {
		const char *line;
		unsigned rows;
	} rows[] = {
		{ "db 1000", 8 },   { "dw 1000", 8 },   { "dW 1000", 8 },   { "dd 1000", 8 },
		{ "dc 1000", 8 },   { "dq 1000", 8 },   { "dp 1000", 8 },   { "dds 1000", 32 },
		{ "dqs 1000", 16 }, { "dps 1000", 16 }, { "dpa 1000", 16 }, { "ddp 1000", 32 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned lines = 0;

		assert_true(session_log_run(&log, rows[i].line));
		for (size_t at = 0; at < log.out.size; at++)
			lines += log.out.data[at] == '\n';
		if (lines != rows[i].rows)
			fail_msg("'%s': %u rows", rows[i].line, lines);
	}
}

static void test_holes(void **state)
{
	session_log_expect(&log, "db 1ff8 L10",
			   "00000000`00001ff8  38 39 61 62 63 64 65 66-?? ?? ?? ?? ?? ?? ?? ??  "
			   "89abcdef????????\n");
	session_log_expect(&log, "dd 1ffa L2", "00000000`00001ffa  64636261 ????????\n");
	session_log_expect(&log, "dd 1ffd L2", "00000000`00001ffd  ???????? ????????\n");
	session_log_expect(&log, "dw 1fff L1", "00000000`00001fff  ????\n");
	session_log_expect(&log, "dq 1ff0 L3",
			   "00000000`00001ff0  37363534`33323130 66656463`62613938\n"
			   "00000000`00002000  ????????`????????\n");
	/* It goes on behind the hole. */
	session_log_expect(&log, "db 2ff0 L16",
			   "00000000`00002ff0  ?? ?? ?? ?? ?? ?? ?? ??"
			   "-?? ?? ?? ?? ?? ?? ?? ??  "
			   "????????????????\n"
			   "00000000`00003000  62 65 68 69 6e 64                                "
			   "behind\n");
	session_log_expect(&log, "dps 2ff8 L2",
			   "00000000`00002ff8  ????????`????????\n"
			   "00000000`00003000  0000646e`69686562\n");
	session_log_expect(&log, "db fffffffffffffffe",
			   "ffffffff`fffffffe  ?? ??                                            "
			   "??\n");
	session_log_expect(&log, "dd fffffffffffffffe L1", "ffffffff`fffffffe  ????????\n");
}

/* A walk in many blocks shows what single rows show. */
static void test_blocks(void **state)
{
	struct tmi_text whole = { 0 };
	char line[64];

	assert_true(session_log_run(&log, "dd 0 L?8000"));
	tmi_text_put(&whole, log.out.data, log.out.size);
	assert_int_equal(whole.size, 0x2000 * (17 + 2 + 4 * 9));
	for (uint64_t row = 0; row < 0x2000; row += 0x7f) {
		snprintf(line, sizeof(line), "dd %x L4", (unsigned)row * 16);
		assert_true(session_log_run(&log, line));
		assert_int_equal(log.out.size, 55);
		assert_memory_equal(log.out.data, whole.data + row * 55, 55);
	}
	tmi_text_fini(&whole);
}

static void test_strings(void **state)
{
	session_log_expect(&log, "da 1100",
			   "00000000`00001100  \"orphanedirreproducibleconfidence\"\n"
			   "00000000`00001120  \"s\"\n");
	session_log_expect(&log, "da 1130",
			   "00000000`00001130  \"orphanedirreproducibleconfidence\"\n");
	/* It goes on behind the NUL. */
	session_log_expect(&log, "da", "00000000`00001151  \"next.!\"\n");
	session_log_expect(&log, "da 1130 L4", "00000000`00001130  \"orph\"\n");
}

static void test_more_strings(void **state)
{
	session_log_expect(&log, "du 1200",
			   "00000000`00001200  \"J:\\dev\\temp\\pdbex-sample\\pdbex-d\"\n"
			   "00000000`00001240  \"emo\\Debug\"\n");
	session_log_expect(&log, "da 1080", "00000000`00001080  \"\"\n");
	session_log_expect(&log, "da 2000",
			   "00000000`00002000  \"????????????????????????????????\"\n");
	session_log_expect(&log, "da 1ff0",
			   "00000000`00001ff0  \"0123456789abcdef????????????????\"\n");
	session_log_expect(&log, "da 2ffc La", "00000000`00002ffc  \"????behind\"\n");
	/* Without a NUL 384 characters, and the next time the next ones. */
	assert_true(session_log_run(&log, "f 3100 L200 'x'"));
	assert_true(session_log_run(&log, "da 3100"));
	assert_int_equal(log.out.size, 12 * (17 + 2 + 34 + 1));
	assert_true(session_log_run(&log, "d"));
	assert_memory_equal(log.out.data, "00000000`00003280  \"xxx", 23);
	assert_int_equal(log.out.size, 4 * (17 + 2 + 34 + 1));
}

static void test_pointers(void **state)
{
	session_log_expect(&log, "dps 1300 L4",
			   "00000000`00001300  00000000`00001130\n"
			   "00000000`00001308  00000000`00400100 libx+0x100\n"
			   "00000000`00001310  00000000`00000000\n"
			   "00000000`00001318  00000000`00001300\n");
	session_log_expect(
		&log, "dpa 1300 L3",
		"00000000`00001300  00000000`00001130 \"orphanedirreproducibleconfidence\"\n"
		"00000000`00001308  00000000`00400100 \" .@\"\n"
		"00000000`00001310  00000000`00000000\n");
	session_log_expect(&log, "dpp 1308 L3",
			   "00000000`00001308  00000000`00400100 00000000`00400120 libx+0x120\n"
			   "00000000`00001310  00000000`00000000\n"
			   "00000000`00001318  00000000`00001300 00000000`00001130\n");
	session_log_expect(&log, "dda 1300 L2",
			   "00000000`00001300  00001130 \"orphanedirreproducibleconfidence\"\n"
			   "00000000`00001304  00000000\n");
	session_log_expect(&log, "eq 1308 1200; dpu 1308 L1",
			   "00000000`00001308  00000000`00001200 "
			   "\"J:\\dev\\temp\\pdbex-sample\\pdbex-demo\\Debug\"\n");
	assert_true(session_log_run(&log, "eq 1308 400100"));
}

static void test_big_endian_32(void **state)
{
	session_log_expect(&log, "dd 80001000 L4",
			   "80001000  01234567 89abcdef 00112233 44556677\n");
	session_log_expect(&log, "dp 80001000 L4",
			   "80001000  01234567 89abcdef 00112233 44556677\n");
	session_log_expect(&log, "dw 80001000 L4", "80001000  0123 4567 89ab cdef\n");
	session_log_expect(&log, "dq 80001000 L2",
			   "80001000  01234567`89abcdef 00112233`44556677\n");
	session_log_expect(&log, "dc 80001000 L2",
			   "80001000  01234567 89abcdef                    .#Eg....\n");
	session_log_expect(&log, "du 80001100", "80001100  \"wide\"\n");
	session_log_expect(&log, "dpu 80001200 L1", "80001200  80001100 \"wide\"\n");
	session_log_expect(&log, "? poi(80001200)", "Evaluate expression: 2147488000 = 80001100\n");
	/* Sign-extended addresses are the same ones. */
	session_log_expect(&log, "dd ffffffff`80001000 L1", "80001000  01234567\n");
	/* The end of the address space. */
	session_log_expect(&log, "da fffffffa", "fffffffa  \"ending\"\n");
	session_log_expect(&log, "db fffffffe L20",
			   "fffffffe  6e 67                                            ng\n");
}

static void test_again(void **state)
{
	struct session_log own;

	session_log_open(&own, "process 1 \"a\"\nrun 0x1000 0x1000 rw-p\n");
	/* Nothing was shown, and nothing says where the program is. */
	assert_false(session_log_run(&own, "d"));
	assert_non_null(strstr(own.errors.data, "no address to start from"));
	assert_false(session_log_run(&own, "dps"));
	session_log_expect(&own, "dw 1000 L2", "00000000`00001000  0000 0000\n");
	session_log_expect(&own, "dd 1ffc L1", "00000000`00001ffc  00000000\n");
	session_log_expect(&own, "d 1000 L1", "00000000`00001000  00000000\n");
	assert_true(session_log_run(&own, "dps"));
	assert_memory_equal(own.out.data, "00000000`00001004  00000000`00000000\n", 37);
	assert_true(session_log_run(&own, "d"));
	assert_memory_equal(own.out.data, "00000000`00001084  00000000`00000000\n", 37);
	session_log_close(&own);
	session_log_open(&own, "process 1 \"a\"\nthread 1 rip=0x1234\nrun 0x1000 0x1000 rw-p\n");
	assert_true(session_log_run(&own, "d"));
	assert_memory_equal(own.out.data, "00000000`00001234  00 ", 22);
	session_log_close(&own);
}

static void test_interrupt(void **state)
{
	log.interrupt_at = log.outputs + 2;
	session_log_expect_error(&log, "db 0 L?40000; ? 1",
				 "Interrupted: 131072 of 262144 bytes were shown\n");
	assert_true(log.session->interrupted);
	log.interrupt_at = 0;
	/* The next line is not concerned, and goes on where that one stopped. */
	assert_true(session_log_run(&log, "db"));
	assert_memory_equal(log.out.data, "00000000`00020000  ??", 21);
}

int main(void)
{
	const struct CMUnitTest tests64[] = {
		cmocka_unit_test(test_values),    cmocka_unit_test(test_default_counts),
		cmocka_unit_test(test_holes),     cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_strings),   cmocka_unit_test(test_more_strings),
		cmocka_unit_test(test_pointers),  cmocka_unit_test(test_again),
		cmocka_unit_test(test_interrupt),
	};
	const struct CMUnitTest tests32[] = {
		cmocka_unit_test(test_big_endian_32),
	};

	return cmocka_run_group_tests(tests64, open_64, close_log) +
	       cmocka_run_group_tests(tests32, open_32, close_log);
}
