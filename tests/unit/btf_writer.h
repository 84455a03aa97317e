/* SPDX-License-Identifier: Apache-2.0 */
/* btf_writer.h - types as a kernel carries them, written one by one. */
#ifndef TMEM_TESTS_BTF_WRITER_H
#define TMEM_TESTS_BTF_WRITER_H

#include <stddef.h>
#include <stdint.h>

#define BTF_ROOM 16384u

enum {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_FUNC_PROTO = 13,
};

struct btf_writer {
	uint8_t types[BTF_ROOM];
	size_t types_size;
	char strings[BTF_ROOM];
	size_t strings_size;
	uint32_t count; /* types so far: the number of the last one */
	size_t last;    /* where it begins */
	uint8_t out[2 * BTF_ROOM + 64];
	size_t size; /* of out */
};

void btf_begin(struct btf_writer *writer);
/* Begins a type; returns its number. @name NULL or "" = none. */
uint32_t btf_type(struct btf_writer *writer, const char *name, uint32_t kind, uint32_t value);
/* A member of the last structure, at a byte offset; @name NULL = none. */
void btf_member(struct btf_writer *writer, const char *name, uint32_t type, uint32_t offset);
/* Simple types. */
uint32_t btf_integer(struct btf_writer *writer, const char *name, uint32_t size);
uint32_t btf_pointer(struct btf_writer *writer, uint32_t to);
uint32_t btf_array(struct btf_writer *writer, uint32_t of, uint32_t count);
/* A number among what follows the last type. */
void btf_put(struct btf_writer *writer, uint32_t value);
/* Sets bits of the last type's info word. */
void btf_set_info(struct btf_writer *writer, uint32_t bits);
/* Puts header, types and strings into out; strings are padded to @room bytes if that is more. */
void btf_end(struct btf_writer *writer, size_t room);

#endif
