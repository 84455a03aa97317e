/* SPDX-License-Identifier: Apache-2.0 */
/* fake_linux.c - the memory of a very small Linux. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "btf_writer.h"
#include "fake_linux.h"
#include "kallsyms_writer.h"

#define PRESENT 0x63u
#define LARGE   0x80u

/* Physical places. */
#define TABLES 0x100000u
#define TASKS  0x600000u
#define MMS    0x680000u
#define ROOTS  0x700000u
#define AREA   0x780000u /* of the modules */

const struct fake_task fake_tasks[FAKE_TASK_COUNT] = {
	{ 0, 0, false, "swapper/0" }, { 1, 0, true, "init" },    { 2, 0, false, "kthreadd" },
	{ 7, 2, false, "kworker/0" }, { 100, 1, true, "shell" }, { 4000, 4, true, "editor" },
};

const char *const fake_modules[FAKE_MODULE_COUNT] = { "ext9", "loop_back", "video-4" };

uint8_t *fake_at(struct fake_linux *fake, uint64_t address)
{
	if (address >= FAKE_MODULES)
		return fake->data + AREA + (address - FAKE_MODULES);
	if (address >= FAKE_IMAGE)
		return fake->data + FAKE_PLACE + (address - FAKE_IMAGE);
	return fake->data + (address - FAKE_DIRECT);
}

void fake_put(struct fake_linux *fake, uint64_t address, unsigned size, uint64_t value)
{
	tmi_store(fake_at(fake, address), size, false, value);
}

uint64_t fake_task_address(size_t index)
{
	return index ? FAKE_DIRECT + TASKS + index * 0x1400 : FAKE_INIT_TASK;
}

uint64_t fake_mm_address(size_t index)
{
	return fake_tasks[index].user ? FAKE_DIRECT + MMS + index * 0x400 : 0;
}

uint64_t fake_root(size_t index)
{
	return fake_tasks[index].user ? ROOTS + index * 0x1000 : 0;
}

uint64_t fake_module_address(size_t index)
{
	return FAKE_MODULES + index * 0x4000 + 0x1000;
}

/* ---- tables ---- */

static void entry(struct fake_linux *fake, uint64_t table, unsigned index, uint64_t value)
{
	tmi_store(fake->data + table + 8 * index, 8, false, value | PRESENT);
}

static void write_tables(struct fake_linux *fake)
{
	uint64_t root = FAKE_PLACE + (FAKE_SWAPPER - FAKE_IMAGE);
	uint64_t top = TABLES, image = TABLES + 0x1000, area = TABLES + 0x2000;
	uint64_t pages = TABLES + 0x3000, direct = TABLES + 0x4000, memory = TABLES + 0x5000;

	entry(fake, root, 511, top);
	entry(fake, top, 510, image);
	entry(fake, image, 40, FAKE_PLACE | LARGE);
	entry(fake, image, 41, (FAKE_PLACE + 0x200000) | LARGE);
	entry(fake, top, 511, area);
	entry(fake, area, 0, pages);
	for (unsigned i = 0; i < 16; i++)
		entry(fake, pages, i, AREA + i * 0x1000);
	entry(fake, root, 273, direct);
	entry(fake, direct, 0, memory);
	for (unsigned i = 0; i < FAKE_MEMORY / 0x200000; i++)
		entry(fake, memory, i, (i * 0x200000) | LARGE);
	for (size_t i = 0; i < FAKE_TASK_COUNT; i++)
		if (fake_tasks[i].user) {
			memcpy(fake->data + ROOTS + i * 0x1000, fake->data + root, 4096);
			entry(fake, ROOTS + i * 0x1000, 0, direct);
		}
}

/* ---- tasks ---- */

static void write_link(struct fake_linux *fake, uint64_t here, uint64_t next)
{
	fake_put(fake, here, 8, next);
	fake_put(fake, next + 8, 8, here);
}

