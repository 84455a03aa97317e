/* SPDX-License-Identifier: Apache-2.0 */
/* search_physical.c - !search: physical memory for a pointer, or for what is close to one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/display.h"
#include "command/tables.h"

#define BLOCK 0x100000u

enum closeness {
	EXACT, /* no Delta */
	BIT,   /* Delta 0: one bit may differ too */
	NEAR,  /* within Delta, or one bit off Data - Delta */
};

struct scan {
	struct tmi_session *session;
	enum closeness closeness;
	unsigned size; /* bytes of a value */
	uint64_t data;
	uint64_t delta;
	uint64_t first_page;
	uint64_t last_page;
	uint32_t page_size;
	uint64_t hits;
	bool direct; /* the kernel maps all of memory, at: */
	uint64_t direct_base;
	uint64_t direct_physical;
};

static uint64_t lowest(const struct scan *scan)
{
	return scan->data > scan->delta ? scan->data - scan->delta : 0;
}

static uint64_t highest(const struct scan *scan)
{
	uint64_t limit = scan->size == 4 ? UINT32_MAX : UINT64_MAX;

	return scan->delta < limit - scan->data ? scan->data + scan->delta : limit;
}

static bool is_hit(const struct scan *scan, uint64_t value)
{
	switch (scan->closeness) {
	case EXACT: return value == scan->data;
	case BIT: return __builtin_popcountll(value ^ scan->data) <= 1;
	default:
		return (value >= lowest(scan) && value <= highest(scan)) ||
		       __builtin_popcountll(value ^ (scan->data - scan->delta)) == 1;
	}
}

/* Looks for the run where the kernel maps its memory as a whole. */
static void find_direct_map(struct scan *scan)
{
	tmem_target *target = scan->session->target;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	if (TMEM_FAILED(tmem_run_cursor_new(target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor)))
		return;
	while (!scan->direct && tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
		if (strstr(run.name, "direct map")) {
			scan->direct_base = run.base;
			scan->direct =
				tmem_virtual_to_physical(target, run.base,
							 &scan->direct_physical) == TMEM_S_OK;
		}
	tmem_run_cursor_free(cursor);
}

/* The kernel's address of a physical one, and of its paging entry. False when it has none. */
static bool find_virtual(const struct scan *scan, uint64_t physical, uint64_t *address,
			 uint64_t *entry)
{
	struct tmem_translation translation = { .size = sizeof(translation) };

	*address = tmi_clean_address(scan->session,
				     physical - scan->direct_physical + scan->direct_base);
	/* Memory need not lie in one piece there: the tables decide. */
	if (!scan->direct ||
	    tmem_translate(scan->session->target, TMEM_CURRENT_DIRECTORY_BASE, *address,
			   &translation) != TMEM_S_OK ||
	    translation.physical != physical || translation.level_count == 0)
		return false;
	*entry = translation.levels[translation.level_count - 1].address;
	return true;
}

static void record_hit(const struct scan *scan, uint64_t physical, uint64_t value)
{
	struct tmi_record record;
	uint64_t address, entry;

	tmi_record_begin(&record, scan->session, "physical_hit");
	tmi_record_address(&record, "address", physical);
	tmi_record_value(&record, "value", value, scan->size);
	if (find_virtual(scan, physical, &address, &entry)) {
		tmi_record_address(&record, "virtual", address);
		tmi_record_address(&record, "entry_address", entry);
	}
	tmi_record_send(&record);
}

static void print_hit(const struct scan *scan, uint64_t physical, uint64_t value)
{
	int width = (int)scan->size * 2;
	uint64_t address, entry;
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "%08" PRIX64 " %08" PRIX64 " %0*" PRIX64, physical / scan->page_size,
			physical % scan->page_size, width, value);
	if (find_virtual(scan, physical, &address, &entry))
		tmi_text_format(&out, " %0*" PRIX64 " %0*" PRIX64, width, address, width, entry);
	else
		tmi_text_format(&out, " %-*s -", width, "-");
	tmi_text_char(&out, '\n', 1);
	tmi_out_text(scan->session, &out);
	tmi_text_fini(&out);
}

