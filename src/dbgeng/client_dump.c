/* SPDX-License-Identifier: Apache-2.0 */
/* client_dump.c - OpenDumpFile and what is known about the dump file. */
#include "dbgeng/client.h"

const IDebugClient7Vtbl tmi_dbgeng_part_client_dump = {
	.QueryInterface = NULL,
};
