/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_maps.c - mappings: the parser, and runs against the kernel's own list. */
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
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/error.h"
#include "live_zoo.h"
#include "target/process.h"

#define KIND (&tmi_target_process)

/* --- the parser --- */

static bool parse(const char *text, struct live_vma *vma, char *room)
{
	char *cursor = room;

	strcpy(room, text);
	return tmi_process_parse_vma(&cursor, room + strlen(text), vma);
}

static void lines_are_taken_apart(void **data)
{
	char room[512];
	struct live_vma vma;

	assert_true(parse("00400000-00401000 r-xp 00001000 fe:0a 123456                     /a b\n",
			  &vma, room));
	assert_int_equal(vma.first, 0x400000);
	assert_int_equal(vma.last, 0x400fff);
	assert_int_equal(vma.flags, VMA_READ | VMA_EXECUTE);
	assert_int_equal(vma.offset, 0x1000);
	assert_int_equal(vma.major, 0xfe);
	assert_int_equal(vma.minor, 0x0a);
	assert_int_equal(vma.inode, 123456);
	assert_string_equal(vma.name, "/a b");
	assert_true(parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]\n",
			  &vma, room));
	assert_int_equal(vma.last, 0xffffffffff600fff);
	assert_true(parse("1000-2000 rw-s 00000000 00:01 5 \n", &vma, room));
	assert_int_equal(vma.flags, VMA_READ | VMA_WRITE | VMA_SHARED);
	assert_string_equal(vma.name, "");
	(void)data;
}

/* The end of a mapping that begins at 1, digit by digit; false when one is none. */
static bool plain_number(const char *text, size_t size, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < size; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return false;
		*value = *value << 4 | (uint64_t)(digit - digits);
	}
	return size >= 1 && size <= 16 && *value > 1;
}

/* Numbers of every length, and every wrong character at every place, in a line without room behind.
 */
static void numbers_like_plain_ones(void **data)
{
	static const char rest[] = " r--p 0 0:0 0\n";

	srand(5);
	for (int round = 0; round < 200000; round++) {
		size_t digits = (size_t)rand() % 18;
		size_t size = 2 + digits + sizeof(rest) - 1;
		char *room = malloc(size), *cursor = room;
		struct live_vma vma;
		uint64_t value;
		bool good;

		assert_non_null(room);
		memcpy(room, "1-", 2);
		for (size_t i = 0; i < digits; i++)
			room[2 + i] = "0123456789abcdef"[rand() % 16];
		if (digits && round % 2)
			room[2 + (size_t)rand() % digits] = (char)(rand() % 256);
		memcpy(room + 2 + digits, rest, sizeof(rest) - 1);
		good = plain_number(room + 2, digits, &value);
		assert_int_equal(tmi_process_parse_vma(&cursor, room + size, &vma), good);
		if (good)
			assert_int_equal(vma.last, value - 1);
		free(room);
	}
	(void)data;
}

static void names_keep_their_blanks(void **data)
{
	char room[512];
	struct live_vma vma;

	assert_true(parse("1000-2000 rw-p 0 00:01 5 /x\ty  \n", &vma, room));
	assert_string_equal(vma.name, "/x\ty  ");
	assert_false(vma.escaped);
	assert_true(parse("1000-2000 rw-p 0 00:01 5 /a\\012b\\012\n", &vma, room));
	assert_string_equal(vma.name, "/a\nb\n");
	assert_true(vma.escaped);
	assert_true(parse("1000-2000 rw-p 0 00:01 5 /a (deleted)\n", &vma, room));
	assert_string_equal(vma.name, "/a (deleted)");
	(void)data;
}

static void other_lines_are_refused(void **data)
{
	static const char *const lines[] = {
		"",
		"\n",
		"1000-2000 rw-p 0 00:01 5",
		"1000 2000 rw-p 0 00:01 5 \n",
		"1000-1000 rw-p 0 00:01 5 \n",
		"2000-1000 rw-p 0 00:01 5 \n",
		"1000-2000 rw\n",
		"1000-2000 rw-p\n",
		"1000-2000 rw-p 0 0001 5 \n",
		"1000-2000 rw-p 0 00:01 x \n",
		"11111111111111111-2000 rw-p 0 00:01 5 \n",
		"Size:                  8 kB\n",
	};
	char room[512];
	struct live_vma vma;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parse(lines[i], &vma, room))
			fail_msg("taken: %s", lines[i]);
	(void)data;
}

