/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - unpacks a compressed file for the kinds; see unpack.h. */
#include "engine/unpack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "engine/spool.h"
#include "format/unpack.h"

#define HEAD_SIZE       4096u
#define INPUT_SIZE      (256u << 10)
#define OUTPUT_SIZE     (1u << 20)
#define REPORT_INTERVAL UINT64_C(100000000) /* ns */
/* Memory packs about so well, when nothing tells the unpacked size. */
#define USUAL_RATIO 4u

/* One file being unpacked. */
struct job {
	const struct tmi_unpack_request *request;
	const struct tmi_codec *codec;
	struct tmi_file file;
	struct tmi_spool spool;
	struct tmi_unpack unpack;
	struct tmi_unpack_io io;
	uint64_t taken; /* bytes of the file read so far */
	uint64_t next_report;
	uint8_t *input;
	uint8_t *output;
	bool damaged;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void report(struct job *job)
{
	struct tmem_progress progress = {
		.size = sizeof(progress),
		.operation = "unpack",
		.done = job->taken - job->io.in_size,
		.total = job->file.size,
		.bytes = job->spool.size,
	};
	uint64_t now = monotonic_ns();

	if (now < job->next_report)
		return;
	job->next_report = now + REPORT_INTERVAL;
	job->request->progress(job->request->progress_context, &progress);
}

/* Between two pieces of work: tells how far it is, and whether to go on. */
static tmem_status go_on(struct job *job)
{
	if (job->request->progress)
		report(job);
	if (job->request->interrupt && __atomic_load_n(job->request->interrupt, __ATOMIC_RELAXED))
		return tmi_fail_text(TMEM_E_CONTROL_C_EXIT, "unpacking was interrupted");
	return TMEM_S_OK;
}

static tmem_status refill(struct job *job)
{
	uint64_t left = job->file.size - job->taken;
	size_t size = left < INPUT_SIZE ? (size_t)left : INPUT_SIZE;
	size_t got = tmi_file_read(&job->file, job->taken, job->input, size);

	job->taken += got;
	/* Cut or unreadable: what comes short shows as damage. */
	if (got < size)
		job->file.size = job->taken;
	job->io.in = job->input;
	job->io.in_size = got;
	return go_on(job);
}

/* Moves what came out into the spool and makes room. */
static tmem_status flush(struct job *job)
{
	size_t size = OUTPUT_SIZE - job->io.out_size;
	tmem_status status = TMEM_S_OK;

	if (size > 0)
		status = tmi_spool_put(&job->spool, job->output, size);
	job->io.out = job->output;
	job->io.out_size = OUTPUT_SIZE;
	return status == TMEM_S_OK ? go_on(job) : status;
}

/* The file is not what it should be at the place where it was read last. */
static tmem_status damage(struct job *job, const char *why)
{
	job->damaged = true;
	if (job->request->partial)
		return flush(job);
	return tmi_fail_text(TMEM_E_BAD_FORMAT,
			     "%s, at byte %" PRIu64 " of %" PRIu64
			     " (unpack=partial opens what comes before)",
			     why, job->taken - job->io.in_size, job->file.size);
}

/* Runs the codec over the whole file. */
static tmem_status pump(struct job *job)
{
	tmem_status status = flush(job);
	const char *why;

	while (status == TMEM_S_OK) {
		if (!job->io.in_size && job->taken < job->file.size)
			status = refill(job);
		if (status != TMEM_S_OK)
			break;
		switch (tmi_unpack_feed(&job->unpack, &job->io, &why)) {
		case TMI_UNPACK_MORE: break;
		case TMI_UNPACK_OUT_OF_MEMORY:
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		default: return damage(job, why);
		}
		if (!job->io.out_size)
			status = flush(job);
		else if (!job->io.in_size && job->taken == job->file.size)
			break;
	}
	if (status != TMEM_S_OK)
		return status;
	if (!tmi_unpack_finish(&job->unpack, &why))
		return damage(job, why);
	return flush(job);
}

/* What came out must be something that a kind may know. */
static tmem_status judge_result(struct job *job)
{
	uint8_t head[HEAD_SIZE];
	const struct tmi_codec *inner;
	ssize_t got;

	if (!job->spool.size)
		return tmi_fail_text(job->damaged ? TMEM_E_BAD_FORMAT
						  : TMEM_E_MAPPED_FILE_SIZE_ZERO,
				     job->damaged ? "nothing of it can be unpacked"
						  : "it unpacks to an empty file");
	got = pread(job->spool.fd, head, sizeof(head), 0);
	inner = got > 0 ? tmi_unpack_find(head, (size_t)got) : NULL;
	if (inner)
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "it was compressed twice: it unpacks to %s data; one layer is "
				     "unpacked here, the other has to be before",
				     inner->name);
	return tmi_spool_end(&job->spool);
}

