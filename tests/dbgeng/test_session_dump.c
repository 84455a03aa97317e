/* SPDX-License-Identifier: Apache-2.0 */
/* test_session_dump.c - targets that are files: OpenDumpFile, AttachKernel, kinds of targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <uchar.h>
#include <unistd.h>

#include "dbgeng/output_log.h"
#include "debugger.h"
#include "unit/packer.h"

#define CLIENT(debugger, method, ...)                                                              \
	((debugger)->client->lpVtbl->method((debugger)->client, ##__VA_ARGS__))
#define CONTROL(debugger, method, ...)                                                             \
	((debugger)->control->lpVtbl->method((debugger)->control, ##__VA_ARGS__))

#define FILE_NOT_FOUND ((HRESULT)0x80070002u)
#define FILE_IS_EMPTY  ((HRESULT)0xd000011eu)
#define CONTROL_C_EXIT ((HRESULT)0xd000013au)

#define OPENED "session 0; debuggee ffffffff 0; engine 800 0; engine 10 6"

static const char process_text[] = "tmem synth 1\n"
				   "process 4711 \"/bin/example\"\n"
				   "thread 4711 rip=0x401000\n"
				   "run 0x400000 0x2000 r-xp\n";

static char *process_file(void)
{
	return strdup(write_file("process.synth", process_text, sizeof(process_text) - 1));
}

/* A megabyte of physical memory. */
static char *image_file(const char *name)
{
	static const char memory[1 << 20] = { [0x1234] = 0x5a };

	return strdup(write_file(name, memory, sizeof(memory)));
}

static void remove_file(char *path)
{
	unlink(path);
	free(path);
}

static void assert_type(struct debugger *debugger, ULONG class, ULONG qualifier)
{
	ULONG is_class = 99, is_qualifier = 99;

	assert_int_equal(CONTROL(debugger, GetDebuggeeType, &is_class, &is_qualifier), S_OK);
	assert_int_equal(is_class, class);
	assert_int_equal(is_qualifier, qualifier);
}

static void test_dump(void **state)
{
	char *path = process_file();
	ULONG class, qualifier;
	struct debugger d;

	debugger_start(&d);
	assert_type(&d, DEBUG_CLASS_UNINITIALIZED, 0);
	assert_int_equal(CLIENT(&d, OpenDumpFile, path), S_OK);
	assert_told(&d, "");
	assert_type(&d, DEBUG_CLASS_UNINITIALIZED, 0);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, OPENED);
	assert_type(&d, DEBUG_CLASS_USER_WINDOWS, DEBUG_USER_WINDOWS_DUMP);
	/* One event is all that a file tells; it stays. */
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_int_equal(CONTROL(&d, SetExecutionStatus, DEBUG_STATUS_GO), E_UNEXPECTED);
	assert_told(&d, "");
	assert_type(&d, DEBUG_CLASS_USER_WINDOWS, DEBUG_USER_WINDOWS_DUMP);
	assert_int_equal(CONTROL(&d, GetDebuggeeType2, 1, &class, &qualifier), S_OK);
	assert_int_equal(class, DEBUG_CLASS_USER_WINDOWS);
	assert_int_equal(CONTROL(&d, GetDebuggeeType2, 2, &class, &qualifier), E_INVALIDARG);
	assert_int_equal(CONTROL(&d, GetDebuggeeType, NULL, &qualifier), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, GetProcessOptions, &class), E_UNEXPECTED);
	assert_int_equal(CLIENT(&d, DetachProcesses), S_OK);
	assert_told(&d, "engine 800 ffffffff; engine 10 7; session 2");
	assert_type(&d, DEBUG_CLASS_UNINITIALIZED, 0);
	debugger_end(&d);
	remove_file(path);
}

