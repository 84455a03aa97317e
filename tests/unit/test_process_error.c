/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_error.c - refused permission: each cause is named, with what to do; and what goes
 * on working without privileges. Readers are forked children that give their privileges up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "live_zoo.h"

#define KIND   (&tmi_target_process)
#define NOBODY 65534

/* In a reader: cmocka's checks do not reach beyond a fork. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition,                 \
				tmi_error_text());                                                 \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void become(uid_t uid, gid_t gid)
{
	CHECK(!setgroups(0, NULL) && !setresgid(gid, gid, gid) && !setresuid(uid, uid, uid));
	CHECK(!prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/* Runs a reader in a child of its own; its CHECKs are the test. */
static void in_child(void (*reader)(void *), void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(30);
		reader(data);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void *open_pid(pid_t pid)
{
	char spec[32];

	snprintf(spec, sizeof(spec), "%d", pid);
	return zoo_open(spec, NULL);
}

static void expect_refusal(pid_t pid, const char *part)
{
	char spec[32];
	struct tmi_options options = { 0 };
	struct tmi_open open = { .address = spec, .options = &options };
	void *state;

	snprintf(spec, sizeof(spec), "%d", pid);
	CHECK(KIND->open(&open, &state) == TMEM_E_ACCESS_DENIED);
	CHECK(strstr(tmi_error_text(), spec));
	CHECK(strstr(tmi_error_text(), part));
	CHECK(strstr(tmi_error_text(), "root"));
}

static void read_as_other_user(void *data)
{
	become(NOBODY, NOBODY);
	expect_refusal(((struct zoo *)data)->pid, "it belongs to user root (0)");
}

static void another_user(void **data)
{
	struct zoo zoo;

	zoo_start(&zoo);
	in_child(read_as_other_user, &zoo);
	zoo_end(&zoo);
	(void)data;
}

static void expect_piece(void *state, uint64_t address, size_t size)
{
	uint8_t *bytes = malloc(size);

	CHECK(zoo_read(state, 0, address, bytes, size, NULL) == size);
	for (size_t i = 0; i < size; i++)
		CHECK(bytes[i] == zoo_byte(address + i));
	free(bytes);
}

/* Everything that needs no privileges, on a process of the same user. */
static void use_without_privileges(void *data)
{
	struct tmi_run run;
	struct zoo zoo;
	uint64_t first, end;
	uint8_t byte;
	void *state;

	become(NOBODY, NOBODY);
	zoo_start(&zoo);
	state = open_pid(zoo.pid);
	CHECK(state);
	expect_piece(state, zoo.at->plain, ZOO_PAGES * zoo.at->page);
	expect_piece(state, zoo.at->none, ZOO_PAGES * zoo.at->page);
	expect_piece(state, zoo.at->shared, ZOO_PAGES * zoo.at->page);
	CHECK(zoo_write(state, 0, zoo.at->readonly, "x", 1, NULL) == 1);
	CHECK(KIND->run(state, 0, zoo.at->cut, &run) == TMEM_S_OK);
	CHECK(KIND->valid(state, 0, &run, run.first, run.last, &first, &end) == TMEM_S_OK);
	CHECK(first == zoo.at->cut && end == zoo.at->cut + 2 * zoo.at->page - 1);
	CHECK(KIND->run(state, 0, zoo.at->cut_shared, &run) == TMEM_S_OK);
	CHECK(KIND->valid(state, 0, &run, run.first, run.last, &first, &end) == TMEM_S_OK);
	CHECK(end == zoo.at->cut_shared + 2 * zoo.at->page - 1);
	CHECK(zoo_read(state, 0, zoo.at->cut + 3 * zoo.at->page, &byte, 1, NULL) == 0);
	CHECK(tmi_error_reason() == TMEM_REASON_PAST_END_OF_FILE);
	CHECK(KIND->suspend(state) == TMEM_S_OK);
	CHECK(KIND->resume(state) == TMEM_S_OK);
	KIND->close(state);
	zoo_end(&zoo);
	(void)data;
}

static void without_privileges(void **data)
{
	in_child(use_without_privileges, NULL);
	(void)data;
}

static void read_hidden(void *data)
{
	struct zoo zoo;

	become(NOBODY, NOBODY);
	zoo_start(&zoo);
	zoo_do(&zoo, ZOO_HIDE);
	expect_refusal(zoo.pid, "not dumpable");
	zoo_end(&zoo);
	(void)data;
}

static void not_dumpable(void **data)
{
	in_child(read_hidden, NULL);
	(void)data;
}

/* The zoo is of the same user, but of another group. */
struct group_case {
	pid_t pid;
};

static void read_other_group(void *data)
{
	become(NOBODY, NOBODY - 1);
	expect_refusal(((struct group_case *)data)->pid, "runs with group 65534");
}

static void another_group(void **data)
{
	struct group_case group;
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	group.pid = fork();
	if (!group.pid) {
		become(NOBODY, NOBODY);
		CHECK(write(ready[1], "r", 1) == 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	in_child(read_other_group, &group);
	kill(group.pid, SIGKILL);
	waitpid(group.pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	(void)data;
}

/* What is open goes on; a stop is refused, with the cause. */
static void read_on_after_dropping(void *data)
{
	struct zoo *zoo = data;
	void *state = open_pid(zoo->pid);
	uint8_t *bytes = malloc(1 << 20);

	CHECK(state);
	become(NOBODY, NOBODY);
	expect_piece(state, zoo->at->plain, ZOO_PAGES * zoo->at->page);
	CHECK(zoo_read(state, 0, zoo->at->reserve, bytes, 1 << 20, NULL) == 1 << 20);
	CHECK(zoo_write(state, 0, zoo->at->readonly, bytes, 100, NULL) == 100);
	CHECK(KIND->suspend(state) == TMEM_E_ACCESS_DENIED);
	CHECK(strstr(tmi_error_text(), "stopping it was refused"));
	CHECK(strstr(tmi_error_text(), "it belongs to user root (0)"));
	KIND->close(state);
	free(bytes);
}

static void privileges_dropped_after_opening(void **data)
{
	struct zoo zoo;

	zoo_start(&zoo);
	in_child(read_on_after_dropping, &zoo);
	zoo_end(&zoo);
	(void)data;
}

static void forbid(long number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* A filter on the transfer calls is no obstacle to reading; one on tracing is named. */
static void read_in_sandbox(void *data)
{
	struct zoo own;
	void *state;

	(void)data;
	become(NOBODY, NOBODY);
	zoo_start(&own);
	forbid(SYS_process_vm_readv);
	state = open_pid(own.pid);
	CHECK(state);
	expect_piece(state, own.at->plain, ZOO_PAGES * own.at->page);
	forbid(SYS_ptrace);
	CHECK(KIND->suspend(state) == TMEM_E_ACCESS_DENIED);
	CHECK(strstr(tmi_error_text(), "seccomp"));
	KIND->close(state);
	zoo_end(&own);
}

static void sandbox(void **data)
{
	in_child(read_in_sandbox, NULL);
	(void)data;
}

static void yama(void **data)
{
	if (access("/proc/sys/kernel/yama/ptrace_scope", F_OK))
		print_message("not possible here: kernel.yama.ptrace_scope\n");
	(void)data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_user),
		cmocka_unit_test(without_privileges),
		cmocka_unit_test(not_dumpable),
		cmocka_unit_test(another_group),
		cmocka_unit_test(privileges_dropped_after_opening),
		cmocka_unit_test(sandbox),
		cmocka_unit_test(yama),
	};

	if (geteuid()) {
		print_message("not possible here: giving up privileges without having them\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
