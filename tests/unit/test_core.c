/* SPDX-License-Identifier: Apache-2.0 */
/* test_core.c - the kind "core" over cores of odd shapes, through its ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "core_writer.h"
#include "target/target.h"

#define KIND (&tmi_target_core)
#define R    4u
#define RW   6u
#define RX   5u

static void *open_path(const char *path, const char *options_text, bool may_map)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, may_map };
	void *state = NULL;

	assert_int_equal(tmi_options_init(&options, options_text), TMEM_S_OK);
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
	state = open_path(path, NULL, may_map);
	unlink(path);
	assert_non_null(state);
	return state;
}

static tmem_status open_failure(const void *bytes, size_t size, const char *expected)
{
	char path[64] = "/tmp/tmem-core-XXXXXX";
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

static size_t read_at(void *state, uint64_t address, void *buffer, size_t size, tmem_status *status)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	assert_int_equal(KIND->read(state, 0, &item, 1, 0), TMEM_S_OK);
	if (status)
		*status = item.status;
	assert_int_equal(item.status == TMEM_S_OK, item.done > 0 || size == 0);
	return item.done;
}

static void expect_bytes(void *state, uint64_t address, const void *expected, size_t size)
{
	uint8_t buffer[65536];

	memset(buffer, 0xee, sizeof(buffer));
	assert_int_equal(read_at(state, address, buffer, size, NULL), size);
	assert_memory_equal(buffer, expected, size);
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
	uint32_t source;
	uint32_t reason;
	uint32_t protect;
};

/* The runs one by one, and the same from the list of all. */
static void expect_runs(void *state, const struct expected_run *expected, size_t count)
{
	struct tmi_snapshot *snapshot;
	struct tmi_run run;
	uint64_t from = 0;

	assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_S_OK);
	assert_int_equal(snapshot->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(KIND->run(state, 0, from, &run), TMEM_S_OK);
		assert_int_equal(run.first, expected[i].first);
		assert_int_equal(run.last, expected[i].last);
		assert_int_equal(run.source, expected[i].source);
		assert_int_equal(run.reason, expected[i].reason);
		assert_int_equal(run.protect, expected[i].protect);
		assert_int_equal(run.state, TMEM_MEM_COMMIT);
		assert_string_equal(snapshot->runs[i].name, run.name);
		run.name = snapshot->runs[i].name;
		assert_memory_equal(&run, &snapshot->runs[i], sizeof(run));
		/* From its last byte it is the same. */
		assert_int_equal(KIND->run(state, 0, expected[i].last, &run), TMEM_S_OK);
		assert_int_equal(run.first, expected[i].first);
		from = run.last + 1;
	}
	if (from)
		assert_int_equal(KIND->run(state, 0, from, &run), TMEM_E_NO_MORE_ENTRIES);
	tmi_snapshot_release(snapshot);
}

/* ---- Classes and byte orders ---- */

