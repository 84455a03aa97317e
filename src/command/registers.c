/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registers.c - registers and pseudo-registers of expressions.
 *
 * The register block of a thread is elf_gregset_t of the target machine: an array of words whose
 * order these tables give.
 */
#include <string.h>
#include <strings.h>

#include "command/names.h"

#define MACHINE_386     3
#define MACHINE_X86_64  62
#define MACHINE_AARCH64 183

struct register_row {
	const char *name;
	uint8_t index; /* word of the block */
	uint8_t bits;
	uint8_t shift;
};

/* rax eax ax al ah of a register with a letter; rsi esi si sil; r8 r8d r8w r8b. */
#define LETTER(letter, index)                                                                      \
	{ "r" letter "x", index, 64, 0 }, { "e" letter "x", index, 32, 0 },                        \
		{ letter "x", index, 16, 0 }, { letter "l", index, 8, 0 },                         \
	{                                                                                          \
		letter "h", index, 8, 8                                                            \
	}
#define NAMED(name, index)                                                                         \
	{ "r" name, index, 64, 0 }, { "e" name, index, 32, 0 }, { name, index, 16, 0 },            \
	{                                                                                          \
		name "l", index, 8, 0                                                              \
	}
#define NUMBERED(name, index)                                                                      \
	{ name, index, 64, 0 }, { name "d", index, 32, 0 }, { name "w", index, 16, 0 },            \
	{                                                                                          \
		name "b", index, 8, 0                                                              \
	}

static const struct register_row x86_64[] = {
	LETTER("a", 10),          LETTER("b", 5),
	LETTER("c", 11),          LETTER("d", 12),
	NAMED("si", 13),          NAMED("di", 14),
	NAMED("bp", 4),           NAMED("sp", 19),
	NUMBERED("r8", 9),        NUMBERED("r9", 8),
	NUMBERED("r10", 7),       NUMBERED("r11", 6),
	NUMBERED("r12", 3),       NUMBERED("r13", 2),
	NUMBERED("r14", 1),       NUMBERED("r15", 0),
	{ "rip", 16, 64, 0 },     { "eip", 16, 32, 0 },
	{ "efl", 18, 32, 0 },     { "cs", 17, 16, 0 },
	{ "ss", 20, 16, 0 },      { "ds", 23, 16, 0 },
	{ "es", 24, 16, 0 },      { "fs", 25, 16, 0 },
	{ "gs", 26, 16, 0 },      { "fs_base", 21, 64, 0 },
	{ "gs_base", 22, 64, 0 }, { NULL },
};

#define LETTER32(letter, index)                                                                    \
	{ "e" letter "x", index, 32, 0 }, { letter "x", index, 16, 0 },                            \
		{ letter "l", index, 8, 0 },                                                       \
	{                                                                                          \
		letter "h", index, 8, 8                                                            \
	}
#define NAMED32(name, index)                                                                       \
	{ "e" name, index, 32, 0 },                                                                \
	{                                                                                          \
		name, index, 16, 0                                                                 \
	}

static const struct register_row i386[] = {
	LETTER32("b", 0),
	LETTER32("c", 1),
	LETTER32("d", 2),
	LETTER32("a", 6),
	NAMED32("si", 3),
	NAMED32("di", 4),
	NAMED32("bp", 5),
	NAMED32("sp", 15),
	{ "eip", 12, 32, 0 },
	{ "efl", 14, 32, 0 },
	{ "cs", 13, 16, 0 },
	{ "ss", 16, 16, 0 },
	{ "ds", 7, 16, 0 },
	{ "es", 8, 16, 0 },
	{ "fs", 9, 16, 0 },
	{ "gs", 10, 16, 0 },
	{ NULL },
};

#define X(number)                                                                                  \
	{                                                                                          \
		"x" #number, number, 64, 0                                                         \
	}

