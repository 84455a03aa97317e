/* SPDX-License-Identifier: Apache-2.0 */
/* test_system_objects.c - processes, threads, systems; user mode, kernel mode, no target. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/objects.h"
#include "support/child.h"

#define CALL(method, ...) IDebugSystemObjects4_##method(__VA_ARGS__)

/* Two processes with the same addresses and other bytes. */
static const char two[] = "process 100 \"/bin/first\"\n"
			  "thread 100 rip=0x1111\n"
			  "thread 101 rip=0x2222\n"
			  "run 0x1000 0x1000 rw-p\n"
			  "text 0x1000 \"first\"\n"
			  "process 200\n"
			  "thread 200 rip=0x3333\n"
			  "run 0x1000 0x1000 rw-p\n"
			  "text 0x1000 \"second\"\n";

static const char three[] = "process 300 \"/bin/third\"\n"
			    "thread 300\n"
			    "thread 301\n"
			    "thread 302\n"
			    "run 0x1000 0x1000 rw-p\n"
			    "text 0x1000 \"third\"\n";

static const char kernel[] = "target mode=kernel\n"
			     "machine amd64\n"
			     "physical\n"
			     "run 0 16M ?\n"
			     "tables 1M 1M\n"
			     "table x64 0x1000\n"
			     "map 0xffff888000000000 0 16M rw-k page=2M\n"
			     "table x64 0x2000 upper=0x1000\n"
			     "map 0x400000 0x200000 4K r-xu\n"
			     "text 0x200000 \"in user space\"\n"
			     "task \"swapper/0\" 0 0xffff888000300000 0x1000 kernel-thread=yes\n"
			     "task \"init\" 1 0xffff888000301000 0x2000\n";

static void assert_text(struct objects *o, ULONG64 at, const char *text)
{
	char bytes[32];

	assert_int_equal(
		IDebugDataSpaces4_ReadVirtual(o->data, at, bytes, (ULONG)strlen(text), NULL), S_OK);
	assert_memory_equal(bytes, text, strlen(text));
}

static void assert_current(struct objects *o, ULONG system, ULONG process, ULONG thread)
{
	ULONG id;

	assert_int_equal(CALL(GetCurrentSystemId, o->system, &id), S_OK);
	assert_int_equal(id, system);
	assert_int_equal(CALL(GetCurrentProcessId, o->system, &id), S_OK);
	assert_int_equal(id, process);
	assert_int_equal(CALL(GetCurrentThreadId, o->system, &id), S_OK);
	assert_int_equal(id, thread);
}

static void assert_told(struct thread_log *log, ULONG thread)
{
	assert_int_equal(log->count, 1);
	assert_int_equal(log->argument, thread);
	assert_int_equal(log->inside, E_UNEXPECTED);
	log->count = 0;
}

static void test_no_target(void **state)
{
	ULONG a = 1, b = 1, c = 1, d = 1, e = 1, id = 7;
	ULONG64 offset = 7;
	struct objects o;

	objects_start(&o);
	assert_int_equal(CALL(GetTotalNumberThreadsAndProcesses, o.system, &a, &b, &c, &d, &e),
			 S_OK);
	assert_int_equal(a | b | c | d | e, 0);
	assert_int_equal(CALL(GetNumberSystems, o.system, &a), S_OK);
	assert_int_equal(a, 0);
	assert_int_equal(CALL(GetSystemIdsByIndex, o.system, 0, 1, &id), E_INVALIDARG);
	assert_int_equal(id, 7);
	assert_int_equal(CALL(GetCurrentProcessId, o.system, &id), E_UNEXPECTED);
	assert_int_equal(id, DEBUG_ANY_ID);
	assert_int_equal(CALL(GetCurrentProcessId, o.system, NULL), E_INVALIDARG);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), E_UNEXPECTED);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, 0), E_UNEXPECTED);
	assert_int_equal(CALL(SetCurrentSystemId, o.system, 0), E_UNEXPECTED);
	assert_int_equal(CALL(GetNumberThreads, o.system, &a), E_UNEXPECTED);
	assert_int_equal(CALL(GetEventProcess, o.system, &id), E_UNEXPECTED);
	assert_int_equal(CALL(GetCurrentProcessHandle, o.system, &offset), E_UNEXPECTED);
	assert_int_equal(offset, 0);
	assert_int_equal(CALL(GetImplicitProcessDataOffset, o.system, &offset), E_UNEXPECTED);
	objects_close(&o);
}

