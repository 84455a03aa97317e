/* SPDX-License-Identifier: Apache-2.0 */
/* symbols_module.c - modules by index, name and offset. */
#include "dbgeng/client.h"

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_module = {
	.QueryInterface = NULL,
};
