/* SPDX-License-Identifier: Apache-2.0 */
/* synth_memory.c - the bytes of a described machine: computed, given, or written later. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "target/synth.h"

#define PAGE 4096u /* of written memory; need not be the machine's */

const struct tmi_run *tmi_synth_run_at(const struct tmi_synth_process *process, uint64_t address)
{
	size_t index = tmi_runs_find(process->runs, process->run_count, address);

	if (index == process->run_count || process->runs[index].first > address)
		return NULL;
	return &process->runs[index];
}

/* Copies what a piece says about [address, address + size), which lies inside it. */
static void copy_piece(const struct tmi_synth *synth, const struct tmi_synth_piece *piece,
		       uint64_t address, uint8_t *out, size_t size)
{
	const uint8_t *bytes = synth->bytes + piece->byte_at;
	uint64_t phase = piece->byte_count ? (address - piece->origin) % piece->byte_count : 0;

	switch (piece->form) {
	case TMI_SYNTH_COUNTING:
		for (size_t i = 0; i < size; i++)
			out[i] = (uint8_t)(address + i);
		break;
	case TMI_SYNTH_SEED:
		for (size_t i = 0; i < size; i++)
			out[i] = tmi_synth_seed_byte(piece->seed, address + i);
		break;
	default:
		while (size > 0) {
			size_t part = piece->byte_count - (size_t)phase;

			part = part < size ? part : size;
			memcpy(out, bytes + phase, part);
			out += part;
			size -= part;
			phase = 0;
		}
	}
}

/* The bytes as the text gives them; zeros where it is silent. */
static void copy_contents(const struct tmi_synth *synth, const struct tmi_synth_process *process,
			  uint64_t address, uint8_t *out, size_t size)
{
	const struct tmi_synth_pieces *contents = &process->contents;
	uint64_t last = address + (size - 1);

	memset(out, 0, size);
	for (size_t i = tmi_synth_find_piece(contents, address);
	     i < contents->count && contents->list[i].first <= last; i++) {
		const struct tmi_synth_piece *piece = &contents->list[i];
		uint64_t first = piece->first > address ? piece->first : address;
		uint64_t end = piece->last < last ? piece->last : last;

		copy_piece(synth, piece, first, out + (first - address), (size_t)(end - first) + 1);
	}
}

