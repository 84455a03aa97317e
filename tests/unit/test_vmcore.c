/* SPDX-License-Identifier: Apache-2.0 */
/* test_vmcore.c - the kind "vmcore" over dumps of odd shapes, through its ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "core_writer.h"
#include "target/target.h"

#define KIND (&tmi_target_vmcore)
#define PHYS TMI_SPACE_PHYSICAL

static void *open_path(const char *path, bool may_map)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, may_map };
	void *state = NULL;

	assert_int_equal(tmi_options_init(&options, NULL), TMEM_S_OK);
	if (KIND->open(&request, &state) != TMEM_S_OK)
		print_error("%s\n", tmi_error_text());
	tmi_options_fini(&options);
	return state;
}

/* Writes, opens and removes: the file lives on while it is open. */
static void *open_written(struct core_writer *w, bool may_map)
{
	char path[64];
	void *state;

	core_writer_save(w, path);
	state = open_path(path, may_map);
	unlink(path);
	assert_non_null(state);
	return state;
}

static tmem_status open_failure(const void *bytes, size_t size, const char *expected)
{
	char path[64] = "/tmp/tmem-vmcore-XXXXXX";
	int fd = mkstemp(path);
	struct tmi_options options;
	struct tmi_open request = { path, &options, true };
	void *state = NULL;
	tmem_status status;

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	tmi_options_init(&options, NULL);
	status = KIND->open(&request, &state);
	assert_null(state);
	if (!strstr(tmi_error_text(), expected))
		fail_msg("expected \"%s\" in \"%s\"", expected, tmi_error_text());
	assert_non_null(strstr(tmi_error_text(), path));
	unlink(path);
	return status;
}

/* A PT_LOAD of physical memory; the virtual address is nonsense that must not matter. */
static void load(struct core_writer *w, uint64_t physical, uint64_t memory_size, const void *bytes,
		 size_t file_size)
{
	core_writer_load(w, 0xdead0000 + 7 * w->count, memory_size, bytes, file_size, 7);
	w->segments[w->count - 1].physical = physical;
}

