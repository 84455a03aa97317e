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

/* Names of the last runs among which that of a new one is looked for. */
#define NEAR_FILES 4

/* A mapped file, or another name. Neighbours in the list share one. */
struct packed_file {
	uint64_t id;
	size_t name; /* offset in the names */
	bool image;  /* it is mapped as a program somewhere */
};

/* A run. A process may have very many. */
struct packed_run {
	uint64_t first;
	uint64_t last;
	uint64_t file_offset;
	uint32_t file; /* index */
	uint8_t protect;
	uint8_t type; /* TMEM_MEM_... >> 17 */
	uint8_t flags;
	uint8_t reason;
};

_Static_assert(sizeof(struct packed_run) == 32, "what a mapping takes in a list");

enum packed_flags { PACKED_INVALID = 1, PACKED_SHARED = 2, PACKED_UNCERTAIN = 4 };

#define TYPE_SHIFT 17

struct listing {
	struct tmi_snapshot snapshot; /* first */
	struct live *process;         /* while it is made */
	bool no_memory;
	struct packed_run *runs;
	size_t room;
	struct packed_file *files;
	size_t file_count;
	size_t file_room;
	char *names;
	size_t names_size;
	size_t names_room;
	struct live_set images;
	uint64_t last_image;
};

static void empty_listing(struct listing *listing)
{
	free(listing->runs);
	free(listing->files);
	free(listing->names);
	tmi_process_set_fini(&listing->images);
	*listing = (struct listing){ .process = listing->process };
}

static void free_listing(struct tmi_snapshot *snapshot)
{
	struct listing *listing = (struct listing *)snapshot;

	empty_listing(listing);
	free(listing);
}

static void unpack_run(const struct tmi_snapshot *snapshot, size_t index, struct tmi_run *run)
{
	const struct listing *listing = (const struct listing *)snapshot;
	const struct packed_run *from = &listing->runs[index];
	const struct packed_file *file = &listing->files[from->file];

	*run = (struct tmi_run){
		.first = from->first,
		.last = from->last,
		.file_offset = from->file_offset,
		.file_id = file->id,
		.name = listing->names + file->name,
		.protect = from->protect,
		.type = file->image ? TMEM_MEM_IMAGE : (uint32_t)from->type << TYPE_SHIFT,
		.state = TMEM_MEM_COMMIT,
		.source =
			from->flags & PACKED_INVALID ? TMEM_VSOURCE_INVALID : TMEM_VSOURCE_DEBUGGEE,
		.reason = from->reason,
		.shared = from->flags & PACKED_SHARED,
		.uncertain = from->flags & PACKED_UNCERTAIN,
	};
}

/*
 * The list with room for @more elements of @size bytes behind @count; NULL: no memory, the list is
 * as it was. A large block is moved by the kernel, and of its new part only what is used counts.
 */
static void *make_room(void *list, size_t *room, size_t count, size_t more, size_t size)
{
	size_t wanted = *room ? *room : 64;

	if (*room - count >= more)
		return list;
	while (wanted - count < more)
		wanted *= 2;
	list = reallocarray(list, wanted, size);
	if (list)
		*room = wanted;
	return list;
}

/* Whether @file is that of the run; most runs have that of one shortly before, or none. */
static inline bool is_file(const struct listing *listing, size_t file, const struct tmi_run *run)
{
	const char *name = listing->names + listing->files[file].name;

	/* Most have none: that is seen without a call. */
	return listing->files[file].id == run->file_id && *name == *run->name &&
	       (!*name || !strcmp(name, run->name));
}

static bool add_file(struct listing *listing, const struct tmi_run *run)
{
	size_t count = listing->file_count;
	size_t size = strlen(run->name) + 1;
	struct packed_file *files =
		make_room(listing->files, &listing->file_room, count, 1, sizeof(*files));
	char *names;

	if (!files)
		return false;
	listing->files = files;
	names = make_room(listing->names, &listing->names_room, listing->names_size, size, 1);
	if (!names || count >= UINT32_MAX)
		return false;
	listing->names = names;
	memcpy(names + listing->names_size, run->name, size);
	files[count] = (struct packed_file){ .id = run->file_id, .name = listing->names_size };
	listing->names_size += size;
	listing->file_count++;
	return true;
}

static bool find_file(struct listing *listing, const struct tmi_run *run, uint32_t *index)
{
	size_t count = listing->file_count;

	for (size_t i = count; i > 0 && count - i < NEAR_FILES; i--) {
		if (!is_file(listing, i - 1, run))
			continue;
		*index = (uint32_t)(i - 1);
		return true;
	}
	*index = 0;
	if (count && is_file(listing, 0, run))
		return true;
	*index = (uint32_t)count;
	return add_file(listing, run);
}

static bool add_run(struct listing *listing, const struct tmi_run *run)
{
	size_t count = listing->snapshot.count;
	struct packed_run *runs = listing->runs;
	uint32_t file;

	if (count == listing->room)
		runs = make_room(runs, &listing->room, count, 1, sizeof(*runs));
	if (!runs)
		return false;
	listing->runs = runs;
	if (!find_file(listing, run, &file))
		return false;
	runs[count] = (struct packed_run){
		.first = run->first,
		.last = run->last,
		.file_offset = run->file_offset,
		.file = file,
		.protect = (uint8_t)run->protect,
		.type = (uint8_t)(run->type >> TYPE_SHIFT),
		.flags = (run->source == TMEM_VSOURCE_INVALID ? PACKED_INVALID : 0) |
			 (run->shared ? PACKED_SHARED : 0) |
			 (run->uncertain ? PACKED_UNCERTAIN : 0),
		.reason = run->reason,
	};
	listing->snapshot.count++;
	return true;
}

/* Makes a run of a mapping; what overlaps (the list is not made in one moment) is cut. */
static bool take_vma(void *context, struct live_vma *vma)
{
	struct listing *listing = context;
	size_t count = listing->snapshot.count;
	uint64_t above = count ? listing->runs[count - 1].last : 0;
	struct tmi_run run;
	bool vdso;

	if (count && vma->last <= above)
		return true;
	if (vma->escaped)
		tmi_process_correct_name(listing->process, vma);
	if (count && vma->first <= above)
		vma->first = above + 1;
	vdso = vma->name[0] == '[' && !strcmp(vma->name, "[vdso]");
	tmi_process_make_run(listing->process, vma, vdso, &run);
	if (run.file_id && vma->flags & VMA_EXECUTE && !(vma->flags & VMA_SHARED) &&
	    run.file_id != listing->last_image) {
		listing->last_image = run.file_id;
		tmi_process_set_add(&listing->images, run.file_id);
	}
	listing->no_memory = !add_run(listing, &run);
	return !listing->no_memory;
}

static tmem_status list_once(struct live *process, struct listing *listing)
{
	tmem_status status = tmi_process_check(process);

	listing->process = process;
	empty_listing(listing);
	if (status == TMEM_S_OK)
		status = tmi_process_walk_maps(process, take_vma, listing);
	if (status == TMEM_S_OK && listing->no_memory)
		status = no_memory();
	for (size_t i = 0; i < listing->file_count; i++)
		listing->files[i].image =
			listing->files[i].id &&
			tmi_process_set_has(&listing->images, listing->files[i].id);
	tmi_process_set_fini(&listing->images);
	return status;
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
	atomic_init(&listing->snapshot.references, 1);
	listing->snapshot.get = unpack_run;
	listing->snapshot.free = free_listing;
	*snapshot = &listing->snapshot;
	return TMEM_S_OK;
}
