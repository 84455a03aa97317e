/* SPDX-License-Identifier: Apache-2.0 */
/* client_output.c - what output a client gets and what stands before its lines; its identity. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "dbgeng/client.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

/* What a Get.. of one number of the client reads. */
static HRESULT get_number(void *This, size_t field, PULONG number)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!number)
		return E_INVALIDARG;
	*number = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	*number = *(const ULONG *)((const char *)call.client + field);
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT set_number(void *This, size_t field, ULONG number)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	*(ULONG *)((char *)call.client + field) = number;
	return tmi_dbgeng_leave(&call, S_OK);
}

#define MASK  offsetof(struct tmi_dbgeng_client, output_mask)
#define WIDTH offsetof(struct tmi_dbgeng_client, output_width)

static HRESULT get_output_mask(IDebugClient7 *This, PULONG Mask)
{
	return get_number(This, MASK, Mask);
}

static HRESULT set_output_mask(IDebugClient7 *This, ULONG Mask)
{
	return set_number(This, MASK, Mask);
}

/* True when @Client is one of our clients, and of the same session as @This. */
static bool is_of_session(IDebugClient7 *This, PDEBUG_CLIENT Client)
{
	return This && tmi_dbgeng_is_client(Client) &&
	       tmi_dbgeng_client_of(Client)->session == tmi_dbgeng_client_of(This)->session;
}

static HRESULT get_other_output_mask(IDebugClient7 *This, PDEBUG_CLIENT Client, PULONG Mask)
{
	if (Mask)
		*Mask = 0;
	return is_of_session(This, Client) ? get_number(Client, MASK, Mask) : E_INVALIDARG;
}

static HRESULT set_other_output_mask(IDebugClient7 *This, PDEBUG_CLIENT Client, ULONG Mask)
{
	return is_of_session(This, Client) ? set_number(Client, MASK, Mask) : E_INVALIDARG;
}

static HRESULT get_output_width(IDebugClient7 *This, PULONG Columns)
{
	return get_number(This, WIDTH, Columns);
}

static HRESULT set_output_width(IDebugClient7 *This, ULONG Columns)
{
	return Columns ? set_number(This, WIDTH, Columns) : E_INVALIDARG;
}

static HRESULT get_output_line_prefix(IDebugClient7 *This, PSTR Buffer, ULONG BufferSize,
				      PULONG PrefixSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text(call.client->prefixes ? call.client->prefixes->text : "",
					Buffer, BufferSize, PrefixSize);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_output_line_prefix_wide(IDebugClient7 *This, PWSTR Buffer, ULONG BufferSize,
					   PULONG PrefixSize)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text_wide(call.client->prefixes ? call.client->prefixes->text
								   : "",
					     Buffer, BufferSize, PrefixSize);
	return tmi_dbgeng_leave(&call, result);
}

/* Puts a prefix on top, which becomes the owner of @text; false when out of memory. */
static bool push_prefix(struct tmi_dbgeng_client *client, char *text, ULONG64 handle)
{
	struct tmi_dbgeng_prefix *prefix = malloc(sizeof(*prefix));

	if (!prefix) {
		free(text);
		return false;
	}
	*prefix = (struct tmi_dbgeng_prefix){ client->prefixes, handle, text };
	client->prefixes = prefix;
	return true;
}

/* The prefix on top becomes @text, which it owns; NULL: out of memory. */
static HRESULT replace_prefix(void *This, char *text)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!text)
		return E_OUTOFMEMORY;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result)) {
		free(text);
		return result;
	}
	if (!call.client->prefixes) {
		result = push_prefix(call.client, text, 0) ? S_OK : E_OUTOFMEMORY;
	} else {
		free(call.client->prefixes->text);
		call.client->prefixes->text = text;
	}
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT set_output_line_prefix(IDebugClient7 *This, PCSTR Prefix)
{
	return replace_prefix(This, strdup(Prefix ? Prefix : ""));
}

static HRESULT set_output_line_prefix_wide(IDebugClient7 *This, PCWSTR Prefix)
{
	return replace_prefix(This, Prefix ? tmi_dbgeng_narrow(Prefix) : strdup(""));
}

/* A further prefix @text, which it owns, under a handle that was never given before. */
static HRESULT add_prefix(void *This, char *text, PULONG64 Handle)
{
	static _Atomic ULONG64 last_handle;
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Handle || !text) {
		free(text);
		return Handle ? E_OUTOFMEMORY : E_INVALIDARG;
	}
	*Handle = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result)) {
		free(text);
		return result;
	}
	if (push_prefix(call.client, text, atomic_fetch_add(&last_handle, 1) + 1))
		*Handle = call.client->prefixes->handle;
	else
		result = E_OUTOFMEMORY;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT push_output_line_prefix(IDebugClient7 *This, PCSTR NewPrefix, PULONG64 Handle)
{
	return add_prefix(This, strdup(NewPrefix ? NewPrefix : ""), Handle);
}

