/* SPDX-License-Identifier: Apache-2.0 */
/* symbols_name.c - symbols by offset and by name. */
#include "dbgeng/client.h"

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_name = {
	.QueryInterface = NULL,
};
