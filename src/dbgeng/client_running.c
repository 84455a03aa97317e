/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_running.c - the processes of this machine: their ids, programs and descriptions.
 *
 * They come from /proc and change while they are read: a process that is gone is left out. Its name
 * and arguments are what it wants them to be; control characters of a description become '?'.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dbgeng/client.h"
#include "dbgeng/text.h"

/* Most bytes of a file of /proc that are read: arguments have no other limit than the stack's. */
#define LIMIT ((size_t)16 << 20)

static int by_number(const void *a, const void *b)
{
	ULONG left = *(const ULONG *)a, right = *(const ULONG *)b;

	return (left > right) - (left < right);
}

/* A growing list of ids. */
struct id_list {
	ULONG *ids;
	size_t count;
	size_t room;
};

static bool add_id(struct id_list *list, ULONG id)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 256;
		ULONG *more = reallocarray(list->ids, room, sizeof(*more));

		if (!more)
			return false;
		list->ids = more;
		list->room = room;
	}
	list->ids[list->count++] = id;
	return true;
}

/* Ids of all processes, ascending; free() list->ids in any case. */
static HRESULT list_processes(struct id_list *list)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	bool good = true;

	*list = (struct id_list){ 0 };
	if (!folder)
		return E_FAIL;
	while (good && (entry = readdir(folder))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			good = add_id(list, (ULONG)strtoul(entry->d_name, NULL, 10));
	}
	closedir(folder);
	if (list->count)
		qsort(list->ids, list->count, sizeof(*list->ids), by_number);
	return good ? S_OK : E_OUTOFMEMORY;
}

static HRESULT get_running_process_system_ids(IDebugClient7 *This, ULONG64 Server, PULONG Ids,
					      ULONG Count, PULONG ActualCount)
{
	struct id_list list;
	HRESULT result;

	if (ActualCount)
		*ActualCount = 0;
	if (!This || Server)
		return E_INVALIDARG;
	result = list_processes(&list);
	if (SUCCEEDED(result) && ActualCount)
		*ActualCount = (ULONG)list.count;
	if (SUCCEEDED(result) && Ids) {
		result = list.count > Count ? S_FALSE : S_OK;
		if (Count && list.count)
			memcpy(Ids, list.ids,
			       (list.count < Count ? list.count : Count) * sizeof(*Ids));
	}
	free(list.ids);
	return result;
}

/* --- one process --- */

/* A folder of /proc, which stays that of the same process; -1: there is no such process. */
static int open_process(ULONG id)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", id);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static ssize_t read_some(int file, char *buffer, size_t size)
{
	ssize_t done;

	do {
		done = read(file, buffer, size);
	} while (done < 0 && errno == EINTR);
	return done;
}

/* All bytes of a file, with a NUL after them; NULL when there are none. */
static char *read_file(int folder, const char *name, size_t *size)
{
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
	size_t room = 0;
	char *text = NULL;
	ssize_t done = 1;

	*size = 0;
	while (file >= 0 && done > 0 && *size < LIMIT) {
		if (room - *size < 2) {
			char *more = realloc(text, room ? 2 * room : 4096);

			if (!more)
				break;
			text = more;
			room = room ? 2 * room : 4096;
		}
		done = read_some(file, text + *size, room - *size - 1);
		*size += done > 0 ? (size_t)done : 0;
	}
	if (file >= 0)
		close(file);
	if (!*size) {
		free(text);
		return NULL;
	}
	text[*size] = 0;
	return text;
}

/* Where the program's file is; NULL: a kernel thread, or somebody else's process. */
static char *program_path(int folder)
{
	static const char deleted[] = " (deleted)";
	size_t room = 256;
	char *path = NULL;
	ssize_t size;

	do {
		free(path);
		room *= 2;
		path = malloc(room);
		size = path ? readlinkat(folder, "exe", path, room) : -1;
	} while (size == (ssize_t)room && room < LIMIT);
	if (size <= 0 || size == (ssize_t)room) {
		free(path);
		return NULL;
	}
	path[size] = 0;
	if ((size_t)size >= sizeof(deleted) &&
	    !strcmp(path + size - (sizeof(deleted) - 1), deleted))
		path[size - (ssize_t)(sizeof(deleted) - 1)] = 0;
	return path;
}

