/* SPDX-License-Identifier: Apache-2.0 */
/* test_write_file.c - .writemem: a full disk, large ranges, Ctrl-C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/session_log.h"

static struct session_log log;
static char folder[] = "/tmp/tmem-writemem-XXXXXX";
static char path[64];

static int open_log(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/out", folder);
	session_log_open(&log, "process 1\nrun 0x100000 0x200000 rw-p\n"
			       "pattern 0x100000 0x200000 seed=3\n");
	return 0;
}

static int close_log(void **state)
{
	session_log_close(&log);
	unlink(path);
	rmdir(folder);
	return 0;
}

static void run(const char *format, bool expected)
{
	char line[128];

	snprintf(line, sizeof(line), format, path);
	assert_int_equal(session_log_run(&log, line), expected);
}

static void test_full_disk(void **state)
{
	assert_false(session_log_run(&log, ".writemem /dev/full 100000 L1000"));
	assert_string_equal(log.errors.data, "Unable to write /dev/full: No space left on device; "
					     "0x0 of 0x1000 bytes are in it\n");
}

/* More than one block: every byte arrives, one dot for each 0x800 bytes begun. */
static void test_large(void **state)
{
	static uint8_t expected[0x180001], got[0x180002];
	tmem_target *target = log.session->target;
	size_t size = sizeof(expected);
	size_t done;
	FILE *file;

	run(".writemem %s 100000 L180001", true);
	assert_int_equal(log.out.size, strlen("Writing 180001 bytes") + 0x301 + 1);
	assert_int_equal(tmem_read_virtual(target, 0x100000, expected, size, &done), TMEM_S_OK);
	assert_int_equal(done, size);
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(got, 1, sizeof(got), file), size);
	fclose(file);
	assert_memory_equal(got, expected, size);
}

static void test_interrupt(void **state)
{
	struct stat info;

	/* the first output is "Writing ... bytes" */
	log.outputs = 0;
	log.interrupt_at = 1;
	run(".writemem %s 100000 L180001", false);
	log.interrupt_at = 0;
	assert_ptr_equal(strstr(log.errors.data, "Interrupted: 0x"), log.errors.data);
	assert_non_null(strstr(log.errors.data, " of 0x180001 bytes are in "));
	assert_int_equal(stat(path, &info), 0);
	assert_true(info.st_size < 0x180001);
}

static void test_folder(void **state)
{
	char line[128];

	snprintf(line, sizeof(line), ".writemem %s 100000 L10", folder);
	assert_false(session_log_run(&log, line));
	assert_non_null(strstr(log.errors.data, "Is a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_folder),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