static void every_class_and_order(void **state)
{
	for (int shape = 0; shape < 8; shape++) {
		unsigned word = shape & 1 ? 8 : 4;
		bool big = shape & 2;
		struct core_writer w;
		struct tmi_facts facts;
		struct tmi_process process;
		struct tmi_thread *threads;
		size_t count, size;
		uint8_t *block;
		void *core;

		core_writer_init(&w, word, big, word == 8 ? 62 : 3);
		core_writer_prstatus(&w, 77, word == 8 ? 336 : 144, 0x1000);
		core_writer_prpsinfo(&w, 70, "worker", "/opt/worker --fast");
		core_writer_prstatus(&w, 70, word == 8 ? 336 : 144, 0x2000);
		core_writer_note(&w, "CORE", 2, "floating", 8);
		core_writer_prstatus(&w, 71, word == 8 ? 336 : 144, 0x3000);
		core_writer_load(&w, 0x10000, 4096, "hello", 5, RW);
		core = open_written(&w, shape & 4);
		assert_true(KIND->facts(core, 0, &facts));
		assert_int_equal(facts.pointer_size, word);
		assert_int_equal(facts.big_endian, big);
		assert_int_equal(facts.machine, word == 8 ? 62 : 3);
		assert_int_equal(facts.processor_type,
				 word == 8 ? TMEM_PROCESSOR_AMD64 : TMEM_PROCESSOR_I386);
		assert_int_equal(facts.last_user, word == 8 ? 0x7fffffffffff : 0xffffffff);
		assert_int_equal(facts.mode, TMEM_MODE_USER);
		assert_true(facts.byte_granular && facts.has_protection && !facts.live);
		assert_int_equal(facts.lends, (shape & 4) != 0);
		assert_false(facts.incomplete);
		assert_false(KIND->facts(core, 1, &facts));
		assert_int_equal(KIND->process_count(core), 1);
		assert_true(KIND->process(core, 0, &process));
		assert_int_equal(process.system_id, 70);
		assert_string_equal(process.name, "/opt/worker");
		/* The main thread first, the others ascending. */
		assert_int_equal(KIND->threads(core, 0, &threads, &count), TMEM_S_OK);
		assert_int_equal(count, 3);
		assert_int_equal(threads[0].system_id, 70);
		assert_int_equal(threads[1].system_id, 71);
		assert_int_equal(threads[2].system_id, 77);
		free(threads);
		assert_int_equal(
			KIND->context(core, 0, 71, TMEM_CONTEXT_GENERAL, (void **)&block, &size),
			TMEM_S_OK);
		assert_int_equal(size, word == 8 ? 216 : 68);
		for (size_t i = 0; i < size / word; i++) {
			uint8_t expected[8];

			put_integer(expected, word, big, 0x3000 + i);
			assert_memory_equal(block + i * word, expected, word);
		}
		free(block);
		assert_int_equal(KIND->context(core, 0, 70, TMEM_CONTEXT_FLOATING_POINT,
					       (void **)&block, &size),
				 TMEM_S_OK);
		assert_int_equal(size, 8);
		assert_memory_equal(block, "floating", 8);
		free(block);
		assert_int_equal(KIND->context(core, 0, 71, TMEM_CONTEXT_FLOATING_POINT,
					       (void **)&block, &size),
				 TMEM_E_NOINTERFACE);
		assert_int_equal(
			KIND->context(core, 0, 5, TMEM_CONTEXT_GENERAL, (void **)&block, &size),
			TMEM_E_NOINTERFACE);
		expect_bytes(core, 0x10000, "hello", 5);
		expect_fault(core, 0x10005, TMEM_REASON_EXCLUDED);
		expect_fault(core, 0x11000, TMEM_REASON_NOT_MAPPED);
		KIND->close(core);
		core_writer_fini(&w);
	}
}

/* ---- Segments ---- */

