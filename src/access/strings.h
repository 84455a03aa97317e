/* SPDX-License-Identifier: Apache-2.0 */
/* strings.h - what the readers of single strings and of many share. */
#ifndef TMI_ACCESS_STRINGS_H
#define TMI_ACCESS_STRINGS_H

#include <stdbool.h>
#include <string.h>
#include <tmem/string.h>

#include "engine/lent.h"

/* Bytes fetched at a time, at most. */
#define TMI_STRING_PIECE 4096u

/* Of them at first: most strings are short. */
#define TMI_STRING_FIRST 256u

/* One 8-bit string and what its method answers. */
struct tmi_string {
	uint64_t offset;
	size_t max_bytes;
	char *buffer; /* NULL: only counted */
	size_t buffer_size;
	size_t string_bytes;
};

/*
 * Ends the text of a string whose bytes, the terminator among them, are @string->string_bytes, and
 * of which what fits is in the buffer. TMEM_S_FALSE when it does not fit.
 */
tmem_status tmi_string_finish(const struct tmi_string *string);

/* What a failure leaves: an empty string of no bytes. */
void tmi_string_fail(struct tmi_string *string);

/* Reads a string piece by piece through the layers. */
tmem_status tmi_string_read(tmem_target *target, struct tmi_space *space,
			    struct tmi_string *string);

/*
 * Reads a string out of lent bytes, when it ends in them. False: nothing was decided, though text
 * may be in the buffer.
 */
static inline bool tmi_string_take(struct tmi_string *string, const struct tmi_lent *lent,
				   tmem_status *status)
{
	size_t most = string->max_bytes < lent->size ? string->max_bytes : (size_t)lent->size;
	const uint8_t *end = memchr(lent->data, 0, most);
	size_t length;

	if (!end)
		return false;
	length = (size_t)(end - lent->data);
	string->string_bytes = length + 1;
	if (string->buffer && length < string->buffer_size) {
		memcpy(string->buffer, lent->data, length);
		string->buffer[length] = 0;
		*status = TMEM_S_OK;
	} else {
		if (string->buffer)
			memcpy(string->buffer, lent->data, string->buffer_size);
		*status = tmi_string_finish(string);
	}
	return tmi_lent_is_whole(lent);
}

#endif
