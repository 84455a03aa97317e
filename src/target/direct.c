/* SPDX-License-Identifier: Apache-2.0 */
/* direct.c - which ranges a thread may read without a look; see direct.h. */
#include "target/direct.h"

_Thread_local struct tmi_direct_range tmi_direct_ranges[TMI_DIRECT_RANGES];

uint64_t tmi_direct_new_epoch(void)
{
	static _Atomic uint64_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

void tmi_direct_learn(uint64_t epoch, uint64_t first, uint64_t size)
{
	if (!epoch || !size || tmi_direct_knows(epoch, first, size))
		return;
	for (unsigned i = TMI_DIRECT_RANGES - 1; i > 0; i--)
		tmi_direct_ranges[i] = tmi_direct_ranges[i - 1];
	tmi_direct_ranges[0] =
		(struct tmi_direct_range){ .epoch = epoch, .first = first, .size = size };
}
