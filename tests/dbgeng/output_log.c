/* SPDX-License-Identifier: Apache-2.0 */
/* output_log.c - keeps what the engine prints; see output_log.h. */
#include "dbgeng/output_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void engine_start(struct engine *engine)
{
	assert_int_equal(DebugCreate(&IID_IDebugClient7, (void **)&engine->client), S_OK);
	assert_int_equal(IDebugClient7_QueryInterface(engine->client, &IID_IDebugControl7,
						      (void **)&engine->control),
			 S_OK);
}

void engine_open(struct engine *engine, const char *text)
{
	char path[] = "/tmp/dbgeng-engine-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		fail_msg("no temporary file");
	fprintf(file, "tmem synth 1\n%s", text);
	fclose(file);
	engine_start(engine);
	assert_int_equal(IDebugClient7_OpenDumpFile(engine->client, path), S_OK);
	assert_int_equal(IDebugControl7_WaitForEvent(engine->control, DEBUG_WAIT_DEFAULT, INFINITE),
			 S_OK);
	unlink(path);
}

void engine_join(struct engine *engine, struct engine *other)
{
	IDebugClient *client;

	assert_int_equal(IDebugClient7_CreateClient(engine->client, &client), S_OK);
	assert_int_equal(
		IDebugClient_QueryInterface(client, &IID_IDebugClient7, (void **)&other->client),
		S_OK);
	assert_int_equal(
		IDebugClient_QueryInterface(client, &IID_IDebugControl7, (void **)&other->control),
		S_OK);
	IDebugClient_Release(client);
}

void engine_close(struct engine *engine)
{
	IDebugControl7_Release(engine->control);
	assert_int_equal(IDebugClient7_Release(engine->client), 0);
}

#define LOG_OF(This, member)                                                                       \
	((struct output_log *)((char *)(This)-offsetof(struct output_log, member)))

static void keep(struct output_log *log, ULONG mask, const char *text)
{
	size_t length = strlen(log->text);

	assert_true(length + strlen(text) < sizeof(log->text));
	strcpy(log->text + length, text);
	log->calls++;
	log->mask = mask;
	if (log->inside)
		log->inside(log->context);
}

/* A converter of the test's own: every character of these tests stands in the first plane. */
static void keep_wide(struct output_log *log, ULONG mask, PCWSTR text)
{
	char narrow[4096];
	size_t size = 0;

	for (; *text; text++) {
		assert_true(size + 4 < sizeof(narrow) && (*text & 0xf800) != 0xd800);
		if (*text < 0x80) {
			narrow[size++] = (char)*text;
		} else if (*text < 0x800) {
			narrow[size++] = (char)(0xc0 | *text >> 6);
			narrow[size++] = (char)(0x80 | (*text & 0x3f));
		} else {
			narrow[size++] = (char)(0xe0 | *text >> 12);
			narrow[size++] = (char)(0x80 | (*text >> 6 & 0x3f));
			narrow[size++] = (char)(0x80 | (*text & 0x3f));
		}
	}
	narrow[size] = 0;
	keep(log, mask, narrow);
}

/* The three methods of IUnknown for one of the objects; newer ones stand beside the oldest. */
#define UNKNOWN(name, Interface, member)                                                           \
	static HRESULT name##_query(Interface *This, REFIID InterfaceId, PVOID *Object)            \
	{                                                                                          \
		struct output_log *log = LOG_OF(This, member);                                     \
                                                                                                   \
		*Object = NULL;                                                                    \
		if (!IsEqualIID(InterfaceId, &IID_IDebugOutputCallbacks2) || !log->interest)       \
			return E_NOINTERFACE;                                                      \
		*Object = &log->newer;                                                             \
		log->references++;                                                                 \
		return S_OK;                                                                       \
	}                                                                                          \
	static ULONG name##_add_ref(Interface *This)                                               \
	{                                                                                          \
		return ++LOG_OF(This, member)->references;                                         \
	}                                                                                          \
	static ULONG name##_release(Interface *This)                                               \
	{                                                                                          \
		return --LOG_OF(This, member)->references;                                         \
	}

UNKNOWN(narrow, IDebugOutputCallbacks, narrow)
UNKNOWN(wide, IDebugOutputCallbacksWide, wide)
UNKNOWN(newer, IDebugOutputCallbacks2, newer)

static HRESULT narrow_output(IDebugOutputCallbacks *This, ULONG Mask, PCSTR Text)
{
	keep(LOG_OF(This, narrow), Mask, Text);
	return LOG_OF(This, narrow)->answer;
}

static HRESULT wide_output(IDebugOutputCallbacksWide *This, ULONG Mask, PCWSTR Text)
{
	keep_wide(LOG_OF(This, wide), Mask, Text);
	return LOG_OF(This, wide)->answer;
}

static HRESULT newer_output(IDebugOutputCallbacks2 *This, ULONG Mask, PCSTR Text)
{
	keep(LOG_OF(This, newer), Mask, Text);
	return LOG_OF(This, newer)->answer;
}

static HRESULT newer_interest(IDebugOutputCallbacks2 *This, PULONG Mask)
{
	*Mask = LOG_OF(This, newer)->interest;
	return S_OK;
}

static HRESULT newer_output2(IDebugOutputCallbacks2 *This, ULONG Which, ULONG Flags, ULONG64 Arg,
			     PCWSTR Text)
{
	struct output_log *log = LOG_OF(This, newer);

	log->which = Which;
	log->flags = Flags;
	keep_wide(log, (ULONG)Arg, Text ? Text : u"");
	return log->answer;
}

static const IDebugOutputCallbacksVtbl narrow_table = {
	narrow_query,
	narrow_add_ref,
	narrow_release,
	narrow_output,
};

static const IDebugOutputCallbacksWideVtbl wide_table = {
	wide_query,
	wide_add_ref,
	wide_release,
	wide_output,
};

static const IDebugOutputCallbacks2Vtbl newer_table = {
	newer_query, newer_add_ref, newer_release, newer_output, newer_interest, newer_output2,
};

void output_log_init(struct output_log *log)
{
	memset(log, 0, sizeof(*log));
	log->narrow.lpVtbl = &narrow_table;
	log->wide.lpVtbl = &wide_table;
	log->newer.lpVtbl = &newer_table;
	log->references = 1;
}

void output_log_clear(struct output_log *log)
{
	log->text[0] = 0;
	log->calls = 0;
	log->mask = 0;
	log->which = 0;
	log->flags = 0;
}

void assert_output(struct output_log *log, const char *expected)
{
	assert_string_equal(log->text, expected);
	output_log_clear(log);
}
