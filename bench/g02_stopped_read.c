/* SPDX-License-Identifier: Apache-2.0 */
/* g02_stopped_read.c - row G2: 8 bytes of a stopped process whose pages are in the cache. */
#include "hot.h"

static enum bench_result setup(void *state)
{
	const struct bench_process *process = bench_memory_process();
	tmem_target *target = process ? bench_open_process(process, "suspend=on") : NULL;

	return target && bench_hot_init(state, target, process->address) ? BENCH_READY
									 : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "8 B read, stopped process, 64 hot pages",
		.goal = "<= 10 ns",
		.most_ns = 10,
		.unit = BENCH_TIME,
		.work = 4000000,
		.verify = bench_hot_verify,
		.limits = { { "table of pages and memcpy", bench_hot_limit } },
		.library = { "tmem_read_virtual", bench_hot_library },
	},
};

const struct bench_row bench_g02_stopped_read = {
	.id = "G2",
	.state_size = sizeof(struct bench_hot),
	.setup = setup,
	.finish = bench_hot_fini,
	BENCH_LINES(lines),
};