static void pieces_of_a_segment(void **state)
{
	static const struct expected_run runs[] = {
		{ 0x1000, 0x1002, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x1003, 0x1fff, TMEM_VSOURCE_INVALID, TMEM_REASON_EXCLUDED, TMEM_PAGE_READONLY },
		{ 0x2000, 0x2003, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_EXECUTE_READ },
		{ 0x3000, 0x3fff, TMEM_VSOURCE_INVALID, TMEM_REASON_EXCLUDED, TMEM_PAGE_NOACCESS },
		{ 0xfffffffffffff000, 0xffffffffffffffff, TMEM_VSOURCE_DEBUGGEE, 0,
		  TMEM_PAGE_READWRITE },
	};
	uint8_t top[4096];
	uint8_t buffer[64];
	struct core_writer w;

	memset(top, 0x77, sizeof(top));
	for (int may_map = 0; may_map < 2; may_map++) {
		struct tmi_borrow borrow;
		struct tmi_run run;
		void *core;

		core_writer_init(&w, 8, false, 62);
		core_writer_load(&w, 0x1000, 4096, "abc", 3, R);
		core_writer_load(&w, 0x2000, 4, "defg", 4, RX);
		core_writer_load(&w, 0x2800, 0, NULL, 0, RX); /* empty */
		core_writer_load(&w, 0x3000, 4096, NULL, 0, 0);
		core_writer_load(&w, 0xfffffffffffff000, 4096, top, 4096, RW);
		core = open_written(&w, may_map);
		expect_runs(core, runs, 5);
		/* The prefix rule at each edge. */
		assert_int_equal(read_at(core, 0x1001, buffer, 64, NULL), 2);
		assert_int_equal(read_at(core, 0x2002, buffer, 64, NULL), 2);
		assert_int_equal(read_at(core, 0xfffffffffffffff0, buffer, 64, NULL), 16);
		assert_int_equal(read_at(core, 0x1001, buffer, 0, NULL), 0);
		assert_int_equal(read_at(core, 0x999, buffer, 0, NULL), 0);
		expect_fault(core, 0xfff, TMEM_REASON_NOT_MAPPED);
		expect_fault(core, 0x3000, TMEM_REASON_EXCLUDED);
		assert_int_equal(KIND->run(core, 1, 0, &run), TMEM_E_NO_MORE_ENTRIES);
		assert_int_equal(KIND->view(core, 0, 0x2001, &borrow), may_map);
		if (may_map) {
			assert_int_equal(borrow.first, 0x2000);
			assert_int_equal(borrow.last, 0x2003);
			assert_memory_equal(borrow.data, "defg", 4);
			assert_false(*borrow.truncated);
		}
		assert_false(KIND->view(core, 0, 0x1003, &borrow));
		assert_false(KIND->view(core, 0, 0x2004, &borrow));
		KIND->close(core);
		core_writer_fini(&w);
	}
}

/* The lowest start wins, then the first in the file; what is hidden gives its tail. */
static void overlaps(void **state)
{
	static const struct expected_run runs[] = {
		{ 0x1000, 0x1009, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x100a, 0x1013, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x1014, 0x101d, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x2000, 0x2003, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x2004, 0x2007, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READWRITE },
		{ 0x2008, 0x200f, TMEM_VSOURCE_INVALID, TMEM_REASON_EXCLUDED, TMEM_PAGE_READWRITE },
	};
	struct core_writer w;
	void *core;

	core_writer_init(&w, 8, false, 62);
	core_writer_load(&w, 0x2000, 4, "1111", 4, R);
	core_writer_load(&w, 0x2000, 16, "22222222", 8, RW);
	core_writer_load(&w, 0x100a, 20, "cccccccccccccccccccc", 20, R);
	core_writer_load(&w, 0x1005, 15, "bbbbbbbbbbbbbbb", 15, R);
	core_writer_load(&w, 0x1000, 10, "aaaaaaaaaa", 10, R);
	core_writer_load(&w, 0x1001, 3, "xxx", 3, R); /* wholly hidden */
	core = open_written(&w, true);
	expect_runs(core, runs, 6);
	expect_bytes(core, 0x1000, "aaaaaaaaaabbbbbbbbbbcccccccccc", 30);
	expect_bytes(core, 0x2000, "11112222", 8);
	KIND->close(core);
	core_writer_fini(&w);
}

/* 70,000 segments, in order and not, against the addresses they were written with. */
static void many_segments(void **state)
{
	enum { COUNT = 70000 };

	for (int shuffled = 0; shuffled < 2; shuffled++) {
		struct core_writer w;
		struct tmi_snapshot *snapshot;
		void *core;

		core_writer_init(&w, 8, false, 62);
		for (uint64_t i = 0; i < COUNT; i++) {
			/* 7919 is prime to the count: each number once. */
			uint64_t number = shuffled ? i * 7919 % COUNT : i;

			core_writer_load(&w, 0x100000 + number * 0x2000, 0x1000, &number, 8, RW);
		}
		core = open_written(&w, true);
		for (uint64_t i = 0; i < COUNT; i += 97) {
			expect_bytes(core, 0x100000 + i * 0x2000, &i, 8);
			expect_fault(core, 0x100000 + i * 0x2000 + 8, TMEM_REASON_EXCLUDED);
			expect_fault(core, 0x100000 + i * 0x2000 + 0x1000, TMEM_REASON_NOT_MAPPED);
		}
		assert_int_equal(KIND->snapshot(core, 0, &snapshot), TMEM_S_OK);
		assert_int_equal(snapshot->count, 2 * COUNT);
		tmi_snapshot_release(snapshot);
		KIND->close(core);
		core_writer_fini(&w);
	}
}

