/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_live_core.c - cores of real processes, written by the kernel and by gcore, against what the
 * processes said themselves while they lived, what gdb reads from the same core, and readelf.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/error.h"
#include "format/elf_core.h"
#include "support/child.h"
#include "target/target.h"

#define KIND (&tmi_target_core)
#define PAGE 4096u
/* Pages of a region that are remembered, from its start. */
#define PAGES_MAX 64

/* Regions of the program whose bytes do not change by themselves. */
static const char *const region_names[] = { "pattern",   "readonly", "none",     "code",
					    "writeonly", "file",     "alias-a",  "alias-b",
					    "shared-ro", "strings",  "pointers", "big" };
#define REGIONS (sizeof(region_names) / sizeof(*region_names))

/* What a page held while the process lived. */
struct page {
	uint64_t address;
	bool known;
	uint8_t bytes[PAGE];
};

struct witness {
	struct child child;
	char folder[64];
	char build[4096]; /* TMEM_BUILD as it was */
	char core[128];   /* written by the kernel; "" = none */
	char gcore[128];
	struct page *pages;
	size_t page_count;
	struct page text; /* a page of the program's code */
};

/* ---- Making cores ---- */

static void run_command(const char *format, ...)
{
	char command[8192];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void remember_page(struct witness *w, struct page *page, uint64_t address)
{
	page->address = address;
	page->known = child_peek(&w->child, address, page->bytes, PAGE) ||
		      child_expect(&w->child, address, page->bytes, PAGE);
}

/* The last page of the program's code, by the kernel's own list of mappings. */
static void remember_text(struct witness *w)
{
	uint64_t start, end, address = 0;
	char line[5000], path[64];
	char mode[5];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", w->child.pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, mode) == 3 &&
		    !strcmp(mode, "r-xp") && strstr(line, "/tests/programs/target"))
			address = end - PAGE;
	fclose(maps);
	assert_true(address != 0);
	remember_page(w, &w->text, address);
	assert_true(w->text.known);
}

static void remember_regions(struct witness *w)
{
	w->pages = calloc(REGIONS * PAGES_MAX, sizeof(*w->pages));
	for (size_t i = 0; i < REGIONS; i++) {
		uint64_t start = child_address(&w->child, region_names[i]);
		uint64_t size = child_size(&w->child, region_names[i]);

		for (uint64_t at = 0; start && at < size && at < PAGES_MAX * PAGE; at += PAGE)
			remember_page(w, &w->pages[w->page_count++], start + at);
	}
}

/* Starts a copy of the program, so that a test may replace it. */
static void witness_init(struct witness *w, const char *program)
{
	static const char *const arguments[] = { "--no-uffd", NULL };
	const char *build = getenv("TMEM_BUILD");

	memset(w, 0, sizeof(*w));
	snprintf(w->build, sizeof(w->build), "%s", build ? build : "build");
	strcpy(w->folder, "/tmp/tmem-live-core-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	run_command("mkdir -p %s/tests/programs && cp '%s/tests/programs/%s' %s/tests/programs",
		    w->folder, w->build, program, w->folder);
	setenv("TMEM_BUILD", w->folder, 1);
	assert_int_equal(chdir(w->folder), 0);
	child_start(&w->child, program, arguments);
	setenv("TMEM_BUILD", w->build, 1);
	remember_regions(w);
	remember_text(w);
}

static void set_filter(struct witness *w, const char *filter)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/coredump_filter", w->child.pid);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(filter, file);
	assert_int_equal(fclose(file), 0);
}

static void make_gcore(struct witness *w)
{
	run_command("gcore -o %s/g %d >gcore.log 2>&1", w->folder, w->child.pid);
	snprintf(w->gcore, sizeof(w->gcore), "%s/g.%d", w->folder, w->child.pid);
}

/* Lets the program crash; its core appears in its folder, where the kernel writes files at all. */
static void crash(struct witness *w)
{
	struct dirent *entry;
	siginfo_t info;
	DIR *folder;

	fputs("crash\n", w->child.in);
	fflush(w->child.in);
	assert_int_equal(waitid(P_PID, (id_t)w->child.pid, &info, WEXITED | WNOWAIT), 0);
	folder = opendir(w->folder);
	while ((entry = readdir(folder)))
		if (!strncmp(entry->d_name, "core", 4))
			snprintf(w->core, sizeof(w->core), "%.60s/%.60s", w->folder, entry->d_name);
	closedir(folder);
	if (!w->core[0])
		printf("not possible here: a core written by the kernel (core_pattern, limits)\n");
}

