/* SPDX-License-Identifier: Apache-2.0 */
/* support.c - what the checks share; see contract.h. */
#include "contract/contract.h"

void check_status(tmem_status got, tmem_status wanted, const char *what, const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("%s\n  is %08x (%s), not %08x (%s)\n", what, (unsigned)got,
		    tmem_status_name(got), (unsigned)wanted, tmem_status_name(wanted));
	_fail(file, line);
}

static const struct model_run *need_run(const struct fixture *fixture, const char *role)
{
	const struct model_run *run = model_run(&fixture->model, role);

	if (!run)
		fail_msg("the model has no run %s", role);
	return run;
}

uint64_t at_run(const struct fixture *fixture, const char *role, uint64_t at)
{
	return model_api(&fixture->model, need_run(fixture, role)->first + at);
}

uint64_t after_run(const struct fixture *fixture, const char *role)
{
	return model_api(&fixture->model, need_run(fixture, role)->last + 1);
}

size_t run_size(const struct fixture *fixture, const char *role)
{
	return model_run_size(need_run(fixture, role));
}

const uint8_t *run_bytes(const struct fixture *fixture, const char *role)
{
	return need_run(fixture, role)->bytes;
}

uint64_t to_model(const struct fixture *fixture, uint64_t offset)
{
	return fixture->model.pointer_size == 4 ? (uint32_t)offset : offset;
}

uint64_t hole(const struct fixture *fixture)
{
	return model_api(&fixture->model, fixture->model.base + 0x30000);
}

void expect_bytes(tmem_target *target, uint64_t offset, const void *bytes, size_t size)
{
	uint8_t *got = malloc(size + 1);
	size_t done = 0;

	assert_non_null(got);
	assert_status(tmem_read_virtual(target, offset, got, size, &done), TMEM_S_OK);
	assert_int_equal(done, size);
	assert_memory_equal(got, bytes, size);
	free(got);
}

void expect_model(tmem_target *target, const struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		expect_bytes(target, model_api(model, model->runs[i].first), model->runs[i].bytes,
			     model_run_size(&model->runs[i]));
}

bool is_kernel(const struct fixture *fixture)
{
	return fixture->type->kernel;
}

uint64_t physical_of(const struct fixture *fixture, uint64_t offset)
{
	return layout_physical(&fixture->layout, to_model(fixture, offset));
}

void select_second(const struct fixture *fixture, tmem_target *target)
{
	assert_status(is_kernel(fixture)
			      ? tmem_set_directory_base(target, fixture->layout.second_root)
			      : tmem_set_current_process_id(target, 1),
		      TMEM_S_OK);
}

void select_first(const struct fixture *fixture, tmem_target *target)
{
	assert_status(is_kernel(fixture) ? tmem_set_directory_base(target, 0)
					 : tmem_set_current_process_id(target, 0),
		      TMEM_S_OK);
}

void expect_physical(tmem_target *target, uint64_t offset, const void *bytes, size_t size)
{
	uint8_t *got = malloc(size + 1);
	size_t done = 0;

	assert_non_null(got);
	assert_status(tmem_read_physical(target, offset, got, size, &done), TMEM_S_OK);
	assert_int_equal(done, size);
	assert_memory_equal(got, bytes, size);
	free(got);
}

tmem_target *open_again(struct fixture *fixture, const char *options)
{
	tmem_target *target = NULL;
	char all[256];

	snprintf(all, sizeof(all), "%s%s%s", fixture->options,
		 *fixture->options && *options ? "," : "", options);
	if (tmem_open(fixture->spec, all, &target) != TMEM_S_OK)
		fail_msg("%s with %s: %s", fixture->spec, all, tmem_last_error(NULL));
	return target;
}

static void take_event(void *context, uint32_t flags, uint64_t argument)
{
	struct events *events = context;

	events->count++;
	events->flags = flags;
	events->argument = argument;
}

void listen_to(tmem_target *target, struct events *events)
{
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = events,
		.change_debuggee_state = take_event,
	};

	*events = (struct events){ 0 };
	assert_status(tmem_set_event_callbacks(target, &callbacks), TMEM_S_OK);
}

void expect_event(struct events *events, uint64_t space)
{
	assert_int_equal(events->count, 1);
	assert_int_equal(events->flags, TMEM_CDS_DATA);
	assert_int_equal(events->argument, space);
	events->count = 0;
}
