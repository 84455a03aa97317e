/* SPDX-License-Identifier: Apache-2.0 */
/* advanced.c - thread contexts and requests. */
#include "dbgeng/client.h"

const IDebugAdvanced4Vtbl tmi_dbgeng_part_advanced = {
	.QueryInterface = NULL,
};