static void write_task(struct fake_linux *fake, size_t index)
{
	const struct fake_task *task = &fake_tasks[index];
	uint64_t here = fake_task_address(index), parent = fake_task_address(task->parent);
	uint64_t mm = fake_mm_address(index), members = here + FAKE_REAL_PARENT;

	fake_put(fake, here + FAKE_PID, 4, task->pid);
	fake_put(fake, here + FAKE_PID + 4, 4, task->pid);
	fake_put(fake, here + FAKE_MM, 8, mm);
	fake_put(fake, here + FAKE_MM + 8, 8, mm);
	fake_put(fake, members, 8, parent);
	fake_put(fake, members + 8, 8, parent);
	for (unsigned i = 2; i < 6; i++)
		fake_put(fake, members + 8 * i, 8, members + 16 * (i / 2));
	fake_put(fake, members + 48, 8, here);
	memcpy(fake_at(fake, here + FAKE_COMM), task->name, strlen(task->name));
	if (mm)
		fake_put(fake, mm + FAKE_PGD, 8, FAKE_DIRECT + fake_root(index));
	write_link(fake, here + FAKE_TASKS,
		   fake_task_address((index + 1) % FAKE_TASK_COUNT) + FAKE_TASKS);
}

/* ---- modules ---- */

static void write_module(struct fake_linux *fake, size_t index)
{
	static const uint8_t note[] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0 };
	uint64_t here = fake_module_address(index), base = here - 0x1000;

	memcpy(fake_at(fake, base + 0x800), note, sizeof(note));
	memset(fake_at(fake, base + 0x800 + sizeof(note)), 0xa0 + (int)index, 20);
	strcpy((char *)fake_at(fake, here + 24), fake_modules[index]);
	fake_put(fake, here + FAKE_LAYOUT, 8, base);
	fake_put(fake, here + FAKE_LAYOUT + 8, 4, 0x3000);
	fake_put(fake, here + FAKE_LAYOUT + 12, 4, 0x1000);
	fake_put(fake, here + FAKE_LAYOUT + 16, 4, 0x1000);
	fake_put(fake, here + FAKE_LAYOUT + 20, 4, 0x2000);
	write_link(fake, index ? fake_module_address(index - 1) + 8 : FAKE_LIST, here + 8);
	write_link(fake, here + 8, FAKE_LIST);
}

/* ---- what the kernel tells about itself ---- */

static void write_kallsyms(struct fake_linux *fake, char *info)
{
	static struct kallsyms_writer writer;
	uint64_t at = FAKE_KALLSYMS, base = FAKE_IMAGE, names, offsets = at;
	char name[16];

	kallsyms_begin(&writer);
	kallsyms_add(&writer, 'A', "cpu_number", 0x40);
	kallsyms_add(&writer, 'T', "_text", FAKE_IMAGE);
	kallsyms_add(&writer, 'T', "_stext", FAKE_IMAGE);
	for (unsigned i = 0; i < FAKE_SYMBOLS; i++) {
		sprintf(name, "func_%u", i);
		kallsyms_add(&writer, i % 2 ? 't' : 'T', name, FAKE_IMAGE + 0x1000 + i * 0x100);
	}
	kallsyms_add(&writer, 'D', "init_task", FAKE_INIT_TASK);
	kallsyms_add(&writer, 'd', "modules", FAKE_LIST);
	kallsyms_add(&writer, 'B', "_end", FAKE_END);
	kallsyms_end(&writer);
	for (uint32_t i = 0; i < writer.count; i++, at += 4)
		fake_put(fake, at, 4,
			 writer.addresses[i] < base ? writer.addresses[i]
						    : base - 1 - writer.addresses[i]);
	at = (at + 7) & ~UINT64_C(7);
	fake_put(fake, at, 8, base);
	fake_put(fake, at + 8, 4, writer.count);
	names = at + 16;
	memcpy(fake_at(fake, names), writer.names, writer.names_size);
	at = (names + writer.names_size + 7) & ~UINT64_C(7);
	memcpy(fake_at(fake, at), writer.markers, writer.markers_size);
	at = (at + writer.markers_size + 7) & ~UINT64_C(7);
	memcpy(fake_at(fake, at), writer.tokens, writer.tokens_size);
	sprintf(info,
		"SYMBOL(kallsyms_names)=%" PRIx64 "\nSYMBOL(kallsyms_num_syms)=%" PRIx64
		"\nSYMBOL(kallsyms_token_table)=%" PRIx64 "\nSYMBOL(kallsyms_offsets)=%" PRIx64
		"\nSYMBOL(kallsyms_relative_base)=%" PRIx64 "\n",
		names, names - 8, at, offsets, names - 16);
}

