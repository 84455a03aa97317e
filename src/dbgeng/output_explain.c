/* SPDX-License-Identifier: Apache-2.0 */
/* output_explain.c - why something could not be opened or stopped, or is not whole, in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbgeng/output.h"

void tmi_dbgeng_explain(struct tmi_dbgeng_session *session, tmem_target *target)
{
	char *line = NULL;
	int size = asprintf(&line, "%s\n", tmem_last_error(target));

	if (size > 1 && session->clients)
		tmi_dbgeng_send(session->clients, DEBUG_OUTCTL_ALL_CLIENTS, DEBUG_OUTPUT_ERROR,
				line, (size_t)size);
	if (size >= 0)
		free(line);
}

void tmi_dbgeng_warn_of_gaps(const struct tmi_dbgeng_system *system)
{
	static const char text[] = "The file is not complete: it was cut, or its producer says so. "
				   "What is missing reads as holes.\n";
	struct tmem_description description = { .size = sizeof(description) };
	struct tmi_dbgeng_client *client = system->session->clients;

	if (client && !TMEM_FAILED(tmem_describe(system->target, &description)) &&
	    description.flags & TMEM_TARGET_INCOMPLETE)
		tmi_dbgeng_send(client, DEBUG_OUTCTL_ALL_CLIENTS, DEBUG_OUTPUT_WARNING, text,
				strlen(text));
}
