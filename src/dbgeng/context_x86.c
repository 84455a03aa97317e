/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context_x86.c - registers of x86.
 *
 * Blocks: elf_gregset_t, 17 words of 4 bytes; FSAVE in its 32-bit form, 108 bytes. CONTEXT: 716
 * bytes, with the FSAVE area (FloatSave) at 0x1c. The debug registers and the ExtendedRegisters,
 * where xmm0 and its like would be, are not known.
 */
#include "dbgeng/context.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Word @word of the general block. */
#define WORD32(name, word, place)                                                                  \
	{                                                                                          \
		name, DEBUG_VALUE_INT32, TMI_DBGENG_GENERAL, (word)*4, place                       \
	}
/* A selector: CONTEXT has 32 bits for it, of which 16 are zeros. */
#define WORD16(name, word, place)                                                                  \
	{                                                                                          \
		name, DEBUG_VALUE_INT16, TMI_DBGENG_GENERAL, (word)*4, place                       \
	}
/* Of the FSAVE area, which is in CONTEXT as a whole. */
#define FLOATING(name, type, from)                                                                 \
	{                                                                                          \
		name, DEBUG_VALUE_##type, TMI_DBGENG_FLOATING, from, TMI_DBGENG_NO_PLACE           \
	}
#define ST(n) FLOATING("st" #n, FLOAT80, 28 + 10 * (n))

static const struct tmi_dbgeng_register registers[] = {
	WORD16("gs", 10, 0x8c),
	WORD16("fs", 9, 0x90),
	WORD16("es", 8, 0x94),
	WORD16("ds", 7, 0x98),
	WORD32("edi", 4, 0x9c),
	WORD32("esi", 3, 0xa0),
	WORD32("ebx", 0, 0xa4),
	WORD32("edx", 2, 0xa8),
	WORD32("ecx", 1, 0xac),
	WORD32("eax", 6, 0xb0),
	WORD32("ebp", 5, 0xb4),
	WORD32("eip", 12, 0xb8),
	WORD16("cs", 13, 0xbc),
	WORD32("efl", 14, 0xc0),
	WORD32("esp", 15, 0xc4),
	WORD16("ss", 16, 0xc8),
	FLOATING("fpcw", INT16, 0),
	FLOATING("fpsw", INT16, 4),
	FLOATING("fptw", INT16, 8),
	ST(0),
	ST(1),
	ST(2),
	ST(3),
	ST(4),
	ST(5),
	ST(6),
	ST(7),
};

/* ax al ah; si. */
#define LETTER(letter)                                                                             \
	{ letter "x", "e" letter "x", 16, 0 }, { letter "l", "e" letter "x", 8, 0 },               \
	{                                                                                          \
		letter "h", "e" letter "x", 8, 8                                                   \
	}
#define NAMED(name)                                                                                \
	{                                                                                          \
		name, "e" name, 16, 0                                                              \
	}

static const struct tmi_dbgeng_register_part parts[] = {
	LETTER("a"), LETTER("c"), LETTER("d"), LETTER("b"), NAMED("sp"),
	NAMED("bp"), NAMED("si"), NAMED("di"), NAMED("ip"), TMI_DBGENG_FLAG_PARTS,
};

const struct tmi_dbgeng_processor tmi_dbgeng_x86 = {
	.type = TMEM_PROCESSOR_I386,
	.context_size = 716,
	.flags_place = 0,
	/* CONTEXT_i386 with CONTROL, INTEGER, SEGMENTS; FLOATING_POINT. */
	.flags = { 0x10007, 0x10008 },
	.floating_place = 0x1c,
	.floating_size = 108,
	.frame = "ebp",
	.registers = registers,
	.parts = parts,
	.register_count = COUNT(registers),
	.part_count = COUNT(parts),
};
