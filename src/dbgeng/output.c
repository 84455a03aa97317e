/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - who gets a piece of output, and in which form; see output.h. */
#include "dbgeng/output.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "dbgeng/text.h"

/* A piece of output in the forms that receivers want; made when the first one wants it. */
struct message {
	ULONG mask;
	bool dml; /* text has DML's tags and entities */
	const char *text;
	size_t size;
};

bool tmi_dbgeng_is_output_control(ULONG control)
{
	const ULONG known = DEBUG_OUTCTL_SEND_MASK | DEBUG_OUTCTL_NOT_LOGGED |
			    DEBUG_OUTCTL_OVERRIDE_MASK | DEBUG_OUTCTL_DML;

	if (control == DEBUG_OUTCTL_AMBIENT_TEXT || control == DEBUG_OUTCTL_AMBIENT_DML)
		return true;
	return !(control & ~known) && (control & DEBUG_OUTCTL_SEND_MASK) <= DEBUG_OUTCTL_LOG_ONLY;
}

static bool is_receiver(const struct tmi_dbgeng_client *receiver,
			const struct tmi_dbgeng_client *sender, ULONG control, ULONG mask)
{
	if (receiver->disabled || receiver->in_output ||
	    (!receiver->output && !receiver->output_wide))
		return false;
	if (!(control & DEBUG_OUTCTL_OVERRIDE_MASK) && !(receiver->output_mask & mask))
		return false;
	switch (control & DEBUG_OUTCTL_SEND_MASK) {
	case DEBUG_OUTCTL_THIS_CLIENT: return receiver == sender;
	case DEBUG_OUTCTL_ALL_CLIENTS: return true;
	case DEBUG_OUTCTL_ALL_OTHER_CLIENTS: return receiver != sender;
	default: return false;
	}
}

static const struct {
	const char *entity;
	char character;
} entities[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' } };

#define ENTITIES (sizeof(entities) / sizeof(entities[0]))

/* Bytes of the entity at @text; its character is put. 0: there is none. */
static size_t put_entity(struct tmi_text *out, const char *text, size_t size)
{
	for (size_t i = 0; i < ENTITIES; i++) {
		size_t length = strlen(entities[i].entity);

		if (length <= size && memcmp(text, entities[i].entity, length) == 0) {
			tmi_text_char(out, entities[i].character, 1);
			return length;
		}
	}
	return 0;
}

/* Bytes of the tag at @text, up to its ">"; 0: it does not end. */
static size_t tag_size(const char *text, size_t size)
{
	const char *end = memchr(text, '>', size);

	return end ? (size_t)(end - text) + 1 : 0;
}

/* DML without its tags. */
static void put_plain(struct tmi_text *out, const char *text, size_t size)
{
	while (size) {
		size_t used = 0;

		if (*text == '<')
			used = tag_size(text, size);
		else if (*text == '&')
			used = put_entity(out, text, size);
		if (!used) {
			tmi_text_char(out, *text, 1);
			used = 1;
		}
		text += used;
		size -= used;
	}
}

/* Text as DML: what would be a tag or an entity becomes an entity. */
static void put_escaped(struct tmi_text *out, const char *text, size_t size)
{
	for (; size; text++, size--) {
		size_t i = 0;

		while (i < ENTITIES && entities[i].character != *text)
			i++;
		if (i < ENTITIES)
			tmi_text_puts(out, entities[i].entity);
		else
			tmi_text_char(out, *text, 1);
	}
}

/* The text with the client's prefix before each line that begins in it. */
static void put_lines(struct tmi_text *out, struct tmi_dbgeng_client *receiver, const char *text,
		      size_t size)
{
	const char *prefix = receiver->prefixes ? receiver->prefixes->text : "";

	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t line = end ? (size_t)(end - text) + 1 : size;

		if (!receiver->line_begun)
			tmi_text_puts(out, prefix);
		tmi_text_put(out, text, line);
		receiver->line_begun = !end;
		text += line;
		size -= line;
	}
}

/* The message as @receiver wants it: DML or plain. */
static void make_text(struct tmi_text *out, struct tmi_dbgeng_client *receiver,
		      const struct message *message, bool dml)
{
	struct tmi_text converted = { 0 };

	if (message->dml == dml) {
		put_lines(out, receiver, message->text, message->size);
		return;
	}
	if (dml)
		put_escaped(&converted, message->text, message->size);
	else
		put_plain(&converted, message->text, message->size);
	out->failed |= converted.failed;
	put_lines(out, receiver, converted.data, converted.size);
	tmi_text_fini(&converted);
}

/* What an IDebugOutputCallbacks2 wants to get: DEBUG_OUTCBI_; 0: its Output is to be called. */
static ULONG ask_interest(IDebugOutputCallbacks2 *output)
{
	ULONG interest = 0;

	if (FAILED(output->lpVtbl->GetInterestMask(output, &interest)))
		return 0;
	return interest;
}