/* The number of segments in section 0 although it would fit, in both classes and orders. */
static void counted_in_section(void **state)
{
	for (int shape = 0; shape < 4; shape++) {
		struct core_writer w;
		void *core;

		core_writer_init(&w, shape & 1 ? 8 : 4, shape & 2, 20);
		w.count_in_section = true;
		core_writer_prstatus(&w, 3, 400, 1);
		core_writer_load(&w, 0x4000, 3, "abc", 3, R);
		core_writer_load(&w, 0x5000, 3, "def", 3, R);
		core = open_written(&w, true);
		expect_bytes(core, 0x4000, "abc", 3);
		expect_bytes(core, 0x5000, "def", 3);
		KIND->close(core);
		core_writer_fini(&w);
	}
}

/* Terabytes of address space and of file, a few bytes of them real. */
static void sparse(void **state)
{
	uint64_t size = 100ull << 30;
	struct tmi_borrow borrow;
	struct core_writer w;
	struct tmi_run run;
	uint64_t end;
	uint8_t byte;
	char path[64];
	void *core;
	int fd;

	core_writer_init(&w, 8, false, 62);
	core_writer_load_at(&w, 0x10000000000, 0x200000000000, 4096, size - 4096, RW);
	core_writer_save(&w, path);
	fd = open(path, O_RDWR);
	if (ftruncate(fd, (off_t)size) < 0) {
		printf("not possible here: a file of 100 GiB with holes in /tmp\n");
	} else {
		assert_int_equal(pwrite(fd, "end", 3, (off_t)size - 3), 3);
		core = open_path(path, NULL, true);
		assert_non_null(core);
		expect_bytes(core, 0x10000000000 + size - 4096 - 3, "end", 3);
		expect_fault(core, 0x10000000000 + size - 4096, TMEM_REASON_EXCLUDED);
		expect_bytes(core, 0x10000000000, "", 1);
		assert_true(KIND->view(core, 0, 0x10800000000, &borrow));
		assert_int_equal(read_at(core, 0x10000000000 + size, &byte, 1, NULL), 0);
		assert_int_equal(KIND->run(core, 0, 0x10800000000, &run), TMEM_S_OK);
		if (KIND->untouched(core, 0, &run, 0x10040000000, 0x1007fffffff, &end))
			assert_int_equal(end, 0x1007fffffff);
		assert_false(KIND->untouched(core, 0, &run, 0x10000000000 + size - 4096 - 3,
					     0x10000000000 + size - 4096 - 1, &end));
		KIND->close(core);
	}
	close(fd);
	unlink(path);
	core_writer_fini(&w);
}

