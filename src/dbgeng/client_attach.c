/* SPDX-License-Identifier: Apache-2.0 */
/* client_attach.c - processes and kernels: AttachProcess, AttachKernel, detaching, ending a session. */
#include "dbgeng/client.h"

const IDebugClient7Vtbl tmi_dbgeng_part_client_attach = {
	.QueryInterface = NULL,
};
