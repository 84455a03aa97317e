/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - finding the kernel of a target, and the spaces made of its tables; see kernel.h. */
#include "engine/kernel.h"

#include <stdlib.h>
#include <string.h>

static bool is_in(const char *const *names, const char *key)
{
	/* Most differ in their first letter: an option is looked for in many lists. */
	while (names && *names && (**names != *key || strcmp(*names, key)))
		names++;
	return names && *names;
}

bool tmi_kernel_knows_option(const char *key)
{
	static const char *const tables[] = { "root",   "kernel-root",  "scheme",
					      "levels", "virtual-bits", NULL };
	bool known = is_in(tables, key);

	for (size_t i = 0; i < tmi_os_provider_count && !known; i++)
		known = is_in(tmi_os_providers[i]->options, key);
	return known;
}

static tmem_status copy_options(const struct tmi_options *from, struct tmi_options *to)
{
	to->list = calloc(from->count ? from->count : 1, sizeof(*to->list));
	for (size_t i = 0; to->list && i < from->count; i++) {
		to->list[i].key = strdup(from->list[i].key);
		to->list[i].value = strdup(from->list[i].value);
		to->count = i + 1;
		if (!to->list[i].key || !to->list[i].value)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	return to->list ? TMEM_S_OK : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* Facts of virtual spaces before a kernel is known: what the kind says of the machine. */
static void set_facts(struct tmi_kernel *kernel)
{
	kernel->facts = *tmi_space_facts(kernel->physical);
	kernel->facts.byte_granular = false;
	kernel->facts.has_protection = true;
	kernel->facts.last_user =
		kernel->facts.pointer_size == 4 ? UINT32_MAX : UINT64_C(0x7fffffffffff);
}

tmem_status tmi_kernel_new(struct tmi_shared *shared, struct tmi_space *physical,
			   const struct tmi_options *options)
{
	struct tmi_kernel *kernel = calloc(1, sizeof(*kernel));
	pthread_mutexattr_t attributes;
	tmem_status status;

	if (!kernel)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	kernel->shared = shared;
	kernel->physical = physical;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&kernel->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	shared->kernel = kernel; /* freed with it from here on */
	set_facts(kernel);
	status = copy_options(options, &kernel->options);
	if (status != TMEM_S_OK)
		return status;
	kernel->home = tmi_shared_add_space(shared, &kernel->facts);
	return kernel->home ? TMEM_S_OK : tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

void tmi_kernel_free(struct tmi_kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->state)
		kernel->provider->close(kernel->state);
	tmi_options_fini(&kernel->options);
	free(kernel->list.processes);
	free(kernel->list.why);
	free(kernel->spaces);
	free(kernel->why);
	pthread_mutex_destroy(&kernel->lock);
	free(kernel);
}

tmem_status tmi_kernel_lock(struct tmi_kernel *kernel)
{
	if (!pthread_mutex_lock(&kernel->lock))
		return TMEM_S_OK;
	return tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_IN_CALLBACK, 0);
}

/* Makes a space a translated one. It is nobody else's yet, or its kernel was just found. */
static tmem_status translate_space(struct tmi_kernel *kernel, struct tmi_space *space,
				   const struct tmi_tables *tables, uint64_t data_offset)
{
	struct tmi_translation *translation = calloc(1, sizeof(*translation));

	if (!translation)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	*translation = (struct tmi_translation){
		.scheme = tmi_paging_find(tables->scheme),
		.tables = *tables,
		.physical = kernel->physical,
		.space_serial = space->serial,
		.data_offset = data_offset,
	};
	if (!translation->scheme) {
		free(translation);
		return tmi_fail_text(TMEM_E_UNEXPECTED, "paging scheme %u is not known",
				     tables->scheme);
	}
	atomic_store_explicit(&space->translation, translation, memory_order_release);
	return TMEM_S_OK;
}

/* What the tables say of the machine goes before what the kind said. */
static void take_tables(struct tmi_kernel *kernel, const struct tmi_tables *tables)
{
	const struct tmi_paging_scheme *scheme = tmi_paging_find(tables->scheme);

	kernel->tables = *tables;
	if (scheme) {
		kernel->facts.pointer_size = scheme->pointer_size;
		kernel->facts.page_size = scheme->page_size;
	}
	if (tables->kernel_first && tables->kernel_first <= UINT32_MAX)
		kernel->facts.last_user = tables->kernel_first - 1;
}

static void take_kernel(struct tmi_kernel *kernel, const struct tmi_os_kernel *found)
{
	take_tables(kernel, &found->tables);
	kernel->facts.machine = found->machine;
	kernel->facts.processor_type = found->processor_type;
	kernel->facts.pointer_size = found->pointer_size;
	kernel->facts.page_size = found->page_size;
	kernel->facts.big_endian = found->big_endian;
	kernel->facts.last_user = found->last_user;
}

/* The first provider that finds its kernel; else the last one, for its facts. */
static tmem_status ask_providers(struct tmi_kernel *kernel, tmem_target *target)
{
	struct tmi_kernel_view view;
	tmem_status status = TMEM_E_NOINTERFACE;

	tmi_kernel_view_init(&view, kernel, target);
	for (size_t i = 0; i < tmi_os_provider_count && status == TMEM_E_NOINTERFACE; i++) {
		if (kernel->state)
			kernel->provider->close(kernel->state);
		kernel->state = NULL;
		kernel->provider = tmi_os_providers[i];
		status = kernel->provider->open(&view.memory, &kernel->state);
	}
	return status;
}

/* Finds tables, whoever knows them; the lock is held. */
static tmem_status find_tables(struct tmi_kernel *kernel, tmem_target *target,
			       uint64_t *data_offset)
{
	const struct tmi_os_kernel *found;
	struct tmi_tables tables;
	tmem_status status, by_option;

	*data_offset = 0;
	if (tmi_kernel_tables_by_hint(kernel, &tables)) {
		take_tables(kernel, &tables);
		return TMEM_S_OK;
	}
	status = ask_providers(kernel, target);
	if (status == TMEM_S_OK) {
		found = kernel->provider->kernel(kernel->state);
		take_kernel(kernel, found);
		*data_offset = found->data_offset;
		return TMEM_S_OK;
	}
	if (status == TMEM_E_CONTROL_C_EXIT || status == TMEM_E_OUTOFMEMORY)
		return status;
	/* A root given by hand needs no kernel. */
	by_option = tmi_kernel_tables_by_option(kernel, &tables);
	if (by_option == TMEM_S_OK)
		take_tables(kernel, &tables);
	if (by_option != TMEM_S_FALSE)
		return by_option;
	/* What the options say wrong is to be put right first. */
	if (status == TMEM_E_INVALIDARG)
		return status;
	return tmi_fail_text(
		TMEM_E_UNEXPECTED,
		"%s (options: base=ADDR or hole=SIZE say where an image's bytes are in "
		"memory, root=ADDR gives page tables by hand)",
		tmi_error_text());
}

/* Keeps why nothing was found: every later question gets the same answer. */
static void remember_absence(struct tmi_kernel *kernel, tmem_status status)
{
	kernel->why = strdup(tmi_error_text());
	kernel->status = status == TMEM_E_INVALIDARG ? status : TMEM_E_UNEXPECTED;
	atomic_store_explicit(&kernel->found, TMI_KERNEL_ABSENT, memory_order_release);
}

static tmem_status look(struct tmi_kernel *kernel, tmem_target *target)
{
	uint64_t data_offset;
	tmem_status status = find_tables(kernel, target, &data_offset);

	if (status == TMEM_E_CONTROL_C_EXIT || status == TMEM_E_OUTOFMEMORY)
		return status;
	if (status == TMEM_S_OK)
		status = tmi_shared_set_facts(kernel->home, &kernel->facts);
	if (status == TMEM_S_OK)
		status = translate_space(kernel, kernel->home, &kernel->tables, data_offset);
	if (status == TMEM_E_OUTOFMEMORY)
		return status;
	if (status != TMEM_S_OK) {
		remember_absence(kernel, status);
		return status;
	}
	atomic_store_explicit(&kernel->found, TMI_KERNEL_FOUND, memory_order_release);
	return TMEM_S_OK;
}

tmem_status tmi_kernel_need(struct tmi_kernel *kernel, tmem_target *target)
{
	tmem_status status = TMEM_S_OK;

	if (atomic_load_explicit(&kernel->found, memory_order_acquire) == TMI_KERNEL_FOUND)
		return TMEM_S_OK;
	status = tmi_kernel_lock(kernel);
	if (status != TMEM_S_OK)
		return status;
	if (atomic_load(&kernel->found) == TMI_KERNEL_UNKNOWN)
		status = look(kernel, target);
	if (atomic_load(&kernel->found) == TMI_KERNEL_ABSENT)
		status = tmi_fail_text(kernel->status, "%s",
				       kernel->why ? kernel->why : "no kernel was found");
	pthread_mutex_unlock(&kernel->lock);
	return status;
}

const char *tmi_kernel_range(struct tmi_kernel *kernel, uint64_t address, uint64_t *last)
{
	const struct tmi_os_range *ranges = NULL;
	size_t count = 0;

	*last = UINT64_MAX;
	if (kernel->provider && kernel->state && kernel->provider->ranges)
		count = kernel->provider->ranges(kernel->state, &ranges);
	for (size_t i = 0; i < count; i++) {
		if (address < ranges[i].first) {
			*last = ranges[i].first - 1;
			return "";
		}
		if (address <= ranges[i].last) {
			*last = ranges[i].last;
			return ranges[i].name;
		}
	}
	return "";
}

/* A space that was made before; the lock is held. */
static struct tmi_space *find_space(const struct tmi_kernel *kernel, uint64_t data_offset,
				    uint64_t root)
{
	for (size_t i = 0; i < kernel->space_count; i++) {
		const struct tmi_translation *translation =
			tmi_space_translation(kernel->spaces[i]);

		if (translation->data_offset == data_offset && translation->tables.root == root)
			return kernel->spaces[i];
	}
	return NULL;
}

/* A new one; the lock is held. */
static tmem_status make_space(struct tmi_kernel *kernel, uint64_t data_offset, uint64_t root,
			      struct tmi_space **space)
{
	struct tmi_tables tables = kernel->tables;
	struct tmi_space **spaces =
		reallocarray(kernel->spaces, kernel->space_count + 1, sizeof(*spaces));

	if (!spaces)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	kernel->spaces = spaces;
	*space = tmi_shared_add_space(kernel->shared, &kernel->facts);
	if (!*space)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tables.root = root;
	if (translate_space(kernel, *space, &tables, data_offset) != TMEM_S_OK)
		return TMEM_E_OUTOFMEMORY;
	spaces[kernel->space_count++] = *space;
	return TMEM_S_OK;
}

tmem_status tmi_kernel_space(struct tmi_kernel *kernel, uint64_t data_offset, uint64_t root,
			     struct tmi_space **space)
{
	tmem_status status;

	*space = NULL;
	status = tmi_kernel_lock(kernel);
	if (status != TMEM_S_OK)
		return status;
	*space = find_space(kernel, data_offset, root);
	if (!*space)
		status = make_space(kernel, data_offset, root, space);
	pthread_mutex_unlock(&kernel->lock);
	return status;
}