static void write_info(struct fake_linux *fake, const char *kallsyms)
{
	char *text = (char *)fake->data + FAKE_INFO_PAGE + 24;
	uint64_t phys_base = FAKE_PLACE - (FAKE_IMAGE - 0xffffffff80000000u);
	int length = sprintf(text,
			     "OSRELEASE=" FAKE_RELEASE "\nPAGESIZE=4096\n"
			     "SYMBOL(init_uts_ns)=%" PRIx64 "\nOFFSET(uts_namespace.name)=4\n"
			     "SYMBOL(swapper_pg_dir)=%" PRIx64 "\nSYMBOL(_stext)=%" PRIx64
			     "\nNUMBER(phys_base)=%" PRId64
			     "\nNUMBER(pgtable_l5_enabled)=0\nKERNELOFFSET=%" PRIx64 "\n%s",
			     FAKE_UTS, FAKE_SWAPPER, FAKE_IMAGE, (int64_t)phys_base,
			     FAKE_IMAGE - 0xffffffff81000000u, kallsyms);

	tmi_store(text - 24, 4, false, 11);
	tmi_store(text - 20, 4, false, (uint64_t)length);
	memcpy(text - 12, "VMCOREINFO", 11);
}

static void write_btf(struct fake_linux *fake)
{
	static struct btf_writer writer;
	uint32_t number, pointer, comm, list, layout, character;

	btf_begin(&writer);
	number = btf_integer(&writer, "int", 4);
	character = btf_integer(&writer, "char", 1);
	pointer = btf_pointer(&writer, 0);
	comm = btf_array(&writer, character, 16);
	list = btf_type(&writer, "list_head", BTF_STRUCT, 16);
	btf_member(&writer, "next", pointer, 0);
	btf_member(&writer, "prev", pointer, 8);
	btf_type(&writer, "task_struct", BTF_STRUCT, 0x1000);
	btf_member(&writer, "tasks", list, FAKE_TASKS);
	btf_member(&writer, "mm", pointer, FAKE_MM);
	btf_member(&writer, "pid", number, FAKE_PID);
	btf_member(&writer, "tgid", number, FAKE_PID + 4);
	btf_member(&writer, "real_parent", pointer, FAKE_REAL_PARENT);
	btf_member(&writer, "comm", comm, FAKE_COMM);
	btf_type(&writer, "mm_struct", BTF_STRUCT, 0x400);
	btf_member(&writer, "pgd", pointer, FAKE_PGD);
	layout = btf_type(&writer, "module_layout", BTF_STRUCT, 64);
	btf_member(&writer, "base", pointer, 0);
	btf_member(&writer, "size", number, 8);
	btf_type(&writer, "module", BTF_STRUCT, 0x400);
	btf_member(&writer, "list", list, 8);
	btf_member(&writer, "name", comm, 24);
	btf_member(&writer, "core_layout", layout, FAKE_LAYOUT);
	btf_end(&writer, 8192);
	memcpy(fake_at(fake, FAKE_BTF), writer.out, writer.size);
}

void fake_linux_init(struct fake_linux *fake, unsigned flags)
{
	char kallsyms[512] = "";

	fake->data = calloc(1, FAKE_MEMORY);
	image_memory_init(&fake->image, fake->data, 0, FAKE_MEMORY);
	write_tables(fake);
	for (size_t i = 0; i < FAKE_TASK_COUNT; i++)
		write_task(fake, i);
	for (size_t i = 0; i < FAKE_MODULE_COUNT; i++)
		write_module(fake, i);
	strcpy((char *)fake_at(fake, FAKE_UTS + 4), "Linux");
	strcpy((char *)fake_at(fake, FAKE_UTS + 4 + 130), FAKE_RELEASE);
	strcpy((char *)fake_at(fake, FAKE_BANNER),
	       "Linux version " FAKE_RELEASE " (nobody@nowhere) (cc 1.0) #1 SMP\n");
	if (flags & FAKE_WITH_KALLSYMS)
		write_kallsyms(fake, kallsyms);
	if (flags & FAKE_WITH_INFO)
		write_info(fake, kallsyms);
	if (flags & FAKE_WITH_BTF)
		write_btf(fake);
}

void fake_linux_fini(struct fake_linux *fake)
{
	free(fake->data);
}
