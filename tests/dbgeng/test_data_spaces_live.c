/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data_spaces_live.c - the memory of a process, against what it put there and what the kernel
 * lists of it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"
#include "unit/live_zoo.h"

static struct zoo zoo;
static struct spaces spaces;

static int start(void **state)
{
	zoo_start(&zoo);
	spaces_attach(&spaces, (ULONG)zoo.pid);
	return 0;
}

static int end(void **state)
{
	spaces_close(&spaces);
	zoo_end(&zoo);
	return 0;
}

/* What the process has at an address, past the library. */
static void read_past(uint64_t address, void *buffer, size_t size)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)zoo.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, buffer, size, (off_t)address), size);
	close(fd);
}

static void check_bytes(ULONG64 address, ULONG size)
{
	UCHAR *buffer = malloc(size);
	ULONG done = 0;

	assert_int_equal(IDebugDataSpaces4_ReadVirtual(spaces.data, address, buffer, size, &done),
			 S_OK);
	assert_int_equal(done, size);
	for (ULONG i = 0; i < size; i++)
		assert_int_equal(buffer[i], zoo_byte(address + i));
	free(buffer);
}

static void test_read(void **state)
{
	ULONG size = (ULONG)(ZOO_PAGES * zoo.at->page);
	ULONG done = 99;
	UCHAR byte;

	check_bytes(zoo.at->plain, size);
	check_bytes(zoo.at->readonly, size);
	check_bytes(zoo.at->plain + 4091, 10);
	/* A page, one that nobody may use, a hole. */
	check_bytes(zoo.at->holes, (ULONG)zoo.at->page);
	check_bytes(zoo.at->holes + 3 * zoo.at->page, (ULONG)zoo.at->page);
	assert_int_equal(IDebugDataSpaces4_ReadVirtual(
				 spaces.data, zoo.at->holes + 2 * zoo.at->page, &byte, 1, &done),
			 READ_FAULT);
	assert_int_equal(done, 0);
}

typedef HRESULT writer(IDebugDataSpaces4 *This, ULONG64 Offset, PVOID Buffer, ULONG BufferSize,
		       PULONG BytesWritten);

static void test_write(void **state)
{
	char bytes[] = "written by a debugger", found[sizeof(bytes)];
	ULONG64 places[] = { zoo.at->plain + 4090, zoo.at->readonly + 4090, zoo.at->code + 8 };
	struct change_log *log = change_log_start(&spaces);
	ULONG done;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		writer *write = i ? spaces.data->lpVtbl->WriteVirtual
				  : spaces.data->lpVtbl->WriteVirtualUncached;

		assert_int_equal(write(spaces.data, places[i], bytes, sizeof(bytes), &done), S_OK);
		assert_int_equal(done, sizeof(bytes));
		assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
		read_past(places[i], found, sizeof(found));
		assert_memory_equal(found, bytes, sizeof(bytes));
	}
	assert_int_equal(
		IDebugDataSpaces4_FillVirtual(spaces.data, zoo.at->plain, 100, bytes, 3, &done),
		S_OK);
	assert_int_equal(done, 100);
	assert_one_change(log, DEBUG_DATA_SPACE_VIRTUAL);
	read_past(zoo.at->plain + 96, found, 4);
	assert_memory_equal(found, "wriw", 4); /* 96 % 3 is 0 */
}

static void test_search(void **state)
{
	ULONG64 expected = zoo.at->plain + 5000;
	UCHAR pattern[48];
	ULONG64 match = 0;

	for (ULONG i = 0; i < sizeof(pattern); i++)
		pattern[i] = zoo_byte(expected + i);
	assert_int_equal(IDebugDataSpaces4_SearchVirtual(spaces.data, zoo.at->plain + 4097,
							 ZOO_PAGES * zoo.at->page - 4097, pattern,
							 sizeof(pattern), 1, &match),
			 S_OK);
	assert_true(match > zoo.at->plain + 4096 && match <= expected);
	check_bytes(match, sizeof(pattern));
	/* Nothing is writable in that one. */
	assert_int_equal(IDebugDataSpaces4_SearchVirtual2(
				 spaces.data, zoo.at->readonly, ZOO_PAGES * zoo.at->page,
				 DEBUG_VSEARCH_WRITABLE_ONLY, pattern, 1, 1, &match),
			 NO_MORE_ENTRIES);
}

