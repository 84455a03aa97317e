/* SPDX-License-Identifier: Apache-2.0 */
/* checks_target.c - opening, describing, stopping and closing. */
#include "contract/contract.h"

static struct tmem_description describe_target(tmem_target *target)
{
	struct tmem_description description = { .size = sizeof(description) };

	assert_status(tmem_describe(target, &description), TMEM_S_OK);
	return description;
}

static void description(struct fixture *fixture)
{
	struct tmem_description description = describe_target(fixture->target);

	assert_int_equal(description.mode, is_kernel(fixture) ? TMEM_MODE_KERNEL : TMEM_MODE_USER);
	assert_int_equal(description.pointer_size, fixture->model.pointer_size);
	assert_int_equal(description.page_size, MODEL_PAGE);
	assert_int_equal(!!(description.flags & TMEM_TARGET_LIVE), fixture->type->live);
	assert_int_equal(!!(description.flags & TMEM_TARGET_OVERLAY), fixture->type->overlay);
	assert_int_equal(!!(description.flags & TMEM_TARGET_BIG_ENDIAN), fixture->model.big_endian);
	assert_int_equal(description.flags & TMEM_TARGET_SUSPENDED, 0);
	assert_string_equal(description.kind, fixture->type->kind);
	description.size = 8;
	assert_status(tmem_describe(fixture->target, &description), TMEM_E_INVALIDARG);
	assert_status(tmem_is_pointer64_bit(fixture->target),
		      fixture->model.pointer_size == 8 ? TMEM_S_OK : TMEM_S_FALSE);
	assert_status(tmem_is_pointer64_bit(NULL), TMEM_E_INVALIDARG);
}

static void open_and_close(struct fixture *fixture)
{
	tmem_target *target = (tmem_target *)fixture;
	tmem_target *twin = (tmem_target *)fixture;

	assert_status(tmem_open(fixture->spec, "no-such-option=1", &target), TMEM_E_INVALIDARG);
	assert_null(target);
	assert_true(strstr(tmem_last_error(NULL), "no-such-option"));
	assert_status(tmem_open("/no/such/file", NULL, &target), TMEM_E_FILE_NOT_FOUND);
	assert_null(target);
	assert_true(strstr(tmem_last_error(NULL), "/no/such/file"));
	assert_status(tmem_open(NULL, NULL, &target), TMEM_E_INVALIDARG);
	assert_status(tmem_open(fixture->spec, NULL, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_target_dup(NULL, &twin), TMEM_E_INVALIDARG);
	assert_null(twin);
	assert_status(tmem_close(NULL), TMEM_S_OK);
	/* The target lives as long as its last handle. */
	target = open_again(fixture, "");
	assert_status(tmem_target_dup(target, &twin), TMEM_S_OK);
	assert_status(tmem_close(target), TMEM_S_OK);
	expect_model(twin, &fixture->model);
	assert_status(tmem_close(twin), TMEM_S_OK);
}

/* The slow ways to the bytes are as good. */
static void without_mapping(struct fixture *fixture)
{
	tmem_target *target = open_again(fixture, "map=never,threads=1");
	uint64_t match = 0;

	expect_model(target, &fixture->model);
	assert_status(tmem_search_virtual(target, at_run(fixture, "plain", 0), 0x100000, NEEDLE,
					  NEEDLE_SIZE, 1, &match),
		      TMEM_S_OK);
	assert_int_equal(match, at_run(fixture, "haystack", 0x123));
	tmem_close(target);
}

static void suspend_and_resume(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	struct events events;

	if (!fixture->type->live) {
		assert_status(tmem_suspend(target), TMEM_E_NOTIMPL);
		assert_status(tmem_resume(target), TMEM_E_NOTIMPL);
		return;
	}
	listen_to(target, &events);
	assert_status(tmem_resume(target), TMEM_E_UNEXPECTED);
	assert_status(tmem_suspend(target), TMEM_S_OK);
	assert_status(tmem_suspend(target), TMEM_S_OK);
	assert_true(describe_target(target).flags & TMEM_TARGET_SUSPENDED);
	expect_model(target, &fixture->model);
	assert_status(tmem_write_virtual(target, at_run(fixture, "plain", 0), "stopped", 7, NULL),
		      TMEM_S_OK);
	model_write(&fixture->model, fixture->model.base, "stopped", 7);
	expect_model(target, &fixture->model);
	events.count = 0;
	assert_status(tmem_resume(target), TMEM_S_OK);
	assert_true(describe_target(target).flags & TMEM_TARGET_SUSPENDED);
	assert_int_equal(events.count, 0);
	assert_status(tmem_resume(target), TMEM_S_OK);
	assert_false(describe_target(target).flags & TMEM_TARGET_SUSPENDED);
	assert_int_equal(events.count, 1);
	assert_int_equal(events.flags, TMEM_CDS_ALL);
	assert_int_equal(events.argument, 0);
	expect_model(target, &fixture->model);
	assert_status(tmem_resume(target), TMEM_E_UNEXPECTED);
}

const struct check checks_target[] = {
	{ "target_description", description },
	{ "target_open_and_close", open_and_close },
	{ "target_without_mapping", without_mapping },
	{ "target_suspend_and_resume", suspend_and_resume },
	{ 0 },
};
