/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_infer_modules.c - the ring of modules of a kernel that names neither its head nor its
 * types: a list_head in the image whose ring leads through structures outside of it that have a
 * name behind the list_head, as struct module has, and all say where their code is.
 */
#include <string.h>

#include "base/bytes.h"
#include "os/linux.h"

#define PAGE            4096u
#define REACH           1024u /* of a struct module that is looked at */
#define SAMPLE_MAX      32u
#define MODULE_SIZE_MAX (256u << 20)
#define STRIDE_MAX      128u

struct hunt {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	uint32_t word;
	size_t count;
	uint64_t modules[SAMPLE_MAX];
	uint8_t bytes[SAMPLE_MAX][REACH];
	uint64_t head;
};

/* ---- where the code is ---- */

static uint64_t word_at(const struct hunt *hunt, size_t module, size_t offset)
{
	return tmi_linux_word(hunt->state, hunt->bytes[module] + offset);
}

static uint32_t number_at(const struct hunt *hunt, size_t module, size_t offset)
{
	return tmi_load32(hunt->bytes[module] + offset, false);
}

/* The module itself lies in [base, base + size), as its own data does. */
static bool holds(const struct hunt *hunt, size_t module, uint64_t base, uint64_t size)
{
	uint64_t address = hunt->modules[module];

	return base && base % PAGE == 0 && size && size <= MODULE_SIZE_MAX && base <= address &&
	       address - base < size;
}

/* core_layout: base, size, text size, read-only size, read-only after init size. */
static bool is_core_layout(const struct hunt *hunt, size_t module, size_t at)
{
	uint64_t base = word_at(hunt, module, at);
	size_t sizes = at + hunt->word;
	uint32_t size = number_at(hunt, module, sizes), text = number_at(hunt, module, sizes + 4);
	uint32_t fixed = number_at(hunt, module, sizes + 8);
	uint32_t later = number_at(hunt, module, sizes + 12);

	return holds(hunt, module, base, size) && text <= fixed && fixed <= later && later <= size;
}

/* module_core, behind module_init; sizes and text sizes of both follow. */
static bool is_module_core(const struct hunt *hunt, size_t module, size_t at)
{
	size_t sizes = at + hunt->word;
	uint32_t size = number_at(hunt, module, sizes + 4);

	return holds(hunt, module, word_at(hunt, module, at), size) &&
	       number_at(hunt, module, sizes + 12) <= size;
}

/* mem[]: the first is code, the second the data that the module itself is in. */
static bool is_mem(const struct hunt *hunt, size_t module, size_t at, size_t stride)
{
	uint64_t code = word_at(hunt, module, at);
	uint32_t size = number_at(hunt, module, at + hunt->word);

	return code && code % PAGE == 0 && tmi_linux_is_object(hunt->state, code) && size &&
	       size <= MODULE_SIZE_MAX && !holds(hunt, module, code, size) &&
	       holds(hunt, module, word_at(hunt, module, at + stride),
		     number_at(hunt, module, at + stride + hunt->word));
}

static bool find_core_layout(struct hunt *hunt, size_t at)
{
	static const char evidence[] = "of every module a place and sizes that hold the module";

	for (size_t i = 0; i < hunt->count; i++)
		if (!is_core_layout(hunt, i, at))
			return false;
	tmi_linux_set_offset(hunt->state, TMI_LINUX_MODULE_CORE_LAYOUT, (uint32_t)at, evidence);
	tmi_linux_set_offset(hunt->state, TMI_LINUX_LAYOUT_BASE, 0, evidence);
	tmi_linux_set_offset(hunt->state, TMI_LINUX_LAYOUT_SIZE, hunt->word, evidence);
	return true;
}

static bool find_module_core(struct hunt *hunt, size_t at)
{
	static const char evidence[] = "of every module a place and sizes that hold the module";

	for (size_t i = 0; i < hunt->count; i++)
		if (!is_module_core(hunt, i, at))
			return false;
	tmi_linux_set_offset(hunt->state, TMI_LINUX_MODULE_MODULE_CORE, (uint32_t)at, evidence);
	tmi_linux_set_offset(hunt->state, TMI_LINUX_MODULE_CORE_SIZE, (uint32_t)at + hunt->word + 4,
			     evidence);
	return true;
}

