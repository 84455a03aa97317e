/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elfutils.h - symbols of an ELF file, as libdw of elfutils reads them: .symtab, .dynsym,
 * .gnu_debugdata, and the separate file with debugging information.
 *
 * The library is loaded when it is first needed. Without it, or with TMEM_DISABLE=elfutils, there
 * is nothing to be had here, and nobody needs it.
 */
#ifndef TMI_FORMAT_ELFUTILS_H
#define TMI_FORMAT_ELFUTILS_H

#include "format/elf_symbols.h"

/* True when the library could be loaded and is not switched off. */
bool tmi_elfutils_available(void);

/*
 * Opens a file of the given build-id that holds debugging information. @link: the name that the
 * file gives it, NULL = none. Returns a descriptor, or -1 when there is none.
 */
typedef int tmi_elfutils_debug_file(void *context, const char *link);

/*
 * Adds the symbols of the file behind @fd, which must not change meanwhile (a private copy), and
 * stays the caller's. False: nothing could be read.
 */
bool tmi_elfutils_add_symbols(struct tmi_elf_symbols *symbols, int fd,
			      tmi_elfutils_debug_file *debug_file, void *context);

#endif
