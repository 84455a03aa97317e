/* SPDX-License-Identifier: Apache-2.0 */
/* linux_search.c - a kernel without VMCOREINFO. */
#include "os/linux.h"

tmem_status tmi_linux_search(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	return TMEM_S_FALSE;
}
