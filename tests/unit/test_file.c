/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - stored files, and the SIGBUS handler behind their mappings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define PAGE 4096u

/* A file of @size bytes whose byte i is i * 7 + i / 251; the name goes to @path. */
static int make_file(char *path, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	int fd;

	strcpy(path, "/tmp/tmem-file-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0 && bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(write(fd, bytes, size), size);
	free(bytes);
	return fd;
}

static bool as_written(const uint8_t *bytes, uint64_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != (uint8_t)((offset + i) * 7 + (offset + i) / 251))
			return false;
	return true;
}

static void reads_and_views(void **state)
{
	char path[64];
	int fd = make_file(path, 3 * PAGE + 100);
	uint8_t buffer[8192];

	for (int may_map = 0; may_map < 2; may_map++) {
		struct tmi_file file;

		assert_int_equal(tmi_file_open(&file, path, may_map), TMEM_S_OK);
		assert_int_equal(file.size, 3 * PAGE + 100);
		assert_string_equal(file.path, path);
		assert_int_equal(file.map != NULL, may_map);
		assert_int_equal(tmi_file_read(&file, 5000, buffer, 300), 300);
		assert_true(as_written(buffer, 5000, 300));
		/* Across the end, at the end, behind it, and where offset + size wraps. */
		assert_int_equal(tmi_file_read(&file, 3 * PAGE, buffer, sizeof(buffer)), 100);
		assert_true(as_written(buffer, 3 * PAGE, 100));
		assert_int_equal(tmi_file_read(&file, 3 * PAGE + 100, buffer, 1), 0);
		assert_int_equal(tmi_file_read(&file, UINT64_MAX, buffer, 2), 0);
		assert_int_equal(tmi_file_read(&file, 1, buffer, 0), 0);
		assert_int_equal(tmi_file_view(&file, 100, 200) != NULL, may_map);
		assert_null(tmi_file_view(&file, 3 * PAGE, 101));
		assert_null(tmi_file_view(&file, UINT64_MAX, 2));
		if (may_map)
			assert_true(as_written(tmi_file_view(&file, 100, 200), 100, 200));
		assert_false(tmi_file_truncated(&file));
		tmi_file_close(&file);
	}
	close(fd);
	unlink(path);
}

/* What was opened to be looked at is opened: its descriptor and its first bytes are used. */
static void taken_over(void **state)
{
	struct tmi_file_head *head = calloc(1, sizeof(*head));
	uint8_t buffer[2 * PAGE];
	struct tmi_file file;
	char path[64];
	int fd = make_file(path, 3 * PAGE);
	int taken;

	assert_non_null(head);
	for (int may_map = 0; may_map < 2; may_map++) {
		tmi_file_head_open(head, path);
		assert_true(head->fd >= 0 && !head->error && head->size == PAGE);
		assert_true(as_written(head->bytes, 0, PAGE));
		taken = head->fd;
		assert_int_equal(tmi_file_open_named(&file, head, "/nowhere", "its name", may_map),
				 TMEM_S_OK);
		assert_int_equal(file.fd, taken);
		assert_int_equal(head->fd, -1);
		assert_string_equal(file.path, "its name");
		assert_int_equal(file.size, 3 * PAGE);
		/* Until it is settled bytes come from the head, and those behind it from the file.
		 */
		head->bytes[100] ^= 1;
		assert_int_equal(tmi_file_read(&file, 100, buffer, 1), 1);
		assert_int_equal(buffer[0], head->bytes[100]);
		assert_int_equal(tmi_file_read(&file, 50, buffer, PAGE), PAGE);
		assert_true(as_written(buffer, 50, PAGE));
		tmi_file_settle(&file);
		assert_int_equal(tmi_file_read(&file, 100, buffer, 1), 1);
		assert_true(as_written(buffer, 100, 1));
		tmi_file_close(&file);
		assert_int_equal(fcntl(taken, F_GETFD), -1);
	}
	close(fd);
	unlink(path);
	free(head);
}

