/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - what every public method does at its beginning and end.
 *
 * A reading method:
 *
 *	struct tmi_space *space;
 *	tmem_status status = tmi_call_virtual(target, &space);
 *
 *	if (status == TMEM_S_OK)
 *		status = ... over space ...;
 *	return tmi_call_end(target, status);
 *
 * A writing method holds the write lock for the change and sends its event after releasing it:
 *
 *	status = tmi_call_write(target, &space);
 *	if (status == TMEM_S_OK) {
 *		status = tmi_space_write(space, ..., &done);
 *		tmi_call_wrote(target, TMEM_DATA_SPACE_VIRTUAL, done > 0);
 *	}
 *	return tmi_call_end(target, status);
 */
#ifndef TMI_ENGINE_CALL_H
#define TMI_ENGINE_CALL_H

#include "engine/space.h"

/*
 * The space of the current process (user mode) or implicit process (kernel mode). Fails with
 * TMEM_E_INVALIDARG (target NULL) or TMEM_E_UNEXPECTED (no process: exited and known so, dropped).
 */
tmem_status tmi_call_virtual(tmem_target *target, struct tmi_space **space);

/* Physical memory; TMEM_E_UNEXPECTED (USER_MODE) in user mode. */
tmem_status tmi_call_physical(tmem_target *target, struct tmi_space **space);

/* Either, by enum tmem_data_space; TMEM_E_INVALIDARG for another value. */
tmem_status tmi_call_space(tmem_target *target, uint32_t data_space, struct tmi_space **space);

/*
 * As tmi_call_virtual() / tmi_call_physical(), then takes the target's write lock. Fails with
 * TMEM_E_UNEXPECTED (IN_CALLBACK) inside a callback. When it succeeds tmi_call_wrote() must follow.
 */
tmem_status tmi_call_write(tmem_target *target, struct tmi_space **space);
tmem_status tmi_call_write_physical(tmem_target *target, struct tmi_space **space);

/* Releases the write lock; when @changed, sends ChangeDebuggeeState(DATA, data_space) once. */
void tmi_call_wrote(tmem_target *target, uint32_t data_space, bool changed);

/* For changes that are no memory writes (context, callbacks): fails inside a callback. */
tmem_status tmi_call_change(tmem_target *target);

/* Ends any call: marks a failure as this handle's. Returns @status. */
tmem_status tmi_call_end(tmem_target *target, tmem_status status);

/* Long operations: poll this every MiB or so. True when an interrupt was pending (clears it). */
bool tmi_call_interrupted(tmem_target *target);

/* Long operations: reports progress, at most about ten times a second; cheap when no callback. */
struct tmi_meter {
	tmem_target *target;
	const char *operation;
	uint64_t total;
	uint64_t next_report; /* private: monotonic ns */
};
void tmi_meter_init(struct tmi_meter *meter, tmem_target *target, const char *operation,
		    uint64_t total);
void tmi_meter_report(struct tmi_meter *meter, uint64_t done, uint64_t bytes);

/* Worker threads that a long operation may use (option threads=N). */
unsigned tmi_call_threads(tmem_target *target);

#endif
