/* SPDX-License-Identifier: Apache-2.0 */
/* access.c - arguments, ranges and transfers that the methods share; see access.h. */
#include "access/access.h"

#include "base/error.h"

tmem_status tmi_access_need(const void *pointer, const char *name)
{
	return pointer ? TMEM_S_OK : tmi_bad_argument(name, "a pointer that is not NULL");
}

tmem_status tmi_access_range(const struct tmi_space *space, uint64_t *address, uint64_t *size)
{
	tmem_status status = tmi_space_enter(space, address);

	if (status == TMEM_S_OK)
		*size = tmi_space_clip(space, *address, *size) - *address + 1;
	return status;
}

tmem_status tmi_access_write_status(tmem_status status)
{
	return status == TMEM_E_READ_FAULT ? TMEM_E_WRITE_FAULT : status;
}

tmem_status tmi_access_read(struct tmi_space *space, uint64_t offset, void *buffer, size_t size,
			    uint32_t flags, size_t *done)
{
	uint64_t address = offset;
	uint64_t length = size;
	tmem_status status;

	*done = 0;
	if (!size)
		return TMEM_S_OK;
	status = tmi_access_range(space, &address, &length);
	if (status == TMEM_S_OK)
		status = tmi_space_read(space, address, buffer, length, flags, done);
	if (TMEM_FAILED(status))
		return tmi_wrap(status, TMI_ACTION_READ, offset, size);
	return TMEM_S_OK;
}

tmem_status tmi_access_write(struct tmi_space *space, uint64_t offset, const void *buffer,
			     size_t size, size_t *done)
{
	uint64_t address = offset;
	uint64_t length = size;
	tmem_status status;

	*done = 0;
	if (!size)
		return TMEM_S_OK;
	status = tmi_access_range(space, &address, &length);
	if (status == TMEM_S_OK)
		status = tmi_space_write(space, address, buffer, length, done);
	if (TMEM_FAILED(status))
		return tmi_wrap(tmi_access_write_status(status), TMI_ACTION_WRITE, offset, size);
	return TMEM_S_OK;
}

/* The address after the first @done bytes; fails when that is beyond the end of the space. */
static tmem_status step(const struct tmi_space *space, uint64_t address, size_t done,
			uint64_t *next)
{
	if (done > tmi_space_last(space) - address)
		return tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_OUT_OF_RANGE,
				tmi_space_leave(space, address + done));
	*next = address + done;
	return TMEM_S_OK;
}

tmem_status tmi_access_read_all(struct tmi_space *space, uint64_t address, void *buffer,
				size_t size, size_t *done)
{
	tmem_status status = TMEM_S_OK;
	uint64_t next = address;

	for (*done = 0; *done < size;) {
		size_t part = 0;
		uint64_t length = size - *done;

		status = step(space, address, *done, &next);
		if (status != TMEM_S_OK)
			break;
		length = tmi_space_clip(space, next, length) - next + 1;
		status = tmi_space_read(space, next, (uint8_t *)buffer + *done, length, 0, &part);
		if (TMEM_FAILED(status))
			break;
		*done += part;
	}
	return status;
}

tmem_status tmi_access_write_all(struct tmi_space *space, uint64_t address, const void *buffer,
				 size_t size, size_t *done)
{
	tmem_status status = TMEM_S_OK;
	uint64_t next = address;

	for (*done = 0; *done < size;) {
		size_t part = 0;
		uint64_t length = size - *done;

		status = step(space, address, *done, &next);
		if (status != TMEM_S_OK)
			break;
		length = tmi_space_clip(space, next, length) - next + 1;
		status = tmi_space_write(space, next, (const uint8_t *)buffer + *done, length,
					 &part);
		if (TMEM_FAILED(status))
			break;
		*done += part;
	}
	return tmi_access_write_status(status);
}
