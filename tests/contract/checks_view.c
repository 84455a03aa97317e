/* SPDX-License-Identifier: Apache-2.0 */
/* checks_view.c - windows into memory: right where they are offered, refused with a reason. */
#include "contract/contract.h"

/* Both outcomes are allowed to a readable byte; the bytes must be right. */
static bool look(struct fixture *fixture, uint64_t offset, size_t size, struct tmem_view *view)
{
	tmem_status status;

	memset(view, 0xee, sizeof(*view));
	status = tmem_view_virtual(fixture->target, offset, size, view);
	if (status != TMEM_S_OK) {
		assert_status(status, TMEM_E_NOTIMPL);
		assert_null(view->data);
		assert_int_equal(view->size, 0);
		return false;
	}
	assert_true(view->size >= 1 && view->size <= size);
	for (size_t i = 0; i < view->size; i++)
		assert_int_equal(((const uint8_t *)view->data)[i],
				 *model_at(&fixture->model, to_model(fixture, offset) + i));
	return true;
}

static void shows_the_bytes(struct fixture *fixture)
{
	struct tmem_view view;

	for (size_t i = 0; i < fixture->model.count; i++) {
		const struct model_run *run = &fixture->model.runs[i];
		uint64_t offset = model_api(&fixture->model, run->first);

		if (look(fixture, offset, model_run_size(run) + 100, &view))
			assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_OK);
		look(fixture, offset + model_run_size(run) - 1, 1, &view);
	}
}

static void ends_with_a_write(struct fixture *fixture)
{
	struct tmem_view view;
	uint64_t at = at_run(fixture, "plain", 100);

	if (!look(fixture, at, 16, &view))
		return;
	assert_status(tmem_write_virtual(fixture->target, at + 4, "new", 3, NULL), TMEM_S_OK);
	model_write(&fixture->model, to_model(fixture, at) + 4, "new", 3);
	assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_FALSE);
	/* What is offered now, if anything, has the new bytes. */
	if (look(fixture, at, 16, &view))
		assert_status(tmem_view_is_current(fixture->target, &view), TMEM_S_OK);
}

static void unreadable(struct fixture *fixture)
{
	struct tmem_view view;

	memset(&view, 0xee, sizeof(view));
	assert_status(tmem_view_virtual(fixture->target, hole(fixture), 16, &view),
		      TMEM_E_READ_FAULT);
	assert_null(view.data);
	assert_int_equal(view.size, 0);
	assert_status(tmem_view_is_current(fixture->target, &view), TMEM_E_INVALIDARG);
}

const struct check checks_view[] = {
	{ "view_shows_the_bytes", shows_the_bytes },
	{ "view_ends_with_a_write", ends_with_a_write },
	{ "view_unreadable", unreadable },
	{ 0 },
};
