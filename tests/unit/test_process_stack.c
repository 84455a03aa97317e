/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_stack.c - memory that grows downwards, and mappings below it that go away after they
 * were read: no method makes such memory grow, whatever was known of that place.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#include "live_zoo.h"
#include "target/process.h"
#include "target/process_kernel.h"

#define PLACES 3

struct fixture {
	struct zoo zoo;
	tmem_target *target;
	uint64_t last[PLACES]; /* byte of what is above each place */
};

static int set_up(void **data)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char spec[32];

	alarm(60);
	zoo_start(&f->zoo);
	snprintf(spec, sizeof(spec), "pid:%d", f->zoo.pid);
	assert_int_equal(tmem_open(spec, NULL, &f->target), TMEM_S_OK);
	*data = f;
	return 0;
}

static int tear_down(void **data)
{
	struct fixture *f = *data;

	tmem_close(f->target);
	zoo_end(&f->zoo);
	free(f);
	alarm(0);
	return 0;
}

/* Addresses that the transfer call was made for while @watched is set, within a place's page. */
static const uint64_t *watched;
static unsigned transfers;

/* In place of the C library's, for the library under test as well. */
ssize_t process_vm_readv(pid_t pid, const struct iovec *here, unsigned long here_count,
			 const struct iovec *there, unsigned long there_count, unsigned long flags)
{
	for (unsigned long i = 0; watched && i < there_count; i++)
		for (size_t k = 0; k < PLACES; k++)
			transfers += (uint64_t)(uintptr_t)there[i].iov_base - watched[k] < 4096;
	return syscall(SYS_process_vm_readv, pid, here, here_count, there, there_count, flags);
}

/* Whose stack is to grow when the library asks where it is, or for all mappings; once. */
static struct zoo *deepened;

static void deepen_now(void)
{
	struct zoo *zoo = deepened;

	deepened = NULL;
	zoo_do(zoo, ZOO_DEEPEN);
}

/* In place of the C library's, as above. */
int ioctl(int fd, unsigned long request, ...)
{
	struct kernel_map_query *query;
	va_list arguments;

	va_start(arguments, request);
	query = va_arg(arguments, struct kernel_map_query *);
	va_end(arguments);
	if (deepened && request == KERNEL_MAP_QUERY && query->address >= deepened->at->stack)
		deepen_now();
	return (int)syscall(SYS_ioctl, fd, request, query);
}

/* The list of mappings is read from its start; nothing else is. */
ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	if (deepened && !offset)
		deepen_now();
	return syscall(SYS_pread64, fd, buffer, size, offset);
}

static void place(struct fixture *f)
{
	zoo_do(&f->zoo, ZOO_PLACE);
	f->last[0] = f->zoo.at->growing + ZOO_PAGES * f->zoo.at->page - 1;
	f->last[1] = f->zoo.at->late + ZOO_PAGES * f->zoo.at->page - 1;
	f->last[2] = f->zoo.at->stack;
}

/* Where the mapping begins in which @last is, by the kernel's list. */
static uint64_t start_of(pid_t pid, uint64_t last)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(pid, &mappings);
	uint64_t start = 0;

	for (size_t i = 0; i < count; i++)
		if (mappings[i].first <= last && last <= mappings[i].last)
			start = mappings[i].first;
	free(mappings);
	assert_int_not_equal(start, 0);
	return start;
}

static void read_byte(struct fixture *f, uint64_t address)
{
	uint8_t byte = 0;
	size_t done;

	assert_int_equal(tmem_read_virtual(f->target, address, &byte, 1, &done), TMEM_S_OK);
	assert_int_equal(byte, zoo_byte(address));
}

static void read_places(struct fixture *f)
{
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < PLACES; i++)
			read_byte(f, f->zoo.at->below[i] + 8);
}

/* Makes the library look at all mappings at once. */
static void look_at_all(struct fixture *f)
{
	uint64_t address = f->zoo.at->copied;
	struct tmem_memory_basic_information information;

	assert_int_equal(tmem_query_virtual(f->target, address, &information), TMEM_S_OK);
}

static void read_in_all_ways(struct fixture *f, uint64_t address)
{
	static uint8_t bytes[1 << 20];
	struct tmem_transfer items[4];
	uint64_t valid, size, match;
	size_t done;

	assert_int_equal(tmem_read_virtual(f->target, address + 8, bytes, 1, &done),
			 TMEM_E_READ_FAULT);
	assert_int_equal(tmem_read_virtual(f->target, address, bytes, sizeof(bytes), &done),
			 TMEM_E_READ_FAULT);
	assert_int_equal(tmem_read_virtual_uncached(f->target, address, bytes, 8, &done),
			 TMEM_E_READ_FAULT);
	for (size_t i = 0; i < 4; i++)
		items[i] = (struct tmem_transfer){ .offset = address + 100 * i,
						   .buffer = bytes,
						   .size = 8 };
	assert_int_equal(tmem_read_virtual_batch(f->target, items, 4), TMEM_S_FALSE);
	assert_int_equal(tmem_get_valid_region_virtual(f->target, address, 4096, &valid, &size),
			 TMEM_E_NOINTERFACE);
	assert_int_equal(
		tmem_search_virtual(f->target, address - 4096, 3 * 4096, "?", 1, 1, &match),
		TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(
		tmem_read_multi_byte_string_virtual(f->target, address, 100, NULL, 0, NULL),
		TMEM_E_READ_FAULT);
	assert_int_not_equal(tmem_write_virtual(f->target, address, "x", 1, &done), TMEM_S_OK);
}

/* The trap itself, without the library: it must be there, or the test shows nothing. */
static void step_into_the_trap(pid_t pid, uint64_t address)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, (off_t)address), 1);
	close(fd);
}

