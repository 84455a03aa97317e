/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process_io.c - reading and writing a live process: every kind of memory, the reasons of
 * failures, batches against a plain model, the stack that must not grow; with every fall-back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "live_zoo.h"

struct fixture {
	struct zoo zoo;
	void *state;
};

static int set_up(void **data)
{
	struct fixture *f = calloc(1, sizeof(*f));

	alarm(60); /* a read that blocks must not hang the tests */
	zoo_start(&f->zoo);
	f->state = zoo_open_pid(f->zoo.pid, NULL);
	*data = f;
	return 0;
}

static int tear_down(void **data)
{
	struct fixture *f = *data;

	tmi_target_process.close(f->state);
	zoo_end(&f->zoo);
	free(f);
	alarm(0);
	return 0;
}

static void expect_bytes(struct fixture *f, uint64_t address, size_t size, const char *what)
{
	uint8_t *bytes = malloc(size);
	size_t done = zoo_read(f->state, 0, address, bytes, size, NULL);

	if (done != size)
		fail_msg("%s: %zu of %zu bytes: %s", what, done, size, tmi_error_text());
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != zoo_byte(address + i))
			fail_msg("%s: byte %zu is %02x, not %02x", what, i, bytes[i],
				 zoo_byte(address + i));
	free(bytes);
}

static void expect_zeros(struct fixture *f, uint64_t address, size_t size)
{
	uint8_t *bytes = malloc(size);

	memset(bytes, 1, size);
	assert_int_equal(zoo_read(f->state, 0, address, bytes, size, NULL), size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], 0);
	free(bytes);
}

static void expect_fault(struct fixture *f, uint64_t address, enum tmem_reason reason)
{
	tmem_status status;
	uint8_t byte = 0xee;

	assert_int_equal(zoo_read(f->state, 0, address, &byte, 1, &status), 0);
	assert_int_equal(status, TMEM_E_READ_FAULT);
	if (tmi_error_reason() != reason)
		fail_msg("reason is: %s", tmi_error_text());
	assert_int_equal(byte, 0xee);
}

/* --- reading --- */

static void every_kind_reads(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	size_t size = ZOO_PAGES * at->page;

	for (size_t part = 1; part <= size; part += size - 1) {
		expect_bytes(f, at->plain, part, "plain");
		expect_bytes(f, at->readonly, part, "readonly");
		expect_bytes(f, at->none, part, "none");
		expect_bytes(f, at->writeonly, part, "writeonly");
		expect_bytes(f, at->code, part, "code");
		expect_bytes(f, at->execonly, part, "execonly");
		expect_bytes(f, at->shared, part, "shared");
		expect_bytes(f, at->copied, part < at->page ? part : at->page, "copied");
		expect_zeros(f, at->none_new, part);
	}
}

static void large_reads_and_zeros(void **data)
{
	struct fixture *f = *data;

	expect_zeros(f, f->zoo.at->reserve, 4 << 20);
}

static void prefix_ends_at_the_exact_byte(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	size_t page = at->page;
	uint8_t *bytes = malloc(ZOO_PAGES * page);

	/* rw page, protected page, hole */
	for (size_t back = 1; back <= 3 * page; back *= 7) {
		uint64_t from = at->holes + 2 * page - back;
		size_t done = zoo_read(f->state, 0, from, bytes, ZOO_PAGES * page, NULL);

		if (from < at->holes)
			break;
		assert_int_equal(done, back);
		for (size_t i = 0; i < done; i++)
			assert_int_equal(bytes[i], zoo_byte(from + i));
	}
	expect_fault(f, at->holes + 2 * page, TMEM_REASON_NOT_MAPPED);
	expect_bytes(f, at->holes + 3 * page, page, "after the hole");
	free(bytes);
}

/*
 * The zoo's files are removed while they are mapped: only the kernel's links in map_files lead to
 * them, for whoever has CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. False, and said, when not.
 */
static bool removed_files_can_be_seen(const struct fixture *f)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(f->zoo.pid, &mappings);
	struct stat info;
	char path[128];
	bool seen = true;

	for (size_t i = 0; i < count; i++) {
		if (mappings[i].first != f->zoo.at->cut)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", f->zoo.pid,
			 mappings[i].first, mappings[i].last + 1);
		seen = !stat(path, &info);
	}
	free(mappings);
	if (!seen)
		print_message(
			"not possible here: sizes of removed files, a privilege is missing\n");
	return seen;
}

