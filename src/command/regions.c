/* SPDX-License-Identifier: Apache-2.0 */
/* regions.c - the map of a process for people. */
#include "command/regions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Free space longer than this may reach beyond what a process can have: the target is asked. */
#define LONG_GAP ((uint64_t)1 << 40)

#define KERNEL_FIRST_32 UINT64_C(0xc0000000)

static const struct {
	const char *name;
	const char *filter;
} usages[] = {
#define TMI_USAGE_ROW(name, text, filter) { text, filter },
	TMI_USAGE_LIST(TMI_USAGE_ROW)
#undef TMI_USAGE_ROW
};

struct attribute {
	const char *name;
	uint32_t value;
};

static const struct attribute states[] = {
	{ "MEM_COMMIT", TMEM_MEM_COMMIT },
	{ "MEM_RESERVE", TMEM_MEM_RESERVE },
	{ "MEM_FREE", TMEM_MEM_FREE },
	{ 0 },
};

static const struct attribute types[] = {
	{ "MEM_PRIVATE", TMEM_MEM_PRIVATE },
	{ "MEM_MAPPED", TMEM_MEM_MAPPED },
	{ "MEM_IMAGE", TMEM_MEM_IMAGE },
	{ 0 },
};

static const struct attribute protects[] = {
	{ "PAGE_NOACCESS", TMEM_PAGE_NOACCESS },
	{ "PAGE_READONLY", TMEM_PAGE_READONLY },
	{ "PAGE_READWRITE", TMEM_PAGE_READWRITE },
	{ "PAGE_WRITECOPY", TMEM_PAGE_WRITECOPY },
	{ "PAGE_EXECUTE", TMEM_PAGE_EXECUTE },
	{ "PAGE_EXECUTE_READ", TMEM_PAGE_EXECUTE_READ },
	{ "PAGE_EXECUTE_READWRITE", TMEM_PAGE_EXECUTE_READWRITE },
	{ "PAGE_EXECUTE_WRITECOPY", TMEM_PAGE_EXECUTE_WRITECOPY },
	{ "PAGE_GUARD", TMEM_PAGE_GUARD },
	{ 0 },
};

static const char *attribute_name(const struct attribute *list, uint32_t value)
{
	for (; list->name; list++)
		if (list->value == value)
			return list->name;
	return "";
}

static bool is_word(const char *name, const char *word, size_t length)
{
	return strlen(name) == length && !strncasecmp(name, word, length);
}

static uint32_t attribute_find(const struct attribute *list, const char *word, size_t length)
{
	for (; list->name; list++)
		if (is_word(list->name, word, length))
			return list->value;
	return 0;
}

const char *tmi_usage_name(enum tmi_usage usage)
{
	return usages[usage].name;
}

enum tmi_usage tmi_usage_find(const char *word, size_t length)
{
	unsigned usage = 0;

	while (usage < TMI_USAGE_COUNT && !is_word(usages[usage].name, word, length) &&
	       !is_word(usages[usage].filter, word, length))
		usage++;
	return usage;
}

const char *tmi_state_name(uint32_t state)
{
	return attribute_name(states, state);
}

const char *tmi_type_name(uint32_t type)
{
	return attribute_name(types, type);
}

void tmi_protect_put(struct tmi_text *text, uint32_t protect)
{
	tmi_text_puts(text, attribute_name(protects, protect & ~(uint32_t)TMEM_PAGE_GUARD));
	if (protect & TMEM_PAGE_GUARD)
		tmi_text_puts(text, protect == TMEM_PAGE_GUARD ? "PAGE_GUARD" : "|PAGE_GUARD");
}

uint32_t tmi_attribute_find(const char *word, size_t length)
{
	const struct attribute *const lists[] = { states, types, protects };
	uint32_t value = 0;

	for (size_t i = 0; i < 3 && !value; i++)
		value = attribute_find(lists[i], word, length);
	return value;
}

struct tmi_number_text tmi_short_address(const struct tmi_session *session, uint64_t address)
{
	struct tmi_number_text number;
	uint32_t high = (uint32_t)(address >> 32);

	if (tmi_pointer_size(session) == 4 && !high)
		snprintf(number.text, sizeof(number.text), "%08" PRIx64, address);
	else
		snprintf(number.text, sizeof(number.text), "%" PRIx32 "`%08" PRIx32, high,
			 (uint32_t)address);
	return number;
}