static void test_processes(void **state)
{
	ULONG ids[3] = { 9, 9, 9 }, system_ids[3] = { 9, 9, 9 }, id;
	struct objects o;

	objects_start(&o);
	objects_add_text(&o, two);
	assert_int_equal(CALL(GetNumberProcesses, o.system, &id), S_OK);
	assert_int_equal(id, 2);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 3, ids, system_ids), E_INVALIDARG);
	assert_int_equal(ids[0], 9);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 2, ids, NULL), S_OK);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 2, NULL, system_ids), S_OK);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 1);
	assert_int_equal(system_ids[0], 100);
	assert_int_equal(system_ids[1], 200);
	assert_int_equal(CALL(GetProcessIdBySystemId, o.system, 200, &id), S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(CALL(GetProcessIdBySystemId, o.system, 201, &id), E_NOINTERFACE);
	assert_int_equal(id, DEBUG_ANY_ID);
	assert_int_equal(CALL(GetCurrentProcessSystemId, o.system, &id), S_OK);
	assert_int_equal(id, 100);
	assert_int_equal(CALL(GetEventProcess, o.system, &id), S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(CALL(GetEventThread, o.system, &id), S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(CALL(GetCurrentProcessUpTime, o.system, &id), E_NOTIMPL);
	objects_close(&o);
}

static void test_select(void **state)
{
	struct thread_log *log;
	struct objects o;
	ULONG ids[2], other;

	objects_start(&o);
	objects_add_text(&o, two);
	log = thread_log_start(&o);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, 2, ids, NULL), S_OK);
	assert_text(&o, 0x1000, "first");

	/* Nothing changes, nothing is told. */
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), S_OK);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, ids[0]), S_OK);
	assert_int_equal(CALL(SetCurrentSystemId, o.system, 0), S_OK);
	assert_int_equal(log->count, 0);

	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), S_OK);
	assert_int_equal(CALL(GetCurrentThreadId, o.system, &other), S_OK);
	assert_told(log, other);
	assert_true(other != ids[0] && other != ids[1]);
	assert_text(&o, 0x1000, "second");

	/* A thread of the other process, told once, not for each step. */
	assert_int_equal(CALL(SetCurrentThreadId, o.system, ids[1]), S_OK);
	assert_told(log, ids[1]);
	assert_current(&o, 0, 0, ids[1]);
	assert_text(&o, 0x1000, "first");

	assert_int_equal(CALL(SetCurrentProcessId, o.system, 2), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, DEBUG_ANY_ID), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, 77), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, DEBUG_ANY_ID), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentSystemId, o.system, 1), E_NOINTERFACE);
	assert_int_equal(log->count, 0);
	assert_current(&o, 0, 0, ids[1]);

	/* Back in a process: the thread that was current there, also behind another system. */
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), S_OK);
	assert_told(log, other);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), S_OK);
	assert_told(log, ids[1]);
	assert_current(&o, 0, 0, ids[1]);
	objects_add_text(&o, three);
	log->count = 0;
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), S_OK);
	assert_told(log, other);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), S_OK);
	assert_told(log, ids[1]);
	objects_close(&o);
}

static void test_threads(void **state)
{
	ULONG ids[2], system_ids[2], number, largest, id;
	struct objects o;

	objects_start(&o);
	objects_add_text(&o, two);
	assert_int_equal(CALL(GetNumberThreads, o.system, &number), S_OK);
	assert_int_equal(number, 2);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 1, 2, ids, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, 2, ids, system_ids), S_OK);
	assert_int_not_equal(ids[0], ids[1]);
	assert_int_equal(system_ids[1], 101);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, 101, &id), S_OK);
	assert_int_equal(id, ids[1]);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, 99, &id), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, ids[1]), S_OK);
	assert_int_equal(CALL(GetCurrentThreadSystemId, o.system, &id), S_OK);
	assert_int_equal(id, 101);
	assert_int_equal(CALL(GetTotalNumberThreads, o.system, &number, &largest), S_OK);
	assert_int_equal(number, 3);
	assert_int_equal(largest, 2);
	assert_int_equal(CALL(GetThreadIdByProcessor, o.system, 0, &id), E_NOTIMPL);
	objects_close(&o);
}

