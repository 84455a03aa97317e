/* SPDX-License-Identifier: Apache-2.0 */
/* test_synth.c - the target kind synth: its text, its memory, its messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "target/synth.h"

#define KIND tmi_target_synth

static void *open_file(const char *name)
{
	const char *source = getenv("TMEM_SOURCE");
	struct tmi_open open = { 0 };
	void *state = NULL;
	char *path;

	assert_true(asprintf(&path, "%s/tests/synth/%s", source ? source : ".", name) > 0);
	open.address = path;
	if (KIND.open(&open, &state) != TMEM_S_OK)
		fail_msg("%s", tmi_error_text());
	free(path);
	return state;
}

static struct tmi_synth *parse(const char *body)
{
	struct tmi_synth *synth;
	char *text;
	int size = asprintf(&text, "tmem synth 1\n%s", body);

	assert_true(size > 0);
	if (tmi_synth_parse("t", text, (size_t)size, &synth) != TMEM_S_OK)
		fail_msg("%s", tmi_error_text());
	free(text);
	return synth;
}

static size_t read_at(void *state, uint32_t space, uint64_t address, void *buffer, size_t size)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	assert_int_equal(KIND.read(state, space, &item, 1, 0), TMEM_S_OK);
	assert_int_equal(item.status, item.done || !size ? TMEM_S_OK : TMEM_E_READ_FAULT);
	return item.done;
}

static size_t write_at(void *state, uint32_t space, uint64_t address, const char *text)
{
	struct tmem_transfer item = { .offset = address,
				      .buffer = (void *)(uintptr_t)text,
				      .size = strlen(text) };

	assert_int_equal(KIND.write(state, space, &item, 1), TMEM_S_OK);
	assert_int_equal(item.status, item.done ? TMEM_S_OK : TMEM_E_WRITE_FAULT);
	return item.done;
}

static void assert_bytes(void *state, uint64_t address, const char *bytes, size_t size)
{
	uint8_t buffer[256];

	assert_true(size <= sizeof(buffer));
	assert_int_equal(read_at(state, 0, address, buffer, size), size);
	assert_memory_equal(buffer, bytes, size);
}

static void assert_unreadable(void *state, uint64_t address, enum tmem_reason reason)
{
	uint8_t byte;

	assert_int_equal(read_at(state, 0, address, &byte, 1), 0);
	assert_int_equal(tmi_error_reason(), reason);
}

static void test_contents(void **unused)
{
	void *state = open_file("small.synth");
	uint8_t page[4096];

	(void)unused;
	assert_bytes(state, 0x1000000, "Hello, world\0", 13);
	assert_bytes(state, 0x1000020, "G\0r\0\xfc\0\xdf\0e\0\0\0", 12);
	assert_bytes(state, 0x1000040, "\0\0\0\1\0\0\0\0\x20\0\0\1\0\0\0\0", 16);
	assert_bytes(state, 0x1000060, "\1\0\0\0\2\0\0\0\0\0\0\x80\xff\xff\xff\xff", 16);
	assert_bytes(state, 0x1000070, "\x34\x12\7\x8\x9", 5);
	assert_bytes(state, 0x1000080, "\xde\xad\xbe\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 12);
	assert_bytes(state, 0x1000ffe, "\0\0ABCABCA", 9);
	assert_int_equal(read_at(state, 0, 0x1002000, page, 4096), 4096);
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(page[i], i & 0xff);
	assert_int_equal(read_at(state, 0, 0x401003, page, 64), 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(page[i], tmi_synth_seed_byte(1, 0x401003 + i));
	/* A prefix up to the end of the run; runs that touch are read as one. */
	assert_int_equal(read_at(state, 0, 0x1002ff0, page, 4096), 16);
	assert_int_equal(read_at(state, 0, 0x402ff0, page, 32), 32);
	KIND.close(state);
}

/* The numbers of the formula in docs/synth.md, worked out elsewhere (Python). */
static void test_seed_formula(void **unused)
{
	static const uint8_t expected[] = { 0x5a, 0x8c, 0xd4, 0xe0, 0x42, 0xf0, 0xbf, 0xc6 };

	(void)unused;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(tmi_synth_seed_byte(1, 0x401000 + i), expected[i]);
}

static void test_faults(void **unused)
{
	void *state = open_file("small.synth");
	struct tmi_run run;
	uint8_t buffer[0x1000];
	uint64_t first, end;

	(void)unused;
	assert_unreadable(state, 0x2001000, TMEM_REASON_NOT_MAPPED);
	assert_unreadable(state, 0x2003000, TMEM_REASON_PAST_END_OF_FILE);
	assert_unreadable(state, 0x3001000, TMEM_REASON_GUARD);
	assert_unreadable(state, 0x3002100, TMEM_REASON_FORCED_FAULT);
	assert_unreadable(state, 0x3003000, TMEM_REASON_WOULD_BLOCK);
	assert_unreadable(state, 0x4000000, TMEM_REASON_NOT_MAPPED);
	assert_unreadable(state, 0, TMEM_REASON_NOT_MAPPED);
	assert_int_equal(read_at(state, 0, 0x3002000, buffer, 0x200), 0x100);
	assert_int_equal(read_at(state, 0, 0x3000000, buffer, 1), 1);

	assert_int_equal(KIND.run(state, 0, 0x3002000, &run), TMEM_S_OK);
	assert_true(run.uncertain);
	assert_int_equal(KIND.valid(state, 0, &run, run.first, run.last, &first, &end), TMEM_S_OK);
	assert_int_equal(first, 0x3002000);
	assert_int_equal(end, 0x30020ff);
	assert_int_equal(KIND.valid(state, 0, &run, 0x3002105, run.last, &first, &end), TMEM_S_OK);
	assert_int_equal(first, 0x3002110);
	assert_int_equal(end, 0x3002fff);
	assert_int_equal(KIND.valid(state, 0, &run, 0x3002105, 0x3002109, &first, &end),
			 TMEM_E_NO_MORE_ENTRIES);
	KIND.close(state);
}

