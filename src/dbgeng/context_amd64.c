/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context_amd64.c - registers of x64.
 *
 * Blocks: elf_gregset_t, 27 words of 8 bytes; FXSAVE, 512 bytes. CONTEXT: 1232 bytes, with the
 * FXSAVE area (FltSave) at 0x100. The debug registers and what is above 0x300 are not known.
 */
#include "dbgeng/context.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Word @word of the general block. */
#define WORD64(name, word, place)                                                                  \
	{                                                                                          \
		name, DEBUG_VALUE_INT64, TMI_DBGENG_GENERAL, (word)*8, place                       \
	}
#define WORD16(name, word, place)                                                                  \
	{                                                                                          \
		name, DEBUG_VALUE_INT16, TMI_DBGENG_GENERAL, (word)*8, place                       \
	}
/* Of the FXSAVE area, which is in CONTEXT as a whole. */
#define FLOATING(name, type, from)                                                                 \
	{                                                                                          \
		name, DEBUG_VALUE_##type, TMI_DBGENG_FLOATING, from, TMI_DBGENG_NO_PLACE           \
	}
#define ST(n)  FLOATING("st" #n, FLOAT80, 32 + 16 * (n))
#define XMM(n) FLOATING("xmm" #n, VECTOR128, 160 + 16 * (n))

static const struct tmi_dbgeng_register registers[] = {
	WORD64("rax", 10, 0x78),
	WORD64("rcx", 11, 0x80),
	WORD64("rdx", 12, 0x88),
	WORD64("rbx", 5, 0x90),
	WORD64("rsp", 19, 0x98),
	WORD64("rbp", 4, 0xa0),
	WORD64("rsi", 13, 0xa8),
	WORD64("rdi", 14, 0xb0),
	WORD64("r8", 9, 0xb8),
	WORD64("r9", 8, 0xc0),
	WORD64("r10", 7, 0xc8),
	WORD64("r11", 6, 0xd0),
	WORD64("r12", 3, 0xd8),
	WORD64("r13", 2, 0xe0),
	WORD64("r14", 1, 0xe8),
	WORD64("r15", 0, 0xf0),
	WORD64("rip", 16, 0xf8),
	{ "efl", DEBUG_VALUE_INT32, TMI_DBGENG_GENERAL, 18 * 8, 0x44 },
	WORD16("cs", 17, 0x38),
	WORD16("ds", 23, 0x3a),
	WORD16("es", 24, 0x3c),
	WORD16("fs", 25, 0x3e),
	WORD16("gs", 26, 0x40),
	WORD16("ss", 20, 0x42),
	/* Where a program of Linux keeps its thread's own data; Windows has the TEB there. */
	WORD64("fs_base", 21, TMI_DBGENG_NO_PLACE),
	WORD64("gs_base", 22, TMI_DBGENG_NO_PLACE),
	FLOATING("fpcw", INT16, 0),
	FLOATING("fpsw", INT16, 2),
	FLOATING("fptw", INT16, 4),
	ST(0),
	ST(1),
	ST(2),
	ST(3),
	ST(4),
	ST(5),
	ST(6),
	ST(7),
	{ "mxcsr", DEBUG_VALUE_INT32, TMI_DBGENG_FLOATING, 24, 0x34 },
	XMM(0),
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
	XMM(8),
	XMM(9),
	XMM(10),
	XMM(11),
	XMM(12),
	XMM(13),
	XMM(14),
	XMM(15),
};

/* eax ax al ah; esi si sil; r8d r8w r8b. */
#define LETTER(letter)                                                                             \
	{ "e" letter "x", "r" letter "x", 32, 0 }, { letter "x", "r" letter "x", 16, 0 },          \
		{ letter "l", "r" letter "x", 8, 0 },                                              \
	{                                                                                          \
		letter "h", "r" letter "x", 8, 8                                                   \
	}
#define NAMED(name)                                                                                \
	{ "e" name, "r" name, 32, 0 }, { name, "r" name, 16, 0 },                                  \
	{                                                                                          \
		name "l", "r" name, 8, 0                                                           \
	}
#define NUMBERED(name)                                                                             \
	{ name "d", name, 32, 0 }, { name "w", name, 16, 0 },                                      \
	{                                                                                          \
		name "b", name, 8, 0                                                               \
	}

static const struct tmi_dbgeng_register_part parts[] = {
	LETTER("a"),
	LETTER("c"),
	LETTER("d"),
	LETTER("b"),
	NAMED("sp"),
	NAMED("bp"),
	NAMED("si"),
	NAMED("di"),
	NUMBERED("r8"),
	NUMBERED("r9"),
	NUMBERED("r10"),
	NUMBERED("r11"),
	NUMBERED("r12"),
	NUMBERED("r13"),
	NUMBERED("r14"),
	NUMBERED("r15"),
	{ "eip", "rip", 32, 0 },
	{ "ip", "rip", 16, 0 },
	TMI_DBGENG_FLAG_PARTS,
};

const struct tmi_dbgeng_processor tmi_dbgeng_amd64 = {
	.type = TMEM_PROCESSOR_AMD64,
	.context_size = 1232,
	.flags_place = 0x30,
	/* CONTEXT_AMD64 with CONTROL, INTEGER, SEGMENTS; FLOATING_POINT. */
	.flags = { 0x100007, 0x100008 },
	.floating_place = 0x100,
	.floating_size = 512,
	.frame = "rbp",
	.registers = registers,
	.parts = parts,
	.register_count = COUNT(registers),
	.part_count = COUNT(parts),
};
