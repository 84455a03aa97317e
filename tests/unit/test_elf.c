/* SPDX-License-Identifier: Apache-2.0 */
/* test_elf.c - ELF headers, segments, notes and images in memory, over bytes in a buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <sys/auxv.h>

#include "core_writer.h"
#include "format/elf.h"
#include "format/elf_core.h"

/* Bytes that stand at an address. */
struct region {
	uint64_t base;
	const uint8_t *bytes;
	size_t size;
	unsigned reads;
};

static size_t read_region(void *context, uint64_t offset, void *buffer, size_t size)
{
	struct region *region = context;

	region->reads++;
	if (offset < region->base || offset - region->base >= region->size)
		return 0;
	if (size > region->size - (offset - region->base))
		size = region->size - (size_t)(offset - region->base);
	memcpy(buffer, region->bytes + (offset - region->base), size);
	return size;
}

/* Memory of this very process; only asked for what is mapped. */
static size_t read_own(void *context, uint64_t address, void *buffer, size_t size)
{
	memcpy(buffer, (const void *)(uintptr_t)address, size);
	return size;
}

static void headers_of_every_shape(void **state)
{
	for (int shape = 0; shape < 8; shape++) {
		unsigned word = shape & 1 ? 8 : 4;
		struct region region = { 0 };
		struct tmi_elf_segment segment;
		struct core_writer w;
		struct tmi_elf elf;
		const char *why;
		uint8_t *bytes;

		core_writer_init(&w, word, shape & 2, 183);
		w.count_in_section = shape & 4;
		core_writer_load_at(&w, 0x12345000, 0x3000, 0x777, 0x2000, 5);
		core_writer_segment(&w, 6);
		bytes = core_writer_build(&w, &region.size);
		region.bytes = bytes;
		assert_true(tmi_elf_init(&elf, read_region, &region, 0, &why));
		assert_int_equal(elf.word, word);
		assert_int_equal(elf.big_endian, (shape & 2) != 0);
		assert_int_equal(elf.type, TMI_ELF_CORE);
		assert_int_equal(elf.machine, 183);
		assert_int_equal(elf.segment_count, 2);
		assert_true(tmi_elf_segment(&elf, 0, &segment));
		assert_int_equal(segment.type, TMI_ELF_LOAD);
		assert_int_equal(segment.flags, 5);
		assert_int_equal(segment.offset, 0x777);
		assert_int_equal(segment.address, 0x12345000);
		assert_int_equal(segment.file_size, 0x2000);
		assert_int_equal(segment.memory_size, 0x3000);
		assert_true(tmi_elf_segment(&elf, 1, &segment));
		assert_int_equal(segment.type, TMI_ELF_PHDR);
		assert_false(tmi_elf_segment(&elf, 2, &segment));
		assert_false(tmi_elf_segment(&elf, UINT64_MAX, &segment));
		/* Every shorter file is refused with a reason, or lacks segments; never more. */
		for (size_t size = region.size; size-- > 0;) {
			struct region cut = { 0, bytes, size, 0 };
			bool good = tmi_elf_init(&elf, read_region, &cut, 0, &why);

			assert_int_equal(good, why == NULL);
			assert_true(good || size < region.size);
		}
		free(bytes);
		core_writer_fini(&w);
	}
}

static void segments_walk(void **state)
{
	struct tmi_elf_segments walk;
	struct tmi_elf_segment segment;
	struct region region = { 0 };
	struct core_writer w;
	struct tmi_elf elf;
	uint8_t buffer[56 * 7];
	uint64_t count = 0;
	uint8_t *bytes;

	core_writer_init(&w, 8, false, 62);
	for (uint64_t i = 0; i < 70000; i++)
		core_writer_load_at(&w, i << 12, 1, i, 1, 4);
	bytes = core_writer_build(&w, &region.size);
	region.bytes = bytes;
	assert_true(tmi_elf_init(&elf, read_region, &region, 0, NULL));
	assert_int_equal(elf.segment_count, 70000);
	region.reads = 0;
	tmi_elf_segments_init(&walk, &elf, buffer, sizeof(buffer));
	while (tmi_elf_segments_next(&walk, &segment)) {
		assert_int_equal(segment.address, count << 12);
		assert_int_equal(segment.offset, count);
		count++;
	}
	assert_int_equal(count, 70000);
	assert_false(walk.cut);
	assert_int_equal(region.reads, 10000);
	/* In the middle of the 10th header of a walk the file ends. */
	region.size = 64 + 9 * 56 + 20;
	elf.segment_count = 70000;
	tmi_elf_segments_init(&walk, &elf, buffer, sizeof(buffer));
	for (count = 0; tmi_elf_segments_next(&walk, &segment); count++)
		continue;
	assert_int_equal(count, 9);
	assert_true(walk.cut);
	free(bytes);
	core_writer_fini(&w);
}