/* What cannot be looked at is opened anew, and refused by its own name. */
static void not_taken_over(void **state)
{
	struct tmi_file_head *head = calloc(1, sizeof(*head));
	struct tmi_file file;
	char path[64];
	int fd = make_file(path, 0);

	assert_non_null(head);
	tmi_file_head_open(head, "/nowhere/at/all");
	assert_true(head->fd == -1 && head->error == ENOENT && !head->size);
	assert_int_equal(tmi_file_open_named(&file, head, "/nowhere/at/all", NULL, true),
			 TMEM_E_FILE_NOT_FOUND);
	assert_non_null(strstr(tmi_error_text(), "/nowhere/at/all"));
	tmi_file_head_open(head, "/tmp");
	assert_true(head->fd >= 0 && !head->size);
	assert_int_equal(tmi_file_open_named(&file, head, "/tmp", NULL, true), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmi_error_text(), "folder"));
	tmi_file_head_open(head, path);
	assert_true(head->fd >= 0 && !head->size);
	assert_int_equal(tmi_file_open_named(&file, head, path, NULL, true),
			 TMEM_E_MAPPED_FILE_SIZE_ZERO);
	tmi_file_head_close(head);
	close(fd);
	unlink(path);
	free(head);
}

/* Pages of the file's mapping that this process has touched, as the kernel says. */
static size_t touched_pages(const struct tmi_file *file)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t touched = 0;

	assert_true(pagemap >= 0);
	for (uint64_t at = 0; at < file->map_size; at += PAGE) {
		uint64_t entry = 0;

		assert_int_equal(pread(pagemap, &entry, sizeof(entry),
				       (off_t)(((uintptr_t)file->map + at) / PAGE * sizeof(entry))),
				 sizeof(entry));
		touched += entry >> 63;
	}
	close(pagemap);
	return touched;
}

/* While it is opened every piece is right, and the mapping is left alone. */
static void reads_at_opening(void **state)
{
	struct tmi_file_head *head = calloc(1, sizeof(*head));
	size_t size = 9 * PAGE + 77;
	static uint8_t buffer[10 * PAGE];
	struct tmi_file file;
	char path[64];
	int fd = make_file(path, size);

	assert_non_null(head);
	srandom(4);
	tmi_file_head_open(head, path);
	assert_int_equal(tmi_file_open_named(&file, head, path, NULL, true), TMEM_S_OK);
	for (int i = 0; i < 3000; i++) {
		size_t offset = (size_t)random() % (size + 10);
		size_t most = i % 3 ? 200 : 3 * PAGE;
		size_t wanted = (size_t)random() % most;
		size_t there = offset < size ? size - offset : 0;
		size_t expected = wanted < there ? wanted : there;

		assert_int_equal(tmi_file_read(&file, offset, buffer, wanted), expected);
		assert_true(as_written(buffer, offset, expected));
	}
	assert_int_equal(tmi_file_read(&file, UINT64_MAX, buffer, 2), 0);
	assert_int_equal(touched_pages(&file), 0);
	assert_false(tmi_file_truncated(&file));
	/* Cut before it is settled: what is left is right, and the loss is known. */
	assert_int_equal(ftruncate(fd, 5 * PAGE + 10), 0);
	assert_int_equal(tmi_file_read(&file, 5 * PAGE, buffer, 100), 10);
	assert_true(as_written(buffer, 5 * PAGE, 10));
	assert_true(tmi_file_truncated(&file));
	tmi_file_settle(&file);
	assert_int_equal(tmi_file_read(&file, 5 * PAGE, buffer, 100), 10);
	assert_int_equal(tmi_file_read(&file, 4 * PAGE, buffer, 100), 100);
	assert_true(as_written(buffer, 4 * PAGE, 100));
	tmi_file_close(&file);
	close(fd);
	unlink(path);
	free(head);
}

