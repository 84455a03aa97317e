/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_region.c - what is valid, where from, with which attributes. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_region = {
	.QueryInterface = NULL,
};