static bool find_mem(struct hunt *hunt, size_t at)
{
	static const char evidence[] = "of every module a place of code, and next to it one of "
				       "data that holds the module";

	for (size_t stride = 2 * hunt->word; stride <= STRIDE_MAX; stride += hunt->word) {
		size_t good = 0;

		while (good < hunt->count && is_mem(hunt, good, at, stride))
			good++;
		if (good < hunt->count)
			continue;
		tmi_linux_set_offset(hunt->state, TMI_LINUX_MODULE_MEM, (uint32_t)at, evidence);
		tmi_linux_set_offset(hunt->state, TMI_LINUX_MEMORY_BASE, 0, evidence);
		tmi_linux_set_offset(hunt->state, TMI_LINUX_MEMORY_SIZE, hunt->word, evidence);
		return true;
	}
	return false;
}

/* Finds what says where the code is, in any of the three ways. */
static bool find_code(struct hunt *hunt)
{
	size_t end = REACH - 2 * STRIDE_MAX;

	if (!hunt->count)
		return false;
	for (size_t at = 64; at < end; at += hunt->word)
		if (find_core_layout(hunt, at))
			return true;
	for (size_t at = 64; at < end; at += hunt->word)
		if (find_mem(hunt, at))
			return true;
	for (size_t at = 64; at < end; at += hunt->word)
		if (find_module_core(hunt, at))
			return true;
	return false;
}

/* ---- the ring ---- */

/* A module begins with a small number, the list_head and the name. */
static bool take_module(struct hunt *hunt, uint64_t node)
{
	uint64_t address = node - hunt->word;
	uint8_t bytes[REACH];

	if (!tmi_linux_read(hunt->state, hunt->memory, address, bytes, sizeof(bytes)) ||
	    tmi_load32(bytes, false) > 3 ||
	    !tmi_linux_is_module_name(bytes + 3 * hunt->word, 64 - hunt->word))
		return false;
	if (hunt->count < SAMPLE_MAX) {
		memcpy(hunt->bytes[hunt->count], bytes, REACH);
		hunt->modules[hunt->count++] = address;
	}
	return true;
}

static bool try_head(struct hunt *hunt, uint64_t head)
{
	struct tmi_linux_ring ring;

	hunt->count = 0;
	tmi_linux_ring_begin(&ring, head, TMI_LINUX_MODULES_MAX);
	while (tmi_linux_ring_next(hunt->state, hunt->memory, &ring))
		if (!take_module(hunt, ring.here))
			return false;
	return !ring.why && find_code(hunt);
}

static bool in_image(const struct tmi_linux *state, uint64_t address)
{
	return address >= state->image_first && address <= state->image_last;
}

/* A list_head with both neighbours outside of the image. */
static bool look_for_head(void *context, uint64_t address, const uint8_t *data, size_t fresh,
			  size_t size)
{
	struct hunt *hunt = context;
	const struct tmi_linux *state = hunt->state;
	size_t at = (hunt->word - address % hunt->word) % hunt->word;

	for (; at < fresh && size - at >= 2 * hunt->word; at += hunt->word) {
		uint64_t next = tmi_linux_word(state, data + at);
		uint64_t before = tmi_linux_word(state, data + at + hunt->word);

		if (!tmi_linux_is_object(state, next) || !tmi_linux_is_object(state, before) ||
		    in_image(state, next) || in_image(state, before))
			continue;
		hunt->head = address + at + state->root.image_shift;
		if (try_head(hunt, hunt->head))
			return false;
		hunt->head = 0;
	}
	return true;
}

tmem_status tmi_linux_infer_modules(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	static const char evidence[] = "every kernel's struct module begins with state, list, name";
	struct hunt hunt = { .state = state, .memory = memory, .word = state->kernel.pointer_size };
	uint64_t shift = state->root.image_shift;
	tmem_status status = TMEM_S_OK;

	if (state->modules_head)
		hunt.head = try_head(&hunt, state->modules_head) ? state->modules_head : 0;
	else
		status = tmi_linux_scan(memory, state->image_first - shift,
					state->image_last - shift, look_for_head, &hunt);
	if (status != TMEM_S_OK)
		return status;
	if (!hunt.head) {
		tmi_linux_refused(
			state, "modules",
			"no ring of structures that look like modules hangs in the image");
		return TMEM_S_OK;
	}
	tmi_linux_set_offset(state, TMI_LINUX_MODULE_LIST, hunt.word, evidence);
	tmi_linux_set_offset(state, TMI_LINUX_MODULE_NAME, 3 * hunt.word, evidence);
	if (!state->modules_head)
		tmi_linux_fact_address(state, "modules", hunt.head,
				       "a list_head in the image whose ring leads through modules");
	state->modules_head = hunt.head;
	return TMEM_S_OK;
}
