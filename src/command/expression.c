/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression.c - MASM expressions: operators over operands.
 *
 * Operator precedence with two explicit stacks, so that nothing recurses on the input: operators
 * wait on one until an operator of lower or equal level, a closing parenthesis or the end comes.
 * Unary operators bind tightest and are applied as soon as their operand is complete.
 */
#include "command/expression.h"

#include <string.h>
#include <strings.h>

#include "command/functions.h"
#include "command/number.h"
#include "command/operand.h"

#define STACK_LIMIT 256 /* operators and operands that may wait for their turn */

/* Every operator: name, level (higher binds tighter; 0 is no operator), spelling. */
#define BINARY_LIST(X)                                                                             \
	X(SHIFT_RIGHT_SIGNED, 5, ">>>")                                                            \
	X(SHIFT_LEFT, 5, "<<")                                                                     \
	X(SHIFT_RIGHT, 5, ">>")                                                                    \
	X(EQUAL, 4, "==")                                                                          \
	X(NOT_EQUAL, 4, "!=")                                                                      \
	X(LESS_EQUAL, 4, "<=")                                                                     \
	X(GREATER_EQUAL, 4, ">=")                                                                  \
	X(ASSIGN_EQUAL, 4, "=")                                                                    \
	X(LESS, 4, "<")                                                                            \
	X(GREATER, 4, ">")                                                                         \
	X(MULTIPLY, 7, "*")                                                                        \
	X(DIVIDE, 7, "/")                                                                          \
	X(REMAINDER, 7, "%")                                                                       \
	X(REMAINDER_WORD, 7, "mod")                                                                \
	X(ADD, 6, "+")                                                                             \
	X(SUBTRACT, 6, "-")                                                                        \
	X(AND, 3, "&")                                                                             \
	X(AND_WORD, 3, "and")                                                                      \
	X(XOR, 2, "^")                                                                             \
	X(XOR_WORD, 2, "xor")                                                                      \
	X(OR, 1, "|")                                                                              \
	X(OR_WORD, 1, "or")

#define UNARY_LIST(X)                                                                              \
	X(NEGATE, "-")                                                                             \
	X(PLUS, "+")                                                                               \
	X(NOT, "not")                                                                              \
	X(HIGH, "hi")                                                                              \
	X(LOW, "low")                                                                              \
	X(BYTE, "by")                                                                              \
	X(WORD, "wo")                                                                              \
	X(DWORD, "dwo")                                                                            \
	X(QWORD, "qwo")                                                                            \
	X(POINTER, "poi")                                                                          \
	X(PHYSICAL_BYTE, "$pby")                                                                   \
	X(PHYSICAL_WORD, "$pwo")                                                                   \
	X(PHYSICAL_DWORD, "$pdwo")                                                                 \
	X(PHYSICAL_QWORD, "$pqwo")                                                                 \
	X(PHYSICAL_POINTER, "$ppoi")

enum code {
	PAREN,
	ENTRY, /* "$iment(" */
	VALID, /* "$vvalid("; the last one that a parenthesis closes */
#define ROW(name, level, text) name,
	BINARY_LIST(ROW)
#undef ROW
		FIRST_UNARY,
#define ROW(name, text) U_##name,
	UNARY_LIST(ROW)
#undef ROW
};

static const struct {
	const char *text;
	enum code code;
	unsigned level;
} binaries[] = {
#define ROW(name, level, text) { text, name, level },
	BINARY_LIST(ROW)
#undef ROW
};

static const struct {
	const char *text;
	enum code code;
} unaries[] = {
#define ROW(name, text) { text, U_##name },
	UNARY_LIST(ROW)
#undef ROW
};

struct waiting {
	enum code code;
	unsigned level;
	unsigned values; /* PAREN, ENTRY, VALID: operands there were when it opened */
};

struct evaluation {
	const struct tmi_names *names;
	const char *text;
	const char *next;
	const char *last; /* start of the last token: where a failing read is reported */
	unsigned flags;
	unsigned waiting_count;
	unsigned value_count;
	struct tmi_error_place *error;
	struct waiting waiting[STACK_LIMIT];
	uint64_t values[STACK_LIMIT];
};

