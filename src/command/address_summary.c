/* SPDX-License-Identifier: Apache-2.0 */
/* address_summary.c - !address -summary: regions added up by usage, type, state, protection. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/regions.h"

#define MOST_SORTS 32
#define NO_KEY     UINT32_MAX

/* Regions of one sort. */
struct sum {
	uint32_t key;
	uint64_t count;
	uint64_t bytes;
};

struct summary {
	struct tmi_session *session;
	const struct tmi_region_filter *filter;
	struct sum usage[TMI_USAGE_COUNT];
	struct sum type[MOST_SORTS];
	struct sum state[MOST_SORTS];
	struct sum protect[MOST_SORTS];
	char **names; /* kernel mode: what regions are called; their index is the key of the next */
	struct sum *name_sums;
	size_t name_count;
	size_t name_room;
	bool out_of_memory;
	uint64_t busy;  /* bytes not free */
	uint64_t total; /* bytes */
};

static void add(struct sum *sums, size_t count, uint32_t key, uint64_t bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (sums[i].count && sums[i].key != key)
			continue;
		sums[i].key = key;
		sums[i].count++;
		sums[i].bytes += bytes;
		return;
	}
}

static bool make_room(struct summary *summary)
{
	size_t room = 2 * summary->name_room + 16;
	char **names = reallocarray(summary->names, room, sizeof(*names));
	struct sum *sums;

	if (!names)
		return false;
	summary->names = names;
	sums = reallocarray(summary->name_sums, room, sizeof(*sums));
	if (!sums)
		return false;
	summary->name_sums = sums;
	summary->name_room = room;
	return true;
}

/* The same for what a region is called; the last ones are looked at first, they come in order. */
static void add_name(struct summary *summary, const struct tmi_region *region, uint64_t bytes)
{
	const char *name = *region->name ? region->name : tmi_usage_name(region->usage);
	size_t index = summary->name_count;

	while (index > 0 && strcmp(summary->names[index - 1], name) != 0)
		index--;
	if (index == 0) {
		if (summary->name_count == summary->name_room && !make_room(summary)) {
			summary->out_of_memory = true;
			return;
		}
		summary->names[summary->name_count] = strdup(name);
		if (!summary->names[summary->name_count]) {
			summary->out_of_memory = true;
			return;
		}
		index = ++summary->name_count;
		summary->name_sums[index - 1] = (struct sum){ .key = (uint32_t)(index - 1) };
	}
	summary->name_sums[index - 1].count++;
	summary->name_sums[index - 1].bytes += bytes;
}

static void fini(struct summary *summary)
{
	for (size_t i = 0; i < summary->name_count; i++)
		free(summary->names[i]);
	free(summary->names);
	free(summary->name_sums);
}

static bool add_region(void *context, const struct tmi_region *region)
{
	struct summary *summary = context;
	uint64_t bytes = region->last - region->base + 1;

	if (!tmi_region_passes(summary->filter, region))
		return true;
	summary->total += bytes;
	if (summary->session->description.mode == TMEM_MODE_KERNEL)
		add_name(summary, region, bytes);
	add(summary->usage, TMI_USAGE_COUNT, region->usage, bytes);
	add(summary->state, MOST_SORTS, region->state, bytes);
	if (region->state == TMEM_MEM_FREE)
		return true;
	summary->busy += bytes;
	add(summary->type, MOST_SORTS, region->type, bytes);
	add(summary->protect, MOST_SORTS, region->protect, bytes);
	return true;
}

/* "128.000 TB" */
static void put_size(struct tmi_text *out, uint64_t bytes)
{
	static const char *const units[] = { "B ", "KB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1024 && unit < 6) {
		size /= 1024;
		unit++;
	}
	tmi_text_format(out, "(%8.3f %s)", size, units[unit]);
}

static void put_share(struct tmi_text *out, uint64_t bytes, uint64_t whole)
{
	if (whole)
		tmi_text_format(out, " %7.2f%%", 100.0 * (double)bytes / (double)whole);
	else
		tmi_text_puts(out, "         ");
}

/* Greatest first. */
static void sort(struct sum *sums, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k && sums[k].bytes > sums[k - 1].bytes; k--) {
			struct sum other = sums[k];

			sums[k] = sums[k - 1];
			sums[k - 1] = other;
		}
}

