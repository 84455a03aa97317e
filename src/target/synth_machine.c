/* SPDX-License-Identifier: Apache-2.0 */
/* synth_machine.c - which machines a description can name, and the registers of their threads. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "target/synth_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every new id is compared with all before it. */
#define MOST_THREADS 4096

/* The orders of elf_gregset_t. */
static const char *const amd64_names[] = {
	"r15",    "r14", "r13", "r12",     "rbp",     "rbx", "r11",      "r10", "r9",
	"r8",     "rax", "rcx", "rdx",     "rsi",     "rdi", "orig_rax", "rip", "cs",
	"eflags", "rsp", "ss",  "fs_base", "gs_base", "ds",  "es",       "fs",  "gs",
};
static const char *const i386_names[] = {
	"ebx", "ecx", "edx",      "esi", "edi", "ebp",    "eax", "ds", "es",
	"fs",  "gs",  "orig_eax", "eip", "cs",  "eflags", "esp", "ss",
};
static const char *const arm64_names[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",     "x10", "x11",
	"x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",    "x22", "x23",
	"x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate",
};

static const struct tmi_synth_registers amd64_registers = { amd64_names, COUNT(amd64_names), 8 };
static const struct tmi_synth_registers i386_registers = { i386_names, COUNT(i386_names), 4 };
static const struct tmi_synth_registers arm64_registers = { arm64_names, COUNT(arm64_names), 8 };

struct machine {
	const char *name;
	uint16_t number; /* ELF e_machine */
	uint8_t pointer_size;
	bool big_endian;
	uint32_t processor_type;
	uint64_t last_user;
	const struct tmi_synth_registers *registers;
};

static const struct machine machines[] = {
	{ "amd64", EM_X86_64, 8, false, TMEM_PROCESSOR_AMD64, 0x7fffffffefff, &amd64_registers },
	{ "i386", EM_386, 4, false, TMEM_PROCESSOR_I386, UINT32_MAX, &i386_registers },
	{ "arm64", EM_AARCH64, 8, false, TMEM_PROCESSOR_ARM64, 0xffffffffffff, &arm64_registers },
	{ "arm", EM_ARM, 4, false, TMEM_PROCESSOR_ARM, UINT32_MAX, NULL },
	{ "riscv64", EM_RISCV, 8, false, TMEM_PROCESSOR_RISCV64, 0x7fffffffffff, NULL },
	{ "riscv32", EM_RISCV, 4, false, TMEM_PROCESSOR_RISCV32, UINT32_MAX, NULL },
	{ "powerpc", EM_PPC, 4, true, TMEM_PROCESSOR_POWERPC, UINT32_MAX, NULL },
	{ "powerpc64", EM_PPC64, 8, true, TMEM_PROCESSOR_POWERPC, 0xfffffffffffff, NULL },
	{ "mips", EM_MIPS, 4, true, TMEM_PROCESSOR_MIPS, UINT32_MAX, NULL },
	{ "s390x", EM_S390, 8, true, TMEM_PROCESSOR_UNKNOWN, 0x1fffffffffffff, NULL },
	{ "other", EM_NONE, 8, false, TMEM_PROCESSOR_UNKNOWN, 0x7fffffffffffffff, NULL },
};

static void set_machine(struct tmi_synth *synth, const struct machine *machine)
{
	synth->machine = (struct tmi_facts){
		.mode = TMEM_MODE_USER,
		.processor_type = machine->processor_type,
		.machine = machine->number,
		.pointer_size = machine->pointer_size,
		.page_size = 4096,
		.last_user = machine->last_user,
		.big_endian = machine->big_endian,
		.byte_granular = true,
		.has_protection = true,
	};
	synth->registers = machine->registers;
}

void tmi_synth_default_machine(struct tmi_synth *synth)
{
	set_machine(synth, &machines[0]);
}

static tmem_status take_name(struct tmi_synth_line *line, const struct machine **machine)
{
	struct tmi_synth_choice names[COUNT(machines) + 1] = { 0 };
	tmem_status status;
	uint64_t index;

	for (size_t i = 0; i < COUNT(machines); i++)
		names[i] = (struct tmi_synth_choice){ machines[i].name, i };
	status = tmi_synth_take_choice(line, "a machine", names, &index);
	if (status == TMEM_S_OK)
		*machine = &machines[index];
	return status;
}

enum machine_key { NUMBER, BITS, ORDER, PAGE, GRANULAR, PROTECTION, LAST_USER, MACHINE_KEYS };

static const struct tmi_synth_choice bits[] = { { "32", 4 }, { "64", 8 }, { NULL, 0 } };
static const struct tmi_synth_choice orders[] = { { "little", 0 }, { "big", 1 }, { NULL, 0 } };
static const struct tmi_synth_choice granules[] = { { "page", 0 }, { "byte", 1 }, { NULL, 0 } };

