/* SPDX-License-Identifier: Apache-2.0 */
/* test_command.c - lines: cutting, names, repetition, errors, the table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"
#include "unit/session_log.h"

static struct session_log log;

static int open_log(void **state)
{
	session_log_open(&log, "process 1 \"a\"\n"
			       "thread 7 rip=0x1000 rax=0x1122334455667788 rcx=0x80000000\n"
			       "run 0x1000 0x1000 rw-p name=\"[heap]\"\n"
			       "text 0x1000 \"a;b\\0\"\n"
			       "run 0x400000 0x1000 r-xp type=image name=\"/lib/libx.so\" file=1\n"
			       "elf 0x400000 size=0x1000\n");
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

static void test_lines(void **state)
{
	session_log_expect(&log, "? 1; ? 2",
			   "Evaluate expression: 1 = 00000000`00000001\n"
			   "Evaluate expression: 2 = 00000000`00000002\n");
	session_log_expect(&log, " ;; ?3 ;", "Evaluate expression: 3 = 00000000`00000003\n");
	session_log_expect(&log, "* ? 1; ? 2", "");
	session_log_expect(
		&log, "db1000L1",
		"00000000`00001000  61                                               a\n");
	/* A failure drops the rest of its line. */
	assert_false(session_log_run(&log, "? 1; dz; ? 2"));
	assert_string_equal(log.out.data, "Evaluate expression: 1 = 00000000`00000001\n");
}

static void test_quotes(void **state)
{
	session_log_expect(
		&log, "ea 1100 \"x;y\"; db 1100 L3; da 1100",
		"00000000`00001100  78 3b 79                                         x;y\n"
		"00000000`00001100  \"x;y\"\n");
	/* Text may lack its closing quote. */
	session_log_expect(&log, "eza 1200 \"p;q", "");
	session_log_expect(&log, "da 1200", "00000000`00001200  \"p;q\"\n");
}

static void test_repetition(void **state)
{
	session_log_expect(
		&log, "db 1000 L1",
		"00000000`00001000  61                                               a\n");
	assert_true(session_log_run(&log, ""));
	assert_memory_equal(log.out.data, "00000000`00001001  3b 62 00 ", 28);
	session_log_expect(&log, "? 5", "Evaluate expression: 5 = 00000000`00000005\n");
	session_log_expect(&log, " ", "Evaluate expression: 5 = 00000000`00000005\n");
	session_log_expect(&log, "* nothing", "");
	session_log_expect(&log, "", "");
}

static void test_errors(void **state)
{
	log.session->echo_line = false;
	log.session->prompt_width = 7;
	session_log_expect_error(&log, "db 0 L20000000",
				 "            ^ Range error in 'db 0 L20000000'\n"
				 "  more than 256 MB; write L? instead of L if that is meant\n");
	session_log_expect_error(&log, "? 1; ? 1 2",
				 "                ^ Extra character error in '? 1 2'\n"
				 "  ? takes no more than: [EXPRESSION]\n");
	session_log_expect_error(
		&log, "? foo",
		"Couldn't resolve error at 'foo'\n"
		"  'foo' is no number, module, symbol, [region] or register here\n");
	session_log_expect_error(&log, "? (1", "Syntax error at '<EOL>'\n");
	session_log_expect_error(
		&log, "? poi(1)",
		"Memory access error at ')'\n"
		"  reading 8 bytes at 0000000000000001: nothing is mapped there\n");
	session_log_expect_error(&log, "db /p 1000", "db /p is only available in kernel mode\n");
	log.session->prompt_width = 0;
	log.session->echo_line = true;
	session_log_expect_error(&log, "dz",
				 "dz\n^ Syntax error in 'dz'\n"
				 "  there is no such command; .help lists them\n");
	log.session->echo_line = false;
}

static void test_limits(void **state)
{
	char line[TMI_LINE_LIMIT + 2];
	uint64_t failures = log.session->failures;

	memset(line, ' ', sizeof(line));
	line[TMI_LINE_LIMIT + 1] = 0;
	session_log_expect_error(&log, line,
				 "the line has 4097 characters; at most 4096 are allowed\n");
	assert_int_equal(log.session->failures, failures + 1);
	memcpy(line, "? 1", 3);
	line[TMI_LINE_LIMIT] = 0;
	assert_true(session_log_run(&log, line));
}