static const struct register_row aarch64[] = {
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
	{ "fp", 29, 64, 0 },
	{ "lr", 30, 64, 0 },
	{ "pstate", 33, 64, 0 },
	{ NULL },
};

#undef X

static const struct {
	uint32_t machine;
	unsigned word; /* bytes of a word of the block */
	const struct register_row *rows;
} machines[] = {
	{ MACHINE_X86_64, 8, x86_64 },
	{ MACHINE_386, 4, i386 },
	{ MACHINE_AARCH64, 8, aarch64 },
};

static const struct register_row *machine_rows(const struct tmi_session *session)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == session->description.machine)
			return machines[i].rows;
	return NULL;
}

static bool same(const char *name, const char *word, size_t length)
{
	return strlen(name) == length && strncasecmp(name, word, length) == 0;
}

static uint64_t load_word(const struct tmi_session *session, const uint8_t *at, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | at[tmi_big_endian(session) ? i : size - 1 - i];
	return value;
}

/* The part of a word that a row stands for; 32-bit registers are sign-extended. */
static uint64_t cut(const struct register_row *row, uint64_t word)
{
	word >>= row->shift;
	if (row->bits == 64)
		return word;
	word &= (UINT64_C(1) << row->bits) - 1;
	return row->bits == 32 && word >> 31 ? word | UINT64_MAX << 32 : word;
}

static enum tmi_lookup read_row(struct tmi_session *session, const struct register_row *row,
				unsigned word, uint64_t *value)
{
	uint8_t block[1024]; /* the words we know are within the first 34 */
	size_t needed = 0, there;
	tmem_status status = tmem_get_thread_context(session->target, TMEM_CONTEXT_GENERAL, block,
						     sizeof(block), &needed);

	if (TMEM_FAILED(status))
		return TMI_LOOKUP_UNAVAILABLE;
	there = needed < sizeof(block) ? needed : sizeof(block);
	if ((row->index + 1u) * word > there)
		return TMI_LOOKUP_UNAVAILABLE;
	*value = cut(row, load_word(session, block + row->index * word, word));
	return TMI_LOOKUP_FOUND;
}

static enum tmi_lookup machine_register(struct tmi_session *session, const char *name,
					size_t length, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].machine != session->description.machine)
			continue;
		for (const struct register_row *row = machines[i].rows; row->name; row++)
			if (same(row->name, name, length))
				return read_row(session, row, machines[i].word, value);
	}
	return TMI_LOOKUP_MISSING;
}

/* The registers that every machine has, under all their names. */
static enum tmi_lookup common_register(struct tmi_session *session, const char *name, size_t length,
				       uint64_t *value)
{
	static const struct {
		const char *name;
		uint32_t which;
	} rows[] = {
		{ "$ip", TMEM_REGISTER_INSTRUCTION_POINTER },
		{ "rip", TMEM_REGISTER_INSTRUCTION_POINTER },
		{ "eip", TMEM_REGISTER_INSTRUCTION_POINTER },
		{ "pc", TMEM_REGISTER_INSTRUCTION_POINTER },
		{ "$csp", TMEM_REGISTER_STACK_POINTER },
		{ "rsp", TMEM_REGISTER_STACK_POINTER },
		{ "esp", TMEM_REGISTER_STACK_POINTER },
		{ "sp", TMEM_REGISTER_STACK_POINTER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!same(rows[i].name, name, length))
			continue;
		return TMEM_FAILED(tmem_get_register(session->target, rows[i].which, value))
			       ? TMI_LOOKUP_UNAVAILABLE
			       : TMI_LOOKUP_FOUND;
	}
	return TMI_LOOKUP_MISSING;
}

static bool get_thread_system_id(tmem_target *target, uint32_t *system_id)
{
	uint32_t current, id, count;

	if (TMEM_FAILED(tmem_get_current_thread_id(target, &current)) ||
	    TMEM_FAILED(tmem_get_number_threads(target, &count)))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (tmem_get_thread_ids_by_index(target, i, 1, &id, system_id) == TMEM_S_OK &&
		    id == current)
			return true;
	return false;
}

