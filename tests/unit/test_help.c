/* SPDX-License-Identifier: Apache-2.0 */
/* test_help.c - .help of every command: it exists, is wide enough, and its examples are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/session_log.h"

static struct session_log log;

static int open_log(void **state)
{
	session_log_open(&log, "process 1\nrun 0x1000 0x1000 rw-p\n");
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	return 0;
}

/* The longest line of a text. */
static size_t widest(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		longest = length > longest ? length : longest;
		text += length + (text[length] == '\n');
	}
	return longest;
}

/* Runs .help for a name; its output is in log.out. */
static void help(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), ".help %s", name);
	assert_true(session_log_run(&log, line));
}

static void test_every_command(void **state)
{
	for (size_t i = 0; tmi_commands[i]; i++) {
		const struct tmi_command_name *name = tmi_commands[i]->names;

		for (; name->name; name++) {
			help(name->name);
			assert_non_null(strstr(log.out.data, name->name));
			if (widest(log.out.data) > 80)
				fail_msg("%s: a line of %zu columns", name->name,
					 widest(log.out.data));
			assert_string_not_equal(log.out.data, "");
		}
	}
}

static void test_list_names_all(void **state)
{
	assert_true(session_log_run(&log, ".help"));
	assert_true(widest(log.out.data) <= 80);
	for (size_t i = 0; tmi_commands[i]; i++) {
		const struct tmi_command_name *name = tmi_commands[i]->names;
		char row[32];

		for (; name->name; name++) {
			snprintf(row, sizeof(row), "\n  %s ", name->name);
			assert_non_null(strstr(log.out.data, row));
		}
	}
}

/* Each example begins with a name of its own command. */
static void test_examples(void **state)
{
	for (size_t i = 0; tmi_commands[i]; i++) {
		const char *line = tmi_commands[i]->examples;

		while (line && *line) {
			const struct tmi_command_name *name = tmi_commands[i]->names;
			bool found = false;

			for (; name->name; name++)
				found |= !strncmp(line, name->name, strlen(name->name));
			if (!found && tmi_commands[i]->names[0].name[0] != '.')
				fail_msg("%s: example %.20s", tmi_commands[i]->names[0].name, line);
			line += strcspn(line, "\n");
			line += *line == '\n';
		}
	}
}

static void test_width(void **state)
{
	log.session->width = 50;
	help("f");
	assert_true(widest(log.out.data) <= 50);
	assert_true(widest(log.out.data) > 40);
	log.session->width = 80;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command),
		cmocka_unit_test(test_list_names_all),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
