/* SPDX-License-Identifier: Apache-2.0 */
/* synth_handle.c - a target made of a text; see synth_handle.h. */
#include "unit/synth_handle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

tmem_target *synth_open(const char *text, const char *options)
{
	char path[] = "/tmp/tmem-unit-XXXXXX";
	char spec[64];
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	tmem_target *target = NULL;
	tmem_status status;

	if (!file)
		fail_msg("no temporary file");
	fprintf(file, "tmem synth 1\n%s", text);
	fclose(file);
	snprintf(spec, sizeof(spec), "synth:%s", path);
	status = tmem_open(spec, options, &target);
	unlink(path);
	if (status != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
	return target;
}

static void count_event(void *context, uint32_t flags, uint64_t argument)
{
	struct event_log *log = context;

	log->count++;
	log->flags = flags;
	log->argument = argument;
}

void event_log_start(struct event_log *log, tmem_target *target)
{
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = log,
		.change_debuggee_state = count_event,
	};

	*log = (struct event_log){ 0 };
	assert_int_equal(tmem_set_event_callbacks(target, &callbacks), TMEM_S_OK);
}