static void notes_walk(void **state)
{
	for (int shape = 0; shape < 4; shape++) {
		struct region region = { 0 };
		struct tmi_elf_notes walk;
		struct tmi_elf_note note;
		struct core_writer w;
		struct tmi_elf elf;
		uint8_t *bytes;

		core_writer_init(&w, 8, shape & 1, 62);
		w.note_align = shape & 2 ? 8 : 4;
		core_writer_note(&w, "A", 5, "12345", 5);
		core_writer_note(&w, "A long owner's name", 6, "", 0);
		core_writer_note(&w, "GNU", 3, "identity", 8);
		bytes = core_writer_build(&w, &region.size);
		region.bytes = bytes;
		assert_true(tmi_elf_init(&elf, read_region, &region, 0, NULL));
		tmi_elf_notes_init(&walk, &elf, w.notes_offset, w.notes.size, w.note_align);
		assert_true(tmi_elf_notes_next(&walk, &note));
		assert_true(tmi_elf_note_is(&note, "A", 5));
		assert_false(tmi_elf_note_is(&note, "A", 6));
		assert_false(tmi_elf_note_is(&note, "AB", 5));
		assert_int_equal(note.size, 5);
		assert_memory_equal(bytes + note.offset, "12345", 5);
		assert_true(tmi_elf_notes_next(&walk, &note));
		assert_int_equal(note.name_size, 20);
		assert_string_equal(note.name, "A long owner's ");
		assert_false(tmi_elf_note_is(&note, "A long owner's ", 6));
		assert_int_equal(note.size, 0);
		assert_true(tmi_elf_notes_next(&walk, &note));
		assert_true(tmi_elf_note_is(&note, "GNU", 3));
		assert_memory_equal(bytes + note.offset, "identity", 8);
		assert_false(tmi_elf_notes_next(&walk, &note));
		assert_false(walk.cut);
		/* One byte short, the last one is not delivered. */
		tmi_elf_notes_init(&walk, &elf, w.notes_offset, w.notes.size - 1, w.note_align);
		assert_true(tmi_elf_notes_next(&walk, &note) && tmi_elf_notes_next(&walk, &note));
		assert_false(tmi_elf_notes_next(&walk, &note));
		assert_true(walk.cut);
		/* Sizes that wrap. */
		put_integer(bytes + w.notes_offset + 4, 4, shape & 1, 0xffffffff);
		tmi_elf_notes_init(&walk, &elf, w.notes_offset, w.notes.size, w.note_align);
		assert_false(tmi_elf_notes_next(&walk, &note));
		put_integer(bytes + w.notes_offset, 4, shape & 1, 0xfffffffd);
		tmi_elf_notes_init(&walk, &elf, w.notes_offset, UINT64_MAX, w.note_align);
		assert_false(tmi_elf_notes_next(&walk, &note) && note.offset < region.size);
		free(bytes);
		core_writer_fini(&w);
	}
}

/* A gigabyte of zeros as notes must not be walked note by note. */
static void padding_ends_notes(void **state)
{
	static uint8_t zeros[4096];
	struct region region = { 0, zeros, sizeof(zeros), 0 };
	struct tmi_elf elf = { .read = read_region, .context = &region, .word = 8 };
	struct tmi_elf_notes walk;
	struct tmi_elf_note note;

	tmi_elf_notes_init(&walk, &elf, 0, 1ull << 30, 4);
	assert_false(tmi_elf_notes_next(&walk, &note));
	assert_int_equal(region.reads, 1);
}