static void addresses_beyond_the_class(void **state)
{
	struct core_writer w;
	struct tmi_run run;
	uint8_t buffer[64];
	void *core;

	/* 32-bit: runs over the top of the address space. */
	core_writer_init(&w, 4, false, 3);
	core_writer_load(&w, 0xfffffff8, 64, "01234567890123456789012345678901", 32, RW);
	core = open_written(&w, true);
	assert_int_equal(read_at(core, 0xfffffff8, buffer, 64, NULL), 8);
	assert_int_equal(KIND->run(core, 0, 0, &run), TMEM_S_OK);
	assert_int_equal(run.last, 0xffffffff);
	assert_int_equal(KIND->run(core, 0, 0x100000000, &run), TMEM_E_NO_MORE_ENTRIES);
	KIND->close(core);
	core_writer_fini(&w);
	/* 64-bit: wraps; and numbers that cannot be. */
	core_writer_init(&w, 8, false, 62);
	core_writer_load(&w, 0xfffffffffffffff8, UINT64_MAX, "0123456789", 10, RW);
	core_writer_load_at(&w, 0x1000, 0x1000, UINT64_MAX, 0x1000, R);
	core_writer_load_at(&w, 0x3000, 0x1000, UINT64_MAX - 16, UINT64_MAX, R);
	core = open_written(&w, true);
	assert_int_equal(read_at(core, 0xfffffffffffffff8, buffer, 64, NULL), 8);
	expect_fault(core, 0x1000, TMEM_REASON_TRUNCATED);
	expect_fault(core, 0x3000, TMEM_REASON_TRUNCATED);
	KIND->close(core);
	core_writer_fini(&w);
}

/* ---- Truncation ---- */

static void truncated_file(void **state)
{
	static const struct expected_run runs[] = {
		{ 0x1000, 0x1fff, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READONLY },
		{ 0x2000, 0x2003, TMEM_VSOURCE_DEBUGGEE, 0, TMEM_PAGE_READWRITE },
		{ 0x2004, 0x2fff, TMEM_VSOURCE_INVALID, TMEM_REASON_TRUNCATED,
		  TMEM_PAGE_READWRITE },
		{ 0x3000, 0x37ff, TMEM_VSOURCE_INVALID, TMEM_REASON_TRUNCATED,
		  TMEM_PAGE_READWRITE },
		{ 0x3800, 0x3fff, TMEM_VSOURCE_INVALID, TMEM_REASON_EXCLUDED, TMEM_PAGE_READWRITE },
	};
	uint8_t page[4096];
	struct core_writer w;

	memset(page, 0x42, sizeof(page));
	for (int may_map = 0; may_map < 2; may_map++) {
		struct tmi_facts facts;
		char path[64];
		void *core;

		core_writer_init(&w, 8, false, 62);
		core_writer_load(&w, 0x1000, 4096, page, 4096, R);
		core_writer_load(&w, 0x2000, 4096, page, 4096, RW);
		core_writer_load(&w, 0x3000, 4096, page, 2048, RW);
		core_writer_save(&w, path);
		assert_int_equal(truncate(path, (off_t)w.data_offset + 4096 + 4), 0);
		core = open_path(path, NULL, may_map);
		unlink(path);
		assert_true(KIND->facts(core, 0, &facts) && facts.incomplete);
		expect_runs(core, runs, 5);
		expect_bytes(core, 0x1ffe, page, 6);
		assert_int_equal(read_at(core, 0x1ffe, page, 100, NULL), 6);
		expect_fault(core, 0x2004, TMEM_REASON_TRUNCATED);
		expect_fault(core, 0x3000, TMEM_REASON_TRUNCATED);
		expect_fault(core, 0x3800, TMEM_REASON_EXCLUDED);
		KIND->close(core);
		core_writer_fini(&w);
	}
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
		void *core;

		core_writer_init(&w, 8, false, 62);
		core_writer_load(&w, 0x100000, 65536, bytes, 65536, RW);
		core_writer_save(&w, path);
		core = open_path(path, NULL, may_map);
		assert_int_equal(KIND->snapshot(core, 0, &before), TMEM_S_OK);
		assert_int_equal(before->count, 1);
		assert_int_equal(read_at(core, 0x100000, buffer, 65536, NULL), 65536);
		assert_int_equal(KIND->view(core, 0, 0x108000, &borrow), may_map);
		assert_int_equal(truncate(path, (off_t)w.data_offset + 10000), 0);
		assert_int_equal(read_at(core, 0x100000, buffer, 65536, NULL), 10000);
		assert_memory_equal(buffer, bytes, 10000);
		expect_fault(core, 0x100000 + 10000, TMEM_REASON_TRUNCATED);
		expect_bytes(core, 0x100000, bytes, 10000);
		assert_true(KIND->facts(core, 0, &facts) && facts.incomplete);
		assert_int_equal(KIND->run(core, 0, 0x100000, &run), TMEM_S_OK);
		assert_int_equal(run.last, 0x100000 + 9999);
		assert_int_equal(KIND->snapshot(core, 0, &after), TMEM_S_OK);
		assert_int_equal(after->count, 2);
		if (may_map)
			assert_true(*borrow.truncated);
		assert_false(KIND->view(core, 0, 0x100000, &borrow));
		tmi_snapshot_release(before);
		tmi_snapshot_release(after);
		KIND->close(core);
		unlink(path);
		free(buffer);
		core_writer_fini(&w);
	}
	free(bytes);
}

