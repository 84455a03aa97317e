/* SPDX-License-Identifier: Apache-2.0 */
/* linux_infer.c - offsets of members by what all tasks have in common. */
#include "os/linux.h"

tmem_status tmi_linux_infer_tasks(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	return TMEM_S_OK;
}
