/* SPDX-License-Identifier: Apache-2.0 */
/* system_objects_thread.c - threads. */
#include "dbgeng/client.h"

const IDebugSystemObjects4Vtbl tmi_dbgeng_part_system_objects_thread = {
	.QueryInterface = NULL,
};
