/* SPDX-License-Identifier: Apache-2.0 */
/* data_spaces_image.c - ReadImageNtHeaders. */
#include "dbgeng/client.h"

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_image = {
	.QueryInterface = NULL,
};