static void look(struct scan *scan, uint64_t physical, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + scan->size <= size; at += scan->size) {
		uint64_t value = tmi_display_load(scan->session, data + at, scan->size);

		if (!is_hit(scan, value))
			continue;
		scan->hits++;
		if (scan->session->json)
			record_hit(scan, physical + at, value);
		else
			print_hit(scan, physical + at, value);
	}
}

static bool interrupted(struct scan *scan, uint64_t physical)
{
	return tmi_error_interrupted(scan->session,
				     "searched up to page %" PRIx64 " of %" PRIx64 "; 0x%" PRIx64
				     " hit%s so far",
				     physical / scan->page_size, scan->last_page, scan->hits,
				     scan->hits == 1 ? "" : "s");
}

/* The values of [@first, @last], which lies in one run; what cannot be read is passed over. */
static bool look_at_run(struct scan *scan, uint64_t first, uint64_t last, uint8_t *buffer)
{
	uint64_t end = scan->last_page * scan->page_size + (scan->page_size - 1);

	first += -first % scan->size;
	while (first <= last && first >= scan->first_page * scan->page_size) {
		size_t size = last - first < BLOCK - 1 ? (size_t)(last - first) + 1 : BLOCK;
		size_t done = 0;

		if (tmi_session_interrupted(scan->session))
			return interrupted(scan, first);
		tmi_session_progress(scan->session, "search", first, end, first);
		if (TMEM_FAILED(
			    tmem_read_physical(scan->session->target, first, buffer, size, &done)))
			done = 0;
		look(scan, first, buffer, done);
		/* Behind a hole it goes on with the next page. */
		if (done < size)
			done += scan->page_size - (first + done) % scan->page_size;
		if (done > last - first)
			break;
		first += done;
	}
	return true;
}

static bool run(struct scan *scan, uint8_t *buffer)
{
	uint64_t last = scan->last_page * scan->page_size + (scan->page_size - 1);
	uint64_t from = scan->first_page * scan->page_size;
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;
	bool ok = true;

	if (TMEM_FAILED(tmem_run_cursor_new(scan->session->target, TMEM_DATA_SPACE_PHYSICAL, from,
					    &cursor)))
		return tmi_error_target(scan->session, "listing physical memory");
	while (ok && tmem_run_cursor_next(cursor, &run) == TMEM_S_OK) {
		uint64_t run_last = run.base + (run.length - 1);

		if (run.base > last)
			break;
		if (run.source == TMEM_VSOURCE_INVALID || run_last < from)
			continue;
		ok = look_at_run(scan, run.base > from ? run.base : from,
				 run_last < last ? run_last : last, buffer);
	}
	tmem_run_cursor_free(cursor);
	return ok;
}

static void print_head(const struct scan *scan)
{
	int width = (int)scan->size * 2;

	tmi_out(scan->session,
		"Searching PFNs in range %08" PRIX64 " - %08" PRIX64 " for [%0*" PRIX64
		" - %0*" PRIX64 "]\n\nPfn      Offset   %-*s %-*s Pte\n",
		scan->first_page, scan->last_page, width, lowest(scan), width, highest(scan), width,
		"Hit", width, "Va");
	for (int i = 0; i < 2 * 9 + 3 * (width + 1) - 1; i += 2)
		tmi_out(scan->session, "- ");
	tmi_out(scan->session, "\n");
}

static uint64_t highest_page(const struct scan *scan)
{
	struct tmem_run run = { .size = sizeof(run) };
	uint64_t last = 0;
	tmem_run_cursor *cursor;

	if (TMEM_FAILED(tmem_run_cursor_new(scan->session->target, TMEM_DATA_SPACE_PHYSICAL, 0,
					    &cursor)))
		return 0;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
		last = run.base + (run.length - 1);
	tmem_run_cursor_free(cursor);
	return last / scan->page_size;
}