static HRESULT push_output_line_prefix_wide(IDebugClient7 *This, PCWSTR NewPrefix, PULONG64 Handle)
{
	return add_prefix(This, NewPrefix ? tmi_dbgeng_narrow(NewPrefix) : strdup(""), Handle);
}

static bool has_prefix(const struct tmi_dbgeng_client *client, ULONG64 handle)
{
	const struct tmi_dbgeng_prefix *prefix = client->prefixes;

	while (prefix && prefix->handle != handle)
		prefix = prefix->next;
	return handle && prefix;
}

/* Takes away the prefix of the handle and those that were pushed over it. */
static HRESULT pop_output_line_prefix(IDebugClient7 *This, ULONG64 Handle)
{
	struct tmi_dbgeng_call call;
	struct tmi_dbgeng_prefix *prefix;
	ULONG64 popped = 0;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	if (!has_prefix(call.client, Handle))
		return tmi_dbgeng_leave(&call, E_INVALIDARG);
	while (popped != Handle) {
		prefix = call.client->prefixes;
		popped = prefix->handle;
		call.client->prefixes = prefix->next;
		free(prefix->text);
		free(prefix);
	}
	return tmi_dbgeng_leave(&call, S_OK);
}

/* "computer\user"; false when out of memory. */
static bool put_identity(struct tmi_text *text)
{
	char host[256] = "localhost";
	char room[4096];
	struct passwd entry, *user = NULL;

	if (gethostname(host, sizeof(host) - 1) == 0)
		host[sizeof(host) - 1] = 0;
	tmi_text_format(text, "%s\\", host);
	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &user) == 0 && user)
		tmi_text_puts(text, user->pw_name);
	else
		tmi_text_format(text, "%u", geteuid());
	return !text->failed;
}

static HRESULT get_identity(IDebugClient7 *This, PSTR Buffer, ULONG BufferSize, PULONG IdentitySize)
{
	struct tmi_text text = { 0 };
	HRESULT result = E_OUTOFMEMORY;

	if (put_identity(&text))
		result = tmi_dbgeng_return_text(text.data, Buffer, BufferSize, IdentitySize);
	tmi_text_fini(&text);
	return result;
}

static HRESULT get_identity_wide(IDebugClient7 *This, PWSTR Buffer, ULONG BufferSize,
				 PULONG IdentitySize)
{
	struct tmi_text text = { 0 };
	HRESULT result = E_OUTOFMEMORY;

	if (put_identity(&text))
		result = tmi_dbgeng_return_text_wide(text.data, Buffer, BufferSize, IdentitySize);
	tmi_text_fini(&text);
	return result;
}

/* @format with the identity for each %s; there is nothing that others could stand for. */
static void put_identity_format(struct tmi_text *text, const char *format)
{
	for (; *format; format++) {
		if (format[0] != '%' || (format[1] != 's' && format[1] != '%')) {
			tmi_text_char(text, *format, 1);
			continue;
		}
		if (*++format == 's')
			put_identity(text);
		else
			tmi_text_char(text, '%', 1);
	}
}

static HRESULT output_identity(IDebugClient7 *This, ULONG OutputControl, ULONG Flags, PCSTR Format)
{
	struct tmi_dbgeng_call call;
	struct tmi_text text = { 0 };
	HRESULT result;

	if (!Format || Flags != DEBUG_OUTPUT_IDENTITY_DEFAULT ||
	    !tmi_dbgeng_is_output_control(OutputControl))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	put_identity_format(&text, Format);
	if (text.failed)
		result = E_OUTOFMEMORY;
	else
		tmi_dbgeng_send(call.client, OutputControl, DEBUG_OUTPUT_NORMAL, text.data,
				text.size);
	tmi_text_fini(&text);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT output_identity_wide(IDebugClient7 *This, ULONG OutputControl, ULONG Flags,
				    PCWSTR Format)
{
	char *format;
	HRESULT result;

	if (!Format)
		return E_INVALIDARG;
	format = tmi_dbgeng_narrow(Format);
	result = format ? output_identity(This, OutputControl, Flags, format) : E_OUTOFMEMORY;
	free(format);
	return result;
}

const IDebugClient7Vtbl tmi_dbgeng_part_client_output = {
	.GetOutputMask = get_output_mask,
	.SetOutputMask = set_output_mask,
	.GetOtherOutputMask = get_other_output_mask,
	.SetOtherOutputMask = set_other_output_mask,
	.GetOutputWidth = get_output_width,
	.SetOutputWidth = set_output_width,
	.GetOutputLinePrefix = get_output_line_prefix,
	.SetOutputLinePrefix = set_output_line_prefix,
	.GetOutputLinePrefixWide = get_output_line_prefix_wide,
	.SetOutputLinePrefixWide = set_output_line_prefix_wide,
	.PushOutputLinePrefix = push_output_line_prefix,
	.PushOutputLinePrefixWide = push_output_line_prefix_wide,
	.PopOutputLinePrefix = pop_output_line_prefix,
	.GetIdentity = get_identity,
	.GetIdentityWide = get_identity_wide,
	.OutputIdentity = output_identity,
	.OutputIdentityWide = output_identity_wide,
};
