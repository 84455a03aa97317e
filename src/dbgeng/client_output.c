/* SPDX-License-Identifier: Apache-2.0 */
/* client_output.c - output masks, widths, prefixes; who the client is. */
#include "dbgeng/client.h"

const IDebugClient7Vtbl tmi_dbgeng_part_client_output = {
	.QueryInterface = NULL,
};
