/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_scan.c - one pass over physical memory: in place where the bytes stand in memory already,
 * by reading elsewhere, and past zeros that cost nothing.
 */
#include <stdlib.h>

#include "base/error.h"
#include "os/linux.h"

#define PIECE     (1u << 20)
#define READ_UNIT 4096u

struct scan {
	const struct tmi_os_memory *memory;
	tmi_linux_visit *visit;
	void *context;
	uint8_t *buffer; /* for what must be read */
	uint64_t done;   /* bytes, for the progress */
	uint64_t total;
	bool stopped;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t tmi_linux_memory_end(const struct tmi_os_memory *memory)
{
	uint64_t end = 0, first, last;

	while (memory->valid_physical(memory->context, end, &first, &last) && last >= end) {
		if (last == UINT64_MAX)
			return UINT64_MAX;
		end = last + 1;
	}
	return end;
}

static uint64_t count_bytes(const struct tmi_os_memory *memory, uint64_t from, uint64_t to)
{
	uint64_t total = 0, first, last;

	while (memory->valid_physical(memory->context, from, &first, &last) && first <= to) {
		last = smaller(last, to);
		if (last < from)
			break;
		total += last - (first > from ? first : from) + 1;
		if (last == UINT64_MAX)
			break;
		from = last + 1;
	}
	return total;
}

/* Reads [address, address + size) by units where it fails as a whole; bytes up to a failure. */
static size_t read_piece(struct scan *scan, uint64_t address, size_t size)
{
	const struct tmi_os_memory *memory = scan->memory;
	size_t got = 0;

	if (memory->read_physical(memory->context, address, scan->buffer, size) == TMEM_S_OK)
		return size;
	while (got < size) {
		size_t unit = (size_t)smaller(READ_UNIT - (address + got) % READ_UNIT, size - got);

		if (memory->read_physical(memory->context, address + got, scan->buffer + got,
					  unit) != TMEM_S_OK)
			break;
		got += unit;
	}
	return got;
}

/* One piece at @address, of a stretch that ends at @last; the bytes it went forward. */
static uint64_t visit_piece(struct scan *scan, uint64_t address, uint64_t last)
{
	const struct tmi_os_memory *memory = scan->memory;
	uint64_t left = last - address + 1 ? last - address + 1 : UINT64_MAX;
	uint64_t fresh = smaller(left, PIECE), size = smaller(left, PIECE + TMI_LINUX_OVERLAP);
	const uint8_t *data;
	uint64_t viewed;

	if (memory->view_physical(memory->context, address, &data, &viewed) &&
	    (viewed >= size || viewed > 2 * TMI_LINUX_OVERLAP)) {
		/* A view that ends early is followed by memory that stands elsewhere. */
		if (viewed < size) {
			size = viewed;
			fresh = smaller(fresh, viewed - TMI_LINUX_OVERLAP);
		}
	} else {
		size = read_piece(scan, address, (size_t)size);
		data = scan->buffer;
		if (!size)
			return smaller(READ_UNIT - address % READ_UNIT, left);
		fresh = smaller(fresh, size);
	}
	scan->stopped = !scan->visit(scan->context, address, data, (size_t)fresh, (size_t)size);
	return fresh;
}

static tmem_status scan_stretch(struct scan *scan, uint64_t first, uint64_t last)
{
	const struct tmi_os_memory *memory = scan->memory;

	while (first <= last && !scan->stopped) {
		uint64_t step, zeros;

		if (memory->interrupted(memory->context))
			return tmi_fail_text(TMEM_E_CONTROL_C_EXIT,
					     "interrupted while looking for a kernel");
		memory->progress(memory->context, scan->done, scan->total);
		if (memory->zeros_physical(memory->context, first, &zeros) && zeros >= first)
			step = smaller(zeros, last) - first + 1;
		else
			step = visit_piece(scan, first, last);
		scan->done += step;
		if (!step || step > last - first)
			break;
		first += step;
	}
	return TMEM_S_OK;
}

tmem_status tmi_linux_scan(const struct tmi_os_memory *memory, uint64_t from, uint64_t to,
			   tmi_linux_visit *visit, void *context)
{
	struct scan scan = {
		.memory = memory,
		.visit = visit,
		.context = context,
		.buffer = malloc(PIECE + TMI_LINUX_OVERLAP),
		.total = count_bytes(memory, from, to),
	};
	tmem_status status = TMEM_S_OK;
	uint64_t first, last;

	if (!scan.buffer)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	while (status == TMEM_S_OK && !scan.stopped &&
	       memory->valid_physical(memory->context, from, &first, &last) && first <= to &&
	       last >= from) {
		if (first < from)
			first = from;
		status = scan_stretch(&scan, first, smaller(last, to));
		if (last >= to)
			break;
		from = last + 1;
	}
	free(scan.buffer);
	return status;
}