static void test_runs(void **unused)
{
	static const struct {
		uint64_t first, size, offset;
		uint32_t protect, type;
	} expected[] = {
		{ 0x400000, 0x1000, 0, TMEM_PAGE_READONLY, TMEM_MEM_IMAGE },
		{ 0x401000, 0x2000, 0x1000, TMEM_PAGE_EXECUTE_READ, TMEM_MEM_IMAGE },
		{ 0x403000, 0x1000, 0x3000, TMEM_PAGE_WRITECOPY, TMEM_MEM_IMAGE },
		{ 0x1000000, 0x3000, 0, TMEM_PAGE_READWRITE, TMEM_MEM_PRIVATE },
		{ 0x2000000, 0x1000, 0, TMEM_PAGE_READONLY, TMEM_MEM_MAPPED },
		{ 0x2002000, 0x2000, 0x2000, TMEM_PAGE_READONLY, TMEM_MEM_MAPPED },
		{ 0x3000000, 0x1000, 0, TMEM_PAGE_NOACCESS, TMEM_MEM_PRIVATE },
		{ 0x3001000, 0x1000, 0, TMEM_PAGE_READWRITE | TMEM_PAGE_GUARD, TMEM_MEM_PRIVATE },
	};
	void *state = open_file("small.synth");
	struct tmi_snapshot *snapshot;
	struct tmi_run run;

	(void)unused;
	assert_int_equal(KIND.snapshot(state, 0, &snapshot), TMEM_S_OK);
	assert_int_equal(snapshot->count, 12);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		run = snapshot->runs[i];
		assert_int_equal(run.first, expected[i].first);
		assert_int_equal(run.last, expected[i].first + expected[i].size - 1);
		assert_int_equal(run.file_offset, expected[i].offset);
		assert_int_equal(run.protect, expected[i].protect);
		assert_int_equal(run.type, expected[i].type);
	}
	assert_string_equal(snapshot->runs[0].name, "/bin/small");
	assert_int_equal(snapshot->runs[10].state, TMEM_MEM_RESERVE);
	tmi_snapshot_release(snapshot);
	assert_int_equal(KIND.run(state, 0, 0x7ffffffff000, &run), TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(KIND.run(state, 0, 0x2001000, &run), TMEM_S_OK);
	assert_int_equal(run.first, 0x2002000);
	KIND.close(state);
}

static void test_threads(void **unused)
{
	void *state = open_file("small.synth");
	struct tmi_thread *threads;
	uint64_t *block;
	size_t count, size;

	(void)unused;
	assert_int_equal(KIND.threads(state, 0, &threads, &count), TMEM_S_OK);
	assert_int_equal(count, 2);
	assert_int_equal(threads[1].system_id, 4712);
	free(threads);
	assert_int_equal(KIND.context(state, 0, 4712, TMEM_CONTEXT_GENERAL, (void **)&block, &size),
			 TMEM_S_OK);
	assert_int_equal(size, 27 * 8);
	assert_int_equal(block[16], 0x401020);
	assert_int_equal(block[19], 0x7ffff7000f00);
	free(block);
	assert_int_equal(
		KIND.context(state, 0, 4712, TMEM_CONTEXT_FLOATING_POINT, (void **)&block, &size),
		TMEM_E_NOINTERFACE);
	KIND.close(state);
}

static void test_processes(void **unused)
{
	void *state = open_file("three.synth");
	struct tmi_process process;
	struct tmi_facts facts;
	uint64_t value;
	uint8_t buffer[8];

	(void)unused;
	assert_int_equal(KIND.process_count(state), 3);
	assert_true(KIND.process(state, 1, &process));
	assert_int_equal(process.system_id, 200);
	assert_string_equal(process.name, "/bin/two");
	assert_true(KIND.facts(state, 2, &facts));
	assert_int_equal(facts.pointer_size, 4);
	assert_int_equal(facts.processor_type, TMEM_PROCESSOR_I386);
	assert_true(facts.live);
	assert_int_equal(read_at(state, 1, 0x10000, buffer, 3), 3);
	assert_memory_equal(buffer, "two", 3);
	assert_int_equal(read_at(state, 2, 0xfffffff8, buffer, 8), 8);
	assert_memory_equal(buffer, "the top!", 8);

	assert_int_equal(KIND.suspend(state), TMEM_S_OK);
	assert_int_equal(KIND.hint(state, 0, "suspended", &value), TMEM_S_OK);
	assert_int_equal(value, 1);
	assert_int_equal(KIND.resume(state), TMEM_S_OK);
	assert_int_equal(KIND.hint(state, 0, "suspends", &value), TMEM_S_OK);
	assert_int_equal(value, 1);
	assert_int_equal(KIND.hint(state, 0, "reads", &value), TMEM_S_OK);
	assert_int_equal(value, 2);
	assert_int_equal(KIND.hint(state, 0, "read-bytes", &value), TMEM_S_OK);
	assert_int_equal(value, 11);
	assert_int_equal(KIND.hint(state, 0, "root", &value), TMEM_E_NOINTERFACE);

	assert_int_equal(KIND.detach(state, 1), TMEM_S_OK);
	assert_false(KIND.facts(state, 1, &facts));
	assert_true(KIND.process(state, 1, &process));
	assert_false(process.present);
	assert_int_equal(KIND.snapshot(state, 1, &(struct tmi_snapshot *){ NULL }),
			 TMEM_E_UNEXPECTED);
	KIND.close(state);
}

static void test_writes(void **unused)
{
	void *state = open_file("three.synth");
	struct tmi_synth *faulty;

	(void)unused;
	assert_int_equal(write_at(state, 0, 0x10ffe, "abcd"), 4);
	assert_bytes(state, 0x10ffc, "\0\0abcd\0", 7);
	assert_bytes(state, 0x10000, "one", 3);
	assert_int_equal(write_at(state, 0, 0x11ffe, "abcd"), 2);
	assert_int_equal(write_at(state, 0, 0x12000, "abcd"), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_NOT_MAPPED);
	assert_int_equal(write_at(state, 1, 0x20000, "abcd"), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_READ_ONLY);
	assert_int_equal(write_at(state, 2, 0xfffffffc, "abcd"), 4);
	KIND.close(state);

	faulty = parse(
		"target live=yes\nprocess 1\nrun 0 8K r--p\nfault 16 8 write reason=denied\n");
	assert_int_equal(write_at(faulty, 0, 10, "0123456789"), 6);
	assert_bytes((void *)faulty, 10, "012345\0", 7);
	assert_int_equal(write_at(faulty, 0, 16, "0"), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_DENIED);
	tmi_synth_free(faulty);

	faulty = parse("process 1\nrun 0 8K rw-p\n");
	assert_int_equal(write_at(faulty, 0, 0, "0"), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_NOT_STORED);
	tmi_synth_free(faulty);
}

