/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_linux.c - the provider of Linux over the memory of a very small one: with and without what
 * the kernel tells about itself, with options, and damaged.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tmem/target.h>

#include "base/bytes.h"
#include "base/error.h"
#include "fake_linux.h"

#define LINUX (&tmi_os_linux)

static struct fake_linux fake;
static void *provider;

static tmem_status start(void)
{
	return LINUX->open(&fake.image.memory, &provider);
}

static void stop(void)
{
	LINUX->close(provider);
	provider = NULL;
	fake_linux_fini(&fake);
}

static void open_fake(unsigned flags)
{
	fake_linux_init(&fake, flags);
	assert_int_equal(start(), TMEM_S_OK);
}

/* The value of a fact, "" when it is not there. */
static const char *fact(const char *name)
{
	struct tmi_os_fact found;

	for (size_t i = 0; LINUX->fact(provider, i, &found); i++)
		if (!strcmp(found.name, name))
			return found.value;
	return "";
}

static bool has_evidence(const char *name, const char *text)
{
	struct tmi_os_fact found;

	for (size_t i = 0; LINUX->fact(provider, i, &found); i++)
		if (!strcmp(found.name, name) && strstr(found.evidence, text))
			return true;
	return false;
}

static void assert_text(const char *part)
{
	if (!strstr(tmi_error_text(), part))
		fail_msg("\"%s\" is not in \"%s\"", part, tmi_error_text());
}

/* The first @count of the processes are those that were made. */
static void expect_processes(tmem_status wanted, size_t wanted_count)
{
	struct tmi_os_process *list;
	size_t count;

	assert_int_equal(LINUX->processes(provider, &fake.image.memory, &list, &count), wanted);
	assert_int_equal(count, wanted_count);
	for (size_t i = 0; i < count; i++) {
		const struct fake_task *task = &fake_tasks[i];

		assert_int_equal(list[i].system_id, task->pid);
		assert_int_equal(list[i].parent_system_id, fake_tasks[task->parent].pid);
		assert_string_equal(list[i].name, task->name);
		assert_int_equal(list[i].data_offset, fake_task_address(i));
		assert_int_equal(list[i].root, fake_root(i));
		assert_int_equal(list[i].flags, task->user ? 0 : TMEM_PROCESS_KERNEL_THREAD);
	}
	free(list);
}

static void expect_modules(tmem_status wanted, size_t wanted_count)
{
	struct tmi_os_module *list;
	uint8_t id[20];
	size_t count;

	assert_int_equal(LINUX->modules(provider, &fake.image.memory, &list, &count), wanted);
	assert_int_equal(count, wanted_count);
	assert_string_equal(list[0].name, "kernel");
	assert_int_equal(list[0].base, FAKE_IMAGE);
	assert_int_equal(list[0].size, FAKE_END - FAKE_IMAGE);
	for (size_t i = 1; i < count; i++) {
		assert_string_equal(list[i].name, fake_modules[i - 1]);
		assert_int_equal(list[i].base, FAKE_MODULES + (i - 1) * 0x4000);
		assert_int_equal(list[i].size, 0x3000);
		assert_int_equal(list[i].build_id_size, sizeof(id));
		memset(id, 0xa0 + (int)i - 1, sizeof(id));
		assert_memory_equal(list[i].build_id, id, sizeof(id));
	}
	free(list);
}

static void expect_symbols(bool known)
{
	uint64_t address;
	char name[32];

	assert_int_equal(LINUX->symbol(provider, &fake.image.memory, "func_17", &address), known);
	if (known)
		assert_int_equal(address, FAKE_IMAGE + 0x1000 + 17 * 0x100);
	assert_false(LINUX->symbol(provider, &fake.image.memory, "func_1700", &address));
	assert_int_equal(LINUX->nearest(provider, &fake.image.memory, FAKE_IMAGE + 0x2fff, name,
					sizeof(name), &address),
			 known);
	if (!known)
		return;
	assert_string_equal(name, "func_31");
	assert_int_equal(address, FAKE_IMAGE + 0x2f00);
	assert_true(LINUX->nearest(provider, &fake.image.memory, FAKE_IMAGE + 0x2fff, name, 5,
				   &address));
	assert_string_equal(name, "func");
	assert_false(
		LINUX->nearest(provider, &fake.image.memory, 0x1000, name, sizeof(name), &address));
	assert_false(LINUX->nearest(provider, &fake.image.memory, FAKE_MODULES, name, sizeof(name),
				    &address));
}

