/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcore.c - the target kind "vmcore": ELF dumps of physical memory.
 *
 * Only p_paddr and p_offset count. What producers put into p_vaddr is a direct mapping, a guess or
 * wrong; virtual memory is found through page tables.
 */
#include "target/vmcore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define SCORE      90
#define SCORE_IDLE 10 /* nothing tells: a core of a process is more likely */

/* Bytes of program headers fetched at a time. */
#define BATCH_SIZE 65536u
/* e_flags of makedumpfile: it did not finish. */
#define FLAG_INCOMPLETE 1u

struct vmcore {
	struct tmi_stored stored; /* first: its ops take the state for it */
	struct tmi_elf elf;
	struct vmcore_notes notes;
	uint64_t left_out; /* bytes that belong to memory but were not written */
	bool clipped;      /* ranges that the producer was told to leave out wholly */
	bool incomplete;   /* something of the dump is missing, or it says so */
};

struct machine {
	uint16_t machine;
	uint16_t pointer_size; /* 0 = by the class of the file */
	uint32_t processor_type;
	const char *name;
	bool flagged; /* bit 0 of e_flags has no meaning of its own */
};

static const struct machine machines[] = {
	{ TMI_ELF_386, 4, TMEM_PROCESSOR_I386, "i386", true },
	{ TMI_ELF_X86_64, 8, TMEM_PROCESSOR_AMD64, "x86-64", true },
	{ TMI_ELF_AARCH64, 8, TMEM_PROCESSOR_ARM64, "arm64", true },
	{ TMI_ELF_ARM, 4, TMEM_PROCESSOR_ARM, "arm", false },
	{ TMI_ELF_RISCV, 0, TMEM_PROCESSOR_RISCV64, "riscv", false },
	{ TMI_ELF_LOONGARCH, 8, TMEM_PROCESSOR_LOONGARCH64, "loongarch64", false },
	{ TMI_ELF_PPC, 4, TMEM_PROCESSOR_POWERPC, "ppc", false },
	{ TMI_ELF_PPC64, 8, TMEM_PROCESSOR_POWERPC, "ppc64", false },
	{ TMI_ELF_MIPS, 0, TMEM_PROCESSOR_MIPS, "mips", false },
	{ TMI_ELF_S390, 0, TMEM_PROCESSOR_UNKNOWN, "s390", false },
};

/* A machine that is not in the table has nothing but the class of its file. */
static const struct machine unknown_machine = { 0, 0, TMEM_PROCESSOR_UNKNOWN, "unknown machine",
						false };

static const struct machine *machine_of(const struct tmi_elf *elf)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == elf->machine)
			return &machines[i];
	return &unknown_machine;
}

static int probe(const struct tmi_probe *probe, const char **why)
{
	struct tmi_elf elf;

	if (!tmi_elf_init(&elf, tmi_probe_read, (void *)(uintptr_t)probe, 0, why))
		return 0;
	if (elf.type != TMI_ELF_CORE) {
		*why = "an ELF file, but not a core";
		return 0;
	}
	switch (tmi_elf_core_content(&elf)) {
	case TMI_ELF_CONTENT_PHYSICAL: return SCORE;
	case TMI_ELF_CONTENT_UNKNOWN: return SCORE_IDLE;
	case TMI_ELF_CONTENT_XEN_DOMAIN:
		*why = "a dump of a Xen domain (xl dump-core), whose memory is in sections";
		return 0;
	default: *why = "an ELF core of a process, not a dump of physical memory"; return 0;
	}
}

static size_t read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
	return tmi_file_read(context, offset, buffer, size);
}

static tmem_status refuse(const struct vmcore *vmcore, const char *why)
{
	return tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: %s", vmcore->stored.file.path, why);
}

static tmem_status check_header(struct vmcore *vmcore)
{
	const struct tmi_elf *elf = &vmcore->elf;
	const char *why;

	if (!tmi_elf_init(&vmcore->elf, read_file, &vmcore->stored.file, 0, &why))
		return refuse(vmcore, why);
	if (elf->type != TMI_ELF_CORE)
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "%s: an ELF file, but not a core (e_type is %u, expected 4)",
				     vmcore->stored.file.path, elf->type);
	switch (tmi_elf_core_content(elf)) {
	case TMI_ELF_CONTENT_XEN_DOMAIN:
		return refuse(vmcore,
			      "a dump of a Xen domain (xl dump-core): its memory is in the section "
			      ".xen_pages, not in segments, which is not supported");
	case TMI_ELF_CONTENT_PROCESS:
		return refuse(vmcore,
			      "an ELF core of a process (core:FILE), not a dump of physical "
			      "memory: its segments have no physical addresses");
	default: break;
	}
	return elf->segment_count ? TMEM_S_OK : refuse(vmcore, "an ELF core without segments");
}

