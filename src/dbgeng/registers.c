/* SPDX-License-Identifier: Apache-2.0 */
/* registers.c - registers by index and name. */
#include "dbgeng/client.h"

const IDebugRegisters2Vtbl tmi_dbgeng_part_registers = {
	.QueryInterface = NULL,
};
