/* SPDX-License-Identifier: Apache-2.0 */
/* checks_implicit.c - kernel mode: whose tables virtual addresses go through. */
#include "contract/contract.h"

static uint64_t implicit(tmem_target *target)
{
	uint64_t offset = 12345;

	assert_status(tmem_get_implicit_process_data_offset(target, &offset), TMEM_S_OK);
	return offset;
}

/* No process is implicit: only tables are known. */
static void expect_none(tmem_target *target)
{
	uint64_t offset = 12345;

	assert_status(tmem_get_implicit_process_data_offset(target, &offset), TMEM_E_NOINTERFACE);
	assert_int_equal(offset, 0);
}

static uint64_t directory_base(tmem_target *target)
{
	uint64_t base = 12345;

	assert_status(tmem_get_directory_base(target, &base, NULL), TMEM_S_OK);
	return base;
}

/* The address of a listed process's kernel object, as the interface gives it. */
static uint64_t task(const struct fixture *fixture, uint32_t low)
{
	return model_api(&fixture->model,
			 fixture->model.pointer_size == 8 ? 0xffffffff00000000u | low : low);
}

/* The kernel's own process, when processes are listed. */
static void expect_default(struct fixture *fixture, tmem_target *target)
{
	if (fixture->type->kernel->has_tasks)
		assert_int_equal(implicit(target), task(fixture, LAYOUT_FIRST_TASK));
	else
		expect_none(target);
}