/* Bulk copies choose between two ways by trial: both must give the same. */
static void bulk_copies(void **state)
{
	char path[64];
	size_t size = 2u << 20;
	int fd = make_file(path, size);
	uint8_t *buffer = malloc(size);
	struct tmi_file file;

	assert_int_equal(tmi_file_open(&file, path, true), TMEM_S_OK);
	for (int i = 0; i < 100; i++) {
		memset(buffer, 0, size);
		assert_int_equal(tmi_file_read(&file, (uint64_t)i, buffer, size), size - (size_t)i);
		assert_true(as_written(buffer, (uint64_t)i, size - (size_t)i));
	}
	assert_true(file.copy_cost && file.read_cost);
	tmi_file_close(&file);
	free(buffer);
	close(fd);
	unlink(path);
}

static void open_failures(void **state)
{
	struct tmi_file file;
	char path[64];
	int fd;

	assert_int_equal(tmi_file_open(&file, "/nowhere/at/all", true), TMEM_E_FILE_NOT_FOUND);
	assert_non_null(strstr(tmi_error_text(), "/nowhere/at/all"));
	assert_int_equal(tmi_file_open(&file, "/tmp", true), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmi_error_text(), "folder"));
	assert_int_equal(tmi_file_open(&file, "/dev/null", true), TMEM_E_INVALIDARG);
	fd = make_file(path, 0);
	assert_int_equal(tmi_file_open(&file, path, true), TMEM_E_MAPPED_FILE_SIZE_ZERO);
	assert_non_null(strstr(tmi_error_text(), path));
	close(fd);
	unlink(path);
	/* A pipe: the open must not wait for its other end. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(tmi_file_open(&file, path, true), TMEM_E_INVALIDARG);
	unlink(path);
}

static void no_permission(void **state)
{
	char path[64];
	int fd = make_file(path, 10);
	int status;
	pid_t child;

	fchmod(fd, 0);
	child = fork();
	if (child == 0) {
		struct tmi_file file;

		if (getuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(tmi_file_open(&file, path, true) != TMEM_E_ACCESS_DENIED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fd);
	unlink(path);
}

static void holes(void **state)
{
	struct tmi_file file;
	char path[64];
	int fd = make_file(path, PAGE);
	uint64_t length;

	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	assert_int_equal(pwrite(fd, "x", 1, 1 << 20), 1);
	assert_int_equal(tmi_file_open(&file, path, true), TMEM_S_OK);
	if (file.sparse && tmi_file_hole(&file, 1 << 24, 1 << 16, &length)) {
		assert_int_equal(length, 1 << 16);
		assert_true(tmi_file_hole(&file, 1 << 16, UINT64_MAX, &length));
		assert_int_equal(length, (1 << 20) - (1 << 16));
		assert_false(tmi_file_hole(&file, 1 << 20, 1 << 20, &length));
		assert_int_equal(length, PAGE);
		assert_true(tmi_file_hole(&file, 1 << 29, UINT64_MAX, &length));
		assert_int_equal(length, 1 << 29);
		assert_false(tmi_file_hole(&file, UINT64_MAX, 1, &length));
	} else {
		printf("not possible here: holes in files of /tmp\n");
	}
	tmi_file_close(&file);
	close(fd);
	unlink(path);
}

/* ---- A file that shrinks ---- */

/* The test framework puts a handler of its own on top of ours before every test. */
static void drop_foreign_handler(void)
{
	signal(SIGBUS, SIG_DFL);
}

#define SHRINK_SIZE (256 * (size_t)PAGE)
#define CUT_SIZE    (10 * (size_t)PAGE + 17)

struct reader {
	struct tmi_file *file;
	pthread_barrier_t *start;
	bool wrong;
	bool seen;
};

