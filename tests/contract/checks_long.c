/* SPDX-License-Identifier: Apache-2.0 */
/* checks_long.c - interrupt and progress of long operations. */
#include "contract/contract.h"

static void interrupt_is_asked_once(struct fixture *fixture)
{
	tmem_target *twin;

	assert_status(tmem_target_dup(fixture->target, &twin), TMEM_S_OK);
	assert_status(tmem_get_interrupt(fixture->target), TMEM_S_FALSE);
	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	/* Each handle has its own. */
	assert_status(tmem_get_interrupt(twin), TMEM_S_FALSE);
	assert_status(tmem_get_interrupt(fixture->target), TMEM_S_OK);
	assert_status(tmem_get_interrupt(fixture->target), TMEM_S_FALSE);
	assert_status(tmem_set_interrupt(NULL), TMEM_E_INVALIDARG);
	tmem_close(twin);
}

/* A pending interrupt stops the next fill before it writes. */
static void stops_a_fill(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t filled = 12345;
	struct events events;

	listen_to(fixture->target, &events);
	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	assert_status(tmem_fill_virtual(fixture->target, at, 100, "x", 1, &filled),
		      TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(filled, 0);
	assert_int_equal(events.count, 0);
	expect_model(fixture->target, &fixture->model);
	assert_status(tmem_fill_virtual(fixture->target, at, 100, "x", 1, &filled), TMEM_S_OK);
	assert_int_equal(filled, 100);
}

static void stops_a_search(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint64_t match = 12345;

	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	assert_status(
		tmem_search_virtual(fixture->target, at, 0x100000, NEEDLE, NEEDLE_SIZE, 1, &match),
		TMEM_E_CONTROL_C_EXIT);
	assert_int_equal(match, 12345);
	assert_status(
		tmem_search_virtual(fixture->target, at, 0x100000, NEEDLE, NEEDLE_SIZE, 1, &match),
		TMEM_S_OK);
	assert_int_equal(match, at_run(fixture, "haystack", 0x123));
}

/* Reads are not long operations: the interrupt waits. But finding a kernel may be one. */
static void leaves_reads_alone(struct fixture *fixture)
{
	uint8_t byte;

	if (is_kernel(fixture))
		assert_status(tmem_read_virtual(fixture->target, at_run(fixture, "plain", 0), &byte,
						1, NULL),
			      TMEM_S_OK);
	assert_status(tmem_set_interrupt(fixture->target), TMEM_S_OK);
	expect_model(fixture->target, &fixture->model);
	assert_status(tmem_get_interrupt(fixture->target), TMEM_S_OK);
}

/* What reports said that cannot be. */
struct reports {
	unsigned wrong;
	uint64_t done;
};

static void take_report(void *context, const struct tmem_progress *progress)
{
	struct reports *reports = context;

	if (progress->size < sizeof(*progress) || progress->done > progress->total ||
	    progress->done < reports->done || progress->bytes > progress->total)
		reports->wrong++;
	reports->done = progress->done;
}

static void progress(struct fixture *fixture)
{
	struct reports reports = { 0 };
	uint64_t match;

	assert_status(tmem_set_progress_callback(fixture->target, take_report, &reports),
		      TMEM_S_OK);
	assert_status(tmem_fill_virtual(fixture->target, at_run(fixture, "haystack", 0), 60000, "x",
					1, NULL),
		      TMEM_S_OK);
	reports.done = 0;
	assert_status(tmem_search_virtual(fixture->target, at_run(fixture, "haystack", 0), 1 << 30,
					  "no such bytes", 13, 1, &match),
		      TMEM_E_NO_MORE_ENTRIES);
	assert_int_equal(reports.wrong, 0);
	assert_status(tmem_set_progress_callback(fixture->target, NULL, NULL), TMEM_S_OK);
}

const struct check checks_long[] = {
	{ "long_interrupt_is_asked_once", interrupt_is_asked_once },
	{ "long_stops_a_fill", stops_a_fill },
	{ "long_stops_a_search", stops_a_search },
	{ "long_leaves_reads_alone", leaves_reads_alone },
	{ "long_progress", progress },
	{ 0 },
};
