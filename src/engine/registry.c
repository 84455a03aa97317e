/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - which target kind opens a spec: by prefix, else by asking every kind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/kernel.h"

static const struct tmi_target_kind *const kinds[] = {
#define X(name) &tmi_target_##name,
#include "target/targets.def"
#undef X
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* Understood by every kind. */
static const char *const common_options[] = { "cache",   "cache-size",   "overlay",
					      "threads", "map",          "suspend",
					      "unpack",  "unpack-limit", NULL };

tmem_status tmem_list_kinds(tmem_kind_callback *callback, void *context)
{
	if (!callback)
		return tmi_bad_argument("callback", "a function, not NULL");
	for (size_t i = 0; i < KIND_COUNT; i++)
		callback(context, kinds[i]->name, kinds[i]->text);
	return TMEM_S_OK;
}

/* What follows "word:"; NULL: @spec does not begin so. */
static const char *after(const char *spec, const char *word)
{
	size_t length = word ? strlen(word) : 0;

	return length && !strncmp(spec, word, length) && spec[length] == ':' ? spec + length + 1
									     : NULL;
}

/* The kind whose "prefix:" or "name:" begins @spec; *address is what follows. */
static const struct tmi_target_kind *by_prefix(const char *spec, const char **address)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const char *rest = after(spec, kinds[i]->prefix);

		if (!rest)
			rest = after(spec, kinds[i]->name);
		if (rest) {
			*address = rest;
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

/* The op of struct tmi_probe: what probes ask for is small. */
static size_t read_probed(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct tmi_file_head *head = context;
	size_t done = 0;

	while (done < size && offset <= INT64_MAX - size) {
		ssize_t got = pread(head->fd, (uint8_t *)buffer + done, size - done,
				    (off_t)(offset + done));

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Whether there are bytes for the probes to look at. */
static tmem_status check_head(const struct tmi_file_head *head, const char *name)
{
	if (head->fd < 0)
		return file_failure(name, head->error);
	if (head->error || (!S_ISREG(head->info.st_mode) && !S_ISBLK(head->info.st_mode)))
		return tmi_fail_text(TMEM_E_INVALIDARG, "%s: a file was expected, not a %s", name,
				     S_ISDIR(head->info.st_mode) ? "folder" : "pipe or device");
	if (!head->size)
		return tmi_fail_text(TMEM_E_MAPPED_FILE_SIZE_ZERO, "%s: the file is empty", name);
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

static tmem_status by_probe(struct tmi_file_head *head, const char *name,
			    const struct tmi_target_kind **kind)
{
	struct tmi_probe probe = {
		.path = name,
		.head = head->bytes,
		.head_size = head->size,
		.file_size = (uint64_t)head->info.st_size,
		.read = read_probed,
		.context = head,
	};
	int best = 0;
	tmem_status status = check_head(head, name);

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

/*
 * An option that no kind knows is refused before a long unpacking; whether the kind that opens the
 * file knows it shows afterwards.
 */
static tmem_status check_options(const struct tmi_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		struct tmi_options one = { .list = &options->list[i], .count = 1 };
		tmem_status status = tmi_kernel_knows_option(options->list[i].key)
					     ? TMEM_S_OK
					     : TMEM_E_INVALIDARG;

		for (size_t k = 0; k < KIND_COUNT && status != TMEM_S_OK; k++)
			status = tmi_options_check(&one, common_options, kinds[k]->options);
		if (status != TMEM_S_OK)
			return status;
	}
	return TMEM_S_OK;
}

/* The options of unpacking; *wanted is false with unpack=off. */
static tmem_status read_unpack(const struct tmi_options *options,
			       struct tmi_unpack_request *request, bool *wanted)
{
	const char *text = tmi_options_get(options, "unpack");
	tmem_status status = TMEM_S_OK;

	*wanted = true;
	request->limit = TMI_UNPACK_LIMIT;
	request->partial = text && !strcmp(text, "partial");
	if (!request->partial)
		status = tmi_options_flag(options, "unpack", wanted);
	if (status != TMEM_S_OK)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option unpack=%s: expected on, off or partial", text);
	return tmi_options_number(options, "unpack-limit", &request->limit);
}

/* Unpacks the file when it is compressed and the options do not forbid it. */
static tmem_status unpack(const struct tmem_open_parameters *parameters,
			  const struct tmi_open *open, struct tmi_unpacked **unpacked)
{
	struct tmi_unpack_request request = {
		.path = open->address,
		.head = open->head,
		.progress = parameters->progress,
		.progress_context = parameters->progress_context,
		.interrupt = parameters->interrupt,
	};
	bool wanted;
	tmem_status status = read_unpack(open->options, &request, &wanted);

	if (status == TMEM_S_OK && wanted)
		status = check_options(open->options);
	if (status == TMEM_S_OK && wanted)
		status = tmi_unpacked_open(&request, unpacked);
	return status;
}

/*
 * Options that the kind does not know are refused before it opens anything; those of a kernel's
 * tables and providers only when it turns out to be no kernel target (@is_open).
 */
static tmem_status check_kind_options(const struct tmi_open *open, const struct tmi_opened *opened,
				      bool is_open)
{
	struct tmi_facts facts;
	bool kernel = !is_open || (opened->kind->facts(opened->state, TMI_SPACE_PHYSICAL, &facts) &&
				   facts.mode == TMEM_MODE_KERNEL);
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; status == TMEM_S_OK && i < open->options->count; i++) {
		struct tmi_options one = { .list = &open->options->list[i], .count = 1 };

		if (!kernel || !tmi_kernel_knows_option(one.list->key))
			status = tmi_options_check(&one, common_options, opened->kind->options);
	}
	return status;
}

/* Finds the kind if @opened has none yet, and has it open the file, unpacked or as it is. */
static tmem_status open_kind(struct tmi_open *open, struct tmi_opened *opened)
{
	tmem_status status = TMEM_S_OK;

	if (opened->unpacked) {
		open->address = opened->unpacked->path;
		open->name = opened->unpacked->name;
		tmi_file_head_close(open->head);
		tmi_file_head_open(open->head, open->address);
	}
	if (!opened->kind)
		status = by_probe(open->head, open->name ? open->name : open->address,
				  &opened->kind);
	if (status == TMEM_S_OK)
		status = check_kind_options(open, opened, false);
	if (status == TMEM_S_OK)
		status = opened->kind->open(open, &opened->state);
	if (status != TMEM_S_OK)
		return status;
	status = check_kind_options(open, opened, true);
	if (status != TMEM_S_OK)
		opened->kind->close(opened->state);
	return status;
}

tmem_status tmi_registry_open(const struct tmem_open_parameters *parameters,
			      const struct tmi_options *options, bool may_map,
			      struct tmi_opened *opened)
{
	const char *spec = parameters->spec;
	struct tmi_open open = { .address = spec, .options = options, .may_map = may_map };
	struct tmi_file_head head;
	tmem_status status = TMEM_S_OK;

	head.fd = -1;
	*opened = (struct tmi_opened){ .kind = by_prefix(spec, &open.address) };
	/* Kinds without a probe do not open files. */
	if (!opened->kind || opened->kind->probe) {
		open.head = &head;
		tmi_file_head_open(&head, open.address);
		status = unpack(parameters, &open, &opened->unpacked);
	}
	if (status == TMEM_S_OK)
		status = open_kind(&open, opened);
	if (status != TMEM_S_OK)
		tmi_unpacked_close(opened->unpacked);
	tmi_file_head_close(&head);
	return status;
}
