/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - text conversion between UTF-16 and the code pages that Windows numbers.
 *
 * A conversion is fed piece by piece, so that a string of any length needs no buffer of its own.
 * It never fails on the text: what cannot be decoded becomes U+FFFD, what cannot be expressed
 * becomes U+FFFD where the code page has it and "?" elsewhere.
 */
#ifndef TMI_BASE_TEXT_H
#define TMI_BASE_TEXT_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

/* Longest character of a code page, in bytes; a rest of the input is at most this. */
#define TMI_CONVERTER_CARRY 16

struct tmi_converter {
	iconv_t handle;
	uint8_t *out; /* NULL: only counted */
	size_t room;  /* bytes @out may still take */
	size_t used;  /* bytes of whole characters converted and kept */
	bool full;    /* a character did not fit: the rest is ignored */
	bool to_wide;
	bool big_endian;                    /* of a UTF-16 source */
	uint8_t carry[TMI_CONVERTER_CARRY]; /* beginning of a character, continued in the next piece
					     */
	size_t carried;
};

/* iconv's name of a Windows code page; NULL when unknown, or when its units are not bytes. */
const char *tmi_code_page_name(uint32_t code_page);

/* TMEM_E_INVALIDARG, explained, for a code page without a name. */
tmem_status tmi_code_page_check(uint32_t code_page);

/*
 * From a code page to UTF-16 in this machine's byte order. @out may be NULL; @room in bytes.
 * TMEM_E_INVALIDARG unknown code page; TMEM_E_OUTOFMEMORY. tmi_converter_fini() after success.
 */
tmem_status tmi_converter_init_wide(struct tmi_converter *text, uint32_t code_page, void *out,
				    size_t room);

/* From UTF-16 of the given byte order to a code page. */
tmem_status tmi_converter_init_narrow(struct tmi_converter *text, uint32_t code_page,
				      bool big_endian, void *out, size_t room);

/* Converts the next piece of input. */
void tmi_converter_feed(struct tmi_converter *text, const void *bytes, size_t size);

/* Ends the text: a character that never got complete, and closing shift states. */
void tmi_converter_finish(struct tmi_converter *text);

void tmi_converter_fini(struct tmi_converter *text);

#endif
