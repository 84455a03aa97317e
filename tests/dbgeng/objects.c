/* SPDX-License-Identifier: Apache-2.0 */
/* objects.c - a session with targets; see objects.h. */
#include "dbgeng/objects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/sink.h"

static void query(struct objects *objects, REFIID iid, void *interface)
{
	assert_int_equal(IDebugClient4_QueryInterface(objects->client, iid, interface), S_OK);
}

void objects_start(struct objects *objects)
{
	assert_int_equal(DebugCreate(&IID_IDebugClient4, (void **)&objects->client), S_OK);
	query(objects, &IID_IDebugControl, &objects->control);
	query(objects, &IID_IDebugSystemObjects4, &objects->system);
	query(objects, &IID_IDebugRegisters2, &objects->registers);
	query(objects, &IID_IDebugAdvanced2, &objects->advanced);
	query(objects, &IID_IDebugDataSpaces4, &objects->data);
}

static void deliver(struct objects *objects)
{
	assert_int_equal(IDebugControl_WaitForEvent(objects->control, DEBUG_WAIT_DEFAULT, INFINITE),
			 S_OK);
}

void objects_add_file(struct objects *objects, const char *path)
{
	assert_int_equal(IDebugClient4_OpenDumpFile(objects->client, path), S_OK);
	deliver(objects);
}

void objects_add_text(struct objects *objects, const char *text)
{
	char path[] = "/tmp/dbgeng-objects-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		fail_msg("no temporary file");
	fprintf(file, "tmem synth 1\n%s", text);
	fclose(file);
	objects_add_file(objects, path);
	unlink(path);
}

void objects_attach(struct objects *objects, ULONG pid, ULONG flags)
{
	assert_int_equal(IDebugClient4_AttachProcess(objects->client, 0, pid, flags), S_OK);
	deliver(objects);
}

void objects_close(struct objects *objects)
{
	IDebugClient4_SetEventCallbacks(objects->client, NULL);
	IDebugControl_Release(objects->control);
	IDebugSystemObjects4_Release(objects->system);
	IDebugRegisters2_Release(objects->registers);
	IDebugAdvanced2_Release(objects->advanced);
	IDebugDataSpaces4_Release(objects->data);
	assert_int_equal(IDebugClient4_Release(objects->client), 0);
}

/* The one object that is told. */
static struct thread_log the_log;

static void told(ULONG flags, ULONG64 argument)
{
	if (flags != DEBUG_CES_CURRENT_THREAD)
		return;
	the_log.count++;
	the_log.argument = argument;
	the_log.inside = IDebugSystemObjects4_SetCurrentProcessId(the_log.objects->system, 0);
}

struct thread_log *thread_log_start(struct objects *objects)
{
	static struct sink sink;

	the_log = (struct thread_log){ .objects = objects };
	sink_start(&sink, objects->client, DEBUG_EVENT_CHANGE_ENGINE_STATE, told);
	return &the_log;
}