/* A file of which a part is missing is opened, and WaitForEvent says so. */
static void test_warning(void **state)
{
	static const char *const texts[] = {
		"tmem synth 1\ntarget incomplete=yes\nprocess 1\nrun 0x1000 0x1000 rw-p\n",
		"tmem synth 1\nprocess 1\nrun 0x1000 0x1000 rw-p\n",
	};
	static struct output_log log;
	struct debugger d;

	for (size_t i = 0; i < 2; i++) {
		char *path = strdup(write_file("gaps.synth", texts[i], strlen(texts[i])));

		debugger_start(&d);
		output_log_init(&log);
		assert_int_equal(CLIENT(&d, SetOutputCallbacks, &log.narrow), S_OK);
		assert_int_equal(CLIENT(&d, OpenDumpFile, path), S_OK);
		assert_int_equal(wait_event(&d, INFINITE), S_OK);
		assert_told(&d, OPENED);
		if (i == 0) {
			assert_int_equal(log.mask, DEBUG_OUTPUT_WARNING);
			assert_non_null(strstr(log.text, "not complete"));
		} else {
			assert_output(&log, "");
		}
		CLIENT(&d, EndSession, DEBUG_END_PASSIVE);
		d.told[0] = 0;
		debugger_end(&d);
		remove_file(path);
	}
}

static void test_errors(void **state)
{
	char *empty = strdup(write_file("empty", "", 0));
	char *other = strdup(write_file("other", "no dump\n", 8));
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(CLIENT(&d, OpenDumpFile, NULL), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, OpenDumpFile, ""), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, OpenDumpFile, "/no/such/file.dmp"), FILE_NOT_FOUND);
	assert_int_equal(CLIENT(&d, OpenDumpFile, "no-such-file.dmp"), FILE_NOT_FOUND);
	assert_int_equal(CLIENT(&d, OpenDumpFile, empty), FILE_IS_EMPTY);
	assert_int_equal(CLIENT(&d, OpenDumpFile, other), E_INVALIDARG);
	/* A name, never something else to open. */
	assert_int_equal(CLIENT(&d, OpenDumpFile, "pid:1"), FILE_NOT_FOUND);
	assert_int_equal(CLIENT(&d, OpenDumpFileWide, NULL, 0), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, OpenDumpFileWide, u"x", 1), E_NOTIMPL);
	assert_int_equal(CLIENT(&d, OpenDumpFileWide, u"/no/such/file.dmp", 0), FILE_NOT_FOUND);
	assert_int_equal(CLIENT(&d, WriteDumpFile, "x", DEBUG_DUMP_SMALL), E_NOTIMPL);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_told(&d, "");
	debugger_end(&d);
	remove_file(empty);
	remove_file(other);
}

/* Relative, with a prefix of something else in it, and not ASCII. */
static void test_names(void **state)
{
	char folder[] = "/tmp/tmem-XXXXXX", before[4096], name[64];
	ULONG64 handle = 99;
	ULONG type = 99, size = 99, number = 99;
	struct debugger d;
	WCHAR wide[64];
	FILE *file;

	assert_non_null(mkdtemp(folder));
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	file = fopen("pid:1 \u00e4.synth", "we");
	assert_non_null(file);
	fputs(process_text, file);
	fclose(file);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, GetNumberDumpFiles, &number), E_UNEXPECTED);
	assert_int_equal(CLIENT(&d, OpenDumpFileWide, u"pid:1 \u00e4.synth", 0), S_OK);
	assert_int_equal(CLIENT(&d, GetNumberDumpFiles, &number), E_UNEXPECTED);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_int_equal(CLIENT(&d, GetNumberDumpFiles, &number), S_OK);
	assert_int_equal(number, 1);
	assert_int_equal(CLIENT(&d, GetDumpFile, 0, name, sizeof(name), &size, &handle, &type),
			 S_OK);
	assert_string_equal(name, "pid:1 \u00e4.synth");
	assert_int_equal(size, strlen(name) + 1);
	assert_int_equal(handle, 0);
	assert_int_equal(type, DEBUG_DUMP_FILE_BASE);
	assert_int_equal(CLIENT(&d, GetDumpFile, 0, name, 4, &size, NULL, &type), S_FALSE);
	assert_string_equal(name, "pid");
	assert_int_equal(CLIENT(&d, GetDumpFileWide, 0, wide, 64, &size, NULL, &type), S_OK);
	assert_memory_equal(wide, u"pid:1 \u00e4.synth", sizeof(u"pid:1 \u00e4.synth"));
	assert_int_equal(size, 14);
	assert_int_equal(CLIENT(&d, GetDumpFile, 1, name, 4, &size, NULL, &type), E_NOINTERFACE);
	assert_int_equal(CLIENT(&d, GetDumpFile, 0, name, 4, &size, NULL, NULL), E_INVALIDARG);
	debugger_end(&d);
	unlink("pid:1 \u00e4.synth");
	assert_int_equal(chdir(before), 0);
	rmdir(folder);
}

