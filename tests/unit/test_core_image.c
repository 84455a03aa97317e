/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_core_image.c - pages that a core leaves out, from local files: made-up files and cores for
 * what real ones seldom show.
 */
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

#define KIND   (&tmi_target_core)
#define BASE   0x10000000u
#define STACK  0x20000000u
#define LENGTH 0x3123u /* bytes of the library */
#define R      4u
#define RW     6u
#define RX     5u

/* A library of five pages, the last half of the fourth behind its end; and a core without them. */
struct scene {
	char library[64];
	char core[64];
	uint8_t bytes[LENGTH];
	unsigned word;
	bool big;
};

/* ELF file: PT_LOAD of all, build-id, PT_GNU_RELRO of the third page. */
static void make_library(struct scene *scene, const char *identity, uint16_t machine)
{
	struct core_writer w;
	uint8_t *file;
	size_t size;
	int fd;

	core_writer_init(&w, scene->word, scene->big, machine);
	w.type = 3;
	core_writer_load_at(&w, 0, 0x5000, 0, LENGTH, RX);
	core_writer_segment(&w, 4);
	core_writer_segment(&w, 0x6474e552);
	w.segments[1].given = w.segments[2].given = true;
	w.segments[1].address = w.segments[1].offset = 0x200;
	w.segments[1].file_size = w.segments[1].memory_size = 12 + 4 + strlen(identity);
	w.segments[2].address = w.segments[2].offset = 0x2000;
	w.segments[2].memory_size = w.segments[2].file_size = 0x800;
	file = core_writer_build(&w, &size);
	for (size_t i = 0; i < LENGTH; i++)
		scene->bytes[i] = (uint8_t)(i * 13 + i / 256);
	memcpy(scene->bytes, file, size);
	put_integer(scene->bytes + 0x200, 4, scene->big, 4);
	put_integer(scene->bytes + 0x204, 4, scene->big, strlen(identity));
	put_integer(scene->bytes + 0x208, 4, scene->big, 3);
	memcpy(scene->bytes + 0x20c, "GNU", 4);
	memcpy(scene->bytes + 0x210, identity, strlen(identity));
	free(file);
	core_writer_fini(&w);
	fd = open(scene->library, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, scene->bytes, LENGTH), LENGTH);
	close(fd);
}

/*
 * A core that has the header page only (@header: bytes of it), and of the stack @stack bytes. The
 * mappings: page 0 r, 1 x, 2 r (relro), 3 and 4 w, then page 1 once more without a segment.
 */
static void make_core(struct scene *scene, const char *path, size_t header, size_t stack)
{
	const struct written_file_row rows[] = {
		{ BASE, BASE + 0x1000, 0, path },
		{ BASE + 0x1000, BASE + 0x2000, 1, path },
		{ BASE + 0x2000, BASE + 0x3000, 2, path },
		{ BASE + 0x3000, BASE + 0x5000, 3, path },
		{ BASE + 0x8000, BASE + 0x9000, 1, path },
	};
	struct core_writer w;

	core_writer_init(&w, scene->word, scene->big, scene->word == 8 ? 62 : 3);
	/* The stack pointer is register 19 of x86-64, 15 of i386; they count up. */
	core_writer_prstatus(&w, 1, scene->word == 8 ? 336 : 144,
			     STACK - (scene->word == 8 ? 19 : 15));
	core_writer_files(&w, rows, 5);
	core_writer_load(&w, BASE, 0x1000, scene->bytes, header, R);
	core_writer_load(&w, BASE + 0x1000, 0x1000, NULL, 0, RX);
	core_writer_load(&w, BASE + 0x2000, 0x1000, NULL, 0, R);
	core_writer_load(&w, BASE + 0x3000, 0x2000, NULL, 0, RW);
	core_writer_load(&w, STACK, 0x1000, NULL, stack, RW);
	core_writer_save(&w, scene->core);
	core_writer_fini(&w);
}

static void scene_init(struct scene *scene, unsigned word, bool big, size_t stack)
{
	int fd;

	memset(scene, 0, sizeof(*scene));
	scene->word = word;
	scene->big = big;
	strcpy(scene->library, "/tmp/tmem-library-XXXXXX");
	fd = mkstemp(scene->library);
	assert_true(fd >= 0);
	close(fd);
	make_library(scene, "twenty bytes of name", word == 8 ? 62 : 3);
	make_core(scene, scene->library, 0x1000, stack);
}

static void scene_fini(struct scene *scene)
{
	unlink(scene->library);
	unlink(scene->core);
}

static void *open_scene(const struct scene *scene, const char *option_text, bool may_map)
{
	struct tmi_options options;
	struct tmi_open request = { scene->core, &options, may_map };
	void *core = NULL;

	tmi_options_init(&options, option_text);
	assert_int_equal(KIND->open(&request, &core), TMEM_S_OK);
	tmi_options_fini(&options);
	return core;
}

static size_t read_at(void *core, uint64_t address, void *buffer, size_t size)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	assert_int_equal(KIND->read(core, 0, &item, 1, 0), TMEM_S_OK);
	return item.done;
}

