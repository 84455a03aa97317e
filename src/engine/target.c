/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - opening, duplicating, closing, describing, suspending; see tmem/target.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernel.h"

static void handle_free(tmem_target *handle)
{
	struct tmi_context *context = handle->contexts;

	while (context) {
		struct tmi_context *older = context->older;

		free(context);
		context = older;
	}
	tmi_module_list_free(handle->modules);
	pthread_mutex_destroy(&handle->module_lock);
	pthread_mutex_destroy(&handle->context_lock);
	free(handle);
}

/* A handle on @shared, in the list of those that get events. */
static tmem_status handle_new(struct tmi_shared *shared, struct tmi_space *space,
			      tmem_target **target)
{
	tmem_target *handle = calloc(1, sizeof(*handle));
	pthread_mutexattr_t attributes;
	tmem_status status;

	if (!handle)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	handle->shared = shared;
	handle->callbacks.size = sizeof(handle->callbacks);
	pthread_mutex_init(&handle->context_lock, NULL);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&handle->module_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	status = tmi_context_set(handle, space, TMEM_ANY_ID);
	if (status != TMEM_S_OK) {
		handle_free(handle);
		return status;
	}
	pthread_mutex_lock(&shared->lock);
	handle->next = shared->handles;
	shared->handles = handle;
	pthread_mutex_unlock(&shared->lock);
	*target = handle;
	return TMEM_S_OK;
}

/* What the common options ask for; the kind is open. */
struct settings {
	bool cache;
	bool cache_given;
	uint64_t cache_size;
	bool cache_size_given;
	bool overlay;
	bool overlay_given;
	uint64_t threads;
	bool may_map;
	bool suspend;
};

static tmem_status read_map(const struct tmi_options *options, bool *may_map)
{
	const char *text = tmi_options_get(options, "map");

	*may_map = true;
	if (!text || !strcmp(text, "auto") || !strcmp(text, "on"))
		return TMEM_S_OK;
	*may_map = false;
	if (!strcmp(text, "never") || !strcmp(text, "off"))
		return TMEM_S_OK;
	return tmi_fail_text(TMEM_E_INVALIDARG, "option map=%s: expected auto or never", text);
}

static tmem_status read_settings(const struct tmi_options *options, struct settings *settings)
{
	tmem_status status = read_map(options, &settings->may_map);

	settings->cache_given = tmi_options_get(options, "cache");
	settings->cache_size_given = tmi_options_get(options, "cache-size");
	settings->overlay_given = tmi_options_get(options, "overlay");
	if (status == TMEM_S_OK)
		status = tmi_options_flag(options, "cache", &settings->cache);
	if (status == TMEM_S_OK)
		status = tmi_options_number(options, "cache-size", &settings->cache_size);
	if (status == TMEM_S_OK)
		status = tmi_options_flag(options, "overlay", &settings->overlay);
	if (status == TMEM_S_OK)
		status = tmi_options_flag(options, "suspend", &settings->suspend);
	if (status == TMEM_S_OK)
		status = tmi_options_number(options, "threads", &settings->threads);
	if (status == TMEM_S_OK && (settings->threads < 1 || settings->threads > 64) &&
	    tmi_options_get(options, "threads"))
		status = tmi_fail_text(TMEM_E_INVALIDARG, "option threads: expected 1 to 64");
	return status;
}

static tmem_status apply_settings(struct tmi_shared *shared, const struct settings *settings,
				  const struct tmi_facts *facts)
{
	bool overlay = settings->overlay_given ? settings->overlay : !facts->live;
	tmem_status status = TMEM_S_OK;

	if (settings->cache_given)
		shared->cache_mode = settings->cache ? TMI_CACHE_ON : TMI_CACHE_OFF;
	if (settings->threads)
		shared->threads = (unsigned)settings->threads;
	if (settings->cache_size_given)
		status = tmi_cache_set_budget(shared->cache, settings->cache_size);
	if (status == TMEM_S_OK && overlay) {
		shared->overlay = tmi_overlay_new();
		if (!shared->overlay)
			status = tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	}
	return status;
}

