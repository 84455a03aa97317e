/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - which memory a command means: virtual, or physical with the option /p.
 *
 * Physical memory belongs to kernel mode. Its addresses have up to 52 bits whatever the machine's
 * pointers have.
 */
#ifndef TMI_COMMAND_MEMORY_H
#define TMI_COMMAND_MEMORY_H

#include "command/command.h"

struct tmi_memory {
	bool physical;
	uint32_t caching; /* enum tmem_physical_flags; virtual: 0 */
};

/*
 * tmi_memory_take_option() - /p, /p[c], /p[uc] or /p[wc] at args->next, where "/p" stands.
 * Fills @memory. False after reporting: user mode, given twice, or other brackets.
 */
bool tmi_memory_take_option(struct tmi_args *args, struct tmi_memory *memory);

/*
 * tmi_memory_take_caching() - [c], [uc] or [wc], if a bracket comes next.
 * Sets memory->caching; leaves it alone without a bracket. Reports other words in brackets.
 */
bool tmi_memory_take_caching(struct tmi_args *args, struct tmi_memory *memory);

/*
 * tmi_physical_address() - a value of an expression as a physical address: the sign extension of
 * 32-bit numbers in kernel mode is taken back.
 */
static inline uint64_t tmi_physical_address(uint64_t value)
{
	return value >> 31 == 0x1ffffffff ? (uint32_t)value : value;
}

/* An expression that must be a physical address; reports errors. */
bool tmi_args_physical(struct tmi_args *args, uint64_t *address);

/* Reads and writes as tmem_read_virtual() and tmem_write_virtual(), or physical memory. */
tmem_status tmi_memory_read(struct tmi_session *session, const struct tmi_memory *memory,
			    uint64_t address, void *buffer, size_t size, size_t *done);
tmem_status tmi_memory_write(struct tmi_session *session, const struct tmi_memory *memory,
			     uint64_t address, const void *data, size_t size, size_t *done);

/* The last address of the memory. */
uint64_t tmi_memory_last(const struct tmi_session *session, const struct tmi_memory *memory);

/* An address behind the last may come out of a sum: brings it back into the memory. */
uint64_t tmi_memory_clean(const struct tmi_session *session, const struct tmi_memory *memory,
			  uint64_t address);

/*
 * tmi_memory_next_valid() - the first address of [@address, @address + @size) that can be read as
 * far as the target knows. False when there is none.
 */
bool tmi_memory_next_valid(struct tmi_session *session, const struct tmi_memory *memory,
			   uint64_t address, uint64_t size, uint64_t *next);

/* The field "space" of a record, for physical memory only. */
void tmi_memory_record(struct tmi_record *record, const struct tmi_memory *memory);

#endif