void tmi_name_put(struct tmi_text *text, const char *name)
{
	for (; *name; name++)
		tmi_text_char(text, (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name, 1);
}

bool tmi_region_passes(const struct tmi_region_filter *filter, const struct tmi_region *region)
{
	return (!filter->usages || filter->usages & 1u << region->usage) &&
	       (!filter->states || filter->states & region->state) &&
	       (!filter->types || filter->types & region->type) &&
	       (!filter->protects || filter->protects & region->protect);
}

static bool begins_with(const char *name, const char *start)
{
	return !strncmp(name, start, strlen(start));
}

/* The half of the address space: kernels have the upper one, of 32 bits most often a quarter. */
static enum tmi_usage half_of(const struct tmi_session *session, uint64_t address)
{
	uint64_t first = tmi_pointer_size(session) == 8 ? UINT64_C(1) << 63 : KERNEL_FIRST_32;

	return address >= first ? TMI_USAGE_KERNEL : TMI_USAGE_USER;
}

/* What the target's name and type of a run say about its use. */
static enum tmi_usage usage_of(const struct tmi_session *session, const struct tmem_run *run)
{
	const char *name = run->name ? run->name : "";

	if (session->description.mode == TMEM_MODE_KERNEL)
		return half_of(session, tmi_clean_address(session, run->base));
	if (begins_with(name, "[heap") || begins_with(name, "[anon:libc_malloc"))
		return TMI_USAGE_HEAP;
	if (begins_with(name, "[stack"))
		return TMI_USAGE_STACK;
	if (begins_with(name, "[vdso") || begins_with(name, "[vvar") ||
	    begins_with(name, "[vsyscall"))
		return TMI_USAGE_VDSO;
	if (run->type == TMEM_MEM_IMAGE)
		return TMI_USAGE_IMAGE;
	if (*name == '[')
		return TMI_USAGE_OTHER;
	if (run->type == TMEM_MEM_MAPPED || *name)
		return TMI_USAGE_FILE;
	return TMI_USAGE_UNKNOWN;
}

struct walk {
	struct tmi_session *session;
	tmi_region_callback *callback;
	void *context;
	uint64_t next;    /* first address not reported yet */
	bool complete;    /* the last address was reported */
	uint64_t file_id; /* of the run before */
};

/* Reports free space from walk->next to @last. */
static bool report_free(struct walk *walk, uint64_t last, bool final)
{
	struct tmi_region region = {
		.base = walk->next,
		.last = last,
		.state = TMEM_MEM_FREE,
		.protect = TMEM_PAGE_NOACCESS,
		.usage = TMI_USAGE_FREE,
		.begins = true,
		.name = "",
	};
	struct tmem_memory_basic_information info;

	/* What no page table maps is not told one by one. */
	if (walk->session->description.mode == TMEM_MODE_KERNEL)
		return true;
	if (final || last - walk->next >= LONG_GAP) {
		tmem_status status = tmem_query_virtual(walk->session->target, walk->next, &info);

		/* Beyond what a process can have nothing is free. */
		if (status == TMEM_E_INVALIDARG || (final && status != TMEM_S_OK))
			return true;
		if (status == TMEM_S_OK && info.region_size &&
		    info.region_size - 1 < last - walk->next)
			region.last = walk->next + info.region_size - 1;
	}
	return walk->callback(walk->context, &region);
}

static bool report_run(struct walk *walk, const struct tmem_run *run)
{
	uint64_t base = tmi_clean_address(walk->session, run->base);
	bool gap = base > walk->next;
	struct tmi_region region = {
		.base = base,
		.last = base + run->length - 1,
		.state = run->state,
		.type = run->type,
		.protect = run->state == TMEM_MEM_RESERVE ? 0 : run->protect,
		.usage = usage_of(walk->session, run),
		.name = run->name ? run->name : "",
	};

	if (gap && !report_free(walk, base - 1, false))
		return false;
	region.begins = gap || !run->file_id || run->file_id != walk->file_id;
	walk->file_id = run->file_id;
	walk->next = region.last + 1;
	walk->complete = region.last >= tmi_last_address(walk->session);
	return walk->callback(walk->context, &region);
}

bool tmi_regions_walk(struct tmi_session *session, tmi_region_callback *callback, void *context,
		      bool *failed)
{
	struct walk walk = { .session = session, .callback = callback, .context = context };
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	tmem_status status;
	bool ok = true;

	*failed = true;
	status = tmem_run_cursor_new(session->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor);
	if (TMEM_FAILED(status))
		return tmi_error_target(session, "listing regions");
	while (ok && (status = tmem_run_cursor_next(cursor, &run)) == TMEM_S_OK)
		ok = report_run(&walk, &run);
	*failed = ok && status != TMEM_E_NO_MORE_ENTRIES;
	if (*failed)
		ok = tmi_error_target(session, "listing regions");
	else if (ok && !walk.complete)
		ok = report_free(&walk, tmi_last_address(session), true);
	tmem_run_cursor_free(cursor);
	return ok;
}
