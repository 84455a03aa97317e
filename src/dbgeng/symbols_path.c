/* SPDX-License-Identifier: Apache-2.0 */
/* symbols_path.c - symbol options and paths. */
#include "dbgeng/client.h"

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_path = {
	.QueryInterface = NULL,
};