static void test_sparse(void **unused)
{
	void *state = open_file("sparse.synth");
	struct tmi_run run;
	uint64_t end;

	(void)unused;
	assert_bytes(state, 0x1fffffffff00, "needle in a haystack", 20);
	assert_bytes(state, 0x100000000000, "\0\0\0", 3);
	assert_int_equal(KIND.run(state, 0, 0x100000000000, &run), TMEM_S_OK);
	assert_true(KIND.untouched(state, 0, &run, run.first, run.last, &end));
	assert_int_equal(end, 0x1ffffffffeff);
	assert_false(KIND.untouched(state, 0, &run, 0x1fffffffff05, run.last, &end));
	assert_int_equal(end, 0x1fffffffff13);
	assert_true(KIND.untouched(state, 0, &run, 0x200000000000, run.last, &end));
	assert_int_equal(end, run.last);
	assert_int_equal(KIND.run(state, 0, 0x400000001000, &run), TMEM_S_OK);
	assert_int_equal(run.first, 0x43fff0001000);
	assert_false(KIND.untouched(state, 0, &run, run.first, run.last, &end));
	KIND.close(state);
}

static void test_lending(void **unused)
{
	void *state = open_file("big-endian.synth");
	struct tmi_borrow borrow;
	struct tmi_facts facts;

	(void)unused;
	assert_true(KIND.facts(state, 0, &facts));
	assert_true(facts.big_endian && facts.incomplete && facts.lends);
	assert_int_equal(facts.page_size, 0x10000);
	assert_bytes(state, 0x10000, "\x11\x22\x33\x44", 4);
	assert_bytes(state, 0x10010, "\0A\0B\xd8\x3d\0\0", 8);
	assert_bytes(state, 0x10020, "\0\1\0\0", 4);
	assert_true(KIND.view(state, 0, 0x10002, &borrow));
	assert_int_equal(borrow.first, 0x10000);
	assert_int_equal(borrow.last, 0x10003);
	assert_memory_equal(borrow.data, "\x11\x22\x33\x44", 4);
	assert_true(KIND.view(state, 0, 0x20006, &borrow));
	assert_int_equal(borrow.first, 0x20004);
	assert_int_equal(borrow.last, 0x20007);
	assert_int_equal(borrow.data[2], 0xcc);
	assert_false(KIND.view(state, 0, 0x10008, &borrow));
	assert_false(KIND.view(state, 0, 0x40000, &borrow));
	KIND.close(state);
}

/* The later line wins, also in the middle of an earlier one, and patterns keep their phase. */
static void test_later_lines_win(void **unused)
{
	struct tmi_synth *synth = parse("process 1\nrun 0x100 0x100 rw-p\n"
					"repeat 0x100 16 61 62 63\n"
					"bytes 0x104 2d 2d\n"
					"repeat 0x10a 0x100 78 79\n"
					"text 0x10b \"!\"\n");

	(void)unused;
	assert_bytes(synth, 0x100, "abca--abcax!xyxyxy", 18);
	tmi_synth_free(synth);
}

/* Many overlapping pieces against the plainest model. */
static void test_random_layers(void **unused)
{
	(void)unused;
	srandom(7);
	for (unsigned round = 0; round < 200; round++) {
		uint8_t model[256] = { 0 }, got[256];
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct tmi_synth *synth;

		fprintf(out, "process 1\nrun 0 256 rw-p\n");
		for (unsigned i = 0; i < 12; i++) {
			unsigned at = (unsigned)random() % 256;
			unsigned length = 1 + (unsigned)random() % (256 - at);
			uint8_t value = (uint8_t)random();

			fprintf(out, "repeat %u %u %02x\n", at, length, value);
			memset(model + at, value, length);
		}
		fclose(out);
		synth = parse(text);
		assert_int_equal(read_at(synth, 0, 0, got, 256), 256);
		assert_memory_equal(got, model, 256);
		tmi_synth_free(synth);
		free(text);
	}
}

static void assert_refused(const char *text, const char *message)
{
	struct tmi_synth *synth;

	assert_int_equal(tmi_synth_parse("t", text, strlen(text), &synth), TMEM_E_BAD_FORMAT);
	assert_null(synth);
	if (!strstr(tmi_error_text(), message))
		fail_msg("\"%s\" does not contain \"%s\"", tmi_error_text(), message);
}

#define HEAD "tmem synth 1\n"

