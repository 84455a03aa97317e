/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one target with one command line: its life, its settings, its ways to the user. */
#include <stdlib.h>

#include "command/command.h"
#include "command/modules.h"

/* Memory that a command keeps in the session. */
struct tmi_slot {
	struct tmi_slot *next;
	const void *key;
	void (*fini)(void *data);
	max_align_t data[];
};

static void forward_progress(void *context, const struct tmem_progress *progress)
{
	struct tmi_session *session = context;

	session->callbacks.progress(session->callbacks.context, progress);
}

struct tmi_session *tmi_session_new(tmem_target *target,
				    const struct tmi_session_callbacks *callbacks)
{
	struct tmi_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->target = target;
	session->callbacks = *callbacks;
	session->radix = 16;
	session->width = 80;
	tmi_session_refresh(session);
	if (callbacks->progress)
		tmem_set_progress_callback(target, forward_progress, session);
	return session;
}

void tmi_session_free(struct tmi_session *session)
{
	if (!session)
		return;
	if (session->callbacks.progress)
		tmem_set_progress_callback(session->target, NULL, NULL);
	tmi_session_drop_modules(session);
	while (session->slots) {
		struct tmi_slot *slot = session->slots;

		session->slots = slot->next;
		if (slot->fini)
			slot->fini(slot->data);
		free(slot);
	}
	free(session->repeat);
	free(session);
}

void tmi_session_refresh(struct tmi_session *session)
{
	struct tmem_description description = { .size = sizeof(description) };

	/* A target that cannot say any more what it is keeps its last description. */
	if (tmem_describe(session->target, &description) == TMEM_S_OK)
		session->description = description;
}

void tmi_session_prompt(struct tmi_session *session, struct tmi_text *prompt)
{
	uint32_t process, thread;

	if (session->description.mode == TMEM_MODE_KERNEL) {
		tmi_text_puts(prompt, "kd> ");
	} else if (tmem_get_current_process_id(session->target, &process) != TMEM_S_OK) {
		tmi_text_puts(prompt, "no process> ");
	} else {
		if (tmem_get_current_thread_id(session->target, &thread) != TMEM_S_OK)
			thread = 0;
		tmi_text_format(prompt, "%x:%03x> ", process, thread);
	}
}

void *tmi_session_slot(struct tmi_session *session, const void *key, size_t size,
		       void (*fini)(void *data))
{
	struct tmi_slot *slot;
	size_t bytes;

	for (slot = session->slots; slot; slot = slot->next)
		if (slot->key == key)
			return slot->data;
	if (__builtin_add_overflow(sizeof(*slot), size, &bytes))
		return NULL;
	slot = calloc(1, bytes);
	if (!slot)
		return NULL;
	slot->key = key;
	slot->fini = fini;
	slot->next = session->slots;
	session->slots = slot;
	return slot->data;
}

bool tmi_session_interrupted(struct tmi_session *session)
{
	if (tmem_get_interrupt(session->target) == TMEM_S_OK)
		session->interrupted = true;
	return session->interrupted;
}

void tmi_session_progress(struct tmi_session *session, const char *operation, uint64_t done,
			  uint64_t total, uint64_t bytes)
{
	struct tmem_progress progress = {
		.size = sizeof(progress),
		.operation = operation,
		.done = done,
		.total = total,
		.bytes = bytes,
	};

	if (session->callbacks.progress)
		session->callbacks.progress(session->callbacks.context, &progress);
}

bool tmi_session_ask(struct tmi_session *session, const char *prompt, char **line)
{
	*line = NULL;
	return session->callbacks.input &&
	       session->callbacks.input(session->callbacks.context, prompt, line) && *line;
}