/* Two files, and a process beside them: each is one event, in the order of their opening. */
static void test_several(void **state)
{
	char *process = process_file();
	char *image = image_file("several.img");
	ULONG number = 99;
	struct debugger d;

	debugger_start(&d);
	assert_int_equal(CLIENT(&d, OpenDumpFile, process), S_OK);
	assert_int_equal(CLIENT(&d, OpenDumpFile, image), S_OK);
	assert_int_equal(CLIENT(&d, AttachProcess, 0, (ULONG)getpid(), 1), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, OPENED);
	assert_int_equal(wait_event(&d, 0), S_OK);
	assert_told(&d, "debuggee ffffffff 0; engine 800 1");
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_FULL_DUMP);
	assert_int_equal(wait_event(&d, 0), S_OK);
	assert_told(&d, "debuggee ffffffff 0; engine 800 2");
	assert_type(&d, DEBUG_CLASS_USER_WINDOWS, DEBUG_USER_WINDOWS_PROCESS);
	assert_int_equal(CLIENT(&d, GetNumberDumpFiles, &number), S_OK);
	assert_int_equal(number, 0);
	assert_int_equal(wait_event(&d, 0), E_UNEXPECTED);
	/* Processes are detached from; the kernel's memory stays. */
	assert_int_equal(CLIENT(&d, DetachProcesses), S_OK);
	assert_told(&d, "engine 800 ffffffff; engine 800 ffffffff");
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_FULL_DUMP);
	assert_int_equal(CLIENT(&d, DetachCurrentProcess), E_NOTIMPL);
	assert_int_equal(CLIENT(&d, EndSession, DEBUG_END_PASSIVE), S_OK);
	assert_told(&d, "engine 800 ffffffff; engine 10 7; session 3");
	debugger_end(&d);
	remove_file(process);
	remove_file(image);
}

/* --- interrupts --- */

static atomic_bool opened;

static void *interrupt_opening(void *control)
{
	IDebugControl7 *of = control;

	while (!opened) {
		of->lpVtbl->SetInterrupt(of, DEBUG_INTERRUPT_ACTIVE);
		usleep(1000);
	}
	return NULL;
}

/* Four frames of 64 MiB: unpacking them takes long enough to be interrupted. */
static void test_interrupt_of_an_opening(void **state)
{
	size_t frame = (size_t)64 << 20, size = 0;
	uint8_t *zeros = calloc(1, frame), *packed = NULL;
	struct debugger d;
	pthread_t thread;
	char *path;

	assert_non_null(zeros);
	for (unsigned i = 0; i < 4; i++)
		size = packer_append("gzip", &packed, size, zeros, frame);
	path = strdup(write_file("zeros.gz", packed, size));
	debugger_start(&d);
	assert_int_equal(pthread_create(&thread, NULL, interrupt_opening, d.control), 0);
	assert_int_equal(CLIENT(&d, OpenDumpFile, path), CONTROL_C_EXIT);
	opened = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(CONTROL(&d, GetInterrupt), S_OK);
	/* What is over does not stop the next one. */
	assert_int_equal(CLIENT(&d, OpenDumpFile, path), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_FULL_DUMP);
	debugger_end(&d);
	remove_file(path);
	free(packed);
	free(zeros);
}

/* --- AttachKernel --- */

static void test_kernel(void **state)
{
	char *image = image_file("ram, of a guest.img");
	char connection[4096];
	struct debugger d;

	/* The comma of the name is not one before an option. */
	snprintf(connection, sizeof(connection), "raw:%.*s\\,%s,machine=amd64,base=0x10000",
		 (int)(strchr(image, ',') - image), image, strchr(image, ',') + 1);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, AttachKernel, DEBUG_ATTACH_KERNEL_CONNECTION, connection),
			 S_OK);
	assert_told(&d, "");
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, OPENED);
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_FULL_DUMP);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	debugger_end(&d);
	remove_file(image);
}

