/* SPDX-License-Identifier: Apache-2.0 */
/* g01_hot_read.c - row G1: one public call for 8 bytes of a core that were just read. */
#include "hot.h"

static enum bench_result setup(void *state)
{
	const struct bench_core *core = bench_memory_core();
	tmem_target *target = core ? bench_open_core(core, NULL) : NULL;

	return target && bench_hot_init(state, target, core->address) ? BENCH_READY : BENCH_FAILED;
}

static const struct bench_line lines[] = {
	{
		.metric = "8 B read, core, 64 hot pages",
		.goal = "<= 5 ns, >= 0.3",
		.most_ns = 5,
		.least = 0.3,
		.unit = BENCH_TIME,
		.work = 8000000,
		.verify = bench_hot_verify,
		.limits = { { "table of pages and memcpy", bench_hot_limit } },
		.library = { "tmem_read_virtual", bench_hot_library },
	},
};

const struct bench_row bench_g01_hot_read = {
	.id = "G1",
	.state_size = sizeof(struct bench_hot),
	.setup = setup,
	.finish = bench_hot_fini,
	BENCH_LINES(lines),
};
