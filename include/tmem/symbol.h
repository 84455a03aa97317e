/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol.h - names of functions and objects of the current process's modules.
 *
 * They come from each ELF module's dynamic symbols as they stand in memory, for which no file is
 * needed. Where libdw of elfutils is installed, the symbols of the module's local file are added
 * (its symbol table, its .gnu_debugdata, its separate file with debugging information), if the
 * file's build-id is the one in memory. Names are as the linker has them (C++ names are mangled)
 * and without versions: "memcpy", not "memcpy@@GLIBC_2.14". Follows IDebugSymbols.
 */
#ifndef TMEM_SYMBOL_H
#define TMEM_SYMBOL_H

#include <stddef.h>
#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * tmem_get_name_by_offset() - the symbol at an address, or the nearest below it in its module.
 * @offset: address.
 * @name_buffer: optional; receives "module!name", cut to fit and terminated.
 * @name_buffer_size: characters @name_buffer can hold, the NUL included.
 * @name_size: optional; receives the characters needed, the NUL included.
 * @displacement: optional; receives the bytes from the symbol to @offset.
 *
 * Of several names for one place a function's is taken before an object's, one that other modules
 * see before a local one, one without leading "_" before one with.
 * Follows GetNameByOffset. Returns TMEM_S_OK; TMEM_S_FALSE the name was cut to fit;
 * TMEM_E_NOINTERFACE the address is in no module, or no symbol is known there;
 * TMEM_E_UNEXPECTED no process; TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_get_name_by_offset(tmem_target *target, uint64_t offset,
					     char *name_buffer, size_t name_buffer_size,
					     size_t *name_size, uint64_t *displacement);

/*
 * tmem_get_near_name_by_offset() - a symbol some places away from an address, in its module.
 * @offset: address.
 * @delta: 0 as tmem_get_name_by_offset(), 1 the next place above with a name, -1 the one below, ...
 * @name_buffer, @name_buffer_size, @name_size: as above.
 * @displacement: optional; receives the bytes between the symbol and @offset.
 *
 * Follows GetNearNameByOffset. Returns as tmem_get_name_by_offset(); TMEM_E_NOINTERFACE also when
 * the module has no symbol so far away.
 */
TMEM_API tmem_status tmem_get_near_name_by_offset(tmem_target *target, uint64_t offset,
						  int32_t delta, char *name_buffer,
						  size_t name_buffer_size, size_t *name_size,
						  uint64_t *displacement);

/*
 * tmem_get_offset_by_name() - the address of a symbol.
 * @symbol: "module!name", the module as for tmem_get_module_by_module_name(); or "name", which is
 *	looked for in every module: names that other modules see come first, then the order of
 *	base addresses decides.
 * @offset: receives the address; 0 on failure.
 *
 * Of several versions of a name the one that is linked against by default is meant.
 * Follows GetOffsetByName. Returns TMEM_S_OK; TMEM_S_FALSE there are more symbols of this name at
 * other addresses; TMEM_E_NOINTERFACE no such module or name; TMEM_E_UNEXPECTED no process;
 * TMEM_E_INVALIDARG @symbol or @offset is NULL; TMEM_E_OUTOFMEMORY.
 */
TMEM_API tmem_status tmem_get_offset_by_name(tmem_target *target, const char *symbol,
					     uint64_t *offset);

#ifdef __cplusplus
}
#endif

#endif