static void reasons_of_read_faults(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	uint64_t page = at->page;

	expect_fault(f, 0x10, TMEM_REASON_NOT_MAPPED);
	expect_fault(f, 0x8000000000000000, TMEM_REASON_NOT_MAPPED);
	expect_fault(f, 0xffffffffffffffff, TMEM_REASON_NOT_MAPPED);
	if (removed_files_can_be_seen(f)) {
		expect_fault(f, at->cut + 2 * page, TMEM_REASON_PAST_END_OF_FILE);
		expect_fault(f, at->cut_shared + 3 * page + 5, TMEM_REASON_PAST_END_OF_FILE);
	}
	if (at->guard)
		expect_fault(f, at->guard + 2 * page + 9, TMEM_REASON_GUARD);
	else
		print_message("not possible here: guard pages\n");
	if (at->blocking)
		expect_fault(f, at->blocking + page, TMEM_REASON_WOULD_BLOCK);
	else
		print_message("not possible here: userfaultfd\n");
	if (at->secret)
		expect_fault(f, at->secret, TMEM_REASON_NO_ACCESS);
	else
		print_message("not possible here: memfd_secret\n");
}

static void ends_before_what_cannot_be_read(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	size_t size = ZOO_PAGES * at->page;
	uint8_t *bytes = malloc(16 * size);

	assert_int_equal(zoo_read(f->state, 0, at->cut, bytes, size, NULL), 2 * at->page);
	assert_int_equal(bytes[0], 'c');
	assert_int_equal(bytes[at->page + 99], 'c');
	assert_int_equal(bytes[at->page + 100], 0);
	assert_int_equal(zoo_read(f->state, 0, at->cut_shared, bytes, size, NULL), 2 * at->page);
	if (at->guard) {
		assert_int_equal(zoo_read(f->state, 0, at->guard, bytes, size, NULL), 2 * at->page);
		expect_bytes(f, at->guard + 3 * at->page, at->page, "after the guard");
	}
	if (at->blocking)
		assert_int_equal(zoo_read(f->state, 0, at->blocking, bytes, size, NULL), at->page);
	free(bytes);
}

/* --- the stack --- */

/* Where the mapping that ends with the byte at @last begins. */
static uint64_t start_of(pid_t pid, uint64_t last)
{
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(pid, &mappings);
	uint64_t start = 0;

	for (size_t i = 0; i < count; i++)
		if (mappings[i].first <= last && last <= mappings[i].last)
			start = mappings[i].first;
	free(mappings);
	return start;
}

/* The trap itself, without the library: it must be there, or the test below shows nothing. */
static void read_below_the_stack(pid_t pid, uint64_t address)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)address), 1);
	close(fd);
}

static void does_not_grow(struct fixture *f, uint64_t before)
{
	static const unsigned below[] = { 1, 2, 100, 1000, 1500 };
	const struct zoo_places *at = f->zoo.at;
	uint8_t *bytes = malloc(1 << 20);
	struct tmem_transfer items[8];

	assert_int_equal(start_of(f->zoo.pid, before), before);
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		uint64_t address = before - below[i] * at->page;

		expect_fault(f, address, TMEM_REASON_NOT_MAPPED);
		assert_int_equal(zoo_read(f->state, 0, address + 8, bytes, 1 << 20, NULL), 0);
		assert_int_equal(zoo_write(f->state, 0, address, "x", 1, NULL), 0);
		items[i] = (struct tmem_transfer){ .offset = address, .buffer = bytes, .size = 8 };
	}
	assert_int_equal(tmi_target_process.read(f->state, 0, items, 5, 0), TMEM_S_OK);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(items[i].done, 0);
	assert_int_equal(start_of(f->zoo.pid, before), before);
	assert_int_equal(zoo_read(f->state, 0, before, bytes, 16, NULL), 16);
	/* Again, now that the mapping above is the one read from last. */
	assert_int_equal(zoo_read(f->state, 0, before - 8, bytes, 16, NULL), 0);
	assert_int_equal(start_of(f->zoo.pid, before), before);
	read_below_the_stack(f->zoo.pid, before - 2 * at->page);
	assert_true(start_of(f->zoo.pid, before) < before);
	/* The part that is new is read like any other. */
	assert_int_equal(zoo_read(f->state, 0, before - at->page, bytes, 16, NULL), 16);
	free(bytes);
}

static void stack_does_not_grow(void **data)
{
	struct fixture *f = *data;

	does_not_grow(f, f->zoo.at->stack);
}

static void other_growing_memory_does_not_grow(void **data)
{
	struct fixture *f = *data;

	does_not_grow(f, f->zoo.at->growing);
}

/* --- batches --- */

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t random_address(const struct zoo_places *at)
{
	const uint64_t bases[] = { at->plain,  at->readonly,   at->none,  at->writeonly,
				   at->code,   at->execonly,   at->guard, at->cut,
				   at->shared, at->cut_shared, at->holes, at->blocking,
				   at->secret, at->reserve,    0x1000,    at->copied };

	return bases[next_random() % (sizeof(bases) / sizeof(bases[0]))] +
	       next_random() % (5 * at->page);
}

