/* SPDX-License-Identifier: Apache-2.0 */
/* linux_read.c - reads through the kernel's own tables, and what can be a kernel object. */
#include "base/bytes.h"
#include "os/linux.h"

bool tmi_linux_read(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		    uint64_t address, void *buffer, size_t size)
{
	return memory->read_virtual(memory->context, &state->root.tables, address, buffer, size) ==
	       TMEM_S_OK;
}

bool tmi_linux_integer(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, unsigned size, uint64_t *value)
{
	uint8_t bytes[8];

	*value = 0;
	if (!tmi_linux_read(state, memory, address, bytes, size))
		return false;
	*value = tmi_load(bytes, size, false);
	return true;
}

bool tmi_linux_pointer(const struct tmi_linux *state, const struct tmi_os_memory *memory,
		       uint64_t address, uint64_t *value)
{
	return tmi_linux_integer(state, memory, address, state->root.architecture->pointer_size,
				 value);
}

bool tmi_linux_is_object(const struct tmi_linux *state, uint64_t address)
{
	uint32_t word = state->root.architecture->pointer_size;
	uint64_t top = word == 4 ? UINT32_MAX : UINT64_MAX;

	return address >= state->root.tables.kernel_first && address <= top - 4096 &&
	       address % word == 0;
}

uint64_t tmi_linux_word(const struct tmi_linux *state, const uint8_t *bytes)
{
	return tmi_load(bytes, state->root.architecture->pointer_size, false);
}

bool tmi_linux_is_comm(const uint8_t *bytes)
{
	size_t length = 0;

	while (length < TMI_LINUX_COMM_SIZE && bytes[length] >= 0x20 && bytes[length] != 0x7f)
		length++;
	return length > 0 && length < TMI_LINUX_COMM_SIZE && bytes[length] == 0;
}
