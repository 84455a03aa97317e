/* SPDX-License-Identifier: Apache-2.0 */
/* process_maps.c - the mappings of a live process: the list, one of them, and runs made of them. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/process.h"
#include "target/process_kernel.h"

#define FIRST_TEXT (64u << 10)

/* The shortest line: two addresses of 8 digits, and 1-digit numbers. */
#define SHORTEST_LINE 38

static tmem_status no_memory(void)
{
	return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* --- lines --- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Number up to @stop, which is passed over. False when something else is there. */
static bool take_hex(char **cursor, char stop, uint64_t *value)
{
	char *p = *cursor;
	uint64_t number = 0;
	int digit;

	while ((digit = digit_value(*p)) >= 0) {
		number = number << 4 | (uint64_t)digit;
		p++;
	}
	if (p == *cursor || p - *cursor > 16 || *p != stop)
		return false;
	*cursor = p + 1;
	*value = number;
	return true;
}

static bool take_flags(char **cursor, uint32_t *flags)
{
	const char *p = *cursor;

	*flags = 0;
	for (int i = 0; i < 4; i++)
		if (!p[i])
			return false;
	if (p[4] != ' ')
		return false;
	*flags = (p[0] == 'r' ? VMA_READ : 0) | (p[1] == 'w' ? VMA_WRITE : 0) |
		 (p[2] == 'x' ? VMA_EXECUTE : 0) | (p[3] == 's' ? VMA_SHARED : 0);
	*cursor += 5;
	return true;
}

/* The only escape of the list is \012, a newline in a file name. True when there was one. */
static bool unescape_name(char *name)
{
	char *from = strstr(name, "\\012");
	char *to = from;

	if (!from)
		return false;
	while (*from) {
		if (!strncmp(from, "\\012", 4)) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return true;
}

static bool take_inode(char **cursor, uint64_t *inode)
{
	char *p = *cursor;

	*inode = 0;
	while (*p >= '0' && *p <= '9')
		*inode = *inode * 10 + (uint64_t)(*p++ - '0');
	if (p == *cursor)
		return false;
	while (*p == ' ')
		p++;
	*cursor = p;
	return true;
}

bool tmi_process_parse_vma(char **cursor, char *end, struct live_vma *vma)
{
	char *line = *cursor;
	char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	uint64_t stop, major, minor;

	if (!newline)
		return false;
	*newline = '\0';
	*cursor = newline + 1;
	if (!take_hex(&line, '-', &vma->first) || !take_hex(&line, ' ', &stop) ||
	    !take_flags(&line, &vma->flags) || !take_hex(&line, ' ', &vma->offset) ||
	    !take_hex(&line, ':', &major) || !take_hex(&line, ' ', &minor) ||
	    !take_inode(&line, &vma->inode) || stop <= vma->first)
		return false;
	vma->last = stop - 1;
	vma->major = (uint32_t)major;
	vma->minor = (uint32_t)minor;
	vma->name = line;
	vma->escaped = *line && unescape_name(line);
	return true;
}

/* --- what a mapping is --- */

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static enum live_vma_kind special_kind(const struct live_vma *vma)
{
	const char *name = vma->name;

	if (!strcmp(name, "[heap]") || starts_with(name, "[stack") || starts_with(name, "[anon:"))
		return vma->flags & VMA_SHARED ? VMA_FILE : VMA_PLAIN;
	if (starts_with(name, "[vvar") || !strcmp(name, "[vsyscall]") || !strcmp(name, "[uprobes]"))
		return VMA_UNREADABLE;
	return starts_with(name, "[anon_shmem:") ? VMA_FILE : VMA_OTHER;
}

static bool is_device_name(const char *name)
{
	if (starts_with(name, "anon_inode:"))
		return true;
	return starts_with(name, "/dev/") && !starts_with(name, "/dev/shm/") &&
	       !starts_with(name, "/dev/zero") && !starts_with(name, "/dev/hugepages/");
}

enum live_vma_kind tmi_process_vma_kind(const struct live_vma *vma)
{
	if (vma->name[0] == '[')
		return special_kind(vma);
	if (starts_with(vma->name, "/secretmem"))
		return VMA_UNREADABLE;
	if (is_device_name(vma->name))
		return VMA_DEVICE;
	if (vma->inode || vma->name[0] || vma->flags & VMA_SHARED)
		return VMA_FILE;
	return VMA_PLAIN;
}

uint64_t tmi_process_file_id(const struct live_vma *vma)
{
	uint64_t device = (uint64_t)vma->major << 32 | vma->minor;
	uint64_t id;

	if (!vma->inode)
		return 0;
	id = vma->inode ^ (device + 1) * 0x9e3779b97f4a7c15u;
	return id ? id : 1;
}

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
	bool huge = !shared && starts_with(vma->name, "/anon_hugepage");
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

/* --- the list --- */

/* Room for at least one page more; the kernel hands out a page of whole lines at a time. */
static bool grow_text(char **text, size_t *room)
{
	char *more = realloc(*text, *room * 2);

	if (!more)
		return false;
	*text = more;
	*room *= 2;
	return true;
}

static tmem_status read_list(int fd, char **text, size_t *size)
{
	size_t room = FIRST_TEXT;
	ssize_t got;

	*size = 0;
	*text = malloc(room);
	if (!*text)
		return no_memory();
	for (;;) {
		if (room - *size < FIRST_TEXT / 2 && !grow_text(text, &room))
			break;
		got = pread(fd, *text + *size, room - *size - 1, (off_t)*size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			(*text)[*size] = '\0';
			return *size ? TMEM_S_OK : LIVE_STALE;
		}
		*size += (size_t)got;
	}
	return no_memory();
}

tmem_status tmi_process_read_maps(struct live *process, char **text, size_t *size)
{
	tmem_status status;

	pthread_mutex_lock(&process->list_lock);
	status = read_list(process->list, text, size);
	pthread_mutex_unlock(&process->list_lock);
	if (status != TMEM_S_OK) {
		free(*text);
		*text = NULL;
	}
	return status;
}

/* --- one mapping --- */

static pthread_once_t name_once = PTHREAD_ONCE_INIT;
static pthread_key_t name_key;

static void make_name_key(void)
{
	pthread_key_create(&name_key, free);
}

/* This thread's room for the name of a mapping. */
static char *name_room(void)
{
	char *room;

	pthread_once(&name_once, make_name_key);
	room = pthread_getspecific(name_key);
	if (!room) {
		room = malloc(PATH_MAX);
		if (!room || pthread_setspecific(name_key, room)) {
			free(room);
			return NULL;
		}
	}
	return room;
}

static void take_answer(const struct kernel_map_query *query, char *name, struct live_vma *vma)
{
	static char none[1];

	vma->first = query->vma_start;
	vma->last = query->vma_end - 1;
	vma->offset = query->vma_offset;
	vma->inode = query->inode;
	vma->major = query->major;
	vma->minor = query->minor;
	vma->flags = query->vma_flags & 15;
	vma->escaped = false;
	vma->name = name && query->name_size ? name : none;
}

/* Asks for one mapping. ENOTTY and the like: the kernel does not offer it. */
static tmem_status ask_vma(struct live *process, uint64_t address, bool or_next, char *name,
			   struct live_vma *vma)
{
	struct kernel_map_query query = {
		.size = sizeof(query),
		.flags = or_next ? MAP_QUERY_OR_NEXT : 0,
		.address = address,
		.name_size = name ? PATH_MAX : 0,
		.name_address = (uint64_t)(uintptr_t)name,
	};

	if (!ioctl(process->maps, KERNEL_MAP_QUERY, &query)) {
		take_answer(&query, name, vma);
		return TMEM_S_OK;
	}
	if (errno == ENOENT)
		return TMEM_E_NO_MORE_ENTRIES;
	if (errno == ESRCH)
		return LIVE_STALE;
	if (name && errno == ENAMETOOLONG)
		return ask_vma(process, address, or_next, NULL, vma);
	return TMEM_E_NOTIMPL;
}

/*
 * A \012 in the list is a newline or four true characters. The link of the mapping gives the name
 * itself, which is never longer than what stood in the list.
 */
static void correct_name(struct live *process, struct live_vma *vma)
{
	size_t room = strlen(vma->name);
	char link[64], name[PATH_MAX];
	ssize_t size;

	for (const char *p = vma->name; *p; p++)
		room += *p == '\n' ? 3 : 0;
	snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, vma->first, vma->last + 1);
	size = readlinkat(process->dir, link, name, sizeof(name));
	if (size > 0 && (size_t)size <= room)
		*(char *)mempcpy(vma->name, name, (size_t)size) = '\0';
}

/* The mapping in the list that holds the address, or the next; its name goes to @room. */
static tmem_status search_list(struct live *process, uint64_t address, bool or_next, char *room,
			       struct live_vma *vma)
{
	char *text, *cursor;
	size_t size;
	tmem_status status = tmi_process_read_maps(process, &text, &size);

	if (status != TMEM_S_OK)
		return status;
	cursor = text;
	status = TMEM_E_NO_MORE_ENTRIES;
	while (tmi_process_parse_vma(&cursor, text + size, vma)) {
		if (vma->last < address)
			continue;
		if (vma->first > address && !or_next)
			break;
		if (vma->escaped)
			correct_name(process, vma);
		*(char *)mempcpy(room, vma->name, strnlen(vma->name, PATH_MAX - 1)) = '\0';
		vma->name = room;
		status = TMEM_S_OK;
		break;
	}
	free(text);
	return status;
}

/* The one mapping that the question never tells of: the gate page of x86-64. */
static bool gate_vma(struct live *process, uint64_t address, bool or_next, struct live_vma *vma)
{
#ifdef __x86_64__
	static char name[] = "[vsyscall]";
	bool wide;

	if (address > 0xffffffffff600fff || (address < 0xffffffffff600000 && !or_next))
		return false;
	pthread_rwlock_rdlock(&process->lock);
	wide = process->facts.pointer_size == 8;
	pthread_rwlock_unlock(&process->lock);
	if (!wide)
		return false;
	*vma = (struct live_vma){ .first = 0xffffffffff600000,
				  .last = 0xffffffffff600fff,
				  .flags = VMA_EXECUTE,
				  .name = name };
	return true;
#else
	(void)process, (void)address, (void)or_next, (void)vma;
	return false;
#endif
}

tmem_status tmi_process_vma(struct live *process, uint64_t address, bool or_next, bool with_name,
			    struct live_vma *vma)
{
	tmem_status status = TMEM_E_NOTIMPL;
	char *room = NULL;
	bool query = process->target->features.query;

	if (with_name || !query) {
		room = name_room();
		if (!room)
			return no_memory();
	}
	if (query)
		status = ask_vma(process, address, or_next, with_name ? room : NULL, vma);
	if (status == TMEM_E_NO_MORE_ENTRIES && gate_vma(process, address, or_next, vma))
		return TMEM_S_OK;
	if (status != TMEM_E_NOTIMPL)
		return status;
	room = name_room();
	return room ? search_list(process, address, or_next, room, vma) : no_memory();
}

/* --- runs --- */

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
			correct_name(process, &vma);
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
	struct tmi_run *runs;
	size_t size, count;

	empty_listing(listing);
	if (status == TMEM_S_OK)
		status = tmi_process_read_maps(process, &listing->text, &size);
	if (status != TMEM_S_OK)
		return status;
	listing->runs = malloc((size / SHORTEST_LINE + 1) * sizeof(*runs));
	if (!listing->runs)
		return no_memory();
	count = fill_runs(process, listing, size, &images);
	mark_images(listing->runs, count, &images);
	tmi_process_set_fini(&images);
	runs = realloc(listing->runs, (count + 1) * sizeof(*runs));
	if (runs)
		listing->runs = runs;
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