/* Index of the written page that holds @address or the next above; page_count when none. */
static size_t find_page(const struct tmi_synth_process *process, uint64_t address)
{
	size_t low = 0, high = process->page_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->pages[middle].address + (PAGE - 1) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void copy_pages(const struct tmi_synth_process *process, uint64_t address, uint8_t *out,
		       size_t size)
{
	uint64_t last = address + (size - 1);

	for (size_t i = find_page(process, address);
	     i < process->page_count && process->pages[i].address <= last; i++) {
		const struct tmi_synth_page *page = &process->pages[i];
		uint64_t first = page->address > address ? page->address : address;
		uint64_t end =
			page->address + (PAGE - 1) < last ? page->address + (PAGE - 1) : last;

		memcpy(out + (first - address), page->bytes + (first - page->address),
		       (size_t)(end - first) + 1);
	}
}

/*
 * How many of @size bytes from @address can be moved in one go: up to the end of the run and to the
 * next fault. 0: *reason says why not.
 */
static size_t accessible(const struct tmi_synth_process *process,
			 const struct tmi_synth_pieces *faults, uint64_t address, size_t size,
			 const struct tmi_run **run, enum tmem_reason *reason)
{
	const struct tmi_synth_piece *fault = tmi_synth_piece_at(faults, address);
	uint64_t last;

	*run = tmi_synth_run_at(process, address);
	*reason = TMEM_REASON_NOT_MAPPED;
	if (!*run)
		return 0;
	*reason = (*run)->reason;
	if ((*run)->source == TMEM_VSOURCE_INVALID)
		return 0;
	last = (*run)->last;
	if (fault && fault->first <= address) {
		*reason = fault->reason;
		return 0;
	}
	if (fault && fault->first <= last)
		last = fault->first - 1;
	return last - address < size - 1 ? (size_t)(last - address) + 1 : size;
}

/* The written page that holds @address, made when there is none; NULL: out of memory. */
static struct tmi_synth_page *make_page(const struct tmi_synth *synth,
					struct tmi_synth_process *process, uint64_t address)
{
	uint64_t base = address & ~(uint64_t)(PAGE - 1);
	size_t index = find_page(process, address);
	uint8_t *bytes;

	if (index < process->page_count && process->pages[index].address == base)
		return &process->pages[index];
	if (tmi_synth_grow(&process->pages, &process->page_room, process->page_count,
			   sizeof(*process->pages)) != TMEM_S_OK)
		return NULL;
	bytes = malloc(PAGE);
	if (!bytes)
		return NULL;
	copy_contents(synth, process, base, bytes, PAGE);
	memmove(process->pages + index + 1, process->pages + index,
		(process->page_count - index) * sizeof(*process->pages));
	process->pages[index] = (struct tmi_synth_page){ base, bytes };
	process->page_count++;
	return &process->pages[index];
}

/* What a change line says, put into the written pages; false: out of memory. */
static bool make_change(const struct tmi_synth *synth, struct tmi_synth_process *process,
			const struct tmi_synth_piece *change)
{
	for (size_t done = 0; done < change->byte_count;) {
		uint64_t address = change->first + done;
		size_t part = PAGE - (size_t)(address % PAGE);
		struct tmi_synth_page *page = make_page(synth, process, address);

		if (!page)
			return false;
		part = part < change->byte_count - done ? part : change->byte_count - done;
		memcpy(page->bytes + address % PAGE, synth->bytes + change->byte_at + done, part);
		done += part;
	}
	return true;
}

/* The changes that come after @reads reads. One that finds no memory is tried again. */
static void make_changes(const struct tmi_synth *synth, struct tmi_synth_process *process,
			 uint64_t reads)
{
	const struct tmi_synth_pieces *changes = &process->changes;
	size_t next = atomic_load(&process->changed);

	if (next == changes->count || changes->list[next].seed > reads)
		return;
	pthread_rwlock_wrlock(&process->lock);
	for (next = atomic_load(&process->changed);
	     next < changes->count && changes->list[next].seed <= reads &&
	     make_change(synth, process, &changes->list[next]);
	     next++)
		;
	atomic_store(&process->changed, next);
	pthread_rwlock_unlock(&process->lock);
}

void tmi_synth_read(struct tmi_synth *synth, struct tmi_synth_process *process,
		    struct tmem_transfer *item)
{
	enum tmem_reason reason = TMEM_REASON_NONE;
	uint64_t address = item->offset;
	size_t wanted = tmi_synth_shortened(process, address, item->size);
	const struct tmi_run *run;

	item->done = 0;
	item->status = TMEM_S_OK;
	make_changes(synth, process, atomic_fetch_add(&synth->reads, 1));
	pthread_rwlock_rdlock(&process->lock);
	while (item->done < wanted) {
		size_t size = accessible(process, &process->read_faults, address,
					 wanted - item->done, &run, &reason);

		if (size == 0)
			break;
		copy_contents(synth, process, address, (uint8_t *)item->buffer + item->done, size);
		copy_pages(process, address, (uint8_t *)item->buffer + item->done, size);
		item->done += size;
		if (__builtin_add_overflow(address, size, &address))
			break;
	}
	pthread_rwlock_unlock(&process->lock);
	atomic_fetch_add_explicit(&synth->read_bytes, item->done, memory_order_relaxed);
	if (item->done == 0 && item->size > 0)
		item->status = tmi_fail(TMEM_E_READ_FAULT, reason, item->offset);
}

/* How many bytes can be written at @address inside one page; 0: *reason says why not. */
static size_t writable(const struct tmi_synth_process *process, uint64_t address, size_t size,
		       enum tmem_reason *reason)
{
	size_t in_page = PAGE - (size_t)(address % PAGE);
	const struct tmi_run *run;

	size = accessible(process, &process->write_faults, address, size < in_page ? size : in_page,
			  &run, reason);
	if (size > 0 && run->shared && run->protect &&
	    !(run->protect & (TMEM_PAGE_READWRITE | TMEM_PAGE_EXECUTE_READWRITE))) {
		*reason = TMEM_REASON_READ_ONLY;
		return 0;
	}
	return size;
}

void tmi_synth_write(struct tmi_synth *synth, struct tmi_synth_process *process,
		     struct tmem_transfer *item)
{
	enum tmem_reason reason = TMEM_REASON_NONE;
	uint64_t address = item->offset;
	bool no_memory = false;

	item->done = 0;
	item->status = TMEM_S_OK;
	atomic_fetch_add_explicit(&synth->writes, 1, memory_order_relaxed);
	pthread_rwlock_wrlock(&process->lock);
	while (item->done < item->size) {
		size_t size = writable(process, address, item->size - item->done, &reason);
		struct tmi_synth_page *page = size ? make_page(synth, process, address) : NULL;

		no_memory = size && !page;
		if (!page)
			break;
		memcpy(page->bytes + (address - page->address),
		       (const uint8_t *)item->buffer + item->done, size);
		item->done += size;
		if (__builtin_add_overflow(address, size, &address))
			break;
	}
	pthread_rwlock_unlock(&process->lock);
	if (item->done == 0 && item->size > 0)
		item->status = no_memory ? tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0)
					 : tmi_fail(TMEM_E_WRITE_FAULT, reason, item->offset);
}

