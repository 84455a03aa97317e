/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - checked access to bytes that nobody vouches for.
 *
 * Every integer that comes from a file, a packet or target memory is fetched through these
 * functions: bounds and overflow are checked, the byte order is explicit, nothing is cast.
 */
#ifndef TMI_BASE_BYTES_H
#define TMI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A stretch of untrusted bytes. */
struct tmi_bytes {
	const uint8_t *data;
	uint64_t size;
	bool big_endian;
};

/* True when [offset, offset + length) lies inside @size bytes; safe against overflow. */
static inline bool tmi_in_range(uint64_t size, uint64_t offset, uint64_t length)
{
	return offset <= size && length <= size - offset;
}

/* offset + length, or UINT64_MAX when that overflows. */
static inline uint64_t tmi_add_saturating(uint64_t offset, uint64_t length)
{
	uint64_t sum;

	return __builtin_add_overflow(offset, length, &sum) ? UINT64_MAX : sum;
}

static inline uint16_t tmi_load16(const void *p, bool big_endian)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return big_endian ? __builtin_bswap16(v) : v;
}

static inline uint32_t tmi_load32(const void *p, bool big_endian)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return big_endian ? __builtin_bswap32(v) : v;
}

static inline uint64_t tmi_load64(const void *p, bool big_endian)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return big_endian ? __builtin_bswap64(v) : v;
}

/* Unsigned integer of 1, 2, 4 or 8 bytes. */
static inline uint64_t tmi_load(const void *p, unsigned size, bool big_endian)
{
	switch (size) {
	case 1: return *(const uint8_t *)p;
	case 2: return tmi_load16(p, big_endian);
	case 4: return tmi_load32(p, big_endian);
	default: return tmi_load64(p, big_endian);
	}
}

/* Stores the low @size bytes of @value; @size is 1, 2, 4 or 8. */
static inline void tmi_store(void *p, unsigned size, bool big_endian, uint64_t value)
{
	uint8_t *bytes = p;

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (big_endian ? size - 1 - i : i));
}

/* Integer at @offset; false (and *value 0) when it is not wholly inside. */
static inline bool tmi_bytes_integer(const struct tmi_bytes *bytes, uint64_t offset, unsigned size,
				     uint64_t *value)
{
	*value = 0;
	if (!tmi_in_range(bytes->size, offset, size))
		return false;
	*value = tmi_load(bytes->data + offset, size, bytes->big_endian);
	return true;
}

/* The part [offset, offset + length); false (and an empty part) when not wholly inside. */
static inline bool tmi_bytes_part(const struct tmi_bytes *bytes, uint64_t offset, uint64_t length,
				  struct tmi_bytes *part)
{
	bool inside = tmi_in_range(bytes->size, offset, length);

	part->data = inside ? bytes->data + offset : NULL;
	part->size = inside ? length : 0;
	part->big_endian = bytes->big_endian;
	return inside;
}

/* NUL-terminated string at @offset, or NULL when no NUL comes before the end. */
static inline const char *tmi_bytes_string(const struct tmi_bytes *bytes, uint64_t offset)
{
	if (offset >= bytes->size || !memchr(bytes->data + offset, 0, bytes->size - offset))
		return NULL;
	return (const char *)bytes->data + offset;
}

#endif
