/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_tables.c - page tables that the caller or the target kind names; see kernel.h. */
#include <string.h>

#include "engine/kernel.h"

static const struct {
	const char *name;
	uint32_t scheme;
	uint64_t kernel_first; /* where the kernel's half begins */
} schemes[] = {
	{ "x86", TMI_SCHEME_X86, 0xc0000000 },
	{ "pae", TMI_SCHEME_X86_PAE, 0xc0000000 },
	{ "x64", TMI_SCHEME_X64, UINT64_C(1) << 63 },
	{ "arm64", TMI_SCHEME_ARM64, UINT64_C(1) << 63 },
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

static uint64_t kernel_half(uint32_t scheme)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (schemes[i].scheme == scheme)
			return schemes[i].kernel_first;
	return 0;
}

/* The scheme that a machine uses when nobody says. */
static uint32_t usual_scheme(const struct tmi_facts *facts)
{
	switch (facts->processor_type) {
	case TMEM_PROCESSOR_I386: return TMI_SCHEME_X86;
	case TMEM_PROCESSOR_ARM64: return TMI_SCHEME_ARM64;
	default: return TMI_SCHEME_X64;
	}
}

static tmem_status scheme_option(const struct tmi_kernel *kernel, uint32_t *scheme)
{
	const char *text = tmi_options_get(&kernel->options, "scheme");

	*scheme = usual_scheme(&kernel->facts);
	if (!text)
		return TMEM_S_OK;
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (!strcmp(text, schemes[i].name)) {
			*scheme = schemes[i].scheme;
			return TMEM_S_OK;
		}
	return tmi_fail_text(TMEM_E_INVALIDARG, "option scheme=%s: expected x86, pae, x64 or arm64",
			     text);
}

static tmem_status number_option(const struct tmi_kernel *kernel, const char *key, uint64_t first,
				 uint64_t second, uint32_t *value)
{
	uint64_t number = first;
	tmem_status status = tmi_options_number(&kernel->options, key, &number);

	if (status == TMEM_S_OK && number != first && number != second)
		status = tmi_fail_text(TMEM_E_INVALIDARG, "option %s: expected %u or %u", key,
				       (unsigned)first, (unsigned)second);
	*value = (uint32_t)number;
	return status;
}

tmem_status tmi_kernel_tables_by_option(struct tmi_kernel *kernel, struct tmi_tables *tables)
{
	const struct tmi_options *options = &kernel->options;
	bool own_kernel = tmi_options_get(options, "kernel-root");
	tmem_status status;

	*tables = (struct tmi_tables){ 0 };
	if (!tmi_options_get(options, "root"))
		return TMEM_S_FALSE;
	status = scheme_option(kernel, &tables->scheme);
	if (status == TMEM_S_OK)
		status = tmi_options_number(options, "root", &tables->root);
	tables->kernel_root = tables->root;
	if (status == TMEM_S_OK)
		status = tmi_options_number(options, "kernel-root", &tables->kernel_root);
	if (status == TMEM_S_OK)
		status = tmi_options_number(options, "encryption-mask", &tables->encryption_mask);
	if (status == TMEM_S_OK && tables->scheme == TMI_SCHEME_X64)
		status = number_option(kernel, "levels", 4, 5, &tables->levels);
	if (status == TMEM_S_OK && tables->scheme == TMI_SCHEME_ARM64)
		status = number_option(kernel, "virtual-bits", 48, 39, &tables->virtual_bits);
	tables->kernel_first =
		own_kernel || tables->scheme == TMI_SCHEME_ARM64 ? kernel_half(tables->scheme) : 0;
	tables->flags = TMI_TABLES_INVERTED_NONE;
	return status;
}

static uint64_t hint(const struct tmi_kernel *kernel, const char *key, uint64_t missing)
{
	const struct tmi_shared *shared = kernel->shared;
	uint64_t value;

	if (shared->kind->hint(shared->state, TMI_SPACE_PHYSICAL, key, &value) != TMEM_S_OK)
		return missing;
	return value;
}

bool tmi_kernel_tables_by_hint(struct tmi_kernel *kernel, struct tmi_tables *tables)
{
	const struct tmi_shared *shared = kernel->shared;
	uint64_t root;

	/* What the caller says goes before what the kind thinks. */
	if (tmi_options_get(&kernel->options, "root") || !shared->kind->hint ||
	    shared->kind->hint(shared->state, TMI_SPACE_PHYSICAL, "root", &root) != TMEM_S_OK)
		return false;
	*tables = (struct tmi_tables){
		.root = root,
		.kernel_root = hint(kernel, "kernel-root", root),
		.scheme = (uint32_t)hint(kernel, "scheme", usual_scheme(&kernel->facts)),
		.levels = (uint32_t)hint(kernel, "levels", 4),
		.virtual_bits = (uint32_t)hint(kernel, "virtual-bits", 48),
		.flags = (uint32_t)hint(kernel, "tables-flags", TMI_TABLES_INVERTED_NONE),
		.encryption_mask = hint(kernel, "encryption-mask", 0),
	};
	tables->kernel_first = hint(kernel, "kernel-first", kernel_half(tables->scheme));
	return true;
}
