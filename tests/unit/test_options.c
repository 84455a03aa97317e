/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - "key=value,key=value". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/options.h"

static void splits_and_unescapes(void **state)
{
	struct tmi_options options;

	(void)state;
	assert_int_equal(tmi_options_init(&options, "a=1,b,c=x\\,y,,a=2,d="), TMEM_S_OK);
	assert_string_equal(tmi_options_get(&options, "a"), "2");
	assert_string_equal(tmi_options_get(&options, "b"), "on");
	assert_string_equal(tmi_options_get(&options, "c"), "x,y");
	assert_string_equal(tmi_options_get(&options, "d"), "");
	assert_null(tmi_options_get(&options, "e"));
	assert_int_equal(options.count, 4);
	tmi_options_fini(&options);
	assert_int_equal(tmi_options_init(&options, NULL), TMEM_S_OK);
	assert_int_equal(options.count, 0);
	assert_int_equal(tmi_options_init(&options, "=3"), TMEM_E_INVALIDARG);
}

static void reads_flags(void **state)
{
	struct tmi_options options;
	bool value = true;

	(void)state;
	tmi_options_init(&options, "a=off,b,c=maybe");
	assert_int_equal(tmi_options_flag(&options, "a", &value), TMEM_S_OK);
	assert_false(value);
	assert_int_equal(tmi_options_flag(&options, "b", &value), TMEM_S_OK);
	assert_true(value);
	assert_int_equal(tmi_options_flag(&options, "missing", &value), TMEM_S_OK);
	assert_true(value);
	assert_int_equal(tmi_options_flag(&options, "c", &value), TMEM_E_INVALIDARG);
	assert_string_equal(tmem_last_error(NULL), "option c=maybe: expected on or off");
	tmi_options_fini(&options);
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = { { "n=0", 0 },
		     { "n=4096", 4096 },
		     { "n=0x1000", 4096 },
		     { "n=4K", 4096 },
		     { "n=32m", 32 << 20 },
		     { "n=1G", 1 << 30 },
		     { "n=2T", UINT64_C(2) << 40 },
		     { "n=0xffffffffffffffff", UINT64_MAX } };
	static const char *const bad[] = {
		"n=", "n=x", "n=-1", "n=4KB", "n=18446744073709551616", "n=99999999999T", "n= 4"
	};
	struct tmi_options options;
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tmi_options_init(&options, good[i].text);
		assert_int_equal(tmi_options_number(&options, "n", &value), TMEM_S_OK);
		assert_true(value == good[i].value);
		tmi_options_fini(&options);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tmi_options_init(&options, bad[i]);
		value = 5;
		assert_int_equal(tmi_options_number(&options, "n", &value), TMEM_E_INVALIDARG);
		assert_int_equal(value, 5);
		tmi_options_fini(&options);
	}
}

static void names_the_unknown_key(void **state)
{
	static const char *const known[] = { "cache", NULL };
	static const char *const more[] = { "sysroot", NULL };
	struct tmi_options options;

	(void)state;
	tmi_options_init(&options, "cache=on,sysroot=/,other=1");
	assert_int_equal(tmi_options_check(&options, known, more), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmem_last_error(NULL), "option other"));
	tmi_options_fini(&options);
	tmi_options_init(&options, "cache=on");
	assert_int_equal(tmi_options_check(&options, known, NULL), TMEM_S_OK);
	tmi_options_fini(&options);
}

static void disable_list(void **state)
{
	(void)state;
	setenv("TMEM_DISABLE", "pagemap_scan,avx2", 1);
	assert_true(tmi_disabled("avx2"));
	assert_true(tmi_disabled("pagemap_scan"));
	assert_false(tmi_disabled("avx"));
	assert_false(tmi_disabled("pagemap"));
	unsetenv("TMEM_DISABLE");
	assert_false(tmi_disabled("avx2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_and_unescapes), cmocka_unit_test(reads_flags),
		cmocka_unit_test(reads_numbers),        cmocka_unit_test(names_the_unknown_key),
		cmocka_unit_test(disable_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