static const struct tmi_synth_key machine_keys[MACHINE_KEYS] = {
	[NUMBER] = { "number", TMI_SYNTH_NUMBER },
	[BITS] = { "bits", TMI_SYNTH_CHOICE, bits },
	[ORDER] = { "order", TMI_SYNTH_CHOICE, orders },
	[PAGE] = { "page", TMI_SYNTH_NUMBER },
	[GRANULAR] = { "granular", TMI_SYNTH_CHOICE, granules },
	[PROTECTION] = { "protection", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[LAST_USER] = { "last-user", TMI_SYNTH_NUMBER },
};

static void apply_keys(struct tmi_facts *facts, const struct tmi_synth_given *given)
{
	if (given[NUMBER].given)
		facts->machine = (uint32_t)given[NUMBER].number;
	if (given[BITS].given)
		facts->pointer_size = (uint32_t)given[BITS].number;
	if (facts->pointer_size == 4 && facts->last_user > UINT32_MAX)
		facts->last_user = UINT32_MAX;
	if (given[ORDER].given)
		facts->big_endian = given[ORDER].number;
	if (given[PAGE].given)
		facts->page_size = (uint32_t)given[PAGE].number;
	if (given[GRANULAR].given)
		facts->byte_granular = given[GRANULAR].number;
	if (given[PROTECTION].given)
		facts->has_protection = given[PROTECTION].number;
	if (given[LAST_USER].given)
		facts->last_user = given[LAST_USER].number;
}

tmem_status tmi_synth_take_machine(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_given given[MACHINE_KEYS];
	const struct machine *machine;
	tmem_status status = take_name(line, &machine);
	uint64_t page;

	(void)process;
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, machine_keys, MACHINE_KEYS, given);
	if (status != TMEM_S_OK)
		return status;
	page = given[PAGE].given ? given[PAGE].number : 4096;
	if (page < 512 || page > 1 << 30 || (page & (page - 1)))
		return tmi_synth_expected_at(line, given[PAGE].at,
					     "a power of two from 512 to 1073741824");
	if (given[NUMBER].number > UINT16_MAX)
		return tmi_synth_expected_at(line, given[NUMBER].at, "a number up to 65535");
	set_machine(line->synth, machine);
	/* Registers go with the word size of the machine that was named. */
	if (given[BITS].given && given[BITS].number != machine->pointer_size)
		line->synth->registers = NULL;
	apply_keys(&line->synth->machine, given);
	return TMEM_S_OK;
}

static tmem_status take_registers(struct tmi_synth_line *line,
				  const struct tmi_synth_process *process,
				  struct tmi_synth_thread *thread)
{
	const struct tmi_synth_registers *registers = process->registers;
	struct tmi_synth_given *given = calloc(registers->count, sizeof(*given));
	struct tmi_synth_key *keys = calloc(registers->count, sizeof(*keys));
	tmem_status status = TMEM_S_OK;

	thread->block_size = registers->count * registers->width;
	thread->block = calloc(registers->count, registers->width);
	if (!given || !keys || !thread->block) {
		status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		goto out;
	}
	for (size_t i = 0; i < registers->count; i++)
		keys[i] = (struct tmi_synth_key){ registers->names[i], TMI_SYNTH_NUMBER, NULL };
	status = tmi_synth_take_keys(line, keys, registers->count, given);
	for (size_t i = 0; i < registers->count && status == TMEM_S_OK; i++) {
		if (registers->width == 4 && given[i].number > UINT32_MAX)
			status = tmi_synth_expected_at(line, given[i].at, "a value of 32 bits");
		tmi_store(thread->block + i * registers->width, registers->width,
			  process->facts.big_endian, given[i].number);
	}
out:
	free(given);
	free(keys);
	return status;
}

tmem_status tmi_synth_take_thread(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_thread *list;
	struct tmi_synth_thread thread = { 0 };
	tmem_status status;
	const char *at;
	uint64_t id;

	if (process == line->synth->physical)
		return tmi_synth_expected_at(line, line->start, "thread below a process line");
	list = reallocarray(process->threads, process->thread_count + 1, sizeof(*list));
	if (!list)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	process->threads = list;
	tmi_synth_at_end(line);
	at = line->at;
	if (process->thread_count == MOST_THREADS)
		return tmi_synth_expected(line, "at most %d threads", MOST_THREADS);
	status = tmi_synth_take_number(line, "a thread id", &id);
	if (status == TMEM_S_OK && id > INT32_MAX)
		status = tmi_synth_expected_at(line, at, "a thread id below 2147483648");
	for (size_t i = 0; i < process->thread_count && status == TMEM_S_OK; i++)
		if (list[i].system_id == id)
			status = tmi_synth_expected_at(line, at, "a thread id not used before");
	if (status != TMEM_S_OK)
		return status;
	thread.system_id = (uint32_t)id;
	status = process->registers ? take_registers(line, process, &thread)
				    : tmi_synth_take_end(line);
	if (status != TMEM_S_OK) {
		free(thread.block);
		return status;
	}
	list[process->thread_count++] = thread;
	return TMEM_S_OK;
}
