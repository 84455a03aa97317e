/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - what the tables of registers mean, whatever the processor. */
#include "dbgeng/context.h"

#include <strings.h>

const struct tmi_dbgeng_processor *tmi_dbgeng_processor_of(tmem_target *target)
{
	static const struct tmi_dbgeng_processor *const all[] = {
		&tmi_dbgeng_amd64,
		&tmi_dbgeng_x86,
		&tmi_dbgeng_arm64,
	};
	struct tmem_description description = { .size = sizeof(description) };

	if (TMEM_FAILED(tmem_describe(target, &description)) ||
	    description.flags & TMEM_TARGET_BIG_ENDIAN)
		return NULL;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->type == description.processor_type)
			return all[i];
	return NULL;
}

static void read_block(tmem_target *target, uint32_t kind, struct tmi_dbgeng_block *block)
{
	size_t needed = 0;

	block->size = 0;
	block->result =
		tmem_get_thread_context(target, kind, block->bytes, sizeof(block->bytes), &needed);
	if (FAILED(block->result))
		return;
	block->result = S_OK;
	block->size = needed < sizeof(block->bytes) ? needed : sizeof(block->bytes);
}

HRESULT tmi_dbgeng_read_blocks(tmem_target *target, struct tmi_dbgeng_blocks *blocks)
{
	read_block(target, TMEM_CONTEXT_GENERAL, &blocks->of[TMI_DBGENG_GENERAL]);
	read_block(target, TMEM_CONTEXT_FLOATING_POINT, &blocks->of[TMI_DBGENG_FLOATING]);
	return blocks->of[TMI_DBGENG_GENERAL].result;
}

unsigned tmi_dbgeng_value_size(ULONG type)
{
	static const UCHAR sizes[DEBUG_VALUE_TYPES] = {
		[DEBUG_VALUE_INT8] = 1,       [DEBUG_VALUE_INT16] = 2,
		[DEBUG_VALUE_INT32] = 4,      [DEBUG_VALUE_INT64] = 8,
		[DEBUG_VALUE_FLOAT80] = 10,   [DEBUG_VALUE_VECTOR64] = 8,
		[DEBUG_VALUE_VECTOR128] = 16,
	};

	return type < DEBUG_VALUE_TYPES ? sizes[type] : 0;
}

ULONG tmi_dbgeng_register_index(const struct tmi_dbgeng_processor *processor, const char *name)
{
	for (ULONG i = 0; i < tmi_dbgeng_register_total(processor); i++)
		if (!strcasecmp(tmi_dbgeng_register_name(processor, i), name))
			return i;
	return DEBUG_ANY_ID;
}

const char *tmi_dbgeng_register_name(const struct tmi_dbgeng_processor *processor, ULONG index)
{
	return index < processor->register_count
		       ? processor->registers[index].name
		       : processor->parts[index - processor->register_count].name;
}

/* The smallest type that holds some bits. */
static ULONG part_type(unsigned bits)
{
	if (bits > 32)
		return DEBUG_VALUE_INT64;
	if (bits > 16)
		return DEBUG_VALUE_INT32;
	return bits > 8 ? DEBUG_VALUE_INT16 : DEBUG_VALUE_INT8;
}

static ULONG64 part_mask(const struct tmi_dbgeng_register_part *part)
{
	return part->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << part->bits) - 1;
}

void tmi_dbgeng_register_describe(const struct tmi_dbgeng_processor *processor, ULONG index,
				  DEBUG_REGISTER_DESCRIPTION *description)
{
	const struct tmi_dbgeng_register_part *part;

	memset(description, 0, sizeof(*description));
	if (index < processor->register_count) {
		description->Type = processor->registers[index].type;
		return;
	}
	part = &processor->parts[index - processor->register_count];
	description->Type = part_type(part->bits);
	description->Flags = DEBUG_REGISTER_SUB_REGISTER;
	description->SubregMaster = tmi_dbgeng_register_index(processor, part->full);
	description->SubregLength = part->bits;
	description->SubregMask = part_mask(part);
	description->SubregShift = part->shift;
}