/* ---- Names ---- */

static void names_of_runs(void **state)
{
	static const struct {
		uint64_t first;
		const char *name;
		uint32_t type;
		uint64_t file_offset;
		uint32_t source;
	} expected[] = {
		{ 0x10000, "/bin/prog", TMEM_MEM_IMAGE, 0, TMEM_VSOURCE_DEBUGGEE },
		{ 0x11000, "/bin/prog", TMEM_MEM_IMAGE, 0x5000, TMEM_VSOURCE_DEBUGGEE },
		{ 0x12000, "", TMEM_MEM_PRIVATE, 0, TMEM_VSOURCE_DEBUGGEE },
		{ 0x20000, "/data file (deleted)", TMEM_MEM_MAPPED, 0x3000, TMEM_VSOURCE_INVALID },
		{ 0x30000, "[vdso]", TMEM_MEM_IMAGE, 0, TMEM_VSOURCE_DEBUGGEE },
		{ 0x40000, "/data file (deleted)", TMEM_MEM_MAPPED, 0, TMEM_VSOURCE_INVALID },
		{ 0x50000, "[stack]", TMEM_MEM_PRIVATE, 0, TMEM_VSOURCE_DEBUGGEE },
	};
	static const struct written_file_row rows[] = {
		{ 0x11000, 0x12000, 5, "/bin/prog" },
		{ 0x10000, 0x11000, 0, "/bin/prog" },
		{ 0x20000, 0x21000, 3, "/data file (deleted)" },
		/* In no segment: its protection is not known. */
		{ 0x40000, 0x41000, 0, "/data file (deleted)" },
		{ 0x60000, 0x60000, 0, "/empty" },
	};
	static const uint64_t aux[][2] = { { 33, 0x30000 }, { 3, 0x10040 } };
	uint8_t bytes[0x3000] = "\177ELF";
	struct tmi_process process;
	struct tmi_run run;
	struct core_writer w;
	uint64_t value;
	void *core;

	core_writer_init(&w, 8, false, 62);
	/* rsp is register 19: 0x5003d + 19 = 0x50050 */
	core_writer_prstatus(&w, 9, 336, 0x5003d);
	core_writer_auxv(&w, aux, 2);
	core_writer_files(&w, rows, 5);
	core_writer_load(&w, 0x10000, 0x3000, bytes, 0x3000, RW);
	core_writer_load(&w, 0x20000, 0x1000, NULL, 0, RW);
	core_writer_load(&w, 0x30000, 0x1000, bytes, 0x1000, RX);
	core_writer_load(&w, 0x50000, 0x1000, bytes, 0x1000, RW);
	core = open_written(&w, true);
	value = 0;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		assert_int_equal(KIND->run(core, 0, value, &run), TMEM_S_OK);
		assert_int_equal(run.first, expected[i].first);
		assert_string_equal(run.name, expected[i].name);
		assert_int_equal(run.type, expected[i].type);
		assert_int_equal(run.file_offset, expected[i].file_offset);
		assert_int_equal(run.source, expected[i].source);
		assert_int_equal(run.file_id != 0, run.name[0] == '/');
		value = run.last + 1;
	}
	assert_int_equal(KIND->run(core, 0, value, &run), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(KIND->run(core, 0, 0x40010, &run), TMEM_S_OK);
	assert_int_equal(run.protect, 0);
	expect_fault(core, 0x40010, TMEM_REASON_EXCLUDED);
	assert_true(KIND->process(core, 0, &process));
	assert_string_equal(process.name, "/bin/prog");
	assert_int_equal(KIND->hint(core, 0, "vdso", &value), TMEM_S_OK);
	assert_int_equal(value, 0x30000);
	assert_int_equal(KIND->hint(core, 0, "entry", &value), TMEM_E_NOINTERFACE);
	KIND->close(core);
	core_writer_fini(&w);
}

