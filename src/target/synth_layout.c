/* SPDX-License-Identifier: Apache-2.0 */
/* synth_layout.c - from lines in any order to sorted lists without overlaps. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "target/synth.h"

tmem_status tmi_synth_grow(void *list, size_t *room, size_t count, size_t item)
{
	size_t wanted = *room ? 2 * *room : 16;
	void *old, *moved;

	if (count < *room)
		return TMEM_S_OK;
	memcpy(&old, list, sizeof(old));
	moved = reallocarray(old, wanted, item);
	if (!moved)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	memcpy(list, &moved, sizeof(moved));
	*room = wanted;
	return TMEM_S_OK;
}

tmem_status tmi_synth_add_piece(struct tmi_synth_pieces *pieces,
				const struct tmi_synth_piece *piece)
{
	tmem_status status =
		tmi_synth_grow(&pieces->list, &pieces->room, pieces->count, sizeof(*piece));

	if (status != TMEM_S_OK)
		return status;
	pieces->list[pieces->count] = *piece;
	pieces->list[pieces->count].order = pieces->count;
	pieces->count++;
	return TMEM_S_OK;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct tmi_synth_piece *left = a, *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

/* Pieces that reach the present address, the latest line on top. */
struct heap {
	const struct tmi_synth_piece **list;
	size_t count;
};

static void heap_push(struct heap *heap, const struct tmi_synth_piece *piece)
{
	size_t i = heap->count++;

	for (; i > 0 && heap->list[(i - 1) / 2]->order < piece->order; i = (i - 1) / 2)
		heap->list[i] = heap->list[(i - 1) / 2];
	heap->list[i] = piece;
}

static void heap_pop(struct heap *heap)
{
	const struct tmi_synth_piece *piece = heap->list[--heap->count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    heap->list[child + 1]->order > heap->list[child]->order)
			child++;
		if (heap->list[child]->order < piece->order)
			break;
		heap->list[i] = heap->list[child];
		i = child;
	}
	if (heap->count)
		heap->list[i] = piece;
}

/* Adds a part of a piece, joined with the part of the same line before it. */
static tmem_status emit(struct tmi_synth_pieces *out, const struct tmi_synth_piece *piece,
			uint64_t first, uint64_t last)
{
	struct tmi_synth_piece *previous = out->count ? &out->list[out->count - 1] : NULL;
	tmem_status status;

	if (previous && previous->order == piece->order && previous->last + 1 == first) {
		previous->last = last;
		return TMEM_S_OK;
	}
	status = tmi_synth_grow(&out->list, &out->room, out->count, sizeof(*piece));
	if (status != TMEM_S_OK)
		return status;
	out->list[out->count] = *piece;
	out->list[out->count].first = first;
	out->list[out->count].last = last;
	out->count++;
	return TMEM_S_OK;
}

static tmem_status sweep(const struct tmi_synth_pieces *in, struct heap *heap,
			 struct tmi_synth_pieces *out)
{
	tmem_status status = TMEM_S_OK;
	uint64_t at = 0, last;
	size_t next = 0;

	while (status == TMEM_S_OK && (next < in->count || heap->count)) {
		if (!heap->count)
			at = in->list[next].first;
		while (next < in->count && in->list[next].first <= at)
			heap_push(heap, &in->list[next++]);
		while (heap->count && heap->list[0]->last < at)
			heap_pop(heap);
		if (!heap->count)
			continue;
		last = heap->list[0]->last;
		if (next < in->count && in->list[next].first <= last)
			last = in->list[next].first - 1;
		status = emit(out, heap->list[0], at, last);
		if (last == UINT64_MAX)
			break;
		at = last + 1;
	}
	return status;
}

/* Sorts pieces and cuts them so that each address belongs to the latest line that names it. */
static tmem_status resolve(struct tmi_synth_pieces *pieces)
{
	struct tmi_synth_pieces out = { 0 };
	struct heap heap = { 0 };
	tmem_status status;

	if (pieces->count == 0)
		return TMEM_S_OK;
	qsort(pieces->list, pieces->count, sizeof(*pieces->list), compare_pieces);
	heap.list = calloc(pieces->count, sizeof(const struct tmi_synth_piece *));
	status = heap.list ? sweep(pieces, &heap, &out)
			   : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	free(heap.list);
	if (status != TMEM_S_OK) {
		free(out.list);
		return status;
	}
	free(pieces->list);
	*pieces = out;
	return TMEM_S_OK;
}

