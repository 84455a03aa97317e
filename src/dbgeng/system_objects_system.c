/* SPDX-License-Identifier: Apache-2.0 */
/* system_objects_system.c - systems, events' objects, totals. */
#include "dbgeng/client.h"

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_system = {
	.QueryInterface = NULL,
};