/* NT_FILE that cannot be: wrong counts, names without end. The memory stays readable. */
static void bad_file_notes(void **state)
{
	static const uint64_t counts[] = { 0, 1, 2, 1000, UINT64_MAX, UINT64_MAX / 24 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		uint8_t note[64] = { 0 };
		struct core_writer w;
		struct tmi_run run;
		void *core;

		put_integer(note, 8, false, counts[i]);
		put_integer(note + 8, 8, false, 4096);
		put_integer(note + 16, 8, false, 0x1000);
		put_integer(note + 24, 8, false, 0x2000);
		memset(note + 40, 'x', sizeof(note) - 40);
		core_writer_init(&w, 8, false, 62);
		core_writer_note(&w, "CORE", 0x46494c45, note, sizeof(note));
		core_writer_load(&w, 0x1000, 4, "abcd", 4, R);
		core = open_written(&w, i & 1);
		assert_int_equal(KIND->run(core, 0, 0, &run), TMEM_S_OK);
		assert_string_equal(run.name, "");
		expect_bytes(core, 0x1000, "abcd", 4);
		KIND->close(core);
		core_writer_fini(&w);
	}
}

/* ---- Refusals ---- */

static void refusals(void **state)
{
	struct core_writer w;
	uint8_t *bytes;
	size_t size;

	assert_int_equal(open_failure("", 0, "empty"), TMEM_E_MAPPED_FILE_SIZE_ZERO);
	assert_int_equal(open_failure("plain text", 10, "not an ELF file"), TMEM_E_BAD_FORMAT);
	core_writer_init(&w, 8, false, 62);
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, size, "without segments"), TMEM_E_BAD_FORMAT);
	assert_int_equal(open_failure(bytes, 40, "ends inside its header"), TMEM_E_BAD_FORMAT);
	bytes[4] = 3;
	assert_int_equal(open_failure(bytes, size, "unknown class"), TMEM_E_BAD_FORMAT);
	bytes[4] = 2;
	bytes[5] = 0;
	assert_int_equal(open_failure(bytes, size, "unknown byte order"), TMEM_E_BAD_FORMAT);
	free(bytes);
	w.type = 3;
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, size, "not a core"), TMEM_E_BAD_FORMAT);
	free(bytes);
	w.type = 4;
	w.count_in_section = true;
	core_writer_load(&w, 0x1000, 1, "x", 1, R);
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, 64 + 56, "counts the segments"), TMEM_E_BAD_FORMAT);
	bytes[54] = 10; /* e_phentsize */
	assert_int_equal(open_failure(bytes, size, "e_phentsize"), TMEM_E_BAD_FORMAT);
	free(bytes);
	core_writer_fini(&w);
	core_writer_init(&w, 8, false, 62);
	core_writer_segment(&w, 0);
	bytes = core_writer_build(&w, &size);
	assert_int_equal(open_failure(bytes, size, "neither memory nor threads"),
			 TMEM_E_BAD_FORMAT);
	free(bytes);
	core_writer_fini(&w);
}

