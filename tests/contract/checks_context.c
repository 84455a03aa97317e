/* SPDX-License-Identifier: Apache-2.0 */
/* checks_context.c - processes, threads, modules: whose memory a handle means. */
#include "contract/contract.h"

static unsigned process_count(const struct fixture *fixture)
{
	return fixture->type->second && !is_kernel(fixture) ? 2 : 1;
}

/* The kernel is the one process; it has no number of the system's. */
static void kernel_process(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint32_t id = 99, system_id = 99;

	assert_status(tmem_get_process_ids_by_index(target, 0, 1, &id, &system_id), TMEM_S_OK);
	assert_int_equal(id, 0);
	assert_int_equal(system_id, TMEM_ANY_ID);
	assert_status(tmem_get_current_process_system_id(target, &system_id), TMEM_E_NOTIMPL);
	assert_status(tmem_get_process_id_by_system_id(target, 1, &id), TMEM_E_NOTIMPL);
	assert_status(tmem_set_current_process_id(target, 0), TMEM_S_OK);
	assert_status(tmem_set_current_process_id(target, 1), TMEM_E_NOINTERFACE);
	assert_status(tmem_get_current_process_id(target, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
}

static void processes(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint32_t ids[3] = { 99, 99, 99 }, system_ids[3] = { 99, 99, 99 };
	uint32_t number = 99, id = 99, system_id = 99;
	unsigned count = process_count(fixture);

	assert_status(tmem_get_number_processes(target, &number), TMEM_S_OK);
	assert_int_equal(number, count);
	assert_status(tmem_get_process_ids_by_index(target, 0, count, ids, system_ids), TMEM_S_OK);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(ids[i], i);
		if (is_kernel(fixture))
			continue;
		assert_status(tmem_get_process_id_by_system_id(target, system_ids[i], &id),
			      TMEM_S_OK);
		assert_int_equal(id, i);
	}
	assert_int_equal(ids[count], 99);
	ids[0] = 99;
	assert_status(tmem_get_process_ids_by_index(target, 0, count + 1, ids, NULL),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_get_process_ids_by_index(target, 1, UINT32_MAX, ids, NULL),
		      TMEM_E_INVALIDARG);
	assert_int_equal(ids[0], 99);
	assert_status(tmem_get_process_ids_by_index(target, 0, count, NULL, NULL), TMEM_S_OK);
	assert_status(tmem_get_current_process_id(target, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
	if (is_kernel(fixture)) {
		kernel_process(fixture);
		return;
	}
	assert_status(tmem_get_current_process_system_id(target, &system_id), TMEM_S_OK);
	assert_int_equal(system_id, system_ids[0]);
	assert_status(tmem_get_process_id_by_system_id(target, 0x7ffffff0, &id),
		      TMEM_E_NOINTERFACE);
	assert_status(tmem_set_current_process_id(target, 99), TMEM_E_NOINTERFACE);
	assert_status(tmem_get_current_process_id(target, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
}

static void names(struct fixture *fixture)
{
	char name[4096];
	char cut[4];
	size_t size = 0;

	assert_status(
		tmem_get_process_executable_name(fixture->target, 0, name, sizeof(name), &size),
		TMEM_S_OK);
	assert_int_equal(size, strlen(name) + 1);
	assert_true(size > 4);
	assert_status(tmem_get_process_executable_name(fixture->target, 0, cut, sizeof(cut), &size),
		      TMEM_S_FALSE);
	assert_int_equal(size, strlen(name) + 1);
	assert_memory_equal(cut, name, 3);
	assert_int_equal(cut[3], 0);
	assert_status(
		tmem_get_process_executable_name(fixture->target, 99, name, sizeof(name), &size),
		TMEM_E_NOINTERFACE);
}

/* Each handle has its own current process; a twin begins where its origin is. */
static void context_per_handle(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	tmem_target *twin, *later;
	uint32_t id = 99;

	assert_status(tmem_target_dup(target, &twin), TMEM_S_OK);
	if (fixture->type->second) {
		select_second(fixture, twin);
		expect_model(twin, &fixture->second);
		assert_status(tmem_target_dup(twin, &later), TMEM_S_OK);
		expect_model(later, &fixture->second);
		tmem_close(later);
	}
	expect_model(target, &fixture->model);
	assert_status(tmem_get_current_process_id(target, &id), TMEM_S_OK);
	assert_int_equal(id, 0);
	tmem_close(twin);
	expect_model(target, &fixture->model);
}

/* Every method follows the current process. */
static void methods_follow(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	const struct model *model = &fixture->second;
	uint64_t base = fixture->model.base;
	uint8_t buffer[64];
	uint8_t pattern[12];
	uint64_t pointer, match;
	struct tmem_transfer item = { .buffer = buffer, .size = 64 };

	if (!fixture->type->second)
		return;
	item.offset = at_run(fixture, "plain", 0);
	expect_model(target, &fixture->model);
	select_second(fixture, target);
	expect_model(target, model);
	assert_status(
		tmem_read_virtual_uncached(target, at_run(fixture, "after", 0), buffer, 64, NULL),
		TMEM_S_OK);
	assert_memory_equal(buffer, model_run(model, "after")->bytes, 64);
	assert_status(tmem_read_virtual_batch(target, &item, 1), TMEM_S_OK);
	assert_memory_equal(buffer, model_run(model, "plain")->bytes, 64);
	assert_status(
		tmem_read_pointers_virtual(target, 1, at_run(fixture, "numbers", 0), &pointer),
		TMEM_S_OK);
	assert_int_equal(pointer, model_pointer(model, base + 0x20000));
	model_read(model, base + 0x45678, pattern, 12);
	assert_status(tmem_search_virtual(target, at_run(fixture, "plain", 0), 0x100000, pattern,
					  12, 1, &match),
		      TMEM_S_OK);
	assert_int_equal(to_model(fixture, match), base + 0x45678);
	assert_status(tmem_fill_virtual(target, at_run(fixture, "plain", 0), 8, "ab", 2, NULL),
		      TMEM_S_OK);
	select_first(fixture, target);
	expect_model(target, &fixture->model);
}

static void no_kernel(struct fixture *fixture)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };
	uint64_t offset = 12345, other = 12345;
	uint32_t number = 12345;

	assert_status(tmem_get_number_kernel_processes(fixture->target, &number),
		      TMEM_E_UNEXPECTED);
	assert_int_equal(number, 0);
	assert_status(tmem_get_kernel_process_by_index(fixture->target, 0, &process),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_get_kernel_process_by_system_id(fixture->target, 1, &process),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_get_kernel_fact(fixture->target, 0, &fact), TMEM_E_UNEXPECTED);
	assert_status(tmem_get_directory_base(fixture->target, &offset, &other), TMEM_E_UNEXPECTED);
	assert_int_equal(offset, 0);
	assert_int_equal(other, 0);
	assert_status(tmem_set_directory_base(fixture->target, 0x1000), TMEM_E_UNEXPECTED);
	assert_status(tmem_get_implicit_process_data_offset(fixture->target, &offset),
		      TMEM_E_NOTIMPL);
	assert_status(tmem_set_implicit_process_data_offset(fixture->target, 0), TMEM_E_NOTIMPL);
}

static void threads(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint32_t ids[8] = { 0 }, system_ids[8] = { 0 };
	uint32_t number = 99, id = 99;
	uint64_t value;
	size_t size;

	assert_status(tmem_get_number_threads(target, &number), TMEM_S_OK);
	assert_true(number < 8);
	assert_status(tmem_get_thread_ids_by_index(target, 0, number, ids, system_ids), TMEM_S_OK);
	assert_status(tmem_get_thread_ids_by_index(target, 0, number + 1, ids, NULL),
		      TMEM_E_INVALIDARG);
	assert_status(tmem_get_current_thread_id(target, &id),
		      number ? TMEM_S_OK : TMEM_E_UNEXPECTED);
	if (number) {
		assert_int_equal(id, ids[0]);
		assert_status(tmem_set_current_thread_id(target, ids[0]), TMEM_S_OK);
	}
	assert_status(tmem_set_current_thread_id(target, 9999), TMEM_E_NOINTERFACE);
	assert_status(tmem_get_thread_context(target, 99, NULL, 0, &size), TMEM_E_INVALIDARG);
	assert_status(tmem_get_register(target, 99, &value), TMEM_E_INVALIDARG);
}

static void modules(struct fixture *fixture)
{
	struct tmem_module module = { .size = sizeof(module) };
	struct tmem_module again = { .size = sizeof(again) };
	uint32_t number = 99;

	assert_status(tmem_get_number_modules(fixture->target, &number), TMEM_S_OK);
	assert_status(tmem_get_module_by_index(fixture->target, number, &module),
		      TMEM_E_NOINTERFACE);
	assert_status(tmem_get_module_by_offset(fixture->target, hole(fixture), &module),
		      TMEM_E_NOINTERFACE);
	assert_status(tmem_get_module_by_module_name(fixture->target, "no-such-module", &module),
		      TMEM_E_NOINTERFACE);
	for (uint32_t i = 0; i < number; i++) {
		module.size = again.size = sizeof(module);
		assert_status(tmem_get_module_by_index(fixture->target, i, &module), TMEM_S_OK);
		assert_status(tmem_get_module_by_offset(fixture->target,
							module.base + module.module_size - 1,
							&again),
			      TMEM_S_OK);
		assert_int_equal(again.base, module.base);
		assert_status(tmem_get_module_by_module_name(fixture->target, module.name, &again),
			      TMEM_S_OK);
	}
}

/* Live targets take and drop processes; others say that they cannot. */
static void attach_and_detach(struct fixture *fixture)
{
	tmem_target *target = fixture->target;
	uint32_t system_ids[2];
	uint32_t id = 99;
	uint8_t byte;

	if (!fixture->type->live || is_kernel(fixture)) {
		assert_status(tmem_attach_process(target, 1, &id), TMEM_E_NOTIMPL);
		assert_status(tmem_detach_process(target, 0), TMEM_E_NOTIMPL);
		return;
	}
	assert_status(tmem_detach_process(target, 99), TMEM_E_NOINTERFACE);
	assert_status(tmem_get_process_ids_by_index(target, 0, 2, NULL, system_ids), TMEM_S_OK);
	assert_status(tmem_detach_process(target, 0), TMEM_S_OK);
	assert_status(tmem_read_virtual(target, at_run(fixture, "plain", 0), &byte, 1, NULL),
		      TMEM_E_UNEXPECTED);
	assert_status(tmem_set_current_process_id(target, 1), TMEM_S_OK);
	expect_model(target, &fixture->second);
	if (!fixture->type->peek)
		return;
	/* Attached again it is another process for the target; known ones keep their number. */
	assert_status(tmem_attach_process(target, system_ids[1], &id), TMEM_S_OK);
	assert_int_equal(id, 1);
	assert_status(tmem_attach_process(target, system_ids[0], &id), TMEM_S_OK);
	assert_int_equal(id, 2);
	assert_status(tmem_set_current_process_id(target, 2), TMEM_S_OK);
	expect_model(target, &fixture->model);
}

const struct check checks_context[] = {
	{ "context_processes", processes },
	{ "context_names", names },
	{ "context_per_handle", context_per_handle },
	{ "context_methods_follow", methods_follow },
	{ "context_no_kernel", no_kernel, TMEM_MODE_USER },
	{ "context_threads", threads },
	{ "context_modules", modules },
	{ "context_attach_and_detach", attach_and_detach },
	{ 0 },
};