static void by_default(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint64_t base = 12345, kernel_base = 12345;

	expect_default(fixture, target);
	assert_status(tmem_get_implicit_process_data_offset(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_directory_base(target, &base, &kernel_base), TMEM_S_OK);
	assert_int_equal(base, fixture->layout.root);
	assert_int_equal(kernel_base, fixture->layout.kernel_root ? fixture->layout.kernel_root
								  : fixture->layout.root);
	assert_status(tmem_get_directory_base(target, &base, NULL), TMEM_S_OK);
	assert_status(tmem_get_directory_base(target, NULL, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_set_implicit_process_data_offset(target, 0), TMEM_S_OK);
	expect_default(fixture, target);
	expect_model(target, &fixture->model);
}

/* Nothing changes, and nobody is told. */
static void unknown_process(struct fixture *fixture)
{
	static const uint64_t places[] = { 1, 0x1000, UINT64_MAX };
	struct events events;

	select_second(fixture, fixture->target);
	listen_to(fixture->target, &events);
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_status(tmem_set_implicit_process_data_offset(fixture->target, places[i]),
			      TMEM_E_INVALIDARG);
		assert_true(strlen(tmem_last_error(fixture->target)) > 0);
	}
	assert_int_equal(events.count, 0);
	expect_model(fixture->target, &fixture->second);
}

static void processes(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	struct events events, other;
	tmem_target *twin;
	uint64_t match = 0;

	if (!fixture->type->kernel->has_tasks)
		return;
	assert_status(tmem_target_dup(target, &twin), TMEM_S_OK);
	listen_to(target, &events);
	listen_to(twin, &other);
	assert_status(
		tmem_set_implicit_process_data_offset(target, task(fixture, LAYOUT_SECOND_TASK)),
		TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	assert_int_equal(implicit(target), task(fixture, LAYOUT_SECOND_TASK));
	assert_int_equal(directory_base(target), fixture->layout.second_root);
	expect_model(target, &fixture->second);
	/* The other handle has its own. */
	expect_default(fixture, twin);
	expect_model(twin, &fixture->model);
	assert_status(tmem_search_virtual(target, 0, UINT64_MAX, NEEDLE, NEEDLE_SIZE, 1, &match),
		      TMEM_S_OK);
	/* Nothing changes when it is the same again. */
	assert_status(
		tmem_set_implicit_process_data_offset(target, task(fixture, LAYOUT_SECOND_TASK)),
		TMEM_S_OK);
	assert_int_equal(events.count, 0);
	assert_status(tmem_set_implicit_process_data_offset(target, 0xdead0000), TMEM_E_INVALIDARG);
	expect_model(target, &fixture->second);
	assert_int_equal(implicit(target), task(fixture, LAYOUT_SECOND_TASK));
	/* A process without tables of its own goes through the kernel's. */
	assert_status(
		tmem_set_implicit_process_data_offset(target, task(fixture, LAYOUT_FIRST_TASK)),
		TMEM_S_OK);
	assert_int_equal(implicit(target), task(fixture, LAYOUT_FIRST_TASK));
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	expect_model(target, &fixture->model);
	assert_status(tmem_set_implicit_process_data_offset(target, 0), TMEM_S_OK);
	assert_int_equal(events.count, 0);
	expect_default(fixture, target);
	tmem_close(twin);
}

/* A twin begins where its origin is; then each goes its own way. */
static void twins(struct fixture *fixture)
{
	tmem_target *twin;

	select_second(fixture, fixture->target);
	assert_status(tmem_target_dup(fixture->target, &twin), TMEM_S_OK);
	expect_model(twin, &fixture->second);
	select_first(fixture, fixture->target);
	expect_model(fixture->target, &fixture->model);
	expect_model(twin, &fixture->second);
	assert_int_equal(directory_base(twin), fixture->layout.second_root);
	tmem_close(twin);
	expect_model(fixture->target, &fixture->model);
}

static void list(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	struct tmem_kernel_process process = { .size = sizeof(process) };
	uint32_t number = 12345;

	assert_status(tmem_get_number_kernel_processes(target, NULL), TMEM_E_INVALIDARG);
	assert_status(tmem_get_kernel_process_by_index(target, 0, NULL), TMEM_E_INVALIDARG);
	if (!fixture->type->kernel->has_tasks) {
		assert_status(tmem_get_number_kernel_processes(target, &number),
			      TMEM_E_NOINTERFACE);
		assert_int_equal(number, 0);
		assert_status(tmem_get_kernel_process_by_index(target, 0, &process),
			      TMEM_E_NOINTERFACE);
		return;
	}
	assert_status(tmem_get_number_kernel_processes(target, &number), TMEM_S_OK);
	assert_int_equal(number, 2);
	assert_status(tmem_get_kernel_process_by_index(target, 0, &process), TMEM_S_OK);
	assert_int_equal(process.system_id, 0);
	assert_string_equal(process.name, "swapper");
	assert_int_equal(process.flags, TMEM_PROCESS_KERNEL_THREAD);
	assert_int_equal(process.directory_base, 0);
	assert_int_equal(process.data_offset, task(fixture, LAYOUT_FIRST_TASK));
	assert_status(tmem_get_kernel_process_by_system_id(target, 2, &process), TMEM_S_OK);
	assert_int_equal(process.system_id, 2);
	assert_string_equal(process.name, "second");
	assert_int_equal(process.flags, 0);
	assert_int_equal(process.directory_base, fixture->layout.second_root);
	assert_int_equal(process.data_offset, task(fixture, LAYOUT_SECOND_TASK));
	assert_status(tmem_get_kernel_process_by_index(target, 2, &process), TMEM_E_INVALIDARG);
	assert_status(tmem_get_kernel_process_by_system_id(target, 77, &process),
		      TMEM_E_INVALIDARG);
	process.size = 8;
	assert_status(tmem_get_kernel_process_by_index(target, 0, &process), TMEM_E_INVALIDARG);
}

static void tables_alone(struct fixture *fixture)
{
	const struct layout *layout = &fixture->layout;
	tmem_target *target = fixture->target;
	struct events events;

	listen_to(target, &events);
	assert_status(tmem_set_directory_base(target, layout->second_root), TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	expect_model(target, &fixture->second);
	assert_int_equal(directory_base(target), layout->second_root);
	expect_none(target);
	/* Where no memory is no table can be; the old one stays. */
	assert_status(tmem_set_directory_base(target, layout->hole), TMEM_E_INVALIDARG);
	assert_true(strlen(tmem_last_error(target)) > 0);
	expect_model(target, &fixture->second);
	assert_int_equal(events.count, 0);
	assert_status(tmem_set_directory_base(target, 0), TMEM_S_OK);
	expect_event(&events, TMEM_DATA_SPACE_VIRTUAL);
	expect_model(target, &fixture->model);
	/* What a register holds beside the address does not count. */
	if (!strcmp(layout->ram.shape->synth, "x64"))
		assert_status(
			tmem_set_directory_base(target, layout->second_root | 0x123 | 1ull << 63),
			TMEM_S_OK);
	else if (!strcmp(layout->ram.shape->synth, "arm64"))
		assert_status(
			tmem_set_directory_base(target, layout->second_root | 0x48ull << 48 | 1),
			TMEM_S_OK);
	else
		assert_status(tmem_set_directory_base(target, layout->second_root), TMEM_S_OK);
	expect_model(target, &fixture->second);
}

/* What was begun with one set of tables goes on with it. */
static void cursors_stay(struct fixture *fixture)
{
	struct tmem_run run = { .size = sizeof(run) };
	struct layout_run expected;
	tmem_run_cursor *cursor;
	uint64_t from = 0;

	assert_status(tmem_run_cursor_new(fixture->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor),
		      TMEM_S_OK);
	select_second(fixture, fixture->target);
	for (unsigned i = 0; i < 12; i++, from = expected.last + 1) {
		assert_true(layout_next_run(&fixture->layout, from, &expected));
		assert_status(tmem_run_cursor_next(cursor, &run), TMEM_S_OK);
		assert_int_equal(run.base, model_api(&fixture->model, expected.first));
		assert_int_equal(run.length, expected.last - expected.first + 1);
	}
	tmem_run_cursor_free(cursor);
}

static void facts(struct fixture *fixture)
{
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };
	tmem_status status = TMEM_S_OK;
	uint32_t count = 0;

	for (; count < 1000 && status == TMEM_S_OK; count++) {
		fact.size = sizeof(fact);
		status = tmem_get_kernel_fact(fixture->target, count, &fact);
		if (status == TMEM_S_OK)
			assert_true(fact.name && *fact.name && fact.value && fact.evidence);
	}
	assert_status(status, TMEM_E_NO_MORE_ENTRIES);
	assert_status(tmem_get_kernel_fact(fixture->target, 0, NULL), TMEM_E_INVALIDARG);
	fact.size = 8;
	assert_status(tmem_get_kernel_fact(fixture->target, 0, &fact), TMEM_E_INVALIDARG);
}

const struct check checks_implicit[] = {
	{ "implicit_by_default", by_default, TMEM_MODE_KERNEL },
	{ "implicit_unknown_process", unknown_process, TMEM_MODE_KERNEL },
	{ "implicit_processes", processes, TMEM_MODE_KERNEL },
	{ "implicit_twins", twins, TMEM_MODE_KERNEL },
	{ "implicit_list", list, TMEM_MODE_KERNEL },
	{ "implicit_tables_alone", tables_alone, TMEM_MODE_KERNEL },
	{ "implicit_cursors_stay", cursors_stay, TMEM_MODE_KERNEL },
	{ "implicit_facts", facts, TMEM_MODE_KERNEL },
	{ 0 },
};
