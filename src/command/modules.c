/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - the current process's modules, fetched once a command. */
#include "command/modules.h"
#include "command/regions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool add_module(struct tmi_modules *modules, const struct tmem_module *from)
{
	struct tmi_module *to = &modules->list[modules->count];

	to->base = from->base;
	to->size = from->module_size;
	to->name = strdup(from->name);
	to->file = strdup(from->file);
	if (to->name && to->file) {
		modules->count++;
		return true;
	}
	free(to->name);
	free(to->file);
	return false;
}

static void fetch(struct tmi_session *session, struct tmi_modules *modules)
{
	struct tmem_module module = { .size = sizeof(module) };
	uint32_t count;

	if (TMEM_FAILED(tmem_get_number_modules(session->target, &count))) {
		modules->failed = true;
		return;
	}
	modules->list = calloc(count ? count : 1, sizeof(*modules->list));
	if (!modules->list) {
		modules->failed = true;
		return;
	}
	/* A running process may unload some meanwhile: the list is then shorter. */
	for (uint32_t i = 0; i < count; i++)
		if (TMEM_FAILED(tmem_get_module_by_index(session->target, i, &module)) ||
		    !add_module(modules, &module))
			break;
}

const struct tmi_modules *tmi_session_modules(struct tmi_session *session)
{
	if (!session->modules) {
		session->modules = calloc(1, sizeof(*session->modules));
		if (session->modules)
			fetch(session, session->modules);
	}
	return session->modules;
}

void tmi_session_drop_modules(struct tmi_session *session)
{
	struct tmi_modules *modules = session->modules;

	session->modules = NULL;
	if (!modules)
		return;
	for (size_t i = 0; i < modules->count; i++) {
		free(modules->list[i].name);
		free(modules->list[i].file);
	}
	free(modules->list);
	free(modules);
}

const struct tmi_module *tmi_module_at(struct tmi_session *session, uint64_t address)
{
	const struct tmi_modules *modules = tmi_session_modules(session);
	size_t low = 0, high = modules ? modules->count : 0;

	address = tmi_clean_address(session, address);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t base = tmi_clean_address(session, modules->list[middle].base);

		if (address < base)
			high = middle;
		else if (address - base < modules->list[middle].size)
			return &modules->list[middle];
		else
			low = middle + 1;
	}
	return NULL;
}

/* Puts "module!name" of the symbol at or below @address, and its displacement. */
static bool put_symbol(struct tmi_session *session, struct tmi_text *text, uint64_t address)
{
	struct tmi_text name = { 0 };
	uint64_t displacement;

	if (!tmi_symbol_name(session, address, 0, &name, &displacement)) {
		tmi_text_fini(&name);
		return false;
	}
	tmi_text_puts(text, name.data);
	if (displacement > 0)
		tmi_text_format(text, "+0x%" PRIx64, displacement);
	tmi_text_fini(&name);
	return true;
}

bool tmi_symbol_name(struct tmi_session *session, uint64_t address, int32_t delta,
		     struct tmi_text *text, uint64_t *displacement)
{
	size_t size = 0;
	char *name;

	if (TMEM_FAILED(tmem_get_near_name_by_offset(session->target, address, delta, NULL, 0,
						     &size, displacement)))
		return false;
	name = malloc(size);
	/* Other names may be there a moment later. */
	if (name && !TMEM_FAILED(tmem_get_near_name_by_offset(session->target, address, delta, name,
							      size, NULL, displacement)))
		tmi_name_put(text, name);
	free(name);
	return text->size > 0;
}

bool tmi_symbol_put(struct tmi_session *session, struct tmi_text *text, uint64_t address)
{
	const struct tmi_module *module = tmi_module_at(session, address);
	uint64_t offset;

	if (!module)
		return false;
	if (put_symbol(session, text, address))
		return true;
	offset = tmi_clean_address(session, address) - tmi_clean_address(session, module->base);
	tmi_text_puts(text, module->name);
	if (offset > 0)
		tmi_text_format(text, "+0x%" PRIx64, offset);
	return true;
}