static void expect_kernel(void)
{
	const struct tmi_os_kernel *kernel = LINUX->kernel(provider);

	assert_non_null(kernel);
	assert_int_equal(kernel->machine, 62);
	assert_int_equal(kernel->processor_type, TMEM_PROCESSOR_AMD64);
	assert_int_equal(kernel->pointer_size, 8);
	assert_int_equal(kernel->tables.scheme, TMI_SCHEME_X64);
	assert_int_equal(kernel->tables.levels, 4);
	assert_int_equal(kernel->tables.root, FAKE_PLACE + (FAKE_SWAPPER - FAKE_IMAGE));
	assert_int_equal(kernel->tables.kernel_root, kernel->tables.root);
	assert_int_equal(kernel->tables.kernel_first, 0xffff800000000000);
	assert_int_equal(kernel->tables.flags, TMI_TABLES_INVERTED_NONE);
	assert_int_equal(kernel->last_user, 0x00007fffffffffff);
	assert_string_equal(kernel->text, "Linux " FAKE_RELEASE ", x64, 4 levels");
	assert_string_equal(fact("release"), FAKE_RELEASE);
	assert_string_equal(fact("root"), "0x210000");
	assert_string_equal(fact("phys_base"), "0xfffffffffb200000");
	assert_string_equal(fact("KASLR offset"), "0x4000000");
}

static void everything(void **state)
{
	open_fake(FAKE_WITH_ALL);
	expect_kernel();
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	expect_modules(TMEM_S_OK, 1 + FAKE_MODULE_COUNT);
	expect_symbols(true);
	/* Again, from what is known now. */
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	assert_string_equal(fact("offset of task_struct.comm"), "768");
	assert_true(has_evidence("offset of task_struct.comm", "BTF"));
	stop();
}

/* Whatever is missing, the same kernel is found. */
static void all_combinations(void **state)
{
	for (unsigned flags = 0; flags < FAKE_WITH_ALL; flags++) {
		open_fake(flags);
		expect_kernel();
		expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
		expect_modules(TMEM_S_OK, 1 + FAKE_MODULE_COUNT);
		expect_symbols(flags & FAKE_WITH_KALLSYMS);
		stop();
	}
}

/* The same when everything must be read, and no zeros are known. */
static void by_reading(void **state)
{
	for (unsigned flags = 0; flags <= FAKE_WITH_ALL; flags++) {
		fake_linux_init(&fake, flags);
		fake.image.no_views = true;
		fake.image.no_zeros = true;
		assert_int_equal(start(), TMEM_S_OK);
		expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
		expect_modules(TMEM_S_OK, 1 + FAKE_MODULE_COUNT);
		expect_symbols(flags & FAKE_WITH_KALLSYMS);
		stop();
	}
}

static void inferred_offsets(void **state)
{
	open_fake(FAKE_WITH_INFO);
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	expect_modules(TMEM_S_OK, 1 + FAKE_MODULE_COUNT);
	assert_string_equal(fact("BTF"), "not found");
	assert_string_equal(fact("offset of task_struct.tasks"), "256");
	assert_string_equal(fact("offset of task_struct.mm"), "320");
	assert_string_equal(fact("offset of task_struct.pid"), "512");
	assert_string_equal(fact("offset of task_struct.tgid"), "516");
	assert_string_equal(fact("offset of task_struct.real_parent"), "528");
	assert_string_equal(fact("offset of task_struct.comm"), "768");
	assert_string_equal(fact("offset of mm_struct.pgd"), "72");
	assert_string_equal(fact("offset of module.core_layout"), "320");
	stop();
}

static void ranges(void **state)
{
	const struct tmi_os_range *list;
	size_t count, seen = 0;

	open_fake(FAKE_WITH_ALL);
	count = LINUX->ranges(provider, &list);
	for (size_t i = 0; i < count; i++) {
		assert_true(list[i].first <= list[i].last);
		assert_true(!i || list[i - 1].last < list[i].first);
		if (!strcmp(list[i].name, "[direct map]")) {
			assert_int_equal(list[i].first, FAKE_DIRECT);
			assert_int_equal(list[i].last, FAKE_DIRECT + FAKE_MEMORY - 1);
			seen++;
		}
		if (!strcmp(list[i].name, "[kernel]")) {
			assert_int_equal(list[i].first, FAKE_IMAGE);
			assert_int_equal(list[i].last, FAKE_END - 1);
			seen++;
		}
	}
	assert_int_equal(seen, 2);
	stop();
}