static void expect_nothing_grows(struct fixture *f)
{
	const uint64_t *below = f->zoo.at->below;
	uint64_t before[PLACES];

	for (size_t i = 0; i < PLACES; i++)
		before[i] = start_of(f->zoo.pid, f->last[i]);
	zoo_do(&f->zoo, ZOO_REMOVE);
	transfers = 0;
	watched = below;
	for (size_t i = 0; i < PLACES; i++) {
		read_in_all_ways(f, below[i]);
		if (start_of(f->zoo.pid, f->last[i]) != before[i])
			fail_msg("place %zu: what is above has grown", i);
	}
	watched = NULL;
	/* It makes stacks grow in older kernels, and newer ones log a warning. */
	assert_int_equal(transfers, 0);
	for (size_t i = 0; i < PLACES; i++) {
		step_into_the_trap(f->zoo.pid, below[i]);
		assert_true(start_of(f->zoo.pid, f->last[i]) <= below[i]);
	}
}

static void asked_for_singly(void **data)
{
	struct fixture *f = *data;

	place(f);
	read_places(f);
	expect_nothing_grows(f);
}

static void seen_with_all(void **data)
{
	struct fixture *f = *data;

	place(f);
	look_at_all(f);
	read_places(f);
	expect_nothing_grows(f);
}

/* Growing memory that came after the last look at all. */
static void newer_than_the_last_look(void **data)
{
	struct fixture *f = *data;
	uint8_t byte;

	look_at_all(f);
	assert_int_equal(tmem_read_virtual(f->target, f->zoo.at->plain, &byte, 1, NULL), TMEM_S_OK);
	place(f);
	read_places(f);
	expect_nothing_grows(f);
}

/* --- what is trusted --- */

/* Whether this thread reads there without a question. */
static bool is_trusted(uint64_t address)
{
	for (size_t i = 0; i < TMI_DIRECT_RANGES; i++)
		if (address - tmi_direct_ranges[i].first < tmi_direct_ranges[i].size)
			return true;
	return false;
}

/* Only what is below growing memory costs a question each time. */
static void others_are_trusted(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	const uint64_t far[] = { at->plain, at->copied, at->stack, at->growing };
	uint8_t byte;

	place(f);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
			for (int k = 0; k < 3; k++)
				assert_int_equal(
					tmem_read_virtual(f->target, far[i], &byte, 1, NULL),
					TMEM_S_OK);
			assert_true(is_trusted(far[i]));
		}
		read_places(f);
		for (size_t i = 0; i < PLACES; i++)
			assert_false(is_trusted(at->below[i]));
		look_at_all(f);
	}
}

/* --- other growing memory than before --- */

/* What was below late memory goes; nothing may grow to there, though something could. */
static void expect_late_stays(struct fixture *f)
{
	uint64_t place = f->zoo.at->below[1];
	uint64_t last = f->zoo.at->late + ZOO_PAGES * f->zoo.at->page - 1;
	uint64_t before = start_of(f->zoo.pid, last);

	zoo_do(&f->zoo, ZOO_REMOVE);
	read_in_all_ways(f, place);
	assert_int_equal(start_of(f->zoo.pid, last), before);
	step_into_the_trap(f->zoo.pid, place);
	assert_true(start_of(f->zoo.pid, last) <= place);
}

static void come_above_what_is_trusted(struct fixture *f, enum zoo_command command)
{
	zoo_do(&f->zoo, ZOO_AHEAD);
	for (int round = 0; round < 3; round++)
		read_byte(f, f->zoo.at->below[1]);
	assert_true(is_trusted(f->zoo.at->below[1]));
	zoo_do(&f->zoo, command);
	/* Nothing but a look can tell; what is new makes the library look. */
	read_byte(f, f->zoo.at->fresh);
	expect_late_stays(f);
}

/* In another place there is as much as before. */
static void moved(void **data)
{
	come_above_what_is_trusted(*data, ZOO_MOVE);
}

/* All mappings that were known are there still, but one does not grow any more. */
static void replaced(void **data)
{
	come_above_what_is_trusted(*data, ZOO_REPLACE);
}

/* The stack grows during the look, by more than the other one is large. */
static void hidden_by_the_stack(void **data)
{
	struct fixture *f = *data;

	zoo_do(&f->zoo, ZOO_AHEAD);
	zoo_do(&f->zoo, ZOO_MOVE);
	deepened = &f->zoo;
	for (int round = 0; round < 3; round++)
		read_byte(f, f->zoo.at->below[1]);
	assert_null(deepened);
	expect_late_stays(f);
}

/* Whether the place is marked as one that something may grow to. */
static bool is_exposed(struct live *process, uint64_t address)
{
	uint32_t traits = 0;
	uint64_t last;

	assert_int_equal(tmi_process_traits(process, address, &last, &traits), TMEM_S_OK);
	return traits & TRAIT_EXPOSED;
}

/* Older kernels make stacks grow in the transfer call, too; newer ones log a warning. */
static void transfer_looks_first(void **data)
{
	struct fixture *f = *data;
	struct live_target *target = zoo_open_pid(f->zoo.pid, NULL);
	struct live *process = tmi_process_at(target, 0);

	place(f);
	for (size_t i = 0; i < PLACES; i++)
		assert_true(is_exposed(process, f->zoo.at->below[i]));
	assert_false(is_exposed(process, f->zoo.at->code_at));
	tmi_target_process.close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(asked_for_singly),
		ROW(seen_with_all),
		ROW(newer_than_the_last_look),
		ROW(others_are_trusted),
		ROW(moved),
		ROW(replaced),
		ROW(hidden_by_the_stack),
		ROW(transfer_looks_first),
#undef ROW
	};

	return zoo_run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