static void test_messages(void **unused)
{
	(void)unused;
	assert_refused("", "t:1:1: expected the first line \"tmem synth 1\", found the end");
	assert_refused("tmem synth 2\n", "t:1:1: expected the first line");
	assert_refused(HEAD, "a process line somewhere");
	assert_refused(HEAD "run 0 1 rw-p\n", "t:2:1: expected a process line before this one");
	assert_refused(HEAD "process 1\nrun 0 0 rw-p\n", "t:3:7: expected a size above 0");
	assert_refused(HEAD "process 1\nrun 0 1 rw\n", "t:3:9: expected a protection");
	assert_refused(HEAD "process 1\nrun 0 1 rw-p kind=1\n",
		       "t:3:14: expected key=value with a key out of type, name,");
	assert_refused(HEAD "process 1\nrun 0 1 rw-p type=heap\n",
		       "t:3:19: expected type (one of private, mapped, image, unknown), found "
		       "\"heap\"");
	assert_refused(HEAD "process 1\nrun 0 1 rw-p file=1 file=2\n", "expected file= only once");
	assert_refused(HEAD "process 1\nrun 0 16 rw-p\nrun 15 2 rw-p\n",
		       "t:4:1: expected runs that do not overlap, found one at 0xf inside the run "
		       "of line 3");
	assert_refused(HEAD "process 1\nbytes 0 1\n", "t:3:9: expected hex bytes");
	assert_refused(HEAD "process 1\nu8 0 256\n", "t:3:6: expected a value up to 0xff");
	assert_refused(HEAD "process 1\nu64 0 18446744073709551616\n", "t:3:7: expected a value");
	assert_refused(HEAD "process 1\ntext 0 \"abc\n", "expected a closing \", found the end");
	assert_refused(HEAD "process 1\ntext 0 \"\\q\"\n", "t:3:10: expected one of n t r 0");
	assert_refused(HEAD "process 1\ntext16 0 \"\xc3\"\n", "t:3:11: expected valid UTF-8");
	assert_refused(HEAD "process 1\nprocess 1\n", "t:3:9: expected a process id not used");
	assert_refused(HEAD "process 1\nu8 0xffffffffffffffff 1 2\n", "room for 2 bytes");
	assert_refused(HEAD "machine i386\nprocess 1\nrun 0xfffff000 0x1001 rw-p\n",
		       "t:4:16: expected a size above 0 that ends by 0xffffffff");
	assert_refused(HEAD "machine amd64 granular=page\nprocess 1\nrun 0x800 0x1000 rw-p\n",
		       "t:4:5: expected whole pages of 0x1000 bytes");
	assert_refused(HEAD "machine amd64 page=3000\n", "t:2:20: expected a power of two");
	assert_refused(HEAD "machine vax\n", "t:2:9: expected a machine (one of amd64, i386");
	assert_refused(HEAD "target live=yes lends=yes\n", "t:2:23: expected lends=no");
	assert_refused(HEAD "process 1\ntarget live=yes\n", "target before the first process");
	assert_refused(HEAD "process 1\nthread 1 xyz=5\n", "t:3:10: expected key=value");
	assert_refused(HEAD "process 1\nfault 0 1 gone\n", "one of read, write, both");
	assert_refused(HEAD "process 1\nunknown\n", "t:3:1: expected a directive");
}

/* After three reads nothing moves any more, and the call says which elements it did. */
static void check_end_of_link(const char *line, tmem_status failure, enum tmem_reason reason)
{
	struct tmem_transfer items[5];
	struct tmi_synth *synth;
	uint8_t buffer[4];
	char *text;

	assert_true(asprintf(&text,
			     "target live=yes\n%s after=3\nprocess 1\nrun 0 4K rw-p\n"
			     "process 2\nrun 0 4K rw-p\n",
			     line) > 0);
	synth = parse(text);
	free(text);
	for (unsigned i = 0; i < 5; i++)
		items[i] = (struct tmem_transfer){ .buffer = buffer, .size = 4, .done = 99 };
	assert_int_equal(KIND.write(synth, 0, items, 1), TMEM_S_OK);
	assert_int_equal(KIND.read(synth, 0, items, 5, 0), failure);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(items[i].done, i < 3 ? 4 : 0);
		assert_int_equal(items[i].status, i < 3 ? TMEM_S_OK : failure);
	}
	assert_int_equal(tmi_error_reason(), reason);
	assert_int_equal(KIND.write(synth, 0, items, 2), failure);
	assert_int_equal(items[0].done, 0);
	assert_int_equal(items[1].status, failure);
	assert_int_equal(KIND.read(synth, 1, items, 1, 0), failure);
	tmi_synth_free(synth);
}

static void test_end_of_link(void **unused)
{
	(void)unused;
	check_end_of_link("lost", TMEM_E_CONNECTION_LOST, TMEM_REASON_LOST);
	check_end_of_link("timeout", TMEM_E_TIMED_OUT, TMEM_REASON_NONE);
}

static void test_short_reads(void **unused)
{
	struct tmi_synth *synth = parse("process 1\nrun 0x1000 0x1000 rw-p\n"
					"pattern 0x1000 0x1000 counting\n"
					"short 5 0x1010 0x10\nshort 2 0x1018 1\n"
					"process 2\nshort 3\nrun 0 4K rw-p\n");
	uint8_t buffer[64];

	(void)unused;
	assert_int_equal(read_at(synth, 0, 0x1010, buffer, 64), 5);
	assert_memory_equal(buffer, "\x10\x11\x12\x13\x14", 5);
	assert_int_equal(read_at(synth, 0, 0x1010, buffer, 4), 4);
	assert_int_equal(read_at(synth, 0, 0x1018, buffer, 4), 2);
	assert_int_equal(read_at(synth, 0, 0x100f, buffer, 64), 64);
	assert_int_equal(read_at(synth, 0, 0x1020, buffer, 64), 64);
	assert_int_equal(read_at(synth, 1, 0x800, buffer, 64), 3);
	assert_unreadable(synth, 0x3000, TMEM_REASON_NOT_MAPPED);
	tmi_synth_free(synth);
}

static void test_changes(void **unused)
{
	struct tmi_synth *synth = parse("target live=yes\nprocess 1\nrun 0x1000 0x3000 rw-p\n"
					"text 0x1ffe \"abcd\"\n"
					"change 0x1fff after=3 5859\n"
					"change 0x1fff after=1 31 32\n"
					"change 0x2000 after=1 33\n");

	(void)unused;
	assert_bytes(synth, 0x1ffe, "abcd", 4);
	assert_bytes(synth, 0x1ffe, "a13d", 4);
	assert_int_equal(write_at(synth, 0, 0x1fff, "--"), 2);
	assert_bytes(synth, 0x1ffe, "a--d", 4);
	assert_bytes(synth, 0x1ffe, "aXYd", 4);
	assert_int_equal(write_at(synth, 0, 0x1fff, "!"), 1);
	assert_bytes(synth, 0x1ffe, "a!Yd", 4);
	tmi_synth_free(synth);
}

static void test_latency(void **unused)
{
	struct tmi_synth *synth = parse("latency 1000 per=item\nprocess 1\nrun 0 4K rw-p\n");

	(void)unused;
	assert_int_equal(synth->link.latency, 1000);
	assert_true(synth->link.each_item);
	assert_bytes(synth, 0, "\0\0", 2);
	tmi_synth_free(synth);
	synth = parse("process 1\nlatency 5\nrun 0 4K rw-p\n");
	assert_int_equal(synth->link.latency, 5);
	assert_false(synth->link.each_item);
	assert_bytes(synth, 0, "\0\0", 2);
	tmi_synth_free(synth);
}

