/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - status tables and the per-thread explanation of the last failure; see error.h. */
#include "base/error.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct tmi_explanation explanation;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void free_texts(void *pointer)
{
	struct tmi_explanation *e = pointer;

	free(e->text);
	free(e->answer);
	e->text = e->answer = NULL;
}

static void make_key(void)
{
	pthread_key_create(&key, free_texts);
}

/* Texts are the only heap part: freed when the thread ends. */
static void keep_text(char **slot, char *text)
{
	pthread_once(&key_once, make_key);
	pthread_setspecific(key, &explanation);
	free(*slot);
	*slot = text;
}

static void drop_text(void)
{
	if (explanation.text)
		keep_text(&explanation.text, NULL);
}

const char *tmem_status_name(tmem_status status)
{
	switch (status) {
#define ROW(name, value, text)                                                                     \
	case TMEM_##name: return #name;
		TMEM_STATUS_LIST(ROW)
#undef ROW
	}
	return "unknown status";
}

const char *tmem_status_text(tmem_status status)
{
	switch (status) {
#define ROW(name, value, text)                                                                     \
	case TMEM_##name: return text;
		TMEM_STATUS_LIST(ROW)
#undef ROW
	}
	return "unknown status";
}

const char *tmem_reason_text(uint32_t reason)
{
	static const char *const texts[] = {
#define ROW(name, text) text,
		TMEM_REASON_LIST(ROW)
#undef ROW
	};

	return reason < TMEM_REASON_COUNT ? texts[reason] : "unknown reason";
}

tmem_status tmi_fail_system(tmem_status status, enum tmem_reason reason, uint64_t address,
			    int system_error)
{
	struct tmi_explanation *e = &explanation;

	if (e->text)
		drop_text();
	e->owner = NULL;
	e->detail.status = status;
	e->detail.reason = reason;
	e->detail.level = 0;
	e->detail.address = address;
	e->detail.entry = 0;
	e->detail.system_error = system_error;
	e->action_count = 0;
	e->has_address = true;
	e->argument = NULL;
	return status;
}

tmem_status tmi_fail(tmem_status status, enum tmem_reason reason, uint64_t address)
{
	return tmi_fail_system(status, reason, address, 0);
}

tmem_status tmi_fail_entry(tmem_status status, enum tmem_reason reason, uint64_t address,
			   uint32_t level, uint64_t entry)
{
	tmi_fail(status, reason, address);
	explanation.detail.level = level;
	explanation.detail.entry = entry;
	return status;
}

tmem_status tmi_fail_text(tmem_status status, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	tmi_fail_system(status, TMEM_REASON_NONE, 0, 0);
	explanation.has_address = false;
	keep_text(&explanation.text, text);
	return status;
}

tmem_status tmi_wrap_text(tmem_status status, const char *format, ...)
{
	char *before = NULL;
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&before, format, arguments) < 0)
		before = NULL;
	va_end(arguments);
	if (before && asprintf(&text, "%s: %s", before, tmi_error_text()) >= 0) {
		keep_text(&explanation.text, text);
		explanation.action_count = 0;
		explanation.argument = NULL;
	}
	free(before);
	explanation.detail.status = status;
	return status;
}

tmem_status tmi_wrap(tmem_status status, enum tmi_action action, uint64_t address, uint64_t size)
{
	struct tmi_explanation *e = &explanation;
	unsigned i = e->action_count < TMI_MAX_ACTIONS ? e->action_count++ : TMI_MAX_ACTIONS - 1;

	e->actions[i].action = action;
	e->actions[i].address = address;
	e->actions[i].size = size;
	e->detail.status = status;
	return status;
}

tmem_status tmi_error_owner(tmem_status status, const void *owner)
{
	explanation.owner = owner;
	return status;
}

tmem_status tmi_bad_argument(const char *name, const char *why)
{
	tmi_fail(TMEM_E_INVALIDARG, TMEM_REASON_NONE, 0);
	explanation.has_address = false;
	explanation.argument = name;
	explanation.expected = why;
	return TMEM_E_INVALIDARG;
}

void tmi_error_save(struct tmi_explanation *saved)
{
	*saved = explanation;
	/* The texts have one owner at a time. */
	explanation.text = explanation.answer = NULL;
}

void tmi_error_restore(struct tmi_explanation *saved)
{
	free(explanation.text);
	free(explanation.answer);
	explanation = *saved;
}

uint32_t tmi_error_reason(void)
{
	return explanation.detail.reason;
}

/* "reading %s bytes at %a" with its numbers put in. */
static void print_action(FILE *out, enum tmi_action action, uint64_t address, uint64_t size)
{
	static const char *const texts[] = {
#define ROW(name, text) text,
		TMI_ACTION_LIST(ROW)
#undef ROW
	};

	for (const char *p = texts[action]; *p; p++) {
		if (*p == '%' && p[1] == 'a')
			fprintf(out, "%016" PRIx64, address), p++;
		else if (*p == '%' && p[1] == 's')
			fprintf(out, "%" PRIu64, size), p++;
		else
			putc(*p, out);
	}
	fputs(": ", out);
}

/* The innermost cause: free text, a bad argument, or reason with address. */
static void print_cause(FILE *out, const struct tmi_explanation *e)
{
	bool elsewhere =
		e->has_address && (!e->action_count || e->actions[0].address != e->detail.address);

	if (e->text) {
		fputs(e->text, out);
	} else if (e->argument) {
		fprintf(out, "bad %s: expected %s", e->argument, e->expected);
	} else if (e->detail.level) {
		fprintf(out, "level %u entry at physical %" PRIx64 " is %" PRIx64 ": %s",
			e->detail.level, e->detail.address, e->detail.entry,
			tmem_reason_text(e->detail.reason));
	} else if (e->detail.reason == TMEM_REASON_NONE) {
		fputs(tmem_status_text(e->detail.status), out);
	} else {
		if (elsewhere && e->detail.address)
			fprintf(out, "at %016" PRIx64 ": ", e->detail.address);
		fputs(tmem_reason_text(e->detail.reason), out);
	}
	if (e->detail.system_error)
		fprintf(out, " (%s)", strerrordesc_np(e->detail.system_error));
}

const char *tmi_error_text(void)
{
	struct tmi_explanation *e = &explanation;
	char *answer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&answer, &size);

	if (!out)
		return tmem_status_text(e->detail.status);
	for (unsigned i = e->action_count; i-- > 0;)
		print_action(out, e->actions[i].action, e->actions[i].address, e->actions[i].size);
	print_cause(out, e);
	fclose(out);
	keep_text(&e->answer, answer);
	return answer ? answer : tmem_status_text(e->detail.status);
}

const char *tmem_last_error(tmem_target *target)
{
	if (explanation.owner != target || !explanation.detail.status)
		return "";
	return tmi_error_text();
}

tmem_status tmem_last_error_detail(tmem_target *target, struct tmem_error_detail *detail)
{
	if (!detail || detail->size < sizeof(*detail))
		return TMEM_E_INVALIDARG;
	if (explanation.owner != target || !explanation.detail.status)
		return TMEM_E_NOINTERFACE;
	*detail = explanation.detail;
	detail->size = sizeof(*detail);
	return TMEM_S_OK;
}
