/* SPDX-License-Identifier: Apache-2.0 */
/* test_session_running.c - the list of running processes, their names and descriptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <uchar.h>
#include <unistd.h>

#include "debugger.h"

#define CLIENT(debugger, method, ...)                                                              \
	((debugger)->client->lpVtbl->method((debugger)->client, ##__VA_ARGS__))

#define DESCRIBE(debugger, pid, flags, name, text)                                                 \
	CLIENT(debugger, GetRunningProcessDescription, 0, (ULONG)(pid), flags, name, sizeof(name), \
	       NULL, text, sizeof(text), NULL)

/* A program with a name that nothing else has, and arguments of any kind. */
static char folder[] = "/tmp/tmem-XXXXXX";
static char program[64];
static pid_t pid; /* of the one that was started first */

static int copy_file(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "cp %s '%s'", from, to);
	return system(command);
}

/* Started by its path; the descriptor tells when it was executed. */
static pid_t start_program(void)
{
	int ends[2];
	int nothing[2]; /* what the program reads, until it is killed */
	char byte;
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC) | pipe2(nothing, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(nothing[0], 0);
		fcntl(dup(nothing[1]), F_SETFD, 0); /* so that there is no end of file */
		execl(program, "an argument", "-c", "read x", "", "\033[2J\n\x7f", "\xff",
		      (char *)NULL);
		_exit(3);
	}
	close(ends[1]);
	close(nothing[0]);
	close(nothing[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	return child;
}

static void end_program(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static int setup(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(program, sizeof(program), "%s/s l%ueep", folder, getpid());
	if (copy_file("/bin/sh", program))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	unlink(program);
	return rmdir(folder);
}

static void test_ids(void **state)
{
	static ULONG ids[65536];
	ULONG count = 0, found = 0, few[2] = { 99, 99 };
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 0, ids, 65536, &count), S_OK);
	assert_true(count > 1);
	for (ULONG i = 0; i < count; i++) {
		found += ids[i] == (ULONG)getpid();
		assert_true(!i || ids[i - 1] < ids[i]);
	}
	assert_int_equal(found, 1);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 0, few, 1, &count), S_FALSE);
	assert_int_equal(few[0], ids[0]);
	assert_int_equal(few[1], 99);
	assert_true(count > 1);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 0, NULL, 0, &count), S_OK);
	assert_true(count > 1);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 0, ids, 65536, NULL), S_OK);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 1, ids, 65536, &count),
			 E_INVALIDARG);
	assert_int_equal(count, 0);
	/* An output that is not wanted is no error, whatever its size. */
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIds, 0, NULL, 1, &count), S_OK);
	assert_true(count > 1);
	debugger_end(&d);
}

static HRESULT find(struct debugger *debugger, const char *name, ULONG flags, ULONG *id)
{
	*id = 99;
	return CLIENT(debugger, GetRunningProcessSystemIdByExecutableName, 0, name, flags, id);
}

static void test_names(void **state)
{
	const char *name = strrchr(program, '/') + 1;
	char16_t wide[64] = { 0 };
	struct debugger d;
	pid_t second;
	ULONG id;

	for (size_t i = 0; name[i]; i++)
		wide[i] = (unsigned char)name[i];
	debugger_start(&d);
	assert_int_equal(find(&d, name, 0, &id), E_NOINTERFACE);
	assert_int_equal(id, 0);
	pid = start_program();
	assert_int_equal(find(&d, name, 0, &id), S_OK);
	assert_int_equal(id, pid);
	assert_int_equal(find(&d, name, DEBUG_GET_PROC_ONLY_MATCH, &id), S_OK);
	assert_int_equal(id, pid);
	assert_int_equal(find(&d, name, DEBUG_GET_PROC_FULL_MATCH, &id), E_NOINTERFACE);
	assert_int_equal(find(&d, program, DEBUG_GET_PROC_FULL_MATCH, &id), S_OK);
	assert_int_equal(id, pid);
	assert_int_equal(find(&d, "an argument", 0, &id), E_NOINTERFACE);
	assert_int_equal(CLIENT(&d, GetRunningProcessSystemIdByExecutableNameWide, 0, wide, 0, &id),
			 S_OK);
	assert_int_equal(id, pid);
	second = start_program();
	assert_int_equal(find(&d, name, 0, &id), S_OK);
	assert_true(id == (ULONG)pid || id == (ULONG)second);
	assert_int_equal(find(&d, name, DEBUG_GET_PROC_ONLY_MATCH, &id), S_FALSE);
	assert_int_equal(id, 0);
	assert_int_equal(find(&d, name, DEBUG_GET_PROC_SERVICE_NAME, &id), E_NOTIMPL);
	assert_int_equal(find(&d, name, 8, &id), E_INVALIDARG);
	assert_int_equal(find(&d, NULL, 0, &id), E_INVALIDARG);
	end_program(second);
	end_program(pid);
	debugger_end(&d);
}

static void test_description(void **state)
{
	const struct passwd *user = getpwuid(getuid());
	char name[256], text[1024], expected[1024];
	ULONG name_size, text_size;
	struct debugger d;
	WCHAR wide[8];

	pid = start_program();
	debugger_start(&d);
	assert_int_equal(DESCRIBE(&d, pid, 0, name, text), S_OK);
	assert_string_equal(name, program);
	snprintf(expected, sizeof(expected),
		 "Session: %d  User: %s  Command Line: an argument -c read x  ?[2J?? \xff",
		 getsid(0), user ? user->pw_name : "0");
	assert_string_equal(text, expected);
	assert_int_equal(DESCRIBE(&d, pid,
				  DEBUG_PROC_DESC_NO_PATHS | DEBUG_PROC_DESC_NO_SESSION_ID |
					  DEBUG_PROC_DESC_NO_USER_NAME,
				  name, text),
			 S_OK);
	assert_string_equal(name, strrchr(program, '/') + 1);
	assert_string_equal(text, "Command Line: an argument -c read x  ?[2J?? \xff");
	assert_int_equal(DESCRIBE(&d, pid, 0x3f, name, text), S_OK);
	assert_string_equal(text, "");
	assert_int_equal(CLIENT(&d, GetRunningProcessDescription, 0, (ULONG)pid, 0, NULL, 0,
				&name_size, NULL, 0, &text_size),
			 S_FALSE);
	assert_int_equal(name_size, strlen(program) + 1);
	assert_int_equal(text_size, strlen(expected) + 1);
	assert_int_equal(CLIENT(&d, GetRunningProcessDescriptionWide, 0, (ULONG)pid, 0, wide, 5,
				&name_size, NULL, 1000, NULL),
			 S_FALSE);
	assert_memory_equal(wide, u"/tmp", 10);
	assert_int_equal(DESCRIBE(&d, pid, 0x40, name, text), E_INVALIDARG);
	assert_int_equal(DESCRIBE(&d, 0x7fffffff, 0, name, text), E_NOINTERFACE);
	/* A program whose file is gone keeps its name. */
	end_program(pid);
	pid = start_program();
	unlink(program);
	assert_int_equal(DESCRIBE(&d, pid, 0, name, text), S_OK);
	assert_string_equal(name, program);
	end_program(pid);
	assert_int_equal(DESCRIBE(&d, pid, 0, name, text), E_NOINTERFACE);
	debugger_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_description),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