static void test_link_messages(void **unused)
{
	(void)unused;
	assert_refused(HEAD "latency 1000001\n", "t:2:9: expected at most 1000000 microseconds");
	assert_refused(HEAD "latency 1 per=byte\n", "expected per (one of call, item)");
	assert_refused(HEAD "lost after=1\n", "t:2:1: expected target live=yes before lost");
	assert_refused(HEAD "target live=yes\nlost\n", "t:3:5: expected after=NUMBER of reads");
	assert_refused(HEAD "target live=yes\nlost after=1\ntimeout after=2\n",
		       "t:4:1: expected one line lost or timeout");
	assert_refused(HEAD "process 1\nshort 0\n", "t:3:7: expected at least one byte");
	assert_refused(HEAD "process 1\nchange 0 after=1 00\n",
		       "t:3:1: expected target live=yes before change");
	assert_refused(HEAD "target live=yes\nprocess 1\nchange 0 00\n",
		       "t:4:10: expected after=NUMBER of reads");
	assert_refused(HEAD "target live=yes\nprocess 1\nchange 0 after=1\n", "expected hex bytes");
	assert_refused(HEAD "target live=yes\nprocess 1\nchange 0xffffffffffffffff after=1 0000\n",
		       "t:4:8: expected an address that leaves room for 2 bytes");
}

static uint64_t entry_at(struct tmi_synth *synth, uint64_t address, size_t width)
{
	uint64_t entry = 0;

	assert_int_equal(read_at(synth, TMI_SPACE_PHYSICAL, address, &entry, width), width);
	return entry;
}

static void test_physical(void **unused)
{
	struct tmi_synth *synth = parse("machine i386\nphysical granular=page\n"
					"run 0x1000 0x2000 rw-p\nrun 0x123456000 4K r--p\n"
					"text 0x123456000 \"high\"\nfault 0x2000 4K read\n"
					"process 1\nrun 0x1000 4K rw-p\ntext 0x1000 \"low\"\n");
	struct tmi_facts facts;
	struct tmi_run run;
	uint8_t buffer[4];

	(void)unused;
	assert_true(KIND.facts(synth, TMI_SPACE_PHYSICAL, &facts));
	assert_false(facts.byte_granular);
	assert_int_equal(facts.pointer_size, 8);
	assert_int_equal(read_at(synth, TMI_SPACE_PHYSICAL, 0x123456000, buffer, 4), 4);
	assert_memory_equal(buffer, "high", 4);
	assert_int_equal(read_at(synth, TMI_SPACE_PHYSICAL, 0x1000, buffer, 4), 4);
	assert_memory_equal(buffer, "\0\0\0", 4);
	assert_int_equal(read_at(synth, TMI_SPACE_PHYSICAL, 0x2000, buffer, 4), 0);
	assert_int_equal(tmi_error_reason(), TMEM_REASON_FORCED_FAULT);
	assert_int_equal(KIND.run(synth, TMI_SPACE_PHYSICAL, 0x4000, &run), TMEM_S_OK);
	assert_int_equal(run.first, 0x123456000);
	assert_bytes(synth, 0x1000, "low", 3);
	assert_int_equal(KIND.process_count(synth), 1);
	tmi_synth_free(synth);

	synth = parse("process 1\n");
	assert_false(KIND.facts(synth, TMI_SPACE_PHYSICAL, &facts));
	tmi_synth_free(synth);
}

/* Entries worked out by hand from the processor manuals' tables of bits. */
static void test_tables_x64(void **unused)
{
	struct tmi_synth *synth = parse(
		"process 1\nphysical\nrun 0 16M rw-p\ntables 0x10000 0x10000\ntable x64 0x1000\n"
		"map 0x7f8040201000 0x20000 0x2000 rw-u\n"
		"map 0x7f8040203000 0x30000 0x1000 r-xk\n"
		"map 0x7f8040400000 0x40000000 2M r--u page=2M\n"
		"map 0xffffffffc0000000 0x80000000 1G rwxk page=1G\n"
		"map 0x7f8040204000 0x31000 0x1000 -wxk\n"
		"u64 0x12010 7\n");
	uint64_t root;

	(void)unused;
	/* 0x7f8040201000: indices 255, 1, 1, 1. */
	assert_int_equal(entry_at(synth, 0x1000 + 8 * 255, 8), 0x10027);
	assert_int_equal(entry_at(synth, 0x10008, 8), 0x11027);
	assert_int_equal(entry_at(synth, 0x11008, 8), 0x12027);
	assert_int_equal(entry_at(synth, 0x12008, 8), 0x8000000000020067);
	assert_int_equal(entry_at(synth, 0x12010, 8), 7); /* spoilt by the later line */
	assert_int_equal(entry_at(synth, 0x12018, 8), 0x30021);
	assert_int_equal(entry_at(synth, 0x12020, 8), 0x31042);
	assert_int_equal(entry_at(synth, 0x12028, 8), 0);
	assert_int_equal(entry_at(synth, 0x11010, 8), 0x80000000400000a5);
	/* The last GiB: indices 511, 511. */
	assert_int_equal(entry_at(synth, 0x1ff8, 8), 0x13027);
	assert_int_equal(entry_at(synth, 0x13ff8, 8), 0x800000e3);
	assert_int_equal(KIND.hint(synth, 0, "root", &root), TMEM_S_OK);
	assert_int_equal(root, 0x1000);
	tmi_synth_free(synth);
}

