/* SPDX-License-Identifier: Apache-2.0 */
/* output_explain.c - why something could not be opened or stopped, in words. */
#include <stdio.h>
#include <stdlib.h>

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
