/* SPDX-License-Identifier: Apache-2.0 */
/* test_open2.c - opening compressed files: names, options, limits, progress, interrupt, holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tmem.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "engine/spool.h"
#include "engine/unpack.h"
#include "packer.h"

#define MACHINE                                                                                    \
	"tmem synth 1\nprocess 7 \"/bin/x\"\nrun 0x1000 0x1000 rw-p\ntext 0x1000 \"found\"\n"
#define MIB 1048576u

/* The kind that opens @spec. */
static void assert_kind(const char *spec, const char *kind)
{
	struct tmem_description description = { .size = sizeof(description) };
	tmem_target *target;

	assert_int_equal(tmem_open(spec, NULL, &target), TMEM_S_OK);
	assert_int_equal(tmem_describe(target, &description), TMEM_S_OK);
	assert_string_equal(description.kind, kind);
	tmem_close(target);
}

/* A kind is named by its row too, not only by the short word before the colon. */
static void kinds_by_name(void **state)
{
	char spec[64];

	snprintf(spec, sizeof(spec), "pid:%d", getpid());
	assert_kind(spec, "process");
	snprintf(spec, sizeof(spec), "process:%d", getpid());
	assert_kind(spec, "process");
	assert_kind("raw:/proc/self/exe", "image");
	assert_kind("image:/proc/self/exe", "image");
}

/* A folder of the test's own; TMPDIR is its subfolder "spool". */
static char folder[] = "/tmp/tmem-open2-XXXXXX";
static char spool_folder[64];

static int make_folders(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(spool_folder, sizeof(spool_folder), "%s/spool", folder);
	if (mkdir(spool_folder, 0700) < 0)
		return -1;
	return setenv("TMPDIR", spool_folder, 1);
}

static int remove_folders(void **state)
{
	char path[512];
	struct dirent *entry;
	DIR *list = opendir(folder);

	while (list && (entry = readdir(list))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (list)
		closedir(list);
	rmdir(spool_folder);
	return rmdir(folder);
}

/* Names in the folder where files are unpacked. */
static unsigned spool_entries(void)
{
	DIR *list = opendir(spool_folder);
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count - 2;
}

static unsigned open_files(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static const char *write_file(const char *name, const void *data, size_t size)
{
	static char path[128];
	int file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, data, size), size);
	close(file);
	return path;
}

static const char *packed_file(const char *codec, const char *name, const void *data, size_t size)
{
	uint8_t *packed = NULL;
	const char *path;

	size = packer_append(codec, &packed, 0, data, size);
	path = write_file(name, packed, size);
	free(packed);
	return path;
}

static void assert_open_fails(const char *spec, const char *options, tmem_status status,
			      const char *text)
{
	unsigned files = open_files();
	tmem_target *target;

	assert_int_equal(tmem_open(spec, options, &target), status);
	assert_null(target);
	if (!strstr(tmem_last_error(NULL), text))
		fail_msg("\"%s\" is not in: %s", text, tmem_last_error(NULL));
	assert_int_equal(open_files(), files);
	assert_int_equal(spool_entries(), 0);
}

static void assert_reads_found(tmem_target *target)
{
	char text[6] = { 0 };
	size_t done;

	assert_int_equal(tmem_read_virtual(target, 0x1000, text, 5, &done), TMEM_S_OK);
	assert_string_equal(text, "found");
}

static void opens_every_codec(void **state)
{
	unsigned files = open_files();

	for (size_t i = 0; i < PACKER_CODECS; i++) {
		struct tmem_description about = { .size = sizeof(about) };
		const char *path = packed_file(packer_codecs[i], "m", MACHINE, strlen(MACHINE));
		char expected[64], spec[256];
		tmem_target *target;

		for (unsigned prefixed = 0; prefixed < 2; prefixed++) {
			snprintf(spec, sizeof(spec), "%s%s", prefixed ? "synth:" : "", path);
			if (tmem_open(spec, NULL, &target) != TMEM_S_OK)
				fail_msg("%s", tmem_last_error(NULL));
			assert_reads_found(target);
			assert_int_equal(spool_entries(), 0);
			assert_int_equal(tmem_describe(target, &about), TMEM_S_OK);
			snprintf(expected, sizeof(expected), "from %s: ", packer_codecs[i]);
			assert_memory_equal(about.text, expected, strlen(expected));
			assert_string_equal(about.kind, "synth");
			tmem_close(target);
		}
	}
	assert_int_equal(open_files(), files);
}

