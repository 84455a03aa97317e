/* SPDX-License-Identifier: Apache-2.0 */
/* linux_ranges.c - named parts of the kernel's half. */
#include "os/linux.h"

void tmi_linux_find_ranges(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct tmi_os_range *range = &state->ranges[state->range_count++];

	*range = (struct tmi_os_range){ state->image_first, state->image_last, "[kernel]" };
}
