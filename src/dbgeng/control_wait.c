/* SPDX-License-Identifier: Apache-2.0 */
/* control_wait.c - WaitForEvent and what the last event was. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_wait = {
	.QueryInterface = NULL,
};
