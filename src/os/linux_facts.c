/* SPDX-License-Identifier: Apache-2.0 */
/* linux_facts.c - what is known about the kernel and why; options that decide it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux.h"

/* More than this many facts are not kept: hostile memory could go on refusing for ever. */
#define FACTS_MAX 512

static void free_fact(struct tmi_os_fact *fact)
{
	free((char *)fact->name);
	free((char *)fact->value);
	free((char *)fact->evidence);
}

void tmi_linux_facts_fini(struct tmi_linux *state)
{
	struct tmi_linux_facts *facts = &state->facts;

	for (size_t i = 0; i < facts->count; i++)
		free_fact(&facts->list[i]);
	free(facts->list);
	*facts = (struct tmi_linux_facts){ 0 };
}

static bool make_room(struct tmi_linux_facts *facts)
{
	size_t room = facts->room ? facts->room * 2 : 32;
	struct tmi_os_fact *list;

	if (facts->count >= FACTS_MAX)
		return false;
	if (facts->count < facts->room)
		return true;
	list = realloc(facts->list, room * sizeof(*list));
	if (!list)
		return false;
	facts->list = list;
	facts->room = room;
	return true;
}

/* Takes @evidence, which is malloc()ed. */
static void add(struct tmi_linux *state, const char *name, const char *value, char *evidence)
{
	struct tmi_os_fact fact = {
		.name = strdup(name),
		.value = strdup(value),
		.evidence = evidence,
	};

	if (fact.name && fact.value && fact.evidence && make_room(&state->facts))
		state->facts.list[state->facts.count++] = fact;
	else
		free_fact(&fact);
}

static char *format(const char *text, va_list arguments)
{
	char *result;

	return vasprintf(&result, text, arguments) < 0 ? NULL : result;
}

void tmi_linux_fact_text(struct tmi_linux *state, const char *name, const char *value,
			 const char *evidence, ...)
{
	va_list arguments;

	va_start(arguments, evidence);
	add(state, name, value, format(evidence, arguments));
	va_end(arguments);
}

void tmi_linux_fact_address(struct tmi_linux *state, const char *name, uint64_t value,
			    const char *evidence, ...)
{
	char number[24];
	va_list arguments;

	snprintf(number, sizeof(number), "0x%" PRIx64, value);
	va_start(arguments, evidence);
	add(state, name, number, format(evidence, arguments));
	va_end(arguments);
}

void tmi_linux_refused(struct tmi_linux *state, const char *name, const char *why, ...)
{
	va_list arguments;

	va_start(arguments, why);
	add(state, name, "refused", format(why, arguments));
	va_end(arguments);
}

tmem_status tmi_linux_option(const struct tmi_os_memory *memory, const char *key, bool *given,
			     uint64_t *value)
{
	const char *text = memory->option(memory->context, key);
	char *end;

	*given = false;
	*value = 0;
	if (!text)
		return TMEM_S_OK;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (end == text || *end || errno)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option %s=%s: a number was expected (decimal or 0x...)", key,
				     text);
	*given = true;
	return TMEM_S_OK;
}