static void test_tables_others(void **unused)
{
	struct tmi_synth *synth = parse(
		"process 1\nphysical\nrun 0 16M rw-p\ntables 0x10000 0x10000\n"
		"table x86 0x1000\nmap 0xc0001000 0x20000 4K r-xu\n"
		"map 0x400000 0x800000 4M rw-k page=4M\n"
		"table pae 0x2020\nmap 0xffffe000 0x123456000 8K rw-k\n"
		"map 0x40200000 0x400000 2M r-xu page=2M\n"
		"table arm64 0x3000\nmap 0xffff000000001000 0x50000 4K rw-k\n"
		"map 0xffff000000002000 0x51000 4K r-xk\nmap 0xffff000000003000 0x52000 4K r-xu\n"
		"map 0xffff000000200000 0x200000 2M r--u page=2M\n");

	(void)unused;
	assert_int_equal(entry_at(synth, 0x1000 + 4 * 0x300, 4), 0x10027);
	assert_int_equal(entry_at(synth, 0x10004, 4), 0x20025);
	assert_int_equal(entry_at(synth, 0x1004, 4), 0x8000e3);
	/* 0xffffe000: indices 3, 511, 510. */
	assert_int_equal(entry_at(synth, 0x2038, 8), 0x11001);
	assert_int_equal(entry_at(synth, 0x11ff8, 8), 0x12027);
	assert_int_equal(entry_at(synth, 0x12ff0, 8), 0x8000000123456063);
	assert_int_equal(entry_at(synth, 0x12ff8, 8), 0x8000000123457063);
	assert_int_equal(entry_at(synth, 0x2028, 8), 0x13001);
	assert_int_equal(entry_at(synth, 0x13008, 8), 0x4000a5);
	assert_int_equal(entry_at(synth, 0x3000, 8), 0x14003);
	assert_int_equal(entry_at(synth, 0x14000, 8), 0x15003);
	assert_int_equal(entry_at(synth, 0x15000, 8), 0x16003);
	assert_int_equal(entry_at(synth, 0x16008, 8), 0x0060000000050703);
	assert_int_equal(entry_at(synth, 0x16010, 8), 0x0040000000051783);
	assert_int_equal(entry_at(synth, 0x16018, 8), 0x00200000000527c3);
	assert_int_equal(entry_at(synth, 0x15008, 8), 0x00600000002007c1);
	tmi_synth_free(synth);
}

#define PHYSICAL HEAD "process 1\nphysical\n"

static void test_table_messages(void **unused)
{
	(void)unused;
	assert_refused(HEAD "physical\n", "a process line somewhere");
	assert_refused(PHYSICAL "physical\n", "t:4:1: expected one physical section");
	assert_refused(PHYSICAL "thread 1\n", "t:4:1: expected thread below a process line");
	assert_refused(PHYSICAL "run 0x10000000000000 1 rw-p\n", "t:4:5: expected an address up");
	assert_refused(HEAD "process 1\ntable x64 0\n", "table inside the physical section");
	assert_refused(PHYSICAL "table vax 0\n", "one of x64, x86, pae, arm64");
	assert_refused(PHYSICAL "table x64 0x800\n", "t:4:11: expected a multiple of 4096 up");
	assert_refused(PHYSICAL "tables 0 100\n", "t:4:8: expected whole pages of 0x1000");
	assert_refused(PHYSICAL "map 0 0 4K rwxu\n", "t:4:1: expected a table line before map");
	assert_refused(PHYSICAL "table x64 0\nmap 0 0 4K rwxu\n",
		       "t:5:1: expected a tables line with room for another table");
	assert_refused(PHYSICAL "table x64 0\nmap 0 0 4K rwx\n",
		       "t:5:12: expected flags such as rw-u");
	assert_refused(PHYSICAL "table x64 0\nmap 0x7fffffffffff 0 2 rwxu\n",
		       "t:5:5: expected a canonical range");
	assert_refused(PHYSICAL "table x86 0\nmap 0xfffff000 0 8K rwxu\n", "a canonical range");
	assert_refused(PHYSICAL "table x64 0\nmap 0 0 4K rwxu page=4M\n",
		       "t:5:22: expected a page size that these tables have");
	assert_refused(PHYSICAL "table x64 0\nmap 0 0x800 4K rwxu\n",
		       "t:5:1: expected whole pages of 0x1000 bytes");
	assert_refused(PHYSICAL "table x64 0\nmap 0 0 1T rwxu\n",
		       "t:5:1: expected at most 1048576 mapped pages in all");
}

static uint64_t hint(struct tmi_synth *synth, const char *key)
{
	uint64_t value = 12345;

	assert_int_equal(KIND.hint(synth, TMI_SPACE_PHYSICAL, key, &value), TMEM_S_OK);
	return value;
}

#define KERNEL "target mode=kernel\nphysical\nrun 0 16M ?\ntables 0x10000 0x10000\n"

/* Entries worked out by hand: five levels, pairs, and what Linux keeps in entries. */
static void test_tables_linux(void **unused)
{
	struct tmi_synth *synth = parse(
		KERNEL
		"table x64 0x1000 levels=5 isolated=yes inverted=yes encryption=0x800000000000\n"
		"map 0x00ff123440201000 0x20000 4K r-xu global=yes\n"
		"map 0x00ff123440202000 0x123456000 4K rw-u entry=none\n"
		"map 0x00ff123440203000 0x42000 4K rw-u entry=swap\n"
		"map 0x00ff123440204000 0x21000 4K r-xu encrypted=no\n"
		"map 0x00ff123440400000 0x400000 2M rw-u page=2M entry=none\n"
		"map 0xff11000000000000 0x22000 4K rw-k\n"
		"table x64 0x2000 levels=5 encryption=0x800000000000 upper=0x1000\n");
	uint64_t value;

	(void)unused;
	/* 0x00ff123440201000: indices 255, 36, 209, 1, 1. */
	assert_int_equal(entry_at(synth, 0x1000 + 8 * 255, 8), 0x8000800000010027);
	assert_int_equal(entry_at(synth, 0x10000 + 8 * 36, 8), 0x0000800000011027);
	assert_int_equal(entry_at(synth, 0x11000 + 8 * 209, 8), 0x0000800000012027);
	assert_int_equal(entry_at(synth, 0x12008, 8), 0x0000800000013027);
	assert_int_equal(entry_at(synth, 0x13008, 8), 0x0000800000020125);
	/* The frame inverted, but for the bit of encryption, which is set. */
	assert_int_equal(entry_at(synth, 0x13010, 8), 0x000ffffedcba9120);
	/* Type 1 in bits 59 up, page 0x42 of the swap file inverted in bits 9 to 58. */
	assert_int_equal(entry_at(synth, 0x13018, 8), 0x0fffffffffff7a00);
	assert_int_equal(entry_at(synth, 0x13020, 8), 0x21025);
	assert_int_equal(entry_at(synth, 0x12010, 8), 0x000fffffffa001a0);
	/* 0xff11000000000000: indices 273, 0, 0, 0, 0; no pair above the middle. */
	assert_int_equal(entry_at(synth, 0x1000 + 8 * 273, 8), 0x0000800000014027);
	assert_int_equal(entry_at(synth, 0x2000 + 8 * 273, 8), 0x0000800000014027);
	assert_int_equal(entry_at(synth, 0x2000 + 8 * 255, 8), 0);
	assert_int_equal(hint(synth, "root"), 0x1000);
	assert_int_equal(hint(synth, "scheme"), TMI_SCHEME_X64);
	assert_int_equal(hint(synth, "levels"), 5);
	assert_int_equal(hint(synth, "tables-flags"),
			 TMI_TABLES_ISOLATED | TMI_TABLES_INVERTED_NONE);
	assert_int_equal(hint(synth, "encryption-mask"), 0x800000000000);
	assert_int_equal(KIND.hint(synth, 0, "kernel-root", &value), TMEM_E_NOINTERFACE);
	assert_int_equal(KIND.hint(synth, 0, "virtual-bits", &value), TMEM_E_NOINTERFACE);
	tmi_synth_free(synth);
}