/* Sizes of real notes: what each machine's kernel writes. */
static void register_layouts(void **state)
{
	static const struct {
		uint16_t machine;
		uint8_t word;
		uint16_t size, thread_id, registers, registers_size;
		uint32_t stack_pointer; /* 0xffff: not known */
	} cases[] = {
		{ 62, 8, 336, 32, 112, 216, 19 * 8 }, { 183, 8, 392, 32, 112, 272, 31 * 8 },
		{ 243, 8, 376, 32, 112, 256, 2 * 8 }, { 3, 4, 144, 24, 72, 68, 15 * 4 },
		{ 40, 4, 148, 24, 72, 72, 13 * 4 },   { 62, 4, 296, 24, 72, 216, 19 * 8 },
		{ 3, 8, 144, 24, 72, 68, 15 * 4 },    { 21, 8, 504, 32, 112, 384, 8 },
		{ 22, 8, 336, 32, 112, 216, 0xffff }, { 20, 4, 268, 24, 72, 192, 0xffff },
		{ 8, 4, 256, 24, 72, 180, 0xffff },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tmi_elf elf = { .word = cases[i].word, .machine = cases[i].machine };
		struct tmi_elf_prstatus layout;
		uint32_t offset;

		assert_true(tmi_elf_prstatus_layout(&elf, cases[i].size, &layout));
		assert_int_equal(layout.thread_id, cases[i].thread_id);
		assert_int_equal(layout.registers, cases[i].registers);
		assert_int_equal(layout.registers_size, cases[i].registers_size);
		assert_int_equal(tmi_elf_stack_pointer_offset(&elf, &layout, &offset),
				 cases[i].stack_pointer != 0xffff);
		if (cases[i].stack_pointer != 0xffff)
			assert_int_equal(offset, cases[i].stack_pointer);
		assert_false(tmi_elf_prstatus_layout(&elf, 40, &layout));
	}
}

static void process_information(void **state)
{
	/* 64-bit; 32-bit with 16-bit user ids; with 32-bit ones; too small. */
	static const struct {
		uint8_t word;
		uint32_t size, process_id;
		bool good;
	} cases[] = { { 8, 136, 24, true },
		      { 4, 124, 12, true },
		      { 4, 128, 16, true },
		      { 4, 123, 12, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t bytes[136] = { 0 };
		struct region region = { 0, bytes, sizeof(bytes), 0 };
		struct tmi_elf elf = { .read = read_region,
				       .context = &region,
				       .word = cases[i].word,
				       .big_endian = true };
		struct tmi_elf_note note = { .size = cases[i].size };
		struct tmi_elf_prpsinfo info;

		put_integer(bytes + cases[i].process_id, 4, true, 4711);
		memset(bytes + cases[i].process_id + 16, 'n', 16);
		strcpy((char *)bytes + cases[i].process_id + 32, "program --with arguments");
		assert_int_equal(tmi_elf_prpsinfo_read(&elf, &note, &info), cases[i].good);
		assert_int_equal(info.process_id, cases[i].good ? 4711 : 0);
		if (cases[i].good) {
			assert_string_equal(info.name, "nnnnnnnnnnnnnnnn");
			assert_string_equal(info.arguments, "program --with arguments");
		}
	}
}

/* ---- Images in memory, against what the dynamic linker of this process says ---- */

static int check_image(struct dl_phdr_info *info, size_t size, void *seen)
{
	uint64_t page = 4096, lowest = UINT64_MAX, last = 0, dynamic = 0, relro = 0, base;
	const uint8_t *identity = NULL;
	struct tmi_elf_image image;
	const char *why;
	uint32_t flags;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && header->p_vaddr < lowest)
			lowest = header->p_vaddr;
		if (header->p_type == PT_LOAD && header->p_vaddr + header->p_memsz > last)
			last = header->p_vaddr + header->p_memsz;
		if (header->p_type == PT_DYNAMIC)
			dynamic = info->dlpi_addr + header->p_vaddr;
		if (header->p_type == PT_GNU_RELRO)
			relro = info->dlpi_addr + header->p_vaddr;
		/* The build-id is the only 20-byte note here: 12 + "GNU" + 20 bytes. */
		for (size_t at = 0; header->p_type == PT_NOTE && at + 36 <= header->p_memsz;
		     at += 4) {
			const uint8_t *note =
				(const uint8_t *)info->dlpi_addr + header->p_vaddr + at;

			if (!memcmp(note, "\4\0\0\0\24\0\0\0\3\0\0\0GNU", 16))
				identity = note + 16;
		}
	}
	base = (info->dlpi_addr + lowest) & ~(page - 1);
	if (!tmi_elf_image_init(&image, read_own, NULL, base, page, &why))
		fail_msg("%s: %s", info->dlpi_name, why);
	assert_int_equal(image.base, base);
	assert_int_equal(image.bias, info->dlpi_addr);
	assert_int_equal(image.lowest, lowest);
	assert_int_equal(image.first, base);
	assert_int_equal(image.size, ((info->dlpi_addr + last + page - 1) & ~(page - 1)) - base);
	assert_int_equal(image.dynamic, dynamic);
	assert_int_equal(image.relro_size ? image.relro : 0, relro);
	assert_int_equal(image.elf.segment_count, info->dlpi_phnum);
	assert_int_equal(image.build_id.size, identity ? 20 : 0);
	if (identity)
		assert_memory_equal(image.build_id.bytes, identity, 20);
	assert_true(tmi_elf_image_flags(&image, base, &flags));
	assert_true(flags & TMI_ELF_R);
	*(int *)seen += identity != NULL;
	return 0;
}