/* Also where the file system cannot make a file without a name. */
static void opens_without_tmpfile(void **state)
{
	const char *path = packed_file("gzip", "m.gz", MACHINE, strlen(MACHINE));
	tmem_target *target;

	setenv("TMEM_DISABLE", "tmpfile", 1);
	assert_int_equal(tmem_open(path, NULL, &target), TMEM_S_OK);
	unsetenv("TMEM_DISABLE");
	assert_int_equal(spool_entries(), 0);
	assert_reads_found(target);
	tmem_close(target);
}

static void names_the_original(void **state)
{
	const char *bad = "tmem synth 1\nnonsense here\n";

	assert_open_fails(packed_file("xz", "bad.xz", bad, strlen(bad)), NULL, TMEM_E_BAD_FORMAT,
			  "/bad.xz (xz)");
	assert_open_fails(packed_file("zstd", "text", "hello", 5), NULL, TMEM_E_BAD_FORMAT,
			  "/text (zstd): no target kind knows this file; ");
	assert_open_fails(packed_file("lz4", "empty", "", 0), NULL, TMEM_E_MAPPED_FILE_SIZE_ZERO,
			  "/empty (lz4): it unpacks to an empty file");
	assert_open_fails("core:/nowhere/at/all.zst", NULL, TMEM_E_FILE_NOT_FOUND,
			  "/nowhere/at/all.zst: ");
}

static void takes_options(void **state)
{
	const char *path = packed_file("gzip", "m.gz", MACHINE, strlen(MACHINE));
	tmem_target *target;

	assert_open_fails(path, "unpack=off", TMEM_E_BAD_FORMAT, "/m.gz: no target kind knows");
	assert_open_fails(path, "unpack=maybe", TMEM_E_INVALIDARG,
			  "unpack=maybe: expected on, off or partial");
	assert_open_fails(path, "unpack-limit=x", TMEM_E_INVALIDARG, "unpack-limit");
	assert_open_fails(path, "colour=red", TMEM_E_INVALIDARG, "option colour: not known");
	assert_open_fails(path, "unpack-limit=10", TMEM_E_OUTOFMEMORY,
			  "/m.gz (gzip): it unpacks to more than 10 bytes");
	assert_open_fails(packed_file("zstd", "m.zst", MACHINE, strlen(MACHINE)), "unpack-limit=10",
			  TMEM_E_OUTOFMEMORY, "the option unpack-limit=SIZE allows more");
	assert_int_equal(tmem_open(path, "unpack-limit=1K", &target), TMEM_S_OK);
	tmem_close(target);
}

static void refuses_two_layers(void **state)
{
	uint8_t *inner = NULL;
	size_t size = packer_append("xz", &inner, 0, MACHINE, strlen(MACHINE));

	assert_open_fails(packed_file("gzip", "twice", inner, size), NULL, TMEM_E_BAD_FORMAT,
			  "compressed twice: it unpacks to xz data");
	free(inner);
}

/* Of a cut file what comes before is opened when asked for, and it is said. */
static void opens_a_part_when_asked(void **state)
{
	struct tmem_description about = { .size = sizeof(about) };
	uint8_t *packed = NULL;
	size_t size = packer_append("gzip", &packed, 0, MACHINE, strlen(MACHINE));
	const char *path = write_file("cut.gz", packed, size - 3);
	tmem_target *target;

	assert_open_fails(path, NULL, TMEM_E_BAD_FORMAT,
			  "in the middle of the compressed data, at byte");
	assert_int_equal(tmem_open(path, "unpack=partial", &target), TMEM_S_OK);
	assert_reads_found(target);
	assert_int_equal(tmem_describe(target, &about), TMEM_S_OK);
	assert_memory_equal(about.text, "from damaged gzip: ", 19);
	assert_true(about.flags & TMEM_TARGET_INCOMPLETE);
	tmem_close(target);
	packed[size - 6] ^= 1;
	assert_open_fails(write_file("sum.gz", packed, size), NULL, TMEM_E_BAD_FORMAT,
			  "incorrect data check");
	assert_open_fails(write_file("head.gz", packed, 10), "unpack=partial", TMEM_E_BAD_FORMAT,
			  "nothing of it can be unpacked");
	free(packed);
}