static void test_tables_arm64_pair(void **unused)
{
	struct tmi_synth *synth = parse(
		"target mode=kernel\nmachine arm64\nphysical\nrun 0 16M ?\n"
		"tables 0x10000 0x10000\ntable arm64 0x1000 kernel bits=39\n"
		"map 0xffffff8040201000 0x20000 64K rw-k contiguous=yes\n"
		"map 0xffffff8080000000 0x40000000 1G r-xk page=1G\n"
		"table arm64 0x2000 bits=39\n"
		"map 0x1000 0x30000 4K rw-u entry=none\nmap 0x2000 0x42000 4K rw-u entry=swap\n");

	(void)unused;
	/* 0xffffff8040201000: indices 1, 1, 1 of three levels. */
	assert_int_equal(entry_at(synth, 0x1008, 8), 0x10003);
	assert_int_equal(entry_at(synth, 0x10008, 8), 0x11003);
	assert_int_equal(entry_at(synth, 0x11008, 8), 0x0070000000020703);
	assert_int_equal(entry_at(synth, 0x11080, 8), 0x007000000002f703);
	assert_int_equal(entry_at(synth, 0x1010, 8), 0x0040000040000781);
	assert_int_equal(entry_at(synth, 0x2000, 8), 0x12003);
	assert_int_equal(entry_at(synth, 0x13008, 8), 0x0460000000030f82);
	assert_int_equal(entry_at(synth, 0x13010, 8), 0x4208);
	assert_int_equal(hint(synth, "scheme"), TMI_SCHEME_ARM64);
	assert_int_equal(hint(synth, "virtual-bits"), 39);
	assert_int_equal(hint(synth, "root"), 0x2000);
	assert_int_equal(hint(synth, "kernel-root"), 0x1000);
	assert_int_equal(hint(synth, "kernel-first"), 0xffffff8000000000);
	tmi_synth_free(synth);

	synth = parse(KERNEL "table x86 0x1000\nmap 0x1000 0x42000 4K r--u entry=swap\n"
			     "map 0x2000 0x42000 4K r--u entry=none\n"
			     "table pae 0x2000 kernel\nmap 0xc0000000 0 4K r--k\n");
	assert_int_equal(entry_at(synth, 0x10004, 4), 0x4202);
	assert_int_equal(entry_at(synth, 0x10008, 4), 0x42120);
	assert_int_equal(hint(synth, "kernel-first"), 0xc0000000);
	tmi_synth_free(synth);

	/* What is shared begins at the kernel's first address, not in the middle. */
	synth = parse(KERNEL "table x86 0x1000\nmap 0xa0000000 0x20000 4K rw-u\n"
			     "map 0xc0000000 0x21000 4K rw-k\ntable x86 0x2000 upper=0x1000\n");
	assert_int_equal(entry_at(synth, 0x2000 + 4 * 0x280, 4), 0);
	assert_int_equal(entry_at(synth, 0x2000 + 4 * 0x300, 4), 0x11027);
	tmi_synth_free(synth);
}

static void test_kernel(void **unused)
{
	struct tmi_synth *synth = parse(
		"target mode=kernel live=yes\nmachine i386\nphysical\nrun 0 64K ?\n"
		"task \"swapper\" 0 0xc0001000 0x1000 kernel-thread=yes\n"
		"task \"init\" 1 0xc0002000 0x2000\ntask \"sh\" 77 0xc0003000 0x3000 parent=1\n");
	struct tmi_kernel_process *list = NULL;
	struct tmi_facts facts;
	size_t count = 0;
	uint64_t value;

	(void)unused;
	assert_int_equal(KIND.process_count(synth), 0);
	assert_true(KIND.facts(synth, TMI_SPACE_PHYSICAL, &facts));
	assert_int_equal(facts.mode, TMEM_MODE_KERNEL);
	assert_int_equal(facts.pointer_size, 4);
	assert_false(facts.has_protection);
	assert_true(facts.live);
	assert_false(KIND.facts(synth, 0, &facts));
	assert_int_equal(KIND.kernel_processes(synth, &list, &count), TMEM_S_OK);
	assert_int_equal(count, 3);
	assert_string_equal(list[0].name, "swapper");
	assert_int_equal(list[0].flags, TMEM_PROCESS_KERNEL_THREAD);
	assert_int_equal(list[2].system_id, 77);
	assert_int_equal(list[2].parent_system_id, 1);
	assert_int_equal(list[2].flags, 0);
	assert_int_equal(list[2].data_offset, 0xc0003000);
	assert_int_equal(list[2].root, 0x3000);
	free(list);
	assert_int_equal(KIND.suspend(synth), TMEM_S_OK);
	assert_int_equal(KIND.resume(synth), TMEM_S_OK);
	assert_int_equal(KIND.detach(synth, 0), TMEM_E_NOTIMPL);
	assert_int_equal(KIND.hint(synth, TMI_SPACE_PHYSICAL, "root", &value), TMEM_E_NOINTERFACE);
	tmi_synth_free(synth);

	synth = parse("target mode=kernel\nphysical\n");
	assert_int_equal(KIND.kernel_processes(synth, &list, &count), TMEM_E_NOINTERFACE);
	assert_null(list);
	assert_int_equal(count, 0);
	tmi_synth_free(synth);
}

