/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmem.h - target memory: read, write, search and translate the memory of a debug target.
 *
 * Includes the whole public interface. Open a target, call the methods, close it:
 *
 *	tmem_target *target;
 *	if (tmem_open("pid:1234", NULL, &target) != TMEM_S_OK)
 *		puts(tmem_last_error(NULL));
 *	tmem_read_virtual(target, 0x7fff0000, buffer, sizeof(buffer), &bytes_read);
 *	tmem_close(target);
 *
 * Names are DbgEng's in snake_case (ReadVirtual is tmem_read_virtual); results are its HRESULTs.
 *
 * Rules that hold everywhere and are not repeated at each function:
 *   - Threads: any number of threads may call any function on one handle at the same time, except
 *     tmem_close(), which must be the last call on its handle. Writes of one target are serialised.
 *   - Addresses are 64 bits wide. A 32-bit target's address may be given zero- or sign-extended;
 *     returned addresses are sign-extended.
 *   - Sizes are bytes unless a function says elements or characters.
 *   - A pointer marked "optional" may be NULL. A NULL pointer elsewhere is TMEM_E_INVALIDARG.
 *   - Counts are set to 0 before anything else happens, so they are right on failure too.
 *   - A function never prints, exits or aborts. After a failure tmem_last_error() explains it.
 */
#ifndef TMEM_H
#define TMEM_H

#include <tmem/cache.h>
#include <tmem/event.h>
#include <tmem/kernel.h>
#include <tmem/memory.h>
#include <tmem/overlay.h>
#include <tmem/physical.h>
#include <tmem/process.h>
#include <tmem/region.h>
#include <tmem/search.h>
#include <tmem/status.h>
#include <tmem/string.h>
#include <tmem/symbol.h>
#include <tmem/target.h>
#include <tmem/translate.h>

#endif