/* "-s" (symbols that do not fit are no matter here) and "-p" (no sign extension). */
static bool take_options(struct tmi_args *args, bool *narrow)
{
	*narrow = false;
	while (!tmi_args_at_end(args) && *args->next == '-' && args->next[1] &&
	       strchr("sp", args->next[1]) && strchr(" \t", args->next[2])) {
		*narrow |= args->next[1] == 'p';
		args->next += 2;
	}
	return true;
}

/* A page number; @limit is the highest that there is. */
static bool take_page(struct tmi_args *args, uint64_t limit, uint64_t *page)
{
	const char *where;

	tmi_args_take(args, ',');
	if (tmi_args_at_end(args))
		return true;
	where = args->next;
	if (!tmi_args_plain(args, page, NULL))
		return false;
	return *page <= limit ||
	       tmi_error_explain(args, TMI_ERROR_RANGE, where,
				 "the highest page number of memory is %" PRIx64, limit);
}

static bool take_arguments(struct tmi_args *args, struct scan *scan)
{
	const char *where;
	bool narrow;

	if (!take_options(args, &narrow))
		return false;
	where = args->next;
	if (!tmi_args_list_value(args, &scan->data))
		return false;
	if (narrow)
		scan->data = (uint32_t)scan->data;
	if (!tmi_check_address(args, where, &scan->data))
		return false;
	tmi_args_take(args, ',');
	if (!tmi_args_at_end(args)) {
		if (!tmi_args_plain(args, &scan->delta, NULL))
			return false;
		scan->closeness = scan->delta ? NEAR : BIT;
	}
	where = args->next;
	if (!take_page(args, scan->last_page, &scan->first_page) ||
	    !take_page(args, scan->last_page, &scan->last_page) || !tmi_args_finish(args))
		return false;
	return scan->first_page <= scan->last_page ||
	       tmi_error_explain(args, TMI_ERROR_RANGE, where, "the end lies below the start");
}

static bool execute(struct tmi_args *args)
{
	struct scan scan = {
		.session = args->session,
		.size = tmi_pointer_size(args->session),
		.page_size = args->session->description.page_size,
	};
	uint8_t *buffer;
	bool ok;

	if (scan.page_size == 0)
		scan.page_size = 4096;
	scan.last_page = highest_page(&scan);
	if (!take_arguments(args, &scan))
		return false;
	buffer = malloc(BLOCK);
	if (!buffer)
		return tmi_error(args->session, "out of memory");
	find_direct_map(&scan);
	print_head(&scan);
	ok = run(&scan, buffer);
	if (ok)
		tmi_out(args->session, "Search done.\n");
	free(buffer);
	return ok;
}

static const struct tmi_command_name names[] = { { "!search", NULL }, { NULL } };

const struct tmi_command tmi_command_search_physical = {
	.names = names,
	.arguments = "[-s] [-p] DATA [DELTA [START_PAGE [END_PAGE]]]",
	.brief = "search physical memory for a pointer",
	.help = "Searches physical memory (kernel mode) for DATA as a pointer, at multiples of\n"
		"its size. Shown are the number of the page, the offset in it, the value, and the\n"
		"address and paging entry where the kernel's direct map has it.\n"
		"\n"
		"Without DELTA the value must be DATA; with 0 one bit may differ; with more the\n"
		"value lies within DELTA of DATA, or differs in one bit from DATA - DELTA.\n"
		"START_PAGE and END_PAGE are page numbers, the last one included; all pages\n"
		"without them. -p takes DATA as a 32-bit number, without sign extension; -s is\n"
		"accepted. s searches virtual memory, for any pattern. Ctrl-C stops the search.",
	.examples = "!search ffff888003a41000\n!search -p f100f0f 0 2370 237f",
	.topic = TMI_TOPIC_SEARCH,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