static void expect_same(const struct tmem_transfer *item, const uint8_t *alone)
{
	const uint8_t *batch = item->buffer;

	for (size_t i = 0; i < item->done; i++)
		if (batch[i] != alone[i])
			fail_msg("%zu bytes at %lx: at %lx %02x in the batch, %02x alone",
				 item->done, item->offset, item->offset + i, batch[i], alone[i]);
}

static void check_batch(struct fixture *f, struct tmem_transfer *items, size_t count)
{
	uint8_t *alone = malloc(200000);

	assert_int_equal(tmi_target_process.read(f->state, 0, items, count, 0), TMEM_S_OK);
	for (size_t i = 0; i < count; i++) {
		tmem_status status;
		size_t done = zoo_read(f->state, 0, items[i].offset, alone, items[i].size, &status);

		if (done != items[i].done || status != items[i].status)
			fail_msg("%zu: %zu bytes at %lx: %zu (%x) in the batch, %zu (%x) alone", i,
				 items[i].size, items[i].offset, items[i].done, items[i].status,
				 done, status);
		expect_same(&items[i], alone);
	}
	free(alone);
}

static void batches_agree_with_single_reads(void **data)
{
	static const size_t counts[] = { 2, 3, 17, 100, 1500 };
	struct fixture *f = *data;

	for (size_t round = 0; round < sizeof(counts) / sizeof(counts[0]); round++) {
		size_t count = counts[round];
		struct tmem_transfer *items = calloc(count, sizeof(*items));

		for (size_t i = 0; i < count; i++) {
			size_t size = next_random() % 5 ? next_random() % 40
							: next_random() % (3 * f->zoo.at->page);

			if (i == 3)
				size = 150000;
			items[i].offset = random_address(f->zoo.at);
			items[i].size = size;
			items[i].buffer = malloc(size + 1);
		}
		check_batch(f, items, count);
		for (size_t i = 0; i < count; i++)
			free(items[i].buffer);
		free(items);
	}
}

static void batch_in_few_pages(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	struct tmem_transfer items[1024] = { 0 };
	uint64_t values[1024];

	for (size_t i = 0; i < 1024; i++) {
		items[i].offset = at->plain + next_random() % (ZOO_PAGES * at->page - 8);
		items[i].buffer = &values[i];
		items[i].size = 8;
	}
	assert_int_equal(tmi_target_process.read(f->state, 0, items, 1024, 0), TMEM_S_OK);
	for (size_t i = 0; i < 1024; i++) {
		const uint8_t *bytes = items[i].buffer;

		assert_int_equal(items[i].done, 8);
		assert_int_equal(items[i].status, TMEM_S_OK);
		for (size_t k = 0; k < 8; k++)
			assert_int_equal(bytes[k], zoo_byte(items[i].offset + k));
	}
}

/* So many far apart that the mappings' traits are looked up; absent pages must not block then. */
static void many_scattered_batches(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	struct tmem_transfer items[40] = { 0 };
	uint64_t values[40];
	const char text[] = "scatter!";

	for (size_t i = 0; i < 32; i++)
		assert_int_equal(zoo_write(f->state, 0, at->reserve + (i << 21), text, 8, NULL), 8);
	for (int round = 0; round < 400; round++) {
		for (size_t i = 0; i < 40; i++)
			items[i] =
				(struct tmem_transfer){ .offset = at->reserve + (i * 7 % 32 << 21),
							.buffer = &values[i],
							.size = 8 };
		items[33].offset = at->blocking ? at->blocking + at->page : 0x1000;
		items[34].offset = at->none + 40;
		items[35].offset = at->guard ? at->guard + 2 * at->page : 0x1000;
		assert_int_equal(tmi_target_process.read(f->state, 0, items, 40, 0), TMEM_S_OK);
		for (size_t i = 0; i < 33; i++)
			assert_memory_equal(&values[i], text, 8);
		assert_int_equal(items[33].done, 0);
		assert_int_equal(items[34].done, 8);
		assert_int_equal(items[35].done, 0);
	}
}

static uint64_t table_kilobytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmPTE: %lu", &size);
	fclose(file);
	return size;
}

static void zeros_without_touching(void **data)
{
	struct fixture *f = *data;
	size_t size = 8 << 20;
	uint8_t *bytes = malloc(size);
	struct tmem_transfer item = { .offset = f->zoo.at->reserve + 3,
				      .buffer = bytes,
				      .size = size };
	uint64_t tables = table_kilobytes(f->zoo.pid);
	unsigned long resident = zoo_resident(f->zoo.pid, f->zoo.at->reserve);
	const char *disabled = getenv("TMEM_DISABLE");

	memset(bytes, 1, size);
	assert_int_equal(tmi_target_process.read(f->state, 0, &item, 1, TMI_READ_NO_TOUCH),
			 TMEM_S_OK);
	assert_int_equal(item.done, size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], 0);
	if (!strstr(disabled ? disabled : "", "pagemap,") &&
	    !strstr(disabled ? disabled : "", ",pagemap") &&
	    strcmp(disabled ? disabled : "", "pagemap") &&
	    !strstr(disabled ? disabled : "", "process_vm")) {
		assert_int_equal(table_kilobytes(f->zoo.pid), tables);
		assert_int_equal(zoo_resident(f->zoo.pid, f->zoo.at->reserve), resident);
	}
	free(bytes);
}

