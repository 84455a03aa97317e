/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - what names and memory mean to expressions of a session: modules, regions, reads.
 */
#include "command/names.h"

#include <string.h>
#include <strings.h>

#include "command/modules.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool same(const char *name, const char *word, size_t length, bool any_case)
{
	if (strlen(name) != length)
		return false;
	return any_case ? strncasecmp(name, word, length) == 0 : memcmp(name, word, length) == 0;
}

static enum tmi_lookup find_module(void *context, const char *name, size_t length, uint64_t *value)
{
	const struct tmi_modules *modules = tmi_session_modules(context);

	/* First as it is written, then in any case: Linux may have both "Foo" and "foo". */
	for (int any_case = 0; modules && any_case < 2; any_case++)
		for (size_t i = 0; i < modules->count; i++) {
			const struct tmi_module *module = &modules->list[i];

			if (!same(module->name, name, length, any_case) &&
			    !same(base_name(module->file), name, length, any_case))
				continue;
			*value = module->base;
			return TMI_LOOKUP_FOUND;
		}
	return TMI_LOOKUP_MISSING;
}

static enum tmi_lookup find_symbol(void *context, const char *module, size_t module_length,
				   const char *name, size_t length, uint64_t *value)
{
	struct tmi_session *session = context;
	struct tmi_text text = { 0 };
	enum tmi_lookup lookup = TMI_LOOKUP_MISSING;
	uint64_t base;

	/* The module may be written in any case; its address says which one is meant. */
	if (module && find_module(context, module, module_length, &base) == TMI_LOOKUP_FOUND) {
		tmi_text_puts(&text, tmi_module_at(session, base)->name);
		tmi_text_char(&text, '!', 1);
	}
	tmi_text_put(&text, name, length);
	if (!text.failed && (!module || text.size > length) &&
	    !TMEM_FAILED(tmem_get_offset_by_name(session->target, text.data, value)))
		lookup = TMI_LOOKUP_FOUND;
	tmi_text_fini(&text);
	return lookup;
}

/* How well a run's name fits what stands between the brackets; 0 = not at all. */
static unsigned fit(const char *run, const char *name, size_t length)
{
	size_t size = strlen(run);

	if (size == length + 2 && run[0] == '[' && run[size - 1] == ']' &&
	    memcmp(run + 1, name, length) == 0)
		return 3;
	if (same(run, name, length, false))
		return 2;
	return same(base_name(run), name, length, false) ? 1 : 0;
}

static enum tmi_lookup find_region(void *context, const char *name, size_t length, uint64_t *value)
{
	struct tmi_session *session = context;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	unsigned best = 0;

	if (TMEM_FAILED(tmem_run_cursor_new(session->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor)))
		return TMI_LOOKUP_UNAVAILABLE;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK) {
		unsigned now = fit(run.name, name, length);

		if (now <= best)
			continue;
		best = now;
		*value = run.base;
	}
	tmem_run_cursor_free(cursor);
	return best > 0 ? TMI_LOOKUP_FOUND : find_module(context, name, length, value);
}

static enum tmi_lookup find_register(void *context, const char *name, size_t length,
				     uint64_t *value)
{
	return tmi_session_register(context, name, length, value);
}

static bool read_memory(void *context, uint64_t address, void *buffer, size_t size)
{
	struct tmi_session *session = context;
	uint64_t value = 0;
	size_t done;

	if (TMEM_FAILED(tmem_read_virtual(session->target, address, buffer, size, &done)) ||
	    done < size)
		return false;
	memcpy(&value, buffer, size < sizeof(value) ? size : sizeof(value));
	session->last_address = address;
	session->last_loaded = value;
	return true;
}

static bool read_physical(void *context, uint64_t address, void *buffer, size_t size)
{
	struct tmi_session *session = context;
	size_t done;

	return !TMEM_FAILED(tmem_read_physical(session->target, address, buffer, size, &done)) &&
	       done == size;
}

static bool is_valid(void *context, uint64_t address, uint64_t size)
{
	struct tmi_session *session = context;
	uint64_t base, length;

	return size > 0 &&
	       tmem_get_valid_region_virtual(session->target, address, size, &base, &length) ==
		       TMEM_S_OK &&
	       tmi_clean_address(session, base) == tmi_clean_address(session, address) &&
	       length == size;
}

void tmi_session_names(struct tmi_session *session, struct tmi_names *names)
{
	*names = (struct tmi_names){
		.context = session,
		.radix = session->radix,
		.pointer_size = tmi_pointer_size(session),
		.big_endian = tmi_big_endian(session),
		.kernel = session->description.mode == TMEM_MODE_KERNEL,
		.module = find_module,
		.symbol = find_symbol,
		.region = find_region,
		.reg = find_register,
		.read = read_memory,
		.read_physical = read_physical,
		.valid = is_valid,
	};
}
