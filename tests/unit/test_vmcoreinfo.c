/* SPDX-License-Identifier: Apache-2.0 */
/* test_vmcoreinfo.c - the text of kernels about themselves: values, notes, and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/vmcoreinfo.h"

static const char text[] = "OSRELEASE=6.1.0-50-cloud-amd64\n"
			   "BUILD-ID=bb603a91\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(init_uts_ns)=ffffffffbc41b3c0\n"
			   "no line of the kind\n"
			   "SYMBOL(swapper_pg_dir)=ffffffffbc410000\n"
			   "SYMBOL(_stext)=ffffffffbaa00000\n"
			   "SYMBOL(broken)=ffzz\n"
			   "SYMBOL(long)=11ffffffffbaa00000\n"
			   "OFFSET(uts_namespace.name)=0\n"
			   "OFFSET(list_head.prev)=8\n"
			   "NUMBER(phys_base)=-799014912\n"
			   "NUMBER(VMALLOC_START)=0xffff800008000000\n"
			   "NUMBER(sme_mask)=0\n"
			   "NUMBER(empty)=\n"
			   "NUMBER(_stext)=1\n"
			   "KERNELOFFSET=39a00000\n"
			   "KERNELOFFSET=0\n"
			   "CONFIG_X86_PAE=y\n"
			   "CRASHTIME=17";

static void init(struct tmi_vmcoreinfo *info)
{
	assert_true(tmi_vmcoreinfo_init(info, text, sizeof(text) - 1));
}

static void values(void **state)
{
	struct tmi_vmcoreinfo info;
	uint64_t value;

	init(&info);
	assert_true(tmi_vmcoreinfo_symbol(&info, "_stext", &value));
	assert_int_equal(value, 0xffffffffbaa00000);
	assert_true(tmi_vmcoreinfo_number(&info, "phys_base", &value));
	assert_int_equal(value, (uint64_t)-799014912);
	assert_true(tmi_vmcoreinfo_number(&info, "VMALLOC_START", &value));
	assert_int_equal(value, 0xffff800008000000);
	assert_true(tmi_vmcoreinfo_number(&info, "sme_mask", &value));
	assert_int_equal(value, 0);
	assert_true(tmi_vmcoreinfo_offset(&info, "list_head.prev", &value));
	assert_int_equal(value, 8);
	assert_true(tmi_vmcoreinfo_hexadecimal(&info, "KERNELOFFSET", &value));
	assert_int_equal(value, 0x39a00000);
	assert_true(tmi_vmcoreinfo_hexadecimal(&info, "CRASHTIME", &value));
	assert_int_equal(value, 0x17);
}

static void what_is_no_value(void **state)
{
	static const char *const names[] = { "broken", "long", "stext", "swapper_pg_di", "" };
	struct tmi_vmcoreinfo info;
	uint64_t value = 1;

	init(&info);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_false(tmi_vmcoreinfo_symbol(&info, names[i], &value));
		assert_int_equal(value, 0);
	}
	assert_false(tmi_vmcoreinfo_number(&info, "empty", &value));
	assert_false(tmi_vmcoreinfo_offset(&info, "swapper_pg_dir", &value));
	assert_false(tmi_vmcoreinfo_hexadecimal(&info, "CONFIG_X86_PAE", &value));
}

static void texts(void **state)
{
	struct tmi_vmcoreinfo info;
	const char *value;
	size_t length;
	char copy[12];

	init(&info);
	assert_true(tmi_vmcoreinfo_text(&info, "CONFIG_X86_PAE", &value, &length));
	assert_int_equal(length, 1);
	assert_memory_equal(value, "y", 1);
	assert_true(tmi_vmcoreinfo_copy(&info, "OSRELEASE", copy, sizeof(copy)));
	assert_string_equal(copy, "6.1.0-50-cl");
	assert_false(tmi_vmcoreinfo_copy(&info, "OSRELEAS", copy, sizeof(copy)));
	assert_string_equal(copy, "");
	assert_int_equal(tmi_vmcoreinfo_highest(&info, 0, UINT64_MAX), 0xffffffffbc41b3c0);
	assert_int_equal(tmi_vmcoreinfo_highest(&info, 0, 0xffffffffbc410000), 0xffffffffbc410000);
	assert_int_equal(tmi_vmcoreinfo_highest(&info, 5, 6), 0);
}

static void incomplete(void **state)
{
	static const char none[] = "PAGESIZE=4096\nSYMBOL(_stext)=1\n";
	static const char format[] = "OSRELEASE=%s\nPAGESIZE\n";
	struct tmi_vmcoreinfo info;
	uint64_t value;

	assert_false(tmi_vmcoreinfo_init(&info, none, sizeof(none) - 1));
	assert_false(tmi_vmcoreinfo_symbol(&info, "_stext", &value));
	assert_false(tmi_vmcoreinfo_init(&info, format, sizeof(format) - 1));
	assert_false(tmi_vmcoreinfo_init(&info, "", 0));
	assert_false(tmi_vmcoreinfo_init(&info, "OSRELEASE=\nPAGESIZE=1", 21));
	/* Nothing counts behind a NUL. */
	assert_true(tmi_vmcoreinfo_init(&info, "OSRELEASE=1\nPAGESIZE=1\n\0CRASHTIME=1\n", 37));
	assert_false(tmi_vmcoreinfo_hexadecimal(&info, "CRASHTIME", &value));
}

static void notes(void **state)
{
	uint8_t note[64] = { 11, 0, 0, 0, 0x24, 0x10 };
	struct tmi_bytes bytes = { .data = note, .size = sizeof(note) };
	uint64_t size;

	memcpy(note + 12, "VMCOREINFO", 11);
	assert_true(tmi_vmcoreinfo_probe(&bytes, &size));
	assert_int_equal(size, 0x1024);
	for (size_t cut = 0; cut < TMI_VMCOREINFO_HEAD; cut++) {
		bytes.size = cut;
		assert_false(tmi_vmcoreinfo_probe(&bytes, &size));
	}
	bytes.size = sizeof(note);
	note[8] = 1; /* another type */
	assert_false(tmi_vmcoreinfo_probe(&bytes, &size));
	note[8] = 0;
	note[6] = 2; /* a text of 128 KiB */
	assert_false(tmi_vmcoreinfo_probe(&bytes, &size));
	note[6] = 0;
	note[22] = 'X'; /* no NUL behind the name */
	assert_false(tmi_vmcoreinfo_probe(&bytes, &size));
	memcpy(note, "OSRELEASE=6", 11);
	assert_true(tmi_vmcoreinfo_probe(&bytes, &size));
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(what_is_no_value),
		cmocka_unit_test(texts),  cmocka_unit_test(incomplete),
		cmocka_unit_test(notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
