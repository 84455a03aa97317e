/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression.h - MASM expressions: the numbers and addresses that commands take.
 *
 * The evaluator knows no target: names, registers and memory come through struct tmi_names, so it
 * runs in a unit test on made-up ones. Commands do not call it directly but tmi_args_expression()
 * (command.h), which reports errors.
 *
 *	numbers		radix of the session; 0x 0n 0t 0y prefixes, h suffix; 00007fff`12345678
 *	names		module, module!symbol, [heap] [stack] or any [region or file name]
 *	registers	"@rip", "@eax" ...; $ip $csp $exp $ea $p $proc $tpid $tid $ptrsize
 *			$pagesize, $t0..$t19
 *	unary		+ - not hi low by wo dwo qwo poi; in kernel mode, of physical memory:
 *			$pby $pwo $pdwo $pqwo $ppoi
 *	binary		* / % mod   + -   << >> >>>   = == < > <= >= !=   & and   ^ xor   | or
 *	functions	$vvalid(address, bytes)   $iment(base)   $scmp("a", "b")   $sicmp   $spat
 *
 * Everything is unsigned 64-bit arithmetic; operators of one level work left to right.
 */
#ifndef TMI_COMMAND_EXPRESSION_H
#define TMI_COMMAND_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of command line errors and their texts. */
#define TMI_ERROR_LIST(X)                                                                          \
	X(NONE, "")                                                                                \
	X(SYNTAX, "Syntax error")                                                                  \
	X(MISSING, "Numeric expression missing")                                                   \
	X(RESOLVE, "Couldn't resolve error")                                                       \
	X(MEMORY, "Memory access error")                                                           \
	X(RANGE, "Range error")                                                                    \
	X(EXTRA, "Extra character error")                                                          \
	X(OVERFLOW, "Overflow error")                                                              \
	X(OPERAND, "Operand error")                                                                \
	X(KERNEL_ONLY, "only available in kernel mode")                                            \
	X(USER_ONLY, "only available in user mode")

enum tmi_error_kind {
#define TMI_ERROR_ROW(name, text) TMI_ERROR_##name,
	TMI_ERROR_LIST(TMI_ERROR_ROW)
#undef TMI_ERROR_ROW
};

/* What was wrong, and where: offset into the text that was given. */
struct tmi_error_place {
	enum tmi_error_kind kind;
	size_t position;
	size_t length;    /* characters of the bad word, 0 = unknown */
	bool unavailable; /* RESOLVE: the name is known, but has no value now */
	const char *why;  /* what is wrong in words, NULL = what the kind says */
};

enum tmi_lookup {
	TMI_LOOKUP_FOUND,
	TMI_LOOKUP_MISSING,     /* no such name */
	TMI_LOOKUP_UNAVAILABLE, /* it exists, but has no value now: a running thread's register */
	TMI_LOOKUP_KERNEL_ONLY,
};

/* Where names and memory come from. Names are @length characters, not NUL-terminated. */
struct tmi_names {
	void *context;
	unsigned radix;        /* 8, 10 or 16 */
	unsigned pointer_size; /* 4 or 8 */
	bool big_endian;
	bool kernel; /* constants 80000000..ffffffff are sign-extended */
	/* Module: its base address. */
	enum tmi_lookup (*module)(void *context, const char *name, size_t length, uint64_t *value);
	/* Symbol, after "module!" or alone with @module NULL. */
	enum tmi_lookup (*symbol)(void *context, const char *module, size_t module_length,
				  const char *name, size_t length, uint64_t *value);
	/* Region by what stands between the brackets: its first address. */
	enum tmi_lookup (*region)(void *context, const char *name, size_t length, uint64_t *value);
	/* Register without its "@": "rip", "$ip", "$t0"; "." comes as "$ip". */
	enum tmi_lookup (*reg)(void *context, const char *name, size_t length, uint64_t *value);
	/* Reads @size (at most 8) bytes; false when one is unreadable. */
	bool (*read)(void *context, uint64_t address, void *buffer, size_t size);
	/* The same for physical memory; called only when @kernel is set. */
	bool (*read_physical)(void *context, uint64_t address, void *buffer, size_t size);
	/* True when all of the range is readable. */
	bool (*valid)(void *context, uint64_t address, uint64_t size);
};

enum tmi_expression_flags {
	/*
	 * A value of a list such as "eb 1000 1 -1 (2+3)": a blank ends it unless the operator that
	 * follows has a blank after it too.
	 */
	TMI_EXPRESSION_LIST = 1,
};

/*
 * Evaluates the expression at the start of @text. *next is set to what follows it (blanks skipped
 * only inside). Returns true; or false with @error filled (position in @text).
 */
bool tmi_expression_evaluate(const struct tmi_names *names, const char *text, unsigned flags,
			     uint64_t *value, const char **next, struct tmi_error_place *error);

#endif