static void test_registers(void **state)
{
	session_log_expect(&log, "? @rax",
			   "Evaluate expression: 1234605616436508552 = 11223344`55667788\n");
	session_log_expect(&log, "? @eax; ? @ah; ? @al",
			   "Evaluate expression: 1432778632 = 00000000`55667788\n"
			   "Evaluate expression: 119 = 00000000`00000077\n"
			   "Evaluate expression: 136 = 00000000`00000088\n");
	/* 32-bit registers are sign-extended. */
	session_log_expect(&log, "? @ecx; ? @rcx",
			   "Evaluate expression: -2147483648 = ffffffff`80000000\n"
			   "Evaluate expression: 2147483648 = 00000000`80000000\n");
	session_log_expect(&log, "? @$ip + @$ptrsize",
			   "Evaluate expression: 4104 = 00000000`00001008\n");
	session_log_expect(&log, "? $exp", "Evaluate expression: 4104 = 00000000`00001008\n");
	session_log_expect(&log, "? @$tid", "Evaluate expression: 7 = 00000000`00000007\n");
	session_log_expect(&log, "? @$tpid", "Evaluate expression: 1 = 00000000`00000001\n");
	session_log_expect(&log, "? @$t19", "Evaluate expression: 0 = 00000000`00000000\n");
	assert_false(session_log_run(&log, "? @$t20"));
}

static void test_names(void **state)
{
	session_log_expect(&log, "? [heap]", "Evaluate expression: 4096 = 00000000`00001000\n");
	session_log_expect(&log, "? libx+1", "Evaluate expression: 4194305 = 00000000`00400001\n");
	session_log_expect(&log, "? LIBX", "Evaluate expression: 4194304 = 00000000`00400000\n");
	session_log_expect(&log, "? [libx.so]",
			   "Evaluate expression: 4194304 = 00000000`00400000\n");
	session_log_expect(&log, "? [/lib/libx.so]",
			   "Evaluate expression: 4194304 = 00000000`00400000\n");
}

static void test_radix(void **state)
{
	session_log_expect(&log, "n 10; ? 10; db 4096 L1; n 16",
			   "base is 10\n"
			   "Evaluate expression: 10 = 00000000`0000000a\n"
			   "00000000`00001000  61                                               a\n"
			   "base is 16\n");
	assert_false(session_log_run(&log, "n 9"));
}

static void test_prompt(void **state)
{
	struct tmi_text prompt = { 0 };

	tmi_session_prompt(log.session, &prompt);
	assert_string_equal(prompt.data, "0:000> ");
	tmi_text_fini(&prompt);
}

static void test_quit(void **state)
{
	session_log_expect(&log, "? 1; q; ? 2", "Evaluate expression: 1 = 00000000`00000001\n");
	assert_true(log.session->quit);
	log.session->quit = false;
}

static void note_fini(void *data)
{
	**(bool **)data = true;
}

static void test_slots(void **state)
{
	static const char key_one, key_two;
	struct session_log own;
	bool gone = false, **one;

	session_log_open(&own, "process 1 \"a\"\n");
	one = tmi_session_slot(own.session, &key_one, sizeof(*one), note_fini);
	assert_null(*one);
	*one = &gone;
	assert_ptr_not_equal(tmi_session_slot(own.session, &key_two, 8, NULL), one);
	assert_ptr_equal(tmi_session_slot(own.session, &key_one, sizeof(*one), note_fini), one);
	session_log_close(&own);
	assert_true(gone);
}

/* Every descriptor is whole, and no name is given twice. */
static void test_table(void **state)
{
	for (size_t i = 0; tmi_commands[i]; i++) {
		const struct tmi_command *command = tmi_commands[i];

		assert_non_null(command->execute);
		assert_non_null(command->arguments);
		assert_true(command->brief && strlen(command->brief) < 56);
		assert_true(command->help && *command->help);
		assert_in_range(command->topic, 0, TMI_TOPIC_COUNT - 1);
		assert_non_null(command->names[0].name);
		for (const struct tmi_command_name *n = command->names; n->name; n++)
			assert_ptr_equal(tmi_command_find(n->name, strlen(n->name), NULL), command);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),      cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_repetition), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),     cmocka_unit_test(test_registers),
		cmocka_unit_test(test_names),      cmocka_unit_test(test_radix),
		cmocka_unit_test(test_prompt),     cmocka_unit_test(test_quit),
		cmocka_unit_test(test_slots),      cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