static HRESULT call_output2(IDebugOutputCallbacks2 *output, bool dml, ULONG flags, ULONG mask,
			    const char *text)
{
	WCHAR *wide = tmi_dbgeng_widen(text);
	HRESULT result = S_OK;

	if (wide)
		result = output->lpVtbl->Output2(output, dml ? DEBUG_OUTCB_DML : DEBUG_OUTCB_TEXT,
						 flags, mask, wide);
	free(wide);
	return result;
}

static HRESULT call_wide(IDebugOutputCallbacksWide *output, ULONG mask, const char *text)
{
	WCHAR *wide = tmi_dbgeng_widen(text);
	HRESULT result = wide ? output->lpVtbl->Output(output, mask, wide) : S_OK;

	free(wide);
	return result;
}

static HRESULT call_receiver(struct tmi_dbgeng_client *receiver, const struct message *message)
{
	ULONG interest = receiver->output2 ? ask_interest(receiver->output2) : 0;
	bool dml =
		(interest & DEBUG_OUTCBI_DML) && (message->dml || !(interest & DEBUG_OUTCBI_TEXT));
	ULONG flags = !dml           ? 0
		      : message->dml ? DEBUG_OUTCBF_DML_HAS_TAGS
				     : DEBUG_OUTCBF_DML_HAS_SPECIAL_CHARACTERS;
	struct tmi_text text = { 0 };
	HRESULT result = S_OK;

	make_text(&text, receiver, message, dml);
	if (text.failed || !text.size)
		goto out;
	if (interest & DEBUG_OUTCBI_ANY_FORMAT)
		result = call_output2(receiver->output2, dml, flags, message->mask, text.data);
	else if (receiver->output)
		result = receiver->output->lpVtbl->Output(receiver->output, message->mask,
							  text.data);
	else
		result = call_wide(receiver->output_wide, message->mask, text.data);
out:
	tmi_text_fini(&text);
	return result;
}

static void deliver(struct tmi_dbgeng_client *receiver, const struct message *message)
{
	HRESULT result;

	tmi_dbgeng_callback_begin();
	receiver->in_output = true;
	result = call_receiver(receiver, message);
	receiver->in_output = false;
	tmi_dbgeng_callback_end();
	if (tmi_dbgeng_is_rpc_error(result))
		receiver->disabled = true;
}

static void send_to_log(struct tmi_dbgeng_session *session, ULONG control,
			const struct message *message)
{
	struct tmi_text plain = { 0 };

	if (!session->log || (control & DEBUG_OUTCTL_NOT_LOGGED) ||
	    (control & DEBUG_OUTCTL_SEND_MASK) == DEBUG_OUTCTL_IGNORE ||
	    !(session->log_mask & message->mask))
		return;
	if (message->dml)
		put_plain(&plain, message->text, message->size);
	else
		tmi_text_put(&plain, message->text, message->size);
	if (!plain.failed)
		tmi_dbgeng_log_write(session, plain.data, plain.size);
	tmi_text_fini(&plain);
}

void tmi_dbgeng_send(struct tmi_dbgeng_client *client, ULONG control, ULONG mask, const char *text,
		     size_t size)
{
	struct message message = { .mask = mask, .text = text, .size = size };
	struct tmi_dbgeng_client *next;

	if (control == DEBUG_OUTCTL_AMBIENT_TEXT)
		control = DEBUG_OUTCTL_ALL_CLIENTS;
	else if (control == DEBUG_OUTCTL_AMBIENT_DML)
		control = DEBUG_OUTCTL_ALL_CLIENTS | DEBUG_OUTCTL_DML;
	message.dml = (control & DEBUG_OUTCTL_DML) != 0;
	send_to_log(client->session, control, &message);
	for (struct tmi_dbgeng_client *receiver = client->session->clients; receiver;
	     receiver = next) {
		next = receiver->next;
		if (!size || !is_receiver(receiver, client, control, mask) ||
		    !tmi_dbgeng_client_keep(receiver))
			continue;
		deliver(receiver, &message);
		/* The callback may have released clients, but not this one. */
		next = receiver->next;
		/* It goes here if it was its last: with the lock held, callbacks change nothing. */
		tmi_dbgeng_callback_begin();
		tmi_dbgeng_client_unpin(receiver);
		tmi_dbgeng_callback_end();
	}
}

void tmi_dbgeng_flush_output(struct tmi_dbgeng_client *client)
{
	IDebugOutputCallbacks2 *output = client->output2;

	if (!output || client->disabled)
		return;
	tmi_dbgeng_callback_begin();
	if (ask_interest(output) & DEBUG_OUTCBI_EXPLICIT_FLUSH)
		output->lpVtbl->Output2(output, DEBUG_OUTCB_EXPLICIT_FLUSH, 0, 0, NULL);
	tmi_dbgeng_callback_end();
}
