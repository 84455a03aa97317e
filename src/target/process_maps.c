/* SPDX-License-Identifier: Apache-2.0 */
/* process_maps.c - the mappings of a live process: the kernel's list, and one of them. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "target/process.h"
#include "target/process_kernel.h"

#define FIRST_TEXT (64u << 10)
/* Of the list, taken apart at a time; more than any line of it. */
#define PIECE_SIZE (64u << 10)

static tmem_status no_memory(void)
{
	return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* --- lines --- */

/* Value of a hexadecimal digit plus 1; 0 for anything else. The list has small letters only. */
static const uint8_t digits[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Eight digits at once, which addresses have at least. False when one is none. */
static inline bool take_eight(const char *p, uint64_t *value)
{
	uint64_t text = tmi_load64(p, true);
	uint64_t letters = text >> 6 & EACH_BYTE;
	uint64_t low = text & EACH_BYTE * 15;
	uint64_t number = low + letters * 9;

	/* A digit is 3 and 0 to 9, a letter 6 and 1 to 6. */
	if ((text & EACH_BYTE * 0xf0) != EACH_BYTE * 0x30 + letters * 0x30 ||
	    (low + EACH_BYTE * 6 + letters * 3) & EACH_BYTE * 16 ||
	    ((low + EACH_BYTE * 15) & letters * 16) != letters * 16)
		return false;
	number = (number | number >> 4) & UINT64_C(0x00ff00ff00ff00ff);
	number = (number | number >> 8) & UINT64_C(0x0000ffff0000ffff);
	*value = (uint32_t)(number | number >> 16);
	return true;
}

/* Number up to @stop, which is passed over; @end: of the line. False when something else is there.
 */
static inline bool take_hex(char **cursor, const char *end, char stop, uint64_t *value)
{
	const char *start = *cursor;
	const char *p = start;
	uint64_t number = 0;
	unsigned digit;

	if (end - p >= 8 && take_eight(p, &number))
		p += 8;
	while ((digit = digits[(uint8_t)*p])) {
		number = number << 4 | (digit - 1);
		p++;
	}
	*value = number;
	*cursor += p - start + 1;
	return p != start && p - start <= 16 && *p == stop;
}

static bool take_flags(char **cursor, uint32_t *flags)
{
	const char *p = *cursor;

	*flags = 0;
	if (!p[0] || !p[1] || !p[2] || !p[3] || p[4] != ' ')
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

/* Offset, device and inode, and the blanks after them; the line ends at @end. */
static bool take_file(char **cursor, const char *end, struct live_vma *vma)
{
	static const char none[] = "00000000 00:00 0 ";
	const size_t size = sizeof(none) - 1;
	uint64_t major, minor;

	/* Most lines of a long list are of anonymous memory. */
	if ((size_t)(end - *cursor) >= size && !memcmp(*cursor, none, size)) {
		vma->offset = vma->inode = vma->major = vma->minor = 0;
		*cursor += size;
		while (**cursor == ' ')
			(*cursor)++;
		return true;
	}
	if (!take_hex(cursor, end, ' ', &vma->offset) || !take_hex(cursor, end, ':', &major) ||
	    !take_hex(cursor, end, ' ', &minor) || !take_inode(cursor, &vma->inode))
		return false;
	vma->major = (uint32_t)major;
	vma->minor = (uint32_t)minor;
	return true;
}

bool tmi_process_parse_vma(char **cursor, char *end, struct live_vma *vma)
{
	char *line = *cursor;
	char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	uint64_t stop;

	if (!newline)
		return false;
	*newline = '\0';
	*cursor = newline + 1;
	if (!take_hex(&line, newline, '-', &vma->first) || !take_hex(&line, newline, ' ', &stop) ||
	    !take_flags(&line, &vma->flags) || !take_file(&line, newline, vma) ||
	    stop <= vma->first)
		return false;
	vma->last = stop - 1;
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
	if (!vma->name[0] && !vma->inode)
		return vma->flags & VMA_SHARED ? VMA_FILE : VMA_PLAIN;
	if (vma->name[0] == '[')
		return special_kind(vma);
	if (starts_with(vma->name, "/secretmem"))
		return VMA_UNREADABLE;
	if (is_device_name(vma->name))
		return VMA_DEVICE;
	return VMA_FILE;
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

/* --- the list --- */

/* Touching many fresh pages one by one costs more than asking for them together. */
void *tmi_process_allocate(size_t size)
{
	const size_t many = (size_t)1 << 20;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *memory = malloc(size);
	uintptr_t first = ((uintptr_t)memory + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(page - 1);

	/* Best effort: a kernel that does not know the advice hands them out on first touch. */
	if (memory && size >= many)
		madvise((void *)first, end - first, KERNEL_POPULATE_WRITE);
	return memory;
}

size_t tmi_process_count_lines(const char *text, size_t size)
{
	const char *end = text + size;
	size_t lines = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		lines++;
		text++;
	}
	return lines;
}

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

/* @expected: bytes of the list when it was last read. */
static tmem_status read_list(int fd, size_t expected, char **text, size_t *size)
{
	size_t room = expected + FIRST_TEXT;
	ssize_t got;

	*size = 0;
	*text = tmi_process_allocate(room);
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
	status = read_list(process->list, process->list_size, text, size);
	if (status == TMEM_S_OK)
		process->list_size = *size;
	pthread_mutex_unlock(&process->list_lock);
	if (status != TMEM_S_OK) {
		free(*text);
		*text = NULL;
	}
	return status;
}

/* Takes the whole lines of [*cursor, end) apart; false: one was no mapping, or @take wants no more.
 */
static bool take_lines(char **cursor, char *end, tmi_process_take_vma *take, void *context)
{
	struct live_vma vma;

	while (*cursor < end)
		if (!tmi_process_parse_vma(cursor, end, &vma) || !take(context, &vma))
			return false;
	return true;
}

/* Reads a piece at a time and takes it apart while it is in the processor's cache. */
static tmem_status walk_list(int fd, char *buffer, tmi_process_take_vma *take, void *context,
			     size_t *size)
{
	size_t have = 0;

	*size = 0;
	while (have < PIECE_SIZE) {
		ssize_t got = pread(fd, buffer + have, PIECE_SIZE - have, (off_t)*size);
		char *cursor = buffer;
		char *end;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*size += (size_t)got;
		have += (size_t)got;
		end = memrchr(buffer, '\n', have);
		if (!end)
			continue;
		if (!take_lines(&cursor, end + 1, take, context))
			break;
		have -= (size_t)(end + 1 - buffer);
		memmove(buffer, end + 1, have);
	}
	return *size ? TMEM_S_OK : LIVE_STALE;
}

tmem_status tmi_process_walk_maps(struct live *process, tmi_process_take_vma *take, void *context)
{
	char *buffer = malloc(PIECE_SIZE);
	size_t size;
	tmem_status status;

	if (!buffer)
		return no_memory();
	pthread_mutex_lock(&process->list_lock);
	status = walk_list(process->list, buffer, take, context, &size);
	pthread_mutex_unlock(&process->list_lock);
	free(buffer);
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
void tmi_process_correct_name(struct live *process, struct live_vma *vma)
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
			tmi_process_correct_name(process, vma);
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
