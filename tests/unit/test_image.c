/* SPDX-License-Identifier: Apache-2.0 */
/* test_image.c - the kind "image" over raw and LiME images, through its ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "target/target.h"

#define KIND (&tmi_target_image)
#define PHYS TMI_SPACE_PHYSICAL
#define PAGE 4096u
#define GIB  (UINT64_C(1) << 30)

/* The byte that stands at @offset of a file that was filled. */
static uint8_t content(uint64_t offset)
{
	return (uint8_t)((offset * 2654435761u) >> 13 ^ offset);
}

/* A new file; its name goes to @path (64 bytes). */
static int new_file(char *path)
{
	int fd;

	strcpy(path, "/tmp/tmem-image-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return fd;
}

static void fill(int fd, uint64_t offset, size_t size)
{
	uint8_t *bytes = malloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = content(offset + i);
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
	free(bytes);
}

static tmem_status try_open(const char *path, const char *text, bool may_map, const char *name,
			    void **state)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, may_map, name };
	tmem_status status;

	*state = NULL;
	assert_int_equal(tmi_options_init(&options, text), TMEM_S_OK);
	status = KIND->open(&request, state);
	tmi_options_fini(&options);
	assert_int_equal(status == TMEM_S_OK, *state != NULL);
	return status;
}

static void *open_path(const char *path, const char *options, bool may_map)
{
	void *state;

	if (try_open(path, options, may_map, NULL, &state) != TMEM_S_OK)
		fail_msg("%s", tmi_error_text());
	return state;
}

static void expect_refusal(const char *path, const char *options, tmem_status expected,
			   const char *words)
{
	void *state;

	assert_int_equal(try_open(path, options, true, NULL, &state), expected);
	if (!strstr(tmi_error_text(), words))
		fail_msg("expected \"%s\" in \"%s\"", words, tmi_error_text());
	assert_non_null(strstr(tmi_error_text(), path));
}

static size_t read_at(void *state, uint64_t address, void *buffer, size_t size, tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	assert_int_equal(KIND->read(state, PHYS, &item, 1, 0), TMEM_S_OK);
	if (status)
		*status = item.status;
	assert_int_equal(item.status == TMEM_S_OK, item.done > 0 || size == 0);
	return item.done;
}

/* [address, address + size) holds what the file has from @offset on. */
static void expect_content(void *state, uint64_t address, uint64_t offset, size_t size)
{
	uint8_t *buffer = malloc(size);

	assert_int_equal(read_at(state, address, buffer, size, NULL), size);
	for (size_t i = 0; i < size; i++)
		if (buffer[i] != content(offset + i))
			fail_msg("wrong byte at %llx", (unsigned long long)(address + i));
	free(buffer);
}

static void expect_fault(void *state, uint64_t address, uint32_t reason)
{
	tmem_status status;
	uint8_t byte = 0x5a;

	assert_int_equal(read_at(state, address, &byte, 1, &status), 0);
	assert_int_equal(status, TMEM_E_READ_FAULT);
	assert_int_equal(tmi_error_reason(), reason);
	assert_int_equal(byte, 0x5a);
}

static tmem_status write_at(void *state, uint64_t address, const void *bytes, size_t size,
			    size_t *done)
{
	struct tmem_transfer item = { .offset = address, .buffer = (void *)bytes, .size = size };

	assert_int_equal(KIND->write(state, PHYS, &item, 1), TMEM_S_OK);
	*done = item.done;
	return item.status;
}

static void expect_description(void *state, const char *expected)
{
	char *text = KIND->describe(state);

	assert_string_equal(text, expected);
	free(text);
}

static void expect_run(void *state, uint64_t from, uint64_t first, uint64_t last)
{
	struct tmi_run run;

	assert_int_equal(KIND->run(state, PHYS, from, &run), TMEM_S_OK);
	assert_int_equal(run.first, first);
	assert_int_equal(run.last, last);
}

/* ---- Raw images ---- */

