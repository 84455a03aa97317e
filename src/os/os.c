/* SPDX-License-Identifier: Apache-2.0 */
/* os.c - the providers, in the order in which they are asked. */
#include "os/os.h"

const struct tmi_os_provider *const tmi_os_providers[] = {
#define X(name) &tmi_os_##name,
#include "os/oses.def"
#undef X
};

const size_t tmi_os_provider_count = sizeof(tmi_os_providers) / sizeof(tmi_os_providers[0]);
