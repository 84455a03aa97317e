/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_symbol.c - modules and names of a kernel, as its provider knows them; see kernel.h. */
#include "engine/kernel.h"

/* True when a provider found its kernel. The kernel was looked for before. */
static bool has_provider(const struct tmi_kernel *kernel)
{
	return kernel->state && kernel->provider->kernel(kernel->state);
}

tmem_status tmi_kernel_modules(struct tmi_kernel *kernel, tmem_target *target,
			       struct tmi_os_module **modules, size_t *count)
{
	struct tmi_kernel_view view;
	tmem_status status;

	*modules = NULL;
	*count = 0;
	if (!has_provider(kernel))
		return TMEM_S_OK;
	status = tmi_kernel_lock(kernel);
	if (status != TMEM_S_OK)
		return status;
	tmi_kernel_view_init(&view, kernel, target);
	status = kernel->provider->modules(kernel->state, &view.memory, modules, count);
	pthread_mutex_unlock(&kernel->lock);
	return status == TMEM_E_NOINTERFACE || status == TMEM_S_FALSE ? TMEM_S_OK : status;
}

tmem_status tmi_kernel_name(struct tmi_kernel *kernel, uint64_t address, char *name,
			    size_t name_size, uint64_t *start)
{
	struct tmi_kernel_view view;
	tmem_status status;
	bool known;

	if (!has_provider(kernel))
		return TMEM_S_FALSE;
	status = tmi_kernel_lock(kernel);
	if (status != TMEM_S_OK)
		return status;
	tmi_kernel_view_init(&view, kernel, NULL);
	known = kernel->provider->nearest(kernel->state, &view.memory, address, name, name_size,
					  start);
	pthread_mutex_unlock(&kernel->lock);
	return known ? TMEM_S_OK : TMEM_S_FALSE;
}

tmem_status tmi_kernel_symbol(struct tmi_kernel *kernel, const char *name, uint64_t *address)
{
	struct tmi_kernel_view view;
	tmem_status status;
	bool known;

	if (!has_provider(kernel))
		return TMEM_S_FALSE;
	status = tmi_kernel_lock(kernel);
	if (status != TMEM_S_OK)
		return status;
	tmi_kernel_view_init(&view, kernel, NULL);
	known = kernel->provider->symbol(kernel->state, &view.memory, name, address);
	pthread_mutex_unlock(&kernel->lock);
	return known ? TMEM_S_OK : TMEM_S_FALSE;
}
