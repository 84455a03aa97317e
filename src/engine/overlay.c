/* SPDX-License-Identifier: Apache-2.0 */
/* overlay.c - the public side of the overlay: list, discard, export; see tmem/overlay.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"

/* Bytes of a run that one line of an export holds. */
#define LINE_BYTES 32

/* The runs, copied, so that a callback may call back into the target. */
struct copy {
	struct copied_run {
		uint32_t space;
		uint64_t address;
		size_t size;
		size_t at; /* in data */
	} * runs;
	size_t count;
	uint8_t *data;
	size_t data_size;
};

static tmem_status copy_run(void *context, uint32_t space, uint64_t address, const uint8_t *data,
			    size_t size)
{
	struct copy *copy = context;
	struct copied_run *runs = reallocarray(copy->runs, copy->count + 1, sizeof(*runs));
	uint8_t *bytes = runs ? realloc(copy->data, copy->data_size + size) : NULL;

	if (runs)
		copy->runs = runs;
	if (!bytes)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, address);
	copy->data = bytes;
	memcpy(bytes + copy->data_size, data, size);
	runs[copy->count++] = (struct copied_run){ space, address, size, copy->data_size };
	copy->data_size += size;
	return TMEM_S_OK;
}

static tmem_status visit_copies(tmem_target *target, const struct copy *copy,
				tmem_overlay_callback *callback, void *context)
{
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < copy->count && !TMEM_FAILED(status); i++) {
		const struct copied_run *from = &copy->runs[i];
		bool physical = from->space == TMI_SPACE_PHYSICAL;
		struct tmi_space *space = tmi_shared_space(target->shared, from->space);
		struct tmem_overlay_run run = {
			.size = sizeof(run),
			.space = physical ? TMEM_DATA_SPACE_PHYSICAL : TMEM_DATA_SPACE_VIRTUAL,
			.process_id = physical ? TMEM_ANY_ID : from->space,
			.offset = space ? tmi_space_leave(space, from->address) : from->address,
			.length = from->size,
			.data = copy->data + from->at,
		};

		status = callback(context, &run);
	}
	return TMEM_FAILED(status) ? status : TMEM_S_OK;
}

tmem_status tmem_overlay_list(tmem_target *target, tmem_overlay_callback *callback, void *context)
{
	struct copy copy = { 0 };
	tmem_status status = TMEM_S_OK;

	if (!target || !callback)
		return tmi_call_end(target, tmi_bad_argument("callback", "a function, not NULL"));
	if (target->shared->overlay)
		status = tmi_overlay_list(target->shared->overlay, copy_run, &copy);
	if (status == TMEM_S_OK)
		status = visit_copies(target, &copy, callback, context);
	free(copy.runs);
	free(copy.data);
	return tmi_call_end(target, status);
}

tmem_status tmem_overlay_discard(tmem_target *target)
{
	tmem_status status = tmi_call_change(target);
	struct tmi_shared *shared;
	bool any = false;

	if (status != TMEM_S_OK)
		return tmi_call_end(target, status);
	shared = target->shared;
	pthread_mutex_lock(&shared->write_lock);
	atomic_fetch_add(&shared->writing, 1);
	if (shared->overlay)
		any = tmi_overlay_discard(shared->overlay);
	if (any)
		atomic_fetch_add(&shared->generation, 1);
	atomic_fetch_sub(&shared->writing, 1);
	pthread_mutex_unlock(&shared->write_lock);
	if (any)
		tmi_event_debuggee(shared, TMEM_CDS_DATA,
				   tmi_space_facts(tmi_context_get(target)->space)->mode ==
						   TMEM_MODE_KERNEL
					   ? TMEM_DATA_SPACE_PHYSICAL
					   : TMEM_DATA_SPACE_VIRTUAL);
	return TMEM_S_OK;
}

/* One line: "virtual 0 00007fff00001000 0a0b0c". */
static void write_line(FILE *file, const struct tmem_overlay_run *run, uint64_t from, size_t size)
{
	const uint8_t *data = (const uint8_t *)run->data + from;

	if (run->space == TMEM_DATA_SPACE_PHYSICAL)
		fputs("physical - ", file);
	else
		fprintf(file, "virtual %u ", run->process_id);
	fprintf(file, "%016" PRIx64 " ", run->offset + from);
	for (size_t i = 0; i < size; i++)
		fprintf(file, "%02x", data[i]);
	putc('\n', file);
}

static tmem_status write_run(void *context, const struct tmem_overlay_run *run)
{
	for (uint64_t from = 0; from < run->length; from += LINE_BYTES) {
		uint64_t left = run->length - from;

		write_line(context, run, from, left < LINE_BYTES ? left : LINE_BYTES);
	}
	return TMEM_S_OK;
}

static tmem_status export_failure(const char *path, int error)
{
	bool denied = error == EACCES || error == EPERM || error == EROFS;

	return tmi_fail_text(denied ? TMEM_E_ACCESS_DENIED : TMEM_E_FAIL,
			     "%s: cannot write the overlay: %s", path, strerrordesc_np(error));
}

tmem_status tmem_overlay_export(tmem_target *target, const char *path)
{
	tmem_status status;
	FILE *file;
	int fd;

	if (!target || !path)
		return tmi_call_end(target, tmi_bad_argument("path", "a file name, not NULL"));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		status = export_failure(path, errno);
		if (fd >= 0)
			close(fd);
		return tmi_call_end(target, status);
	}
	fputs("tmem overlay 1\n", file);
	status = tmem_overlay_list(target, write_run, file);
	/* A full disk shows at the latest when the stream is flushed. */
	if (status == TMEM_S_OK && (fflush(file) || ferror(file)))
		status = export_failure(path, errno);
	if (fclose(file) && status == TMEM_S_OK)
		status = export_failure(path, errno);
	if (status != TMEM_S_OK)
		unlink(path);
	return tmi_call_end(target, status);
}