static void flat(void **state)
{
	char path[64];
	int fd = new_file(path);

	fill(fd, 0, 2 << 20);
	for (int may_map = 0; may_map < 2; may_map++) {
		void *image = open_path(path, NULL, may_map);
		struct tmi_facts facts;
		struct tmi_borrow borrow;
		struct tmi_process process;
		struct tmi_run run;
		uint64_t value;
		uint8_t buffer[64];

		assert_true(KIND->facts(image, PHYS, &facts));
		assert_false(KIND->facts(image, 0, &facts));
		assert_true(KIND->facts(image, PHYS, &facts));
		assert_int_equal(facts.mode, TMEM_MODE_KERNEL);
		assert_int_equal(facts.machine, 62);
		assert_int_equal(facts.processor_type, TMEM_PROCESSOR_AMD64);
		assert_int_equal(facts.pointer_size, 8);
		assert_int_equal(facts.page_size, 4096);
		assert_int_equal(facts.lends, may_map);
		assert_false(facts.live || facts.incomplete || facts.byte_granular ||
			     facts.has_protection || facts.big_endian);
		assert_int_equal(KIND->process_count(image), 0);
		assert_false(KIND->process(image, 0, &process));
		assert_int_equal(KIND->hint(image, PHYS, "machine", &value), TMEM_S_OK);
		assert_int_equal(value, 62);
		assert_int_equal(KIND->hint(image, PHYS, "cr3:0", &value), TMEM_E_NOINTERFACE);
		assert_true(KIND->cacheable(image, PHYS, 0));
		expect_description(image, "raw image of physical memory, 2 MiB");
		expect_content(image, 0, 0, 2 << 20);
		expect_run(image, 0, 0, (2 << 20) - 1);
		assert_int_equal(KIND->run(image, PHYS, 2 << 20, &run), TMEM_E_NO_MORE_ENTRIES);
		assert_int_equal(read_at(image, (2 << 20) - 3, buffer, 64, NULL), 3);
		expect_fault(image, 2 << 20, TMEM_REASON_NOT_MAPPED);
		assert_int_equal(KIND->view(image, PHYS, 12345, &borrow), may_map);
		if (may_map) {
			assert_int_equal(borrow.first, 0);
			assert_int_equal(borrow.last, (2 << 20) - 1);
			assert_int_equal(borrow.data[12345], content(12345));
		}
		KIND->close(image);
	}
	close(fd);
	unlink(path);
}

static void machines_and_base(void **state)
{
	static const struct {
		const char *options;
		uint32_t machine;
		uint32_t processor;
		uint32_t pointer;
		uint64_t base;
	} cases[] = {
		{ "machine=amd64", 62, TMEM_PROCESSOR_AMD64, 8, 0 },
		{ "machine=i386", 3, TMEM_PROCESSOR_I386, 4, 0 },
		{ "machine=arm64,base=0x40000000", 183, TMEM_PROCESSOR_ARM64, 8, 0x40000000 },
		{ "base=1G", 62, TMEM_PROCESSOR_AMD64, 8, GIB },
		{ "base=0xffffffffffffe000", 62, TMEM_PROCESSOR_AMD64, 8, 0xffffffffffffe000 },
	};
	char path[64];
	int fd = new_file(path);

	fill(fd, 0, 2 * PAGE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		void *image = open_path(path, cases[i].options, i & 1);
		struct tmi_facts facts;

		assert_true(KIND->facts(image, PHYS, &facts));
		assert_int_equal(facts.machine, cases[i].machine);
		assert_int_equal(facts.processor_type, cases[i].processor);
		assert_int_equal(facts.pointer_size, cases[i].pointer);
		expect_content(image, cases[i].base, 0, 2 * PAGE);
		expect_run(image, 0, cases[i].base, cases[i].base + 2 * PAGE - 1);
		if (cases[i].base)
			expect_fault(image, cases[i].base - 1, TMEM_REASON_NOT_MAPPED);
		KIND->close(image);
	}
	expect_refusal(path, "machine=vax", TMEM_E_INVALIDARG, "amd64, i386 or arm64");
	expect_refusal(path, "base=x", TMEM_E_INVALIDARG, "expected a number");
	expect_refusal(path, "base=0xfffffffffffff000", TMEM_E_INVALIDARG, "address space");
	close(fd);
	unlink(path);
}

