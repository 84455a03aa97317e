/* SPDX-License-Identifier: Apache-2.0 */
/* linux.c - the provider of Linux kernels. */
#include "base/error.h"
#include "os/os.h"

static const char *const options[] = { NULL };

static tmem_status open_linux(const struct tmi_os_memory *memory, void **state)
{
	*state = NULL;
	return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was recognised");
}

static void close_linux(void *state)
{
}

static const struct tmi_os_kernel *kernel(void *state)
{
	return NULL;
}

static bool fact(void *state, size_t index, struct tmi_os_fact *fact)
{
	return false;
}

static size_t ranges(void *state, const struct tmi_os_range **ranges)
{
	*ranges = NULL;
	return 0;
}

static tmem_status processes(void *state, const struct tmi_os_memory *memory,
			     struct tmi_os_process **processes, size_t *count)
{
	return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was recognised");
}

static tmem_status modules(void *state, const struct tmi_os_memory *memory,
			   struct tmi_os_module **modules, size_t *count)
{
	return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was recognised");
}

static bool symbol(void *state, const struct tmi_os_memory *memory, const char *name,
		   uint64_t *address)
{
	return false;
}

static bool nearest(void *state, const struct tmi_os_memory *memory, uint64_t address, char *name,
		    size_t name_size, uint64_t *start)
{
	return false;
}

const struct tmi_os_provider tmi_os_linux = {
	.name = "linux",
	.options = options,
	.open = open_linux,
	.close = close_linux,
	.kernel = kernel,
	.fact = fact,
	.ranges = ranges,
	.processes = processes,
	.modules = modules,
	.symbol = symbol,
	.nearest = nearest,
};