static void witness_fini(struct witness *w)
{
	child_end(&w->child);
	assert_int_equal(chdir("/"), 0);
	run_command("rm -r %s", w->folder);
	free(w->pages);
}

/* ---- Looking into them ---- */

static void *open_core(const char *path, const char *option_text)
{
	struct tmi_options options;
	struct tmi_open request = { path, &options, true };
	void *core = NULL;

	assert_int_equal(tmi_options_init(&options, option_text), TMEM_S_OK);
	if (KIND->open(&request, &core) != TMEM_S_OK)
		fail_msg("%s", tmi_error_text());
	tmi_options_fini(&options);
	return core;
}

static size_t read_core(void *core, uint64_t address, void *buffer, size_t size)
{
	struct tmem_transfer item = { .offset = address, .buffer = buffer, .size = size };

	assert_int_equal(KIND->read(core, 0, &item, 1, 0), TMEM_S_OK);
	return item.done;
}

static struct tmi_run run_at(void *core, uint64_t address)
{
	struct tmi_run run;

	assert_int_equal(KIND->run(core, 0, address, &run), TMEM_S_OK);
	assert_true(run.first <= address && address <= run.last);
	return run;
}

/* Whatever the core gives of the remembered pages is what they were. Returns how many it gives. */
static size_t pages_are_right(struct witness *w, void *core)
{
	uint8_t bytes[PAGE];
	size_t given = 0;

	for (size_t i = 0; i < w->page_count; i++) {
		const struct page *page = &w->pages[i];
		size_t got = read_core(core, page->address, bytes, PAGE);
		struct tmi_run run = run_at(core, page->address);

		assert_true(got == 0 || got == PAGE);
		assert_int_equal(got != 0, run.source != TMEM_VSOURCE_INVALID);
		if (got == 0) {
			assert_int_equal(tmi_error_reason(), TMEM_REASON_EXCLUDED);
		} else if (page->known) {
			assert_memory_equal(bytes, page->bytes, PAGE);
			given++;
		}
	}
	return given;
}

static void region_is_given(struct witness *w, void *core, const char *name)
{
	uint64_t address = child_address(&w->child, name);
	uint8_t byte;

	if (read_core(core, address, &byte, 1) != 1)
		fail_msg("%s: %s", name, tmi_error_text());
}

/* Each PT_LOAD that readelf lists: what is stored is readable, the rest is not from the core. */
static void segments_agree_with_readelf(void *core, const char *path)
{
	uint64_t address, stored, size;
	unsigned segments = 0;
	char command[256];
	char line[512];
	FILE *table;

	snprintf(command, sizeof(command), "readelf -lW %s 2>/dev/null", path);
	table = popen(command, "r");
	while (fgets(line, sizeof(line), table)) {
		uint8_t byte;

		if (sscanf(line, " LOAD 0x%*x 0x%" SCNx64 " 0x%*x 0x%" SCNx64 " 0x%" SCNx64,
			   &address, &stored, &size) != 3 ||
		    !size)
			continue;
		segments++;
		if (stored) {
			assert_int_equal(run_at(core, address).source, TMEM_VSOURCE_DEBUGGEE);
			assert_int_equal(run_at(core, address + stored - 1).source,
					 TMEM_VSOURCE_DEBUGGEE);
			assert_int_equal(read_core(core, address + stored - 1, &byte, 1), 1);
		}
		if (stored < size)
			assert_int_not_equal(run_at(core, address + size - 1).source,
					     TMEM_VSOURCE_DEBUGGEE);
	}
	assert_int_equal(pclose(table), 0);
	assert_true(segments > 5);
}

/* Compares [address, address + size) with what gdb dumped to a file; false: gdb could not. */
static bool same_as_dump(void *core, const char *path, uint64_t address, size_t size)
{
	uint8_t *ours = malloc(size), *theirs = malloc(size);
	FILE *file = fopen(path, "rb");
	bool dumped = file && fread(theirs, 1, size, file) == size;

	if (dumped) {
		assert_int_equal(read_core(core, address, ours, size), size);
		assert_memory_equal(ours, theirs, size);
	}
	if (file)
		fclose(file);
	free(ours);
	free(theirs);
	return dumped;
}

