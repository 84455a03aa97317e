/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the expected memory; see model.h. */
#include "contract/model.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>

uint64_t model_random(uint64_t *state)
{
	uint64_t x = *state ? *state : 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 2685821657736338717u;
}

uint8_t model_plain_byte(unsigned seed, uint64_t address)
{
	uint64_t z = (address / 8 + 1) * 0x9e3779b97f4a7c15u + seed;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint8_t)(z >> 8 * (address % 8));
}

static struct model_run *add_run(struct model *model, const char *role, uint64_t first,
				 uint64_t size, bool writable)
{
	struct model_run *run = &model->runs[model->count++];

	*run = (struct model_run){ role, first, first + size - 1, malloc(size), writable, false };
	if (!run->bytes)
		abort();
	for (uint64_t i = 0; i < size; i++)
		run->bytes[i] = model_plain_byte(model->seed, first + i);
	return run;
}

void model_put_integer(const struct model *model, uint8_t *at, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		at[model->big_endian ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static void put_wide(const struct model *model, uint8_t *at, const char16_t *text)
{
	do {
		model_put_integer(model, at, 2, *text);
		at += 2;
	} while (*text++);
}

static void put_texts(struct model *model, struct model_run *run)
{
	memset(run->bytes, 0, model_run_size(run));
	strcpy((char *)run->bytes + TEXT_PLAIN, "contract");
	strcpy((char *)run->bytes + TEXT_UTF8, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
	strcpy((char *)run->bytes + TEXT_STRADDLE, "over the edge of a page");
	put_wide(model, run->bytes + TEXT_WIDE, u"gr\u00fc\u00df \u20ac\U0001F600");
	put_wide(model, run->bytes + TEXT_WIDE_ODD, u"an odd wide one over the edge");
	memset(run->bytes + TEXT_OPEN, 'z', model_run_size(run) - TEXT_OPEN);
}

static void put_needles(struct model_run *run)
{
	memcpy(run->bytes + 0x123, NEEDLE, NEEDLE_SIZE);
	memcpy(run->bytes + 8 * MODEL_PAGE - 7, NEEDLE, NEEDLE_SIZE);
	memcpy(run->bytes + model_run_size(run) - NEEDLE_SIZE, NEEDLE, NEEDLE_SIZE);
}

/* Another address of @size bytes that stand in @bytes. */
static void add_alias(struct model *model, const char *role, uint64_t first, uint64_t size,
		      uint8_t *bytes)
{
	model->runs[model->count++] =
		(struct model_run){ role, first, first + size - 1, bytes, true, true };
}

static void add_kernel_runs(struct model *model, const struct model_shape *shape)
{
	uint64_t large = shape->base + 0x400000;

	add_alias(model, "alias", shape->base + 0xc0000, MODEL_PAGE,
		  model_run(model, "haystack")->bytes + MODEL_PAGE);
	add_run(model, "none", shape->base + 0xe0000, MODEL_PAGE, false);
	add_run(model, "large", large, 3 * MODEL_PAGE, true);
	if (!shape->flat)
		add_run(model, "large2", large + shape->large - MODEL_PAGE, MODEL_PAGE, true);
	add_run(model, "beside", large + shape->large, MODEL_PAGE, true);
}

void model_init(struct model *model, const struct model_shape *shape, unsigned seed)
{
	uint64_t base = shape->base;
	struct model_run *run;

	*model = (struct model){
		.base = base,
		.pointer_size = shape->pointer_size,
		.big_endian = shape->big_endian,
		.seed = seed,
		.window_first = shape->complete ? 0 : base - 0x10000,
		.window_last = base + 0x1fffff,
	};
	if (shape->complete)
		model->window_last = model_last(model);
	add_run(model, "plain", base, 4 * MODEL_PAGE, true);
	add_run(model, "after", base + 0x4000, 2 * MODEL_PAGE, false);
	add_run(model, "lonely", base + 0x8000, MODEL_PAGE, true);
	put_texts(model, add_run(model, "text", base + 0x10000, 4 * MODEL_PAGE, true));
	add_run(model, "numbers", base + 0x20000, 2 * MODEL_PAGE, true);
	put_needles(add_run(model, "haystack", base + 0x40000, 16 * MODEL_PAGE, true));
	run = add_run(model, "haystack2", base + 0x60000, 2 * MODEL_PAGE, false);
	memcpy(run->bytes + 0x10, NEEDLE, NEEDLE_SIZE);
	if (shape->byte_granular)
		add_run(model, "odd", base + 0xa0010, 0x1234, true);
	if (shape->large)
		add_kernel_runs(model, shape);
	if (shape->complete)
		add_run(model, "top", model_last(model) - 2 * MODEL_PAGE + 1, 2 * MODEL_PAGE, true);
}

void model_fini(struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		if (!model->runs[i].shared)
			free(model->runs[i].bytes);
	model->count = 0;
}

void model_share(struct model *model, const struct model *from, const char *role)
{
	const struct model_run *source = model_run(from, role);

	for (size_t i = 0; i < model->count; i++)
		if (source && !strcmp(model->runs[i].role, role)) {
			free(model->runs[i].bytes);
			model->runs[i].bytes = source->bytes;
			model->runs[i].shared = true;
		}
}

const struct model_run *model_run(const struct model *model, const char *role)
{
	for (size_t i = 0; i < model->count; i++)
		if (!strcmp(model->runs[i].role, role))
			return &model->runs[i];
	return NULL;
}

size_t model_run_size(const struct model_run *run)
{
	return run->last - run->first + 1;
}

uint8_t *model_at(const struct model *model, uint64_t address)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->runs[i].first <= address && address <= model->runs[i].last)
			return model->runs[i].bytes + (address - model->runs[i].first);
	return NULL;
}

size_t model_prefix(const struct model *model, uint64_t address, size_t size)
{
	size_t count = 0;

	while (count < size && model_at(model, address + count)) {
		count++;
		if (address + count - 1 == model_last(model))
			break;
	}
	return count;
}

size_t model_read(const struct model *model, uint64_t address, void *buffer, size_t size)
{
	size_t count = model_prefix(model, address, size);

	for (size_t i = 0; i < count; i++)
		((uint8_t *)buffer)[i] = *model_at(model, address + i);
	return count;
}

size_t model_write(struct model *model, uint64_t address, const void *buffer, size_t size)
{
	size_t count = model_prefix(model, address, size);

	for (size_t i = 0; i < count; i++)
		*model_at(model, address + i) = ((const uint8_t *)buffer)[i];
	return count;
}

uint64_t model_last(const struct model *model)
{
	return model->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
}

uint64_t model_api(const struct model *model, uint64_t address)
{
	if (model->pointer_size == 8 || !(address & 0x80000000u))
		return address;
	return address | 0xffffffff00000000u;
}

uint64_t model_integer(const struct model *model, uint64_t address, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 |
			*model_at(model, address + (model->big_endian ? i : size - 1 - i));
	return value;
}

uint64_t model_pointer(const struct model *model, uint64_t address)
{
	return model_api(model, model_integer(model, address, model->pointer_size));
}

/* True when the pattern stands at @address, inside one stretch that may be looked at. */
static bool stands(const struct model *model, uint64_t address, const uint8_t *pattern, size_t size,
		   bool writable_only)
{
	for (size_t i = 0; i < size; i++) {
		bool usable = false;

		for (size_t k = 0; k < model->count; k++)
			if (model->runs[k].first <= address + i &&
			    address + i <= model->runs[k].last)
				usable = model->runs[k].writable || !writable_only;
		if (!usable || *model_at(model, address + i) != pattern[i])
			return false;
	}
	return true;
}

uint64_t model_search(const struct model *model, uint64_t first, uint64_t last, const void *pattern,
		      size_t pattern_size, size_t granularity, bool writable_only)
{
	if (last - first < pattern_size - 1)
		return UINT64_MAX;
	last -= pattern_size - 1;
	/* Only runs hold matches: look at their addresses, not at terabytes of holes. */
	for (size_t k = 0; k < model->count; k++) {
		uint64_t from = model->runs[k].first > first ? model->runs[k].first : first;
		uint64_t to = model->runs[k].last < last ? model->runs[k].last : last;

		for (uint64_t m = from; from <= to && m >= from && m <= to; m++)
			if ((m - first) % granularity == 0 &&
			    stands(model, m, pattern, pattern_size, writable_only))
				return m;
	}
	return UINT64_MAX;
}
