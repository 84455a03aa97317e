/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - which target kind opens a spec: by prefix, else by asking every kind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"

#define HEAD_SIZE 4096

static const struct tmi_target_kind *const kinds[] = {
#define X(name) &tmi_target_##name,
#include "target/targets.def"
#undef X
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* Understood by every kind. */
static const char *const common_options[] = { "cache", "cache-size", "overlay", "threads",
					      "map",   "suspend",    NULL };

tmem_status tmem_list_kinds(tmem_kind_callback *callback, void *context)
{
	if (!callback)
		return tmi_bad_argument("callback", "a function, not NULL");
	for (size_t i = 0; i < KIND_COUNT; i++)
		callback(context, kinds[i]->name, kinds[i]->text);
	return TMEM_S_OK;
}

/* The kind whose "prefix:" begins @spec; *address is what follows. */
static const struct tmi_target_kind *by_prefix(const char *spec, const char **address)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const char *prefix = kinds[i]->prefix ? kinds[i]->prefix : kinds[i]->name;
		size_t length = strlen(prefix);

		if (!strncmp(spec, prefix, length) && spec[length] == ':') {
			*address = spec + length + 1;
			return kinds[i];
		}
	}
	return NULL;
}

static tmem_status file_failure(const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return tmi_fail_text(TMEM_E_FILE_NOT_FOUND,
				     "%s: no such file (a live process is \"pid:N\")", path);
	if (error == EACCES || error == EPERM)
		return tmi_fail_text(TMEM_E_ACCESS_DENIED, "%s: no permission to read the file",
				     path);
	return tmi_fail_text(TMEM_E_FAIL, "%s: %s", path, strerrordesc_np(error));
}

/* Reads the first bytes for the probes; @head has HEAD_SIZE bytes. */
static tmem_status read_head(const char *path, uint8_t *head, struct tmi_probe *probe)
{
	/* O_NONBLOCK: a named pipe must not hang the open. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	ssize_t got;

	if (fd < 0 || fstat(fd, &info) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return file_failure(path, error);
	}
	got = S_ISREG(info.st_mode) || S_ISBLK(info.st_mode) ? pread(fd, head, HEAD_SIZE, 0) : -1;
	close(fd);
	if (got < 0)
		return tmi_fail_text(TMEM_E_INVALIDARG, "%s: a file was expected, not a %s", path,
				     S_ISDIR(info.st_mode) ? "folder" : "pipe or device");
	if (got == 0)
		return tmi_fail_text(TMEM_E_MAPPED_FILE_SIZE_ZERO, "%s: the file is empty", path);
	probe->path = path;
	probe->head = head;
	probe->head_size = (size_t)got;
	probe->file_size = (uint64_t)info.st_size;
	return TMEM_S_OK;
}

/* Every kind that was asked, and why it refused. */
static tmem_status nobody_knows(const struct tmi_probe *probe)
{
	char *tried = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&tried, &size);

	if (!out)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const char *why = "not its format";

		if (kinds[i]->probe && !kinds[i]->probe(probe, &why))
			fprintf(out, "; %s: %s", kinds[i]->name, why);
	}
	fclose(out);
	tmi_fail_text(TMEM_E_BAD_FORMAT, "%s: no target kind knows this file%s", probe->path,
		      tried ? tried : "");
	free(tried);
	return TMEM_E_BAD_FORMAT;
}

static tmem_status by_probe(const char *path, const struct tmi_target_kind **kind)
{
	uint8_t head[HEAD_SIZE];
	struct tmi_probe probe;
	int best = 0;
	tmem_status status = read_head(path, head, &probe);

	for (size_t i = 0; status == TMEM_S_OK && i < KIND_COUNT; i++) {
		const char *why;
		int score = kinds[i]->probe ? kinds[i]->probe(&probe, &why) : 0;

		if (score > best) {
			best = score;
			*kind = kinds[i];
		}
	}
	if (status == TMEM_S_OK && !best)
		status = nobody_knows(&probe);
	return status;
}

tmem_status tmi_registry_open(const char *spec, const struct tmi_options *options, bool may_map,
			      const struct tmi_target_kind **kind, void **state)
{
	struct tmi_open open = { .address = spec, .options = options, .may_map = may_map };
	tmem_status status = TMEM_S_OK;

	*kind = by_prefix(spec, &open.address);
	if (!*kind)
		status = by_probe(spec, kind);
	if (status == TMEM_S_OK)
		status = tmi_options_check(options, common_options, (*kind)->options);
	if (status == TMEM_S_OK)
		status = (*kind)->open(&open, state);
	return status;
}
