/* SPDX-License-Identifier: Apache-2.0 */
/*
 * display.h - rows of memory as the d commands and the search show them.
 *
 * A row is made from bytes and a flag per byte that says whether it could be read; a value with a
 * missing byte shows as question marks. Rows that are read here go on past holes.
 */
#ifndef TMI_COMMAND_DISPLAY_H
#define TMI_COMMAND_DISPLAY_H

#include "command/memory.h"

/* What a row of values looks like. */
struct tmi_display_values {
	unsigned element; /* bytes of a value: 1, 2, 4, 8; 0 = pointer of the target */
	unsigned columns; /* values a row */
	bool text;        /* the bytes' characters on the right */
};

/* The layouts of db dw dW dd dc dq (index: the letter), and of dp; NULL for another letter. */
const struct tmi_display_values *tmi_display_layout(char letter);

/*
 * One row at @address with @count values (at most layout->columns; fewer leave the text column
 * where it is): "address  values  text\n". @valid: one byte per byte, 0 = unreadable.
 */
void tmi_display_row(struct tmi_session *session, struct tmi_text *out,
		     const struct tmi_display_values *layout, uint64_t address, const uint8_t *data,
		     const uint8_t *valid, unsigned count);

/* The same row as a record of this type: bytes, values unless they are bytes, text if shown. */
void tmi_display_record(struct tmi_session *session, const char *type,
			const struct tmi_memory *memory, const struct tmi_display_values *layout,
			uint64_t address, const uint8_t *data, const uint8_t *valid,
			unsigned count);

/* A whole row at @address whose bytes are read here, as s shows a hit; its record is a "hit". */
void tmi_display_row_at(struct tmi_session *session, const struct tmi_display_values *layout,
			uint64_t address);

/*
 * Reads [address, address + size): data[i] is the byte when valid[i] is 1; unreadable ones are 0
 * with valid[i] 0; so are those past the end of the address space. Passes holes in few calls. False
 * when the target is lost, or has no memory of that kind (an error was reported).
 */
bool tmi_read_with_holes(struct tmi_session *session, const struct tmi_memory *memory,
			 uint64_t address, uint8_t *data, uint8_t *valid, size_t size);

/* What stands between a d command's name and its range. */
struct tmi_display_options {
	unsigned columns;         /* /cN; 0 = as usual */
	struct tmi_memory memory; /* /p */
};

/*
 * Parses options and range of a d command and checks that nothing follows. Without a range the
 * display goes on where the last one ended. @columns_allowed: the command has /cN.
 */
bool tmi_display_parse(struct tmi_args *args, bool columns_allowed,
		       const struct tmi_range_rule *rule, struct tmi_display_options *options,
		       struct tmi_range *range);

/* Bytes of a value by the second letter of dd?, dq?, dp?. */
static inline unsigned tmi_display_element(const struct tmi_session *session, char letter)
{
	return letter == 'd' ? 4 : letter == 'q' ? 8 : tmi_pointer_size(session);
}

/* Bytes of a range when its last value is shown whole. */
static inline uint64_t tmi_display_bytes(const struct tmi_range *range, unsigned element)
{
	uint64_t bytes;

	return __builtin_mul_overflow(range->count, (uint64_t)element, &bytes) ? range->size
									       : bytes;
}

/* Shows one block of memory; false stops. */
typedef bool tmi_display_block(void *context, uint64_t address, const uint8_t *data,
			       const uint8_t *valid, size_t size);

/*
 * Walks [address, address + size) in blocks that are whole multiples of @row bytes (but the last)
 * and hands each to @show. Polls interrupts, and keeps the place where a next display goes on.
 */
bool tmi_display_walk(struct tmi_session *session, const struct tmi_memory *memory,
		      uint64_t address, uint64_t size, size_t row, tmi_display_block *show,
		      void *context);

/* A display without a range goes on at @address; virtual and physical memory apart. */
void tmi_display_set_next(struct tmi_session *session, const struct tmi_memory *memory,
			  uint64_t address);

/* Appends characters of a string, dots for what cannot be shown; @valid may be NULL. */
void tmi_display_characters(const struct tmi_session *session, struct tmi_text *out, unsigned unit,
			    const uint8_t *data, const uint8_t *valid, size_t count);

/* Unsigned integer of the target, of 1, 2, 4 or 8 bytes. */
uint64_t tmi_display_load(const struct tmi_session *session, const uint8_t *data, unsigned size);

/* True when all bytes of a value could be read. */
bool tmi_display_is_valid(const uint8_t *valid, size_t size);

/* Appends a value, or question marks of the same width. */
void tmi_display_value(const struct tmi_session *session, struct tmi_text *out, const uint8_t *data,
		       const uint8_t *valid, unsigned size);

/* A value that memory holds as a field of a record; null when it cannot be read. */
void tmi_display_record_value(struct tmi_record *record, const char *name, const uint8_t *data,
			      const uint8_t *valid, unsigned size);

/* A record of this type: text of @count characters, with its bytes. */
void tmi_display_record_text(struct tmi_session *session, const char *type,
			     const struct tmi_memory *memory, unsigned unit, uint64_t address,
			     const uint8_t *data, const uint8_t *valid, size_t count);

/*
 * Rows of quoted text of da (@unit 1) or du (@unit 2): exactly @count characters from @address,
 * 32 a row, NULs shown as dots. Records: a "hit", of a long text further ones of type "text".
 */
bool tmi_display_string(struct tmi_session *session, unsigned unit, uint64_t address,
			uint64_t count);

#endif
