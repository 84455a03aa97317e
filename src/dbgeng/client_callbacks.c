/* SPDX-License-Identifier: Apache-2.0 */
/* client_callbacks.c - callbacks and clients: registering, counting, CreateClient. */
#include "dbgeng/client.h"

const IDebugClient7Vtbl tmi_dbgeng_part_client_callbacks = {
	.QueryInterface = NULL,
};
