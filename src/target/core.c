/* SPDX-License-Identifier: Apache-2.0 */
/* core.c - the target kind "core": ELF cores of processes; see core.h and docs/targets-core.md. */
#include "target/core.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/elf_dump.h"

#define SCORE 80
/* Bytes of program headers from which on they are not copied. */
#define MANY_HEADERS 65536u

struct machine {
	uint16_t machine;
	uint16_t word; /* 0 = any */
	uint32_t processor_type;
	const char *name;
};

static const struct machine machines[] = {
	{ TMI_ELF_386, 0, TMEM_PROCESSOR_I386, "i386" },
	{ TMI_ELF_X86_64, 0, TMEM_PROCESSOR_AMD64, "x86-64" },
	{ TMI_ELF_AARCH64, 0, TMEM_PROCESSOR_ARM64, "aarch64" },
	{ TMI_ELF_ARM, 0, TMEM_PROCESSOR_ARM, "arm" },
	{ TMI_ELF_RISCV, 4, TMEM_PROCESSOR_RISCV32, "riscv32" },
	{ TMI_ELF_RISCV, 8, TMEM_PROCESSOR_RISCV64, "riscv64" },
	{ TMI_ELF_LOONGARCH, 8, TMEM_PROCESSOR_LOONGARCH64, "loongarch64" },
	{ TMI_ELF_PPC, 0, TMEM_PROCESSOR_POWERPC, "ppc" },
	{ TMI_ELF_PPC64, 0, TMEM_PROCESSOR_POWERPC, "ppc64" },
	{ TMI_ELF_MIPS, 0, TMEM_PROCESSOR_MIPS, "mips" },
};

static int probe(const struct tmi_probe *probe, const char **why)
{
	struct tmi_elf elf;

	if (!tmi_elf_init(&elf, tmi_probe_read, (void *)(uintptr_t)probe, 0, why)) {
		/* The number of segments may stand behind the first bytes: a core by its type. */
		if (elf.word && elf.type == TMI_ELF_CORE &&
		    elf.segment_count == TMI_ELF_COUNT_ELSEWHERE)
			return SCORE;
		return 0;
	}
	if (elf.type != TMI_ELF_CORE) {
		*why = "an ELF file, but not a core";
		return 0;
	}
	switch (tmi_elf_core_content(&elf)) {
	case TMI_ELF_CONTENT_PHYSICAL:
		*why = "an ELF dump of physical memory, not a core of a process";
		return 0;
	case TMI_ELF_CONTENT_XEN_DOMAIN:
		*why = "a dump of a Xen domain, not a core of a process";
		return 0;
	default: return SCORE;
	}
}

static size_t read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
	return tmi_file_read(context, offset, buffer, size);
}

static tmem_status check_header(struct core *core)
{
	const char *path = core->file.path;
	const char *why;

	if (!tmi_elf_init(&core->elf, read_file, &core->file, 0, &why))
		return tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: %s", path, why);
	if (core->elf.type != TMI_ELF_CORE)
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "%s: an ELF file, but not a core (e_type is %u, expected 4)",
				     path, core->elf.type);
	if (core->elf.segment_count == 0)
		return tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: an ELF core without segments", path);
	core->highest = core->elf.word == 8 ? UINT64_MAX : UINT32_MAX;
	return TMEM_S_OK;
}

/* The page size of the machine that the core was made on. */
static void find_page_size(struct core *core)
{
	uint64_t size;

	core->page_size = 4096;
	if (tmi_core_aux(core, TMI_ELF_AUX_PAGE_SIZE, &size) && size >= 1024 && size <= 1u << 24 &&
	    (size & (size - 1)) == 0)
		core->page_size = size;
}

/* Many headers are looked at where the file is mapped; few would not be worth the page tables. */
static void lend_headers(const struct core *core, struct core_headers *headers)
{
	const struct tmi_elf *elf = &core->elf;
	uint64_t end = elf->segments_at;
	uint64_t size;

	if (__builtin_mul_overflow(elf->segment_count, (uint64_t)elf->segment_size, &size) ||
	    size < MANY_HEADERS || __builtin_add_overflow(end, size, &end))
		return;
	if (end > core->file.size)
		size = elf->segments_at < core->file.size ? core->file.size - elf->segments_at : 0;
	headers->lent = size ? tmi_file_view(&core->file, elf->segments_at, size) : NULL;
	headers->lent_size = size;
}