/* A sparse file of @size with marks at a few places. */
static int new_sparse(char *path, uint64_t size)
{
	int fd = new_file(path);

	if (ftruncate(fd, (off_t)size) == 0)
		return fd;
	printf("not possible here: a file of %llu bytes with holes in /tmp\n",
	       (unsigned long long)size);
	close(fd);
	unlink(path);
	return -1;
}

static void hole_of_a_pc(void **state)
{
	static const struct {
		const char *hole;
		uint64_t size;
		uint64_t low; /* 0 = not divided */
		const char *text;
	} cases[] = {
		{ "hole=q35", 4 * GIB, 2 * GIB,
		  "raw image of physical memory, 4 GiB in 2 ranges, laid out as QEMU's q35" },
		{ "hole=q35", 0xb0000000, 2 * GIB,
		  "raw image of physical memory, 2.7 GiB in 2 ranges, laid out as QEMU's q35" },
		{ "hole=q35", 0xaffff000, 0,
		  "raw image of physical memory, 2.7 GiB, laid out as QEMU's q35" },
		{ "hole=pc", 4 * GIB, 3 * GIB,
		  "raw image of physical memory, 4 GiB in 2 ranges, laid out as QEMU's pc" },
		{ "hole=pc", 0xdffff000, 0,
		  "raw image of physical memory, 3.4 GiB, laid out as QEMU's pc" },
		{ "hole=1M", 4 * GIB, 1 << 20, "raw image of physical memory, 4 GiB in 2 ranges" },
		{ "hole=4G", 4 * GIB, 0, "raw image of physical memory, 4 GiB" },
		{ "hole=0xb0000000", 0xb0000000, 0, "raw image of physical memory, 2.7 GiB" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t size = cases[i].size, low = cases[i].low ? cases[i].low : size;
		struct tmi_run run;
		char path[64];
		void *image;
		int fd = new_sparse(path, size);

		if (fd < 0)
			return;
		fill(fd, low - PAGE, PAGE);
		image = open_path(path, cases[i].hole, true);
		expect_description(image, cases[i].text);
		expect_content(image, low - PAGE, low - PAGE, PAGE);
		expect_run(image, 0, 0, low - 1);
		if (low < size) {
			fill(fd, low, PAGE);
			fill(fd, size - PAGE, PAGE);
			expect_fault(image, low, TMEM_REASON_NOT_MAPPED);
			expect_content(image, 4 * GIB, low, PAGE);
			expect_content(image, 4 * GIB + size - low - PAGE, size - PAGE, PAGE);
			expect_run(image, low, 4 * GIB, 4 * GIB + size - low - 1);
		}
		assert_int_equal(KIND->run(image, PHYS, 4 * GIB + size - low, &run),
				 TMEM_E_NO_MORE_ENTRIES);
		KIND->close(image);
		close(fd);
		unlink(path);
	}
}

static void ranges(void **state)
{
	static const struct {
		const char *options;
		const char *words;
	} refused[] = {
		{ "ranges=0+4K@0;0x1000+0x1000", "FIRST+SIZE@OFFSET" },
		{ "ranges=0@4K+0", "FIRST+SIZE@OFFSET" },
		{ "ranges=x+4K@0", "expected a number" },
		{ "ranges=0+4K@x", "expected a number" },
		{ "ranges=+4K@0", "expected a number" },
		{ "ranges=0+-1@0", "expected a number" },
		{ "ranges=0+0@0", "at least one" },
		{ "ranges=0xfffffffffffff000+8K@0", "address space" },
		{ "ranges=0+64K@4K", "not in the file" },
		{ "ranges=0+4K@0xfffffffffffff000", "not in the file" },
		{ "ranges=0+4K@0;8K+4K@0;0xfff+1@0", "hold the address 0xfff" },
		{ "ranges=8K+4K@0;0+12K@0", "hold the address 0x2000" },
		{ "ranges=;", "no range" },
		{ "ranges=0+4K@0,base=0", "expected one of them" },
		{ "hole=q35,base=1G", "expected one of them" },
		{ "hole=5G", "at most 4G" },
		{ "hole=0", "at most 4G" },
		{ "hole=x", "at most 4G" },
		{ "write=through", "live=on" },
		{ "write=on,live=on", "expected through" },
		{ "live=maybe", "expected on or off" },
	};
	struct tmi_borrow borrow;
	struct tmi_run run;
	char path[64];
	void *image;
	int fd = new_file(path);

	fill(fd, 0, 16 * PAGE);
	/* In no order, unaligned, one byte of the file at two addresses, two that join. */
	image = open_path(
		path, "ranges=1G+8K@0x3001;0+4K@32K;0x1000+4K@36K;0x8001+3@7;1T+4K@0x3001", true);
	expect_content(image, GIB, 0x3001, 8192);
	expect_content(image, 0, 32768, 8192);
	expect_content(image, 0x8001, 7, 3);
	expect_content(image, UINT64_C(1) << 40, 0x3001, 4096);
	expect_fault(image, 0x8000, TMEM_REASON_NOT_MAPPED);
	expect_fault(image, 0x8004, TMEM_REASON_NOT_MAPPED);
	assert_true(KIND->view(image, PHYS, 0x1800, &borrow));
	assert_int_equal(borrow.first, 0);
	assert_int_equal(borrow.last, 0x1fff);
	expect_run(image, 0, 0, 0x1fff);
	expect_run(image, 0x2000, 0x8001, 0x8003);
	expect_run(image, 0x8004, GIB, GIB + 8191);
	expect_run(image, GIB + 8192, UINT64_C(1) << 40, (UINT64_C(1) << 40) + 4095);
	assert_int_equal(KIND->run(image, PHYS, (UINT64_C(1) << 40) + 4096, &run),
			 TMEM_E_NO_MORE_ENTRIES);
	expect_description(image, "raw image of physical memory, 20 KiB in 4 ranges");
	KIND->close(image);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		expect_refusal(path, refused[i].options, TMEM_E_INVALIDARG, refused[i].words);
	close(fd);
	unlink(path);
}

/* 64 GiB of which a few pages are there: opening and looking costs nothing a page. */
static void sparse(void **state)
{
	uint64_t size = 64 * GIB, end;
	struct rusage before, after;
	struct mallinfo2 heap;
	struct tmi_run run;
	char path[64];
	void *image;
	int fd = new_sparse(path, size);

	if (fd < 0)
		return;
	fill(fd, 40 * GIB, PAGE);
	heap = mallinfo2();
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 16; i++) {
		image = open_path(path, "hole=q35", true);
		assert_int_equal(KIND->run(image, PHYS, 42 * GIB, &run), TMEM_S_OK);
		/* In the file, 40 GiB stand two higher in memory. */
		if (KIND->untouched(image, PHYS, &run, 5 * GIB, 50 * GIB, &end)) {
			assert_int_equal(end, 42 * GIB - 1);
			assert_false(KIND->untouched(image, PHYS, &run, 42 * GIB, 50 * GIB, &end));
			assert_true(end >= 42 * GIB + PAGE - 1 && end < 43 * GIB);
			assert_true(KIND->untouched(image, PHYS, &run, end + 1, 50 * GIB, &end));
			assert_int_equal(end, 50 * GIB);
		} else {
			printf("not possible here: a file system that tells of holes in /tmp\n");
		}
		expect_content(image, 42 * GIB, 40 * GIB, PAGE);
		KIND->close(image);
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(mallinfo2().uordblks < heap.uordblks + 65536);
	/* 16 openings: a table of one bit a page would be 2 MiB each, or 8,192 faults together. */
	assert_true(after.ru_minflt - before.ru_minflt < 2000);
	assert_true(after.ru_maxrss < before.ru_maxrss + 8192);
	/* A running guest may fill a hole at any time. */
	image = open_path(path, "live=on", true);
	assert_false(KIND->untouched(image, PHYS, &run, 5 * GIB, 6 * GIB, &end));
	KIND->close(image);
	close(fd);
	unlink(path);
}

static void cut_while_open(void **state)
{
	char path[64];

	signal(SIGBUS, SIG_DFL); /* the framework's handler is on top of ours else */
	for (int may_map = 0; may_map < 2; may_map++) {
		int fd = new_file(path);
		struct tmi_facts facts;
		uint8_t buffer[16 * PAGE];
		void *image;

		fill(fd, 0, 16 * PAGE);
		image = open_path(path, NULL, may_map);
		expect_content(image, 0, 0, 16 * PAGE);
		assert_int_equal(ftruncate(fd, 5 * PAGE + 100), 0);
		assert_int_equal(read_at(image, 0, buffer, 16 * PAGE, NULL), 5 * PAGE + 100);
		expect_fault(image, 8 * PAGE, TMEM_REASON_TRUNCATED);
		expect_content(image, 0, 0, 5 * PAGE + 100);
		assert_int_equal(read_at(image, 5 * PAGE, buffer, PAGE, NULL), 100);
		expect_run(image, 0, 0, 5 * PAGE + 99);
		expect_run(image, 5 * PAGE + 100, 5 * PAGE + 100, 16 * PAGE - 1);
		assert_true(KIND->facts(image, PHYS, &facts));
		assert_true(facts.incomplete && facts.byte_granular);
		expect_description(image, "raw image of physical memory, 64 KiB, incomplete");
		KIND->close(image);
		close(fd);
		unlink(path);
	}
}

/* ---- Of running guests ---- */

/* The other side of the file: what a guest would see. */
static void expect_file(int fd, uint64_t offset, const void *expected, size_t size)
{
	uint8_t *buffer = malloc(size);

	assert_int_equal(pread(fd, buffer, size, (off_t)offset), size);
	assert_memory_equal(buffer, expected, size);
	free(buffer);
}

static void live(void **state)
{
	char path[64];

	for (int may_map = 0; may_map < 2; may_map++) {
		int fd = new_file(path);
		struct tmi_borrow borrow;
		struct tmi_facts facts;
		size_t done;
		void *image;
		uint8_t *guest;

		fill(fd, 0, 4 * PAGE);
		image = open_path(path, "live=on,base=4G", may_map);
		assert_true(KIND->facts(image, PHYS, &facts));
		assert_true(facts.live);
		assert_int_equal(facts.lends, may_map);
		assert_false(KIND->cacheable(image, PHYS, 4 * GIB));
		expect_description(image,
				   "raw image of physical memory, 16 KiB, of a running guest");
		assert_int_equal(KIND->view(image, PHYS, 4 * GIB, &borrow), may_map);
		/* What the guest stores is there at once, by read and by view. */
		guest = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		memcpy(guest + 100, "changed", 7);
		{
			char seen[7];

			assert_int_equal(read_at(image, 4 * GIB + 100, seen, 7, NULL), 7);
			assert_memory_equal(seen, "changed", 7);
			if (may_map)
				assert_memory_equal(borrow.data + 100, "changed", 7);
		}
		/* It does not take writes. */
		assert_int_equal(write_at(image, 4 * GIB, "x", 1, &done), TMEM_E_WRITE_FAULT);
		assert_int_equal(done, 0);
		assert_int_equal(tmi_error_reason(), TMEM_REASON_NOT_STORED);
		assert_int_equal(guest[0], content(0));
		munmap(guest, 4 * PAGE);
		KIND->close(image);
		close(fd);
		unlink(path);
	}
}

static void write_through(void **state)
{
	char path[64];

	signal(SIGBUS, SIG_DFL);
	for (int may_map = 0; may_map < 2; may_map++) {
		int fd = new_file(path);
		uint8_t *bytes = malloc(65536), back[16];
		struct stat info;
		size_t done;
		void *image;

		for (size_t i = 0; i < 65536; i++)
			bytes[i] = (uint8_t)(i * 31);
		fill(fd, 0, 32 * PAGE);
		image = open_path(path,
				  "live=on,write=through,ranges=0+64K@64K;64K+32K@0;1G+4K@96K",
				  may_map);
		expect_description(image, "raw image of physical memory, 100 KiB in 2 ranges, of a "
					  "running guest, written through");
		/* Sizes and places of all kinds; over the seam of two ranges; up to the end. */
		assert_int_equal(write_at(image, 8, "12345678", 8, &done), TMEM_S_OK);
		assert_int_equal(done, 8);
		expect_file(fd, 65536 + 8, "12345678", 8);
		assert_int_equal(write_at(image, 0x103, "odd", 3, &done), TMEM_S_OK);
		expect_file(fd, 65536 + 0x103, "odd", 3);
		assert_int_equal(write_at(image, 0x104, "even", 4, &done), TMEM_S_OK);
		expect_file(fd, 65536 + 0x104, "even", 4);
		assert_int_equal(write_at(image, 65536 - 4, "overseam", 8, &done), TMEM_S_OK);
		assert_int_equal(done, 8);
		expect_file(fd, 131072 - 4, "over", 4);
		expect_file(fd, 0, "seam", 4);
		assert_int_equal(write_at(image, 65536 + 32768 - 5, "tailtail", 8, &done),
				 TMEM_S_OK);
		assert_int_equal(done, 5);
		expect_file(fd, 32768 - 5, "tailt", 5);
		assert_int_equal(write_at(image, 0x1000, bytes, 40000, &done), TMEM_S_OK);
		assert_int_equal(done, 40000);
		expect_file(fd, 65536 + 0x1000, bytes, 40000);
		assert_int_equal(read_at(image, 0x1000, back, 16, NULL), 16);
		assert_memory_equal(back, bytes, 16);
		/* Nothing else changed. */
		expect_content(image, GIB, 96 * 1024 + 0, 0);
		assert_int_equal(write_at(image, 2 * GIB, "x", 1, &done), TMEM_E_WRITE_FAULT);
		assert_int_equal(tmi_error_reason(), TMEM_REASON_NOT_MAPPED);
		assert_int_equal(write_at(image, 0, "", 0, &done), TMEM_S_OK);
		{
			struct tmem_transfer item = { .buffer = bytes, .size = 1 };

			assert_int_equal(KIND->write(image, 0, &item, 1), TMEM_S_OK);
			assert_int_equal(item.status, TMEM_E_WRITE_FAULT);
		}
		/* The file never grows, also when it was cut. */
		assert_int_equal(ftruncate(fd, 80 * 1024), 0);
		assert_int_equal(write_at(image, GIB, "x", 1, &done), TMEM_E_WRITE_FAULT);
		assert_int_equal(tmi_error_reason(), TMEM_REASON_TRUNCATED);
		assert_int_equal(write_at(image, 16384 - 2, "abcd", 4, &done), TMEM_S_OK);
		assert_int_equal(done, 2);
		expect_file(fd, 80 * 1024 - 2, "ab", 2);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_size, 80 * 1024);
		KIND->close(image);
		free(bytes);
		close(fd);
		unlink(path);
	}
}

