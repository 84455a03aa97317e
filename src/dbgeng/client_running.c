/* SPDX-License-Identifier: Apache-2.0 */
/* client_running.c - the processes that run on this machine. */
#include "dbgeng/client.h"

const IDebugClient7Vtbl tmi_dbgeng_part_client_running = {
	.QueryInterface = NULL,
};