static void test_kernel_messages(void **unused)
{
	(void)unused;
	assert_refused(HEAD "target mode=kernel\n", "a physical line somewhere");
	assert_refused(HEAD "target mode=kernel\nprocess 1\n", "t:3:1: expected task lines");
	assert_refused(HEAD "process 1\ntask \"a\" 1 0 0\n", "t:3:1: expected target mode=kernel");
	assert_refused(HEAD KERNEL "task 1\n", "t:6:6: expected the task's name in \"\"");
	assert_refused(HEAD KERNEL "task \"a\" 1 0 0\ntask \"b\" 1 0 0\n",
		       "t:7:10: expected a process id not used before");
	assert_refused(HEAD KERNEL
		       "task \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaa\" 1 0 0\n",
		       "a name of at most 63 bytes");
	assert_refused(HEAD KERNEL "table x64 0 levels=3\n", "t:6:20: expected a size that these");
	assert_refused(HEAD KERNEL "table arm64 0 bits=0\n", "a size that these tables have");
	assert_refused(HEAD KERNEL "table pae 0 isolated=yes\n", "isolated= of x64 only");
	assert_refused(HEAD KERNEL "table x86 0 inverted=yes\n", "inverted= of x64 and pae");
	assert_refused(HEAD KERNEL "table x64 0 encryption=1\n", "bits 12 to 51 of an entry");
	assert_refused(HEAD KERNEL "table x64 0 first=4K\n", "of a table that is marked kernel");
	assert_refused(HEAD KERNEL "table x64 0 upper=0\n", "the place of an earlier table");
	assert_refused(HEAD KERNEL "table x64 0 kernel\nmap 0x1000 0 4K rw-k\n",
		       "t:7:5: expected an address from 0xffff800000000000 up");
	assert_refused(HEAD KERNEL "table x64 0\nmap 0 0 4K rw-k contiguous=yes\n",
		       "contiguous= of arm64 only");
	assert_refused(HEAD KERNEL "table arm64 0\nmap 0 0 4K rw-k global=yes\n",
		       "global= of x64, pae and x86 only");
	assert_refused(HEAD KERNEL "table x64 0\nmap 0 0 2M rw-k page=2M entry=swap\n",
		       "swap of small pages only");
}

/* The top of a 64-bit space, and ranges that end there. */
static void test_top_of_space(void **unused)
{
	struct tmi_synth *synth = parse("process 1\nrun 0xfffffffffffffff0 16 rw-p\n"
					"repeat 0xfffffffffffffff0 16 74 6f 70\n"
					"fault 0xfffffffffffffffc 4 read\n");
	struct tmi_run run;
	uint64_t first, end;
	uint8_t buffer[32];

	(void)unused;
	assert_int_equal(read_at(synth, 0, 0xfffffffffffffff0, buffer, 32), 12);
	assert_int_equal(KIND.run(synth, 0, UINT64_MAX, &run), TMEM_S_OK);
	assert_int_equal(KIND.valid(synth, 0, &run, 0xfffffffffffffff5, UINT64_MAX, &first, &end),
			 TMEM_S_OK);
	assert_int_equal(end, 0xfffffffffffffffb);
	assert_int_equal(KIND.valid(synth, 0, &run, 0xfffffffffffffffd, UINT64_MAX, &first, &end),
			 TMEM_E_NO_MORE_ENTRIES);
	tmi_synth_free(synth);

	synth = parse("process 1\nrun 0xfffffffffffffff0 16 rw-p\n"
		      "repeat 0xfffffffffffffff0 16 74 6f 70\n");
	assert_int_equal(read_at(synth, 0, 0xfffffffffffffff0, buffer, 32), 16);
	assert_memory_equal(buffer, "toptoptoptoptopt", 16);
	tmi_synth_free(synth);
}

static void test_elf(void **unused)
{
	void *state = open_file("small.synth");

	(void)unused;
	assert_bytes(state, 0x400000, "\177ELF\2\1\1\0", 8);
	assert_bytes(state, 0x400010, "\3\0\x3e\0\1\0\0\0\0\x10\x40\0\0\0\0\0\x40\0\0\0", 20);
	/* e_phentsize, e_phnum; then PT_LOAD of the given size and PT_NOTE behind the headers. */
	assert_bytes(state, 0x400034, "\x40\0\x38\0\2\0", 6);
	assert_bytes(state, 0x400040, "\1\0\0\0\5\0\0\0", 8);
	assert_bytes(state, 0x400060, "\0\x40\0\0\0\0\0\0", 8);
	assert_bytes(state, 0x400078, "\4\0\0\0\5\0\0\0\xb0\0\0\0", 12);
	assert_bytes(state, 0x4000b0, "\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0\x00\x11\x22\x33", 20);
	KIND.close(state);
}

static void test_probe(void **unused)
{
	struct tmi_probe probe = { .head = (const uint8_t *)"tmem synth 1\n", .head_size = 13 };
	const char *why = NULL;

	(void)unused;
	assert_int_equal(KIND.probe(&probe, &why), 90);
	probe.head_size = 11;
	assert_int_equal(KIND.probe(&probe, &why), 0);
	assert_non_null(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),      cmocka_unit_test(test_seed_formula),
		cmocka_unit_test(test_faults),        cmocka_unit_test(test_runs),
		cmocka_unit_test(test_threads),       cmocka_unit_test(test_processes),
		cmocka_unit_test(test_writes),        cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_lending),       cmocka_unit_test(test_later_lines_win),
		cmocka_unit_test(test_random_layers), cmocka_unit_test(test_messages),
		cmocka_unit_test(test_top_of_space),  cmocka_unit_test(test_elf),
		cmocka_unit_test(test_probe),         cmocka_unit_test(test_end_of_link),
		cmocka_unit_test(test_short_reads),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_latency),       cmocka_unit_test(test_link_messages),
		cmocka_unit_test(test_physical),      cmocka_unit_test(test_tables_x64),
		cmocka_unit_test(test_tables_others), cmocka_unit_test(test_table_messages),
		cmocka_unit_test(test_tables_linux),  cmocka_unit_test(test_tables_arm64_pair),
		cmocka_unit_test(test_kernel),        cmocka_unit_test(test_kernel_messages),
	};

	return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