size_t tmi_synth_find_piece(const struct tmi_synth_pieces *pieces, uint64_t address)
{
	size_t low = 0, high = pieces->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pieces->list[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct tmi_synth_piece *tmi_synth_piece_at(const struct tmi_synth_pieces *pieces,
						 uint64_t address)
{
	size_t index = tmi_synth_find_piece(pieces, address);

	return index < pieces->count ? &pieces->list[index] : NULL;
}

static int compare_runs(const void *a, const void *b)
{
	const struct tmi_synth_run *left = a, *right = b;

	if (left->run.first != right->run.first)
		return left->run.first < right->run.first ? -1 : 1;
	return left->line < right->line ? -1 : left->line > right->line;
}

static tmem_status check_overlaps(const struct tmi_synth_process *process, const char *file)
{
	for (size_t i = 1; i < process->written_count; i++) {
		const struct tmi_synth_run *low = &process->written_runs[i - 1];
		const struct tmi_synth_run *high = &process->written_runs[i];

		if (high->run.first <= low->run.last)
			return tmi_fail_text(
				TMEM_E_BAD_FORMAT,
				"%s:%u:1: expected runs that do not overlap, found one "
				"at 0x%llx inside the run of line %u",
				file, high->line, (unsigned long long)high->run.first, low->line);
	}
	return TMEM_S_OK;
}

static void add_run(struct tmi_synth_process *process, const struct tmi_synth_run *written,
		    uint64_t first, uint64_t last)
{
	struct tmi_run *run = &process->runs[process->run_count];
	const struct tmi_synth_piece *fault;

	*run = written->run;
	run->first = first;
	run->last = last;
	if (run->file_id)
		run->file_offset += first - written->run.first;
	fault = tmi_synth_piece_at(&process->read_faults, first);
	run->uncertain = run->source != TMEM_VSOURCE_INVALID && fault && fault->first <= last;
	process->untouched[process->run_count++] = written->untouched;
}

/* The parts of a run that no hole takes away. */
static void cut_run(struct tmi_synth_process *process, const struct tmi_synth_run *written)
{
	uint64_t at = written->run.first;
	const struct tmi_synth_piece *hole;

	for (;;) {
		hole = tmi_synth_piece_at(&process->holes, at);
		if (!hole || hole->first > written->run.last) {
			add_run(process, written, at, written->run.last);
			return;
		}
		if (hole->first > at)
			add_run(process, written, at, hole->first - 1);
		if (hole->last >= written->run.last)
			return;
		at = hole->last + 1;
	}
}

/* The target frees it with itself: a released snapshot stays where it is. */
static void keep_snapshot(struct tmi_snapshot *snapshot)
{
	(void)snapshot;
}

static tmem_status make_runs(struct tmi_synth_process *process)
{
	size_t room = process->written_count + process->holes.count + 1;

	process->runs = calloc(room, sizeof(*process->runs));
	process->untouched = calloc(room, sizeof(*process->untouched));
	process->snapshot = calloc(1, sizeof(*process->snapshot));
	if (!process->runs || !process->untouched || !process->snapshot)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < process->written_count; i++)
		cut_run(process, &process->written_runs[i]);
	process->snapshot->runs = process->runs;
	process->snapshot->count = process->run_count;
	process->snapshot->free = keep_snapshot;
	atomic_init(&process->snapshot->references, 1);
	return TMEM_S_OK;
}

static int compare_threads(const void *a, const void *b)
{
	const struct tmi_synth_thread *left = a, *right = b;

	return left->system_id < right->system_id ? -1 : left->system_id > right->system_id;
}

tmem_status tmi_synth_lay_out(struct tmi_synth_process *process, const char *file)
{
	struct tmi_synth_pieces *const all[] = { &process->contents, &process->holes,
						 &process->read_faults, &process->write_faults,
						 &process->shorts };
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && status == TMEM_S_OK; i++)
		status = resolve(all[i]);
	if (status != TMEM_S_OK)
		return status;
	if (process->written_count)
		qsort(process->written_runs, process->written_count, sizeof(*process->written_runs),
		      compare_runs);
	/* The first thread of the text is the main one. */
	if (process->thread_count > 2)
		qsort(process->threads + 1, process->thread_count - 1, sizeof(*process->threads),
		      compare_threads);
	tmi_synth_sort_changes(process);
	status = check_overlaps(process, file);
	return status == TMEM_S_OK ? make_runs(process) : status;
}
