/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces.c - the data spaces of a machine that a text describes; see data_spaces.h. */
#include "dbgeng/data_spaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/sink.h"

void spaces_start(struct spaces *spaces)
{
	*spaces = (struct spaces){ 0 };
	assert_int_equal(DebugCreate(&IID_IDebugClient4, (void **)&spaces->client), S_OK);
	assert_int_equal(IDebugClient4_QueryInterface(spaces->client, &IID_IDebugDataSpaces4,
						      (void **)&spaces->data),
			 S_OK);
}

static void wait_for_target(struct spaces *spaces)
{
	IDebugControl *control;

	assert_int_equal(
		IDebugClient4_QueryInterface(spaces->client, &IID_IDebugControl, (void **)&control),
		S_OK);
	assert_int_equal(IDebugControl_WaitForEvent(control, DEBUG_WAIT_DEFAULT, INFINITE), S_OK);
	IDebugControl_Release(control);
}

void spaces_open_file(struct spaces *spaces, const char *path)
{
	spaces_start(spaces);
	assert_int_equal(IDebugClient4_OpenDumpFile(spaces->client, path), S_OK);
	wait_for_target(spaces);
}

void spaces_attach(struct spaces *spaces, ULONG process_id)
{
	spaces_start(spaces);
	assert_int_equal(IDebugClient4_AttachProcess(spaces->client, 0, process_id,
						     DEBUG_ATTACH_NONINVASIVE),
			 S_OK);
	wait_for_target(spaces);
}

void spaces_open(struct spaces *spaces, const char *text)
{
	char path[] = "/tmp/dbgeng-spaces-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		fail_msg("no temporary file");
	fprintf(file, "tmem synth 1\n%s", text);
	fclose(file);
	spaces_open_file(spaces, path);
	unlink(path);
}

void spaces_close(struct spaces *spaces)
{
	IDebugClient4_SetEventCallbacks(spaces->client, NULL);
	IDebugDataSpaces4_Release(spaces->data);
	assert_int_equal(IDebugClient4_Release(spaces->client), 0);
}

/* What the one sink was told. */
static struct change_log the_log;

static void told(ULONG flags, ULONG64 argument)
{
	the_log.count++;
	the_log.flags = flags;
	the_log.argument = argument;
	if (the_log.inside)
		the_log.inside(the_log.spaces);
}

struct change_log *change_log_start(struct spaces *spaces)
{
	static struct sink sink;

	the_log = (struct change_log){ .spaces = spaces };
	sink_start(&sink, spaces->client, DEBUG_EVENT_CHANGE_DEBUGGEE_STATE, told);
	return &the_log;
}

void assert_one_change(struct change_log *log, ULONG space)
{
	assert_int_equal(log->count, 1);
	assert_int_equal(log->flags, DEBUG_CDS_DATA);
	assert_int_equal(log->argument, space);
	log->count = 0;
}

void assert_no_change(struct change_log *log)
{
	assert_int_equal(log->count, 0);
}