static enum tmi_lookup id_register(struct tmi_session *session, bool process, uint64_t *value)
{
	uint32_t id = 0;
	bool known = process ? tmem_get_current_process_system_id(session->target, &id) == TMEM_S_OK
			     : get_thread_system_id(session->target, &id);

	*value = id;
	return known ? TMI_LOOKUP_FOUND : TMI_LOOKUP_UNAVAILABLE;
}

/* $proc: the kernel object of the implicit process. */
static enum tmi_lookup process_register(struct tmi_session *session, uint64_t *value)
{
	if (session->description.mode != TMEM_MODE_KERNEL)
		return TMI_LOOKUP_KERNEL_ONLY;
	return TMEM_FAILED(tmem_get_implicit_process_data_offset(session->target, value))
		       ? TMI_LOOKUP_UNAVAILABLE
		       : TMI_LOOKUP_FOUND;
}

uint64_t *tmi_session_scratch(struct tmi_session *session, const char *name, size_t length)
{
	unsigned number = 0;

	if (length < 3 || length > 4 || name[0] != '$' || (name[1] | 0x20) != 't')
		return NULL;
	for (size_t i = 2; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return NULL;
		number = number * 10 + (unsigned)(name[i] - '0');
	}
	if (number >= sizeof(session->scratch) / sizeof(session->scratch[0]))
		return NULL;
	return &session->scratch[number];
}

static enum tmi_lookup pseudo_register(struct tmi_session *session, const char *name, size_t length,
				       uint64_t *value)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "$exp", session->last_value },
		{ "$ea", session->last_address },
		{ "$p", session->last_loaded },
		{ "$ptrsize", tmi_pointer_size(session) },
		{ "$pagesize", session->description.page_size },
	};
	const uint64_t *scratch;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (same(rows[i].name, name, length)) {
			*value = rows[i].value;
			return TMI_LOOKUP_FOUND;
		}
	if (same("$proc", name, length))
		return process_register(session, value);
	if (same("$tpid", name, length) || same("$tid", name, length))
		return id_register(session, length == 5, value);
	scratch = tmi_session_scratch(session, name, length);
	if (!scratch)
		return TMI_LOOKUP_MISSING;
	*value = *scratch;
	return TMI_LOOKUP_FOUND;
}

enum tmi_lookup tmi_session_register(struct tmi_session *session, const char *name, size_t length,
				     uint64_t *value)
{
	enum tmi_lookup lookup = pseudo_register(session, name, length, value);

	if (lookup == TMI_LOOKUP_MISSING)
		lookup = machine_register(session, name, length, value);
	/* A target without a whole block may still know these two. */
	if (lookup != TMI_LOOKUP_FOUND) {
		enum tmi_lookup common = common_register(session, name, length, value);

		lookup = common == TMI_LOOKUP_MISSING ? lookup : common;
	}
	return lookup;
}

/* True for the first, and widest, name of a word of the block. */
static bool is_main(const struct register_row *rows, const struct register_row *row)
{
	for (; rows < row; rows++)
		if (rows->index == row->index)
			return false;
	return true;
}

const char *tmi_session_register_name(const struct tmi_session *session, size_t index,
				      unsigned *bits)
{
	const struct register_row *rows = machine_rows(session);

	for (const struct register_row *row = rows; row && row->name; row++) {
		if (!is_main(rows, row) || index-- > 0)
			continue;
		*bits = row->bits;
		return row->name;
	}
	return NULL;
}

unsigned tmi_session_register_bits(const struct tmi_session *session, const char *name,
				   size_t length)
{
	const struct register_row *row = machine_rows(session);

	for (; row && row->name; row++)
		if (same(row->name, name, length))
			return row->bits;
	return 0;
}
