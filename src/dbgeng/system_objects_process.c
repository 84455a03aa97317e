/* SPDX-License-Identifier: Apache-2.0 */
/* system_objects_process.c - processes and the implicit process. */
#include "dbgeng/client.h"

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_process = {
	.QueryInterface = NULL,
};