static void probing(void **state)
{
	static const char *const owners[] = { "VMCOREINFO", "QEMU", "VBCORE" };
	struct tmi_probe probe = { .path = "x" };
	const char *why = NULL;
	struct core_writer w;
	uint8_t *bytes;

	probe.head = (const uint8_t *)"MZ";
	probe.head_size = 2;
	assert_int_equal(KIND->probe(&probe, &why), 0);
	assert_non_null(why);
	core_writer_init(&w, 8, true, 21);
	core_writer_prstatus(&w, 1, 504, 0);
	bytes = core_writer_build(&w, &probe.head_size);
	probe.head = bytes;
	assert_int_equal(KIND->probe(&probe, &why), 80);
	free(bytes);
	w.type = 2;
	bytes = core_writer_build(&w, &probe.head_size);
	probe.head = bytes;
	assert_int_equal(KIND->probe(&probe, &why), 0);
	assert_string_equal(why, "an ELF file, but not a core");
	free(bytes);
	for (size_t i = 0; i < 3; i++) {
		w.type = 4;
		core_writer_note(&w, owners[i], 0, "x", 1);
		bytes = core_writer_build(&w, &probe.head_size);
		probe.head = bytes;
		assert_int_equal(KIND->probe(&probe, &why), 0);
		assert_non_null(strstr(why, "physical memory"));
		free(bytes);
		w.notes.size = 0;
	}
	core_writer_fini(&w);
}

/* ---- Threads ---- */

struct asker {
	void *core;
	bool wrong;
};

/* Everything that is made late, asked for by all at once. */
static void *ask_everything(void *argument)
{
	struct asker *shared = argument;
	struct tmi_snapshot *snapshot = NULL;
	struct tmi_process process;
	struct tmem_transfer item = { 0 };
	struct tmi_run run;
	char text[4];

	for (int i = 0; i < 200; i++) {
		item = (struct tmem_transfer){ .offset = 0x1000, .buffer = text, .size = 4 };
		shared->wrong |= KIND->snapshot(shared->core, 0, &snapshot) != TMEM_S_OK;
		shared->wrong |= snapshot && snapshot->count != 2;
		tmi_snapshot_release(snapshot);
		shared->wrong |= KIND->run(shared->core, 0, 0x2000, &run) != TMEM_S_OK ||
				 strcmp(run.name, "/bin/none") != 0;
		shared->wrong |= !KIND->process(shared->core, 0, &process) ||
				 strcmp(process.name, "name") != 0;
		KIND->read(shared->core, 0, &item, 1, 0);
		shared->wrong |= item.done != 4 || memcmp(text, "abcd", 4) != 0;
		item.offset = 0x2000;
		KIND->read(shared->core, 0, &item, 1, 0);
		shared->wrong |= item.status != TMEM_E_READ_FAULT;
	}
	return NULL;
}

static void many_threads(void **state)
{
	static const struct written_file_row row = { 0x2000, 0x3000, 0, "/bin/none" };
	struct asker shared[4] = { 0 };
	pthread_t threads[4];
	struct core_writer w;

	core_writer_init(&w, 8, false, 62);
	core_writer_prpsinfo(&w, 5, "name", "");
	core_writer_files(&w, &row, 1);
	core_writer_load(&w, 0x1000, 4, "abcd", 4, R);
	core_writer_load(&w, 0x2000, 4096, NULL, 0, RX);
	shared[0].core = open_written(&w, true);
	for (int i = 0; i < 4; i++) {
		shared[i].core = shared[0].core;
		pthread_create(&threads[i], NULL, ask_everything, &shared[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_false(shared[i].wrong);
	}
	KIND->close(shared[0].core);
	core_writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_and_order),
		cmocka_unit_test(pieces_of_a_segment),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(many_segments),
		cmocka_unit_test(counted_in_section),
		cmocka_unit_test(sparse),
		cmocka_unit_test(addresses_beyond_the_class),
		cmocka_unit_test(truncated_file),
		cmocka_unit_test(cut_while_open),
		cmocka_unit_test(names_of_runs),
		cmocka_unit_test(bad_file_notes),
		cmocka_unit_test(refusals),
		cmocka_unit_test(probing),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
