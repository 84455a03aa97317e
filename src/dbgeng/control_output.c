/* SPDX-License-Identifier: Apache-2.0 */
/* control_output.c - Output and its forms, prompts. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_output = {
	.QueryInterface = NULL,
};