/* A target that has physical memory and says so: its virtual spaces are the engine's. */
static tmem_status prepare_kernel(struct tmi_shared *shared, const struct tmi_options *options)
{
	struct tmi_space *physical = tmi_shared_space(shared, TMI_SPACE_PHYSICAL);

	if (!physical || tmi_space_facts(physical)->mode != TMEM_MODE_KERNEL)
		return TMEM_S_OK;
	return tmi_kernel_new(shared, physical, options);
}

/* Everything after the kind is open. On failure @shared is freed, which closes the kind. */
static tmem_status finish_open(struct tmi_shared *shared, const struct tmi_options *options,
			       const struct settings *settings, tmem_target **target)
{
	struct tmi_space *space = NULL;
	tmem_status status = prepare_kernel(shared, options);

	if (status == TMEM_S_OK)
		space = tmi_context_first_space(shared);
	if (status == TMEM_S_OK && !space)
		status = tmi_fail_text(TMEM_E_UNEXPECTED, "the target has no process");
	if (status == TMEM_S_OK)
		status = apply_settings(shared, settings, tmi_space_facts(space));
	if (status == TMEM_S_OK)
		status = handle_new(shared, space, target);
	if (status != TMEM_S_OK) {
		tmi_shared_free(shared);
		return status;
	}
	tmi_shared_decide_caching(shared);
	if (settings->suspend)
		status = tmem_suspend(*target);
	if (status != TMEM_S_OK) {
		tmem_close(*target);
		*target = NULL;
	}
	return status;
}

static tmem_status open_with(const struct tmem_open_parameters *parameters,
			     const struct tmi_options *options, tmem_target **target)
{
	struct settings settings = { 0 };
	struct tmi_opened opened;
	struct tmi_shared *shared;
	tmem_status status = read_settings(options, &settings);

	if (status == TMEM_S_OK)
		status = tmi_registry_open(parameters, options, settings.may_map, &opened);
	if (status != TMEM_S_OK)
		return status;
	shared = tmi_shared_new(&opened);
	if (!shared)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return finish_open(shared, options, &settings, target);
}

static tmem_status check_parameters(const struct tmem_open_parameters *parameters)
{
	if (!parameters || parameters->size < sizeof(*parameters) || parameters->reserved)
		return tmi_bad_argument("parameters",
					"a struct with its size field set and reserved 0");
	if (!parameters->spec || !*parameters->spec)
		return tmi_bad_argument("spec", "\"pid:N\" or a file name");
	if (parameters->interrupt && __atomic_load_n(parameters->interrupt, __ATOMIC_RELAXED))
		return tmi_fail_text(TMEM_E_CONTROL_C_EXIT, "%s: opening was interrupted",
				     parameters->spec);
	return TMEM_S_OK;
}

tmem_status tmem_open2(const struct tmem_open_parameters *parameters, tmem_target **target)
{
	struct tmi_options parsed;
	tmem_status status;

	if (!target)
		return tmi_call_end(NULL, tmi_bad_argument("target", "a pointer, not NULL"));
	*target = NULL;
	status = check_parameters(parameters);
	if (status == TMEM_S_OK)
		status = tmi_options_init(&parsed, parameters->options);
	if (status == TMEM_S_OK) {
		status = open_with(parameters, &parsed, target);
		tmi_options_fini(&parsed);
	}
	return tmi_call_end(NULL, status);
}

tmem_status tmem_open(const char *spec, const char *options, tmem_target **target)
{
	struct tmem_open_parameters parameters = {
		.size = sizeof(parameters),
		.spec = spec,
		.options = options,
	};

	return tmem_open2(&parameters, target);
}