/* Segments and notes. */
static tmem_status load_table(struct core *core)
{
	struct core_headers headers = { .elf = &core->elf, .mask = core->highest };
	tmem_status status;

	lend_headers(core, &headers);
	core->notes.budget = core->file.size;
	status = tmi_core_table_init(&core->table, &headers, &core->notes);
	if (!headers.lent || !tmi_file_truncated(&core->file))
		return status;
	/* Cut meanwhile, so that some of it was zeros: once more, with what there is. */
	tmi_core_table_fini(&core->table);
	tmi_core_notes_fini(&core->notes);
	headers.lent = NULL;
	core->notes.budget = core->file.size;
	return tmi_core_table_init(&core->table, &headers, &core->notes);
}

static tmem_status load(struct core *core)
{
	tmem_status status = check_header(core);

	if (status != TMEM_S_OK)
		return status;
	status = load_table(core);
	if (status == TMEM_S_OK)
		status = tmi_core_notes_end(&core->notes);
	if (status != TMEM_S_OK)
		return tmi_wrap_text(status, "%s", core->file.path);
	if (core->table.count == 0 && core->notes.thread_count == 0)
		return tmi_fail_text(
			TMEM_E_BAD_FORMAT,
			"%s: an ELF core with neither memory nor threads in its %" PRIu64
			" segments",
			core->file.path, core->elf.segment_count);
	atomic_init(&core->size, core->file.size);
	core->incomplete =
		core->table.cut || core->notes.cut || core->table.file_end > core->file.size;
	find_page_size(core);
	return TMEM_S_OK;
}

static tmem_status copy_option(const struct tmi_options *options, const char *key, char **value)
{
	const char *text = tmi_options_get(options, key);

	*value = text ? strdup(text) : NULL;
	if (text && !*value)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return TMEM_S_OK;
}

static tmem_status take_options(struct core *core, const struct tmi_options *options)
{
	tmem_status status;

	core->use_images = true;
	status = tmi_options_flag(options, "images", &core->use_images);
	if (status == TMEM_S_OK)
		status = copy_option(options, "sysroot", &core->sysroot);
	if (status == TMEM_S_OK)
		status = copy_option(options, "image-path", &core->image_path);
	return status;
}

static void close_core(void *state)
{
	struct core *core = state;

	tmi_snapshot_release(core->snapshot);
	tmi_core_names_free(core->names);
	free(core->program);
	free(core->sysroot);
	free(core->image_path);
	tmi_core_notes_fini(&core->notes);
	tmi_core_table_fini(&core->table);
	tmi_file_close(&core->file);
	pthread_mutex_destroy(&core->lock);
	free(core);
}

static tmem_status open_core(const struct tmi_open *open, void **state)
{
	struct core *core = calloc(1, sizeof(*core));
	tmem_status status;

	*state = NULL;
	if (!core)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pthread_mutex_init(&core->lock, NULL);
	status = tmi_file_open_named(&core->file, open->head, open->address, open->name,
				     open->may_map);
	if (status == TMEM_S_OK)
		status = take_options(core, open->options);
	if (status == TMEM_S_OK)
		status = load(core);
	tmi_file_settle(&core->file);
	if (status != TMEM_S_OK)
		close_core(core);
	else
		*state = core;
	return status;
}

/* Row of the machine in the table; NULL = not in it. */
static const struct machine *find_machine(const struct core *core)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == core->elf.machine &&
		    (!machines[i].word || machines[i].word == core->elf.word))
			return &machines[i];
	return NULL;
}

/* The end of the user range: the usual one, or higher where the core has user memory there. */
static uint64_t last_user(const struct core *core)
{
	uint64_t last = 0x7fffffffffff;
	size_t i = core->table.count;

	if (core->elf.word == 4)
		return UINT32_MAX;
	if (core->elf.machine == TMI_ELF_AARCH64)
		last = 0xffffffffffff;
	while (i > 0 && core->table.segments[i - 1].first >> 63)
		i--;
	if (i > 0 && core->table.segments[i - 1].last > last)
		last = core->table.segments[i - 1].last;
	return last;
}

static bool facts(void *state, uint32_t space, struct tmi_facts *facts)
{
	const struct core *core = state;
	const struct machine *machine = find_machine(core);

	if (space != 0)
		return false;
	memset(facts, 0, sizeof(*facts));
	facts->mode = TMEM_MODE_USER;
	facts->processor_type = machine ? machine->processor_type : TMEM_PROCESSOR_UNKNOWN;
	facts->machine = core->elf.machine;
	facts->pointer_size = core->elf.word;
	facts->page_size = (uint32_t)core->page_size;
	facts->last_user = last_user(core);
	facts->big_endian = core->elf.big_endian;
	facts->incomplete = core->incomplete || tmi_file_truncated(&core->file);
	facts->byte_granular = true;
	facts->has_protection = true;
	facts->lends = core->file.map != NULL;
	return true;
}

