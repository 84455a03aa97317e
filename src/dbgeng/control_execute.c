/* SPDX-License-Identifier: Apache-2.0 */
/* control_execute.c - Execute and command files, through the command interpreter. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_execute = {
	.QueryInterface = NULL,
};
