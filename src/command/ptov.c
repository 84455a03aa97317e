/* SPDX-License-Identifier: Apache-2.0 */
/* ptov.c - !ptov: every page that a set of tables maps, neighbours joined. */
#include <inttypes.h>
#include <string.h>

#include "command/tables.h"

#define POLL 1024 /* translations between looks at the interrupt */

/* The lowest address that a kernel can have, with 52 bits. */
#define ARM64_KERNEL_FIRST UINT64_C(0xfff0000000000000)

/* Pages that follow each other in both kinds of addresses. */
struct mapping {
	uint64_t virtual_;
	uint64_t physical;
	uint64_t size; /* 0 = none yet */
};

struct walk {
	struct tmi_session *session;
	uint64_t root;
	uint64_t last; /* of the addresses to walk */
	struct mapping mapping;
	uint64_t count; /* mappings shown */
	bool begun;     /* the heading was shown */
};

static void record(struct walk *walk)
{
	struct tmi_record record;

	tmi_record_begin(&record, walk->session, "mapping");
	tmi_record_address(&record, "physical", walk->mapping.physical);
	tmi_record_address(&record, "virtual", walk->mapping.virtual_);
	tmi_record_size(&record, "size", walk->mapping.size);
	tmi_record_send(&record);
}

/* Shows what was joined so far. */
static void flush(struct walk *walk)
{
	const struct mapping *mapping = &walk->mapping;

	if (mapping->size == 0)
		return;
	if (walk->session->json)
		record(walk);
	else
		tmi_out(walk->session, "%" PRIx64 " %" PRIx64 " L%" PRIx64 "\n", mapping->physical,
			mapping->virtual_, mapping->size);
	walk->count++;
	walk->mapping.size = 0;
}

static void head(struct walk *walk, const struct tmem_translation *translation)
{
	if (!walk->begun)
		tmi_out(walk->session, "%sPtoV: pagedir %" PRIx64 "\n",
			tmi_scheme_title(translation), translation->directory_base);
	walk->begun = true;
}

static void add(struct walk *walk, const struct tmem_translation *translation, uint64_t address)
{
	struct mapping *mapping = &walk->mapping;
	uint64_t physical = translation->physical - (address - translation->page_first);
	uint64_t size = translation->page_last - translation->page_first + 1;

	if (mapping->size && mapping->virtual_ + mapping->size == translation->page_first &&
	    mapping->physical + mapping->size == physical) {
		mapping->size += size;
		return;
	}
	flush(walk);
	*mapping = (struct mapping){ translation->page_first, physical, size };
}

/* Addresses that the processor does not have lie between two halves: on to the upper one. */
static bool skip_middle(uint64_t *address)
{
	if (*address >> 63 || *address == 0)
		return false;
	*address = -*address;
	return true;
}

/*
 * The next address that is mapped, behind a gap. The target knows for the current tables; others
 * are walked gap by gap.
 */
static bool skip_gap(const struct walk *walk, const struct tmem_translation *translation,
		     uint64_t *address)
{
	struct tmem_run run = { .size = sizeof(run) };
	uint64_t next;

	if (walk->root != TMEM_CURRENT_DIRECTORY_BASE) {
		next = tmi_clean_address(walk->session, translation->page_last);
		if (next < *address || next >= walk->last)
			return false;
		*address = next + 1;
		return true;
	}
	if (tmem_get_next_run(walk->session->target, TMEM_DATA_SPACE_VIRTUAL, *address, &run) !=
	    TMEM_S_OK)
		return false;
	next = tmi_clean_address(walk->session, run.base);
	if (next <= *address)
		return false;
	*address = next;
	return true;
}

/* One page or gap; *address moves behind it. False at the end. */
static bool step(struct walk *walk, uint64_t *address, bool *failed)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	tmem_status status =
		tmem_translate(walk->session->target, walk->root, *address, &translation);

	if (TMEM_FAILED(status)) {
		*failed = status != TMEM_E_NO_PAGEFILE;
		if (*failed)
			return false;
		return walk->root == TMEM_CURRENT_DIRECTORY_BASE
			       ? skip_gap(walk, &translation, address)
			       : skip_middle(address);
	}
	head(walk, &translation);
	if (status != TMEM_S_OK)
		return skip_gap(walk, &translation, address);
	translation.page_first = tmi_clean_address(walk->session, translation.page_first);
	translation.page_last = tmi_clean_address(walk->session, translation.page_last);
	/* Bits that do not count made it the page of another address. */
	if (translation.page_first > *address || translation.page_last < *address)
		return skip_gap(walk, &translation, address);
	add(walk, &translation, *address);
	if (translation.page_last >= walk->last)
		return false;
	*address = translation.page_last + 1;
	return true;
}

static bool run(struct walk *walk, uint64_t first)
{
	uint64_t address = first;
	bool failed = false;

	for (uint64_t steps = 1; step(walk, &address, &failed); steps++) {
		if (steps % POLL)
			continue;
		tmi_session_progress(walk->session, "page tables", (address - first) >> 12,
				     (walk->last - first) >> 12, 0);
		if (!tmi_session_interrupted(walk->session))
			continue;
		flush(walk);
		return tmi_error_interrupted(walk->session,
					     "0x%" PRIx64 " mappings were shown, up to %s",
					     walk->count, tmi_address(walk->session, address).text);
	}
	flush(walk);
	return (!failed && walk->begun) || tmi_error_target(walk->session, "walking the tables");
}

/*
 * The addresses that tables serve. AArch64 has one set for each half, and given ones would serve
 * both: only theirs is walked.
 */
static uint64_t first_address(struct walk *walk)
{
	uint64_t user = 0, kernel = 0;

	walk->last = tmi_last_address(walk->session);
	if (walk->session->description.processor_type != TMEM_PROCESSOR_ARM64 ||
	    walk->root == TMEM_CURRENT_DIRECTORY_BASE)
		return 0;
	if (tmem_get_directory_base(walk->session->target, &user, &kernel) == TMEM_S_OK &&
	    walk->root == kernel && user != kernel) {
		walk->root = TMEM_CURRENT_DIRECTORY_BASE;
		return ARM64_KERNEL_FIRST;
	}
	walk->last = INT64_MAX;
	return 0;
}

static bool execute(struct tmi_args *args)
{
	struct walk walk = { .session = args->session };

	if (tmi_args_at_end(args))
		walk.root = TMEM_CURRENT_DIRECTORY_BASE;
	else if (!tmi_args_root(args, &walk.root) || !tmi_args_finish(args))
		return false;
	return run(&walk, first_address(&walk));
}

static const struct tmi_command_name names[] = { { "!ptov", NULL }, { NULL } };

const struct tmi_command tmi_command_ptov = {
	.names = names,
	.arguments = "[ROOT]",
	.brief = "everything that page tables map",
	.help = "Walks all page tables below ROOT (kernel mode; as for !vtop, the tables of the\n"
		"implicit process without it) and shows what they map: physical address, virtual\n"
		"address, and the bytes that follow each other in both. Ctrl-C stops it. The\n"
		"direct map of a kernel makes every page of memory appear there once more.",
	.examples = "!ptov\n!ptov 187000",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
