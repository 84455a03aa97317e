/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context_arm64.c - registers of ARM64.
 *
 * Blocks: elf_gregset_t, 34 words of 8 bytes; user_fpsimd_state, of which 520 bytes count. CONTEXT:
 * 912 bytes, with the vectors at 0x110. The debug registers behind them are not known.
 */
#include "dbgeng/context.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Word @word of the general block. */
#define WORD64(name, word, place)                                                                  \
	{                                                                                          \
		name, DEBUG_VALUE_INT64, TMI_DBGENG_GENERAL, (word)*8, place                       \
	}
#define X(n) WORD64("x" #n, n, 0x8 + 8 * (n))
/* CONTEXT has the vectors as a whole. */
#define V(n)                                                                                       \
	{                                                                                          \
		"v" #n, DEBUG_VALUE_VECTOR128, TMI_DBGENG_FLOATING, 16 * (n), TMI_DBGENG_NO_PLACE  \
	}

static const struct tmi_dbgeng_register registers[] = {
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
	WORD64("fp", 29, 0xf0),
	WORD64("lr", 30, 0xf8),
	WORD64("sp", 31, 0x100),
	WORD64("pc", 32, 0x108),
	{ "cpsr", DEBUG_VALUE_INT32, TMI_DBGENG_GENERAL, 33 * 8, 0x4 },
	V(0),
	V(1),
	V(2),
	V(3),
	V(4),
	V(5),
	V(6),
	V(7),
	V(8),
	V(9),
	V(10),
	V(11),
	V(12),
	V(13),
	V(14),
	V(15),
	V(16),
	V(17),
	V(18),
	V(19),
	V(20),
	V(21),
	V(22),
	V(23),
	V(24),
	V(25),
	V(26),
	V(27),
	V(28),
	V(29),
	V(30),
	V(31),
	{ "fpcr", DEBUG_VALUE_INT32, TMI_DBGENG_FLOATING, 516, 0x310 },
	{ "fpsr", DEBUG_VALUE_INT32, TMI_DBGENG_FLOATING, 512, 0x314 },
};

#define W(n)                                                                                       \
	{                                                                                          \
		"w" #n, "x" #n, 32, 0                                                              \
	}

static const struct tmi_dbgeng_register_part parts[] = {
	W(0),
	W(1),
	W(2),
	W(3),
	W(4),
	W(5),
	W(6),
	W(7),
	W(8),
	W(9),
	W(10),
	W(11),
	W(12),
	W(13),
	W(14),
	W(15),
	W(16),
	W(17),
	W(18),
	W(19),
	W(20),
	W(21),
	W(22),
	W(23),
	W(24),
	W(25),
	W(26),
	W(27),
	W(28),
	/* Other names. */
	{ "x29", "fp", 64, 0 },
	{ "w29", "fp", 32, 0 },
	{ "x30", "lr", 64, 0 },
	{ "w30", "lr", 32, 0 },
	{ "wsp", "sp", 32, 0 },
	{ "psr", "cpsr", 32, 0 },
};

const struct tmi_dbgeng_processor tmi_dbgeng_arm64 = {
	.type = TMEM_PROCESSOR_ARM64,
	.context_size = 912,
	.flags_place = 0,
	/* CONTEXT_ARM64 with CONTROL, INTEGER; FLOATING_POINT. */
	.flags = { 0x400003, 0x400004 },
	.floating_place = 0x110,
	.floating_size = 512,
	.frame = "fp",
	.registers = registers,
	.parts = parts,
	.register_count = COUNT(registers),
	.part_count = COUNT(parts),
};