/* A handle finds its process or thread, in whatever system, and nothing else. */
static void test_handles(void **state)
{
	ULONG64 process, thread;
	struct objects o;
	ULONG id;

	objects_start(&o);
	objects_add_text(&o, two);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), S_OK);
	assert_int_equal(CALL(GetCurrentProcessHandle, o.system, &process), S_OK);
	assert_int_equal(CALL(GetCurrentThreadHandle, o.system, &thread), S_OK);
	assert_true(process && thread && process != thread);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), S_OK);
	assert_int_equal(CALL(GetProcessIdByHandle, o.system, process, &id), S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(CALL(GetThreadIdByHandle, o.system, thread, &id), S_OK);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, id), S_OK);
	assert_current(&o, 0, 1, id);
	assert_int_equal(CALL(GetProcessIdByHandle, o.system, thread, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetProcessIdByHandle, o.system, process + 1, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetProcessIdByHandle, o.system, 0, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdByHandle, o.system, 0, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdByHandle, o.system, process, &id), E_NOINTERFACE);
	objects_close(&o);
}

static void test_offsets(void **state)
{
	ULONG64 offset = 7;
	struct objects o;
	ULONG id;

	objects_start(&o);
	objects_add_text(&o, two);
	assert_int_equal(CALL(GetCurrentProcessPeb, o.system, &offset), E_NOTIMPL);
	assert_int_equal(offset, 0);
	assert_int_equal(CALL(GetCurrentProcessDataOffset, o.system, &offset), E_NOTIMPL);
	assert_int_equal(CALL(GetCurrentThreadTeb, o.system, &offset), E_NOTIMPL);
	assert_int_equal(CALL(GetCurrentThreadDataOffset, o.system, &offset), E_NOTIMPL);
	assert_int_equal(CALL(GetProcessIdByPeb, o.system, 0x1000, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetProcessIdByDataOffset, o.system, 0x1000, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdByTeb, o.system, 0x1000, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetImplicitProcessDataOffset, o.system, &offset), E_NOTIMPL);
	assert_int_equal(CALL(SetImplicitProcessDataOffset, o.system, 0), S_OK);
	assert_int_equal(CALL(SetImplicitProcessDataOffset, o.system, 0x1000), E_INVALIDARG);
	assert_int_equal(CALL(GetImplicitThreadDataOffset, o.system, &offset), E_NOTIMPL);
	assert_int_equal(CALL(SetImplicitThreadDataOffset, o.system, 0), S_OK);
	assert_int_equal(CALL(SetImplicitThreadDataOffset, o.system, 0x1000), E_INVALIDARG);
	objects_close(&o);
}

static void test_names(void **state)
{
	char name[32], little[5];
	WCHAR wide[32];
	struct objects o;
	ULONG64 server = 7;
	ULONG size, id;

	objects_start(&o);
	objects_add_text(&o, two);
	assert_int_equal(CALL(GetCurrentProcessExecutableName, o.system, name, sizeof(name), &size),
			 S_OK);
	assert_string_equal(name, "/bin/first");
	assert_int_equal(size, sizeof("/bin/first"));
	assert_int_equal(
		CALL(GetCurrentProcessExecutableName, o.system, little, sizeof(little), &size),
		S_FALSE);
	assert_string_equal(little, "/bin");
	assert_int_equal(size, sizeof("/bin/first"));
	assert_int_equal(CALL(GetCurrentProcessExecutableNameWide, o.system, wide, 32, &size),
			 S_OK);
	assert_memory_equal(wide, u"/bin/first", sizeof(u"/bin/first"));
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), S_OK);
	assert_int_equal(CALL(GetCurrentProcessExecutableName, o.system, name, sizeof(name), NULL),
			 S_OK);
	assert_string_equal(name, "?NoImage?");
	assert_int_equal(CALL(GetCurrentSystemServerName, o.system, name, sizeof(name), &size),
			 S_OK);
	assert_string_equal(name, "");
	assert_int_equal(size, 1);
	assert_int_equal(CALL(GetCurrentSystemServerNameWide, o.system, wide, 32, &size), S_OK);
	assert_int_equal(wide[0], 0);
	assert_int_equal(CALL(GetCurrentSystemServer, o.system, &server), S_OK);
	assert_int_equal(server, 0);
	assert_int_equal(CALL(GetSystemByServer, o.system, 0, &id), S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(CALL(GetSystemByServer, o.system, 1, &id), E_NOINTERFACE);
	objects_close(&o);
}

