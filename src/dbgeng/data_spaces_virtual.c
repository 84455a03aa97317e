/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_virtual.c - reading, writing and filling virtual memory; strings. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_virtual = {
	.QueryInterface = NULL,
};
