/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the explanation of a failure: numbers per thread now, text when asked.
 *
 * The place that finds the fault calls tmi_fail(); each layer that knows more on the way out calls
 * tmi_wrap(). Both return the status, so that a body stays flat:
 *
 *	return tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_NOT_MAPPED, address);
 *
 * A success costs nothing. The text names the outermost layer first:
 * "reading 8 bytes at 0000000000001000: nothing is mapped there".
 */
#ifndef TMI_BASE_ERROR_H
#define TMI_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

/* What an outer layer was doing. %a address, %s size in bytes; rest verbatim. */
#define TMI_ACTION_LIST(X)                                                                         \
	X(READ, "reading %s bytes at %a")                                                          \
	X(WRITE, "writing %s bytes at %a")                                                         \
	X(FILL, "filling %s bytes at %a")                                                          \
	X(SEARCH, "searching %s bytes at %a")                                                      \
	X(POINTERS, "reading pointers at %a")                                                      \
	X(WRITE_POINTERS, "writing pointers at %a")                                                \
	X(STRING, "reading a string at %a")                                                        \
	X(REGION, "looking up the region at %a")                                                   \
	X(TRANSLATE, "translating %a")

enum tmi_action {
#define TMI_ACTION_ROW(name, text) TMI_ACTION_##name,
	TMI_ACTION_LIST(TMI_ACTION_ROW)
#undef TMI_ACTION_ROW
};

/* Deeper chains than this keep their innermost and outermost layers. */
#define TMI_MAX_ACTIONS 4

/* The explanation of a thread's last failure; private to error.c and who saves it. */
struct tmi_explanation {
	const void *owner;
	struct tmem_error_detail detail;
	unsigned action_count;
	struct {
		enum tmi_action action;
		uint64_t address;
		uint64_t size;
	} actions[TMI_MAX_ACTIONS];
	bool has_address;
	const char *argument; /* bad argument: its name, constant */
	const char *expected; /* and what was expected, constant */
	char *text;           /* free text, NULL = none; owned */
	char *answer;         /* what tmem_last_error() returned last; owned */
};

/* Starts a new explanation. Forgets the last one of this thread. Returns @status. */
tmem_status tmi_fail(tmem_status status, enum tmem_reason reason, uint64_t address);

/* The same with the errno behind it. */
tmem_status tmi_fail_system(tmem_status status, enum tmem_reason reason, uint64_t address,
			    int system_error);

/*
 * The same for a paging entry: @address is the physical one of the entry, @level counts from 1 at
 * the last table, @entry is its value (0 when it could not be read).
 */
tmem_status tmi_fail_entry(tmem_status status, enum tmem_reason reason, uint64_t address,
			   uint32_t level, uint64_t entry);

/* The same with free text, for cold paths only (opening, options, formats): allocates. */
tmem_status tmi_fail_text(tmem_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts free text and ": " before the present explanation; cold paths only. Returns @status. */
tmem_status tmi_wrap_text(tmem_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds what the caller was doing to the present explanation. Returns @status. */
tmem_status tmi_wrap(tmem_status status, enum tmi_action action, uint64_t address, uint64_t size);

/* Says which handle the explanation belongs to; NULL for a failed open. Returns @status. */
tmem_status tmi_error_owner(tmem_status status, const void *owner);

/* Bad argument @name; @why says what was expected. Returns TMEM_E_INVALIDARG. */
tmem_status tmi_bad_argument(const char *name, const char *why);

/* Around a caller's callback: what it fails at does not replace the explanation of the call. */
void tmi_error_save(struct tmi_explanation *saved);
void tmi_error_restore(struct tmi_explanation *saved);

/* Reason of the present explanation (enum tmem_reason). */
uint32_t tmi_error_reason(void);

/* Text of the present explanation, for quoting inside another one. Valid until the next failure. */
const char *tmi_error_text(void);

#endif
