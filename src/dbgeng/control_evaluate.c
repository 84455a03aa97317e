/* SPDX-License-Identifier: Apache-2.0 */
/* control_evaluate.c - Evaluate, radix, conversion of values. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_evaluate = {
	.QueryInterface = NULL,
};
