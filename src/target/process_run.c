/* SPDX-License-Identifier: Apache-2.0 */
/* process_run.c - the runs of a live process: made of its mappings, one by one or all at once. */
#include <stdlib.h>
#include <string.h>

#include "target/process.h"

static tmem_status no_memory(void)
{
	return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* --- one run --- */

static uint32_t protection(uint32_t flags, bool copied)
{
	static const uint32_t plain[8] = {
		TMEM_PAGE_NOACCESS,          TMEM_PAGE_READONLY,          TMEM_PAGE_READWRITE,
		TMEM_PAGE_READWRITE,         TMEM_PAGE_EXECUTE,           TMEM_PAGE_EXECUTE_READ,
		TMEM_PAGE_EXECUTE_READWRITE, TMEM_PAGE_EXECUTE_READWRITE,
	};

	if (copied && flags & VMA_WRITE)
		return flags & VMA_EXECUTE ? TMEM_PAGE_EXECUTE_WRITECOPY : TMEM_PAGE_WRITECOPY;
	return plain[flags & 7];
}

void tmi_process_make_run(const struct live *process, const struct live_vma *vma, bool image,
			  struct tmi_run *run)
{
	enum live_vma_kind kind = tmi_process_vma_kind(vma);
	bool shared = vma->flags & VMA_SHARED;
	bool huge = vma->inode && !shared && !strncmp(vma->name, "/anon_hugepage", 14);
	bool file = vma->inode && !huge;

	*run = (struct tmi_run){
		.first = vma->first,
		.last = vma->last,
		.name = vma->name,
		.file_offset = file ? vma->offset : 0,
		.file_id = file ? tmi_process_file_id(vma) : 0,
		.protect = protection(vma->flags, file && !shared),
		.type = file || shared ? TMEM_MEM_MAPPED : TMEM_MEM_PRIVATE,
		.state = TMEM_MEM_COMMIT,
		.source = TMEM_VSOURCE_DEBUGGEE,
		.shared = shared,
		.uncertain = kind != VMA_OTHER,
	};
	if (image)
		run->type = TMEM_MEM_IMAGE;
	if (kind == VMA_UNREADABLE) {
		run->source = TMEM_VSOURCE_INVALID;
		run->reason = TMEM_REASON_NO_ACCESS;
	} else if (!(vma->flags & VMA_READ) && !process->target->features.force &&
		   !atomic_load(&process->suspended)) {
		run->source = TMEM_VSOURCE_INVALID;
		run->reason = TMEM_REASON_PROTECTED;
	}
	if (run->source == TMEM_VSOURCE_INVALID)
		run->uncertain = false;
}

/* True when the file is mapped as a program somewhere; false with *known false: look again. */
static bool known_image(struct live *process, uint64_t file_id, bool *known)
{
	bool image = false;

	pthread_rwlock_rdlock(&process->lock);
	*known = process->layout && tmi_process_set_has(&process->layout->files, file_id);
	if (*known)
		image = tmi_process_set_has(&process->layout->images, file_id);
	pthread_rwlock_unlock(&process->lock);
	return image;
}

static tmem_status find_image(struct live *process, const struct live_vma *vma, bool *image)
{
	uint64_t file_id = tmi_process_file_id(vma);
	tmem_status status;
	bool known;

	*image = !strcmp(vma->name, "[vdso]") ||
		 (vma->flags & VMA_EXECUTE && file_id && !(vma->flags & VMA_SHARED));
	if (*image || !file_id || tmi_process_vma_kind(vma) != VMA_FILE)
		return TMEM_S_OK;
	*image = known_image(process, file_id, &known);
	if (known)
		return TMEM_S_OK;
	status = tmi_process_learn_all(process);
	if (status == TMEM_S_OK)
		*image = known_image(process, file_id, &known);
	return status;
}

static tmem_status run_once(struct live *process, uint64_t from, struct tmi_run *run)
{
	struct live_vma vma;
	tmem_status status = atomic_load(&process->shares) ? tmi_process_check(process) : TMEM_S_OK;
	bool image;

	if (status == TMEM_S_OK)
		status = tmi_process_vma(process, from, true, true, &vma);
	if (status == TMEM_S_OK)
		status = find_image(process, &vma, &image);
	if (status == TMEM_S_OK)
		tmi_process_make_run(process, &vma, image, run);
	return status;
}

tmem_status tmi_process_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run)
{
	struct live *process;
	uint64_t generation;
	tmem_status status;
	int round = 0;

	do {
		status = tmi_process_find(state, space, &process);
		if (status != TMEM_S_OK)
			return status;
		generation = atomic_load(&process->generation);
		status = run_once(process, from, run);
	} while (tmi_process_again(process, generation, &round, &status));
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return tmi_fail(status, TMEM_REASON_NOT_MAPPED, from);
	return status;
}