/* The first 64 KiB of every readable run, by gdb; also where both take bytes from local files. */
static void memory_agrees_with_gdb(struct witness *w, void *core, const char *path,
				   const char *program)
{
	unsigned from_core = 0, from_files = 0, number = 0;
	struct tmi_snapshot *snapshot;
	FILE *script = fopen("script", "w");

	assert_int_equal(KIND->snapshot(core, 0, &snapshot), TMEM_S_OK);
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct tmi_run *run = &snapshot->runs[i];
		uint64_t last = run->last - run->first < 65536 ? run->last : run->first + 65535;

		if (run->source != TMEM_VSOURCE_INVALID && last < UINT64_MAX / 2)
			fprintf(script,
				"python\ntry:\n gdb.execute('dump binary memory dump.%u 0x%" PRIx64
				" 0x%" PRIx64 "')\nexcept gdb.error:\n pass\nend\n",
				number, run->first, last + 1);
		number++;
	}
	fclose(script);
	run_command("gdb -nx -batch -iex 'set debuginfod enabled off' %s/tests/programs/%s %s "
		    "-x script >gdb.log 2>&1",
		    w->folder, program, path);
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct tmi_run *run = &snapshot->runs[i];
		uint64_t size = run->last - run->first < 65536 ? run->last - run->first + 1 : 65536;
		char dump[32];

		snprintf(dump, sizeof(dump), "dump.%zu", i);
		if (run->source == TMEM_VSOURCE_INVALID ||
		    !same_as_dump(core, dump, run->first, (size_t)size))
			continue;
		from_core += run->source == TMEM_VSOURCE_DEBUGGEE;
		from_files += run->source == TMEM_VSOURCE_MAPPED_IMAGE;
	}
	tmi_snapshot_release(snapshot);
	assert_true(from_core >= 8);
	assert_true(from_files >= 1);
}

/* Every thread's program counter and stack pointer, as gdb shows them. */
static void registers_agree_with_gdb(struct witness *w, void *core, const char *path,
				     const char *program)
{
	uint64_t pc, sp;
	uint32_t thread;
	unsigned seen = 0;
	struct tmi_facts facts;
	char line[512];
	FILE *log;

	assert_true(KIND->facts(core, 0, &facts));
	run_command("gdb -nx -batch -iex 'set debuginfod enabled off' %s/tests/programs/%s %s "
		    "-ex 'python [(t.switch(), print(\"T\", t.ptid[1], "
		    "hex(int(gdb.parse_and_eval(\"(unsigned long)$pc\"))), "
		    "hex(int(gdb.parse_and_eval(\"(unsigned long)$sp\"))))) "
		    "for t in gdb.selected_inferior().threads()]' >registers.log 2>&1",
		    w->folder, program, path);
	log = fopen("registers.log", "r");
	while (fgets(line, sizeof(line), log)) {
		bool wide = facts.pointer_size == 8;
		uint8_t *block;
		size_t size;

		if (sscanf(line, "T %" SCNu32 " 0x%" SCNx64 " 0x%" SCNx64, &thread, &pc, &sp) != 3)
			continue;
		seen++;
		assert_int_equal(KIND->context(core, 0, thread, TMEM_CONTEXT_GENERAL,
					       (void **)&block, &size),
				 TMEM_S_OK);
		assert_int_equal(size, wide ? 216 : 68);
		assert_int_equal(
			tmi_load(block + (wide ? 16 * 8 : 12 * 4), facts.pointer_size, false), pc);
		assert_int_equal(
			tmi_load(block + (wide ? 19 * 8 : 15 * 4), facts.pointer_size, false), sp);
		free(block);
	}
	fclose(log);
	assert_true(seen >= 1);
}

static void process_is_right(struct witness *w, void *core, const char *program)
{
	struct tmi_process process;
	struct tmi_thread *threads;
	char path[256];
	size_t count;

	assert_true(KIND->process(core, 0, &process));
	assert_int_equal(process.system_id, w->child.pid);
	snprintf(path, sizeof(path), "%s/tests/programs/%s", w->folder, program);
	assert_string_equal(process.name, path);
	assert_int_equal(KIND->threads(core, 0, &threads, &count), TMEM_S_OK);
	assert_true(count >= 3);
	assert_int_equal(threads[0].system_id, w->child.pid);
	free(threads);
}

