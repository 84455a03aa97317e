/* SPDX-License-Identifier: Apache-2.0 */
/* kdumpfile.c - libkdumpfile as a reader; see work.h. */
#include <fcntl.h>
#include <libkdumpfile/addrxlat.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work.h"

static kdump_ctx_t *context;
static addrxlat_ctx_t *translation;
static addrxlat_sys_t *translation_system;
static bool has_tables;
static uint64_t first_address;
static int file = -1;

static bool good(kdump_status status, const char *what)
{
	return status == KDUMP_OK || bench_fail("%s: %s", what, kdump_get_err(context));
}

/* Four levels of tables for every virtual address; the first is at @root. */
static bool set_tables(uint64_t root)
{
	addrxlat_meth_t tables = {
		.kind = ADDRXLAT_PGT,
		.target_as = ADDRXLAT_MACHPHYSADDR,
		.param.pgt = { .root = { root, ADDRXLAT_MACHPHYSADDR },
			       .pf = { .pte_format = ADDRXLAT_PTE_X86_64,
				       .nfields = 5,
				       .fieldsz = { 12, 9, 9, 9, 9 } } },
	};
	addrxlat_range_t all = { UINT64_MAX, ADDRXLAT_SYS_METH_PGT };
	addrxlat_map_t *map;
	bool made;

	if (!good(kdump_get_addrxlat(context, &translation, &translation_system), "translation"))
		return false;
	map = addrxlat_map_new();
	made = map && addrxlat_map_set(map, 0, &all) == ADDRXLAT_OK;
	if (made) {
		addrxlat_sys_set_meth(translation_system, ADDRXLAT_SYS_METH_PGT, &tables);
		addrxlat_sys_set_map(translation_system, ADDRXLAT_SYS_MAP_KV_PHYS, map);
	}
	if (map)
		addrxlat_map_decref(map);
	return made || bench_fail("a map of all addresses could not be made");
}

static void close_target(void)
{
	if (translation)
		addrxlat_ctx_decref(translation);
	if (translation_system)
		addrxlat_sys_decref(translation_system);
	translation = NULL;
	translation_system = NULL;
	kdump_free(context);
	context = NULL;
	close(file);
}

/* It maps the file, which is its default, or as the peer "libkdumpfile-read" reads from it. */
static kdump_status choose_policy(const struct peer_target *target)
{
	bool reads = !strcmp(target->peer, "libkdumpfile-read");

	return reads ? kdump_set_number_attr(context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER)
		     : KDUMP_OK;
}

/*
 * It asks a Linux kernel for the size of addresses, which an image has none of, unless it is told.
 */
static bool open_target(const struct peer_target *target)
{
	has_tables = !strcmp(target->kind, "image") || !strcmp(target->kind, "guest");
	first_address = target->address;
	file = open(target->spec, O_RDONLY | O_CLOEXEC);
	context = kdump_new();
	if (file < 0 || !context)
		return bench_fail("%s could not be opened", target->spec);
	if (!good(kdump_set_number_attr(context, KDUMP_ATTR_XLAT_FORCE ".virt_bits", 48),
		  "address size") ||
	    !good(kdump_open_fd(context, file), target->spec) ||
	    !good(choose_policy(target), "policy") || (has_tables && !set_tables(target->root))) {
		close_target();
		return false;
	}
	return true;
}

/*
 * The cores of processes have no physical addresses: all segments are at 0. That leads to the bytes
 * of the sparse core's only one; with many segments it finds none.
 */
static bool read_bytes(uint64_t address, void *buffer, size_t size)
{
	size_t done = size;

	if (!has_tables)
		return good(kdump_read(context, KDUMP_KPHYSADDR, address - first_address, buffer,
				       &done),
			    "read");
	return good(kdump_read(context, KDUMP_KVADDR, address, buffer, &done), "read");
}

static bool read_text(uint64_t address, char *buffer, size_t size)
{
	char *text;
	bool fits;

	if (!good(kdump_read_string(context, KDUMP_KVADDR, address, &text), "string"))
		return false;
	fits = strlen(text) < size;
	if (fits)
		strcpy(buffer, text);
	free(text);
	return fits || bench_fail("a string is too long");
}

static bool translate(uint64_t address, uint64_t *physical)
{
	addrxlat_fulladdr_t place = { address, ADDRXLAT_KVADDR };

	if (addrxlat_fulladdr_conv(&place, ADDRXLAT_MACHPHYSADDR, translation,
				   translation_system) != ADDRXLAT_OK)
		return bench_fail("translation: %s", addrxlat_ctx_get_err(translation));
	*physical = place.addr;
	return true;
}

const struct peer_reader peer_reader = {
	.open = open_target,
	.close = close_target,
	.read = read_bytes,
	.text = read_text,
	.translate = translate,
	.unreadable = "segments",
};
