/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operand.c - the operands of expressions: numbers, names, registers.
 *
 * A word without "@" is tried as a number, a module, a register, a symbol, in this order. Module
 * names hold characters that are operators too (ld-linux-x86-64, libstdc++): the longest stretch
 * that is the name of a module wins.
 */
#include "command/operand.h"

#include <string.h>
#include <strings.h>

#include "command/number.h"

struct operand {
	const struct tmi_names *names;
	const char *text;
	const char *start;
	const char *next;
	struct tmi_error_place *error;
};

static bool fail(struct operand *o, enum tmi_error_kind kind, const char *where, size_t length)
{
	o->error->kind = kind;
	o->error->position = (size_t)(where - o->text);
	o->error->length = length;
	return false;
}

/* Turns the answer of a look-up into success, or a failure at the operand's start. */
static bool found(struct operand *o, enum tmi_lookup lookup, size_t length)
{
	switch (lookup) {
	case TMI_LOOKUP_FOUND: o->next = o->start + length; return true;
	case TMI_LOOKUP_KERNEL_ONLY: return fail(o, TMI_ERROR_KERNEL_ONLY, o->start, length);
	case TMI_LOOKUP_UNAVAILABLE:
		fail(o, TMI_ERROR_RESOLVE, o->start, length);
		o->error->unavailable = true;
		return false;
	default: return fail(o, TMI_ERROR_RESOLVE, o->start, length);
	}
}

/* Names of symbols: words, C++ scopes, "$" and "@" inside (versioned names). */
static size_t symbol_length(const char *at)
{
	size_t length = 0;

	while ((tmi_is_word(at[length]) && at[length] != '`') ||
	       (at[length] && strchr(":~$@.", at[length])))
		length++;
	return length;
}

static size_t word_length(const char *at)
{
	size_t length = 0;

	while (tmi_is_word(at[length]))
		length++;
	return length;
}

/* Characters that a module name may be made of. */
static bool is_module_character(char c)
{
	return (tmi_is_word(c) && c != '`') || c == '.' || c == '-' || c == '+' || c == '~';
}

/* module!symbol, its "!" at @start + @length. */
static bool evaluate_symbol(struct operand *o, size_t length, uint64_t *value)
{
	const char *name = o->start + length + 1;
	size_t name_length = symbol_length(name);

	return found(
		o, o->names->symbol(o->names->context, o->start, length, name, name_length, value),
		length + 1 + name_length);
}

/* The longest module name here; false and no failure when there is none. */
static bool find_module(struct operand *o, uint64_t *value)
{
	size_t length = 0;

	while (is_module_character(o->start[length]))
		length++;
	for (; length > 0; length--) {
		/* A name ends where a word ends: "libc" is not found in "libcrypto". */
		if (tmi_is_word(o->start[length]) && tmi_is_word(o->start[length - 1]))
			continue;
		if (o->names->module(o->names->context, o->start, length, value) !=
		    TMI_LOOKUP_FOUND)
			continue;
		o->next = o->start + length;
		return true;
	}
	return false;
}

static bool is_symbol_mark(const char *at)
{
	return at[0] == '!' && at[1] != '=';
}

/* "1000L20": the number of a range, and its extent right behind it. */
static bool find_number_before_extent(struct operand *o, uint64_t *value)
{
	size_t length = 0;
	bool accent;

	while (tmi_is_word(o->start[length]) && (o->start[length] | 0x20) != 'l')
		length++;
	if (o->start[0] > '9' || (o->start[length] | 0x20) != 'l' ||
	    tmi_number_parse(o->start, length, o->names->radix, value, &accent) != TMI_NUMBER_OK)
		return false;
	o->next = o->start + length;
	return true;
}

/* A word that is no number: module, module!symbol, register, symbol. */
static bool evaluate_name(struct operand *o, size_t length, uint64_t *value)
{
	enum tmi_lookup lookup;

	if (find_module(o, value))
		return !is_symbol_mark(o->next) ||
		       evaluate_symbol(o, (size_t)(o->next - o->start), value);
	lookup = o->names->reg(o->names->context, o->start, length, value);
	if (lookup == TMI_LOOKUP_MISSING && find_number_before_extent(o, value))
		return true;
	if (lookup == TMI_LOOKUP_MISSING)
		lookup = o->names->symbol(o->names->context, NULL, 0, o->start, length, value);
	return found(o, lookup, length);
}

static bool evaluate_word(struct operand *o, uint64_t *value)
{
	size_t length = word_length(o->start);
	bool accent;

	if (is_symbol_mark(o->start + length))
		return evaluate_symbol(o, length, value);
	switch (tmi_number_parse(o->start, length, o->names->radix, value, &accent)) {
	case TMI_NUMBER_OK:
		if (o->names->kernel && !accent && *value >> 31 == 1)
			*value |= UINT64_MAX << 32;
		o->next = o->start + length;
		return true;
	case TMI_NUMBER_OVERFLOW: return fail(o, TMI_ERROR_OVERFLOW, o->start, length);
	case TMI_NUMBER_ACCENT: return fail(o, TMI_ERROR_SYNTAX, o->start, length);
	default: return evaluate_name(o, length, value);
	}
}

/* [region] */
static bool evaluate_region(struct operand *o, uint64_t *value)
{
	const char *end = strchr(o->start, ']');
	size_t length;

	if (!end)
		return fail(o, TMI_ERROR_SYNTAX, o->start + strlen(o->start), 0);
	length = (size_t)(end - o->start) + 1;
	return found(o, o->names->region(o->names->context, o->start + 1, length - 2, value),
		     length);
}

static bool is_physical_operator(const char *name, size_t length)
{
	static const char *const names[] = { "$pby", "$pwo", "$pdwo", "$pqwo", "$ppoi" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* @rip, $t0, @$ip, or "." */
static bool evaluate_register(struct operand *o, uint64_t *value)
{
	const char *name = o->start + (*o->start == '@');
	size_t length;

	if (*o->start == '.') {
		if (tmi_is_word(o->start[1]) || o->start[1] == '.')
			return fail(o, TMI_ERROR_SYNTAX, o->start, 1);
		return found(o, o->names->reg(o->names->context, "$ip", 3, value), 1);
	}
	length = *name == '$';
	length += word_length(name + length);
	if (length <= (*name == '$'))
		return fail(o, TMI_ERROR_SYNTAX, o->start, 1);
	if (is_physical_operator(name, length) && !o->names->kernel)
		return found(o, TMI_LOOKUP_KERNEL_ONLY, (size_t)(name - o->start) + length);
	return found(o, o->names->reg(o->names->context, name, length, value),
		     (size_t)(name - o->start) + length);
}

bool tmi_operand_evaluate(const struct tmi_names *names, const char *text, const char **next,
			  uint64_t *value, struct tmi_error_place *error)
{
	struct operand o = { names, text, *next, *next, error };
	bool done;

	/* "%" says that the address is flat, which all of them are. */
	if (*o.start == '%')
		o.start++;
	while (*o.start == ' ' || *o.start == '\t')
		o.start++;
	if (*o.start == 0 || *o.start == ')' || *o.start == ',')
		return fail(&o, TMI_ERROR_MISSING, o.start, 0);
	if (*o.start == '[')
		done = evaluate_region(&o, value);
	else if (*o.start == '@' || *o.start == '$' || *o.start == '.')
		done = evaluate_register(&o, value);
	else if (tmi_is_word(*o.start) && *o.start != '`')
		done = evaluate_word(&o, value);
	else
		done = fail(&o, TMI_ERROR_SYNTAX, o.start, 1);
	*next = o.next;
	return done;
}
