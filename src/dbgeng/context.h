/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h - registers of a thread: from the blocks of Linux to names, values and CONTEXT.
 *
 * tmem gives a thread's registers as Linux keeps them: a general block (elf_gregset_t) and a
 * floating-point block (x64: FXSAVE; x86: FSAVE; ARM64: user_fpsimd_state). One table for each
 * processor says where each register stands in its block, and where in the CONTEXT that Windows has
 * for the processor. Both IDebugRegisters and IDebugAdvanced::GetThreadContext go by it.
 */
#ifndef TMI_DBGENG_CONTEXT_H
#define TMI_DBGENG_CONTEXT_H

#include <dbgeng.h>
#include <stdbool.h>
#include <tmem.h>

/* A register that is not in CONTEXT by itself. */
#define TMI_DBGENG_NO_PLACE 0xffffu

/* Blocks of registers. */
enum tmi_dbgeng_block_kind { TMI_DBGENG_GENERAL, TMI_DBGENG_FLOATING, TMI_DBGENG_BLOCKS };

/* A full register. */
struct tmi_dbgeng_register {
	const char *name;
	UCHAR type;   /* DEBUG_VALUE_ */
	UCHAR block;  /* enum tmi_dbgeng_block_kind */
	USHORT from;  /* bytes from the block's start */
	USHORT place; /* bytes from CONTEXT's start, or TMI_DBGENG_NO_PLACE */
};

/* A part of a register, or another name of it: value = full >> shift, @bits of it. */
struct tmi_dbgeng_register_part {
	const char *name;
	const char *full;
	UCHAR bits;
	UCHAR shift;
};

struct tmi_dbgeng_processor {
	ULONG type;                     /* IMAGE_FILE_MACHINE_, as tmem_describe() has it */
	ULONG context_size;             /* bytes of CONTEXT */
	ULONG flags_place;              /* of ContextFlags in it */
	ULONG flags[TMI_DBGENG_BLOCKS]; /* CONTEXT_ of what a block gives */
	/* The piece of the floating-point block that is in CONTEXT as it is. */
	ULONG floating_place;
	ULONG floating_size;
	const char *frame; /* the register that keeps the frame */
	const struct tmi_dbgeng_register *registers;
	const struct tmi_dbgeng_register_part *parts;
	ULONG register_count;
	ULONG part_count;
};

extern const struct tmi_dbgeng_processor tmi_dbgeng_amd64;
extern const struct tmi_dbgeng_processor tmi_dbgeng_x86;
extern const struct tmi_dbgeng_processor tmi_dbgeng_arm64;

/* The flags of efl, which both processors of x86 have. */
#define TMI_DBGENG_FLAG_PARTS                                                                      \
	{ "fl", "efl", 16, 0 }, { "iopl", "efl", 2, 12 }, { "of", "efl", 1, 11 },                  \
		{ "df", "efl", 1, 10 }, { "if", "efl", 1, 9 }, { "tf", "efl", 1, 8 },              \
		{ "sf", "efl", 1, 7 }, { "zf", "efl", 1, 6 }, { "af", "efl", 1, 4 },               \
		{ "pf", "efl", 1, 2 }, { "cf", "efl", 1, 0 }, { "vip", "efl", 1, 20 },             \
	{                                                                                          \
		"vif", "efl", 1, 19                                                                \
	}

/*
 * tmi_dbgeng_processor_of() - the table of a target's processor.
 * NULL: not one of the three, or the target is big-endian.
 */
const struct tmi_dbgeng_processor *tmi_dbgeng_processor_of(tmem_target *target);

/* The registers of a thread, as they were when they were read. */
struct tmi_dbgeng_blocks {
	struct tmi_dbgeng_block {
		HRESULT result;    /* why there is none; S_OK: it is there */
		size_t size;       /* bytes that are there */
		UCHAR bytes[1024]; /* what the tables name is within the first 528 */
	} of[TMI_DBGENG_BLOCKS];
};

/*
 * tmi_dbgeng_read_blocks() - reads both blocks of the target's current thread.
 * @blocks: filled. A target without a floating-point block is no failure: its result says so.
 * Returns what the general block gave: S_OK; E_NOINTERFACE the target has no registers;
 * E_UNEXPECTED there is no thread, or it is running.
 */
HRESULT tmi_dbgeng_read_blocks(tmem_target *target, struct tmi_dbgeng_blocks *blocks);

/* Registers and parts together: parts come after the registers. */
static inline ULONG tmi_dbgeng_register_total(const struct tmi_dbgeng_processor *processor)
{
	return processor->register_count + processor->part_count;
}

/* The index of a register or part; case does not matter. DEBUG_ANY_ID: there is none. */
ULONG tmi_dbgeng_register_index(const struct tmi_dbgeng_processor *processor, const char *name);

/* The name of a register or part; the index must be below the total. */
const char *tmi_dbgeng_register_name(const struct tmi_dbgeng_processor *processor, ULONG index);

/* What GetDescription says of a register or part; the index must be below the total. */
void tmi_dbgeng_register_describe(const struct tmi_dbgeng_processor *processor, ULONG index,
				  DEBUG_REGISTER_DESCRIPTION *description);

/*
 * tmi_dbgeng_register_value() - a register's or part's value; the index must be below the total.
 * @value: filled; its type is DEBUG_VALUE_INVALID on failure.
 * Returns S_OK, or why the block with it is not there; E_FAIL: the block is shorter than that.
 */
HRESULT tmi_dbgeng_register_value(const struct tmi_dbgeng_processor *processor,
				  const struct tmi_dbgeng_blocks *blocks, ULONG index,
				  DEBUG_VALUE *value);

/*
 * tmi_dbgeng_fill_context() - makes a CONTEXT.
 * @context: of the processor's context_size; filled, what is not known with zeros. ContextFlags
 *	names the parts that are known.
 */
void tmi_dbgeng_fill_context(const struct tmi_dbgeng_processor *processor,
			     const struct tmi_dbgeng_blocks *blocks, void *context);

/* Bytes of a value of a type (DEBUG_VALUE_). */
unsigned tmi_dbgeng_value_size(ULONG type);

#endif
