/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcoreinfo.h - the text in which a Linux kernel tells crash tools about itself: one "KEY=value"
 * a line. It comes in an ELF note, in which it also stands in the kernel's memory.
 *
 * The text is not copied and not trusted: a line without "=" is passed over, a number that is none
 * is no number. Of a key that comes twice the first counts.
 */
#ifndef TMI_FORMAT_VMCOREINFO_H
#define TMI_FORMAT_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* The longest text that is believed; kernels write one page, some architectures a little more. */
#define TMI_VMCOREINFO_MAX 65536u

/* Bytes from the start of a note that decide whether it is one. */
#define TMI_VMCOREINFO_HEAD 24u

struct tmi_vmcoreinfo {
	const char *text; /* borrowed */
	size_t size;      /* up to the first NUL */
};

/*
 * True when a note begins at bytes->data: *size receives the length of its text, which begins
 * TMI_VMCOREINFO_HEAD bytes further and need not be inside @bytes. True too for bare text, which
 * does not tell its length: *size is then 0.
 */
bool tmi_vmcoreinfo_probe(const struct tmi_bytes *bytes, uint64_t *size);

/*
 * Makes @text, of which at most @size bytes count, ready for questions. False when it lacks what
 * every kernel writes (OSRELEASE, PAGESIZE); then it answers nothing.
 */
bool tmi_vmcoreinfo_init(struct tmi_vmcoreinfo *info, const char *text, size_t size);

/* The value of @key as it stands there: *value is not terminated. */
bool tmi_vmcoreinfo_text(const struct tmi_vmcoreinfo *info, const char *key, const char **value,
			 size_t *length);

/* The same into a buffer, cut to fit; false (and "") when there is no such key. */
bool tmi_vmcoreinfo_copy(const struct tmi_vmcoreinfo *info, const char *key, char *buffer,
			 size_t size);

/* SYMBOL(name): an address, in hexadecimal. */
bool tmi_vmcoreinfo_symbol(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value);

/* The highest address of all SYMBOL()s in [first, last], 0 = none is there. */
uint64_t tmi_vmcoreinfo_highest(const struct tmi_vmcoreinfo *info, uint64_t first, uint64_t last);

/* NUMBER(name): decimal, maybe negative (taken modulo 2^64), or hexadecimal with 0x. */
bool tmi_vmcoreinfo_number(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value);

/* OFFSET(name) of a "struct.member", in bytes. */
bool tmi_vmcoreinfo_offset(const struct tmi_vmcoreinfo *info, const char *name, uint64_t *value);

/* A key whose value is hexadecimal without 0x: KERNELOFFSET. */
bool tmi_vmcoreinfo_hexadecimal(const struct tmi_vmcoreinfo *info, const char *key,
				uint64_t *value);

#endif
