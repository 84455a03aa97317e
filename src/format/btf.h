/* SPDX-License-Identifier: Apache-2.0 */
/*
 * btf.h - the types of a Linux kernel as it carries them itself (BPF Type Format): where the
 * members of a structure are.
 *
 * One pass finds where types begin; nothing is kept for a type but the place of every 64th.
 * Members of members without a name are found as C has them, without recursion, eight deep.
 */
#ifndef TMI_FORMAT_BTF_H
#define TMI_FORMAT_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TMI_BTF_MAX         (64u << 20) /* bytes of types and strings that are believed */
#define TMI_BTF_HEADER_SIZE 24u         /* of the shortest header */

/* What the beginning of the data says about its parts. */
struct tmi_btf_header {
	uint64_t types; /* offset from the beginning of the header */
	uint64_t types_size;
	uint64_t strings;
	uint64_t strings_size;
	uint64_t layout; /* sizes of kinds, for kinds that are not known; size 0: none */
	uint64_t layout_size;
	uint64_t size; /* of it all, the header included */
};

struct tmi_btf {
	struct tmi_bytes types; /* borrowed, as the strings and the layout */
	struct tmi_bytes strings;
	struct tmi_bytes layout;
	uint32_t count;   /* types; their numbers are 1 to count */
	uint32_t *places; /* owned: offset in types of type 1, 65, 129 ... */
};

/* A member that is asked for. */
struct tmi_btf_query {
	const char *structure;
	const char *member;
	bool found;
	uint32_t offset; /* bytes from the beginning of the structure */
	uint32_t size;   /* bytes of its type, 0 = not known; pointers are @pointer_size */
	uint32_t count;  /* elements of an array, else 1 */
};

/*
 * Reads the header at the beginning of @bytes, which may end before the parts it tells of. False,
 * and *why (constant), when it is none or its parts contradict each other.
 */
bool tmi_btf_header(struct tmi_btf_header *header, const struct tmi_bytes *bytes, const char **why);

/*
 * Makes types ready for questions. @bytes is borrowed until tmi_btf_fini(), which is due in any
 * case. False, and *why (constant), when they are damaged.
 */
bool tmi_btf_init(struct tmi_btf *btf, const struct tmi_bytes *bytes, const char **why);
void tmi_btf_fini(struct tmi_btf *btf);

/*
 * Answers all queries in one pass; of several structures of a name the one with the most of the
 * members. Returns how many were found.
 */
size_t tmi_btf_find(const struct tmi_btf *btf, unsigned pointer_size, struct tmi_btf_query *queries,
		    size_t count);

#endif
