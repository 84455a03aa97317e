/* SPDX-License-Identifier: Apache-2.0 */
/* linux_modules.c - the kernel and its modules. */
#include "base/error.h"
#include "os/linux.h"

tmem_status tmi_linux_modules(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      struct tmi_os_module **modules, size_t *count)
{
	return tmi_fail_text(TMEM_E_NOINTERFACE, "the offsets of struct module are not known");
}