void tmi_synth_free_pages(struct tmi_synth_process *process)
{
	for (size_t i = 0; i < process->page_count; i++)
		free(process->pages[i].bytes);
	free(process->pages);
}

tmem_status tmi_synth_valid(const struct tmi_synth_process *process, const struct tmi_run *run,
			    uint64_t from, uint64_t last, uint64_t *first, uint64_t *end)
{
	last = last < run->last ? last : run->last;
	from = from > run->first ? from : run->first;
	while (run->source != TMEM_VSOURCE_INVALID && from <= last) {
		const struct tmi_synth_piece *fault =
			tmi_synth_piece_at(&process->read_faults, from);

		if (!fault || fault->first > from) {
			*first = from;
			*end = fault && fault->first <= last ? fault->first - 1 : last;
			return TMEM_S_OK;
		}
		if (fault->last >= last)
			break;
		from = fault->last + 1;
	}
	return TMEM_E_NO_MORE_ENTRIES;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Nothing was given or written at @from; *end: up to where that holds, at most to itself. */
static bool is_silent(const struct tmi_synth_process *process, uint64_t from, uint64_t *end)
{
	const struct tmi_synth_piece *content = tmi_synth_piece_at(&process->contents, from);
	size_t page = find_page(process, from);

	if (content && content->first <= from) {
		*end = lower(*end, content->last);
		return false;
	}
	if (page < process->page_count && process->pages[page].address <= from) {
		*end = lower(*end, process->pages[page].address + (PAGE - 1));
		return false;
	}
	if (content)
		*end = lower(*end, content->first - 1);
	if (page < process->page_count)
		*end = lower(*end, process->pages[page].address - 1);
	return true;
}

bool tmi_synth_untouched(struct tmi_synth_process *process, uint64_t from, uint64_t last,
			 uint64_t *end)
{
	const struct tmi_synth_piece *fault = tmi_synth_piece_at(&process->read_faults, from);
	const struct tmi_run *run = tmi_synth_run_at(process, from);
	bool silent;

	*end = from;
	if (!run || run->source == TMEM_VSOURCE_INVALID || (fault && fault->first <= from))
		return false;
	*end = lower(last, run->last);
	if (!process->untouched[run - process->runs])
		return false;
	if (fault)
		*end = lower(*end, fault->first - 1);
	pthread_rwlock_rdlock(&process->lock);
	silent = is_silent(process, from, end);
	pthread_rwlock_unlock(&process->lock);
	return silent;
}

bool tmi_synth_lend(struct tmi_synth *synth, const struct tmi_synth_process *process,
		    uint64_t address, struct tmi_borrow *borrow)
{
	size_t fault = tmi_synth_find_piece(&process->read_faults, address);
	const struct tmi_synth_piece *content = tmi_synth_piece_at(&process->contents, address);
	const struct tmi_run *run;
	enum tmem_reason reason;
	uint64_t phase, first;

	if (!synth->lends || !accessible(process, &process->read_faults, address, 1, &run, &reason))
		return false;
	if (!content || content->first > address || content->form != TMI_SYNTH_BYTES)
		return false;
	/* One turn of the bytes around the address, cut to what is readable. */
	phase = (address - content->origin) % content->byte_count;
	first = address - phase;
	if (first < content->first)
		first = content->first;
	if (first < run->first)
		first = run->first;
	if (fault > 0 && first <= process->read_faults.list[fault - 1].last)
		first = process->read_faults.list[fault - 1].last + 1;
	borrow->first = first;
	borrow->last =
		lower(lower(content->last, run->last), address + (content->byte_count - 1 - phase));
	if (fault < process->read_faults.count)
		borrow->last = lower(borrow->last, process->read_faults.list[fault].first - 1);
	borrow->data = synth->bytes + content->byte_at + (phase - (address - first));
	borrow->truncated = NULL;
	return true;
}