/* A hole of a file whose disk is full: the store is lost, the program is not. */
static void write_to_a_full_disk(void **state)
{
	char folder[64] = "/tmp/tmem-full-XXXXXX", path[96], command[256];
	size_t done;
	void *image;
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "mount -t tmpfs -o size=64k none %s 2>/dev/null",
		 folder);
	if (geteuid() != 0 || system(command) != 0) {
		printf("not possible here: mounting a file system of 64 KiB\n");
		rmdir(folder);
		return;
	}
	signal(SIGBUS, SIG_DFL);
	for (int may_map = 0; may_map < 2; may_map++) {
		snprintf(path, sizeof(path), "%s/ram", folder);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		assert_int_equal(ftruncate(fd, 1 << 20), 0);
		fill(fd, 0, 16 * PAGE - 0);
		image = open_path(path, "live=on,write=through", may_map);
		assert_int_equal(write_at(image, 0, "there", 5, &done), TMEM_S_OK);
		assert_int_equal(write_at(image, 512 * 1024, "x", 1, &done), TMEM_E_WRITE_FAULT);
		assert_int_equal(done, 0);
		expect_file(fd, 0, "there", 5);
		KIND->close(image);
		close(fd);
		unlink(path);
	}
	snprintf(command, sizeof(command), "umount %s", folder);
	assert_int_equal(system(command), 0);
	rmdir(folder);
}

