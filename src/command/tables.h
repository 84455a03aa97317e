/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - what the commands that walk page tables share: their arguments and their words. */
#ifndef TMI_COMMAND_TABLES_H
#define TMI_COMMAND_TABLES_H

#include "command/command.h"

/*
 * tmi_args_plain() - a number as WinDbg's extensions take it: hexadecimal whatever n says, never
 * sign-extended. What is no such number is taken as an expression.
 * @prefixed: optional; receives whether it began with 0x.
 */
bool tmi_args_plain(struct tmi_args *args, uint64_t *value, bool *prefixed);

/* The same for an address of the target. */
bool tmi_args_plain_address(struct tmi_args *args, uint64_t *address);

/*
 * tmi_args_root() - the first table of an address space, for tmem_translate(): 0 means the current
 * one; a page number of memory, or a byte address (a CR3 or TTBR value) when it is above the
 * highest page number or written with 0x.
 */
bool tmi_args_root(struct tmi_args *args, uint64_t *root);

/* What tmi_args_root() does with a number; @highest_page: of memory. */
uint64_t tmi_root_of(uint64_t value, bool prefixed, uint64_t highest_page, uint32_t page_size);

/* "Amd64", "X86", "Arm64": how WinDbg calls the tables of a scheme. */
const char *tmi_scheme_title(const struct tmem_translation *translation);

/* Hex digits of a physical address or an entry in these tables. */
int tmi_entry_digits(const struct tmem_translation *translation);

/* "PAE " before the names of entries, as WinDbg has it; "" elsewhere. */
const char *tmi_entry_prefix(const struct tmem_translation *translation);

/* Why a translation ended without a page, in words. */
const char *tmi_translation_reason(const struct tmem_translation *translation);

/* The fields of a translation's steps as a list "levels" of a record. */
void tmi_record_levels(struct tmi_record *record, const struct tmem_translation *translation);

/* Puts the flags of an entry in WinDbg's letters: "---DA--KWEV"; see !pte. */
void tmi_entry_flags_put(struct tmi_text *out, uint32_t flags);

#endif