static void load_at(struct core_writer *w, uint64_t physical, uint64_t memory_size, uint64_t offset,
		    uint64_t file_size)
{
	core_writer_load_at(w, 0xdead0000 + 7 * w->count, memory_size, offset, file_size, 7);
	w->segments[w->count - 1].physical = physical;
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

static void expect_bytes(void *state, uint64_t address, const void *expected, size_t size)
{
	uint8_t *buffer = malloc(size + 1);

	memset(buffer, 0xee, size + 1);
	assert_int_equal(read_at(state, address, buffer, size, NULL), size);
	assert_memory_equal(buffer, expected, size);
	assert_int_equal(buffer[size], 0xee);
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

struct expected_run {
	uint64_t first;
	uint64_t last;
	uint32_t reason; /* 0: the file has it */
};

/* The runs one by one, and the same from the list of all. */
static void expect_runs(void *state, const struct expected_run *expected, size_t count)
{
	struct tmi_snapshot *snapshot;
	struct tmi_run run;
	uint64_t from = 0;

	assert_int_equal(KIND->snapshot(state, PHYS, &snapshot), TMEM_S_OK);
	assert_int_equal(snapshot->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(KIND->run(state, PHYS, from, &run), TMEM_S_OK);
		assert_int_equal(run.first, expected[i].first);
		assert_int_equal(run.last, expected[i].last);
		assert_int_equal(run.reason, expected[i].reason);
		assert_int_equal(run.source,
				 expected[i].reason ? TMEM_VSOURCE_INVALID : TMEM_VSOURCE_DEBUGGEE);
		assert_memory_equal(&run, &snapshot->runs[i], sizeof(run));
		assert_int_equal(KIND->run(state, PHYS, expected[i].last, &run), TMEM_S_OK);
		assert_int_equal(run.first, expected[i].first);
		from = run.last + 1;
	}
	if (from)
		assert_int_equal(KIND->run(state, PHYS, from, &run), TMEM_E_NO_MORE_ENTRIES);
	tmi_snapshot_release(snapshot);
}

static void expect_description(void *state, const char *expected)
{
	char *text = KIND->describe(state);

	assert_string_equal(text, expected);
	free(text);
}

static uint64_t hint(void *state, const char *key)
{
	uint64_t value = 0;

	if (KIND->hint(state, PHYS, key, &value) != TMEM_S_OK)
		fail_msg("nothing is known of %s", key);
	return value;
}

/* ---- Machines ---- */

static void every_class_and_order(void **state)
{
	static const struct {
		unsigned word;
		bool big;
		uint16_t machine;
		uint32_t processor;
		uint32_t pointer;
	} shapes[] = {
		{ 8, false, 62, TMEM_PROCESSOR_AMD64, 8 },
		{ 8, false, 3, TMEM_PROCESSOR_I386, 4 }, /* as QEMU writes it */
		{ 4, false, 3, TMEM_PROCESSOR_I386, 4 },
		{ 4, false, 62, TMEM_PROCESSOR_AMD64, 8 }, /* 32-bit headers of a crash kernel */
		{ 8, false, 183, TMEM_PROCESSOR_ARM64, 8 },
		{ 8, true, 183, TMEM_PROCESSOR_ARM64, 8 },
		{ 4, true, 20, TMEM_PROCESSOR_POWERPC, 4 },
		{ 8, true, 22, TMEM_PROCESSOR_UNKNOWN, 8 },
		{ 4, false, 243, TMEM_PROCESSOR_RISCV32, 4 },
		{ 8, false, 243, TMEM_PROCESSOR_RISCV64, 8 },
	};

	for (size_t i = 0; i < 2 * sizeof(shapes) / sizeof(*shapes); i++) {
		bool may_map = i & 1;
		struct core_writer w;
		struct tmi_facts facts;
		struct tmi_run run;
		struct tmi_snapshot *snapshot;
		struct tmi_process process;
		struct tmem_transfer item = { 0 };
		uint8_t byte;
		uint64_t value;
		void *vmcore;

		core_writer_init(&w, shapes[i / 2].word, shapes[i / 2].big, shapes[i / 2].machine);
		load(&w, 0x10000, 4096, "hello", 5);
		load(&w, 0x20000, 4096, NULL, 4096);
		vmcore = open_written(&w, may_map);
		assert_true(KIND->facts(vmcore, PHYS, &facts));
		assert_int_equal(facts.mode, TMEM_MODE_KERNEL);
		assert_int_equal(facts.machine, shapes[i / 2].machine);
		assert_int_equal(facts.processor_type, shapes[i / 2].processor);
		assert_int_equal(facts.pointer_size, shapes[i / 2].pointer);
		assert_int_equal(facts.big_endian, shapes[i / 2].big);
		assert_int_equal(facts.page_size, 4096);
		assert_int_equal(facts.lends, may_map);
		assert_false(facts.live || facts.has_protection || facts.incomplete);
		assert_true(facts.byte_granular); /* 5 bytes of a page are there */
		assert_false(KIND->facts(vmcore, 0, &facts));
		assert_int_equal(KIND->process_count(vmcore), 0);
		assert_false(KIND->process(vmcore, 0, &process));
		assert_int_equal(hint(vmcore, "machine"), shapes[i / 2].machine);
		assert_int_equal(hint(vmcore, "processors"), 0);
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:0", &value), TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, PHYS, "nothing", &value), TMEM_E_NOINTERFACE);
		expect_bytes(vmcore, 0x10000, "hello", 5);
		expect_fault(vmcore, 0x10005, TMEM_REASON_EXCLUDED);
		expect_fault(vmcore, 0x11000, TMEM_REASON_NOT_MAPPED);
		expect_fault(vmcore, 0xdead0000, TMEM_REASON_NOT_MAPPED);
		/* No other space has memory. */
		item = (struct tmem_transfer){ .offset = 0x10000, .buffer = &byte, .size = 1 };
		assert_int_equal(KIND->read(vmcore, 0, &item, 1, 0), TMEM_S_OK);
		assert_int_equal(item.status, TMEM_E_READ_FAULT);
		assert_int_equal(KIND->run(vmcore, 0, 0, &run), TMEM_E_NO_MORE_ENTRIES);
		assert_int_equal(KIND->snapshot(vmcore, 0, &snapshot), TMEM_E_UNEXPECTED);
		assert_null(snapshot);
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

/* ---- Ranges ---- */

static void pieces_of_a_segment(void **state)
{
	static const struct expected_run runs[] = {
		{ 0, 0x1002, 0 },      { 0x1003, 0x1fff, TMEM_REASON_EXCLUDED },
		{ 0x2000, 0x2003, 0 }, { 0x3000, 0x3fff, TMEM_REASON_EXCLUDED },
		{ 0x4fff, 0x5001, 0 }, { 0xfffffffffffff000, 0xffffffffffffffff, 0 },
	};
	uint8_t page[4096], buffer[64];
	struct core_writer w;

	memset(page, 0x77, sizeof(page));
	for (int may_map = 0; may_map < 2; may_map++) {
		struct tmi_borrow borrow;
		void *vmcore;

		core_writer_init(&w, 8, false, 62);
		load(&w, 0, 4096, page, 4096);
		load(&w, 0x1000, 4096, "abc",
		     3); /* goes on in memory, and 4096 is 8-aligned: file */
		load(&w, 0x2000, 4, "defg", 4);
		load(&w, 0x2800, 0, NULL, 0); /* empty */
		load(&w, 0x3000, 4096, NULL, 0);
		load(&w, 0x4fff, 3, "xyz", 3); /* unaligned */
		load(&w, 0xfffffffffffff000, 4096, page, 4096);
		vmcore = open_written(&w, may_map);
		expect_runs(vmcore, runs, 6);
		/* The prefix rule at each edge. */
		assert_int_equal(read_at(vmcore, 0x1001, buffer, 64, NULL), 2);
		assert_int_equal(read_at(vmcore, 0xffe, buffer, 64, NULL), 5);
		assert_memory_equal(buffer, "wwabc", 5);
		assert_int_equal(read_at(vmcore, 0x2002, buffer, 64, NULL), 2);
		assert_int_equal(read_at(vmcore, 0xfffffffffffffff0, buffer, 64, NULL), 16);
		assert_int_equal(read_at(vmcore, 0x999999, buffer, 0, NULL), 0);
		expect_fault(vmcore, 0x2004, TMEM_REASON_NOT_MAPPED);
		expect_fault(vmcore, 0x3000, TMEM_REASON_EXCLUDED);
		expect_bytes(vmcore, 0x4fff, "xyz", 3);
		/* Two segments that continue each other are lent as one. */
		assert_int_equal(KIND->view(vmcore, PHYS, 0x1001, &borrow), may_map);
		if (may_map) {
			assert_int_equal(borrow.first, 0);
			assert_int_equal(borrow.last, 0x1002);
			assert_memory_equal(borrow.data + 0xffe, "wwabc", 5);
			assert_false(*borrow.truncated);
		}
		assert_false(KIND->view(vmcore, PHYS, 0x1003, &borrow));
		assert_false(KIND->view(vmcore, 0, 0x1001, &borrow));
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

/* The shapes that producers write. */
static void overlaps(void **state)
{
	static const struct expected_run crash_runs[] = { { 0x1000, 0x4fff, 0 },
							  { 0x8000, 0x8fff, 0 } };
	static const struct expected_run left_out_runs[] = {
		{ 0x1000, 0x11ff, 0 },
		{ 0x1200, 0x1fff, TMEM_REASON_EXCLUDED },
		{ 0x2000, 0x2fff, 0 },
		{ 0x3000, 0x3fff, TMEM_REASON_EXCLUDED },
	};
	uint8_t memory[0x8000];
	struct tmi_borrow borrow;
	struct core_writer w;
	void *vmcore;

	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 7 ^ i >> 8);
	/* Crash kernel: the kernel's image first, then all memory, which holds the image again. */
	core_writer_init(&w, 8, false, 62);
	load(&w, 0x2000, 0x1000, memory + 0x2000, 0x1000);
	load(&w, 0x1000, 0x4000, memory + 0x1000, 0x4000);
	load(&w, 0x8000, 0x1000, memory, 0x1000);
	vmcore = open_written(&w, true);
	expect_runs(vmcore, crash_runs, 2);
	expect_bytes(vmcore, 0x1000, memory + 0x1000, 0x4000);
	assert_true(KIND->view(vmcore, PHYS, 0x2800, &borrow));
	assert_int_equal(borrow.first, 0x1000);
	assert_int_equal(borrow.last, 0x4fff);
	expect_description(vmcore, "ELF dump of physical memory, x86-64, 20 KiB in 2 ranges");
	KIND->close(vmcore);
	core_writer_fini(&w);
	/* QEMU with paging: pieces of one block of the file, in any order, twice and more. */
	core_writer_init(&w, 8, false, 62);
	load(&w, 0x1000, 0x7000, memory + 0x1000, 0x7000);
	for (uint64_t i = 0; i < 200; i++) {
		uint64_t at = 0x1000 + i * 2654435761u % 0x6000;

		load_at(&w, at, 0x800, 0, 0x800);
		w.segments[w.count - 1].offset = at - 0x1000;
		w.segments[w.count - 1].given = false;
	}
	vmcore = open_written(&w, true);
	expect_runs(vmcore, &(struct expected_run){ 0x1000, 0x7fff, 0 }, 1);
	expect_bytes(vmcore, 0x1000, memory + 0x1000, 0x7000);
	KIND->close(vmcore);
	core_writer_fini(&w);
	/* What one leaves out, or what lies behind the end of the file, another may have. */
	core_writer_init(&w, 8, false, 62);
	load(&w, 0x1000, 0x3000, memory + 0x1000, 0x200);
	load(&w, 0x2000, 0x1000, memory + 0x2000, 0x1000);
	load_at(&w, 0x1000, 0x200, 0x100000000, 0x200);
	load_at(&w, 0x2800, 0x100, UINT64_MAX, 0);
	vmcore = open_written(&w, false);
	expect_runs(vmcore, left_out_runs, 4);
	expect_bytes(vmcore, 0x1000, memory + 0x1000, 0x200);
	expect_bytes(vmcore, 0x2000, memory + 0x2000, 0x1000);
	KIND->close(vmcore);
	core_writer_fini(&w);
}

/* One byte of the model: what any segment may say of it. */
struct model_byte {
	int worth; /* 0 held, 1 missing, 2 left out, 3 nothing */
	bool may_be[256];
};

enum { MODEL = 96 };

static void model_add(struct model_byte *model, const uint8_t *file, size_t file_size,
		      const struct written_segment *segment)
{
	uint64_t size = segment->memory_size > segment->file_size ? segment->memory_size
								  : segment->file_size;

	for (uint64_t i = 0; i < size; i++) {
		struct model_byte *byte = &model[segment->physical + i];
		int worth = i >= segment->file_size ? 2 : segment->offset + i < file_size ? 0 : 1;

		if (worth < byte->worth)
			byte->worth = worth;
		if (worth == 0)
			byte->may_be[file[segment->offset + i]] = true;
	}
}

/* Segments at random over few addresses against a model that knows bytes only. */
static void random_overlaps(void **state)
{
	static const uint32_t reasons[] = { 0, TMEM_REASON_TRUNCATED, TMEM_REASON_EXCLUDED,
					    TMEM_REASON_NOT_MAPPED };
	uint64_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		struct model_byte model[MODEL] = { 0 };
		struct core_writer w;
		size_t file_size;
		uint8_t *file;
		char path[64];
		void *vmcore;

		core_writer_init(&w, round & 1 ? 8 : 4, false, 3);
		for (int i = 0; i <= round % 9; i++) {
			uint64_t draw[4];

			for (int k = 0; k < 4; k++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				draw[k] = seed >> 33;
			}
			load_at(&w, 1 + draw[0] % 60, draw[1] % 30, draw[2] % 1200, draw[3] % 30);
		}
		load(&w, 90, 1, "x", 1);
		file = core_writer_build(&w, &file_size);
		w.segments[w.count - 1].offset += w.data_offset;
		w.segments[w.count - 1].given = true;
		for (size_t i = 0; i < file_size; i++)
			file[i] = i < w.data_offset ? file[i] : (uint8_t)i;
		for (size_t i = 0; i < MODEL; i++)
			model[i].worth = 3;
		for (size_t i = 0; i < w.count; i++)
			model_add(model, file, file_size, &w.segments[i]);
		core_writer_save(&w, path);
		truncate(path, 0);
		{
			int fd = open(path, O_WRONLY);

			assert_int_equal(write(fd, file, file_size), file_size);
			close(fd);
		}
		vmcore = open_path(path, round & 2);
		unlink(path);
		assert_non_null(vmcore);
		for (uint64_t at = 0; at < MODEL; at++) {
			uint8_t byte;
			struct tmi_run run;
			tmem_status status = KIND->run(vmcore, PHYS, at, &run);

			if (model[at].worth == 3)
				assert_true(status != TMEM_S_OK || run.first > at);
			else
				assert_true(run.first <= at && run.last >= at &&
					    run.reason == reasons[model[at].worth]);
			if (model[at].worth) {
				expect_fault(vmcore, at, reasons[model[at].worth]);
			} else {
				assert_int_equal(read_at(vmcore, at, &byte, 1, NULL), 1);
				assert_true(model[at].may_be[byte]);
			}
		}
		KIND->close(vmcore);
		free(file);
		core_writer_fini(&w);
	}
}

/* 65,000 segments and more, in order, backwards and shuffled. */
static void many_segments(void **state)
{
	enum { COUNT = 70000 };

	for (int order = 0; order < 3; order++) {
		struct core_writer w;
		struct tmi_snapshot *snapshot;
		void *vmcore;

		core_writer_init(&w, 8, false, 62);
		for (uint64_t i = 0; i < COUNT; i++) {
			/* 7919 is prime to the count: each number once. */
			uint64_t number = order == 0   ? i
					  : order == 1 ? COUNT - 1 - i
						       : i * 7919 % COUNT;

			load(&w, 0x100000 + number * 0x2000, 0x1000, &number, 8);
		}
		vmcore = open_written(&w, true);
		for (uint64_t i = 0; i < COUNT; i += 97) {
			expect_bytes(vmcore, 0x100000 + i * 0x2000, &i, 8);
			expect_fault(vmcore, 0x100000 + i * 0x2000 + 8, TMEM_REASON_EXCLUDED);
			expect_fault(vmcore, 0x100000 + i * 0x2000 + 0x1000,
				     TMEM_REASON_NOT_MAPPED);
		}
		assert_int_equal(KIND->snapshot(vmcore, PHYS, &snapshot), TMEM_S_OK);
		assert_int_equal(snapshot->count, 2 * COUNT);
		tmi_snapshot_release(snapshot);
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

/* Every segment inside the one before: nothing may grow with the square of their number. */
static void nested_segments(void **state)
{
	enum { COUNT = 60000 };
	struct core_writer w;
	void *vmcore;

	core_writer_init(&w, 8, false, 62);
	for (uint64_t i = 0; i < COUNT; i++)
		load_at(&w, 0x1000 + (COUNT - i), 2 * i + 1, i, i & 1 ? 2 * i + 1 : 0);
	vmcore = open_written(&w, true);
	expect_fault(vmcore, 0x1000, TMEM_REASON_NOT_MAPPED);
	assert_int_equal(read_at(vmcore, 0x1000 + 1, &(uint8_t){ 0 }, 1, NULL), 1);
	KIND->close(vmcore);
	core_writer_fini(&w);
}

/* The number of segments in section 0 although it would fit, in both classes and orders. */
static void counted_in_section(void **state)
{
	for (int shape = 0; shape < 4; shape++) {
		struct core_writer w;
		void *vmcore;

		core_writer_init(&w, shape & 1 ? 8 : 4, shape & 2, 62);
		w.count_in_section = true;
		load(&w, 0x4000, 3, "abc", 3);
		load(&w, 0x5000, 3, "def", 3);
		vmcore = open_written(&w, true);
		expect_bytes(vmcore, 0x4000, "abc", 3);
		expect_bytes(vmcore, 0x5000, "def", 3);
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

/* QEMU since 7.2: two section headers right behind the file header, program headers behind them. */
static void headers_elsewhere(void **state)
{
	uint8_t file[8192] = "\177ELF\2\1\1";
	uint8_t *segment = file + 192;
	char path[64] = "/tmp/tmem-vmcore-XXXXXX";
	int fd = mkstemp(path);
	void *vmcore;

	put_integer(file + 16, 2, false, 4);
	put_integer(file + 18, 2, false, 62);
	put_integer(file + 32, 8, false, 192);
	put_integer(file + 40, 8, false, 64);
	put_integer(file + 52, 2, false, 8); /* e_ehsize is wrong */
	put_integer(file + 54, 2, false, 56);
	put_integer(file + 56, 2, false, 1);
	put_integer(file + 58, 2, false, 64);
	put_integer(file + 60, 2, false, 2);
	put_integer(segment, 4, false, 1);
	put_integer(segment + 8, 8, false, 4096);
	put_integer(segment + 16, 8, false, 0xffff123400000000);
	put_integer(segment + 24, 8, false, 0x7000);
	put_integer(segment + 32, 8, false, 4096);
	put_integer(segment + 40, 8, false, 4096);
	memset(file + 4096, 0x33, 4096);
	assert_int_equal(write(fd, file, sizeof(file)), sizeof(file));
	close(fd);
	vmcore = open_path(path, true);
	unlink(path);
	assert_non_null(vmcore);
	expect_bytes(vmcore, 0x7000, file + 4096, 4096);
	expect_description(vmcore, "ELF dump of physical memory, x86-64, 4 KiB in 1 range");
	KIND->close(vmcore);
}

static void numbers_that_cannot_be(void **state)
{
	struct core_writer w;
	struct tmi_run run;
	uint8_t buffer[64];
	void *vmcore;

	core_writer_init(&w, 8, false, 62);
	load(&w, 0xfffffffffffffff8, UINT64_MAX, "0123456789", 10); /* wraps */
	load_at(&w, 0x1000, 0x1000, UINT64_MAX, 0x1000);
	load_at(&w, 0x3000, 0x1000, UINT64_MAX - 16, 0x1000);
	load_at(&w, 0x5000, 0x1000, UINT64_MAX, 0); /* QEMU: outside of what was asked for */
	load_at(&w, 0x7000, UINT64_MAX, 0, 0);
	load_at(&w, 0x6000, 0, 0x1000000000000, UINT64_MAX);
	load_at(&w, 0, UINT64_MAX, 1ull << 63, UINT64_MAX);
	for (int may_map = 0; may_map < 2; may_map++) {
		vmcore = open_written(&w, may_map);
		assert_int_equal(read_at(vmcore, 0xfffffffffffffff8, buffer, 64, NULL), 8);
		assert_memory_equal(buffer, "01234567", 8);
		expect_fault(vmcore, 0, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x1000, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x3000, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x5000, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x6fff, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x7000, TMEM_REASON_TRUNCATED);
		assert_int_equal(KIND->run(vmcore, PHYS, 0xfffffffffffffff0, &run), TMEM_S_OK);
		assert_int_equal(run.last, 0xfffffffffffffff7);
		KIND->close(vmcore);
	}
	core_writer_fini(&w);
	/* Alone they say why. */
	core_writer_init(&w, 8, false, 62);
	load_at(&w, 0x5000, 0x1000, UINT64_MAX, 0);
	load(&w, 0x8000, 1, "x", 1);
	vmcore = open_written(&w, true);
	expect_fault(vmcore, 0x5000, TMEM_REASON_EXCLUDED);
	expect_description(vmcore,
			   "ELF dump of physical memory, x86-64, 4 KiB in 2 ranges, a part of the "
			   "memory");
	KIND->close(vmcore);
	core_writer_fini(&w);
}

/* A hundred gigabytes of file, a few bytes of them real. */
static void sparse(void **state)
{
	uint64_t size = 100ull << 30;
	struct tmi_borrow borrow;
	struct core_writer w;
	struct tmi_run run;
	uint64_t end;
	char path[64];
	void *vmcore;
	int fd;

	core_writer_init(&w, 8, false, 62);
	load_at(&w, 0x100000000, 0x200000000000, 4096, size - 4096);
	core_writer_save(&w, path);
	fd = open(path, O_RDWR);
	if (ftruncate(fd, (off_t)size) < 0) {
		printf("not possible here: a file of 100 GiB with holes in /tmp\n");
	} else {
		assert_int_equal(pwrite(fd, "end", 3, (off_t)size - 3), 3);
		vmcore = open_path(path, true);
		assert_non_null(vmcore);
		expect_bytes(vmcore, 0x100000000 + size - 4096 - 3, "end", 3);
		expect_fault(vmcore, 0x100000000 + size - 4096, TMEM_REASON_EXCLUDED);
		assert_true(KIND->view(vmcore, PHYS, 0x900000000, &borrow));
		assert_int_equal(borrow.last - borrow.first, size - 4096 - 1);
		assert_int_equal(KIND->run(vmcore, PHYS, 0x900000000, &run), TMEM_S_OK);
		if (KIND->untouched(vmcore, PHYS, &run, 0x140000000, 0x17fffffff, &end))
			assert_int_equal(end, 0x17fffffff);
		assert_false(KIND->untouched(vmcore, PHYS, &run, 0x100000000 + size - 4096 - 3,
					     0x100000000 + size - 4096 - 1, &end));
		KIND->close(vmcore);
	}
	close(fd);
	unlink(path);
	core_writer_fini(&w);
}

/* ---- Truncation ---- */

static void truncated_file(void **state)
{
	static const struct expected_run runs[] = {
		{ 0x1000, 0x2003, 0 },
		{ 0x2004, 0x37ff, TMEM_REASON_TRUNCATED },
		{ 0x3800, 0x3fff, TMEM_REASON_EXCLUDED },
	};
	uint8_t page[4096];
	struct core_writer w;

	memset(page, 0x42, sizeof(page));
	for (int may_map = 0; may_map < 2; may_map++) {
		struct tmi_facts facts;
		char path[64];
		void *vmcore;

		core_writer_init(&w, 8, false, 62);
		load(&w, 0x1000, 4096, page, 4096);
		load(&w, 0x2000, 4096, page, 4096);
		load(&w, 0x3000, 4096, page, 2048);
		core_writer_save(&w, path);
		assert_int_equal(truncate(path, (off_t)w.data_offset + 4096 + 4), 0);
		vmcore = open_path(path, may_map);
		unlink(path);
		assert_true(KIND->facts(vmcore, PHYS, &facts) && facts.incomplete);
		expect_runs(vmcore, runs, 3);
		expect_bytes(vmcore, 0x1ffe, page, 6);
		assert_int_equal(read_at(vmcore, 0x1ffe, page, 100, NULL), 6);
		expect_fault(vmcore, 0x2004, TMEM_REASON_TRUNCATED);
		expect_fault(vmcore, 0x3800, TMEM_REASON_EXCLUDED);
		expect_description(
			vmcore, "ELF dump of physical memory, x86-64, 12 KiB in 1 range, filtered "
				"by makedumpfile (2 KiB left out), incomplete");
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

/* The program headers run over the end. */
static void headers_cut(void **state)
{
	struct core_writer w;
	struct tmi_facts facts;
	char path[64];
	void *vmcore;

	core_writer_init(&w, 8, false, 62);
	for (int i = 0; i < 100; i++)
		load_at(&w, 0x1000 + (uint64_t)i * 0x1000, 0x800, 0, 64);
	core_writer_save(&w, path);
	assert_int_equal(truncate(path, 64 + 50 * 56 + 20), 0);
	vmcore = open_path(path, true);
	unlink(path);
	assert_non_null(vmcore);
	assert_true(KIND->facts(vmcore, PHYS, &facts) && facts.incomplete);
	expect_bytes(vmcore, 0x1000 + 49 * 0x1000, "\177ELF", 4);
	expect_fault(vmcore, 0x1000 + 50 * 0x1000, TMEM_REASON_NOT_MAPPED);
	KIND->close(vmcore);
	core_writer_fini(&w);
}

/* The file is cut while it is open: what is left stays, nothing from beyond comes. */
static void cut_while_open(void **state)
{
	uint8_t *bytes = malloc(65536);
	struct core_writer w;

	signal(SIGBUS, SIG_DFL); /* the framework's handler is on top of ours else */
	memset(bytes, 0x42, 65536);
	for (int may_map = 0; may_map < 2; may_map++) {
		uint8_t *buffer = calloc(1, 65536);
		struct tmi_snapshot *before, *after;
		struct tmi_borrow borrow;
		struct tmi_facts facts;
		struct tmi_run run;
		char path[64];
		void *vmcore;

		core_writer_init(&w, 8, false, 62);
		load(&w, 0x100000, 65536, bytes, 65536);
		core_writer_save(&w, path);
		vmcore = open_path(path, may_map);
		assert_true(KIND->facts(vmcore, PHYS, &facts) && !facts.incomplete);
		assert_false(facts.byte_granular);
		assert_int_equal(KIND->snapshot(vmcore, PHYS, &before), TMEM_S_OK);
		assert_int_equal(before->count, 1);
		assert_int_equal(read_at(vmcore, 0x100000, buffer, 65536, NULL), 65536);
		assert_int_equal(KIND->view(vmcore, PHYS, 0x108000, &borrow), may_map);
		assert_int_equal(truncate(path, (off_t)w.data_offset + 10000), 0);
		assert_int_equal(read_at(vmcore, 0x100000, buffer, 65536, NULL), 10000);
		assert_memory_equal(buffer, bytes, 10000);
		expect_fault(vmcore, 0x100000 + 10000, TMEM_REASON_TRUNCATED);
		expect_bytes(vmcore, 0x100000, bytes, 10000);
		assert_true(KIND->facts(vmcore, PHYS, &facts) && facts.incomplete);
		assert_int_equal(KIND->run(vmcore, PHYS, 0x100000, &run), TMEM_S_OK);
		assert_int_equal(run.last, 0x100000 + 9999);
		assert_int_equal(KIND->snapshot(vmcore, PHYS, &after), TMEM_S_OK);
		assert_int_equal(after->count, 2);
		if (may_map)
			assert_true(*borrow.truncated);
		assert_false(KIND->view(vmcore, PHYS, 0x100000, &borrow));
		tmi_snapshot_release(before);
		tmi_snapshot_release(after);
		KIND->close(vmcore);
		unlink(path);
		free(buffer);
		core_writer_fini(&w);
	}
	free(bytes);
}

/* ---- Notes ---- */

/* A note of QEMU's whose registers are made of @value. */
static void qemu_note(struct core_writer *w, uint64_t value, uint32_t version)
{
	uint8_t note[440] = { 0 };

	put_integer(note, 4, w->big, version);
	put_integer(note + 4, 4, w->big, 440);
	put_integer(note + 56, 8, w->big, value + 1);  /* rsp */
	put_integer(note + 136, 8, w->big, value + 2); /* rip */
	put_integer(note + 392, 8, w->big, value + 3); /* cr0 */
	put_integer(note + 416, 8, w->big, value + 4); /* cr3 */
	put_integer(note + 424, 8, w->big, value + 5); /* cr4 */
	core_writer_note(w, "QEMU", 0, note, sizeof(note));
}

static void notes_of_qemu(void **state)
{
	static const char text[] = "OSRELEASE=6.1\nPAGESIZE=4096\n";
	struct core_writer w;
	const char *info;
	uint64_t value;
	size_t size;
	void *vmcore;

	for (int i386 = 0; i386 < 2; i386++) {
		core_writer_init(&w, 8, false, i386 ? 3 : 62);
		w.note_align = 0;
		/* The file is 64-bit, the note of an i386 is not. */
		w.word = i386 ? 4 : 8;
		core_writer_prstatus(&w, 1, i386 ? 144 : 336, 0x1000);
		core_writer_prstatus(&w, 2, i386 ? 144 : 336, 0x2000);
		core_writer_prstatus(&w, 3, i386 ? 144 : 336, 0x3000);
		w.word = 8;
		qemu_note(&w, 0xffff888000001000, 1);
		qemu_note(&w, 0x2000000, 1);
		qemu_note(&w, 0x3000000, 2); /* a version that nobody knows */
		core_writer_note(&w, "VMCOREINFO", 0, text, sizeof(text) - 1);
		load(&w, 0, 4, "zero", 4);
		vmcore = open_written(&w, true);
		assert_int_equal(hint(vmcore, "processors"), 3);
		assert_int_equal(hint(vmcore, "rsp:0"), 0xffff888000001001);
		assert_int_equal(hint(vmcore, "rip:0"), 0xffff888000001002);
		assert_int_equal(hint(vmcore, "cr0:0"), 0xffff888000001003);
		assert_int_equal(hint(vmcore, "cr3:0"), 0xffff888000001004);
		assert_int_equal(hint(vmcore, "cr4:1"), 0x2000005);
		/* What PRSTATUS says of the third: rsp and rip by their place in it. */
		assert_int_equal(hint(vmcore, "rsp:2"), 0x3000 + (i386 ? 15 : 19));
		assert_int_equal(hint(vmcore, "rip:2"), 0x3000 + (i386 ? 12 : 16));
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:2", &value), TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:3", &value), TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:", &value), TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:x", &value), TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, PHYS, "cr3:18446744073709551616", &value),
				 TMEM_E_NOINTERFACE);
		assert_int_equal(KIND->hint(vmcore, 0, "cr3:0", &value), TMEM_E_NOINTERFACE);
		info = KIND->vmcoreinfo(vmcore, &size);
		assert_int_equal(size, sizeof(text) - 1);
		assert_memory_equal(info, text, size);
		expect_description(vmcore, i386 ? "ELF dump of physical memory, i386, 4 bytes in 1 "
						  "range, written by QEMU"
						: "ELF dump of physical memory, x86-64, 4 bytes in "
						  "1 range, written by QEMU");
		KIND->close(vmcore);
		core_writer_fini(&w);
	}
}

static void notes_of_others(void **state)
{
	uint8_t note[496] = { 0 };
	struct core_writer w;
	size_t size = 1;
	void *vmcore;

	/* VirtualBox */
	core_writer_init(&w, 8, false, 62);
	core_writer_note(&w, "VBCORE", 0xb00, note, 24);
	put_integer(note + 112, 8, false, 0x11);
	put_integer(note + 120, 8, false, 0x22);
	put_integer(note + 288, 8, false, 0x33);
	put_integer(note + 304, 8, false, 0x44);
	put_integer(note + 312, 8, false, 0x55);
	core_writer_note(&w, "VBCPU", 0xb01, note, sizeof(note));
	core_writer_note(&w, "VBCPU", 0xb01, note, 40); /* of another version */
	load(&w, 0x1000, 4, "byte", 4);
	load(&w, 0x2000, 0x1000, NULL, 0); /* devices */
	vmcore = open_written(&w, true);
	assert_int_equal(hint(vmcore, "processors"), 2);
	assert_int_equal(hint(vmcore, "rip:0"), 0x11);
	assert_int_equal(hint(vmcore, "rsp:0"), 0x22);
	assert_int_equal(hint(vmcore, "cr0:0"), 0x33);
	assert_int_equal(hint(vmcore, "cr3:0"), 0x44);
	assert_int_equal(hint(vmcore, "cr4:0"), 0x55);
	expect_fault(vmcore, 0x2000, TMEM_REASON_EXCLUDED);
	assert_null(KIND->vmcoreinfo(vmcore, &size));
	assert_int_equal(size, 0);
	KIND->close(vmcore);
	core_writer_fini(&w);
	/* A crash kernel under Xen, 32-bit words */
	core_writer_init(&w, 4, false, 3);
	core_writer_prstatus(&w, 1, 144, 0);
	put_integer(note, 4, false, 0x80050033);
	put_integer(note + 8, 4, false, 0x1234000);
	put_integer(note + 12, 4, false, 0x20);
	core_writer_note(&w, "Xen", 0x1000002, note, 16);
	load(&w, 0x1000, 4, "byte", 4);
	vmcore = open_written(&w, true);
	assert_int_equal(hint(vmcore, "cr0:0"), 0x80050033);
	assert_int_equal(hint(vmcore, "cr3:0"), 0x1234000);
	assert_int_equal(hint(vmcore, "cr4:0"), 0x20);
	assert_int_equal(hint(vmcore, "processors"), 1);
	KIND->close(vmcore);
	core_writer_fini(&w);
	/* arm64: nothing but PRSTATUS */
	core_writer_init(&w, 8, false, 183);
	core_writer_prstatus(&w, 1, 392, 0x100);
	load(&w, 0x40000000, 4, "byte", 4);
	vmcore = open_written(&w, true);
	assert_int_equal(hint(vmcore, "rsp:0"), 0x100 + 31);
	assert_int_equal(hint(vmcore, "rip:0"), 0x100 + 32);
	KIND->close(vmcore);
	core_writer_fini(&w);
}

/* Notes that lie: sizes over the end, a text that is cut. The memory stays readable. */
static void bad_notes(void **state)
{
	struct tmi_facts facts;
	struct core_writer w;
	uint8_t *bytes;
	size_t size;
	char path[64] = "/tmp/tmem-vmcore-XXXXXX";
	void *vmcore;
	int fd = mkstemp(path);

	core_writer_init(&w, 8, false, 62);
	load(&w, 0x1000, 4, "byte", 4);
	core_writer_note(&w, "VMCOREINFO", 0, "KEY=1234\n", 9);
	bytes = core_writer_build(&w, &size);
	/* The note ends behind the end of the file, and its segment says that it may. */
	put_integer(bytes + w.notes_offset + 4, 4, false, 0x7fffffff);
	put_integer(bytes + 64 + 32, 8, false, 0x80000100);
	assert_int_equal(write(fd, bytes, size), size);
	vmcore = open_path(path, true);
	assert_non_null(vmcore);
	assert_null(KIND->vmcoreinfo(vmcore, &size));
	assert_true(KIND->facts(vmcore, PHYS, &facts) && facts.incomplete);
	expect_bytes(vmcore, 0x1000, "byte", 4);
	KIND->close(vmcore);
	free(bytes);
	core_writer_fini(&w);
	close(fd);
	unlink(path);
}

/* makedumpfile: bit 0 of e_flags, and headers that were not written. */
static void incomplete(void **state)
{
	struct tmi_facts facts;
	struct core_writer w;
	uint8_t *bytes;
	size_t size;

	for (int flag = 0; flag < 2; flag++) {
		char path[64] = "/tmp/tmem-vmcore-XXXXXX";
		int fd = mkstemp(path);
		void *vmcore;

		core_writer_init(&w, 8, false, 62);
		core_writer_note(&w, "VMCOREINFO", 0, "A=1\n", 4);
		load(&w, 0x1000, 0x3000, "byte", 4);
		core_writer_segment(&w, 0); /* zeros */
		bytes = core_writer_build(&w, &size);
		put_integer(bytes + 48, 4, false, flag);
		assert_int_equal(write(fd, bytes, size), size);
		close(fd);
		vmcore = open_path(path, true);
		unlink(path);
		assert_true(KIND->facts(vmcore, PHYS, &facts));
		assert_int_equal(facts.incomplete, flag);
		expect_description(
			vmcore, flag ? "ELF dump of physical memory, x86-64, 12 KiB in 1 range, "
				       "written by a crash kernel, filtered by makedumpfile (11.9 "
				       "KiB left out), incomplete"
				     : "ELF dump of physical memory, x86-64, 12 KiB in 1 range, "
				       "written by a crash kernel, filtered by makedumpfile (11.9 "
				       "KiB left out)");
		KIND->close(vmcore);
		free(bytes);
		core_writer_fini(&w);
	}
}

/* ---- Telling ---- */

/* What both kinds say of a file; the reader delivers what lies behind the head. */
struct whole {
	const uint8_t *bytes;
	size_t size;
	size_t reads;
};

static size_t read_whole(void *context, uint64_t offset, void *buffer, size_t size)
{
	struct whole *whole = context;

	whole->reads++;
	if (offset >= whole->size)
		return 0;
	if (size > whole->size - offset)
		size = whole->size - offset;
	memcpy(buffer, whole->bytes + offset, size);
	return size;
}

static void expect_scores(struct core_writer *w, bool core, bool vmcore)
{
	const char *why = NULL;
	struct whole whole;
	uint8_t *bytes = core_writer_build(w, &whole.size);
	struct tmi_probe probe = { "x",        bytes,      whole.size < 4096 ? whole.size : 4096,
				   whole.size, read_whole, &whole };
	int core_score, vmcore_score;

	whole.bytes = bytes;
	core_score = tmi_target_core.probe(&probe, &why);
	assert_true(core_score || why);
	why = NULL;
	vmcore_score = KIND->probe(&probe, &why);
	assert_true(vmcore_score || why);
	assert_int_equal(core_score > vmcore_score, core);
	assert_int_equal(vmcore_score > core_score, vmcore);
	free(bytes);
}

static void probing(void **state)
{
	struct tmi_probe probe = { .path = "x", .head = (const uint8_t *)"MZ", .head_size = 2 };
	const char *why = NULL;
	struct core_writer w;

	assert_int_equal(KIND->probe(&probe, &why), 0);
	assert_string_equal(why, "not an ELF file (shorter than its header)");
	/* A process: the kernel's notes, and no physical addresses. */
	core_writer_init(&w, 8, false, 62);
	core_writer_prstatus(&w, 1, 336, 0);
	core_writer_load(&w, 0x400000, 4096, NULL, 4096, 5);
	expect_scores(&w, true, false);
	core_writer_prpsinfo(&w, 1, "x", "x");
	expect_scores(&w, true, false);
	/* Its notes count more than a physical address that a tool made up. */
	w.segments[0].physical = 0x400000;
	expect_scores(&w, true, false);
	core_writer_fini(&w);
	/* QEMU for arm64: PRSTATUS only, physical addresses. */
	core_writer_init(&w, 8, false, 183);
	core_writer_prstatus(&w, 1, 392, 0);
	load(&w, 0x40000000, 4096, NULL, 4096);
	expect_scores(&w, false, true);
	core_writer_fini(&w);
	/* The only range begins at 0: the note tells. */
	core_writer_init(&w, 8, false, 62);
	core_writer_prstatus(&w, 1, 336, 0);
	load(&w, 0, 4096, NULL, 4096);
	expect_scores(&w, true, false);
	qemu_note(&w, 0, 1);
	expect_scores(&w, false, true);
	/* The notes lie behind the first 4096 bytes, as with 187 segments. */
	for (int i = 0; i < 187; i++)
		load(&w, 0, 1, NULL, 0);
	expect_scores(&w, false, true);
	w.type = 2;
	expect_scores(&w, false, false);
	core_writer_fini(&w);
	/* More segments than the header can count. */
	core_writer_init(&w, 8, false, 62);
	w.count_in_section = true;
	for (int i = 0; i < 200; i++)
		load(&w, 0x1000u * i, 1, NULL, 1);
	expect_scores(&w, false, true);
	core_writer_fini(&w);
}

/* A thousand segments of the same notes, none of which tells: they are not read a thousand times.
 */
static void repeated_notes(void **state)
{
	enum { SEGMENTS = 1000, NOTES = 10000 };
	const char *why = NULL;
	struct whole whole = { 0 };
	struct tmi_probe probe = { "x", NULL, 4096, 0, read_whole, &whole };
	uint8_t *notes = calloc(NOTES, 12);
	struct core_writer w;

	core_writer_init(&w, 8, false, 62);
	for (unsigned i = 0; i < NOTES; i++)
		put_integer(notes + 12 * i + 8, 4, false, 1);
	load(&w, 0x1000, 12 * NOTES, notes, 12 * NOTES);
	for (unsigned i = 1; i < SEGMENTS; i++)
		load_at(&w, 0x1000, 12 * NOTES, 0, 12 * NOTES);
	free(core_writer_build(&w, &whole.size));
	for (unsigned i = 1; i < SEGMENTS; i++) {
		w.segments[i].type = 4;
		w.segments[i].offset = w.data_offset;
	}
	probe.head = whole.bytes = core_writer_build(&w, &whole.size);
	probe.file_size = whole.size;
	assert_int_not_equal(KIND->probe(&probe, &why), 0);
	assert_in_range(whole.reads, 8192, 8192 + SEGMENTS);
	free((void *)(uintptr_t)whole.bytes);
	free(notes);
	core_writer_fini(&w);
}

/* xl dump-core: memory in sections. */
static void xen_domain(void **state)
{
	static const char names[] = "\0.shstrtab\0.note.Xen\0.xen_pages\0";
	uint8_t file[512] = "\177ELF\2\1\1";
	struct tmi_probe probe = { .path = "x", .head = file, .head_size = sizeof(file) };
	const char *why = NULL;

	put_integer(file + 16, 2, false, 4);
	put_integer(file + 18, 2, false, 62);
	put_integer(file + 40, 8, false, 128);
	put_integer(file + 58, 2, false, 64);
	put_integer(file + 60, 2, false, 3);
	put_integer(file + 62, 2, false, 1);
	memcpy(file + 448, names, sizeof(names));
	put_integer(file + 128 + 64, 4, false, 1);
	put_integer(file + 128 + 64 + 24, 8, false, 448);
	put_integer(file + 128 + 64 + 32, 8, false, sizeof(names));
	put_integer(file + 256, 4, false, 21);
	assert_int_equal(KIND->probe(&probe, &why), 0);
	assert_non_null(strstr(why, "Xen domain"));
	assert_int_equal(tmi_target_core.probe(&probe, &why), 0);
	assert_non_null(strstr(why, "Xen domain"));
	assert_int_equal(open_failure(file, sizeof(file), ".xen_pages"), TMEM_E_BAD_FORMAT);
	/* Without the section it is an ELF core with nothing in it. */
	file[448 + 21] = 'x';
	assert_int_equal(open_failure(file, sizeof(file), "without segments"), TMEM_E_BAD_FORMAT);
	put_integer(file + 62, 2, false, 9); /* names in a section that there is not */
	assert_int_equal(open_failure(file, sizeof(file), "without segments"), TMEM_E_BAD_FORMAT);
}

static void refusals(void **state)
{
	struct core_writer w;
	uint8_t *bytes;
	size_t size;

	assert_int_equal(open_failure("", 0, "empty"), TMEM_E_MAPPED_FILE_SIZE_ZERO);
	assert_int_equal(open_failure("plain text", 10, "not an ELF file"), TMEM_E_BAD_FORMAT);
	core_writer_init(&w, 8, false, 62);
	core_writer_prpsinfo(&w, 1, "x", "x");
	core_writer_load(&w, 0x400000, 4, "abcd", 4, 5);
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, size, "core of a process"), TMEM_E_BAD_FORMAT);
	free(bytes);
	core_writer_fini(&w);
	core_writer_init(&w, 8, false, 62);
	core_writer_note(&w, "VMCOREINFO", 0, "A=1\n", 4);
	core_writer_segment(&w, 0);
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, size, "without memory"), TMEM_E_BAD_FORMAT);
	put_integer(bytes + 16, 2, false, 3);
	assert_int_equal(open_failure(bytes, size, "not a core"), TMEM_E_BAD_FORMAT);
	free(bytes);
	core_writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_and_order),
		cmocka_unit_test(pieces_of_a_segment),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(random_overlaps),
		cmocka_unit_test(many_segments),
		cmocka_unit_test(nested_segments),
		cmocka_unit_test(counted_in_section),
		cmocka_unit_test(headers_elsewhere),
		cmocka_unit_test(numbers_that_cannot_be),
		cmocka_unit_test(sparse),
		cmocka_unit_test(truncated_file),
		cmocka_unit_test(headers_cut),
		cmocka_unit_test(cut_while_open),
		cmocka_unit_test(notes_of_qemu),
		cmocka_unit_test(notes_of_others),
		cmocka_unit_test(bad_notes),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(probing),
		cmocka_unit_test(repeated_notes),
		cmocka_unit_test(xen_domain),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