/* A guest that runs: without end or not at all is it waited for. */
static void test_live_kernel(void **state)
{
	char *image = image_file("live.img");
	char16_t wide[4096] = { 0 };
	char connection[4096];
	struct debugger d;

	snprintf(connection, sizeof(connection), "raw:%s,live=on", image);
	for (size_t i = 0; connection[i]; i++)
		wide[i] = (unsigned char)connection[i];
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, AttachKernelWide, 0, wide), S_OK);
	assert_int_equal(wait_event(&d, 100), E_NOTIMPL);
	assert_told(&d, "");
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, OPENED);
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_CONNECTION);
	assert_int_equal(wait_event(&d, 100), E_NOTIMPL);
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_EXIT), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), E_PENDING);
	assert_told(&d, "");
	assert_int_equal(CONTROL(&d, SetExecutionStatus, DEBUG_STATUS_GO), S_OK);
	assert_int_equal(CONTROL(&d, SetInterrupt, DEBUG_INTERRUPT_ACTIVE), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_told(&d, "engine 10 1; debuggee ffffffff 0; engine 10 6");
	debugger_end(&d);
	remove_file(image);
}

static void test_kernel_errors(void **state)
{
	char *process = process_file();
	char connection[4096];
	struct debugger d;

	snprintf(connection, sizeof(connection), "synth:%s", process);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, AttachKernel, DEBUG_ATTACH_LOCAL_KERNEL, NULL), E_NOTIMPL);
	assert_int_equal(CLIENT(&d, AttachKernel, DEBUG_ATTACH_EXDI_DRIVER, "x"), E_NOTIMPL);
	assert_int_equal(CLIENT(&d, AttachKernel, DEBUG_ATTACH_INSTALL_DRIVER, "x"), E_NOTIMPL);
	assert_int_equal(CLIENT(&d, AttachKernel, 3, "x"), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachKernel, 0, NULL), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, AttachKernel, 0, ",live=on"), E_INVALIDARG);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	/* What is wrong with the target is found out by the wait, which drops it. */
	assert_int_equal(CLIENT(&d, AttachKernel, 0, connection), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), E_INVALIDARG);
	assert_int_equal(wait_event(&d, INFINITE), E_UNEXPECTED);
	assert_int_equal(CLIENT(&d, AttachKernel, 0, "raw:/no/such/file"), S_OK);
	assert_int_equal(CLIENT(&d, AttachKernel, 0, connection), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), FILE_NOT_FOUND);
	assert_int_equal(wait_event(&d, INFINITE), E_INVALIDARG);
	assert_told(&d, "");
	assert_int_equal(debugger_status(&d), DEBUG_STATUS_NO_DEBUGGEE);
	debugger_end(&d);
	remove_file(process);
}

static void test_connection_options(void **state)
{
	char *image = image_file("options.img");
	char connection[4096], text[4096];
	struct debugger d;
	ULONG size = 99;
	WCHAR wide[8];

	snprintf(connection, sizeof(connection), "raw:%s", image);
	debugger_start(&d);
	assert_int_equal(CLIENT(&d, GetKernelConnectionOptions, text, sizeof(text), &size), S_OK);
	assert_string_equal(text, "");
	assert_int_equal(size, 1);
	assert_int_equal(CLIENT(&d, SetKernelConnectionOptions, NULL), E_INVALIDARG);
	assert_int_equal(CLIENT(&d, SetKernelConnectionOptionsWide, u"com\u00e4"), S_OK);
	assert_int_equal(CLIENT(&d, GetKernelConnectionOptionsWide, wide, 5, &size), S_OK);
	assert_memory_equal(wide, u"com\u00e4", 10);
	assert_int_equal(CLIENT(&d, SetKernelConnectionOptions, connection), S_OK);
	assert_int_equal(CLIENT(&d, GetKernelConnectionOptions, text, sizeof(text), &size), S_OK);
	assert_string_equal(text, connection);
	assert_int_equal(CLIENT(&d, GetKernelConnectionOptions, NULL, 0, &size), S_FALSE);
	assert_int_equal(size, strlen(connection) + 1);
	assert_int_equal(CLIENT(&d, AttachKernel, 0, NULL), S_OK);
	assert_int_equal(wait_event(&d, INFINITE), S_OK);
	assert_type(&d, DEBUG_CLASS_KERNEL, DEBUG_KERNEL_FULL_DUMP);
	debugger_end(&d);
	remove_file(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_interrupt_of_an_opening),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_live_kernel),
		cmocka_unit_test(test_kernel_errors),
		cmocka_unit_test(test_connection_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