static void test_valid(void **state)
{
	ULONG64 base = 0, next = 0;
	ULONG size = 0;

	assert_int_equal(IDebugDataSpaces4_GetValidRegionVirtual(
				 spaces.data, zoo.at->holes + 2 * zoo.at->page,
				 (ULONG)(2 * zoo.at->page), &base, &size),
			 S_OK);
	assert_true(base == zoo.at->holes + 3 * zoo.at->page);
	assert_int_equal(size, zoo.at->page);
	/* A live process: the next page, whatever it is. */
	assert_int_equal(IDebugDataSpaces4_GetNextDifferentlyValidOffsetVirtual(
				 spaces.data, zoo.at->plain + 5, &next),
			 S_OK);
	assert_true(next == zoo.at->plain + zoo.at->page);
	assert_int_equal(IDebugDataSpaces4_GetOffsetInformation(
				 spaces.data, DEBUG_DATA_SPACE_VIRTUAL,
				 DEBUG_OFFSINFO_VIRTUAL_SOURCE, zoo.at->plain, &size, 4, NULL),
			 S_OK);
	assert_int_equal(size, DEBUG_VSOURCE_DEBUGGEE);
}

/* The protection that the flags of a mapping mean. */
static ULONG protection_of(const struct zoo_mapping *mapping)
{
	bool copied = mapping->inode && mapping->flags[3] == 'p';
	bool read = mapping->flags[0] == 'r', write = mapping->flags[1] == 'w';

	if (mapping->flags[2] == 'x')
		return write  ? copied ? PAGE_EXECUTE_WRITECOPY : PAGE_EXECUTE_READWRITE
		       : read ? PAGE_EXECUTE_READ
			      : PAGE_EXECUTE;
	if (write)
		return copied ? PAGE_WRITECOPY : PAGE_READWRITE;
	return read ? PAGE_READONLY : PAGE_NOACCESS;
}

/* Every mapping of the kernel's list is there, with its protection, and nothing is between them. */
static void test_query(void **state)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(zoo.pid, &mappings);
	MEMORY_BASIC_INFORMATION64 info;
	ULONG64 address = 0;
	size_t seen = 0;

	while (seen < count) {
		const struct zoo_mapping *mapping = &mappings[seen];
		HRESULT result = IDebugDataSpaces4_QueryVirtual(spaces.data, address, &info);

		/* [vsyscall] is in the kernel's half. */
		if (result == E_INVALIDARG && mapping->first >> 63)
			break;
		assert_int_equal(result, S_OK);
		assert_true(info.BaseAddress == address);
		assert_true(info.RegionSize > 0);
		if (address < mapping->first) {
			assert_int_equal(info.State, MEM_FREE);
			assert_int_equal(info.Protect, PAGE_NOACCESS);
			assert_true(info.AllocationBase == 0 && info.Type == 0);
		} else {
			assert_int_equal(info.State, MEM_COMMIT);
			assert_int_equal(info.Protect & ~(ULONG)PAGE_GUARD, protection_of(mapping));
			assert_true(info.AllocationBase <= mapping->first);
		}
		address += info.RegionSize;
		while (seen < count && address > mappings[seen].last)
			seen++;
	}
	assert_true(seen + 1 >= count && seen > 20);
	free(mappings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, start, end),
		cmocka_unit_test_setup_teardown(test_write, start, end),
		cmocka_unit_test_setup_teardown(test_search, start, end),
		cmocka_unit_test_setup_teardown(test_valid, start, end),
		cmocka_unit_test_setup_teardown(test_query, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
