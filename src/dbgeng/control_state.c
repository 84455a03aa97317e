/* SPDX-License-Identifier: Apache-2.0 */
/* control_state.c - interrupts, engine options, execution status, type of the debuggee. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_state = {
	.QueryInterface = NULL,
};
