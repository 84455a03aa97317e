/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernel_commands.c - commands of kernel mode: numbers and addresses of tables, options,
 * errors, continuation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/tables.h"
#include "unit/session_log.h"

/* 64 KiB; a page of text at 0x8000, mapped at 0x7f0000000000, and all of it at the kernel's base.
 */
static const char machine[] = "target mode=kernel\n"
			      "machine amd64\n"
			      "physical\n"
			      "run 0 0x10000 ?\n"
			      "run 0x20000 0x1000 ?\n"
			      "tables 0xa000 0x6000\n"
			      "table x64 0x1000\n"
			      "map 0xffff888000000000 0 0x10000 rw-k\n"
			      "table x64 0x2000 upper=0x1000\n"
			      "map 0x7f0000000000 0x8000 0x1000 rw-u\n"
			      "task \"swapper/0\" 0 0xffff888000009000 0x1000 kernel-thread=yes\n"
			      "task \"init\" 1 0xffff888000003000 0x2000\n"
			      "text 0x8000 \"user page\\0\"\n"
			      "text16 0x8010 \"Wide\\0\"\n"
			      "u64 0x8100 0xffff888000003000 0xffff888000003001\n";

static struct session_log kernel, user;

static int open_logs(void **state)
{
	session_log_open(&kernel, machine);
	session_log_open(&user, "process 1 \"a\"\nrun 0x1000 0x1000 rw-p\n");
	return 0;
}

static int close_logs(void **state)
{
	session_log_close(&kernel);
	session_log_close(&user);
	return 0;
}

static void expect(const char *line, const char *out)
{
	session_log_expect(&kernel, line, out);
}

/* What @line prints must contain @part. */
static void expect_part(const char *line, const char *part)
{
	if (!session_log_run(&kernel, line))
		fail_msg("'%s' failed: %s", line, kernel.errors.data);
	if (!strstr(kernel.out.data, part))
		fail_msg("'%s': no '%s' in: %s", line, part, kernel.out.data);
}

static void expect_error(const char *line, const char *part)
{
	if (session_log_run(&kernel, line))
		fail_msg("'%s' did not fail: %s", line, kernel.out.data);
	if (!strstr(kernel.errors.data, part))
		fail_msg("'%s': no '%s' in: %s", line, part, kernel.errors.data);
}

/* Page number, or byte address? 4 GiB of memory has pages 0 to 0xfffff. */
static void test_root(void **state)
{
	static const struct {
		uint64_t value;
		bool prefixed;
		uint64_t root;
	} cases[] = {
		{ 0, false, TMEM_CURRENT_DIRECTORY_BASE },
		{ 0, true, 0 },
		{ 1, false, 0x1000 },
		{ 0xfffff, false, 0xfffff000 },
		{ 0x100000, false, 0x100000 },
		{ 0x1aa, true, 0x1aa },
		{ 0x1000, true, 0x1000 },
		{ UINT64_C(0x8000000012345001), false, UINT64_C(0x8000000012345001) },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tmi_root_of(cases[i].value, cases[i].prefixed, 0xfffff, 4096),
				 cases[i].root);
	/* Without memory that is known every number is an address. */
	assert_int_equal(tmi_root_of(5, false, 0, 4096), 5);
}

static void test_flags(void **state)
{
	struct tmi_text text = { 0 };

	tmi_entry_flags_put(&text, 0);
	tmi_text_char(&text, ' ', 1);
	tmi_entry_flags_put(&text, UINT32_MAX);
	tmi_text_char(&text, ' ', 1);
	tmi_entry_flags_put(&text, TMEM_ENTRY_PRESENT | TMEM_ENTRY_WRITE | TMEM_ENTRY_ACCESSED |
					   TMEM_ENTRY_DIRTY | TMEM_ENTRY_EXECUTE);
	assert_string_equal(text.data, "-------KR-- CGLDANTUWEV ---DA--KWEV");
	tmi_text_fini(&text);
}

static void test_plain_numbers(void **state)
{
	/* The radix and sign extension do not concern them; both are page 2. */
	expect_part("n 10; !vtop 2 7f0000000000; n 16", "pagedir 0000000000002000\n");
	expect_part("!vtop 0x2000 00007f00`00000000", "pagedir 0000000000002000\n");
	expect_part("!vtop 2000 7f0000000000", "pagedir 0000000000002000\n");
	expect_part("!vtop 1 80000000", "Virtual address 80000000 translation fails");
	expect_part("!vtop 0 @$proc", "Virt ffff888000009000, pagedir 0000000000001000\n");
	expect_part("!vtop 2, 7f0000000123", "translates to physical address 8123.\n");
	expect_error("!vtop", "Numeric expression missing");
	expect_error("!vtop 1 2 3", "Extra character error");
	expect_error("!vtop 1 zz", "Couldn't resolve error at 'zz'");
}