/* Reads everything again and again until it sees the cut; nothing from beyond may be delivered. */
static void *read_until_cut(void *argument)
{
	struct reader *reader = argument;
	uint8_t *buffer = malloc(SHRINK_SIZE);

	pthread_barrier_wait(reader->start);
	for (int i = 0; i < 100000 && !reader->seen && !reader->wrong; i++) {
		size_t size = i % 2 ? SHRINK_SIZE : 3 * PAGE;
		uint64_t offset = i % 2 ? 0 : 9 * (uint64_t)PAGE + (uint64_t)(i % 200) * PAGE;
		size_t got = tmi_file_read(reader->file, offset, buffer, size);

		if (tmi_file_truncated(reader->file)) {
			got = tmi_file_read(reader->file, 0, buffer, SHRINK_SIZE);
			reader->wrong |= got != CUT_SIZE;
			reader->seen = true;
			offset = 0;
		}
		reader->wrong |= !as_written(buffer, offset, got);
	}
	free(buffer);
	return NULL;
}

static void shrinks_under_readers(void **state)
{
	struct tmi_file files[2];
	struct reader readers[4];
	pthread_t threads[4];
	pthread_barrier_t start;
	char path[64];
	int fd = make_file(path, SHRINK_SIZE);

	drop_foreign_handler();
	/* The first file is mapped, the second is not. */
	assert_int_equal(tmi_file_open(&files[0], path, true), TMEM_S_OK);
	assert_int_equal(tmi_file_open(&files[1], path, false), TMEM_S_OK);
	pthread_barrier_init(&start, NULL, 5);
	for (int i = 0; i < 4; i++) {
		readers[i] = (struct reader){ &files[i == 3], &start, false, false };
		assert_int_equal(pthread_create(&threads[i], NULL, read_until_cut, &readers[i]), 0);
	}
	pthread_barrier_wait(&start);
	usleep(2000);
	assert_int_equal(ftruncate(fd, CUT_SIZE), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_false(readers[i].wrong);
		assert_true(readers[i].seen);
	}
	assert_null(tmi_file_view(&files[0], 0, 1));
	tmi_file_close(&files[0]);
	tmi_file_close(&files[1]);
	pthread_barrier_destroy(&start);
	close(fd);
	unlink(path);
}

/* A window that was lent before the cut: reading on gives zeros and the flag, never a signal. */
static void shrinks_under_a_view(void **state)
{
	struct tmi_file file;
	char path[64];
	int fd = make_file(path, 8 * PAGE);
	const volatile uint8_t *view;

	drop_foreign_handler();
	assert_int_equal(tmi_file_open(&file, path, true), TMEM_S_OK);
	view = tmi_file_view(&file, 0, file.size);
	assert_non_null((const void *)(uintptr_t)view);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	assert_true(as_written((const uint8_t *)(uintptr_t)view, 0, 2 * PAGE));
	assert_false(tmi_file_truncated(&file));
	errno = 77;
	assert_int_equal(view[5 * PAGE + 3], 0);
	assert_int_equal(errno, 77);
	assert_true(tmi_file_truncated(&file));
	/* A page below the first lost one that was touched is lost as well. */
	assert_int_equal(view[2 * PAGE], 0);
	assert_true(as_written((const uint8_t *)(uintptr_t)view, 0, 2 * PAGE));
	tmi_file_close(&file);
	close(fd);
	unlink(path);
}

/* More mappings than one chunk of the handler's table; each guards its own. */
static void many_mappings(void **state)
{
	static struct tmi_file files[100];
	char path[100][64];

	drop_foreign_handler();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100; i++) {
			close(make_file(path[i], 4 * PAGE));
			assert_int_equal(tmi_file_open(&files[i], path[i], true), TMEM_S_OK);
		}
		for (int i = 0; i < 100; i += 9)
			assert_int_equal(truncate(path[i], PAGE), 0);
		for (int i = 0; i < 100; i++) {
			uint8_t byte;

			assert_int_equal(tmi_file_read(&files[i], 2 * PAGE, &byte, 1), i % 9 != 0);
			assert_int_equal(tmi_file_truncated(&files[i]), i % 9 == 0);
		}
		for (int i = 0; i < 100; i++) {
			tmi_file_close(&files[i]);
			unlink(path[i]);
		}
	}
}

