/* SPDX-License-Identifier: Apache-2.0 */
/* test_symbol.c - names of this very process, which the dynamic linker knows too. */
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

/* A child that waits: the same addresses as here. */
struct fixture {
	pid_t child;
	int pipe[2];
	tmem_target *target;
};

static struct fixture fixture;

static int setup(void **state)
{
	char spec[32];
	char byte;

	assert_int_equal(pipe(fixture.pipe), 0);
	fixture.child = fork();
	if (fixture.child == 0) {
		close(fixture.pipe[1]);
		_exit(read(fixture.pipe[0], &byte, 1) != 0);
	}
	close(fixture.pipe[0]);
	snprintf(spec, sizeof(spec), "pid:%d", fixture.child);
	return tmem_open(spec, NULL, &fixture.target) != TMEM_S_OK;
}

static int teardown(void **state)
{
	tmem_close(fixture.target);
	close(fixture.pipe[1]);
	waitpid(fixture.child, NULL, 0);
	return 0;
}

/* What dlsym() says about names of libc, in both directions. */
static void test_as_dlsym(void **state)
{
	static const char *const names[] = { "puts",   "gnu_get_libc_version",
					     "malloc", "qsort",
					     "printf", "environ",
					     "stdout", "exit" };
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	uint64_t offset, displacement;
	char text[64], name[64];
	size_t size;

	assert_non_null(libc);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		uint64_t expected = (uintptr_t)dlsym(libc, names[i]);
		void *found;

		snprintf(text, sizeof(text), "libc!%s", names[i]);
		assert_false(TMEM_FAILED(tmem_get_offset_by_name(fixture.target, text, &offset)));
		assert_int_equal(offset, expected);
		snprintf(text, sizeof(text), "libc.so.6!%s", names[i]);
		assert_false(TMEM_FAILED(tmem_get_offset_by_name(fixture.target, text, &offset)));
		assert_int_equal(offset, expected);
		assert_int_equal(tmem_get_name_by_offset(fixture.target, expected, name,
							 sizeof(name), &size, &displacement),
				 TMEM_S_OK);
		assert_int_equal(displacement, 0);
		assert_int_equal(size, strlen(name) + 1);
		/* It may be another name of the same place, and one that is not exported. */
		assert_memory_equal(name, "libc!", 5);
		found = dlsym(libc, name + 5);
		assert_true(!found || (uintptr_t)found == expected);
	}
	dlclose(libc);
}

static void test_cut_name(void **state)
{
	uint64_t offset, displacement;
	char name[10];
	size_t size;

	assert_false(TMEM_FAILED(
		tmem_get_offset_by_name(fixture.target, "libc!gnu_get_libc_version", &offset)));
	memset(name, 'x', sizeof(name));
	assert_int_equal(
		tmem_get_name_by_offset(fixture.target, offset + 2, name, 8, &size, &displacement),
		TMEM_S_FALSE);
	assert_string_equal(name, "libc!gn");
	assert_int_equal(name[8], 'x');
	assert_int_equal(size, strlen("libc!gnu_get_libc_version") + 1);
	assert_int_equal(displacement, 2);
	assert_int_equal(tmem_get_name_by_offset(fixture.target, offset, name, 0, NULL, NULL),
			 TMEM_S_FALSE);
	assert_int_equal(tmem_get_name_by_offset(fixture.target, offset, NULL, 0, NULL, NULL),
			 TMEM_S_OK);
}

static void test_near(void **state)
{
	uint64_t offset, above, below, back;
	char name[256];

	assert_false(TMEM_FAILED(tmem_get_offset_by_name(fixture.target, "libc!puts", &offset)));
	assert_int_equal(tmem_get_near_name_by_offset(fixture.target, offset, 1, name, sizeof(name),
						      NULL, &above),
			 TMEM_S_OK);
	assert_true(above > 0);
	assert_false(TMEM_FAILED(tmem_get_offset_by_name(fixture.target, name, &back)));
	assert_int_equal(tmem_get_near_name_by_offset(fixture.target, offset, -1, name,
						      sizeof(name), NULL, &below),
			 TMEM_S_OK);
	assert_true(below > 0);
	/* The one above the one below is where we began. */
	assert_int_equal(tmem_get_near_name_by_offset(fixture.target, offset - below, 1, NULL, 0,
						      NULL, &back),
			 TMEM_S_OK);
	assert_int_equal(back, below);
	assert_int_equal(tmem_get_near_name_by_offset(fixture.target, offset, INT32_MAX, name,
						      sizeof(name), NULL, &above),
			 TMEM_E_NOINTERFACE);
	assert_string_equal(name, "");
	assert_int_equal(above, 0);
}