/* Path of the program, else the name that the process goes by; NULL: it is gone. */
static char *program_name(int folder)
{
	char *name = program_path(folder);
	size_t size;

	if (name)
		return name;
	name = read_file(folder, "comm", &size);
	if (name && name[size - 1] == '\n')
		name[size - 1] = 0;
	return name;
}

static const char *without_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* --- by name --- */

static bool has_name(ULONG id, const char *name, ULONG flags)
{
	int folder = open_process(id);
	char *program = folder >= 0 ? program_name(folder) : NULL;
	bool match = false;

	if (program && flags & DEBUG_GET_PROC_FULL_MATCH)
		match = !strcmp(program, name);
	else if (program)
		match = !strcmp(without_folder(program), without_folder(name));
	free(program);
	if (folder >= 0)
		close(folder);
	return match;
}

/* The first match; with ONLY_MATCH a second one makes it S_FALSE and no id. */
static HRESULT find_name(const char *name, ULONG flags, PULONG id)
{
	struct id_list list;
	HRESULT result = list_processes(&list);
	unsigned matches = 0;
	unsigned wanted = flags & DEBUG_GET_PROC_ONLY_MATCH ? 2 : 1;

	for (size_t i = 0; SUCCEEDED(result) && i < list.count && matches < wanted; i++) {
		if (!has_name(list.ids[i], name, flags))
			continue;
		*id = matches ? 0 : list.ids[i];
		matches++;
	}
	free(list.ids);
	if (FAILED(result))
		return result;
	if (!matches)
		return E_NOINTERFACE;
	return matches > 1 ? S_FALSE : S_OK;
}

static HRESULT get_id_by_name(IDebugClient7 *This, ULONG64 Server, PCSTR ExeName, ULONG Flags,
			      PULONG Id)
{
	const ULONG known =
		DEBUG_GET_PROC_FULL_MATCH | DEBUG_GET_PROC_ONLY_MATCH | DEBUG_GET_PROC_SERVICE_NAME;

	if (Id)
		*Id = 0;
	if (!This || !Id || !ExeName || Server || Flags & ~known)
		return E_INVALIDARG;
	if (Flags & DEBUG_GET_PROC_SERVICE_NAME)
		return E_NOTIMPL;
	return find_name(ExeName, Flags, Id);
}

static HRESULT get_id_by_name_wide(IDebugClient7 *This, ULONG64 Server, PCWSTR ExeName, ULONG Flags,
				   PULONG Id)
{
	char *name;
	HRESULT result;

	if (!ExeName)
		return get_id_by_name(This, Server, NULL, Flags, Id);
	name = tmi_dbgeng_narrow(ExeName);
	if (Id)
		*Id = 0;
	result = name ? get_id_by_name(This, Server, name, Flags, Id) : E_OUTOFMEMORY;
	free(name);
	return result;
}

/* --- description --- */

/* Arguments as one line. NULL: none. */
static char *command_line(int folder)
{
	size_t size;
	char *text = read_file(folder, "cmdline", &size);

	if (!text)
		return NULL;
	while (size && !text[size - 1])
		size--;
	for (size_t i = 0; i < size; i++) {
		if (!text[i])
			text[i] = ' ';
		else if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	}
	return text;
}

/* The user whose process it is, or the number when there is no name for it; malloc'ed. */
static char *user_name(int folder)
{
	struct stat info;
	struct passwd entry, *found = NULL;
	char buffer[4096];
	char *name = NULL;

	if (fstat(folder, &info))
		return NULL;
	if (!getpwuid_r(info.st_uid, &entry, buffer, sizeof(buffer), &found) && found)
		return strdup(found->pw_name);
	return asprintf(&name, "%u", info.st_uid) < 0 ? NULL : name;
}

static void write_description(FILE *to, int folder, ULONG id, ULONG flags)
{
	char *user = flags & DEBUG_PROC_DESC_NO_USER_NAME ? NULL : user_name(folder);
	char *line = flags & DEBUG_PROC_DESC_NO_COMMAND_LINE ? NULL : command_line(folder);
	pid_t session = flags & DEBUG_PROC_DESC_NO_SESSION_ID ? -1 : getsid((pid_t)id);
	const char *between = "";

	if (session >= 0) {
		fprintf(to, "Session: %d", session);
		between = "  ";
	}
	if (user) {
		fprintf(to, "%sUser: %s", between, user);
		between = "  ";
	}
	if (line)
		fprintf(to, "%sCommand Line: %s", between, line);
	free(user);
	free(line);
}

