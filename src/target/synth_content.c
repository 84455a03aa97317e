/* SPDX-License-Identifier: Apache-2.0 */
/* synth_content.c - the directives that say which bytes stand where. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "target/synth_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The address that begins a content line; *at is where it stands. */
static tmem_status take_address(struct tmi_synth_line *line,
				const struct tmi_synth_process *process, const char **at,
				uint64_t *address)
{
	tmem_status status;

	tmi_synth_at_end(line);
	*at = line->at;
	status = tmi_synth_take_number(line, "an address", address);
	if (status == TMEM_S_OK && *address > process->highest)
		status = tmi_synth_expected_at(line, *at, "an address up to 0x%llx",
					       (unsigned long long)process->highest);
	return status;
}

/* What was appended to the bytes since @byte_at stands at @address. */
static tmem_status put_bytes(struct tmi_synth_line *line, struct tmi_synth_process *process,
			     const char *at, uint64_t address, size_t byte_at)
{
	size_t size = line->synth->byte_count - byte_at;
	struct tmi_synth_piece piece = {
		.first = address,
		.last = address + size - 1,
		.origin = address,
		.byte_at = byte_at,
		.byte_count = size,
		.form = TMI_SYNTH_BYTES,
	};

	if (size == 0)
		return TMEM_S_OK;
	if (size - 1 > process->highest - address)
		return tmi_synth_expected_at(line, at, "an address that leaves room for %zu bytes",
					     size);
	return tmi_synth_add_piece(&process->contents, &piece);
}

tmem_status tmi_synth_take_content_bytes(struct tmi_synth_line *line,
					 struct tmi_synth_process *process)
{
	size_t byte_at = line->synth->byte_count;
	uint64_t address;
	const char *at;
	tmem_status status = take_address(line, process, &at, &address);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_bytes(line);
	if (status == TMEM_S_OK)
		status = put_bytes(line, process, at, address, byte_at);
	return status;
}

static tmem_status take_text(struct tmi_synth_line *line, struct tmi_synth_process *process,
			     bool wide)
{
	size_t byte_at = line->synth->byte_count;
	uint64_t address;
	const char *at;
	tmem_status status = take_address(line, process, &at, &address);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_text(line, wide, process->facts.big_endian);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status == TMEM_S_OK)
		status = put_bytes(line, process, at, address, byte_at);
	return status;
}

tmem_status tmi_synth_take_content_text(struct tmi_synth_line *line,
					struct tmi_synth_process *process)
{
	return take_text(line, process, false);
}

tmem_status tmi_synth_take_content_text16(struct tmi_synth_line *line,
					  struct tmi_synth_process *process)
{
	return take_text(line, process, true);
}

static tmem_status take_integer(struct tmi_synth_line *line, unsigned width, bool big_endian)
{
	uint64_t limit = UINT64_MAX >> (64 - 8 * width);
	uint8_t bytes[8];
	tmem_status status;
	const char *at;
	uint64_t value;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_number(line, "a value", &value);
	if (status != TMEM_S_OK)
		return status;
	if (value > limit)
		return tmi_synth_expected_at(line, at, "a value up to 0x%llx",
					     (unsigned long long)limit);
	tmi_store(bytes, width, big_endian, value);
	return tmi_synth_append(line->synth, bytes, width);
}

static tmem_status take_integers(struct tmi_synth_line *line, struct tmi_synth_process *process,
				 unsigned width)
{
	size_t byte_at = line->synth->byte_count;
	uint64_t address;
	const char *at;
	tmem_status status = take_address(line, process, &at, &address);

	if (status == TMEM_S_OK)
		do
			status = take_integer(line, width, process->facts.big_endian);
		while (status == TMEM_S_OK && !tmi_synth_at_end(line));
	if (status == TMEM_S_OK)
		status = put_bytes(line, process, at, address, byte_at);
	return status;
}

tmem_status tmi_synth_take_content_u8(struct tmi_synth_line *line,
				      struct tmi_synth_process *process)
{
	return take_integers(line, process, 1);
}

tmem_status tmi_synth_take_content_u16(struct tmi_synth_line *line,
				       struct tmi_synth_process *process)
{
	return take_integers(line, process, 2);
}

tmem_status tmi_synth_take_content_u32(struct tmi_synth_line *line,
				       struct tmi_synth_process *process)
{
	return take_integers(line, process, 4);
}

tmem_status tmi_synth_take_content_u64(struct tmi_synth_line *line,
				       struct tmi_synth_process *process)
{
	return take_integers(line, process, 8);
}

tmem_status tmi_synth_take_content_ptr(struct tmi_synth_line *line,
				       struct tmi_synth_process *process)
{
	return take_integers(line, process, process->facts.pointer_size);
}

tmem_status tmi_synth_take_content_repeat(struct tmi_synth_line *line,
					  struct tmi_synth_process *process)
{
	struct tmi_synth_piece piece = {
		.byte_at = line->synth->byte_count,
		.form = TMI_SYNTH_BYTES,
	};
	tmem_status status =
		tmi_synth_take_range(line, process->highest, &piece.first, &piece.last);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_bytes(line);
	if (status != TMEM_S_OK)
		return status;
	piece.origin = piece.first;
	piece.byte_count = line->synth->byte_count - piece.byte_at;
	return tmi_synth_add_piece(&process->contents, &piece);
}

tmem_status tmi_synth_take_content_pattern(struct tmi_synth_line *line,
					   struct tmi_synth_process *process)
{
	static const struct tmi_synth_key keys[] = { { "seed", TMI_SYNTH_NUMBER, NULL } };
	struct tmi_synth_given given[COUNT(keys)];
	struct tmi_synth_piece piece = { .form = TMI_SYNTH_COUNTING };
	tmem_status status =
		tmi_synth_take_range(line, process->highest, &piece.first, &piece.last);