static char *describe(void *state)
{
	struct core *core = state;
	const struct machine *machine = find_machine(core);
	const char *program = tmi_core_program(core);
	char *text;

	if (asprintf(&text, "core of %s, process %" PRIu32 ", %s%s, %zu threads, %zu segments%s",
		     *program ? program : "an unknown program", core->notes.process_id,
		     machine ? machine->name : "unknown machine",
		     core->elf.big_endian ? " (big endian)" : "", core->notes.thread_count,
		     core->table.count, core->incomplete ? ", truncated" : "") < 0)
		return NULL;
	return text;
}

static uint32_t process_count(void *state)
{
	return 1;
}

static bool process(void *state, uint32_t space, struct tmi_process *process)
{
	struct core *core = state;

	if (space != 0)
		return false;
	process->system_id = core->notes.process_id;
	process->present = true;
	process->name = tmi_core_program(core);
	return true;
}

static tmem_status threads(void *state, uint32_t space, struct tmi_thread **threads, size_t *count)
{
	const struct core_notes *notes = &((struct core *)state)->notes;

	*count = 0;
	*threads = calloc(notes->thread_count + 1, sizeof(**threads));
	if (!*threads)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < notes->thread_count; i++)
		(*threads)[i].system_id = notes->threads[i].system_id;
	*count = notes->thread_count;
	return TMEM_S_OK;
}

static const struct core_thread *find_thread(const struct core *core, uint32_t system_id)
{
	for (size_t i = 0; i < core->notes.thread_count; i++)
		if (core->notes.threads[i].system_id == system_id)
			return &core->notes.threads[i];
	return NULL;
}

static tmem_status context(void *state, uint32_t space, uint32_t system_id, uint32_t kind,
			   void **block, size_t *size)
{
	struct core *core = state;
	const struct core_thread *thread = find_thread(core, system_id);
	bool general = kind == TMEM_CONTEXT_GENERAL;
	uint64_t offset;

	*block = NULL;
	*size = 0;
	if (!thread)
		return tmi_fail_text(TMEM_E_NOINTERFACE, "the core has no thread %" PRIu32,
				     system_id);
	offset = general ? thread->registers : thread->floating_point;
	*size = general ? thread->registers_size : thread->floating_point_size;
	if (!*size)
		return tmi_fail_text(TMEM_E_NOINTERFACE,
				     "the core has no such registers of thread %" PRIu32,
				     system_id);
	if (*size > core->file.size || !(*block = malloc(*size))) {
		*size = 0;
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	if (tmi_file_read(&core->file, offset, *block, *size) == *size)
		return TMEM_S_OK;
	free(*block);
	*block = NULL;
	*size = 0;
	return tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_TRUNCATED, 0);
}

/* Build-ids were compared when the file was opened. */
static int image_file(void *state, uint32_t space, uint64_t address)
{
	struct core *core = state;
	struct core_names *names = tmi_core_names(core);
	const struct core_row *row = names ? tmi_core_names_find(names, address) : NULL;
	struct core_image *image;

	if (!row || address < row->first || row->image == CORE_NO_IMAGE)
		return -1;
	image = &names->images[row->image];
	if (!image->is_elf || !tmi_core_image_supplies(core, image))
		return -1;
	return fcntl(image->file.fd, F_DUPFD_CLOEXEC, 0);
}

static tmem_status hint(void *state, uint32_t space, const char *key, uint64_t *value)
{
	static const struct {
		const char *key;
		uint64_t type;
	} keys[] = {
		{ "phdr", TMI_ELF_AUX_PHDR },   { "phnum", TMI_ELF_AUX_PHNUM },
		{ "entry", TMI_ELF_AUX_ENTRY }, { "interpreter", TMI_ELF_AUX_BASE },
		{ "vdso", TMI_ELF_AUX_VDSO },
	};

	*value = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(keys[i].key, key) && tmi_core_aux(state, keys[i].type, value))
			return TMEM_S_OK;
	return TMEM_E_NOINTERFACE;
}

static const char *const option_names[] = { "sysroot", "image-path", "images", NULL };

const struct tmi_target_kind tmi_target_core = {
	.name = "core",
	.text = "ELF core of a process",
	.options = option_names,
	.probe = probe,
	.open = open_core,
	.close = close_core,
	.facts = facts,
	.describe = describe,
	.process_count = process_count,
	.process = process,
	.threads = threads,
	.context = context,
	.read = tmi_core_read,
	.run = tmi_core_run,
	.snapshot = tmi_core_snapshot,
	.untouched = tmi_core_untouched,
	.view = tmi_core_view,
	.image_file = image_file,
	.hint = hint,
};
