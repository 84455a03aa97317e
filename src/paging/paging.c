/* SPDX-License-Identifier: Apache-2.0 */
/* paging.c - the table of paging schemes. */
#include "paging/paging.h"

static const struct tmi_paging_scheme *const schemes[] = {
#define X(name) &tmi_paging_##name,
#include "paging/pagings.def"
#undef X
};

const struct tmi_paging_scheme *tmi_paging_find(uint32_t scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i]->scheme == scheme)
			return schemes[i];
	return NULL;
}
