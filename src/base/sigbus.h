/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigbus.h - survives the end of a mapped file moving below the mapping.
 *
 * Private to base/file.c. A page whose file was cut away raises SIGBUS when it is touched. One
 * process-wide handler, installed with the first registration, puts zeros over the lost tail of a
 * registered mapping and sets its flag; every other SIGBUS goes on to the handler that was there
 * before.
 */
#ifndef TMI_BASE_SIGBUS_H
#define TMI_BASE_SIGBUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Guards [start, start + size); @granule is the size of its pages and divides both. @lost is set
 * when a page was lost and must stay where it is until tmi_sigbus_forget(). Returns the row,
 * or -1 when there is no memory for one.
 */
int tmi_sigbus_guard(const void *start, size_t size, size_t granule, atomic_bool *lost);

/* Ends it; must come before the mapping goes. Nobody may touch the mapping any more. */
void tmi_sigbus_forget(int row);

#endif
