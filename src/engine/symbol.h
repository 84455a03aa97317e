/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol.h - the symbols of modules, kept as long as the module stays; private to src/engine.
 */
#ifndef TMI_ENGINE_SYMBOL_H
#define TMI_ENGINE_SYMBOL_H

#include "engine/engine.h"
#include "format/elf_symbols.h"

struct tmi_symbol_cache;

/* Frees what tmi_symbol_table() made; NULL is nothing. */
void tmi_symbol_cache_free(struct tmi_symbol_cache *cache);

/*
 * The symbols of a module, settled, perhaps none. They are the caller's until
 * tmi_symbol_table_release(), which must follow at once: other threads wait meanwhile.
 */
tmem_status tmi_symbol_table(struct tmi_space *space, const struct tmem_module *module,
			     const struct tmi_elf_symbols **symbols);
void tmi_symbol_table_release(struct tmi_space *space);

/* --- symbol_file.c --- */

/* Adds the symbols of the module's local file, if there is one and it is the same build. */
void tmi_symbol_file_add(struct tmi_space *space, const struct tmi_elf_image *image,
			 struct tmi_elf_symbols *symbols);

#endif