/* ---- VMCOREINFO ---- */

static void decoys(void **state)
{
	fake_linux_init(&fake, FAKE_WITH_ALL);
	/* An earlier kernel's, and a text that was overwritten, come first. */
	memcpy(fake.data + 0x2000, fake.data + FAKE_INFO_PAGE, 4096);
	memcpy(fake.data + 0x2000 + 24, "OSRELEASE=5.4.0-fake", 20);
	memcpy(fake.data + 0x3000, "OSRELEASE=%s\n", 13);
	memcpy(fake.data + 0x4000, fake.data + FAKE_INFO_PAGE, 64);
	assert_int_equal(start(), TMEM_S_OK);
	expect_kernel();
	assert_true(has_evidence("VMCOREINFO", "another one"));
	stop();
}

static void bare_text(void **state)
{
	fake_linux_init(&fake, FAKE_WITH_ALL);
	memmove(fake.data + FAKE_INFO_PAGE, fake.data + FAKE_INFO_PAGE + 24, 4096);
	assert_int_equal(start(), TMEM_S_OK);
	expect_kernel();
	assert_string_equal(fact("VMCOREINFO"), "0x5000");
	stop();
}

static void came_along(void **state)
{
	char text[2048];

	fake_linux_init(&fake, FAKE_WITH_ALL);
	memcpy(text, fake.data + FAKE_INFO_PAGE + 24, sizeof(text));
	memset(fake.data + FAKE_INFO_PAGE, 0, 4096);
	fake.image.vmcoreinfo = text;
	fake.image.vmcoreinfo_size = strlen(text);
	assert_int_equal(start(), TMEM_S_OK);
	assert_string_equal(fact("VMCOREINFO"), "note");
	/* Only what was needed is read. */
	assert_true(fake.image.bytes_read < 64 << 10);
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	stop();
}

/* Before 4.10 phys_base is not told. */
static void without_phys_base(void **state)
{
	char *place;

	fake_linux_init(&fake, FAKE_WITH_ALL);
	place = strstr((char *)fake.data + FAKE_INFO_PAGE + 24, "NUMBER(phys_base)");
	place[0] = 'X';
	assert_int_equal(start(), TMEM_S_OK);
	expect_kernel();
	stop();
}

/* ---- options ---- */

static void good_options(void **state)
{
	fake_linux_init(&fake, FAKE_WITH_KALLSYMS | FAKE_WITH_BTF);
	image_memory_option(&fake.image, "root", "0x210000");
	image_memory_option(&fake.image, "levels", "4");
	image_memory_option(&fake.image, "scheme", "x64");
	image_memory_option(&fake.image, "phys-base", "0xfffffffffb200000");
	image_memory_option(&fake.image, "kaslr", "0x4000000");
	image_memory_option(&fake.image, "init-task", "0x%" PRIx64, FAKE_INIT_TASK);
	image_memory_option(&fake.image, "btf", "0x%" PRIx64, FAKE_BTF);
	image_memory_option(&fake.image, "inverted", "0");
	image_memory_option(&fake.image, "offset.task_struct.comm", "%u", FAKE_COMM);
	assert_int_equal(start(), TMEM_S_OK);
	assert_int_equal(LINUX->kernel(provider)->tables.flags, 0);
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	assert_true(has_evidence("root", "option"));
	assert_true(has_evidence("init_task", "option"));
	assert_true(has_evidence("offset of task_struct.tasks", "BTF"));
	stop();
}