static void record_sum(struct summary *summary, const char *by, const char *name,
		       const struct sum *sum, bool free)
{
	struct tmi_record record;

	tmi_record_begin(&record, summary->session, "region_summary");
	tmi_record_text(&record, "by", by);
	tmi_record_text(&record, "name", name);
	tmi_record_number(&record, "count", sum->count);
	tmi_record_size(&record, "size", sum->bytes);
	if (!free && summary->busy)
		tmi_record_real(&record, "percent_of_busy",
				100.0 * (double)sum->bytes / (double)summary->busy);
	if (summary->total)
		tmi_record_real(&record, "percent_of_total",
				100.0 * (double)sum->bytes / (double)summary->total);
	tmi_record_send(&record);
}

/* One table; a sort with @free_key has no share of what is busy. */
static void show_sums(struct summary *summary, const char *title, struct sum *sums, size_t count,
		      uint32_t free_key,
		      void (*put_name)(const struct summary *summary, struct tmi_text *out,
				       uint32_t key))
{
	struct tmi_text out = { 0 };
	struct tmi_text name = { 0 };

	sort(sums, count);
	tmi_text_format(&out, "--- %s Summary ", title);
	tmi_text_char(&out, '-', 25 - out.size);
	tmi_text_puts(&out, " RgnCount -------- Total Size -------- %ofBusy %ofTotal\n");
	for (size_t i = 0; i < count && sums[i].count; i++) {
		put_name(summary, &name, sums[i].key);
		if (summary->session->json) {
			record_sum(summary, title, name.size ? name.data : "none", &sums[i],
				   sums[i].key == free_key);
			tmi_text_clear(&name);
			continue;
		}
		tmi_text_format(&out, "%-25s %8" PRIu64 " %13s ", name.size ? name.data : "none",
				sums[i].count,
				tmi_short_address(summary->session, sums[i].bytes).text);
		put_size(&out, sums[i].bytes);
		put_share(&out, sums[i].bytes, sums[i].key == free_key ? 0 : summary->busy);
		put_share(&out, sums[i].bytes, summary->total);
		tmi_text_char(&out, '\n', 1);
		tmi_text_clear(&name);
	}
	tmi_out_text(summary->session, &out);
	tmi_text_fini(&out);
	tmi_text_fini(&name);
}

static void put_region_name(const struct summary *summary, struct tmi_text *out, uint32_t key)
{
	tmi_name_put(out, summary->names[key]);
}

static void put_usage(const struct summary *summary, struct tmi_text *out, uint32_t key)
{
	tmi_text_puts(out, tmi_usage_name((enum tmi_usage)key));
}

static void put_type(const struct summary *summary, struct tmi_text *out, uint32_t key)
{
	tmi_text_puts(out, tmi_type_name(key));
}

static void put_state(const struct summary *summary, struct tmi_text *out, uint32_t key)
{
	tmi_text_puts(out, tmi_state_name(key));
}

static void put_protect(const struct summary *summary, struct tmi_text *out, uint32_t key)
{
	tmi_protect_put(out, key);
}

/* Kernel mode: nothing is free, and runs have no type. */
static void show_kernel(struct summary *summary)
{
	show_sums(summary, "Name", summary->name_sums, summary->name_count, NO_KEY,
		  put_region_name);
	tmi_out(summary->session, "\n");
	show_sums(summary, "Protect", summary->protect, MOST_SORTS, NO_KEY, put_protect);
}

static bool show_summary(struct summary *summary)
{
	struct tmi_session *session = summary->session;

	if (summary->out_of_memory)
		return tmi_error(session, "out of memory");
	if (session->description.mode == TMEM_MODE_KERNEL) {
		show_kernel(summary);
		return true;
	}
	show_sums(summary, "Usage", summary->usage, TMI_USAGE_COUNT, TMI_USAGE_FREE, put_usage);
	tmi_out(session, "\n");
	show_sums(summary, "Type", summary->type, MOST_SORTS, NO_KEY, put_type);
	tmi_out(session, "\n");
	show_sums(summary, "State", summary->state, MOST_SORTS, TMEM_MEM_FREE, put_state);
	tmi_out(session, "\n");
	show_sums(summary, "Protect", summary->protect, MOST_SORTS, NO_KEY, put_protect);
	return true;
}

bool tmi_address_summary(struct tmi_session *session, const struct tmi_region_filter *filter)
{
	struct summary summary = { .session = session, .filter = filter };
	bool failed;
	bool ok =
		tmi_regions_walk(session, add_region, &summary, &failed) && show_summary(&summary);

	fini(&summary);
	return ok;
}