static void not_writable(void **state)
{
	char path[64];
	int fd = new_file(path);
	bool root = geteuid() == 0;
	void *image;

	fill(fd, 0, PAGE);
	/* A compressed file is read from a copy: who would see what is written into that? */
	assert_int_equal(try_open(path, "live=on", true, "packed.zst", &image), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmi_error_text(), "packed.zst is compressed"));
	/* Readable, not writable. */
	assert_int_equal(fchmod(fd, 0444), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(try_open(path, "live=on,write=through", true, NULL, &image),
			 TMEM_E_ACCESS_DENIED);
	assert_non_null(strstr(tmi_error_text(), "cannot be written through"));
	image = open_path(path, "live=on", true);
	KIND->close(image);
	if (root)
		assert_int_equal(seteuid(0), 0);
	close(fd);
	unlink(path);
}

/* ---- LiME ---- */

static void put(uint8_t *at, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void put_range(int fd, uint64_t offset, uint32_t magic, uint32_t version, uint64_t first,
		      uint64_t last)
{
	uint8_t header[32] = { 0 };

	put(header, 4, magic);
	put(header + 4, 4, version);
	put(header + 8, 8, first);
	put(header + 16, 8, last);
	assert_int_equal(pwrite(fd, header, 32, (off_t)offset), 32);
}

#define LIME 0x4c694d45u
#define AVML 0x4c4d5641u

static void lime(void **state)
{
	char path[64];
	int fd = new_file(path);
	struct tmi_facts facts;
	void *image;

	fill(fd, 0, 0x9000 + 96);
	put_range(fd, 0, LIME, 1, 0x1000, 0x4fff);
	put_range(fd, 0x4020, LIME, 1, 0x100000, 0x1003ff);
	put_range(fd, 0x4440, LIME, 1, 0x100000000, 0x100002fff);
	assert_int_equal(ftruncate(fd, 0x4440 + 32 + 0x3000), 0);
	for (int may_map = 0; may_map < 2; may_map++) {
		image = open_path(path, may_map ? "machine=arm64" : NULL, may_map);
		expect_content(image, 0x1000, 32, 0x4000);
		expect_content(image, 0x100000, 0x4040, 0x400);
		expect_content(image, 0x100000000, 0x4460, 0x3000);
		expect_fault(image, 0x5000, TMEM_REASON_NOT_MAPPED);
		expect_fault(image, 0xfff, TMEM_REASON_NOT_MAPPED);
		assert_true(KIND->facts(image, PHYS, &facts));
		assert_int_equal(facts.machine, may_map ? 183 : 62);
		assert_false(facts.incomplete);
		expect_description(image, "LiME image of physical memory, 29 KiB in 3 ranges");
		KIND->close(image);
	}
	expect_refusal(path, "base=1G", TMEM_E_INVALIDARG, "LiME");
	expect_refusal(path, "live=on", TMEM_E_INVALIDARG, "LiME");
	/* Cut inside a range, and inside a header. */
	assert_int_equal(ftruncate(fd, 0x4460 + 0x100), 0);
	image = open_path(path, NULL, true);
	expect_content(image, 0x100000000, 0x4460, 0x100);
	expect_fault(image, 0x100000100, TMEM_REASON_TRUNCATED);
	expect_description(image, "LiME image of physical memory, 29 KiB in 3 ranges, incomplete");
	KIND->close(image);
	assert_int_equal(ftruncate(fd, 0x4450), 0);
	image = open_path(path, NULL, true);
	assert_true(KIND->facts(image, PHYS, &facts) && facts.incomplete);
	expect_description(image, "LiME image of physical memory, 17 KiB in 2 ranges, incomplete "
				  "(file offset 17472: the file ends inside a header)");
	KIND->close(image);
	/* Something else where a header should be. */
	put_range(fd, 0x4440, 0x12345678, 1, 0, 1);
	image = open_path(path, NULL, false);
	expect_content(image, 0x1000, 32, 0x4000);
	expect_description(image,
			   "LiME image of physical memory, 17 KiB in 2 ranges, incomplete "
			   "(file offset 17472: there is no header of LiME version 1 where a "
			   "range should begin)");
	KIND->close(image);
	/* Overlaps. */
	put_range(fd, 0x4020, LIME, 1, 0x4fff, 0x53fe);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "hold the address 0x4fff");
	/* Numbers that cannot be. */
	put_range(fd, 0, LIME, 1, 0x1000, 0xfff);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "before it begins");
	put_range(fd, 0, LIME, 1, 0, UINT64_MAX);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "longer than any file");
	put_range(fd, 0, LIME, 1, 0x10, UINT64_MAX);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "longer than any file");
	put_range(fd, 0, LIME, 2, 0, 0xfff);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "unknown version");
	put_range(fd, 0, AVML, 2, 0, 0xfff);
	expect_refusal(path, NULL, TMEM_E_BAD_FORMAT, "compressed AVML");
	close(fd);
	unlink(path);
}