static void test_two_systems(void **state)
{
	ULONG ids[2], processes[2], threads[3], number, a, b, c, d, e;
	struct thread_log *log;
	struct objects o;

	objects_start(&o);
	objects_add_text(&o, two);
	objects_add_text(&o, three);
	log = thread_log_start(&o);
	assert_int_equal(CALL(GetNumberSystems, o.system, &number), S_OK);
	assert_int_equal(number, 2);
	assert_int_equal(CALL(GetSystemIdsByIndex, o.system, 0, 2, ids), S_OK);
	assert_int_not_equal(ids[0], ids[1]);
	assert_int_equal(CALL(GetSystemIdsByIndex, o.system, 1, 2, ids), E_INVALIDARG);
	assert_int_equal(CALL(GetSystemIdsByIndex, o.system, 0, 2, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetEventSystem, o.system, &number), S_OK);
	assert_int_equal(number, ids[1]);

	/* The second is current; its ids are not those of the first. */
	assert_text(&o, 0x1000, "third");
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, 3, threads, NULL), S_OK);
	assert_int_equal(CALL(GetCurrentProcessId, o.system, &number), S_OK);
	assert_int_equal(CALL(SetCurrentSystemId, o.system, ids[0]), S_OK);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 2, processes, NULL), S_OK);
	assert_true(number != processes[0] && number != processes[1]);
	assert_int_equal(log->count, 1);
	log->count = 0;
	assert_text(&o, 0x1000, "first");

	/* A thread there makes system and process current as well. */
	assert_int_equal(CALL(SetCurrentThreadId, o.system, threads[2]), S_OK);
	assert_told(log, threads[2]);
	assert_current(&o, ids[1], number, threads[2]);
	assert_text(&o, 0x1000, "third");
	assert_int_equal(CALL(SetCurrentProcessId, o.system, processes[1]), S_OK);
	assert_int_equal(log->count, 1);
	assert_text(&o, 0x1000, "second");

	assert_int_equal(CALL(GetTotalNumberThreadsAndProcesses, o.system, &a, &b, &c, &d, &e),
			 S_OK);
	assert_int_equal(a, 6);
	assert_int_equal(b, 3);
	assert_int_equal(c, 3);
	assert_int_equal(d, 3);
	assert_int_equal(e, 2);
	objects_close(&o);
}

/* A session that begins when nothing is left of the one before. */
static void test_next_session(void **state)
{
	struct objects o;

	objects_start(&o);
	objects_add_text(&o, two);
	objects_add_text(&o, three);
	assert_current(&o, 1, 4096, 4096);
	assert_int_equal(IDebugClient4_DetachCurrentProcess(o.client), S_OK);
	assert_current(&o, 0, 0, 0);
	/* What was opened first is still there: the second's ids are not given again. */
	objects_add_text(&o, three);
	assert_current(&o, 2, 8192, 8192);
	assert_int_equal(IDebugClient4_EndSession(o.client, DEBUG_END_ACTIVE_DETACH), S_OK);
	objects_add_text(&o, three);
	assert_current(&o, 0, 0, 0);
	objects_close(&o);
}

