/* SPDX-License-Identifier: Apache-2.0 */
/* checks_events.c - ChangeDebuggeeState: who is told, when, and what a callback may do. */
#include "contract/contract.h"

/* Every handle whose mask asks is told, once per call, the writer too. */
static void every_handle(struct fixture *fixture)
{
	struct tmem_event_callbacks other_mask = {
		.size = sizeof(other_mask),
		.interest_mask = TMEM_EVENT_CHANGE_ENGINE_STATE,
	};
	struct events first, second, third;
	tmem_target *twin, *deaf;

	assert_status(tmem_target_dup(fixture->target, &twin), TMEM_S_OK);
	assert_status(tmem_target_dup(fixture->target, &deaf), TMEM_S_OK);
	listen_to(fixture->target, &first);
	listen_to(twin, &second);
	listen_to(deaf, &third);
	assert_status(tmem_get_event_callbacks(deaf, &other_mask), TMEM_S_OK);
	other_mask.interest_mask = TMEM_EVENT_CHANGE_ENGINE_STATE;
	assert_status(tmem_set_event_callbacks(deaf, &other_mask), TMEM_S_OK);
	assert_status(tmem_write_virtual(twin, at_run(fixture, "plain", 0), "x", 1, NULL),
		      TMEM_S_OK);
	expect_event(&first, TMEM_DATA_SPACE_VIRTUAL);
	expect_event(&second, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(third.count, 0);
	assert_status(tmem_write_virtual_uncached(fixture->target, at_run(fixture, "plain", 0), "y",
						  1, NULL),
		      TMEM_S_OK);
	expect_event(&first, TMEM_DATA_SPACE_VIRTUAL);
	expect_event(&second, TMEM_DATA_SPACE_VIRTUAL);
	tmem_close(twin);
	tmem_close(deaf);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "plain", 0), "z", 1, NULL),
		TMEM_S_OK);
	expect_event(&first, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(second.count, 0);
}

/* Reads, searches, failed and empty writes change nothing. */
static void silence(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	struct events events;
	uint8_t buffer[64];
	uint64_t match;

	listen_to(target, &events);
	expect_model(target, &fixture->model);
	tmem_read_virtual_uncached(target, at_run(fixture, "plain", 0), buffer, 64, NULL);
	tmem_search_virtual(target, at_run(fixture, "plain", 0), 0x100000, NEEDLE, NEEDLE_SIZE, 1,
			    &match);
	tmem_write_virtual(target, hole(fixture), buffer, 64, NULL);
	tmem_write_virtual_uncached(target, hole(fixture), buffer, 64, NULL);
	tmem_write_virtual(target, at_run(fixture, "plain", 0), buffer, 0, NULL);
	tmem_fill_virtual(target, hole(fixture), 64, buffer, 64, NULL);
	tmem_write_pointers_virtual(target, 1, hole(fixture), &match);
	tmem_write_physical(target, is_kernel(fixture) ? fixture->layout.hole : 0, buffer, 64,
			    NULL);
	assert_int_equal(events.count, 0);
}

static void registration(struct fixture *fixture)
{
	struct tmem_event_callbacks callbacks = { .size = sizeof(callbacks) };
	struct events events;

	assert_status(tmem_get_event_callbacks(fixture->target, &callbacks), TMEM_S_OK);
	assert_int_equal(callbacks.interest_mask, 0);
	listen_to(fixture->target, &events);
	assert_status(tmem_get_event_callbacks(fixture->target, &callbacks), TMEM_S_OK);
	assert_int_equal(callbacks.interest_mask, TMEM_EVENT_CHANGE_DEBUGGEE_STATE);
	assert_ptr_equal(callbacks.context, &events);
	/* A bad one changes nothing; unknown bits are no fault. */
	callbacks.size = 4;
	assert_status(tmem_set_event_callbacks(fixture->target, &callbacks), TMEM_E_INVALIDARG);
	assert_status(tmem_get_event_callbacks(fixture->target, &callbacks), TMEM_E_INVALIDARG);
	callbacks.size = sizeof(callbacks);
	callbacks.interest_mask = UINT32_MAX;
	assert_status(tmem_set_event_callbacks(fixture->target, &callbacks), TMEM_S_OK);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "plain", 0), "x", 1, NULL),
		TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	assert_status(tmem_set_event_callbacks(fixture->target, NULL), TMEM_S_OK);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "plain", 0), "x", 1, NULL),
		TMEM_S_OK);
	assert_int_equal(events.count, 0);
}

/* What a callback did; assertions come after the call that it runs in. */
struct attempt {
	struct fixture *fixture;
	unsigned count;
	uint8_t seen[4];
	tmem_status read, write, uncached, fill, pointers, batch, process, callbacks, close;
	tmem_status write_physical, fill_physical, implicit, root;
	size_t written;
	uint64_t filled;
};