/* A little-endian integer. */
static ULONG64 load(const UCHAR *bytes, unsigned size)
{
	ULONG64 value = 0;

	while (size-- > 0)
		value = value << 8 | bytes[size];
	return value;
}

static void store_integer(DEBUG_VALUE *value, ULONG type, ULONG64 number)
{
	value->Type = type;
	if (type == DEBUG_VALUE_INT8)
		value->I8 = (UCHAR)number;
	else if (type == DEBUG_VALUE_INT16)
		value->I16 = (USHORT)number;
	else if (type == DEBUG_VALUE_INT32)
		value->I32 = (ULONG)number;
	else
		value->I64 = number;
}

static HRESULT full_value(const struct tmi_dbgeng_register *row,
			  const struct tmi_dbgeng_blocks *blocks, DEBUG_VALUE *value)
{
	const struct tmi_dbgeng_block *block = &blocks->of[row->block];
	unsigned size = tmi_dbgeng_value_size(row->type);

	if (FAILED(block->result))
		return block->result;
	if ((size_t)row->from + size > block->size)
		return E_FAIL;
	if (row->type <= DEBUG_VALUE_INT64) {
		store_integer(value, row->type, load(block->bytes + row->from, size));
		return S_OK;
	}
	value->Type = row->type;
	memcpy(value->RawBytes, block->bytes + row->from, size);
	return S_OK;
}

/* The number in a value of one of the integer types. */
static ULONG64 integer_of(const DEBUG_VALUE *value)
{
	switch (value->Type) {
	case DEBUG_VALUE_INT8: return value->I8;
	case DEBUG_VALUE_INT16: return value->I16;
	case DEBUG_VALUE_INT32: return value->I32;
	default: return value->I64;
	}
}

HRESULT tmi_dbgeng_register_value(const struct tmi_dbgeng_processor *processor,
				  const struct tmi_dbgeng_blocks *blocks, ULONG index,
				  DEBUG_VALUE *value)
{
	const struct tmi_dbgeng_register_part *part;
	DEBUG_VALUE full;
	HRESULT result;

	memset(value, 0, sizeof(*value));
	if (index < processor->register_count)
		return full_value(&processor->registers[index], blocks, value);
	part = &processor->parts[index - processor->register_count];
	result = tmi_dbgeng_register_value(processor, blocks,
					   tmi_dbgeng_register_index(processor, part->full), &full);
	if (SUCCEEDED(result))
		store_integer(value, part_type(part->bits),
			      integer_of(&full) >> part->shift & part_mask(part));
	return result;
}

/* A register to its place in a CONTEXT, in the host's byte order. */
static void place_register(const struct tmi_dbgeng_register *row,
			   const struct tmi_dbgeng_blocks *blocks, UCHAR *context)
{
	DEBUG_VALUE value = { .Type = DEBUG_VALUE_INVALID };

	if (row->place == TMI_DBGENG_NO_PLACE || FAILED(full_value(row, blocks, &value)))
		return;
	memcpy(context + row->place, value.RawBytes, tmi_dbgeng_value_size(row->type));
}

void tmi_dbgeng_fill_context(const struct tmi_dbgeng_processor *processor,
			     const struct tmi_dbgeng_blocks *blocks, void *context)
{
	const struct tmi_dbgeng_block *floating = &blocks->of[TMI_DBGENG_FLOATING];
	ULONG flags = 0;

	memset(context, 0, processor->context_size);
	if (SUCCEEDED(blocks->of[TMI_DBGENG_GENERAL].result))
		flags |= processor->flags[TMI_DBGENG_GENERAL];
	if (SUCCEEDED(floating->result) && floating->size >= processor->floating_size) {
		flags |= processor->flags[TMI_DBGENG_FLOATING];
		memcpy((UCHAR *)context + processor->floating_place, floating->bytes,
		       processor->floating_size);
	}
	for (ULONG i = 0; i < processor->register_count; i++)
		place_register(&processor->registers[i], blocks, context);
	memcpy((UCHAR *)context + processor->flags_place, &flags, sizeof(flags));
}