/* A PT_LOAD. Memory that the file cannot address, as at p_offset -1 without bytes, is left out. */
static tmem_status take_load(struct vmcore *vmcore, const struct tmi_elf_segment *segment)
{
	uint64_t size = segment->memory_size > segment->file_size ? segment->memory_size
								  : segment->file_size;

	vmcore->left_out = tmi_add_saturating(vmcore->left_out,
					      segment->file_size ? size - segment->file_size : 0);
	vmcore->clipped |= !segment->file_size && segment->offset == UINT64_MAX;
	return tmi_stored_table_add(&vmcore->stored.table, segment->physical, size, segment->offset,
				    segment->file_size);
}

/* Looks at each program header once. */
static tmem_status load_segments(struct vmcore *vmcore, uint8_t *buffer, size_t size)
{
	tmem_status status =
		tmi_stored_table_init(&vmcore->stored.table, vmcore->elf.segment_count);
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;

	tmi_elf_segments_init(&walk, &vmcore->elf, buffer, size);
	while (status == TMEM_S_OK && tmi_elf_segments_next(&walk, &segment)) {
		if (segment.type == TMI_ELF_LOAD)
			status = take_load(vmcore, &segment);
		else if (segment.type == TMI_ELF_NOTE)
			status = tmi_vmcore_notes_take(&vmcore->notes, &vmcore->elf, &segment);
	}
	vmcore->incomplete = walk.cut;
	return status;
}

static tmem_status load(struct vmcore *vmcore)
{
	tmem_status status = check_header(vmcore);
	size_t size = BATCH_SIZE;
	uint8_t *buffer;

	if (status != TMEM_S_OK)
		return status;
	if (vmcore->elf.segment_count < BATCH_SIZE / vmcore->elf.segment_size)
		size = (size_t)vmcore->elf.segment_count * vmcore->elf.segment_size;
	buffer = malloc(size);
	if (!buffer)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	vmcore->notes.budget = vmcore->stored.file.size;
	status = load_segments(vmcore, buffer, size);
	free(buffer);
	if (status == TMEM_S_OK)
		status = tmi_stored_settle(&vmcore->stored);
	if (status != TMEM_S_OK)
		return tmi_wrap_text(status, "%s", vmcore->stored.file.path);
	if (!vmcore->stored.table.count)
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "%s: an ELF core without memory in its %" PRIu64 " segments",
				     vmcore->stored.file.path, vmcore->elf.segment_count);
	vmcore->incomplete |= vmcore->notes.cut;
	if (machine_of(&vmcore->elf)->flagged)
		vmcore->incomplete |= vmcore->elf.flags & FLAG_INCOMPLETE;
	return TMEM_S_OK;
}

static void close_vmcore(void *state)
{
	struct vmcore *vmcore = state;

	tmi_vmcore_notes_fini(&vmcore->notes);
	tmi_stored_close(&vmcore->stored);
	free(vmcore);
}

static tmem_status open_vmcore(const struct tmi_open *open, void **state)
{
	struct vmcore *vmcore = calloc(1, sizeof(*vmcore));
	tmem_status status;

	*state = NULL;
	if (!vmcore)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = tmi_stored_open(&vmcore->stored, open);
	if (status == TMEM_S_OK)
		status = load(vmcore);
	if (status != TMEM_S_OK)
		close_vmcore(vmcore);
	else
		*state = vmcore;
	return status;
}

static uint32_t pointer_size(const struct tmi_elf *elf)
{
	const struct machine *machine = machine_of(elf);

	/* QEMU writes 64-bit files of 32-bit machines: their ROM ends at 4 GiB. */
	return machine->pointer_size ? machine->pointer_size : elf->word;
}

