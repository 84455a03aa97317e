/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_system.c - control space, ports, MSRs, bus data, debugger data, handles, tagged data. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_system = {
	.QueryInterface = NULL,
};