/* Program and description of a process; free() both. */
static HRESULT describe(ULONG id, ULONG flags, char **program, char **description)
{
	int folder = open_process(id);
	size_t size;
	FILE *to;

	*program = *description = NULL;
	if (folder < 0)
		return E_NOINTERFACE;
	*program = program_name(folder);
	to = *program ? open_memstream(description, &size) : NULL;
	if (to) {
		write_description(to, folder, id, flags);
		fclose(to);
	}
	close(folder);
	if (!*program)
		return E_NOINTERFACE;
	return *description ? S_OK : E_OUTOFMEMORY;
}

/* Services, packages: nothing of the kind is described. */
static HRESULT describe_checked(IDebugClient7 *This, ULONG64 server, ULONG id, ULONG flags,
				char **program, char **description)
{
	const ULONG known = DEBUG_PROC_DESC_NO_PATHS | DEBUG_PROC_DESC_NO_SERVICES |
			    DEBUG_PROC_DESC_NO_MTS_PACKAGES | DEBUG_PROC_DESC_NO_COMMAND_LINE |
			    DEBUG_PROC_DESC_NO_SESSION_ID | DEBUG_PROC_DESC_NO_USER_NAME;
	HRESULT result = E_INVALIDARG;

	*program = *description = NULL;
	if (This && !server && !(flags & ~known))
		result = describe(id, flags, program, description);
	if (FAILED(result)) {
		free(*program);
		free(*description);
	}
	return result;
}

static const char *shown_name(const char *program, ULONG flags)
{
	return flags & DEBUG_PROC_DESC_NO_PATHS ? without_folder(program) : program;
}

static HRESULT get_description(IDebugClient7 *This, ULONG64 Server, ULONG SystemId, ULONG Flags,
			       PSTR ExeName, ULONG ExeNameSize, PULONG ActualExeNameSize,
			       PSTR Description, ULONG DescriptionSize,
			       PULONG ActualDescriptionSize)
{
	char *program, *description;
	HRESULT name, text, result;

	if (ActualExeNameSize)
		*ActualExeNameSize = 0;
	if (ActualDescriptionSize)
		*ActualDescriptionSize = 0;
	result = describe_checked(This, Server, SystemId, Flags, &program, &description);
	if (FAILED(result))
		return result;
	name = tmi_dbgeng_return_text(shown_name(program, Flags), ExeName, ExeNameSize,
				      ActualExeNameSize);
	text = tmi_dbgeng_return_text(description, Description, DescriptionSize,
				      ActualDescriptionSize);
	free(program);
	free(description);
	return tmi_dbgeng_worse(name, text);
}

static HRESULT get_description_wide(IDebugClient7 *This, ULONG64 Server, ULONG SystemId,
				    ULONG Flags, PWSTR ExeName, ULONG ExeNameSize,
				    PULONG ActualExeNameSize, PWSTR Description,
				    ULONG DescriptionSize, PULONG ActualDescriptionSize)
{
	char *program, *description;
	HRESULT name, text, result;

	if (ActualExeNameSize)
		*ActualExeNameSize = 0;
	if (ActualDescriptionSize)
		*ActualDescriptionSize = 0;
	result = describe_checked(This, Server, SystemId, Flags, &program, &description);
	if (FAILED(result))
		return result;
	name = tmi_dbgeng_return_text_wide(shown_name(program, Flags), ExeName, ExeNameSize,
					   ActualExeNameSize);
	text = tmi_dbgeng_return_text_wide(description, Description, DescriptionSize,
					   ActualDescriptionSize);
	free(program);
	free(description);
	return tmi_dbgeng_worse(name, text);
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_running = {
	.GetRunningProcessSystemIds = get_running_process_system_ids,
	.GetRunningProcessSystemIdByExecutableName = get_id_by_name,
	.GetRunningProcessSystemIdByExecutableNameWide = get_id_by_name_wide,
	.GetRunningProcessDescription = get_description,
	.GetRunningProcessDescriptionWide = get_description_wide,
};