static void kinds_by_name(void **data)
{
	static const struct {
		char name[32];
		uint64_t inode;
		uint32_t flags;
		enum live_vma_kind kind;
	} rows[] = {
		{ "", 0, VMA_READ, VMA_PLAIN },
		{ "[heap]", 0, VMA_READ, VMA_PLAIN },
		{ "[stack]", 0, VMA_READ, VMA_PLAIN },
		{ "[anon:x y]", 0, VMA_READ, VMA_PLAIN },
		{ "[anon_shmem:x]", 7, VMA_SHARED, VMA_FILE },
		{ "/dev/zero (deleted)", 7, VMA_SHARED, VMA_FILE },
		{ "/dev/zero", 7, 0, VMA_FILE },
		{ "/dev/shm/x", 7, VMA_SHARED, VMA_FILE },
		{ "/dev/mem", 7, VMA_SHARED, VMA_DEVICE },
		{ "anon_inode:[perf_event]", 7, VMA_SHARED, VMA_DEVICE },
		{ "/memfd: (deleted)", 7, VMA_SHARED, VMA_FILE },
		{ "/anon_hugepage (deleted)", 7, 0, VMA_FILE },
		{ "/secretmem (deleted)", 7, VMA_SHARED, VMA_UNREADABLE },
		{ "[vvar]", 0, VMA_READ, VMA_UNREADABLE },
		{ "[vvar_vclock]", 0, VMA_READ, VMA_UNREADABLE },
		{ "[vsyscall]", 0, VMA_EXECUTE, VMA_UNREADABLE },
		{ "[uprobes]", 0, VMA_EXECUTE, VMA_UNREADABLE },
		{ "[vdso]", 0, VMA_READ, VMA_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct live_vma vma = { .inode = rows[i].inode,
					.flags = rows[i].flags,
					.name = (char *)rows[i].name };

		if (tmi_process_vma_kind(&vma) != rows[i].kind)
			fail_msg("%s", rows[i].name);
	}
	(void)data;
}

/* --- runs --- */

struct fixture {
	struct zoo zoo;
	void *state;
};

static int set_up(void **data)
{
	struct fixture *f = calloc(1, sizeof(*f));

	alarm(60);
	zoo_start(&f->zoo);
	f->state = zoo_open_pid(f->zoo.pid, NULL);
	*data = f;
	return 0;
}

static int tear_down(void **data)
{
	struct fixture *f = *data;

	KIND->close(f->state);
	zoo_end(&f->zoo);
	free(f);
	alarm(0);
	return 0;
}

static bool same_run(const struct tmi_run *a, const struct tmi_run *b)
{
	return a->first == b->first && a->last == b->last && a->file_offset == b->file_offset &&
	       a->file_id == b->file_id && !strcmp(a->name, b->name) && a->protect == b->protect &&
	       a->type == b->type && a->state == b->state && a->source == b->source &&
	       a->reason == b->reason && a->shared == b->shared && a->uncertain == b->uncertain;
}

static void snapshot_is_the_list(void **data)
{
	struct fixture *f = *data;
	struct zoo_mapping *mappings;
	size_t count = zoo_mappings(f->zoo.pid, &mappings);
	struct tmi_snapshot *snapshot;

	assert_int_equal(KIND->snapshot(f->state, 0, &snapshot), TMEM_S_OK);
	assert_int_equal(snapshot->count, count);
	for (size_t i = 0; i < count; i++) {
		struct tmi_run run;

		tmi_snapshot_get(snapshot, i, &run);
		assert_int_equal(run.first, mappings[i].first);
		assert_int_equal(run.last, mappings[i].last);
		assert_string_equal(run.name, mappings[i].name);
		assert_int_equal(run.shared, mappings[i].flags[3] == 's');
		assert_int_equal(run.file_id != 0, mappings[i].inode != 0);
		assert_int_equal(run.file_offset, mappings[i].offset * (mappings[i].inode != 0));
		assert_int_equal(run.state, TMEM_MEM_COMMIT);
		assert_int_equal(tmi_snapshot_find(snapshot, run.first), i);
		assert_int_equal(tmi_snapshot_find(snapshot, run.last), i);
	}
	tmi_snapshot_release(snapshot);
	free(mappings);
}

/* The runs asked for one by one, from holes as well, are those of the list. */
static void single_runs_agree(void **data)
{
	struct fixture *f = *data;
	struct tmi_snapshot *snapshot;
	uint64_t from = 0;

	assert_int_equal(KIND->snapshot(f->state, 0, &snapshot), TMEM_S_OK);
	for (size_t i = 0; i < snapshot->count; i++) {
		struct tmi_run expected;

		tmi_snapshot_get(snapshot, i, &expected);
		for (size_t k = 0; k < 3; k++) {
			const uint64_t asked[] = { from, expected.first, expected.last };
			struct tmi_run run;

			assert_int_equal(KIND->run(f->state, 0, asked[k], &run), TMEM_S_OK);
			if (!same_run(&run, &expected))
				fail_msg("run at %lx (%s) differs", asked[k], expected.name);
		}
		from = expected.last + 1;
	}
	if (from) {
		struct tmi_run run;

		assert_int_equal(KIND->run(f->state, 0, from, &run), TMEM_E_NO_MORE_ENTRIES);
	}
	tmi_snapshot_release(snapshot);
}

static void expect_run(struct fixture *f, uint64_t address, uint32_t protect, uint32_t type)
{
	struct tmi_run run;

	assert_int_equal(KIND->run(f->state, 0, address, &run), TMEM_S_OK);
	assert_int_equal(run.protect, protect);
	assert_int_equal(run.type, type);
}

static void protections_and_types(void **data)
{
	struct fixture *f = *data;
	const struct zoo_places *at = f->zoo.at;
	struct tmi_run run;

	expect_run(f, at->plain, TMEM_PAGE_READWRITE, TMEM_MEM_PRIVATE);
	expect_run(f, at->readonly, TMEM_PAGE_READONLY, TMEM_MEM_PRIVATE);
	expect_run(f, at->none, TMEM_PAGE_NOACCESS, TMEM_MEM_PRIVATE);
	expect_run(f, at->writeonly, TMEM_PAGE_READWRITE, TMEM_MEM_PRIVATE);
	expect_run(f, at->code, TMEM_PAGE_EXECUTE_READ, TMEM_MEM_PRIVATE);
	expect_run(f, at->execonly, TMEM_PAGE_EXECUTE, TMEM_MEM_PRIVATE);
	expect_run(f, at->copied, TMEM_PAGE_WRITECOPY, TMEM_MEM_MAPPED);
	expect_run(f, at->cut, TMEM_PAGE_READONLY, TMEM_MEM_MAPPED);
	expect_run(f, at->shared, TMEM_PAGE_READWRITE, TMEM_MEM_MAPPED);
	expect_run(f, at->shared_ro, TMEM_PAGE_READONLY, TMEM_MEM_MAPPED);
	expect_run(f, at->code_at, TMEM_PAGE_EXECUTE_READ, TMEM_MEM_IMAGE);
	assert_int_equal(KIND->run(f->state, 0, at->shared, &run), TMEM_S_OK);
	assert_true(run.shared);
	assert_int_equal(KIND->run(f->state, 0, at->stack, &run), TMEM_S_OK);
	assert_string_equal(run.name, "[stack]");
}

static void one_file_has_one_id(void **data)
{
	struct fixture *f = *data;
	struct tmi_run first, second, other;

	assert_int_equal(KIND->run(f->state, 0, f->zoo.at->shared, &first), TMEM_S_OK);
	assert_int_equal(KIND->run(f->state, 0, f->zoo.at->shared_ro, &second), TMEM_S_OK);
	assert_int_equal(KIND->run(f->state, 0, f->zoo.at->cut_shared, &other), TMEM_S_OK);
	assert_int_equal(first.file_id, second.file_id);
	assert_int_not_equal(first.file_id, other.file_id);
}

static void shared_pages_are_not_cached(void **data)
{
	struct fixture *f = *data;

	assert_true(KIND->cacheable(f->state, 0, f->zoo.at->plain));
	assert_true(KIND->cacheable(f->state, 0, f->zoo.at->copied));
	assert_false(KIND->cacheable(f->state, 0, f->zoo.at->shared));
	assert_false(KIND->cacheable(f->state, 0, f->zoo.at->shared_ro));
	assert_false(KIND->cacheable(f->state, 0, 0x1000));
}

/* Maps files of odd names, then the list must have them, the ambiguous one too. */
static void odd_file_names(void **data)
{
	static const char *const names[] = { "blank  two",  " lead",         "tab\there",
					     "new\nline",   "literal\\012x", "both\n\\012",
					     "x (deleted)", "trail  " };
	char folder[] = "/tmp/odd-XXXXXX", path[128];
	void *state = zoo_open_pid(getpid(), NULL);

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tmi_snapshot *snapshot;
		struct tmi_run run, listed;
		uint64_t address;
		void *bytes;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0 && !ftruncate(fd, 4096));
		bytes = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		assert_true(bytes != MAP_FAILED);
		address = (uint64_t)(uintptr_t)bytes;
		assert_int_equal(KIND->run(state, 0, address, &run), TMEM_S_OK);
		assert_string_equal(run.name, path);
		assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_S_OK);
		tmi_snapshot_get(snapshot, tmi_snapshot_find(snapshot, address), &listed);
		assert_int_equal(listed.first, address);
		assert_string_equal(listed.name, path);
		tmi_snapshot_release(snapshot);
		munmap(bytes, 4096);
		close(fd);
		unlink(path);
	}
	rmdir(folder);
	KIND->close(state);
	(void)data;
}

