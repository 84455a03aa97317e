/* SPDX-License-Identifier: Apache-2.0 */
/* fill.c - FillVirtual and FillPhysical. */
#include <stdlib.h>
#include <string.h>
#include <tmem/memory.h>
#include <tmem/physical.h>
#include <tmem/region.h>

#include "access/access.h"

/*
 * Bytes written at a time, about; a whole number of patterns. Each write of a live process costs a
 * few questions; twice as many bytes would push more out of the cache than the questions cost.
 */
#define CHUNK 524288u
/* Bytes between two looks at the interrupt. */
#define POLL_STEP (1u << 20)

/* The pattern, repeated often enough that a write moves many bytes. */
struct source {
	const uint8_t *bytes;
	size_t size; /* a multiple of the pattern's */
	uint8_t *owned;
};

struct fill {
	tmem_target *target;
	struct tmi_space *space;
	uint64_t address; /* internal */
	uint64_t size;
	const void *pattern;
	size_t pattern_size;
	uint64_t done;
};

static tmem_status source_init(struct source *source, const struct fill *fill)
{
	uint64_t wanted = fill->size < CHUNK ? fill->size : CHUNK;
	size_t filled = fill->pattern_size;

	*source = (struct source){ .bytes = fill->pattern, .size = fill->pattern_size };
	if (fill->pattern_size > wanted / 2)
		return TMEM_S_OK;
	source->size = wanted / fill->pattern_size * fill->pattern_size;
	source->owned = malloc(source->size);
	if (!source->owned)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	memcpy(source->owned, fill->pattern, filled);
	while (filled < source->size) {
		size_t part = filled < source->size - filled ? filled : source->size - filled;

		memcpy(source->owned + filled, source->owned, part);
		filled += part;
	}
	source->bytes = source->owned;
	return TMEM_S_OK;
}

/* Writes up to the end of the source once; byte i gets source[i % size], as the pattern asks. */
static tmem_status write_part(struct fill *fill, const struct source *source)
{
	size_t phase = fill->done % source->size;
	uint64_t left = fill->size - fill->done;
	uint64_t length = left < source->size - phase ? left : source->size - phase;
	size_t part = 0;
	tmem_status status;

	if (length > POLL_STEP)
		length = POLL_STEP;
	status = tmi_space_write(fill->space, fill->address + fill->done, source->bytes + phase,
				 length, &part);

	fill->done += part;
	return status;
}

static tmem_status run_loop(struct fill *fill, const struct source *source)
{
	tmem_status status = TMEM_S_OK;
	uint64_t next_poll = 0;
	struct tmi_meter meter;

	tmi_meter_init(&meter, fill->target, "fill", fill->size);
	while (fill->done < fill->size && status == TMEM_S_OK) {
		if (fill->done >= next_poll) {
			if (tmi_call_interrupted(fill->target))
				return tmi_fail(TMEM_E_CONTROL_C_EXIT, TMEM_REASON_NONE, 0);
			tmi_meter_report(&meter, fill->done, fill->done);
			next_poll = fill->done + POLL_STEP;
		}
		status = write_part(fill, source);
	}
	tmi_meter_report(&meter, fill->done, fill->done);
	return fill->done ? TMEM_S_OK : status;
}

static tmem_status run(struct fill *fill, uint64_t start)
{
	struct source source = { 0 };
	uint64_t size = fill->size;
	tmem_status status;

	if (!size)
		return TMEM_S_OK;
	fill->address = start;
	status = tmi_access_range(fill->space, &fill->address, &fill->size);
	if (status == TMEM_S_OK)
		status = source_init(&source, fill);
	if (status == TMEM_S_OK)
		status = run_loop(fill, &source);
	free(source.owned);
	if (TMEM_FAILED(status))
		return tmi_wrap(tmi_access_write_status(status), TMI_ACTION_FILL, start, size);
	return status;
}

static tmem_status fill_space(tmem_target *target, uint32_t data_space, uint64_t start,
			      struct fill *fill, uint64_t *filled)
{
	tmem_status status;

	if (filled)
		*filled = 0;
	status = tmi_access_need(fill->pattern, "pattern");
	if (status == TMEM_S_OK && !fill->pattern_size)
		status = tmi_bad_argument("pattern_size", "at least 1");
	if (status == TMEM_S_OK)
		status = data_space == TMEM_DATA_SPACE_PHYSICAL
				 ? tmi_call_write_physical(target, &fill->space)
				 : tmi_call_write(target, &fill->space);
	if (status == TMEM_S_OK) {
		status = run(fill, start);
		tmi_call_wrote(target, data_space, fill->done > 0);
		/* Interrupted: a callback may have failed at something else meanwhile. */
		if (TMEM_FAILED(status) && fill->done > 0)
			tmi_wrap(tmi_fail(status, TMEM_REASON_NONE, start), TMI_ACTION_FILL, start,
				 fill->size);
	}
	if (filled)
		*filled = fill->done;
	return tmi_call_end(target, status);
}

tmem_status tmem_fill_virtual(tmem_target *target, uint64_t start, uint64_t size,
			      const void *pattern, size_t pattern_size, uint64_t *filled)
{
	struct fill fill = {
		.target = target, .size = size, .pattern = pattern, .pattern_size = pattern_size
	};

	return fill_space(target, TMEM_DATA_SPACE_VIRTUAL, start, &fill, filled);
}

tmem_status tmem_fill_physical(tmem_target *target, uint64_t start, uint64_t size,
			       const void *pattern, size_t pattern_size, uint64_t *filled)
{
	struct fill fill = {
		.target = target, .size = size, .pattern = pattern, .pattern_size = pattern_size
	};

	return fill_space(target, TMEM_DATA_SPACE_PHYSICAL, start, &fill, filled);
}
