/* SPDX-License-Identifier: Apache-2.0 */
/* physical.c - ReadPhysical, WritePhysical and their forms with a cache type. */
#include <tmem/physical.h>
#include <tmem/region.h>

#include "access/access.h"

static tmem_status check(const void *buffer, uint32_t flags)
{
	if (flags > TMEM_PHYSICAL_WRITE_COMBINED)
		return tmi_bad_argument("flags", "a value of enum tmem_physical_flags");
	return tmi_access_need(buffer, "buffer");
}

/* Access by cache type is for live kernels under a remote debugger; no target has it. */
static tmem_status check_type(uint32_t flags, uint64_t offset)
{
	if (flags == TMEM_PHYSICAL_DEFAULT)
		return TMEM_S_OK;
	return tmi_fail(TMEM_E_NOTIMPL, TMEM_REASON_NONE, offset);
}

tmem_status tmem_read_physical2(tmem_target *target, uint64_t offset, uint32_t flags, void *buffer,
				size_t buffer_size, size_t *bytes_read)
{
	struct tmi_space *space;
	size_t done = 0;
	tmem_status status;

	if (bytes_read)
		*bytes_read = 0;
	status = check(buffer, flags);
	if (status == TMEM_S_OK)
		status = tmi_call_physical(target, &space);
	if (status == TMEM_S_OK)
		status = check_type(flags, offset);
	if (status == TMEM_S_OK)
		status = tmi_access_read(space, offset, buffer, buffer_size, 0, &done);
	if (bytes_read)
		*bytes_read = done;
	return tmi_call_end(target, status);
}

tmem_status tmem_read_physical(tmem_target *target, uint64_t offset, void *buffer,
			       size_t buffer_size, size_t *bytes_read)
{
	return tmem_read_physical2(target, offset, TMEM_PHYSICAL_DEFAULT, buffer, buffer_size,
				   bytes_read);
}

tmem_status tmem_write_physical2(tmem_target *target, uint64_t offset, uint32_t flags,
				 const void *buffer, size_t buffer_size, size_t *bytes_written)
{
	struct tmi_space *space;
	size_t done = 0;
	tmem_status status;

	if (bytes_written)
		*bytes_written = 0;
	status = check(buffer, flags);
	if (status == TMEM_S_OK)
		status = tmi_call_write_physical(target, &space);
	if (status == TMEM_S_OK) {
		status = check_type(flags, offset);
		if (status == TMEM_S_OK)
			status = tmi_access_write(space, offset, buffer, buffer_size, &done);
		tmi_call_wrote(target, TMEM_DATA_SPACE_PHYSICAL, done > 0);
	}
	if (bytes_written)
		*bytes_written = done;
	return tmi_call_end(target, status);
}

tmem_status tmem_write_physical(tmem_target *target, uint64_t offset, const void *buffer,
				size_t buffer_size, size_t *bytes_written)
{
	return tmem_write_physical2(target, offset, TMEM_PHYSICAL_DEFAULT, buffer, buffer_size,
				    bytes_written);
}
