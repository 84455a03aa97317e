/* SPDX-License-Identifier: Apache-2.0 */
/*
 * display.h - rows of memory as the d commands and the search show them.
 *
 * A row is made from bytes and a flag per byte that says whether it could be read; a value with a
 * missing byte shows as question marks. Rows that are read here go on past holes.
 */
#ifndef TMI_COMMAND_DISPLAY_H
#define TMI_COMMAND_DISPLAY_H

#include "command/command.h"

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

/* The same, reading the bytes itself: a whole row at @address, as s shows a hit. */
void tmi_display_row_at(struct tmi_session *session, const struct tmi_display_values *layout,
			uint64_t address);

/*
 * Reads [address, address + size): data[i] is the byte when valid[i] is 1; unreadable ones are 0
 * with valid[i] 0. Passes holes in few calls. @size must not run past the address space. False
 * when interrupted or the target is lost (an error was reported).
 */
bool tmi_read_with_holes(struct tmi_session *session, uint64_t address, uint8_t *data,
			 uint8_t *valid, size_t size);

/*
 * Rows of quoted text of da (@unit 1) or du (@unit 2): exactly @count characters from @address,
 * 32 a row, NULs shown as dots.
 */
bool tmi_display_string(struct tmi_session *session, unsigned unit, uint64_t address,
			uint64_t count);

#endif
