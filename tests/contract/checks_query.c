/* SPDX-License-Identifier: Apache-2.0 */
/* checks_query.c - QueryVirtual. */
#include "contract/contract.h"

static void query(struct fixture *fixture, uint64_t offset,
		  struct tmem_memory_basic_information *info)
{
	memset(info, 0xee, sizeof(*info));
	assert_status(tmem_query_virtual(fixture->target, offset, info), TMEM_S_OK);
	assert_int_equal(info->alignment1, 0);
	assert_int_equal(info->alignment2, 0);
}

/* Kernel mode has no such map, whatever the address is. */
static void kernel_mode(struct fixture *fixture)
{
	const uint64_t places[] = { 0, at_run(fixture, "plain", 0), hole(fixture), UINT64_MAX };
	struct tmem_memory_basic_information info;
	const uint8_t zeros[sizeof(info)] = { 0 };

	for (size_t i = 0; i < COUNT(places); i++) {
		memset(&info, 0xee, sizeof(info));
		assert_status(tmem_query_virtual(fixture->target, places[i], &info),
			      TMEM_E_UNEXPECTED);
		assert_memory_equal(&info, zeros, sizeof(info));
	}
}

/* From the page of the address to the end of the run. */
static void mapped(struct fixture *fixture)
{
	static const char *const roles[] = { "plain", "after", "lonely", "haystack" };
	struct tmem_memory_basic_information info;

	for (size_t i = 0; i < COUNT(roles); i++) {
		const struct model_run *run = model_run(&fixture->model, roles[i]);
		size_t size = model_run_size(run);
		uint32_t protect = run->writable ? TMEM_PAGE_READWRITE : TMEM_PAGE_READONLY;

		for (uint64_t at = 0; at < size; at += size / 3) {
			query(fixture, at_run(fixture, roles[i], at), &info);
			assert_int_equal(
				info.base_address,
				at_run(fixture, roles[i], at & ~(uint64_t)(MODEL_PAGE - 1)));
			assert_int_equal(info.region_size,
					 size - (at & ~(uint64_t)(MODEL_PAGE - 1)));
			assert_int_equal(info.allocation_base, at_run(fixture, roles[i], 0));
			assert_int_equal(info.state, TMEM_MEM_COMMIT);
			assert_int_equal(info.protect, protect);
			assert_int_equal(info.allocation_protect, protect);
			assert_int_equal(info.type, TMEM_MEM_PRIVATE);
		}
	}
}

/* Free space is a result. */
static void free_space(struct fixture *fixture)
{
	struct tmem_memory_basic_information info;
	uint64_t from = at_run(fixture, "after", 2 * MODEL_PAGE);

	query(fixture, from + 100, &info);
	assert_int_equal(info.base_address, from);
	assert_int_equal(info.region_size, 2 * MODEL_PAGE);
	assert_int_equal(info.allocation_base, 0);
	assert_int_equal(info.allocation_protect, 0);
	assert_int_equal(info.state, TMEM_MEM_FREE);
	assert_int_equal(info.protect, TMEM_PAGE_NOACCESS);
	assert_int_equal(info.type, 0);
}

/* base + size is the next address to ask: the walk visits every run of the model in order. */
static void walk(struct fixture *fixture)
{
	const struct model *model = &fixture->model;
	uint64_t at = model->base - 0x8000;
	size_t seen = 0;

	while (at < model->base + 0x90000) {
		struct tmem_memory_basic_information info;

		query(fixture, model_api(model, at), &info);
		assert_int_equal(to_model(fixture, info.base_address), at);
		assert_true(info.region_size > 0);
		if (info.state == TMEM_MEM_COMMIT) {
			assert_int_equal(at, model->runs[seen].first);
			assert_int_equal(info.region_size, model_run_size(&model->runs[seen]));
			seen++;
		}
		at += info.region_size;
	}
	assert_int_equal(seen, 7);
}

static void beyond_the_user_range(struct fixture *fixture)
{
	struct tmem_memory_basic_information info;
	const uint8_t zeros[sizeof(info)] = { 0 };

	if (fixture->model.pointer_size == 4) {
		memset(&info, 0xee, sizeof(info));
		assert_status(tmem_query_virtual(fixture->target, 0x1234567800000000u, &info),
			      TMEM_E_INVALIDARG);
		assert_memory_equal(&info, zeros, sizeof(info));
		return;
	}
	for (uint64_t at = UINT64_MAX - MODEL_PAGE; at > 1u << 31; at -= at / 3 + 1) {
		if (at < 0x00ffffffffffffffu)
			break;
		memset(&info, 0xee, sizeof(info));
		assert_status(tmem_query_virtual(fixture->target, at, &info), TMEM_E_INVALIDARG);
		assert_memory_equal(&info, zeros, sizeof(info));
	}
}

const struct check checks_query[] = {
	{ "query_kernel_mode", kernel_mode, TMEM_MODE_KERNEL },
	{ "query_mapped", mapped, TMEM_MODE_USER },
	{ "query_free_space", free_space, TMEM_MODE_USER },
	{ "query_walk", walk, TMEM_MODE_USER },
	{ "query_beyond_the_user_range", beyond_the_user_range, TMEM_MODE_USER },
	{ 0 },
};
