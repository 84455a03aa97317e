/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_physical.c - physical memory and translation. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_physical = {
	.QueryInterface = NULL,
};