/* What goes on where: physical and virtual displays do not move each other. */
static void test_continuation(void **state)
{
	expect("db /p 8000 L2",
	       "00000000`00008000  75 73                                            us\n");
	expect_part("db ffff888000008000 L5", "user ");
	expect_part("db /p", "00000000`00008002  65 72 20 70");
	expect("!db 8000 L2", "#    8000 75 73                                           us\n");
	expect_part("", "#    8002 65 72 20 70");
	expect_part("db", "ffff8880`00008005  70 61 67 65");
	expect("da /p 8000", "00000000`00008000  \"user page\"\n");
	expect_part("db /p", "00000000`0000800a  00 00 00 00 00 00 57 00");
	expect_part("", "00000000`0000808a  00 00");
	expect("!du 8010", "#    8010 \"Wide\"\n");
	expect_part("!dw", "#    801a 0000");
}

static void test_caching(void **state)
{
	expect_error("db /p[x] 8000", "expected [c] (cached), [uc] (uncached) or [wc]");
	expect_error("db /pc 8000", "expected /p, /p[c], /p[uc] or /p[wc], and a blank");
	expect_error("db /p /p 8000", "/p was given already");
	expect_error("db /p[uc] 8000", "not offered by this target");
	expect_error("!db [wc] 8000", "Physical memory read at 8000 failed\n");
	expect_error("!eb [c] 8000 1", "Memory access error in '!eb [c] 8000 1'");
	expect_error("fp [u] 8000 L1 1", "expected [c] (cached)");
}

static void test_writing(void **state)
{
	expect("!eb 8200 1,2 3; !ed 8204 12345678; ew /p 8208 aabb; !db 8200 La",
	       "#    8200 01 02 03 00 78 56 34 12-bb aa                   ....xV4...\n");
	/* Hexadecimal whatever n says. */
	expect("n 10; !eb 8200 10; n 16; !db 8200 L1",
	       "base is 10\nbase is 16\n"
	       "#    8200 10                                              .\n");
	expect("fp 8210 L6 1 2; !db 8210 L6",
	       "Filled 0x6 bytes\n"
	       "#    8210 01 02 01 02 01 02                               ......\n");
	expect_error("fp fffe L10 1", "0x2 of 0x10 bytes were filled");
	expect_error("eb /p fffe 1 2 3", "0x2 of 0x3 bytes were written");
	/* The same bytes, through the tables. */
	expect_part("db ffff888000008210 L2", "01 02");
}

static void test_unreadable(void **state)
{
	expect("fp fff8 L8 0", "Filled 0x8 bytes\n");
	/* d with /p marks what is missing and goes on; !d stops there. */
	expect("dd /p fff8 L4", "00000000`0000fff8  00000000 00000000 ???????? ????????\n");
	expect_error("!dd fff8 L4", "Physical memory read at 10000 failed\n");
	assert_string_equal(kernel.out.data, "#    fff8 00000000 00000000\n");
	expect_error("!dq -m fff4 L2", "Physical memory read at 10000 failed\n");
	expect("dq /p 1fff8 L2", "00000000`0001fff8  ????????`???????? 00000000`00000000\n");
}

static void test_search(void **state)
{
	expect_part("!search ffff888000003000",
		    "\n00000008 00000100 FFFF888000003000 -                -\nSearch done.\n");
	expect_part("!search ffff888000003000 0",
		    "\n00000008 00000108 FFFF888000003001 -                -\nSearch done.\n");
	expect_part("!search ffff888000003002 1", "[FFFF888000003001 - FFFF888000003003]");
	expect_part("!search -s -p 12345678 0 8 9", "range 00000008 - 00000009");
	expect_error("!search 1 0 9 8", "the end lies below the start");
	expect_error("!search 1 0 21", "the highest page number of memory is 20");
	expect_error("!search", "Numeric expression missing");
}