static uint32_t processor_type(const struct tmi_elf *elf)
{
	if (elf->machine == TMI_ELF_RISCV && elf->word == 4)
		return TMEM_PROCESSOR_RISCV32;
	return machine_of(elf)->processor_type;
}

static bool facts(void *state, uint32_t space, struct tmi_facts *facts)
{
	const struct vmcore *vmcore = state;

	if (space != TMI_SPACE_PHYSICAL)
		return false;
	tmi_stored_facts(&vmcore->stored, facts);
	facts->processor_type = processor_type(&vmcore->elf);
	facts->machine = vmcore->elf.machine;
	facts->pointer_size = pointer_size(&vmcore->elf);
	facts->big_endian = vmcore->elf.big_endian;
	facts->incomplete |= vmcore->incomplete;
	return true;
}

/* Who wrote it, as far as the notes tell; NULL = nothing does. */
static const char *producer(const struct vmcore *vmcore)
{
	const size_t *seen = vmcore->notes.seen;

	if (seen[TMI_ELF_DUMP_VIRTUALBOX] || seen[TMI_ELF_DUMP_VCPU])
		return "VirtualBox";
	if (seen[TMI_ELF_DUMP_QEMU])
		return "QEMU";
	if (seen[TMI_ELF_DUMP_XEN] || seen[TMI_ELF_DUMP_XEN_INFO])
		return "a crash kernel under Xen";
	/* Of other machines QEMU writes no note of its own. */
	if (seen[TMI_ELF_DUMP_VMCOREINFO] && machine_of(&vmcore->elf)->flagged &&
	    vmcore->elf.machine != TMI_ELF_AARCH64)
		return "a crash kernel";
	return NULL;
}

static char *describe(void *state)
{
	const struct vmcore *vmcore = state;
	const char *by = producer(vmcore);
	char total[32], missing[32];
	size_t stretches;
	uint64_t size;
	char *text;

	tmi_stored_count(&vmcore->stored, &size, &stretches);
	tmi_stored_size_text(size, total);
	tmi_stored_size_text(vmcore->left_out, missing);
	if (asprintf(&text, "ELF dump of physical memory, %s%s, %s in %zu range%s%s%s%s%s%s%s%s",
		     machine_of(&vmcore->elf)->name, vmcore->elf.big_endian ? " (big endian)" : "",
		     total, stretches, stretches == 1 ? "" : "s", by ? ", written by " : "",
		     by ? by : "", vmcore->left_out ? ", filtered by makedumpfile (" : "",
		     vmcore->left_out ? missing : "", vmcore->left_out ? " left out)" : "",
		     vmcore->clipped ? ", a part of the memory" : "",
		     vmcore->incomplete || tmi_stored_truncated(&vmcore->stored) ? ", incomplete"
										 : "") < 0)
		return NULL;
	return text;
}

/* "machine", "processors", and "rip:N", "rsp:N", "cr0:N", "cr3:N", "cr4:N" of processor N. */
static tmem_status hint(void *state, uint32_t space, const char *key, uint64_t *value)
{
	const struct vmcore *vmcore = state;

	*value = 0;
	if (space != TMI_SPACE_PHYSICAL)
		return TMEM_E_NOINTERFACE;
	if (!strcmp(key, "machine")) {
		*value = vmcore->elf.machine;
		return TMEM_S_OK;
	}
	return tmi_vmcore_notes_hint(&vmcore->notes, key, value) ? TMEM_S_OK : TMEM_E_NOINTERFACE;
}

static const char *vmcoreinfo(void *state, size_t *size)
{
	const struct vmcore *vmcore = state;

	*size = vmcore->notes.vmcoreinfo_size;
	return vmcore->notes.vmcoreinfo;
}

const struct tmi_target_kind tmi_target_vmcore = {
	.name = "vmcore",
	.text = "ELF dump of physical memory",
	.probe = probe,
	.open = open_vmcore,
	.close = close_vmcore,
	.facts = facts,
	.describe = describe,
	.process_count = tmi_stored_process_count,
	.process = tmi_stored_process,
	.read = tmi_stored_read,
	.run = tmi_stored_run,
	.snapshot = tmi_stored_snapshot,
	.untouched = tmi_stored_untouched,
	.view = tmi_stored_view,
	.hint = hint,
	.vmcoreinfo = vmcoreinfo,
};
