/* SPDX-License-Identifier: Apache-2.0 */
/* btf_writer.c - types as a kernel carries them, written one by one. */
#include <string.h>

#include "base/bytes.h"
#include "btf_writer.h"

void btf_begin(struct btf_writer *writer)
{
	memset(writer, 0, sizeof(*writer));
	writer->strings_size = 1;
}

static uint32_t add_string(struct btf_writer *writer, const char *text)
{
	size_t at = writer->strings_size, length = text ? strlen(text) : 0;

	if (!length)
		return 0;
	memcpy(writer->strings + at, text, length + 1);
	writer->strings_size += length + 1;
	return (uint32_t)at;
}

void btf_put(struct btf_writer *writer, uint32_t value)
{
	tmi_store(writer->types + writer->types_size, 4, false, value);
	writer->types_size += 4;
}

uint32_t btf_type(struct btf_writer *writer, const char *name, uint32_t kind, uint32_t value)
{
	writer->last = writer->types_size;
	btf_put(writer, add_string(writer, name));
	btf_put(writer, kind << 24);
	btf_put(writer, value);
	return ++writer->count;
}

void btf_set_info(struct btf_writer *writer, uint32_t bits)
{
	uint8_t *info = writer->types + writer->last + 4;

	tmi_store(info, 4, false, tmi_load32(info, false) | bits);
}

void btf_member(struct btf_writer *writer, const char *name, uint32_t type, uint32_t offset)
{
	uint8_t *info = writer->types + writer->last + 4;

	tmi_store(info, 4, false, tmi_load32(info, false) + 1);
	btf_put(writer, add_string(writer, name));
	btf_put(writer, type);
	btf_put(writer, offset * 8);
}

uint32_t btf_integer(struct btf_writer *writer, const char *name, uint32_t size)
{
	uint32_t number = btf_type(writer, name, BTF_INT, size);

	btf_put(writer, size * 8);
	return number;
}

uint32_t btf_pointer(struct btf_writer *writer, uint32_t to)
{
	return btf_type(writer, NULL, BTF_PTR, to);
}

uint32_t btf_array(struct btf_writer *writer, uint32_t of, uint32_t count)
{
	uint32_t number = btf_type(writer, NULL, BTF_ARRAY, 0);

	btf_put(writer, of);
	btf_put(writer, 1);
	btf_put(writer, count);
	return number;
}

void btf_end(struct btf_writer *writer, size_t room)
{
	uint8_t *out = writer->out;
	size_t strings = writer->strings_size > room ? writer->strings_size : room;

	memset(out, 0, sizeof(writer->out));
	tmi_store(out, 2, false, 0xeb9f);
	out[2] = 1;
	tmi_store(out + 4, 4, false, 24);
	tmi_store(out + 12, 4, false, writer->types_size);
	tmi_store(out + 16, 4, false, writer->types_size);
	tmi_store(out + 20, 4, false, strings);
	memcpy(out + 24, writer->types, writer->types_size);
	memcpy(out + 24 + writer->types_size, writer->strings, writer->strings_size);
	writer->size = 24 + writer->types_size + strings;
}