static void test_processes(void **state)
{
	expect(".process", "Implicit process is now ffff8880`00009000 (0n0 swapper/0)\n");
	expect(".process /p /r pid:1", "Implicit process is now ffff8880`00003000 (0n1 init)\n");
	expect("da 7f0000000000", "00007f00`00000000  \"user page\"\n");
	expect_error(".process 123456", "no process is there and none has that pid");
	expect_error(".process pid:x", "expected a decimal pid");
	expect_error(".process /i 0", "/i lets the target run");
	expect_error(".process /q", ".process takes:");
	/* The old one stays; 0 goes back. */
	expect(".process", "Implicit process is now ffff8880`00003000 (0n1 init)\n");
	expect("? @$proc == ffff888000003000", "Evaluate expression: 1 = 00000000`00000001\n");
	expect(".process 0", "Implicit process is now ffff8880`00009000 (0n0 swapper/0)\n");
	expect("!process 0 0 INIT", "PROCESS ffff888000003000  Cid: 0001  ParentCid: 0000\n"
				    "    DirBase: 0000000000002000  Image: init\n\n");
	expect("!process 0 0 none", "No process is called none\n");
	expect(".context 2000", "User-mode page directory base is 2000\n");
	expect_error(".context 12345000", "no page table can be at physical 12345000");
	expect(".root", "User-mode page directory base is 2000\n"
			"Kernel-mode page directory base is 1000\n");
	expect(".process", "Implicit process is now none; page directory base is 2000\n");
	expect(".context 0", "User-mode page directory base is 1000\n");
}

static void test_modes(void **state)
{
	static const char *const user_only[] = { "|", "~", "!vprot", "!vadump" };
	static const char *const kernel_only[] = {
		"!vtop 1 2", "!pte 1",  "!ptov",   "!process",  ".process",  ".context", ".root",
		".kernel",   "!db",     "!dc",     "!dd",       "!dp",       "!dq",      "!du",
		"!dw",       "!eb 0 0", "!ed 0 0", "!search 1", "fp 0 L1 0",
	};
	char expected[80];

	for (size_t i = 0; i < sizeof(user_only) / sizeof(user_only[0]); i++) {
		snprintf(expected, sizeof(expected), "%s is only available in user mode\n",
			 user_only[i]);
		session_log_expect_error(&kernel, user_only[i], expected);
	}
	for (size_t i = 0; i < sizeof(kernel_only) / sizeof(kernel_only[0]); i++) {
		snprintf(expected, sizeof(expected), "%.*s is only available in kernel mode\n",
			 (int)strcspn(kernel_only[i], " "), kernel_only[i]);
		session_log_expect_error(&user, kernel_only[i], expected);
	}
	session_log_expect_error(&user, "eb /p 1000 1", "eb /p is only available in kernel mode\n");
	session_log_expect_error(&user, "? @$proc", "@$proc is only available in kernel mode\n");
	session_log_expect_error(&user, "? $pby(1)", "$pby is only available in kernel mode\n");
}

static void test_prompt(void **state)
{
	struct tmi_text prompt = { 0 };

	tmi_session_prompt(kernel.session, &prompt);
	assert_string_equal(prompt.data, "kd> ");
	tmi_text_fini(&prompt);
}

/* What the tab key makes of the end of @line. */
static void expect_words(const char *line, const char *words)
{
	struct tmi_text text = { 0 };
	struct tmi_completion completion;

	assert_true(tmi_complete(kernel.session, line, strlen(line), &completion));
	for (size_t i = 0; i < completion.count; i++)
		tmi_text_format(&text, "%s ", completion.list[i]);
	assert_string_equal(text.data ? text.data : "", words);
	tmi_completion_fini(&completion);
	tmi_text_fini(&text);
}

static void test_completion(void **state)
{
	expect_words(".process pi", "pid:0 pid:1 ");
	expect_words(".process /p pid:1", "pid:1 ");
	expect_words("!process 0 0 in", "init ");
	expect_words("!process 0 0 sw", "swapper/0 ");
	expect_words(".process in", "");
	expect_words("!pt", "!pte !ptov ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),          cmocka_unit_test(test_flags),
		cmocka_unit_test(test_plain_numbers), cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_caching),       cmocka_unit_test(test_writing),
		cmocka_unit_test(test_unreadable),    cmocka_unit_test(test_search),
		cmocka_unit_test(test_processes),     cmocka_unit_test(test_modes),
		cmocka_unit_test(test_prompt),        cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, open_logs, close_logs);
}
