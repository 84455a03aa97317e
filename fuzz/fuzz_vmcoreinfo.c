/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_vmcoreinfo.c - any bytes as a note of VMCOREINFO, and as its text.
 *
 * What is checked besides memory safety: every value that is found lies in the text, behind its
 * key and without a line's end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void look(const struct tmi_vmcoreinfo *info, const char *key)
{
	char copy[16];
	const char *value;
	size_t length;

	if (!tmi_vmcoreinfo_text(info, key, &value, &length)) {
		require(!tmi_vmcoreinfo_copy(info, key, copy, sizeof(copy)) && !copy[0]);
		return;
	}
	require(value > info->text && value + length <= info->text + info->size);
	require(value[-1] == '=' && !memchr(value, '\n', length) && !memchr(value, 0, length));
	require(tmi_vmcoreinfo_copy(info, key, copy, sizeof(copy)));
	require(strlen(copy) == (length < sizeof(copy) ? length : sizeof(copy) - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tmi_bytes bytes = { .data = data, .size = size };
	struct tmi_vmcoreinfo info;
	uint64_t length, value, highest;

	if (tmi_vmcoreinfo_probe(&bytes, &length) && length) {
		require(length <= TMI_VMCOREINFO_MAX && size >= TMI_VMCOREINFO_HEAD);
		data += TMI_VMCOREINFO_HEAD;
		size -= TMI_VMCOREINFO_HEAD;
	}
	if (!tmi_vmcoreinfo_init(&info, (const char *)data, size))
		require(!info.size);
	require(info.size <= size);
	look(&info, "OSRELEASE");
	look(&info, "BUILD-ID");
	look(&info, "SYMBOL(_stext)");
	tmi_vmcoreinfo_number(&info, "phys_base", &value);
	tmi_vmcoreinfo_offset(&info, "uts_namespace.name", &value);
	tmi_vmcoreinfo_hexadecimal(&info, "KERNELOFFSET", &value);
	highest = tmi_vmcoreinfo_highest(&info, 0, UINT64_MAX);
	if (tmi_vmcoreinfo_symbol(&info, "_stext", &value))
		require(value <= highest);
	return 0;
}
