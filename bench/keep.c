/* SPDX-License-Identifier: Apache-2.0 */
/* keep.c - the fixtures for other programs; see keep.h. */
#include "keep.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "fixture.h"

static bool first = true;

/*
 * One fixture: @spec is a path or a pid, @size that of the big memory in it, or a count, @offset
 * that of physical address 0 in a file that has one.
 */
static void tell(const char *name, const char *spec, uint64_t address, uint64_t size,
		 uint64_t offset)
{
	printf("%s\"%s\": {\"spec\": \"%s\", \"address\": %" PRIu64 ", \"size\": %" PRIu64
	       ", \"offset\": %" PRIu64 "}",
	       first ? "{" : ", ", name, spec, address, size, offset);
	first = false;
}

static bool tell_process(const char *name, const struct bench_process *process, uint64_t size)
{
	char spec[24];

	if (!process)
		return false;
	snprintf(spec, sizeof(spec), "%d", process->pid);
	tell(name, spec, process->address, size, 0);
	return true;
}

static bool tell_core(const char *name, const struct bench_core *core, uint64_t size)
{
	if (core)
		tell(name, core->path, core->address, size, 0);
	return core;
}

/* The image as an ELF dump of physical memory with one segment: more programs know that. */
static bool put_elf(int fd, const struct bench_image *image)
{
	Elf64_Ehdr header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
					   EV_CURRENT },
			      .e_type = ET_CORE,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_phoff = sizeof(header),
			      .e_ehsize = sizeof(header),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = 1 };
	Elf64_Phdr segment = { .p_type = PT_LOAD,
			       .p_flags = PF_R | PF_W | PF_X,
			       .p_offset = BENCH_PAGE,
			       .p_vaddr = image->large,
			       .p_filesz = image->size,
			       .p_memsz = image->size,
			       .p_align = BENCH_PAGE };

	return bench_file_put(fd, &header, sizeof(header), 0) &&
	       bench_file_put(fd, &segment, sizeof(segment), sizeof(header)) &&
	       bench_file_put(fd, image->map, image->size, BENCH_PAGE);
}

static bool tell_image(const struct bench_image *image)
{
	char path[4096];
	bool good;
	int fd;

	if (!image)
		return false;
	fd = bench_file_new(path, sizeof(path), "image.elf");
	if (fd < 0)
		return false;
	good = put_elf(fd, image);
	if (!bench_file_end(fd, path) || !good)
		return false;
	tell("image", path, image->pages, bench_size(), BENCH_PAGE);
	return true;
}

int bench_keep(void)
{
	const struct bench_process *mappings = bench_mappings_process();
	bool good = tell_process("process", bench_memory_process(), bench_size()) &&
		    tell_process("twin", bench_twin_process(), bench_size()) &&
		    tell_process("scratch", bench_scratch_process(), bench_scratch_size()) &&
		    tell_core("core", bench_memory_core(), bench_size()) &&
		    tell_core("sparse", bench_sparse_core(), bench_size()) &&
		    tell_core("segments", bench_segments_core(), bench_size()) &&
		    tell_image(bench_memory_image());
	char byte;

	if (good && mappings)
		tell_process("mappings", mappings, BENCH_MAPPINGS);
	puts(first ? "{}" : "}");
	fflush(stdout);
	while (good && (read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR))
		errno = 0;
	return good ? 0 : 1;
}