/* ---- Telling ---- */

static int score(const void *head, size_t size, uint64_t file_size, const char **why)
{
	struct tmi_probe probe = {
		.path = "x", .head = head, .head_size = size, .file_size = file_size
	};

	*why = NULL;
	return KIND->probe(&probe, why);
}

static void probing(void **state)
{
	uint8_t head[4096] = { 0 };
	const char *why;

	assert_true(score(head, sizeof(head), 1 << 20, &why) > 0);
	assert_int_equal(score(head, sizeof(head), (1 << 20) + 1, &why), 0);
	assert_non_null(strstr(why, "raw:FILE"));
	assert_int_equal(score(head, sizeof(head), (1 << 20) - 4096, &why), 0);
	assert_int_equal(score(head, sizeof(head), 0, &why), 0);
	memcpy(head, "\177ELF", 4);
	assert_int_equal(score(head, sizeof(head), 1 << 20, &why), 0);
	assert_string_equal(why, "an ELF file");
	memcpy(head, "PAGEDU64", 8);
	assert_int_equal(score(head, sizeof(head), 1 << 20, &why), 0);
	memset(head, 0, sizeof(head));
	memcpy(head + 257, "ustar", 5);
	assert_int_equal(score(head, sizeof(head), 1 << 20, &why), 0);
	memset(head, 'a', sizeof(head));
	assert_int_equal(score(head, sizeof(head), 1 << 20, &why), 0);
	assert_string_equal(why, "a text");
	head[77] = 0;
	assert_true(score(head, sizeof(head), 1 << 20, &why) > 0);
	put(head, 4, LIME);
	put(head + 4, 4, 1);
	assert_int_equal(score(head, 8, 8, &why), 90);
	put(head + 4, 4, 7);
	assert_int_equal(score(head, 8, 8, &why), 0);
	assert_non_null(strstr(why, "unknown version"));
	put(head, 4, AVML);
	put(head + 4, 4, 2);
	assert_int_equal(score(head, 8, 8, &why), 0);
	assert_non_null(strstr(why, "AVML"));
	assert_int_equal(score(head, 0, 0, &why), 0);
	assert_non_null(why);
}

static void refusals(void **state)
{
	char path[64];
	int fd = new_file(path);

	expect_refusal(path, NULL, TMEM_E_MAPPED_FILE_SIZE_ZERO, "empty");
	close(fd);
	unlink(path);
	expect_refusal(path, NULL, TMEM_E_FILE_NOT_FOUND, "No such file");
	expect_refusal("/tmp", NULL, TMEM_E_INVALIDARG, "folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat),
		cmocka_unit_test(machines_and_base),
		cmocka_unit_test(hole_of_a_pc),
		cmocka_unit_test(ranges),
		cmocka_unit_test(sparse),
		cmocka_unit_test(cut_while_open),
		cmocka_unit_test(live),
		cmocka_unit_test(write_through),
		cmocka_unit_test(write_to_a_full_disk),
		cmocka_unit_test(not_writable),
		cmocka_unit_test(lime),
		cmocka_unit_test(probing),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