static void bad_options(void **state)
{
	static const struct {
		const char *key, *value, *text;
	} bad[] = {
		{ "root", "0x211000", "no first table that maps the kernel" },
		{ "root", "text", "a number was expected" },
		{ "vmcoreinfo", "0x2000", "no VMCOREINFO that fits" },
		{ "levels", "5", "agrees with the options" },
		{ "levels", "3", "4 or 5" },
		{ "scheme", "pae", "agrees with the options" },
		{ "scheme", "vax", "x64, x86, pae or arm64" },
		{ "phys-base", "0x200000", "agrees with the options" },
		{ "kaslr", "0x5000000", "was moved by 0x4000000" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_linux_init(&fake, FAKE_WITH_ALL);
		image_memory_option(&fake.image, bad[i].key, "%s", bad[i].value);
		assert_int_equal(start(), TMEM_E_INVALIDARG);
		assert_text(bad[i].text);
		assert_null(LINUX->kernel(provider));
		stop();
	}
}

static void bad_later_options(void **state)
{
	static const struct {
		const char *key, *value, *text;
	} bad[] = {
		{ "init-task", "0xffffffff85015008", "its name (comm) is not swapper" },
		{ "btf", "0xffffffff85020004", "magic number" },
		{ "kallsyms", "0xffffffff85040000", "no kallsyms_token_table" },
		{ "offset.task_struct.pid", "0x10000", "no offset is that large" },
		{ "offset.task_struct.pid", "x", "a number was expected" },
	};
	struct tmi_os_process *list;
	size_t count;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_linux_init(&fake, FAKE_WITH_ALL);
		image_memory_option(&fake.image, bad[i].key, "%s", bad[i].value);
		assert_int_equal(start(), TMEM_S_OK);
		assert_int_equal(LINUX->processes(provider, &fake.image.memory, &list, &count),
				 TMEM_E_INVALIDARG);
		assert_text(bad[i].text);
		stop();
	}
	fake_linux_init(&fake, FAKE_WITH_ALL);
	image_memory_option(&fake.image, "offset.task_struct.tasks", "%u", FAKE_TASKS + 8);
	assert_int_equal(start(), TMEM_S_OK);
	assert_int_equal(LINUX->processes(provider, &fake.image.memory, &list, &count),
			 TMEM_E_NOINTERFACE);
	assert_text("in no ring of tasks");
	stop();
}

/* ---- damage ---- */

