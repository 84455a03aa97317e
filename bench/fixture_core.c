/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_core.c - ELF cores, written straight from what they shall hold.
 *
 * A core is the ELF header, the program headers (one for the notes, then the memory), the notes,
 * and from the next page on the bytes. Holes are left out of the file.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "fixture.h"

#define MEMORY_ADDRESS UINT64_C(0x7f0000000000)
#define SPARSE_ADDRESS UINT64_C(0x100000000000)
#define CHUNK          ((size_t)1 << 20)

/* One note with its name, "CORE" padded to 8 bytes; aligned to 4 bytes, unlike what is in it. */
struct __attribute__((packed)) status_note {
	Elf64_Nhdr header;
	char name[8];
	struct elf_prstatus status;
};

struct __attribute__((packed)) info_note {
	Elf64_Nhdr header;
	char name[8];
	struct elf_prpsinfo info;
};

struct __attribute__((packed)) notes {
	struct status_note status;
	struct info_note info;
};

static void make_notes(struct notes *notes)
{
	memset(notes, 0, sizeof(*notes));
	notes->status.header = (Elf64_Nhdr){ 5, sizeof(notes->status.status), NT_PRSTATUS };
	memcpy(notes->status.name, "CORE", 5);
	notes->status.status.pr_pid = 1;
	notes->info.header = (Elf64_Nhdr){ 5, sizeof(notes->info.info), NT_PRPSINFO };
	memcpy(notes->info.name, "CORE", 5);
	notes->info.info.pr_pid = 1;
	memcpy(notes->info.info.pr_fname, "bench", 6);
}

static uint64_t notes_offset(size_t count)
{
	return sizeof(Elf64_Ehdr) + (count + 1) * sizeof(Elf64_Phdr);
}

/* Where the bytes of a core with @count segments begin. */
static uint64_t data_offset(size_t count)
{
	uint64_t end = notes_offset(count) + sizeof(struct notes);

	return (end + BENCH_PAGE - 1) & ~(uint64_t)(BENCH_PAGE - 1);
}

static bool put_headers(int fd, const Elf64_Phdr *segments, size_t count)
{
	Elf64_Ehdr header = { .e_type = ET_CORE,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_phoff = sizeof(header),
			      .e_ehsize = sizeof(header),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = (Elf64_Half)(count + 1) };
	Elf64_Phdr note = { .p_type = PT_NOTE,
			    .p_offset = notes_offset(count),
			    .p_filesz = sizeof(struct notes),
			    .p_align = 4 };
	struct notes notes;

	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_ident[EI_VERSION] = EV_CURRENT;
	header.e_ident[EI_OSABI] = ELFOSABI_LINUX; /* lldb wants to know */
	make_notes(&notes);
	return bench_file_put(fd, &header, sizeof(header), 0) &&
	       bench_file_put(fd, &note, sizeof(note), sizeof(header)) &&
	       bench_file_put(fd, segments, count * sizeof(*segments),
			      sizeof(header) + sizeof(note)) &&
	       bench_file_put(fd, &notes, sizeof(notes), note.p_offset);
}

/* @size bytes of the big memory from @from on. */
static bool put_memory(int fd, uint64_t from, uint64_t size, uint64_t offset)
{
	void *chunk = malloc(CHUNK);
	bool good = chunk || bench_fail("no memory");

	for (uint64_t done = 0; good && done < size;) {
		size_t part = size - done < CHUNK ? (size_t)(size - done) : CHUNK;

		bench_fill(chunk, from + done, part);
		good = bench_file_put(fd, chunk, part, offset + done);
		done += part;
	}
	free(chunk);
	return good;
}

static Elf64_Phdr segment(uint64_t address, uint64_t offset, uint64_t size)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_W,
			     .p_offset = offset,
			     .p_vaddr = address,
			     .p_filesz = size,
			     .p_memsz = size,
			     .p_align = BENCH_PAGE };
}

static bool write_memory(int fd, struct bench_core *core)
{
	Elf64_Phdr one = segment(MEMORY_ADDRESS, data_offset(1), bench_size());

	core->address = MEMORY_ADDRESS;
	core->offset = data_offset(1);
	core->size = core->offset + bench_size();
	return put_headers(fd, &one, 1) && put_memory(fd, 0, bench_size(), core->offset);
}

static bool write_sparse(int fd, struct bench_core *core)
{
	Elf64_Phdr one = segment(SPARSE_ADDRESS, data_offset(1), BENCH_SPARSE_SIZE);

	core->address = SPARSE_ADDRESS;
	core->offset = data_offset(1);
	core->size = core->offset + BENCH_SPARSE_SIZE;
	return put_headers(fd, &one, 1) && put_memory(fd, 0, BENCH_PAGE, core->offset) &&
	       put_memory(fd, BENCH_PAGE, BENCH_PAGE, core->size - BENCH_PAGE);
}

static bool write_segments(int fd, struct bench_core *core)
{
	Elf64_Phdr *segments = calloc(BENCH_SEGMENTS, sizeof(*segments));
	uint64_t stored = (uint64_t)BENCH_SEGMENT_PAGES * BENCH_PAGE;
	bool good;

	core->address = SPARSE_ADDRESS;
	core->offset = data_offset(BENCH_SEGMENTS);
	core->size = core->offset + stored;
	if (!segments)
		return bench_fail("no memory");
	for (uint64_t i = 0; i < BENCH_SEGMENTS; i++)
		segments[i] =
			segment(core->address + i * BENCH_SEGMENT_STRIDE,
				core->offset + i % BENCH_SEGMENT_PAGES * BENCH_PAGE, BENCH_PAGE);
	good = put_headers(fd, segments, BENCH_SEGMENTS) && put_memory(fd, 0, stored, core->offset);
	free(segments);
	return good;
}

/* Writes it the first time, and all of it to the disk, so that this does not go on meanwhile. */
static const struct bench_core *get(struct bench_core *core, const char *name,
				    bool (*write_core)(int fd, struct bench_core *core))
{
	bool good;
	int fd;

	if (core->path[0])
		return core->size ? core : NULL;
	fd = bench_file_new(core->path, sizeof(core->path), name);
	if (fd < 0)
		return NULL;
	good = write_core(fd, core);
	good = bench_file_end(fd, core->path) && good;
	if (!good)
		core->size = 0;
	return good ? core : NULL;
}

const struct bench_core *bench_memory_core(void)
{
	static struct bench_core core;

	return get(&core, "memory.core", write_memory);
}

const struct bench_core *bench_sparse_core(void)
{
	static struct bench_core core;

	return get(&core, "sparse.core", write_sparse);
}

const struct bench_core *bench_segments_core(void)
{
	static struct bench_core core;

	return get(&core, "segments.core", write_segments);
}

tmem_target *bench_open_core(const struct bench_core *core, const char *options)
{
	tmem_target *target;

	return bench_good(tmem_open(core->path, options, &target), NULL, core->path) ? target
										     : NULL;
}