/* --- all of them --- */

/* A list with the text that its names lie in. */
struct listing {
	struct tmi_snapshot snapshot; /* first */
	char *text;
	struct tmi_run *runs;
};

static void empty_listing(struct listing *listing)
{
	free(listing->text);
	free(listing->runs);
	listing->text = NULL;
	listing->runs = NULL;
}

static void free_listing(struct tmi_snapshot *snapshot)
{
	struct listing *listing = (struct listing *)snapshot;

	empty_listing(listing);
	free(listing);
}

/* Makes the runs of the text; what overlaps (the list is not made in one moment) is cut. */
static size_t fill_runs(struct live *process, struct listing *listing, size_t size,
			struct live_set *images)
{
	char *cursor = listing->text;
	struct live_vma vma;
	size_t count = 0;
	uint64_t last_image = 0;

	while (tmi_process_parse_vma(&cursor, listing->text + size, &vma)) {
		struct tmi_run *run = &listing->runs[count];
		uint64_t above = count ? run[-1].last : 0;
		bool vdso;

		if (count && vma.last <= above)
			continue;
		if (count && vma.first <= above)
			vma.first = above + 1;
		if (vma.escaped)
			tmi_process_correct_name(process, &vma);
		vdso = vma.name[0] == '[' && !strcmp(vma.name, "[vdso]");
		tmi_process_make_run(process, &vma, vdso, run);
		count++;
		if (run->file_id && vma.flags & VMA_EXECUTE && !(vma.flags & VMA_SHARED) &&
		    run->file_id != last_image) {
			last_image = run->file_id;
			tmi_process_set_add(images, last_image);
		}
	}
	return count;
}

static void mark_images(struct tmi_run *runs, size_t count, const struct live_set *images)
{
	uint64_t last = 0;
	bool image = false;

	for (size_t i = 0; i < count; i++) {
		if (!runs[i].file_id)
			continue;
		if (runs[i].file_id != last) {
			last = runs[i].file_id;
			image = tmi_process_set_has(images, last);
		}
		if (image)
			runs[i].type = TMEM_MEM_IMAGE;
	}
}

static tmem_status list_once(struct live *process, struct listing *listing)
{
	struct live_set images = { 0 };
	tmem_status status = tmi_process_check(process);
	size_t size, count;

	empty_listing(listing);
	if (status == TMEM_S_OK)
		status = tmi_process_read_maps(process, &listing->text, &size);
	if (status != TMEM_S_OK)
		return status;
	listing->runs = tmi_process_allocate((tmi_process_count_lines(listing->text, size) + 1) *
					     sizeof(*listing->runs));
	if (!listing->runs)
		return no_memory();
	count = fill_runs(process, listing, size, &images);
	mark_images(listing->runs, count, &images);
	tmi_process_set_fini(&images);
	listing->snapshot.runs = listing->runs;
	listing->snapshot.count = count;
	return TMEM_S_OK;
}

tmem_status tmi_process_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	struct live *process;
	uint64_t generation;
	tmem_status status;
	int round = 0;

	*snapshot = NULL;
	if (!listing)
		return no_memory();
	atomic_init(&listing->snapshot.references, 1);
	listing->snapshot.free = free_listing;
	do {
		status = tmi_process_find(state, space, &process);
		if (status != TMEM_S_OK)
			break;
		generation = atomic_load(&process->generation);
		status = list_once(process, listing);
	} while (tmi_process_again(process, generation, &round, &status));
	if (status != TMEM_S_OK) {
		free_listing(&listing->snapshot);
		return status;
	}
	*snapshot = &listing->snapshot;
	return TMEM_S_OK;
}