static tmem_status run(struct job *job, uint64_t declared)
{
	tmem_status status = tmi_spool_check(&job->spool, declared);

	if (status != TMEM_S_OK)
		return status;
	job->input = malloc(INPUT_SIZE);
	job->output = malloc(OUTPUT_SIZE);
	if (!job->input || !job->output || !tmi_unpack_init(&job->unpack, job->codec))
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	job->io.out_size = OUTPUT_SIZE;
	status = pump(job);
	tmi_unpack_fini(&job->unpack);
	return status == TMEM_S_OK ? judge_result(job) : status;
}

/* The result takes over the spool's file. NULL: out of memory. */
static struct tmi_unpacked *make_result(struct job *job)
{
	struct tmi_unpacked *unpacked = calloc(1, sizeof(*unpacked));

	if (!unpacked)
		return NULL;
	unpacked->fd = job->spool.fd;
	job->spool.fd = -1;
	unpacked->codec = job->codec->name;
	unpacked->packed = job->file.size;
	unpacked->size = job->spool.size;
	unpacked->stored = job->spool.stored;
	unpacked->partial = job->damaged;
	if (asprintf(&unpacked->path, "/proc/self/fd/%d", unpacked->fd) < 0)
		unpacked->path = NULL;
	if (asprintf(&unpacked->name, "%s (%s)", job->request->path, unpacked->codec) < 0)
		unpacked->name = NULL;
	if (!unpacked->path || !unpacked->name) {
		tmi_unpacked_close(unpacked);
		return NULL;
	}
	return unpacked;
}

static tmem_status unpack_file(struct job *job, uint64_t declared, struct tmi_unpacked **unpacked)
{
	uint64_t expected = declared ? declared : job->file.size * USUAL_RATIO;
	tmem_status status = tmi_spool_open(&job->spool, job->request->limit, expected);

	if (status == TMEM_S_OK)
		status = run(job, declared);
	if (status == TMEM_S_OK) {
		*unpacked = make_result(job);
		if (!*unpacked)
			status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	free(job->input);
	free(job->output);
	tmi_spool_close(&job->spool);
	if (status != TMEM_S_OK)
		tmi_wrap_text(status, "%s (%s)", job->request->path, job->codec->name);
	return status;
}

tmem_status tmi_unpacked_open(const struct tmi_unpack_request *request,
			      struct tmi_unpacked **unpacked)
{
	const struct tmi_file_head *head = request->head;
	const struct tmi_codec *codec = tmi_unpack_find(head->bytes, head->size);
	struct job job = { .request = request, .codec = codec, .spool.fd = -1 };
	tmem_status status = TMEM_S_OK;

	*unpacked = NULL;
	/* Who opens the file as it is says what is wrong with it. */
	if (!codec || tmi_file_open(&job.file, request->path, false) != TMEM_S_OK)
		return TMEM_S_OK;
	status = unpack_file(&job, tmi_unpack_declared(codec, head->bytes, head->size), unpacked);
	tmi_file_close(&job.file);
	return status;
}

void tmi_unpacked_close(struct tmi_unpacked *unpacked)
{
	if (!unpacked)
		return;
	close(unpacked->fd);
	free(unpacked->path);
	free(unpacked->name);
	free(unpacked);
}
