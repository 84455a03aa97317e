/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_search.c - SearchVirtual and SearchVirtual2. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_search = {
	.QueryInterface = NULL,
};