/* Very many mappings, and reads all over them. */
static void many_mappings(void **data)
{
	const size_t count = 20000, page = 4096;
	void *state = zoo_open_pid(getpid(), NULL);
	uint8_t *bytes = mmap(NULL, count * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct tmi_snapshot *snapshot;
	struct tmi_run run;
	size_t at;

	assert_true(bytes != MAP_FAILED);
	for (size_t i = 1; i < count; i += 2) {
		assert_int_equal(mprotect(bytes + i * page, page, PROT_READ | PROT_WRITE), 0);
		memcpy(bytes + i * page, &i, sizeof(i));
	}
	assert_int_equal(KIND->snapshot(state, 0, &snapshot), TMEM_S_OK);
	at = tmi_snapshot_find(snapshot, (uint64_t)(uintptr_t)bytes + page);
	for (size_t i = 1; i + 1 < count; i++, at++) {
		tmi_snapshot_get(snapshot, at, &run);
		assert_int_equal(run.first, (uint64_t)(uintptr_t)bytes + i * page);
	}
	tmi_snapshot_release(snapshot);
	for (size_t i = 1; i < count; i += 998) {
		size_t value = 0;

		assert_int_equal(zoo_read(state, 0, (uint64_t)(uintptr_t)bytes + i * page, &value,
					  sizeof(value), NULL),
				 sizeof(value));
		assert_int_equal(value, i);
	}
	munmap(bytes, count * page);
	KIND->close(state);
	(void)data;
}

static void nothing_leaks_into_other_threads_names(void **data)
{
	struct fixture *f = *data;
	struct tmi_run one, two;

	assert_int_equal(KIND->run(f->state, 0, f->zoo.at->stack, &one), TMEM_S_OK);
	assert_string_equal(one.name, "[stack]");
	assert_int_equal(KIND->run(f->state, 0, f->zoo.at->plain, &two), TMEM_S_OK);
	assert_string_equal(two.name, "");
}

int main(void)
{
	const struct CMUnitTest parser[] = {
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(numbers_like_plain_ones),
		cmocka_unit_test(names_keep_their_blanks),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(kinds_by_name),
	};
	const struct CMUnitTest runs[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(snapshot_is_the_list),        ROW(single_runs_agree),
		ROW(protections_and_types),       ROW(one_file_has_one_id),
		ROW(shared_pages_are_not_cached), cmocka_unit_test(odd_file_names),
		cmocka_unit_test(many_mappings),  ROW(nothing_leaks_into_other_threads_names),
#undef ROW
	};
	int failed = cmocka_run_group_tests(parser, NULL, NULL);

	for (size_t i = 0; zoo_disabled[i]; i++) {
		setenv("TMEM_DISABLE", zoo_disabled[i], 1);
		print_message("TMEM_DISABLE=%s\n", zoo_disabled[i]);
		failed += cmocka_run_group_tests(runs, NULL, NULL);
	}
	return failed;
}
