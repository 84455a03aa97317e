/* SPDX-License-Identifier: Apache-2.0 */
/* control_processor.c - processor types, page size, the system's version. */
#include "dbgeng/client.h"

const IDebugControl7Vtbl tmi_dbgeng_part_control_processor = {
	.QueryInterface = NULL,
};
