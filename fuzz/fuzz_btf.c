/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_btf.c - any bytes as the types of a kernel.
 *
 * What is checked besides memory safety: an answer does not change when it is asked for alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void ask(const struct tmi_btf *btf)
{
	struct tmi_btf_query queries[] = {
		{ .structure = "task_struct", .member = "tasks" },
		{ .structure = "task_struct", .member = "comm" },
		{ .structure = "module", .member = "mem" },
	};
	size_t found = tmi_btf_find(btf, 8, queries, 3);

	require(found == queries[0].found + 0u + queries[1].found + queries[2].found);
	for (size_t i = 0; i < 3; i++) {
		struct tmi_btf_query alone = queries[i];

		/* With one question every structure of the name counts that has the member. */
		tmi_btf_find(btf, 8, &alone, 1);
		require(!queries[i].found || alone.found);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tmi_bytes bytes = { .data = data, .size = size };
	struct tmi_btf_header header;
	struct tmi_btf btf;
	const char *why;

	if (tmi_btf_header(&header, &bytes, &why))
		require(header.size <= 2 * (uint64_t)TMI_BTF_MAX);
	if (tmi_btf_init(&btf, &bytes, &why))
		ask(&btf);
	tmi_btf_fini(&btf);
	return 0;
}
