/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - being told of changes.
 *
 * A callback runs on the thread that made the change, after the change is visible, with no lock
 * held, once per API call; every handle of the target whose mask asks for it is told. It may read.
 * A write, a change of context, a registration or a close from inside returns TMEM_E_UNEXPECTED.
 * Follows IDebugEventCallbacks.
 */
#ifndef TMEM_EVENT_H
#define TMEM_EVENT_H

#include <tmem/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Interest mask: DbgEng's DEBUG_EVENT_*. Other bits are accepted and never occur. */
enum tmem_event_mask {
	TMEM_EVENT_CHANGE_DEBUGGEE_STATE = 0x400,
	TMEM_EVENT_CHANGE_ENGINE_STATE = 0x800,
};

/* Flags of ChangeDebuggeeState: DbgEng's DEBUG_CDS_*; one value a call. */
#define TMEM_CDS_ALL       0xffffffffu /* argument 0: the target ran, or a process was attached */
#define TMEM_CDS_REGISTERS 1u
#define TMEM_CDS_DATA      2u /* argument: the data space */

/* Flags of ChangeEngineState: DbgEng's DEBUG_CES_*. */
#define TMEM_CES_CURRENT_THREAD   1u    /* argument: engine thread id, or TMEM_ANY_ID */
#define TMEM_CES_EXECUTION_STATUS 0x10u /* argument: 1 running, 6 suspended (GO, BREAK) */

struct tmem_event_callbacks {
	uint32_t size;          /* size of this struct in bytes */
	uint32_t interest_mask; /* enum tmem_event_mask */
	void *context;          /* handed to the callbacks */
	/* Optional. @flags: TMEM_CDS_*. @argument: see there. */
	void (*change_debuggee_state)(void *context, uint32_t flags, uint64_t argument);
	/* Optional. @flags: TMEM_CES_*. @argument: see there. */
	void (*change_engine_state)(void *context, uint32_t flags, uint64_t argument);
};

/*
 * tmem_set_event_callbacks() - registers this handle's callbacks; the old ones go.
 * @callbacks: optional, copied; NULL unregisters.
 *
 * Waits until running callbacks of this handle have returned. Follows SetEventCallbacks.
 * Returns TMEM_S_OK; TMEM_E_INVALIDARG a bad size; TMEM_E_UNEXPECTED from inside a callback.
 */
TMEM_API tmem_status tmem_set_event_callbacks(tmem_target *target,
					      const struct tmem_event_callbacks *callbacks);

/*
 * tmem_get_event_callbacks() - the registered callbacks.
 * @callbacks: filled; its size field must be set by the caller. A mask of 0: none registered.
 *
 * Follows GetEventCallbacks. Returns TMEM_S_OK; TMEM_E_INVALIDARG NULL or too small.
 */
TMEM_API tmem_status tmem_get_event_callbacks(tmem_target *target,
					      struct tmem_event_callbacks *callbacks);

#ifdef __cplusplus
}
#endif

#endif
