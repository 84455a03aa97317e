/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the memory that a command means: virtual or physical. */
#include "command/memory.h"

#include <string.h>

static const struct {
	const char *text;
	uint32_t caching;
} cachings[] = {
	{ "[c]", TMEM_PHYSICAL_CACHED },
	{ "[uc]", TMEM_PHYSICAL_UNCACHED },
	{ "[wc]", TMEM_PHYSICAL_WRITE_COMBINED },
};

/* The bracket that stands at args->next. */
static bool take_bracket(struct tmi_args *args, struct tmi_memory *memory)
{
	for (size_t i = 0; i < sizeof(cachings) / sizeof(cachings[0]); i++) {
		size_t length = strlen(cachings[i].text);

		if (strncmp(args->next, cachings[i].text, length) != 0)
			continue;
		memory->caching = cachings[i].caching;
		args->next += length;
		return true;
	}
	return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
				 "expected [c] (cached), [uc] (uncached) or [wc] (write combined)");
}

bool tmi_memory_take_caching(struct tmi_args *args, struct tmi_memory *memory)
{
	return tmi_args_at_end(args) || *args->next != '[' || take_bracket(args, memory);
}

bool tmi_memory_take_option(struct tmi_args *args, struct tmi_memory *memory)
{
	const char *where = args->next;

	if (args->session->description.mode != TMEM_MODE_KERNEL)
		return tmi_error(args->session, "%s /p is only available in kernel mode",
				 args->name);
	if (memory->physical)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, where, "/p was given already");
	memory->physical = true;
	args->next += 2;
	if (*args->next == '[')
		return take_bracket(args, memory);
	if (*args->next && *args->next != ' ' && *args->next != '\t')
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
					 "expected /p, /p[c], /p[uc] or /p[wc], and a blank");
	return true;
}

bool tmi_args_physical(struct tmi_args *args, uint64_t *address)
{
	if (!tmi_args_expression(args, address))
		return false;
	*address = tmi_physical_address(*address);
	return true;
}

tmem_status tmi_memory_read(struct tmi_session *session, const struct tmi_memory *memory,
			    uint64_t address, void *buffer, size_t size, size_t *done)
{
	return memory->physical ? tmem_read_physical2(session->target, address, memory->caching,
						      buffer, size, done)
				: tmem_read_virtual(session->target, address, buffer, size, done);
}

tmem_status tmi_memory_write(struct tmi_session *session, const struct tmi_memory *memory,
			     uint64_t address, const void *data, size_t size, size_t *done)
{
	return memory->physical ? tmem_write_physical2(session->target, address, memory->caching,
						       data, size, done)
				: tmem_write_virtual(session->target, address, data, size, done);
}

uint64_t tmi_memory_last(const struct tmi_session *session, const struct tmi_memory *memory)
{
	return memory->physical ? UINT64_MAX : tmi_last_address(session);
}

uint64_t tmi_memory_clean(const struct tmi_session *session, const struct tmi_memory *memory,
			  uint64_t address)
{
	return memory->physical ? address : tmi_clean_address(session, address);
}

static bool next_valid_physical(struct tmi_session *session, uint64_t address, uint64_t last,
				uint64_t *next)
{
	struct tmem_run run = { .size = sizeof(run) };
	uint64_t from = address;

	/* Runs without bytes are passed over. */
	while (tmem_get_next_run(session->target, TMEM_DATA_SPACE_PHYSICAL, from, &run) ==
	       TMEM_S_OK) {
		uint64_t run_last = run.base + (run.length - 1);

		if (run.length == 0 || run.base > last)
			return false;
		if (run.source != TMEM_VSOURCE_INVALID) {
			*next = run.base > address ? run.base : address;
			return true;
		}
		if (run_last >= last || run_last < from)
			return false;
		from = run_last + 1;
	}
	return false;
}

bool tmi_memory_next_valid(struct tmi_session *session, const struct tmi_memory *memory,
			   uint64_t address, uint64_t size, uint64_t *next)
{
	uint64_t length;

	if (memory->physical)
		return next_valid_physical(session, address, address + (size - 1), next);
	if (tmem_get_valid_region_virtual(session->target, address, size, next, &length) !=
	    TMEM_S_OK)
		return false;
	*next = tmi_clean_address(session, *next);
	return true;
}

void tmi_memory_record(struct tmi_record *record, const struct tmi_memory *memory)
{
	if (memory->physical)
		tmi_record_text(record, "space", "physical");
}