static void names_are_right(struct witness *w, void *core)
{
	struct tmi_snapshot *snapshot;
	unsigned stacks = 0, vdsos = 0;

	assert_int_equal(KIND->snapshot(core, 0, &snapshot), TMEM_S_OK);
	for (size_t i = 0; i < snapshot->count; i++) {
		stacks += !strcmp(snapshot->runs[i].name, "[stack]");
		vdsos += !strcmp(snapshot->runs[i].name, "[vdso]");
		if (i > 0)
			assert_true(snapshot->runs[i].first > snapshot->runs[i - 1].last);
	}
	assert_true(stacks >= 1 && vdsos >= 1);
	tmi_snapshot_release(snapshot);
	assert_non_null(strstr(run_at(core, w->text.address).name, "/tests/programs/target"));
	assert_int_equal(run_at(core, w->text.address).type, TMEM_MEM_IMAGE);
}

static void core_is_right(struct witness *w, const char *path, const char *program)
{
	static const char *const always[] = { "pattern", "readonly", "none", "writeonly",
					      "strings", "pointers", "big" };
	uint8_t bytes[PAGE];
	struct tmi_facts facts;
	void *core;

	if (!path[0])
		return;
	core = open_core(path, NULL);
	assert_true(KIND->facts(core, 0, &facts));
	assert_false(facts.incomplete);
	assert_int_equal(facts.pointer_size, strstr(program, "64") ? 8 : 4);
	assert_int_equal(facts.processor_type,
			 strstr(program, "64") ? TMEM_PROCESSOR_AMD64 : TMEM_PROCESSOR_I386);
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		region_is_given(w, core, always[i]);
	assert_true(pages_are_right(w, core) > 20);
	assert_int_equal(read_core(core, w->text.address, bytes, PAGE), PAGE);
	assert_memory_equal(bytes, w->text.bytes, PAGE);
	process_is_right(w, core, program);
	names_are_right(w, core);
	segments_agree_with_readelf(core, path);
	memory_agrees_with_gdb(w, core, path, program);
	registers_agree_with_gdb(w, core, path, program);
	KIND->close(core);
}

static void cores_of(const char *program)
{
	struct witness w;
	char answer[64];

	witness_init(&w, program);
	child_ask(&w.child, answer, sizeof(answer), "spawn-threads 2");
	assert_string_equal(answer, "ok");
	make_gcore(&w);
	crash(&w);
	core_is_right(&w, w.gcore, program);
	core_is_right(&w, w.core, program);
	witness_fini(&w);
}

static void cores_of_64_bit_process(void **state)
{
	cores_of("target64");
}

static void cores_of_32_bit_process(void **state)
{
	cores_of("target32");
}

/* ---- Names without NT_FILE ---- */

/* Makes NT_FILE of a core an unknown note. */
static void hide_file_note(const char *path)
{
	static const char note[] = "ELIFCORE"; /* its type and its owner, in little endian */
	int fd = open(path, O_RDWR);
	size_t size = (size_t)lseek(fd, 0, SEEK_END);
	char *bytes = malloc(size);
	char *found;

	assert_int_equal(pread(fd, bytes, size, 0), size);
	found = memmem(bytes, size, note, strlen(note));
	assert_non_null(found);
	assert_int_equal(pwrite(fd, "none", 4, found - bytes), 4);
	close(fd);
	free(bytes);
}

/* The dynamic linker's list names the same files for the same addresses, and supplies them. */
static void names_without_file_note(void **state)
{
	struct witness w;
	void *with, *without;
	struct tmi_snapshot *snapshot;
	unsigned images = 0;
	uint8_t byte;

	witness_init(&w, "target64");
	make_gcore(&w);
	run_command("cp %s copy", w.gcore);
	hide_file_note("copy");
	with = open_core(w.gcore, NULL);
	without = open_core("copy", NULL);
	assert_int_equal(KIND->snapshot(with, 0, &snapshot), TMEM_S_OK);
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct tmi_run *run = &snapshot->runs[i];
		struct tmi_run other;

		if (run->type != TMEM_MEM_IMAGE || run->name[0] != '/')
			continue;
		other = run_at(without, run->first);
		assert_int_equal(other.source, run->source);
		assert_int_equal(other.file_offset - (other.first - run->first), run->file_offset);
		if (strcmp(strrchr(other.name, '/'), strrchr(run->name, '/')))
			fail_msg("%s here, %s there", run->name, other.name);
		images++;
	}
	assert_true(images >= 10); /* the program, libc and the linker, some runs each */
	assert_int_equal(read_core(without, w.text.address, &byte, 1), 1);
	assert_int_equal(byte, w.text.bytes[0]);
	tmi_snapshot_release(snapshot);
	KIND->close(with);
	KIND->close(without);
	witness_fini(&w);
}

/* ---- Pages from local files ---- */