static bool fail(struct evaluation *e, enum tmi_error_kind kind, const char *where)
{
	e->error->kind = kind;
	e->error->position = (size_t)(where - e->text);
	e->error->length = 0;
	return false;
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

/* Length of @spelling when it stands at @at; words must end there. 0 when not. */
static size_t match(const char *at, const char *spelling)
{
	size_t length = strlen(spelling);

	if (strncasecmp(at, spelling, length) != 0)
		return 0;
	return tmi_is_word(spelling[length - 1]) && tmi_is_word(at[length]) ? 0 : length;
}

static bool push_value(struct evaluation *e, uint64_t value)
{
	if (e->value_count == STACK_LIMIT)
		return fail(e, TMI_ERROR_OVERFLOW, e->last);
	e->values[e->value_count++] = value;
	return true;
}

static bool push_operator(struct evaluation *e, enum code code, unsigned level, size_t length)
{
	e->last = e->next;
	if (e->waiting_count == STACK_LIMIT)
		return fail(e, TMI_ERROR_OVERFLOW, e->next);
	e->waiting[e->waiting_count++] = (struct waiting){ code, level, e->value_count };
	e->next += length;
	return true;
}

/* Reads an unsigned integer of the target. */
static bool load_from(struct evaluation *e, bool physical, uint64_t address, unsigned size,
		      uint64_t *value)
{
	uint8_t bytes[8];
	bool done = physical ? e->names->read_physical(e->names->context, address, bytes, size)
			     : e->names->read(e->names->context, address, bytes, size);

	if (!done)
		return fail(e, TMI_ERROR_MEMORY, e->last);
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 | bytes[e->names->big_endian ? i : size - 1 - i];
	return true;
}

static bool load(struct evaluation *e, uint64_t address, unsigned size, uint64_t *value)
{
	return load_from(e, false, address, size, value);
}

static bool load_physical(struct evaluation *e, uint64_t address, unsigned size, uint64_t *value)
{
	/* The sign extension of a 32-bit constant makes no physical address. */
	if (address >> 31 == 0x1ffffffff)
		address = (uint32_t)address;
	return load_from(e, true, address, size, value);
}

static bool apply_unary(struct evaluation *e, enum code code)
{
	uint64_t *value = &e->values[e->value_count - 1];

	switch (code) {
	case U_NEGATE: *value = -*value; return true;
	case U_NOT: *value = *value == 0; return true;
	case U_HIGH: *value = *value >> 16 & 0xffff; return true;
	case U_LOW: *value &= 0xffff; return true;
	case U_BYTE: return load(e, *value, 1, value);
	case U_WORD: return load(e, *value, 2, value);
	case U_DWORD: return load(e, *value, 4, value);
	case U_QWORD: return load(e, *value, 8, value);
	case U_POINTER: return load(e, *value, e->names->pointer_size, value);
	case U_PHYSICAL_BYTE: return load_physical(e, *value, 1, value);
	case U_PHYSICAL_WORD: return load_physical(e, *value, 2, value);
	case U_PHYSICAL_DWORD: return load_physical(e, *value, 4, value);
	case U_PHYSICAL_QWORD: return load_physical(e, *value, 8, value);
	case U_PHYSICAL_POINTER: return load_physical(e, *value, e->names->pointer_size, value);
	default: return true;
	}
}

static uint64_t shift(enum code code, uint64_t left, uint64_t right)
{
	bool negative = code == SHIFT_RIGHT_SIGNED && left >> 63;

	if (right > 63)
		return negative ? UINT64_MAX : 0;
	if (code == SHIFT_LEFT)
		return left << right;
	left >>= right;
	return negative && right > 0 ? left | UINT64_MAX << (64 - right) : left;
}

static bool compare(enum code code, uint64_t left, uint64_t right)
{
	switch (code) {
	case NOT_EQUAL: return left != right;
	case LESS_EQUAL: return left <= right;
	case GREATER_EQUAL: return left >= right;
	case LESS: return left < right;
	case GREATER: return left > right;
	default: return left == right;
	}
}

static uint64_t calculate(enum code code, uint64_t left, uint64_t right)
{
	switch (code) {
	case MULTIPLY: return left * right;
	case DIVIDE: return left / right;
	case REMAINDER:
	case REMAINDER_WORD: return left % right;
	case ADD: return left + right;
	case SUBTRACT: return left - right;
	case SHIFT_LEFT:
	case SHIFT_RIGHT:
	case SHIFT_RIGHT_SIGNED: return shift(code, left, right);
	case AND:
	case AND_WORD: return left & right;
	case XOR:
	case XOR_WORD: return left ^ right;
	case OR:
	case OR_WORD: return left | right;
	default: return compare(code, left, right);
	}
}

/* Applies the operator on top of the stack, which is no parenthesis. */
static bool apply(struct evaluation *e)
{
	enum code code = e->waiting[--e->waiting_count].code;
	uint64_t right;

	if (code > FIRST_UNARY)
		return apply_unary(e, code);
	right = e->values[--e->value_count];
	if (right == 0 && (code == DIVIDE || code == REMAINDER || code == REMAINDER_WORD))
		return fail(e, TMI_ERROR_OPERAND, e->last);
	e->values[e->value_count - 1] = calculate(code, e->values[e->value_count - 1], right);
	return true;
}

/* Applies what waits above the last parenthesis and binds at least as tight as @level. */
static bool apply_from(struct evaluation *e, unsigned level)
{
	while (e->waiting_count > 0 && e->waiting[e->waiting_count - 1].code > VALID &&
	       e->waiting[e->waiting_count - 1].level >= level)
		if (!apply(e))
			return false;
	return true;
}

/* Characters of @name and its parenthesis at @at; 0 when they do not stand there. */
static size_t match_function(const char *at, const char *name)
{
	size_t length = match(at, name);
	const char *open = skip_blanks(at + length);

	return length > 0 && *open == '(' ? (size_t)(open + 1 - at) : 0;
}

/* An operand or what may stand before one. *complete: a value was pushed. */
static bool parse_operand(struct evaluation *e, bool *complete)
{
	uint64_t value;
	size_t length;

	*complete = false;
	e->next = skip_blanks(e->next);
	if (*e->next == '(')
		return push_operator(e, PAREN, 0, 1);
	if ((length = match_function(e->next, "$vvalid")) > 0)
		return push_operator(e, VALID, 0, length);
	if ((length = match_function(e->next, "$iment")) > 0)
		return push_operator(e, ENTRY, 0, length);
	for (size_t i = 0; i < sizeof(unaries) / sizeof(unaries[0]); i++)
		if ((e->names->kernel || *unaries[i].text != '$') &&
		    (length = match(e->next, unaries[i].text)) > 0)
			return push_operator(e, unaries[i].code, 8, length);
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (binaries[i].code != REMAINDER && match(e->next, binaries[i].text) > 0)
			return fail(e, TMI_ERROR_MISSING, e->next);
	e->last = e->next;
	switch (tmi_function_evaluate(e->text, &e->next, &value, e->error)) {
	case TMI_FUNCTION_FAILED: return false;
	case TMI_FUNCTION_DONE: break;
	default:
		if (!tmi_operand_evaluate(e->names, e->text, &e->next, &value, e->error))
			return false;
	}
	*complete = true;
	return push_value(e, value) && apply_from(e, 8);
}

/* Closes the innermost parenthesis; it is known that one is open. */
static bool close_parenthesis(struct evaluation *e)
{
	struct waiting *open;
	uint64_t address, size;

	if (!apply_from(e, 0))
		return false;
	open = &e->waiting[--e->waiting_count];
	if (open->code == ENTRY && e->value_count - open->values == 1) {
		e->error->position = (size_t)(e->last - e->text);
		if (!tmi_function_entry(e->names, e->values[open->values], &e->values[open->values],
					e->error))
			return false;
	}
	e->last = e->next;
	if (e->value_count - open->values != (open->code == VALID ? 2 : 1))
		return fail(e, TMI_ERROR_SYNTAX, e->next);
	e->next++;
	if (open->code == VALID) {
		size = e->values[--e->value_count];
		address = e->values[e->value_count - 1];
		e->values[e->value_count - 1] = e->names->valid(e->names->context, address, size);
	}
	return apply_from(e, 8);
}

/* True when a parenthesis is open; *function: it is that of a function. */
static bool in_parenthesis(const struct evaluation *e, bool *function)
{
	for (unsigned i = e->waiting_count; i > 0; i--)
		if (e->waiting[i - 1].code <= VALID) {
			*function = e->waiting[i - 1].code == VALID;
			return true;
		}
	return *function = false;
}

/* What may follow an operand. *more: another operand must come; *over: the expression ends. */
static bool parse_operator(struct evaluation *e, bool *more, bool *over)
{
	const char *at = skip_blanks(e->next);
	bool function, inside = in_parenthesis(e, &function);
	size_t length;

	*more = *over = false;
	if (*at == ')' && inside) {
		e->next = at;
		return close_parenthesis(e);
	}
	if (*at == ',' && function) {
		e->next = at + 1;
		*more = true;
		return apply_from(e, 0);
	}
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
		if ((length = match(at, binaries[i].text)) == 0)
			continue;
		if ((e->flags & TMI_EXPRESSION_LIST) && !inside && at != e->next &&
		    skip_blanks(at + length) == at + length)
			break;
		if (!apply_from(e, binaries[i].level))
			return false;
		e->next = at;
		*more = true;
		return push_operator(e, binaries[i].code, binaries[i].level, length);
	}
	*over = true;
	return !inside || fail(e, TMI_ERROR_SYNTAX, at);
}

bool tmi_expression_evaluate(const struct tmi_names *names, const char *text, unsigned flags,
			     uint64_t *value, const char **next, struct tmi_error_place *error)
{
	struct evaluation e;
	bool complete, more = true, over = false;

	e.names = names;
	e.text = e.next = e.last = text;
	e.flags = flags;
	e.waiting_count = e.value_count = 0;
	e.error = error;
	*error = (struct tmi_error_place){ 0 };
	*value = 0;
	while (!over) {
		for (; more; more = !complete)
			if (!parse_operand(&e, &complete))
				return false;
		if (!parse_operator(&e, &more, &over))
			return false;
	}
	if (!apply_from(&e, 0))
		return false;
	*value = e.values[0];
	*next = e.next;
	return true;
}