static void test_what_is_not_there(void **state)
{
	uint64_t offset = 1, displacement = 1;
	char name[8] = "xxxxxxx";
	size_t size = 1;

	assert_int_equal(tmem_get_offset_by_name(fixture.target, "libc!no such", &offset),
			 TMEM_E_NOINTERFACE);
	assert_int_equal(offset, 0);
	assert_int_equal(tmem_get_offset_by_name(fixture.target, "nowhere!puts", &offset),
			 TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_offset_by_name(fixture.target, "", &offset), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_offset_by_name(fixture.target, "!", &offset), TMEM_E_NOINTERFACE);
	assert_int_equal(tmem_get_name_by_offset(fixture.target, 16, name, sizeof(name), &size,
						 &displacement),
			 TMEM_E_NOINTERFACE);
	assert_string_equal(name, "");
	assert_int_equal(size, 0);
	assert_int_equal(displacement, 0);
	assert_true(strlen(tmem_last_error(fixture.target)) > 0);
	assert_int_equal(tmem_get_offset_by_name(fixture.target, NULL, &offset), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_get_offset_by_name(fixture.target, "puts", NULL), TMEM_E_INVALIDARG);
	assert_int_equal(tmem_get_offset_by_name(NULL, "puts", &offset), TMEM_E_INVALIDARG);
}

/* A bare name is looked for everywhere, the vdso is a module too. */
static void test_other_modules(void **state)
{
	uint64_t bare, full, displacement;
	char name[64];

	assert_false(TMEM_FAILED(
		tmem_get_offset_by_name(fixture.target, "gnu_get_libc_version", &bare)));
	assert_int_equal(bare, (uintptr_t)gnu_get_libc_version);
	assert_false(TMEM_FAILED(
		tmem_get_offset_by_name(fixture.target, "vdso!__vdso_gettimeofday", &full)));
	assert_int_equal(tmem_get_name_by_offset(fixture.target, full, name, sizeof(name), NULL,
						 &displacement),
			 TMEM_S_OK);
	assert_string_equal(name, "vdso!gettimeofday");
	assert_int_equal(displacement, 0);
}

/* Handles share the tables; after an exec there are other modules. */
static void test_exec(void **state)
{
	char *const arguments[] = { (char *)"cat", NULL };
	uint64_t before, after;
	tmem_target *target, *other;
	char spec[32];
	int in[2], go[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(in) | pipe(go), 0);
	child = fork();
	if (child == 0) {
		dup2(in[0], 0);
		close(in[1]);
		if (read(go[0], &byte, 1) == 1)
			execv("/bin/cat", arguments);
		_exit(1);
	}
	snprintf(spec, sizeof(spec), "pid:%d", child);
	assert_int_equal(tmem_open(spec, NULL, &target), TMEM_S_OK);
	assert_int_equal(tmem_target_dup(target, &other), TMEM_S_OK);
	assert_false(TMEM_FAILED(tmem_get_offset_by_name(other, "libc!puts", &before)));
	assert_int_equal(
		tmem_get_offset_by_name(target, "libcmocka!_cmocka_run_group_tests", &after),
		TMEM_S_OK);
	assert_int_equal(write(go[1], "x", 1), 1);
	/* Until cat has its libraries; it waits for its input then. */
	for (int i = 0; i < 2000; i++) {
		if (TMEM_FAILED(tmem_get_offset_by_name(target, "libcmocka!_cmocka_run_group_tests",
							&after)) &&
		    !TMEM_FAILED(tmem_get_offset_by_name(target, "libc!puts", &after)))
			break;
		usleep(5000);
	}
	assert_int_not_equal(after, 0);
	assert_false(TMEM_FAILED(tmem_get_offset_by_name(other, "libc!puts", &before)));
	assert_int_equal(before, after);
	tmem_close(other);
	tmem_close(target);
	close(in[1]);
	waitpid(child, NULL, 0);
	close(in[0]);
	close(go[0]);
	close(go[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_dlsym),      cmocka_unit_test(test_cut_name),
		cmocka_unit_test(test_near),          cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_other_modules), cmocka_unit_test(test_exec),
	};
	int failed = cmocka_run_group_tests_name("symbols", tests, setup, teardown);

	/* Without the library that reads files, what the dynamic linker knows stays. */
	setenv("TMEM_DISABLE", "elfutils", 1);
	return failed +
	       cmocka_run_group_tests_name("symbols without elfutils", tests, setup, teardown);
}
