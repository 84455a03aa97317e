/* SPDX-License-Identifier: Apache-2.0 */
/* process_proc.c - what /proc tells about a process besides its memory: who and what it is. */
#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "target/process.h"

/* --- files --- */

void tmi_process_path(uint32_t pid, uint32_t tid, const char *name, char *path, size_t size)
{
	if (tid == pid)
		snprintf(path, size, "%s", name);
	else
		snprintf(path, size, "task/%u/%s", tid, name);
}

char *tmi_process_slurp(int dir, const char *path, size_t *size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t room = 4096;
	char *text = fd >= 0 ? malloc(room) : NULL;
	ssize_t got = 1;

	*size = 0;
	while (text && got > 0) {
		if (room - *size < 2) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
		got = read(fd, text + *size, room - *size - 1);
		*size += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	if (text && got < 0) {
		free(text);
		return NULL;
	}
	if (text)
		text[*size] = '\0';
	return text;
}

static bool field_is_mark(unsigned field)
{
	return (field >= 26 && field <= 28) || (field >= 45 && field <= 51);
}

/* The program's name in parentheses may hold anything, so the fields count from the last one. */
bool tmi_process_identify(int dir, struct live_identity *identity)
{
	size_t size, marks = 0;
	char *text = tmi_process_slurp(dir, "stat", &size);
	char *cursor = text ? strrchr(text, ')') : NULL;

	if (!cursor || cursor[1] != ' ' || !cursor[2]) {
		free(text);
		return false;
	}
	*identity = (struct live_identity){ .state = cursor[2] };
	cursor += 3;
	for (unsigned field = 4; *cursor && field <= 52; field++) {
		uint64_t value = strtoull(cursor, &cursor, 10);

		if (field == 28)
			identity->stack = value;
		if (field == 4)
			identity->parent = (uint32_t)value;
		else if (field == 9)
			identity->flags = value;
		else if (field == 22)
			identity->start_time = value;
		else if (field_is_mark(field) && marks < LIVE_MARKS)
			identity->marks[marks++] = value;
	}
	free(text);
	return true;
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

bool tmi_process_tasks(int dir, uint32_t **tids, size_t *count)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	size_t room = 0;
	struct dirent *entry;
	bool good = list;

	*tids = NULL;
	*count = 0;
	if (!list && fd >= 0)
		close(fd);
	while (good && (entry = readdir(list))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (*count == room) {
			uint32_t *more = reallocarray(*tids, room ? 2 * room : 16, sizeof(**tids));

			good = more;
			if (!good)
				break;
			*tids = more;
			room = room ? 2 * room : 16;
		}
		(*tids)[(*count)++] = (uint32_t)strtoul(entry->d_name, NULL, 10);
	}
	if (list)
		closedir(list);
	if (*count)
		qsort(*tids, *count, sizeof(**tids), by_number);
	return good && *count;
}

/* --- what the program is --- */

static uint32_t processor_of(uint32_t machine, bool wide)
{
	switch (machine) {
	case EM_386: return TMEM_PROCESSOR_I386;
	case EM_X86_64: return TMEM_PROCESSOR_AMD64;
	case EM_ARM: return TMEM_PROCESSOR_ARM;
	case EM_AARCH64: return TMEM_PROCESSOR_ARM64;
	case EM_RISCV: return wide ? TMEM_PROCESSOR_RISCV64 : TMEM_PROCESSOR_RISCV32;
	case EM_PPC:
	case EM_PPC64: return TMEM_PROCESSOR_POWERPC;
	case EM_MIPS: return TMEM_PROCESSOR_MIPS;
	case 258: return TMEM_PROCESSOR_LOONGARCH64;
	default: return TMEM_PROCESSOR_UNKNOWN;
	}
}

/*
 * The last address that a program can map: the kernel keeps the last page of the 47-bit half free,
 * and for 32-bit programs under a 64-bit x86 kernel the last two of the 4 GiB.
 */
static uint64_t last_user_of(uint32_t machine, bool wide)
{
	if (machine == EM_386)
		return 0xffffdfff;
	if (!wide)
		return 0xffffffff;
	if (machine == EM_X86_64)
		return 0x7fffffffefff;
	return machine == EM_AARCH64 ? 0xffffffffffff : 0x7fffffffffff;
}

/* By the auxiliary vector: types are small numbers only at the right width. */
static bool auxv_is_wide(int dir)
{
	size_t size;
	char *auxv = tmi_process_slurp(dir, "auxv", &size);
	bool wide = true;

	for (size_t i = 0; auxv && wide && i + 16 <= size; i += 16) {
		uint64_t type = tmi_load64(auxv + i, false);

		if (type == AT_NULL)
			break;
		wide = type < 4096;
	}
	free(auxv);
	return auxv ? wide : sizeof(void *) == 8;
}

static uint32_t host_machine(bool wide)
{
#if defined(__x86_64__)
	return wide ? EM_X86_64 : EM_386;
#elif defined(__aarch64__)
	return wide ? EM_AARCH64 : EM_ARM;
#elif defined(__riscv)
	return wide ? EM_RISCV : EM_RISCV;
#else
	return wide ? 0 : 0;
#endif
}

void tmi_process_find_facts(int dir, uint32_t pid, uint32_t tid, uint64_t page,
			    struct tmi_facts *facts)
{
	uint8_t head[20] = { 0 };
	char path[64];
	bool wide;
	int fd;

	*facts = (struct tmi_facts){ .mode = TMEM_MODE_USER,
				     .page_size = (uint32_t)page,
				     .live = true,
				     .has_protection = true };
	tmi_process_path(pid, tid, "exe", path, sizeof(path));
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	    !memcmp(head, ELFMAG, SELFMAG)) {
		facts->big_endian = head[EI_DATA] == ELFDATA2MSB;
		facts->machine = tmi_load16(head + 18, facts->big_endian);
		wide = head[EI_CLASS] == ELFCLASS64;
	} else {
		wide = auxv_is_wide(dir);
		facts->machine = host_machine(wide);
	}
	if (fd >= 0)
		close(fd);
	facts->pointer_size = wide ? 8 : 4;
	facts->processor_type = processor_of(facts->machine, wide);
	facts->last_user = last_user_of(facts->machine, wide);
}

static struct live_name *new_name(const char *text, size_t size)
{
	struct live_name *name = malloc(sizeof(*name) + size + 1);

	if (!name)
		return NULL;
	name->next = NULL;
	memcpy(name->text, text, size);
	name->text[size] = '\0';
	return name;
}

/* Where the program lies; its short name when that is not to be seen; "" when nothing is. */
struct live_name *tmi_process_find_name(int dir, uint32_t pid, uint32_t tid)
{
	size_t room = 256, size = 0;
	char path[64];
	char *text = NULL;
	struct live_name *name;
	ssize_t got;

	tmi_process_path(pid, tid, "exe", path, sizeof(path));
	do {
		free(text);
		room *= 2;
		text = malloc(room);
		got = text ? readlinkat(dir, path, text, room) : -1;
	} while (got == (ssize_t)room);
	if (got > 0) {
		size = (size_t)got;
	} else {
		free(text);
		tmi_process_path(pid, tid, "comm", path, sizeof(path));
		text = tmi_process_slurp(dir, path, &size);
		if (text && size && text[size - 1] == '\n')
			size--;
	}
	name = new_name(text ? text : "", text ? size : 0);
	free(text);
	return name;
}