static uint32_t source_at(void *core, uint64_t address, uint64_t *last, uint32_t *reason)
{
	struct tmi_run run;

	assert_int_equal(KIND->run(core, 0, address, &run), TMEM_S_OK);
	assert_true(run.first <= address);
	*last = run.last;
	*reason = run.reason;
	return run.source;
}

static void expect_refusal(const struct scene *scene, const char *options, uint64_t address,
			   const char *expected)
{
	void *core = open_scene(scene, options, true);
	uint8_t byte;

	assert_int_equal(read_at(core, address, &byte, 1), 0);
	if (!strstr(tmi_error_text(), expected))
		fail_msg("expected \"%s\" in \"%s\"", expected, tmi_error_text());
	assert_int_equal(tmi_error_reason(), TMEM_REASON_EXCLUDED);
	KIND->close(core);
}

/* All that the file has, zeros to the end of its last page, and nothing from the page behind. */
static void supplies_pages(void **state)
{
	for (int shape = 0; shape < 8; shape++) {
		uint8_t expected[0x4000] = { 0 }, got[0x6000];
		struct tmi_borrow borrow;
		struct scene scene;
		uint32_t reason;
		uint64_t last;
		void *core;

		scene_init(&scene, shape & 1 ? 8 : 4, shape & 2, 0x1000);
		core = open_scene(&scene, NULL, shape & 4);
		memcpy(expected, scene.bytes, LENGTH);
		assert_int_equal(read_at(core, BASE, got, sizeof(got)), 0x4000);
		assert_memory_equal(got, expected, 0x4000);
		for (uint64_t at = 0xff0; at < 0x4000; at += 0x155) {
			assert_int_equal(read_at(core, BASE + at, got, 0x100),
					 at + 0x100 < 0x4000 ? 0x100 : 0x4000 - at);
			assert_memory_equal(got, expected + at, at < 0x3f00 ? 0x100 : 1);
		}
		assert_int_equal(source_at(core, BASE, &last, &reason), TMEM_VSOURCE_DEBUGGEE);
		assert_int_equal(source_at(core, BASE + 0x1000, &last, &reason),
				 TMEM_VSOURCE_MAPPED_IMAGE);
		assert_int_equal(last, BASE + 0x1fff);
		assert_int_equal(source_at(core, BASE + 0x3000, &last, &reason),
				 TMEM_VSOURCE_MAPPED_IMAGE);
		assert_int_equal(last, BASE + 0x3fff);
		assert_int_equal(source_at(core, BASE + 0x4000, &last, &reason),
				 TMEM_VSOURCE_INVALID);
		assert_int_equal(reason, TMEM_REASON_PAST_END_OF_FILE);
		assert_int_equal(last, BASE + 0x4fff);
		/* The mapping that has no segment. */
		assert_int_equal(read_at(core, BASE + 0x8010, got, 0x2000), 0xff0);
		assert_memory_equal(got, expected + 0x1010, 0xff0);
		assert_int_equal(KIND->view(core, 0, BASE + 0x3100, &borrow), (shape & 4) != 0);
		if (shape & 4) {
			assert_int_equal(borrow.first, BASE + 0x3000);
			assert_int_equal(borrow.last, BASE + LENGTH - 1);
			assert_int_equal(borrow.data[0x100], expected[0x3100]);
		}
		assert_false(KIND->view(core, 0, BASE + LENGTH, &borrow));
		KIND->close(core);
		scene_fini(&scene);
	}
}

/* The stack is not in the core, so written memory is missing: only what cannot be written. */
static void written_memory_missing(void **state)
{
	struct scene scene;
	uint32_t reason;
	uint64_t last;
	uint8_t byte;
	void *core;

	scene_init(&scene, 8, false, 0);
	core = open_scene(&scene, NULL, true);
	assert_int_equal(read_at(core, BASE + 0x1000, &byte, 1), 1);
	assert_int_equal(source_at(core, BASE + 0x1000, &last, &reason), TMEM_VSOURCE_MAPPED_IMAGE);
	assert_int_equal(source_at(core, BASE + 0x2000, &last, &reason), TMEM_VSOURCE_INVALID);
	assert_int_equal(last, BASE + 0x2fff);
	assert_int_equal(source_at(core, BASE + 0x3000, &last, &reason), TMEM_VSOURCE_INVALID);
	KIND->close(core);
	expect_refusal(&scene, NULL, BASE + 0x2800, "may have been written");
	expect_refusal(&scene, NULL, BASE + 0x3000, "may have been written");
	scene_fini(&scene);
}