static void test_kernel(void **state)
{
	ULONG64 offset, handle;
	ULONG id, system_id = 7;
	struct objects o;
	char name[32];

	objects_start(&o);
	objects_add_text(&o, kernel);
	assert_int_equal(CALL(GetNumberProcesses, o.system, &id), S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 1, &id, &system_id), S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(system_id, DEBUG_ANY_ID);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 0), S_OK);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), E_NOINTERFACE);
	assert_int_equal(CALL(GetCurrentProcessSystemId, o.system, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetProcessIdBySystemId, o.system, 1, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetProcessIdByDataOffset, o.system, 0, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetProcessIdByPeb, o.system, 0, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetCurrentProcessUpTime, o.system, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetCurrentProcessExecutableName, o.system, name, sizeof(name), NULL),
			 E_NOTIMPL);
	assert_int_equal(CALL(GetCurrentProcessHandle, o.system, &handle), S_OK);
	assert_int_equal(CALL(GetProcessIdByHandle, o.system, handle, &id), S_OK);
	assert_int_equal(id, 0);

	/* No thread is known. */
	assert_int_equal(CALL(GetNumberThreads, o.system, &id), S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(CALL(GetCurrentThreadId, o.system, &id), E_UNEXPECTED);
	assert_int_equal(CALL(GetCurrentThreadSystemId, o.system, &id), E_NOTIMPL);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, 1, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdByProcessor, o.system, 0, &id), E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, 1, &id, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, 0, NULL, NULL), S_OK);

	/* The implicit process decides what is read; the current one stays the kernel. */
	assert_int_equal(CALL(GetCurrentProcessDataOffset, o.system, &offset), S_OK);
	assert_true(offset == 0xffff888000300000);
	assert_int_equal(CALL(GetImplicitProcessDataOffset, o.system, &offset), S_OK);
	assert_true(offset == 0xffff888000300000);
	assert_int_equal(CALL(SetImplicitProcessDataOffset, o.system, 0xffff888000301000), S_OK);
	assert_text(&o, 0x400000, "in user space");
	assert_int_equal(CALL(GetCurrentProcessDataOffset, o.system, &offset), S_OK);
	assert_true(offset == 0xffff888000300000);
	assert_int_equal(CALL(SetImplicitProcessDataOffset, o.system, 0x1234), E_INVALIDARG);
	assert_int_equal(CALL(GetImplicitProcessDataOffset, o.system, &offset), S_OK);
	assert_true(offset == 0xffff888000301000);
	assert_int_equal(CALL(SetImplicitProcessDataOffset, o.system, 0), S_OK);
	assert_int_equal(CALL(GetImplicitProcessDataOffset, o.system, &offset), S_OK);
	assert_true(offset == 0xffff888000300000);
	assert_int_equal(CALL(SetImplicitThreadDataOffset, o.system, 0), S_OK);
	assert_int_equal(CALL(SetImplicitThreadDataOffset, o.system, 1), E_NOTIMPL);
	objects_close(&o);
}