/* --- writing --- */

static void write_and_look(struct fixture *f, uint64_t address, size_t size, const char *what)
{
	uint8_t *bytes = malloc(size), *back = calloc(1, size), *old = malloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)~zoo_byte(address + i);
	assert_int_equal(zoo_read(f->state, 0, address, old, size, NULL), size);
	if (zoo_write(f->state, 0, address, bytes, size, NULL) != size)
		fail_msg("writing %zu bytes to %s: %s", size, what, tmi_error_text());
	assert_int_equal(zoo_read(f->state, 0, address, back, size, NULL), size);
	assert_memory_equal(bytes, back, size);
	assert_int_equal(zoo_write(f->state, 0, address, old, size, NULL), size);
	free(bytes);
	free(back);
	free(old);
}

static void every_kind_is_written(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	size_t size = ZOO_PAGES * at->page;

	for (size_t part = 3; part <= size; part += size - 3) {
		write_and_look(f, at->plain, part, "plain");
		write_and_look(f, at->readonly, part, "readonly");
		write_and_look(f, at->none, part, "none");
		write_and_look(f, at->code, part, "code");
		write_and_look(f, at->execonly, part, "execonly");
		write_and_look(f, at->copied, part, "copied");
		write_and_look(f, at->shared, part, "shared");
	}
	write_and_look(f, at->reserve, 1 << 20, "reserve");
}

static void alias_sees_the_write(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	char back[6] = "";

	assert_int_equal(zoo_write(f->state, 0, at->shared + 77, "alias", 5, NULL), 5);
	assert_int_equal(zoo_read(f->state, 0, at->shared_ro + 77, back, 5, NULL), 5);
	assert_string_equal(back, "alias");
}

static void expect_write_fault(struct fixture *f, uint64_t address, enum tmem_reason reason)
{
	tmem_status status;

	assert_int_equal(zoo_write(f->state, 0, address, "x", 1, &status), 0);
	assert_int_equal(status, TMEM_E_WRITE_FAULT);
	if (tmi_error_reason() != reason)
		fail_msg("reason is: %s", tmi_error_text());
}

static void reasons_of_write_faults(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	uint8_t *bytes = calloc(1, 1 << 20);

	expect_write_fault(f, at->shared_ro, TMEM_REASON_READ_ONLY);
	expect_write_fault(f, 0x10, TMEM_REASON_NOT_MAPPED);
	expect_write_fault(f, 0x8000000000000000, TMEM_REASON_NOT_MAPPED);
	expect_write_fault(f, at->holes + 2 * at->page, TMEM_REASON_NOT_MAPPED);
	if (removed_files_can_be_seen(f))
		expect_write_fault(f, at->cut_shared + 3 * at->page, TMEM_REASON_PAST_END_OF_FILE);
	if (at->guard)
		expect_write_fault(f, at->guard + 2 * at->page, TMEM_REASON_GUARD);
	if (at->blocking) {
		expect_write_fault(f, at->blocking + at->page, TMEM_REASON_WOULD_BLOCK);
		assert_int_equal(zoo_write(f->state, 0, at->blocking, bytes, 1 << 20, NULL),
				 at->page);
	}
	assert_int_equal(zoo_write(f->state, 0, at->holes + at->page - 5, bytes, 1 << 20, NULL),
			 at->page + 5);
	free(bytes);
}

/* --- many reads of the same kind: what is remembered must stay right --- */

static void sees_mappings_come_and_go(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;

	expect_bytes(f, at->plain, 64, "plain");
	zoo_do(&f->zoo, ZOO_UNMAP);
	expect_fault(f, at->plain, TMEM_REASON_NOT_MAPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(every_kind_reads),
		ROW(large_reads_and_zeros),
		ROW(prefix_ends_at_the_exact_byte),
		ROW(reasons_of_read_faults),
		ROW(ends_before_what_cannot_be_read),
		ROW(stack_does_not_grow),
		ROW(other_growing_memory_does_not_grow),
		ROW(batches_agree_with_single_reads),
		ROW(batch_in_few_pages),
		ROW(many_scattered_batches),
		ROW(zeros_without_touching),
		ROW(every_kind_is_written),
		ROW(alias_sees_the_write),
		ROW(reasons_of_write_faults),
		ROW(sees_mappings_come_and_go),
#undef ROW
	};

	return zoo_run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
