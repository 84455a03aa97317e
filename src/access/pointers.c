/* SPDX-License-Identifier: Apache-2.0 */
/* pointers.c - ReadPointersVirtual and WritePointersVirtual. */
#include <tmem/memory.h>
#include <tmem/region.h>

#include "access/access.h"
#include "base/bytes.h"

/* Bytes of foreign pointers that are converted at a time. */
#define CHUNK 16384

/* True when the target's pointers look like uint64_t in this program's memory. */
static bool is_native(const struct tmi_facts *facts)
{
	return facts->pointer_size == sizeof(uint64_t) &&
	       facts->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static uint64_t decode(const uint8_t *bytes, const struct tmi_facts *facts)
{
	if (facts->pointer_size == sizeof(uint32_t))
		return (uint64_t)(int64_t)(int32_t)tmi_load32(bytes, facts->big_endian);
	return tmi_load64(bytes, facts->big_endian);
}

/* Straight into the caller's array; a pointer that is there only in part becomes 0. */
static tmem_status read_native(struct tmi_space *space, uint64_t address, uint64_t *ptrs,
			       size_t count)
{
	size_t done;
	tmem_status status =
		tmi_access_read_all(space, address, ptrs, count * sizeof(*ptrs), &done);

	if (done % sizeof(*ptrs))
		ptrs[done / sizeof(*ptrs)] = 0;
	return status;
}

static tmem_status read_foreign(struct tmi_space *space, uint64_t address, uint64_t *ptrs,
				size_t count)
{
	const struct tmi_facts *facts = tmi_space_facts(space);
	size_t width = facts->pointer_size;
	uint8_t bytes[CHUNK];
	tmem_status status = TMEM_S_OK;

	while (count && status == TMEM_S_OK) {
		size_t part = count < CHUNK / width ? count : CHUNK / width;
		size_t done;

		status = tmi_access_read_all(space, address, bytes, part * width, &done);
		for (size_t i = 0; i < done / width; i++)
			ptrs[i] = decode(bytes + i * width, facts);
		ptrs += part;
		count -= part;
		/* Past the end of the space no byte may follow: one more read tells. */
		if (status == TMEM_S_OK && count && part * width > tmi_space_last(space) - address)
			status = tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_OUT_OF_RANGE,
					  tmi_space_last(space));
		address += part * width;
	}
	return status;
}

static tmem_status read_pointers(struct tmi_space *space, uint64_t offset, uint64_t *ptrs,
				 size_t count)
{
	uint64_t address = offset;
	tmem_status status;

	if (!count)
		return TMEM_S_OK;
	if (count > SIZE_MAX / sizeof(*ptrs))
		return tmi_bad_argument("count", "as many pointers as an array can hold");
	status = tmi_space_enter(space, &address);
	if (status == TMEM_S_OK && is_native(tmi_space_facts(space)))
		status = read_native(space, address, ptrs, count);
	else if (status == TMEM_S_OK)
		status = read_foreign(space, address, ptrs, count);
	if (TMEM_FAILED(status))
		return tmi_wrap(status, TMI_ACTION_POINTERS, offset, 0);
	return status;
}

tmem_status tmem_read_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
				       uint64_t *ptrs)
{
	struct tmi_space *space;
	tmem_status status = tmi_access_need(ptrs, "ptrs");

	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &space);
	if (status == TMEM_S_OK)
		status = read_pointers(space, offset, ptrs, count);
	return tmi_call_end(target, status);
}

static tmem_status write_foreign(struct tmi_space *space, uint64_t address, const uint64_t *ptrs,
				 size_t count, uint64_t *done)
{
	const struct tmi_facts *facts = tmi_space_facts(space);
	size_t width = facts->pointer_size;
	uint8_t bytes[CHUNK];
	tmem_status status = TMEM_S_OK;

	while (count && status == TMEM_S_OK) {
		size_t part = count < CHUNK / width ? count : CHUNK / width;
		size_t written;

		for (size_t i = 0; i < part; i++)
			tmi_store(bytes + i * width, width, facts->big_endian, ptrs[i]);
		status = tmi_access_write_all(space, address, bytes, part * width, &written);
		*done += written;
		ptrs += part;
		count -= part;
		if (status == TMEM_S_OK && count && part * width > tmi_space_last(space) - address)
			status = tmi_fail(TMEM_E_WRITE_FAULT, TMEM_REASON_OUT_OF_RANGE,
					  tmi_space_last(space));
		address += part * width;
	}
	return status;
}

/* *done: bytes written. */
static tmem_status write_pointers(struct tmi_space *space, uint64_t offset, const uint64_t *ptrs,
				  size_t count, uint64_t *done)
{
	uint64_t address = offset;
	size_t written = 0;
	tmem_status status;

	if (!count)
		return TMEM_S_OK;
	if (count > SIZE_MAX / sizeof(*ptrs))
		return tmi_bad_argument("count", "as many pointers as an array can hold");
	status = tmi_space_enter(space, &address);
	if (TMEM_FAILED(status))
		return tmi_access_write_status(status);
	if (!is_native(tmi_space_facts(space)))
		return write_foreign(space, address, ptrs, count, done);
	status = tmi_access_write_all(space, address, ptrs, count * sizeof(*ptrs), &written);
	*done = written;
	return status;
}

tmem_status tmem_write_pointers_virtual(tmem_target *target, size_t count, uint64_t offset,
					const uint64_t *ptrs)
{
	struct tmi_space *space;
	uint64_t done = 0;
	tmem_status status = tmi_access_need(ptrs, "ptrs");

	if (status == TMEM_S_OK)
		status = tmi_call_write(target, &space);
	if (status == TMEM_S_OK) {
		status = write_pointers(space, offset, ptrs, count, &done);
		tmi_call_wrote(target, TMEM_DATA_SPACE_VIRTUAL, done > 0);
		if (TMEM_FAILED(status) && status != TMEM_E_INVALIDARG)
			tmi_wrap(status, TMI_ACTION_WRITE_POINTERS, offset, 0);
	}
	return tmi_call_end(target, status);
}
