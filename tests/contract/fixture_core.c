/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_core.c - the model as an ELF core: written here field by field, and made by gcore from a
 * process that has the model in its memory.
 */
#include <elf.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/child.h"
#include "contract/contract.h"

/* An ELF file of either class and byte order, in the making. */
struct writer {
	FILE *file;
	const struct model *model;
};

static void put(struct writer *writer, uint64_t value, unsigned size)
{
	uint8_t bytes[8];

	model_put_integer(writer->model, bytes, size, value);
	fwrite(bytes, size, 1, writer->file);
}

/* A field that is as wide as an address. */
static void put_word(struct writer *writer, uint64_t value)
{
	put(writer, value, writer->model->pointer_size);
}

static void put_header(struct writer *writer, unsigned machine, size_t segments)
{
	bool wide = writer->model->pointer_size == 8;
	uint8_t ident[EI_NIDENT] = { ELFMAG0,
				     ELFMAG1,
				     ELFMAG2,
				     ELFMAG3,
				     wide ? ELFCLASS64 : ELFCLASS32,
				     writer->model->big_endian ? ELFDATA2MSB : ELFDATA2LSB,
				     EV_CURRENT };

	fwrite(ident, sizeof(ident), 1, writer->file);
	put(writer, ET_CORE, 2);
	put(writer, machine, 2);
	put(writer, EV_CURRENT, 4);
	put_word(writer, 0);              /* e_entry */
	put_word(writer, wide ? 64 : 52); /* e_phoff */
	put_word(writer, 0);              /* e_shoff */
	put(writer, 0, 4);                /* e_flags */
	put(writer, wide ? 64 : 52, 2);   /* e_ehsize */
	put(writer, wide ? 56 : 32, 2);   /* e_phentsize */
	put(writer, segments, 2);         /* e_phnum */
	put(writer, 0, 2);
	put(writer, 0, 2);
	put(writer, 0, 2);
}

static void put_segment(struct writer *writer, uint32_t type, uint32_t flags, uint64_t offset,
			uint64_t address, uint64_t size)
{
	bool wide = writer->model->pointer_size == 8;

	put(writer, type, 4);
	if (wide)
		put(writer, flags, 4);
	put_word(writer, offset);
	put_word(writer, address);
	put_word(writer, 0);
	put_word(writer, size);
	put_word(writer, type == PT_LOAD ? size : 0);
	if (!wide)
		put(writer, flags, 4);
	put_word(writer, 1);
}

/* NT_PRSTATUS of one thread, zeros but for its id; the sizes are those of the machine. */
static size_t note_size(const struct model *model)
{
	return 12 + 8 + (model->pointer_size == 8 ? 336 : 144);
}

static void put_note(struct writer *writer)
{
	size_t size = note_size(writer->model) - 20;
	size_t id_at = writer->model->pointer_size == 8 ? 32 : 24;

	put(writer, 5, 4);
	put(writer, size, 4);
	put(writer, NT_PRSTATUS, 4);
	fwrite("CORE\0\0\0", 8, 1, writer->file);
	for (size_t i = 0; i < size; i += 4)
		put(writer, i == id_at ? 100 : 0, 4);
}

static void put_core(struct writer *writer, unsigned machine, bool note)
{
	const struct model *model = writer->model;
	size_t segments = model->count + note;
	uint64_t offset = model->pointer_size == 8 ? 64 + 56 * segments : 52 + 32 * segments;

	put_header(writer, machine, segments);
	if (note)
		put_segment(writer, PT_NOTE, 0, offset, 0, note_size(model));
	offset += note ? note_size(model) : 0;
	for (size_t i = 0; i < model->count; i++) {
		const struct model_run *run = &model->runs[i];

		put_segment(writer, PT_LOAD, PF_R | (run->writable ? PF_W : 0), offset, run->first,
			    model_run_size(run));
		offset += model_run_size(run);
	}
	if (note)
		put_note(writer);
	for (size_t i = 0; i < model->count; i++)
		fwrite(model->runs[i].bytes, model_run_size(&model->runs[i]), 1, writer->file);
}

static bool begin_as(struct fixture *fixture, unsigned machine, bool note)
{
	char *path = strdup("/tmp/tmem-contract-XXXXXX");
	int fd = path ? mkstemp(path) : -1;
	struct writer writer = { fd < 0 ? NULL : fdopen(fd, "w"), &fixture->model };

	fixture->state = path;
	fixture->path = path;
	if (!writer.file)
		return false;
	put_core(&writer, machine, note);
	snprintf(fixture->spec, sizeof(fixture->spec), "%s", path);
	return !fclose(writer.file);
}

static bool begin_amd64(struct fixture *fixture)
{
	return begin_as(fixture, EM_X86_64, true);
}

static bool begin_i386(struct fixture *fixture)
{
	return begin_as(fixture, EM_386, true);
}

/* Without notes: nothing but memory. */
static bool begin_powerpc(struct fixture *fixture)
{
	return begin_as(fixture, EM_PPC, false);
}

static void end(struct fixture *fixture)
{
	if (fixture->path)
		unlink(fixture->path);
	free(fixture->state);
}

/* --- made by gcore, once for all checks: the file must not change anyway --- */

static char gcore_path[64];

static void remove_gcore(void)
{
	unlink(gcore_path);
}

static bool run_gcore(pid_t pid, const char *prefix)
{
	char number[16];
	int status = -1;
	pid_t gcore;

	snprintf(number, sizeof(number), "%d", (int)pid);
	fflush(stdout);
	gcore = fork();
	if (gcore == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(1);
		execlp("gcore", "gcore", "-o", prefix, number, (char *)NULL);
		_exit(127);
	}
	return gcore > 0 && waitpid(gcore, &status, 0) == gcore && !status;
}

static bool make_gcore(const struct model *model)
{
	char prefix[] = "/tmp/tmem-contract-gcore-XXXXXX";
	int fd = mkstemp(prefix);
	struct child child;
	bool made;

	if (fd < 0)
		return false;
	/* Only the name is wanted: gcore adds the process id to it. */
	close(fd);
	unlink(prefix);
	if (!child_start(&child, model)) {
		child_stop(&child);
		return false;
	}
	snprintf(gcore_path, sizeof(gcore_path), "%s.%d", prefix, (int)child.pid);
	made = run_gcore(child.pid, prefix);
	child_stop(&child);
	atexit(remove_gcore);
	if (!made)
		print_error("gcore failed\n");
	return made;
}

static bool begin_gcore(struct fixture *fixture)
{
	if (!gcore_path[0] && !make_gcore(&fixture->model))
		return false;
	fixture->path = gcore_path;
	snprintf(fixture->spec, sizeof(fixture->spec), "core:%s", gcore_path);
	return true;
}

static void end_gcore(struct fixture *fixture)
{
}

const struct fixture_type fixtures_core[] = {
	{ .kind = "core",
	  .name = "core",
	  .shape = { CHILD_BASE64, 8, false, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .begin = begin_amd64,
	  .end = end },
	{ .kind = "core",
	  .name = "core-32",
	  .shape = { CHILD_BASE32, 4, false, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .begin = begin_i386,
	  .end = end },
	{ .kind = "core",
	  .name = "core-32be",
	  .shape = { CHILD_BASE32, 4, true, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .begin = begin_powerpc,
	  .end = end },
	{ .kind = "core",
	  .name = "core-gcore",
	  .shape = { CHILD_BASE64, 8, false, false, false },
	  .overlay = true,
	  .boundaries = true,
	  .begin = begin_gcore,
	  .end = end_gcore },
	{ 0 },
};