static void refuses_others(void **state)
{
	char expected[256];
	struct scene scene;

	scene_init(&scene, 8, false, 0x1000);
	make_library(&scene, "twenty bytes of NAME", 62);
	snprintf(expected, sizeof(expected),
		 "%s is another build: expected build-id 7477656e7479206279746573206f66206e616d65, "
		 "found 7477656e7479206279746573206f66204e414d45: at 0000000010001000: "
		 "the dump does not contain it",
		 scene.library);
	expect_refusal(&scene, NULL, BASE + 0x1000, expected);
	make_library(&scene, "twenty bytes of name, longer", 62);
	expect_refusal(&scene, NULL, BASE + 0x1000, "another build");
	make_library(&scene, "twenty bytes of name", 183);
	expect_refusal(&scene, NULL, BASE + 0x1000, "another machine");
	unlink(scene.library);
	snprintf(expected, sizeof(expected), "there is no file %s", scene.library);
	expect_refusal(&scene, NULL, BASE + 0x1000, expected);
	expect_refusal(&scene, "images=off", BASE + 0x1000, "images=off");
	unlink(scene.core);
	/* Without the header page there is nothing to compare with. */
	make_library(&scene, "twenty bytes of name", 62);
	make_core(&scene, scene.library, 0, 0x1000);
	expect_refusal(&scene, NULL, BASE + 0x1000, "does not hold the ELF header");
	unlink(scene.core);
	make_core(&scene, scene.library, 0x100, 0x1000);
	expect_refusal(&scene, NULL, BASE + 0x1000, "has no build-id in the core's memory");
	unlink(scene.core);
	/* A name that is no path must not be looked for in the current folder. */
	make_core(&scene, "tmem-library", 0x1000, 0x1000);
	expect_refusal(&scene, NULL, BASE + 0x1000, "no absolute path");
	unlink(scene.core);
	make_core(&scene, "/dev/zero", 0x1000, 0x1000);
	expect_refusal(&scene, NULL, BASE + 0x1000, "there is no file /dev/zero");
	scene_fini(&scene);
}

/* A removed file is found under its name before; or under the whole name, if it has that. */
static void deleted_names(void **state)
{
	char marked[96];
	struct scene scene;
	uint8_t byte;
	void *core;

	scene_init(&scene, 8, false, 0x1000);
	snprintf(marked, sizeof(marked), "%s (deleted)", scene.library);
	for (int renamed = 0; renamed < 2; renamed++) {
		unlink(scene.core);
		make_core(&scene, marked, 0x1000, 0x1000);
		core = open_scene(&scene, NULL, true);
		assert_int_equal(read_at(core, BASE + 0x1001, &byte, 1), 1);
		assert_int_equal(byte, scene.bytes[0x1001]);
		KIND->close(core);
		rename(scene.library, marked);
	}
	unlink(marked);
	scene_fini(&scene);
}

/* Nothing is opened before a page is asked for; and once open, the file may go or shrink. */
static void opened_late(void **state)
{
	struct tmi_process process;
	struct tmi_borrow borrow;
	struct scene scene;
	uint8_t bytes[16];
	void *core;

	signal(SIGBUS, SIG_DFL); /* the framework's handler is on top of ours else */
	scene_init(&scene, 8, false, 0x1000);
	unlink(scene.library);
	core = open_scene(&scene, NULL, true);
	assert_true(KIND->process(core, 0, &process));
	assert_int_equal(read_at(core, BASE, bytes, 16), 16);
	make_library(&scene, "twenty bytes of name", 62);
	assert_int_equal(read_at(core, BASE + 0x1000, bytes, 16), 16);
	assert_true(KIND->view(core, 0, BASE + 0x2000, &borrow));
	assert_int_equal(truncate(scene.library, 0x1800), 0);
	assert_int_equal(read_at(core, BASE + 0x2000, bytes, 16), 0);
	assert_true(*borrow.truncated);
	assert_int_equal(read_at(core, BASE + 0x17f8, bytes, 16), 8);
	/* The core itself is whole. */
	assert_int_equal(read_at(core, STACK, bytes, 16), 16);
	KIND->close(core);
	scene_fini(&scene);
}

struct reader {
	void *core;
	bool wrong;
};

static void *read_page(void *argument)
{
	struct reader *reader = argument;
	struct tmem_transfer item = { 0 };
	uint8_t byte;

	for (int i = 0; i < 1000; i++) {
		item = (struct tmem_transfer){ .offset = BASE + 0x1000,
					       .buffer = &byte,
					       .size = 1 };
		KIND->read(reader->core, 0, &item, 1, 0);
		reader->wrong |= item.done != 1;
	}
	return NULL;
}

static void opened_by_one_of_many(void **state)
{
	struct reader readers[4];
	pthread_t threads[4];
	struct scene scene;
	void *core;

	scene_init(&scene, 8, false, 0x1000);
	core = open_scene(&scene, NULL, true);
	for (int i = 0; i < 4; i++) {
		readers[i] = (struct reader){ core, false };
		pthread_create(&threads[i], NULL, read_page, &readers[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_false(readers[i].wrong);
	}
	KIND->close(core);
	scene_fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(supplies_pages), cmocka_unit_test(written_memory_missing),
		cmocka_unit_test(refuses_others), cmocka_unit_test(deleted_names),
		cmocka_unit_test(opened_late),    cmocka_unit_test(opened_by_one_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
