/* SPDX-License-Identifier: Apache-2.0 */
/* linux.c - the provider of Linux kernels: options, the order of the search, and the ops. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/linux.h"

static const char *const options[] = {
	"scheme",
	"vmcoreinfo",
	"root",
	"levels",
	"phys-base",
	"kaslr",
	"init-task",
	"kallsyms",
	"btf",
	"inverted",
	"encryption-mask",
#define TMI_LINUX_OPTION_ROW(name, structure, member) "offset." structure "." member,
	TMI_LINUX_MEMBER_LIST(TMI_LINUX_OPTION_ROW)
#undef TMI_LINUX_OPTION_ROW
		NULL,
};

/* ---- options ---- */

static bool known_scheme(const char *scheme)
{
	for (size_t i = 0; i < tmi_linux_architecture_count; i++)
		if (!strcmp(tmi_linux_architectures[i].name, scheme))
			return true;
	return false;
}

static tmem_status read_choices(struct tmi_linux_choices *choices,
				const struct tmi_os_memory *memory)
{
	struct {
		const char *key;
		bool *given;
		uint64_t *value;
	} numbers[] = {
		{ "vmcoreinfo", &choices->has_vmcoreinfo, &choices->vmcoreinfo },
		{ "root", &choices->has_root, &choices->root },
		{ "levels", &choices->has_levels, &choices->levels },
		{ "phys-base", &choices->has_phys_base, &choices->phys_base },
		{ "kaslr", &choices->has_kaslr, &choices->kaslr },
		{ "init-task", &choices->has_init_task, &choices->init_task },
		{ "kallsyms", &choices->has_kallsyms, &choices->kallsyms },
		{ "btf", &choices->has_btf, &choices->btf },
		{ "inverted", &choices->has_inverted, &choices->inverted },
		{ "encryption-mask", &choices->has_encryption_mask, &choices->encryption_mask },
	};
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; status == TMEM_S_OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		status = tmi_linux_option(memory, numbers[i].key, numbers[i].given,
					  numbers[i].value);
	if (status != TMEM_S_OK)
		return status;
	choices->scheme = memory->option(memory->context, "scheme");
	if (choices->scheme && !known_scheme(choices->scheme))
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option scheme=%s: x64, x86, pae or arm64 was expected",
				     choices->scheme);
	if (choices->has_levels && choices->levels != 4 && choices->levels != 5)
		return tmi_fail_text(TMEM_E_INVALIDARG, "option levels=%llu: 4 or 5 was expected",
				     (unsigned long long)choices->levels);
	return TMEM_S_OK;
}

/* ---- open and close ---- */

static void close_linux(void *opaque)
{
	struct tmi_linux *state = opaque;

	if (!state)
		return;
	tmi_linux_facts_fini(state);
	tmi_kallsyms_fini(&state->symbols);
	free(state->info_text);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

static tmem_status not_found(const struct tmi_linux_choices *choices)
{
	static const char text[] = "there is no VMCOREINFO that fits this memory, and no init_task "
				   "with tables that map it";

	if (choices->scheme || choices->has_levels || choices->has_phys_base)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "no Linux kernel was found that agrees with the options "
				     "scheme=, levels= or phys-base= given: %s",
				     text);
	return tmi_fail_text(TMEM_E_NOINTERFACE, "no Linux kernel was found: %s", text);
}

static tmem_status find(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	tmem_status status = read_choices(&state->choices, memory);

	if (status == TMEM_S_OK)
		status = tmi_linux_find_info(state, memory);
	if (status == TMEM_S_FALSE)
		status = tmi_linux_search(state, memory);
	if (status == TMEM_S_OK)
		status = tmi_linux_check_kaslr(state);
	return status == TMEM_S_FALSE ? not_found(&state->choices) : status;
}

static tmem_status open_linux(const struct tmi_os_memory *memory, void **opaque)
{
	struct tmi_linux *state = calloc(1, sizeof(*state));
	tmem_status status;

	*opaque = NULL;
	if (!state)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pthread_mutex_init(&state->lock, NULL);
	status = find(state, memory);
	/* What contradicts the caller's options is not a kernel for the caller. */
	state->found = status == TMEM_S_OK;
	if (state->found)
		tmi_linux_find_ranges(state, memory);
	if (status == TMEM_E_CONTROL_C_EXIT || status == TMEM_E_OUTOFMEMORY) {
		close_linux(state);
		return status;
	}
	*opaque = state;
	return status;
}

/* ---- what was found at open ---- */

static const struct tmi_os_kernel *kernel(void *opaque)
{
	struct tmi_linux *state = opaque;

	return state && state->found ? &state->kernel : NULL;
}

static bool fact(void *opaque, size_t index, struct tmi_os_fact *fact)
{
	struct tmi_linux *state = opaque;
	bool known;

	pthread_mutex_lock(&state->lock);
	known = index < state->facts.count;
	if (known)
		*fact = state->facts.list[index];
	pthread_mutex_unlock(&state->lock);
	return known;
}

static size_t ranges(void *opaque, const struct tmi_os_range **ranges)
{
	struct tmi_linux *state = opaque;

	*ranges = state->ranges;
	return state->range_count;
}

/* ---- what is found when asked ---- */

static tmem_status processes(void *opaque, const struct tmi_os_memory *memory,
			     struct tmi_os_process **processes, size_t *count)
{
	struct tmi_linux *state = opaque;
	tmem_status status;

	*processes = NULL;
	*count = 0;
	pthread_mutex_lock(&state->lock);
	status = tmi_linux_processes(state, memory, processes, count);
	pthread_mutex_unlock(&state->lock);
	return status;
}

static tmem_status modules(void *opaque, const struct tmi_os_memory *memory,
			   struct tmi_os_module **modules, size_t *count)
{
	struct tmi_linux *state = opaque;
	tmem_status status;

	*modules = NULL;
	*count = 0;
	pthread_mutex_lock(&state->lock);
	status = tmi_linux_modules(state, memory, modules, count);
	pthread_mutex_unlock(&state->lock);
	return status;
}

static bool symbol(void *opaque, const struct tmi_os_memory *memory, const char *name,
		   uint64_t *address)
{
	struct tmi_linux *state = opaque;
	bool known;

	pthread_mutex_lock(&state->lock);
	known = tmi_linux_find_symbol(state, memory, name, address);
	pthread_mutex_unlock(&state->lock);
	return known;
}

static bool nearest(void *opaque, const struct tmi_os_memory *memory, uint64_t address, char *name,
		    size_t name_size, uint64_t *start)
{
	struct tmi_linux *state = opaque;
	bool known;

	pthread_mutex_lock(&state->lock);
	known = tmi_linux_nearest(state, memory, address, name, name_size, start);
	pthread_mutex_unlock(&state->lock);
	return known;
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
