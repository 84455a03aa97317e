/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_memory.c - the target as a provider of src/os sees it; see os/os.h and kernel.h. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "engine/kernel.h"

static tmem_status read_physical(void *context, uint64_t address, void *buffer, size_t size)
{
	const struct tmi_kernel_view *view = context;
	size_t done = 0;

	tmi_space_read(view->kernel->physical, address, buffer, size, 0, &done);
	return done == size ? TMEM_S_OK : TMEM_E_READ_FAULT;
}

static bool valid_physical(void *context, uint64_t from, uint64_t *first, uint64_t *last)
{
	const struct tmi_kernel_view *view = context;

	return tmi_space_valid(view->kernel->physical, from, UINT64_MAX, first, last) == TMEM_S_OK;
}

static bool view_physical(void *context, uint64_t address, const uint8_t **data, uint64_t *size)
{
	const struct tmi_kernel_view *view = context;
	struct tmi_borrow borrow;

	if (!tmi_space_view(view->kernel->physical, address, &borrow) ||
	    (borrow.truncated && tmi_file_was_cut(borrow.truncated)))
		return false;
	*data = borrow.data + (address - borrow.first);
	*size = tmi_add_saturating(borrow.last - address, 1);
	return true;
}

static bool zeros_physical(void *context, uint64_t address, uint64_t *last)
{
	const struct tmi_kernel_view *view = context;
	struct tmi_space *physical = view->kernel->physical;
	struct tmi_run run;

	return tmi_space_run(physical, address, &run) == TMEM_S_OK && run.first <= address &&
	       tmi_space_untouched(physical, &run, address, run.last, last);
}

/* Tables that a provider tries out, as a space would use them. */
static bool make_translation(const struct tmi_kernel_view *view, const struct tmi_tables *tables,
			     struct tmi_translation *translation)
{
	*translation = (struct tmi_translation){
		.scheme = tmi_paging_find(tables->scheme),
		.tables = *tables,
		.physical = view->kernel->physical,
	};
	return translation->scheme;
}

static bool translate(void *context, const struct tmi_tables *tables, uint64_t virtual_,
		      uint64_t *physical)
{
	struct tmi_translation translation;
	struct tmi_paging_page page;

	if (!make_translation(context, tables, &translation) ||
	    !tmi_translated_page(&translation, virtual_, &page))
		return false;
	*physical = page.physical;
	return true;
}

static tmem_status read_virtual(void *context, const struct tmi_tables *tables, uint64_t virtual_,
				void *buffer, size_t size)
{
	struct tmi_translation translation;
	size_t done = 0;

	if (make_translation(context, tables, &translation))
		tmi_translated_read(&translation, virtual_, buffer, size, 0, &done);
	return done == size ? TMEM_S_OK : TMEM_E_READ_FAULT;
}

static const char *vmcoreinfo(void *context, size_t *size)
{
	const struct tmi_kernel_view *view = context;
	const struct tmi_shared *shared = view->kernel->shared;

	*size = 0;
	return shared->kind->vmcoreinfo ? shared->kind->vmcoreinfo(shared->state, size) : NULL;
}

static bool hint(void *context, const char *key, uint64_t *value)
{
	const struct tmi_kernel_view *view = context;
	const struct tmi_shared *shared = view->kernel->shared;

	return shared->kind->hint &&
	       shared->kind->hint(shared->state, TMI_SPACE_PHYSICAL, key, value) == TMEM_S_OK;
}

static const char *option(void *context, const char *key)
{
	const struct tmi_kernel_view *view = context;

	return tmi_options_get(&view->kernel->options, key);
}

static bool interrupted(void *context)
{
	const struct tmi_kernel_view *view = context;

	return view->target && tmi_call_interrupted(view->target);
}

static void progress(void *context, uint64_t done, uint64_t total)
{
	struct tmi_kernel_view *view = context;

	if (!view->target)
		return;
	view->meter.total = total;
	tmi_meter_report(&view->meter, done, done);
}

void tmi_kernel_view_init(struct tmi_kernel_view *view, struct tmi_kernel *kernel,
			  tmem_target *target)
{
	*view = (struct tmi_kernel_view){
		.memory = {
			.context = view,
			.read_physical = read_physical,
			.valid_physical = valid_physical,
			.view_physical = view_physical,
			.zeros_physical = zeros_physical,
			.translate = translate,
			.read_virtual = read_virtual,
			.vmcoreinfo = vmcoreinfo,
			.hint = hint,
			.option = option,
			.interrupted = interrupted,
			.progress = progress,
		},
		.kernel = kernel,
		.target = target,
	};
	if (target)
		tmi_meter_init(&view->meter, target, "find kernel", 0);
}