	if (status != TMEM_S_OK)
		return status;
	piece.origin = piece.first;
	if (tmi_synth_skip_word(line, "counting")) {
		status = tmi_synth_take_end(line);
	} else {
		status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
		if (status == TMEM_S_OK && !given[0].given)
			status = tmi_synth_expected(line, "counting or seed=NUMBER");
		piece.form = TMI_SYNTH_SEED;
		piece.seed = given[0].number;
	}
	if (status == TMEM_S_OK)
		status = tmi_synth_add_piece(&process->contents, &piece);
	return status;
}

/* Fields of the made ELF file, in file order; widths of 32-bit and 64-bit files. */
struct field {
	uint64_t value;
	unsigned width;
};

static tmem_status append_fields(struct tmi_synth *synth, const struct field *fields, size_t count,
				 bool big_endian)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < count && status == TMEM_S_OK; i++) {
		uint8_t bytes[8];

		tmi_store(bytes, fields[i].width, big_endian, fields[i].value);
		status = tmi_synth_append(synth, bytes, fields[i].width);
	}
	return status;
}

static tmem_status append_file_header(struct tmi_synth *synth, const struct tmi_facts *facts,
				      uint64_t entry)
{
	bool wide = facts->pointer_size == 8;
	unsigned word = facts->pointer_size;
	unsigned header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	const uint8_t ident[EI_NIDENT] = { ELFMAG0,
					   ELFMAG1,
					   ELFMAG2,
					   ELFMAG3,
					   wide ? ELFCLASS64 : ELFCLASS32,
					   facts->big_endian ? ELFDATA2MSB : ELFDATA2LSB,
					   EV_CURRENT };
	const struct field fields[] = {
		{ ET_DYN, 2 },
		{ facts->machine, 2 },
		{ EV_CURRENT, 4 },
		{ entry, word },
		{ header, word },
		{ 0, word },
		{ 0, 4 },
		{ header, 2 },
		{ wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2 },
		{ 2, 2 },
		{ 0, 2 },
		{ 0, 2 },
		{ 0, 2 },
	};
	tmem_status status = tmi_synth_append(synth, ident, sizeof(ident));

	return status == TMEM_S_OK ? append_fields(synth, fields, COUNT(fields), facts->big_endian)
				   : status;
}

static tmem_status append_program_header(struct tmi_synth *synth, const struct tmi_facts *facts,
					 uint32_t type, uint64_t offset, uint64_t size)
{
	const struct field fields64[] = {
		{ type, 4 },   { PF_R | PF_X, 4 }, { offset, 8 }, { offset, 8 },
		{ offset, 8 }, { size, 8 },        { size, 8 },   { 4, 8 },
	};
	const struct field fields32[] = {
		{ type, 4 }, { offset, 4 }, { offset, 4 },      { offset, 4 },
		{ size, 4 }, { size, 4 },   { PF_R | PF_X, 4 }, { 4, 4 },
	};

	return append_fields(synth, facts->pointer_size == 8 ? fields64 : fields32, 8,
			     facts->big_endian);
}

static tmem_status append_build_id(struct tmi_synth *synth, const struct tmi_facts *facts,
				   const struct tmi_synth_given *id)
{
	const struct field fields[] = { { 4, 4 }, { id->number, 4 }, { NT_GNU_BUILD_ID, 4 } };
	tmem_status status = append_fields(synth, fields, COUNT(fields), facts->big_endian);
	size_t size = (size_t)id->number;
	uint8_t *copy = malloc((size + 7) & ~(size_t)3);

	if (!copy)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	/* Appending may move the array that the digits stand in. */
	memcpy(copy, ELF_NOTE_GNU, 4);
	memset(copy + 4, 0, (size + 3) & ~(size_t)3);
	memcpy(copy + 4, synth->bytes + id->byte_at, size);
	if (status == TMEM_S_OK)
		status = tmi_synth_append(synth, copy, 4 + ((size + 3) & ~(size_t)3));
	free(copy);
	return status;
}

/* An ELF header, one loadable segment over the whole module and a build-id note. */
tmem_status tmi_synth_take_content_elf(struct tmi_synth_line *line,
				       struct tmi_synth_process *process)
{
	enum { BUILD_ID, SIZE, ENTRY };
	static const struct tmi_synth_key keys[] = {
		[BUILD_ID] = { "build-id", TMI_SYNTH_HEX },
		[SIZE] = { "size", TMI_SYNTH_NUMBER },
		[ENTRY] = { "entry", TMI_SYNTH_NUMBER },
	};
	const struct tmi_facts *facts = &process->facts;
	bool wide = facts->pointer_size == 8;
	uint64_t headers = wide ? sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr)
				: sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr);
	struct tmi_synth_given given[COUNT(keys)];
	struct tmi_synth *synth = line->synth;
	uint64_t address, note;
	const char *at;
	size_t byte_at;
	tmem_status status = take_address(line, process, &at, &address);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status != TMEM_S_OK)
		return status;
	note = given[BUILD_ID].given ? 16 + ((given[BUILD_ID].number + 3) & ~3ull) : 0;
	byte_at = synth->byte_count;
	status = append_file_header(synth, facts, given[ENTRY].number);
	if (status == TMEM_S_OK)
		status = append_program_header(synth, facts, PT_LOAD, 0,
					       given[SIZE].given ? given[SIZE].number
								 : facts->page_size);
	if (status == TMEM_S_OK)
		status = append_program_header(synth, facts, PT_NOTE, headers, note);
	if (status == TMEM_S_OK && note)
		status = append_build_id(synth, facts, &given[BUILD_ID]);
	return status == TMEM_S_OK ? put_bytes(line, process, at, address, byte_at) : status;
}