static void images_of_this_process(void **state)
{
	int seen = 0;

	dl_iterate_phdr(check_image, &seen);
	assert_true(seen >= 2); /* libc and the vdso have build-ids everywhere */
}

static void dynamic_section_of_this_program(void **state)
{
	uint64_t page = getauxval(AT_PHDR) & ~4095ull;
	struct tmi_elf_image image;
	uint64_t value, map;
	void *program;

	assert_true(tmi_elf_image_init(&image, read_own, NULL, page, 4096, NULL));
	if (image.dynamic) {
		assert_true(tmi_elf_image_dynamic(&image, TMI_ELF_DYNAMIC_DEBUG, &value));
		/* The list there begins with the program, whose entry is its handle too. */
		assert_true(tmi_elf_word(&image.elf, value + 8, &map));
		program = dlopen(NULL, RTLD_LAZY);
		assert_int_equal(map, (uintptr_t)program);
		dlclose(program);
		assert_false(tmi_elf_image_dynamic(&image, 0x12345678, &value));
	}
}

/* Images that cannot be. */
static void refused_images(void **state)
{
	static const struct {
		uint16_t type;
		uint64_t address, size;
		const char *why;
	} cases[] = {
		{ 4, 0, 0x1000, "neither program nor library" },
		{ 2, 0x7000, 0x1000, "not at its address" },
		{ 3, 0, UINT64_MAX, "beyond the address space" },
		{ 3, 0x1000, UINT64_MAX, "beyond the address space" },
		{ 3, 0, 0, "without PT_LOAD" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct region region = { .base = 0x10000 };
		struct tmi_elf_image image;
		struct core_writer w;
		const char *why;
		uint8_t *bytes;

		core_writer_init(&w, 8, false, 62);
		w.type = cases[i].type;
		core_writer_load_at(&w, cases[i].address, cases[i].size, 0, 64, 5);
		bytes = core_writer_build(&w, &region.size);
		region.bytes = bytes;
		assert_false(tmi_elf_image_init(&image, read_region, &region, 0x10000, 4096, &why));
		assert_non_null(strstr(why, cases[i].why));
		assert_false(tmi_elf_image_init(&image, read_region, &region, 0x20000, 4096, &why));
		free(bytes);
		core_writer_fini(&w);
	}
}

static void build_ids(void **state)
{
	struct tmi_elf_build_id a = { .size = 3, .bytes = { 0x12, 0xab, 0x0f } };
	struct tmi_elf_build_id b = a;
	struct tmi_elf_build_id none = { 0 };
	char text[129];

	assert_string_equal(tmi_elf_build_id_text(&a, text), "12ab0f");
	assert_string_equal(tmi_elf_build_id_text(&none, text), "none");
	assert_true(tmi_elf_build_id_equal(&a, &b));
	b.bytes[2]++;
	assert_false(tmi_elf_build_id_equal(&a, &b));
	b = a;
	b.size--;
	assert_false(tmi_elf_build_id_equal(&a, &b));
	/* None is not the same as none. */
	assert_false(tmi_elf_build_id_equal(&none, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_every_shape),
		cmocka_unit_test(segments_walk),
		cmocka_unit_test(notes_walk),
		cmocka_unit_test(padding_ends_notes),
		cmocka_unit_test(register_layouts),
		cmocka_unit_test(process_information),
		cmocka_unit_test(images_of_this_process),
		cmocka_unit_test(dynamic_section_of_this_program),
		cmocka_unit_test(refused_images),
		cmocka_unit_test(build_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
