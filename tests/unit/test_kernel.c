/* SPDX-License-Identifier: Apache-2.0 */
/* test_kernel.c - kernel targets without a kernel, wrong options, and the implicit tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "unit/synth_handle.h"

#define SIZE (2u << 20)

static char path[64];

/* Memory in which there is nothing to be found. */
static tmem_target *open_nothing(const char *options)
{
	uint8_t *bytes = malloc(SIZE);
	tmem_target *target;
	char spec[80];
	int fd;

	assert_non_null(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 167 + (i >> 8) * 59);
	strcpy(path, "/tmp/tmem-kernel-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, SIZE), SIZE);
	close(fd);
	free(bytes);
	snprintf(spec, sizeof(spec), "raw:%s", path);
	assert_int_equal(tmem_open(spec, options, &target), TMEM_S_OK);
	unlink(path);
	return target;
}

static void test_one_process_without_kernel(void **state)
{
	tmem_target *target = open_nothing(NULL);
	uint32_t id = 7, system_id = 7;

	assert_int_equal(tmem_get_number_processes(target, &id), TMEM_S_OK);
	assert_int_equal(id, 1);
	assert_int_equal(tmem_get_process_ids_by_index(target, 0, 1, &id, &system_id), TMEM_S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(system_id, TMEM_ANY_ID);
	id = 7;
	assert_int_equal(tmem_get_current_process_id(target, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(tmem_get_current_process_id(target, NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_set_current_process_id(target, 0), TMEM_S_OK);
	assert_int_equal(tmem_set_current_process_id(target, 1), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_current_process_system_id(target, &system_id), TMEM_E_NOTIMPL);
	assert_int_equal(system_id, TMEM_ANY_ID);
	assert_int_equal(tmem_get_process_id_by_system_id(target, 1, &id), TMEM_E_NOTIMPL);
	tmem_close(target);
}

static void test_statuses_without_kernel(void **state)
{
	tmem_target *target = open_nothing(NULL);
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };
	uint64_t value = 7, levels;
	uint32_t number = 7;
	size_t done = 7;
	uint8_t byte;

	assert_int_equal(tmem_read_virtual(target, 0, &byte, 1, &done), TMEM_E_UNEXPECTED);
	assert_int_equal(done, 0);
	assert_non_null(strstr(tmem_last_error(target), "root="));
	assert_int_equal(tmem_read_physical(target, 0, &byte, 1, &done), TMEM_S_OK);
	assert_int_equal(tmem_virtual_to_physical(target, 0, &value), TMEM_E_NO_PAGEFILE);
	assert_int_equal(value, 0);
	assert_int_equal(tmem_get_directory_base(target, &value, &levels), TMEM_E_NO_PAGEFILE);
	assert_int_equal(tmem_get_number_kernel_processes(target, &number), TMEM_E_NOINTERFACE);
	assert_int_equal(number, 0);
	/* What was tried. */
	assert_int_equal(tmem_get_kernel_fact(target, 0, &fact), TMEM_S_OK);
	assert_int_equal(tmem_get_kernel_fact(target, 1000, &fact), TMEM_E_NO_MORE_ENTRIES);
	tmem_close(target);
}

/* A value that cannot be is the caller's fault, at every question alike. */
static void check_option(const char *options, const char *name)
{
	tmem_target *target = open_nothing(options);
	uint8_t byte;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(tmem_read_virtual(target, 0, &byte, 1, NULL), TMEM_E_INVALIDARG);
		assert_non_null(strstr(tmem_last_error(target), name));
	}
	assert_int_equal(tmem_read_physical(target, 0, &byte, 1, NULL), TMEM_S_OK);
	tmem_close(target);
}

static void test_wrong_options(void **state)
{
	check_option("scheme=x63", "scheme");
	check_option("scheme=x63,root=0x1000", "scheme");
	check_option("levels=7,scheme=x64,root=0x1000", "levels");
	check_option("root=here", "root");
	check_option("root=0x1000,kernel-root=there", "kernel-root");
	check_option("root=0x1000,scheme=arm64,virtual-bits=52", "virtual-bits");
}

/* Asking what a target is takes no interrupt away that was meant for what follows. */
static void test_interrupt_survives_describe(void **state)
{
	tmem_target *target = open_nothing(NULL);
	struct tmem_description description = { .size = sizeof(description) };
	uint8_t byte;

	assert_int_equal(tmem_set_interrupt(target), TMEM_S_OK);
	assert_int_equal(tmem_describe(target, &description), TMEM_S_OK);
	assert_int_equal(tmem_read_virtual(target, 0, &byte, 1, NULL), TMEM_E_CONTROL_C_EXIT);
	/* Interrupted is not absent: it is looked for again. */
	assert_int_equal(tmem_read_virtual(target, 0, &byte, 1, NULL), TMEM_E_UNEXPECTED);
	tmem_close(target);
}

static const char machine[] = "target mode=kernel\nmachine amd64\nphysical\nrun 0 1M rw-p\n"
			      "tables 0x10000 64K\n"
			      "table x64 0x1000\nmap 0x400000 0x80000 4K rw-u\n"
			      "table x64 0x2000\nmap 0x400000 0x90000 4K rw-u\n"
			      "text 0x80000 \"first\\0\"\ntext 0x90000 \"second\\0\"\n";

static void test_directory_base(void **state)
{
	tmem_target *target = synth_open(machine, NULL);
	struct event_log log;
	uint64_t base;
	char text[8];

	event_log_start(&log, target);
	assert_int_equal(tmem_set_directory_base(target, 0x2000), TMEM_S_OK);
	assert_int_equal(log.count, 1);
	assert_int_equal(tmem_read_virtual(target, 0x400000, text, 7, NULL), TMEM_S_OK);
	assert_string_equal(text, "second");
	/* Where no memory is there are no tables: the old ones stay, and nobody is told. */
	assert_int_equal(tmem_set_directory_base(target, 0x40000000), TMEM_E_INVALIDARG);
	assert_int_equal(log.count, 1);
	assert_int_equal(tmem_get_directory_base(target, &base, NULL), TMEM_S_OK);
	assert_int_equal(base, 0x2000);
	assert_int_equal(tmem_set_directory_base(target, 0x2000), TMEM_S_OK);
	assert_int_equal(log.count, 1);
	/* The value of a CR3: an identifier of the address space is no part of the address. */
	assert_int_equal(tmem_set_directory_base(target, 0x1005), TMEM_S_OK);
	assert_int_equal(tmem_get_directory_base(target, &base, NULL), TMEM_S_OK);
	assert_int_equal(base, 0x1000);
	assert_int_equal(tmem_read_virtual(target, 0x400000, text, 6, NULL), TMEM_S_OK);
	assert_string_equal(text, "first");
	tmem_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_process_without_kernel),
		cmocka_unit_test(test_statuses_without_kernel),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_interrupt_survives_describe),
		cmocka_unit_test(test_directory_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