static ULONG count_tasks(pid_t pid)
{
	char path[64];
	ULONG count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void test_live(void **state)
{
	ULONG number, total, up_time, ids[64], system_ids[64];
	char answer[64], name[4096], link[4096] = "", path[64];
	time_t started = time(NULL);
	struct child child;
	struct objects o;

	child_start(&child, "target64", (const char *const[]){ "--no-uffd", NULL });
	child_ask(&child, answer, sizeof(answer), "spawn-threads 3");
	objects_start(&o);
	objects_attach(&o, (ULONG)child.pid, DEBUG_ATTACH_NONINVASIVE);
	assert_int_equal(CALL(GetCurrentProcessSystemId, o.system, &number), S_OK);
	assert_int_equal(number, child.pid);
	assert_int_equal(CALL(GetNumberThreads, o.system, &number), S_OK);
	assert_int_equal(number, count_tasks(child.pid));
	assert_true(number >= 4 && number < 64);
	assert_int_equal(CALL(GetThreadIdsByIndex, o.system, 0, number, ids, system_ids), S_OK);
	for (ULONG i = 0; i < number; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%u", child.pid, system_ids[i]);
		assert_int_equal(access(path, F_OK), 0);
		assert_int_equal(CALL(GetThreadIdBySystemId, o.system, system_ids[i], &total),
				 S_OK);
		assert_int_equal(total, ids[i]);
	}
	assert_int_equal(CALL(GetTotalNumberThreads, o.system, &total, &total), S_OK);
	assert_int_equal(total, number);
	snprintf(path, sizeof(path), "/proc/%d/exe", child.pid);
	assert_true(readlink(path, link, sizeof(link) - 1) > 0);
	assert_int_equal(CALL(GetCurrentProcessExecutableName, o.system, name, sizeof(name), NULL),
			 S_OK);
	assert_string_equal(name, link);
	assert_int_equal(CALL(GetCurrentProcessUpTime, o.system, &up_time), S_OK);
	sleep(2);
	assert_int_equal(CALL(GetCurrentProcessUpTime, o.system, &number), S_OK);
	assert_true(number > up_time);
	assert_in_range(number, 2, (ULONG)(time(NULL) - started) + 2);
	assert_int_equal(CALL(GetCurrentProcessPeb, o.system, &(ULONG64){ 0 }), E_NOTIMPL);
	objects_close(&o);
	child_end(&child);
}

/* Two processes of one system; then one of them ends. */
static void test_two_live(void **state)
{
	static const char *const arguments[] = { "--no-uffd", NULL };
	ULONG number, largest, ids[2], system_ids[2], id;
	struct child first, second;
	struct thread_log *log;
	char answer[64];
	struct objects o;

	child_start(&first, "target64", arguments);
	child_start(&second, "target64", arguments);
	child_ask(&second, answer, sizeof(answer), "spawn-threads 2");
	objects_start(&o);
	objects_attach(&o, (ULONG)first.pid, DEBUG_ATTACH_NONINVASIVE);

	/* It is there when WaitForEvent has said so. */
	assert_int_equal(IDebugClient4_AttachProcess(o.client, 0, (ULONG)second.pid,
						     DEBUG_ATTACH_NONINVASIVE),
			 S_OK);
	assert_int_equal(CALL(GetNumberProcesses, o.system, &number), S_OK);
	assert_int_equal(number, 1);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 2, ids, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetProcessIdBySystemId, o.system, (ULONG)second.pid, &id),
			 E_NOINTERFACE);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, (ULONG)second.pid, &id),
			 E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, 1), E_NOINTERFACE);
	assert_int_equal(IDebugControl_WaitForEvent(o.control, DEBUG_WAIT_DEFAULT, INFINITE), S_OK);
	assert_int_equal(CALL(GetProcessIdsByIndex, o.system, 0, 2, ids, system_ids), S_OK);
	assert_int_equal(system_ids[0], first.pid);
	assert_int_equal(system_ids[1], second.pid);
	assert_int_equal(CALL(GetTotalNumberThreads, o.system, &number, &largest), S_OK);
	assert_int_equal(number, count_tasks(first.pid) + count_tasks(second.pid));
	assert_int_equal(largest, count_tasks(second.pid));

	/* A thread that another process has. */
	assert_int_equal(CALL(SetCurrentProcessId, o.system, ids[0]), S_OK);
	log = thread_log_start(&o);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, (ULONG)second.pid, &id), S_OK);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, id), S_OK);
	assert_told(log, id);
	assert_current(&o, 0, ids[1], id);

	child_end(&second);
	assert_int_equal(CALL(GetNumberThreads, o.system, &number), E_UNEXPECTED);
	assert_int_equal(CALL(GetCurrentThreadSystemId, o.system, &number), E_UNEXPECTED);
	assert_int_equal(CALL(GetThreadIdBySystemId, o.system, (ULONG)second.pid, &number),
			 E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentThreadId, o.system, id), E_NOINTERFACE);
	assert_int_equal(CALL(SetCurrentProcessId, o.system, ids[0]), S_OK);
	assert_int_equal(CALL(GetNumberThreads, o.system, &number), S_OK);
	assert_int_equal(number, count_tasks(first.pid));
	objects_close(&o);
	child_end(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_target),    cmocka_unit_test(test_processes),
		cmocka_unit_test(test_select),       cmocka_unit_test(test_threads),
		cmocka_unit_test(test_handles),      cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_two_systems),
		cmocka_unit_test(test_next_session), cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_live),         cmocka_unit_test(test_two_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