tmem_status tmem_target_dup(tmem_target *target, tmem_target **duplicate)
{
	struct tmi_context *context;
	tmem_status status;

	if (duplicate)
		*duplicate = NULL;
	if (!target || !duplicate)
		return tmi_call_end(target, tmi_bad_argument("duplicate", "a pointer, not NULL"));
	context = tmi_context_get(target);
	status = handle_new(target->shared, context->space, duplicate);
	if (status == TMEM_S_OK && context->thread != TMEM_ANY_ID)
		status = tmi_context_set(*duplicate, context->space, context->thread);
	return tmi_call_end(target, status);
}

tmem_status tmem_close(tmem_target *target)
{
	struct tmi_shared *shared;
	bool last;

	if (!target)
		return TMEM_S_OK;
	if (tmi_event_inside())
		return tmi_call_end(target, tmi_call_change(target));
	shared = target->shared;
	last = tmi_event_forget(target);
	handle_free(target);
	if (last)
		tmi_shared_free(shared);
	return TMEM_S_OK;
}

static uint32_t description_flags(struct tmi_shared *shared, const struct tmi_facts *facts)
{
	uint32_t flags = 0;

	pthread_mutex_lock(&shared->run_lock);
	if (shared->suspends)
		flags |= TMEM_TARGET_SUSPENDED;
	pthread_mutex_unlock(&shared->run_lock);
	if (facts->live)
		flags |= TMEM_TARGET_LIVE;
	if (shared->overlay)
		flags |= TMEM_TARGET_OVERLAY;
	if (facts->big_endian)
		flags |= TMEM_TARGET_BIG_ENDIAN;
	if (facts->incomplete || (shared->unpacked && shared->unpacked->partial))
		flags |= TMEM_TARGET_INCOMPLETE;
	return flags;
}

/* Copies what fits; the rest stays 0. */
static void copy_text(char *to, size_t size, const char *from)
{
	strncpy(to, from, size - 1);
	to[size - 1] = '\0';
}

/* What the kind says of the target, and whether it was unpacked; malloc()ed, NULL = nothing. */
static char *describe_text(const struct tmi_shared *shared)
{
	char *own = shared->kind->describe ? shared->kind->describe(shared->state) : NULL;
	char *text;

	if (!shared->unpacked)
		return own;
	if (asprintf(&text, "from %s%s: %s", shared->unpacked->partial ? "damaged " : "",
		     shared->unpacked->codec, own ? own : shared->kind->text) < 0)
		return own;
	free(own);
	return text;
}

tmem_status tmem_describe(tmem_target *target, struct tmem_description *description)
{
	struct tmi_space *space;
	const struct tmi_facts *facts;
	struct tmi_shared *shared;
	char *text;

	if (!target || !description || description->size < sizeof(*description))
		return tmi_call_end(target, tmi_bad_argument("description",
							     "a struct with its size field set"));
	shared = target->shared;
	/* The kernel tells the machine; without one there is what the kind knows. */
	if (shared->kernel && tmi_kernel_need(shared->kernel, target) == TMEM_E_CONTROL_C_EXIT)
		tmem_set_interrupt(target); /* it was meant for what follows */
	/* A dropped process keeps its facts: the target can still be described. */
	space = tmi_context_get(target)->space;
	facts = tmi_space_facts(space);
	*description = (struct tmem_description){
		.size = sizeof(*description),
		.mode = facts->mode,
		.processor_type = facts->processor_type,
		.machine = facts->machine,
		.pointer_size = facts->pointer_size,
		.page_size = facts->page_size,
		.flags = description_flags(shared, facts),
	};
	copy_text(description->kind, sizeof(description->kind), shared->kind->name);
	text = describe_text(shared);
	copy_text(description->text, sizeof(description->text), text ? text : shared->kind->text);
	free(text);
	return TMEM_S_OK;
}

tmem_status tmem_is_pointer64_bit(tmem_target *target)
{
	struct tmi_space *space;
	tmem_status status = tmi_call_virtual(target, &space);

	if (status == TMEM_S_OK && tmi_space_facts(space)->pointer_size == 4)
		status = TMEM_S_FALSE;
	return tmi_call_end(target, status);
}