/* ---- Handlers that were there before; each case in a process of its own ---- */

static sigjmp_buf back;
static volatile sig_atomic_t called;

static void foreign_handler(int number)
{
	called++;
	siglongjmp(back, 1);
}

static void foreign_action(int number, siginfo_t *info, void *context)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (info->si_code == BUS_ADRERR && sigismember(&mask, SIGUSR1) &&
	    sigismember(&mask, SIGBUS))
		called++;
	siglongjmp(back, 1);
}

/* Opens and maps one file, so that the handler is there. */
static void install_ours(void)
{
	static struct tmi_file file;
	char path[64];

	close(make_file(path, PAGE));
	if (tmi_file_open(&file, path, true) != TMEM_S_OK)
		_exit(90);
	unlink(path);
}

/* A fault in a mapping that is not registered. */
static void foreign_fault(void)
{
	char path[64];
	int fd = make_file(path, 2 * PAGE);
	volatile uint8_t *map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	unlink(path);
	if (ftruncate(fd, 0) < 0)
		_exit(91);
	(void)map[PAGE];
}

static void child_with_handler(bool with_info)
{
	struct sigaction action = { 0 };

	if (with_info) {
		action.sa_flags = SA_SIGINFO;
		action.sa_sigaction = foreign_action;
	} else {
		action.sa_handler = foreign_handler;
	}
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGBUS, &action, NULL);
	install_ours();
	if (!sigsetjmp(back, 1))
		foreign_fault();
	_exit(called == 1 ? 0 : 1);
}

static void child_with_default(void)
{
	install_ours();
	foreign_fault();
	_exit(1);
}

static void child_ignoring(void)
{
	signal(SIGBUS, SIG_IGN);
	install_ours();
	raise(SIGBUS);   /* a sent one is ignored on */
	foreign_fault(); /* the kernel kills for a fault that is ignored */
	_exit(1);
}

static void child_sent(void)
{
	install_ours();
	raise(SIGBUS);
	_exit(1);
}

static int run_child(void (*body)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		body();
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void child_plain_handler(void)
{
	child_with_handler(false);
}

static void child_info_handler(void)
{
	child_with_handler(true);
}

static void child_never_maps(void)
{
	static struct tmi_file file;
	struct sigaction action;
	char path[64];

	close(make_file(path, PAGE));
	if (tmi_file_open(&file, path, false) != TMEM_S_OK)
		_exit(90);
	unlink(path);
	sigaction(SIGBUS, NULL, &action);
	_exit(action.sa_handler != SIG_DFL);
}

/* Under a sanitizer another handler may be there from the beginning: the child resets it. */
static void chained_handlers(void **state)
{
	int status;

	signal(SIGBUS, SIG_DFL);
	assert_int_equal(run_child(child_never_maps), 0);
	assert_int_equal(run_child(child_plain_handler), 0);
	assert_int_equal(run_child(child_info_handler), 0);
	status = run_child(child_with_default);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = run_child(child_ignoring);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = run_child(child_sent);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

int main(void)
{
	/* The chained ones first: they need a process in which nothing was mapped yet. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chained_handlers),      cmocka_unit_test(reads_and_views),
		cmocka_unit_test(bulk_copies),           cmocka_unit_test(open_failures),
		cmocka_unit_test(no_permission),         cmocka_unit_test(holes),
		cmocka_unit_test(shrinks_under_readers), cmocka_unit_test(shrinks_under_a_view),
		cmocka_unit_test(many_mappings),         cmocka_unit_test(taken_over),
		cmocka_unit_test(not_taken_over),        cmocka_unit_test(reads_at_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