struct watch {
	volatile int interrupt;
	unsigned stop_at; /* the so many-th call interrupts */
	unsigned calls;
	struct tmem_progress last;
};

static void see_progress(void *context, const struct tmem_progress *progress)
{
	struct watch *watch = context;

	assert_string_equal(progress->operation, "unpack");
	assert_true(progress->done >= watch->last.done && progress->done <= progress->total);
	assert_true(progress->bytes >= watch->last.bytes);
	watch->last = *progress;
	if (++watch->calls == watch->stop_at)
		watch->interrupt = 1;
}

static void reports_and_stops(void **state)
{
	const char *path = packed_file("gzip", "m.gz", MACHINE, strlen(MACHINE));
	struct watch watch = { 0 };
	struct tmem_open_parameters parameters = {
		.size = sizeof(parameters),
		.spec = path,
		.progress = see_progress,
		.progress_context = &watch,
		.interrupt = &watch.interrupt,
	};
	unsigned files = open_files();
	tmem_target *target;

	assert_int_equal(tmem_open2(&parameters, &target), TMEM_S_OK);
	assert_true(watch.calls > 0 && watch.last.total > 0);
	tmem_close(target);

	watch = (struct watch){ .stop_at = 1 };
	assert_int_equal(tmem_open2(&parameters, &target), TMEM_E_CONTROL_C_EXIT);
	assert_null(target);
	assert_non_null(strstr(tmem_last_error(NULL), "/m.gz (gzip): unpacking was interrupted"));
	assert_int_equal(watch.calls, 1);
	assert_int_equal(open_files(), files);
	assert_int_equal(spool_entries(), 0);
	/* Still set: nothing is begun. */
	assert_int_equal(tmem_open2(&parameters, &target), TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(watch.calls, 1);
}

static void checks_parameters(void **state)
{
	struct tmem_open_parameters parameters = { .size = sizeof(parameters), .spec = "pid:x" };
	tmem_target *target = (tmem_target *)&parameters;

	assert_int_equal(tmem_open2(NULL, &target), TMEM_E_INVALIDARG);
	assert_null(target);
	assert_int_equal(tmem_open2(&parameters, NULL), TMEM_E_INVALIDARG);
	parameters.size = 8;
	assert_int_equal(tmem_open2(&parameters, &target), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmem_last_error(NULL), "size field"));
	parameters.size = sizeof(parameters);
	parameters.reserved = 1;
	assert_int_equal(tmem_open2(&parameters, &target), TMEM_E_INVALIDARG);
	parameters.reserved = 0;
	parameters.spec = "";
	assert_int_equal(tmem_open2(&parameters, &target), TMEM_E_INVALIDARG);
	assert_non_null(strstr(tmem_last_error(NULL), "spec"));
}

static tmem_status unpack(struct tmi_unpack_request *request, struct tmi_unpacked **unpacked)
{
	struct tmi_file_head *head = calloc(1, sizeof(*head));
	tmem_status status;

	assert_non_null(head);
	tmi_file_head_open(head, request->path);
	request->head = head;
	status = tmi_unpacked_open(request, unpacked);
	request->head = NULL;
	tmi_file_head_close(head);
	free(head);
	return status;
}