static void broken_ring(void **state)
{
	static const struct {
		uint64_t next;
		const char *text;
	} cases[] = {
		{ 0, "none to a kernel object" },
		{ 0x1234, "none to a kernel object" },
		{ FAKE_DIRECT + 0x601400 + FAKE_TASKS + 4, "none to a kernel object" },
		{ 0xffffc90000000000, "not readable" },
		{ UINT64_MAX - 7, "none to a kernel object" },
		/* Back to the second task, and to itself: loops. */
		{ FAKE_DIRECT + 0x601400 + FAKE_TASKS, "does not point back" },
		{ FAKE_DIRECT + 0x603c00 + FAKE_TASKS, "does not point back" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_linux_init(&fake, FAKE_WITH_ALL);
		fake_put(&fake, fake_task_address(3) + FAKE_TASKS, 8, cases[i].next);
		assert_int_equal(start(), TMEM_S_OK);
		expect_processes(TMEM_S_FALSE, 4);
		assert_text("cut after 4");
		assert_text(cases[i].text);
		stop();
	}
}

/* The list is walked anew: what is written shows. */
static void repaired_ring(void **state)
{
	open_fake(FAKE_WITH_ALL);
	fake_put(&fake, fake_task_address(1) + FAKE_TASKS, 8, 0);
	expect_processes(TMEM_S_FALSE, 2);
	fake_put(&fake, fake_task_address(1) + FAKE_TASKS, 8, fake_task_address(2) + FAKE_TASKS);
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	stop();
}

static void broken_modules(void **state)
{
	struct tmi_os_module *list;
	size_t count;

	open_fake(FAKE_WITH_ALL);
	fake_put(&fake, fake_module_address(1) + 24, 1, 1);
	expect_modules(TMEM_S_FALSE, 2);
	assert_text("has no name");
	/* One that is not set up yet is left out. */
	fake_put(&fake, fake_module_address(1), 4, 3);
	assert_int_equal(LINUX->modules(provider, &fake.image.memory, &list, &count), TMEM_S_OK);
	assert_int_equal(count, FAKE_MODULE_COUNT);
	assert_string_equal(list[2].name, fake_modules[2]);
	free(list);
	fake_put(&fake, fake_module_address(0) + 8, 8, 0x10);
	expect_modules(TMEM_S_FALSE, 2);
	assert_text("none to a kernel object");
	stop();
}

/* A broken table of names does not keep tasks from being listed. */
static void broken_kallsyms(void **state)
{
	fake_linux_init(&fake, FAKE_WITH_ALL);
	memset(fake_at(&fake, FAKE_KALLSYMS + 0x600), 0xff, 64);
	assert_int_equal(start(), TMEM_S_OK);
	expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
	expect_symbols(false);
	assert_string_equal(fact("kallsyms"), "refused");
	stop();
}

static void nothing_there(void **state)
{
	fake_linux_init(&fake, 0);
	memset(fake.data, 0, FAKE_MEMORY);
	assert_int_equal(start(), TMEM_E_NOINTERFACE);
	assert_text("no Linux kernel was found");
	assert_null(LINUX->kernel(provider));
	assert_string_equal(fact("init_task"), "refused");
	expect_symbols(false);
	stop();
}

static void interrupted(void **state)
{
	for (unsigned flags = 0; flags <= FAKE_WITH_INFO; flags++)
		for (unsigned after = 1; after < 4; after++) {
			fake_linux_init(&fake, flags);
			fake.image.interrupt_after = after;
			if (start() != TMEM_S_OK) {
				assert_int_equal(start(), TMEM_S_OK);
			} else if (after == 1) {
				fail();
			}
			stop();
		}
}

/*
 * A list is asked for and stopped at every point where that is possible: it is not given then, and
 * what is found afterwards is what would have been found at first.
 */
static void interrupted_later(void **state)
{
	for (unsigned flags = 0; flags <= FAKE_WITH_ALL; flags++)
		for (unsigned after = 1, left = 0; !left; after++) {
			struct tmi_os_process *processes = NULL;
			struct tmi_os_module *modules = NULL;
			tmem_status status;
			size_t count;

			open_fake(flags);
			fake.image.interrupt_after = after;
			status = after % 2 ? LINUX->modules(provider, &fake.image.memory, &modules,
							    &count)
					   : LINUX->processes(provider, &fake.image.memory,
							      &processes, &count);
			left = fake.image.interrupt_after;
			assert_int_equal(status, left ? TMEM_S_OK : TMEM_E_CONTROL_C_EXIT);
			free(processes);
			free(modules);
			fake.image.interrupt_after = 0;
			expect_processes(TMEM_S_OK, FAKE_TASK_COUNT);
			expect_modules(TMEM_S_OK, 1 + FAKE_MODULE_COUNT);
			expect_symbols(flags & FAKE_WITH_KALLSYMS);
			stop();
		}
}

/* One after the other, everything is overwritten with what random numbers give. */
static void random_damage(void **state)
{
	uint32_t seed = 12345;

	for (unsigned round = 0; round < 300; round++) {
		struct tmi_os_process *processes;
		struct tmi_os_module *modules;
		uint64_t address;
		size_t count;

		fake_linux_init(&fake, round % (FAKE_WITH_ALL + 1));
		for (unsigned i = 0; i < 40; i++) {
			uint32_t at;

			seed = seed * 1664525 + 1013904223;
			at = seed >> 4;
			/* Most of it where something is. */
			at = i % 2 ? 0x200000 + at % 0x60000 : at % FAKE_MEMORY;
			fake.data[at & (i % 4 ? ~7u : ~0u)] = (uint8_t)(seed >> 24);
		}
		start();
		if (provider) {
			LINUX->processes(provider, &fake.image.memory, &processes, &count);
			free(processes);
			LINUX->modules(provider, &fake.image.memory, &modules, &count);
			free(modules);
			LINUX->symbol(provider, &fake.image.memory, "func_1", &address);
		}
		stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(by_reading),
		cmocka_unit_test(inferred_offsets),
		cmocka_unit_test(ranges),
		cmocka_unit_test(decoys),
		cmocka_unit_test(bare_text),
		cmocka_unit_test(came_along),
		cmocka_unit_test(without_phys_base),
		cmocka_unit_test(good_options),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(bad_later_options),
		cmocka_unit_test(broken_ring),
		cmocka_unit_test(repaired_ring),
		cmocka_unit_test(broken_modules),
		cmocka_unit_test(broken_kallsyms),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(interrupted_later),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