static void attempt_all(void *context, uint32_t flags, uint64_t argument)
{
	struct attempt *attempt = context;
	tmem_target *target = attempt->fixture->target;
	uint64_t at = at_run(attempt->fixture, "plain", 0);
	uint64_t pointer = 0;
	struct tmem_transfer item = { .offset = at, .buffer = attempt->seen, .size = 1 };

	attempt->count++;
	attempt->written = 12345;
	attempt->filled = 12345;
	attempt->read = tmem_read_virtual(target, at, attempt->seen, 4, NULL);
	attempt->write = tmem_write_virtual(target, at, "no", 2, &attempt->written);
	attempt->uncached = tmem_write_virtual_uncached(target, at, "no", 2, NULL);
	attempt->fill = tmem_fill_virtual(target, at, 4, "no", 2, &attempt->filled);
	attempt->pointers = tmem_write_pointers_virtual(target, 1, at, &pointer);
	attempt->batch = tmem_write_virtual_batch(target, &item, 1);
	attempt->process = tmem_set_current_process_id(target, 0);
	attempt->callbacks = tmem_set_event_callbacks(target, NULL);
	attempt->close = tmem_close(target);
	attempt->write_physical =
		tmem_write_physical(target, attempt->fixture->layout.spare, "no", 2, NULL);
	attempt->fill_physical =
		tmem_fill_physical(target, attempt->fixture->layout.spare, 4, "no", 2, NULL);
	attempt->implicit = tmem_set_implicit_process_data_offset(target, 0);
	attempt->root = tmem_set_directory_base(target, 0);
}

static void from_inside(struct fixture *fixture)
{
	struct attempt attempt = { .fixture = fixture };
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = &attempt,
		.change_debuggee_state = attempt_all,
	};

	assert_status(tmem_set_event_callbacks(fixture->target, &callbacks), TMEM_S_OK);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "plain", 0), "news", 4, NULL),
		TMEM_S_OK);
	assert_int_equal(attempt.count, 1);
	/* The change is visible already. */
	assert_status(attempt.read, TMEM_S_OK);
	assert_memory_equal(attempt.seen, "news", 4);
	assert_status(attempt.write, TMEM_E_UNEXPECTED);
	assert_int_equal(attempt.written, 0);
	assert_status(attempt.uncached, TMEM_E_UNEXPECTED);
	assert_status(attempt.fill, TMEM_E_UNEXPECTED);
	assert_int_equal(attempt.filled, 0);
	assert_status(attempt.pointers, TMEM_E_UNEXPECTED);
	assert_status(attempt.batch, TMEM_E_UNEXPECTED);
	assert_status(attempt.process, TMEM_E_UNEXPECTED);
	assert_status(attempt.callbacks, TMEM_E_UNEXPECTED);
	assert_status(attempt.close, TMEM_E_UNEXPECTED);
	assert_status(attempt.write_physical, TMEM_E_UNEXPECTED);
	assert_status(attempt.fill_physical, TMEM_E_UNEXPECTED);
	assert_status(attempt.root, TMEM_E_UNEXPECTED);
	if (is_kernel(fixture))
		assert_status(attempt.implicit, TMEM_E_UNEXPECTED);
	expect_bytes(fixture->target, at_run(fixture, "plain", 0), "news", 4);
}

/* The explanation of a failed call is the caller's, whatever a callback tried in between. */
static void explanation_survives(struct fixture *fixture)
{
	struct attempt attempt = { .fixture = fixture };
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = &attempt,
		.change_debuggee_state = attempt_all,
	};
	struct tmem_error_detail detail = { .size = sizeof(detail) };
	const uint64_t ptrs[4] = { 0 };
	uint64_t from =
		at_run(fixture, "numbers", 2 * MODEL_PAGE - 2 * fixture->model.pointer_size);

	assert_status(tmem_set_event_callbacks(fixture->target, &callbacks), TMEM_S_OK);
	assert_status(tmem_write_pointers_virtual(fixture->target, 4, from, ptrs),
		      TMEM_E_WRITE_FAULT);
	assert_int_equal(attempt.count, 1);
	assert_status(tmem_last_error_detail(fixture->target, &detail), TMEM_S_OK);
	assert_status(detail.status, TMEM_E_WRITE_FAULT);
}

const struct check checks_events[] = {
	{ "events_every_handle", every_handle },
	{ "events_silence", silence },
	{ "events_registration", registration },
	{ "events_from_inside", from_inside },
	{ "events_explanation_survives", explanation_survives },
	{ 0 },
};
