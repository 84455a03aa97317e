/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string.h - reading NUL-terminated strings.
 *
 * "multi_byte" and "unicode" say what the target holds (8-bit text or UTF-16 in the target's byte
 * order); "wide" says that the output is UTF-16 (char16_t, host order) instead of 8-bit text. A
 * code page appears exactly where text is converted. Follows IDebugDataSpaces4.
 *
 * Common to the functions for one string:
 * @offset: address of the first character.
 * @max_bytes: bytes of target memory to look at, the terminator included; UTF-16 uses whole units.
 * @buffer: optional; receives the text, cut at a whole character and terminated if @buffer_size
 *	is at least 1; an empty string on failure.
 * @buffer_size: characters of the output type @buffer can hold, the terminator included.
 * @string_bytes: optional; receives the bytes of the string in the target, terminator included.
 *
 * Each returns TMEM_S_OK the whole string fits; TMEM_S_FALSE it was cut to @buffer_size (with
 * @buffer NULL: it would be); TMEM_E_INVALIDARG no terminator within @max_bytes although all of
 * them are readable, or an unknown code page; TMEM_E_READ_FAULT an unreadable byte comes before
 * the terminator; TMEM_E_UNEXPECTED no process; TMEM_E_OUTOFMEMORY.
 */
#ifndef TMEM_STRING_H
#define TMEM_STRING_H

#include <stddef.h>
#ifndef __cplusplus
#include <uchar.h>
#endif
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Code pages with a meaning of their own; others by their Windows number (437, 932, 1251 ...). */
enum tmem_code_page {
	TMEM_CP_ACP = 0,   /* UTF-8: what Linux programs use */
	TMEM_CP_OEMCP = 1, /* 437 */
	TMEM_CP_UTF7 = 65000,
	TMEM_CP_UTF8 = 65001,
};

/*
 * tmem_read_multi_byte_string_virtual() - 8-bit text as it is.
 * Follows ReadMultiByteStringVirtual.
 */
TMEM_API tmem_status tmem_read_multi_byte_string_virtual(tmem_target *target, uint64_t offset,
							 size_t max_bytes, char *buffer,
							 size_t buffer_size, size_t *string_bytes);

/* One string of a batch. */
struct tmem_string_transfer {
	uint64_t offset;     /* in: address of the first character */
	size_t max_bytes;    /* in: bytes of target memory to look at, the terminator included */
	char *buffer;        /* in: optional; receives the text, terminated; empty on failure */
	size_t buffer_size;  /* in: bytes that @buffer can hold, the terminator included */
	size_t string_bytes; /* out: bytes in the target, the terminator included; 0 on failure */
	tmem_status status;  /* out: what the single call would have returned */
};

/*
 * tmem_read_multi_byte_string_virtual_batch() - many strings of 8-bit text in one call: fetched
 * together, piece by piece where they are long.
 * @strings: the elements, in any order; each is answered like a single call. Buffers that overlap
 *	hold anything.
 * @count: elements.
 *
 * Returns TMEM_S_OK every string was read and fits; TMEM_S_FALSE some were not, or were cut (look
 * at their status); TMEM_E_UNEXPECTED, TMEM_E_CONNECTION_LOST, TMEM_E_TIMED_OUT no string could be
 * tried; TMEM_E_INVALIDARG @strings is NULL (nothing is tried); TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_read_multi_byte_string_virtual_batch(tmem_target *target,
							       struct tmem_string_transfer *strings,
							       size_t count);

/*
 * tmem_read_multi_byte_string_virtual_wide() - 8-bit text, converted to UTF-16.
 * @code_page: what the target's bytes are; undecodable ones become U+FFFD.
 * Follows ReadMultiByteStringVirtualWide.
 */
TMEM_API tmem_status tmem_read_multi_byte_string_virtual_wide(tmem_target *target, uint64_t offset,
							      size_t max_bytes, uint32_t code_page,
							      char16_t *buffer, size_t buffer_size,
							      size_t *string_bytes);

/*
 * tmem_read_unicode_string_virtual() - UTF-16, converted to 8-bit text.
 * @code_page: what the output is to be; what it cannot express becomes "?" (U+FFFD in UTF-8).
 * Follows ReadUnicodeStringVirtual.
 */
TMEM_API tmem_status tmem_read_unicode_string_virtual(tmem_target *target, uint64_t offset,
						      size_t max_bytes, uint32_t code_page,
						      char *buffer, size_t buffer_size,
						      size_t *string_bytes);

/*
 * tmem_read_unicode_string_virtual_wide() - UTF-16 as it is.
 * Follows ReadUnicodeStringVirtualWide.
 */
TMEM_API tmem_status tmem_read_unicode_string_virtual_wide(tmem_target *target, uint64_t offset,
							   size_t max_bytes, char16_t *buffer,
							   size_t buffer_size,
							   size_t *string_bytes);

#ifdef __cplusplus
}
#endif

#endif