/* The program's code is refused, and the text says why. */
static void text_is_refused(struct witness *w, const char *options, const char *expected)
{
	void *core = open_core(w->core, options);
	uint8_t byte = 0x5a;

	assert_int_equal(read_core(core, w->text.address, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
	if (!strstr(tmi_error_text(), expected))
		fail_msg("expected \"%s\" in \"%s\"", expected, tmi_error_text());
	assert_int_equal(tmi_error_reason(), TMEM_REASON_EXCLUDED);
	assert_int_equal(run_at(core, w->text.address).source, TMEM_VSOURCE_INVALID);
	KIND->close(core);
}

static void text_is_supplied(struct witness *w, const char *options)
{
	void *core = open_core(w->core, options);
	struct tmi_borrow borrow;
	uint8_t bytes[PAGE];

	if (read_core(core, w->text.address, bytes, PAGE) != PAGE)
		fail_msg("%s", tmi_error_text());
	assert_memory_equal(bytes, w->text.bytes, PAGE);
	assert_int_equal(run_at(core, w->text.address).source, TMEM_VSOURCE_MAPPED_IMAGE);
	assert_true(KIND->view(core, 0, w->text.address, &borrow));
	assert_memory_equal(borrow.data + (w->text.address - borrow.first), bytes, 1);
	KIND->close(core);
}

static void only_the_same_build_supplies_pages(void **state)
{
	struct witness w;
	char options[8300];

	witness_init(&w, "target64");
	set_filter(&w, "0x11"); /* private memory and header pages only */
	crash(&w);
	if (w.core[0]) {
		text_is_supplied(&w, NULL);
		text_is_refused(&w, "images=off", "images=off");
		/* Another build under the same name, an ELF file of another kind, no ELF file. */
		run_command("mv tests/programs/target64 kept");
		run_command("cp '%s/tests/programs/shm' tests/programs/target64", w.build);
		text_is_refused(&w, NULL, "is another build: expected build-id ");
		run_command("cp '%s/tests/programs/target32' tests/programs/target64", w.build);
		text_is_refused(&w, NULL, "is for another machine");
		run_command("echo text >tests/programs/target64");
		text_is_refused(&w, NULL, "not an ELF file");
		run_command("rm tests/programs/target64 && mkfifo tests/programs/target64");
		text_is_refused(&w, NULL, "there is no file");
		/* The right one elsewhere. */
		snprintf(options, sizeof(options), "image-path=/nowhere:%s/tests/programs:/tmp",
			 w.build);
		text_is_supplied(&w, options);
		run_command(
			"mkdir -p root%s/tests/programs && mv kept root%s/tests/programs/target64",
			w.folder, w.folder);
		snprintf(options, sizeof(options), "sysroot=%s/root", w.folder);
		text_is_supplied(&w, options);
		text_is_refused(&w, "sysroot=/nowhere", "there is no file /nowhere/");
	}
	witness_fini(&w);
}

/* When private memory is left out, what may have been written must not come from the file. */
static void written_pages_are_not_made_up(void **state)
{
	struct witness w;

	witness_init(&w, "target64");
	set_filter(&w, "0x10"); /* header pages only */
	crash(&w);
	if (w.core[0]) {
		struct tmi_snapshot *snapshot;
		unsigned writable = 0, supplied = 0;
		void *core = open_core(w.core, NULL);
		uint8_t byte;

		assert_int_equal(KIND->snapshot(core, 0, &snapshot), TMEM_S_OK);
		for (size_t i = 0; i < snapshot->count; i++) {
			const struct tmi_run *run = &snapshot->runs[i];

			supplied += run->source == TMEM_VSOURCE_MAPPED_IMAGE;
			if (run->type != TMEM_MEM_IMAGE || run->protect != TMEM_PAGE_WRITECOPY)
				continue;
			writable++;
			assert_int_equal(run->source, TMEM_VSOURCE_INVALID);
			assert_int_equal(read_core(core, run->first, &byte, 1), 0);
			assert_non_null(strstr(tmi_error_text(), "may have been written"));
		}
		assert_true(writable >= 2 && supplied >= 2);
		assert_int_equal(read_core(core, w.text.address, &byte, 1), 1);
		assert_int_equal(byte, w.text.bytes[0]);
		tmi_snapshot_release(snapshot);
		KIND->close(core);
	}
	witness_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_of_64_bit_process),
		cmocka_unit_test(cores_of_32_bit_process),
		cmocka_unit_test(names_without_file_note),
		cmocka_unit_test(only_the_same_build_supplies_pages),
		cmocka_unit_test(written_pages_are_not_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