/* Zeros take no room; what lies between them is where it was. */
static void zeros_become_holes(void **state)
{
	struct tmi_unpack_request request = { .limit = TMI_UNPACK_LIMIT };
	size_t size = 16 * MIB + 1000;
	uint8_t *data = calloc(1, size), *back = malloc(size);
	struct tmi_unpacked *unpacked;
	struct stat info;

	assert_true(data && back);
	data[0] = 1;
	data[5 * MIB - 1] = 2;
	data[9 * MIB] = 3;
	request.path = packed_file("lz4", "zeros", data, size);
	assert_int_equal(unpack(&request, &unpacked), TMEM_S_OK);
	assert_int_equal(unpacked->size, size);
	assert_int_equal(unpacked->stored, 3 * TMI_SPOOL_PAGE);
	assert_int_equal(fstat(unpacked->fd, &info), 0);
	assert_int_equal(info.st_size, size);
	assert_true(info.st_blocks * 512 < MIB);
	assert_int_equal(info.st_nlink, 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(pread(unpacked->fd, back, size, 0), size);
	assert_memory_equal(back, data, size);
	tmi_unpacked_close(unpacked);
	free(back);
	free(data);
}

static void plain_files_are_left_alone(void **state)
{
	struct tmi_unpack_request request = { .limit = TMI_UNPACK_LIMIT };
	struct tmi_unpacked *unpacked;

	request.path = write_file("plain", MACHINE, strlen(MACHINE));
	assert_int_equal(unpack(&request, &unpacked), TMEM_S_OK);
	assert_null(unpacked);
	request.path = "/nowhere/at/all";
	assert_int_equal(unpack(&request, &unpacked), TMEM_S_OK);
	assert_null(unpacked);
}

static void tells_a_bad_folder(void **state)
{
	const char *path = packed_file("gzip", "m.gz", MACHINE, strlen(MACHINE));

	setenv("TMPDIR", "/nowhere/at/all", 1);
	assert_open_fails(path, NULL, TMEM_E_FAIL, "can be made in /nowhere/at/all: No such file");
	setenv("TMPDIR", spool_folder, 1);
}

/* The largest file that the process may write is a limit, not the end of the program. */
static void keeps_to_the_file_limit(void **state)
{
	uint8_t *data = malloc(4 * MIB);
	const char *path;
	int status;
	pid_t child;

	memset(data, 'x', 4 * MIB);
	path = packed_file("zstd", "large", data, 4 * MIB);
	child = fork();
	if (child == 0) {
		struct rlimit limit = { MIB, MIB };
		tmem_target *target;

		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(tmem_open(path, NULL, &target) != TMEM_E_OUTOFMEMORY ||
		      !strstr(tmem_last_error(NULL), "more than 1.0 MiB, the largest file"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(data);
}

static void spool_keeps_its_limits(void **state)
{
	uint8_t page[2 * TMI_SPOOL_PAGE];
	struct tmi_spool spool;

	memset(page, 'x', sizeof(page));
	assert_int_equal(tmi_spool_open(&spool, 3 * TMI_SPOOL_PAGE, 0), TMEM_S_OK);
	spool.room = 2 * TMI_SPOOL_PAGE;
	assert_int_equal(tmi_spool_put(&spool, page, sizeof(page)), TMEM_S_OK);
	/* One more page is allowed, and there is room for it only as a hole. */
	assert_int_equal(tmi_spool_put(&spool, page, TMI_SPOOL_PAGE), TMEM_E_OUTOFMEMORY);
	assert_non_null(strstr(tmi_error_text(), "8.0 KiB that can be used in "));
	assert_non_null(strstr(tmi_error_text(), spool_folder));
	spool.size = sizeof(page);
	memset(page, 0, sizeof(page));
	assert_int_equal(tmi_spool_put(&spool, page, TMI_SPOOL_PAGE), TMEM_S_OK);
	assert_int_equal(tmi_spool_put(&spool, page, 1), TMEM_E_OUTOFMEMORY);
	assert_non_null(strstr(tmi_error_text(), "more than 12.0 KiB"));
	tmi_spool_close(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_by_name),
		cmocka_unit_test(opens_every_codec),
		cmocka_unit_test(opens_without_tmpfile),
		cmocka_unit_test(names_the_original),
		cmocka_unit_test(takes_options),
		cmocka_unit_test(refuses_two_layers),
		cmocka_unit_test(opens_a_part_when_asked),
		cmocka_unit_test(reports_and_stops),
		cmocka_unit_test(checks_parameters),
		cmocka_unit_test(zeros_become_holes),
		cmocka_unit_test(plain_files_are_left_alone),
		cmocka_unit_test(tells_a_bad_folder),
		cmocka_unit_test(keeps_to_the_file_limit),
		cmocka_unit_test(spool_keeps_its_limits),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
