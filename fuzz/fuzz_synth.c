/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_synth.c - machine descriptions: parse, then ask for everything that one says. */
#include <stdlib.h>
#include <string.h>

#include "target/synth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A read must stay inside the run, and agree with what the valid op says. */
static void look_at_run(struct tmi_synth *synth, uint32_t space, const struct tmi_run *run)
{
	const struct tmi_target_kind *kind = &tmi_target_synth;
	uint64_t first = 0, end = 0;
	uint8_t buffer[64];
	struct tmem_transfer item = { .buffer = buffer, .size = sizeof(buffer) };
	struct tmi_borrow borrow;
	bool valid =
		kind->valid(synth, space, run, run->first, run->last, &first, &end) == TMEM_S_OK;

	item.offset = valid ? first : run->first;
	if (kind->read(synth, space, &item, 1, 0) != TMEM_S_OK) {
		if (item.done || synth->link.failure == TMEM_S_OK)
			abort();
		return;
	}
	if (valid != (item.done > 0))
		abort();
	if (valid && (first < run->first || end > run->last || first > end))
		abort();
	kind->untouched(synth, space, run, run->first, run->last, &end);
	if (end < run->first || end > run->last)
		abort();
	if (kind->view(synth, space, item.offset, &borrow) &&
	    (!valid || borrow.data[first - borrow.first] != buffer[0]))
		abort();
	item.offset = run->last;
	kind->write(synth, space, &item, 1);
	kind->read(synth, space, &item, 1, 0);
}

static void look_at_process(struct tmi_synth *synth, uint32_t space)
{
	const struct tmi_target_kind *kind = &tmi_target_synth;
	struct tmi_thread *threads = NULL;
	size_t count = 0;
	uint64_t from = 0;
	struct tmi_run run;

	for (unsigned i = 0; i < 64; i++) {
		if (kind->run(synth, space, from, &run) != TMEM_S_OK)
			break;
		if (run.last < run.first || run.last < from)
			abort();
		look_at_run(synth, space, &run);
		if (run.last == UINT64_MAX)
			break;
		from = run.last + 1;
	}
	if (kind->threads(synth, space, &threads, &count) == TMEM_S_OK && count > 0) {
		void *block = NULL;
		size_t size;

		if (kind->context(synth, space, threads[0].system_id, TMEM_CONTEXT_GENERAL, &block,
				  &size) == TMEM_S_OK)
			free(block);
	}
	free(threads);
}

/* What a kernel's description says of itself. */
static void look_at_kernel(struct tmi_synth *synth)
{
	static const char *const keys[] = { "root",   "kernel-root",  "kernel-first", "scheme",
					    "levels", "virtual-bits", "tables-flags", "reads" };
	const struct tmi_target_kind *kind = &tmi_target_synth;
	struct tmi_kernel_process *list;
	size_t count;
	uint64_t value;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		kind->hint(synth, TMI_SPACE_PHYSICAL, keys[i], &value);
	if (kind->kernel_processes(synth, &list, &count) == TMEM_S_OK)
		for (size_t i = 0; i < count; i++)
			if (!memchr(list[i].name, 0, sizeof(list[i].name)))
				abort();
	if (synth->kernel && synth->process_count)
		abort();
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tmi_synth *synth;

	if (tmi_synth_parse("input", (const char *)data, size, &synth) != TMEM_S_OK)
		return 0;
	synth->link.latency = 0; /* nothing to learn from waiting */
	for (uint32_t i = 0; i < synth->process_count && i < 16; i++)
		look_at_process(synth, i);
	look_at_kernel(synth);
	if (synth->physical)
		look_at_process(synth, TMI_SPACE_PHYSICAL);
	tmi_synth_free(synth);
	return 0;
}
