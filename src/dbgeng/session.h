/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - what the clients of one session share: targets, options, state, events.
 *
 * A session holds systems: each is one opened target, on one tmem handle that every client uses,
 * so that all see the same current process. A target that AttachProcess or OpenDumpFile began is
 * pending until WaitForEvent delivers it.
 *
 * One lock makes a session answer one call at a time; tmi_dbgeng_enter() takes it. It is recursive:
 * an output callback that runs inside a call may call methods that only look. Events are put into
 * a queue during a call and told by the outermost tmi_dbgeng_leave(), with no lock held. What may
 * be asked at any time (interrupt, options, execution status) are atomics outside of the lock.
 */
#ifndef TMI_DBGENG_SESSION_H
#define TMI_DBGENG_SESSION_H

#include <dbgeng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <tmem.h>

struct tmi_dbgeng_client;
struct tmi_session; /* the command interpreter's, see command/command.h */

/* One target of a session. */
struct tmi_dbgeng_system {
	struct tmi_dbgeng_system *next;
	struct tmi_dbgeng_session *session;
	ULONG id;                     /* engine id, from 0; unique until none is left */
	tmem_target *target;          /* NULL: AttachKernel, not opened before WaitForEvent */
	char *spec;                   /* what tmem_open() gets */
	char *options;                /* NULL = none */
	char *file;                   /* the dump file's name, NULL = none */
	bool ready;                   /* WaitForEvent has delivered it */
	bool kernel;                  /* kernel mode */
	bool live;                    /* its memory may change by itself */
	bool suspends;                /* stopped by us whenever the session is not running */
	bool just_stopped;            /* by the last attempt to stop all */
	ULONG attach_flags;           /* of AttachProcess */
	struct tmi_session *commands; /* made by the first Execute, NULL = none yet */

	/* The thread that was current in a process when another one was selected; tmem's ids. */
	struct tmi_dbgeng_last_thread {
		ULONG process;
		ULONG thread;
	} * last_threads;
	size_t last_thread_count;
};

/* An event on its way to the clients. */
struct tmi_dbgeng_event {
	ULONG kind;       /* one DEBUG_EVENT_ bit: SESSION_STATUS, CHANGE_..._STATE */
	ULONG flags;      /* DEBUG_CDS_, DEBUG_CES_, DEBUG_CSS_, or the session's status */
	ULONG64 argument; /* 0 for SESSION_STATUS */
};

/* Paths that SetSymbolPath and its like give: only kept, see symbols_path.c. */
enum tmi_dbgeng_path {
	TMI_DBGENG_SYMBOL_PATH,
	TMI_DBGENG_IMAGE_PATH,
	TMI_DBGENG_SOURCE_PATH,
	TMI_DBGENG_PATHS
};

/* Which numbers tmi_dbgeng_engine_id() maps. */
enum tmi_dbgeng_id_kind { TMI_DBGENG_PROCESS, TMI_DBGENG_THREAD, TMI_DBGENG_ID_KINDS };

/* Blocks of engine ids that were given to systems, see ids.c. */
struct tmi_dbgeng_ids {
	struct tmi_dbgeng_id_block {
		ULONG system;
		ULONG first; /* tmem's id of the block's first */
	} * blocks;
	size_t count;
};

struct tmi_dbgeng_session {
	pthread_mutex_t lock; /* recursive; held during each call */
	unsigned depth;       /* calls of the holder inside each other */

	struct tmi_dbgeng_client *clients; /* every one of the session, oldest first */
	struct tmi_dbgeng_system *systems; /* oldest first */
	ULONG next_system;                 /* id of the next one */
	struct tmi_dbgeng_system *current; /* a ready one, or NULL */
	struct tmi_dbgeng_ids ids[TMI_DBGENG_ID_KINDS];
	bool active; /* SessionStatus(ACTIVE) was told and no end since */

	ULONG symbol_options;          /* SYMOPT_, only kept */
	char *paths[TMI_DBGENG_PATHS]; /* NULL = "" */

	struct tmi_dbgeng_event *events; /* queue */
	size_t event_count;
	size_t event_room;
	bool muted; /* what tmem tells now is not put into the queue; the status stays */

	ULONG radix;                /* of numbers in commands and expressions, 0 = 16 */
	struct tmi_dbgeng_log *log; /* the open log file, NULL = none; control_log.c */
	ULONG log_mask;             /* DEBUG_OUTPUT_: what it gets */

	/* The event that was delivered last. */
	ULONG last_event; /* DEBUG_EVENT_ bit, 0 = none yet */
	ULONG event_system;
	ULONG event_process; /* engine ids, DEBUG_ANY_ID = unknown */
	ULONG event_thread;
	ULONG64 event_offset; /* of an exception: where it happened */

	struct tmi_dbgeng_attached *attached; /* by AttachProcess, oldest first; attached.h */

	/* Outside of the lock. */
	_Atomic ULONG options;           /* DEBUG_ENGOPT_ */
	_Atomic ULONG status;            /* DEBUG_STATUS_ */
	_Atomic ULONG interrupt_timeout; /* seconds */
	pthread_mutex_t wake_lock;       /* short: over the fields below and closing of targets */
	pthread_cond_t wake; /* an interrupt, ExitDispatch, the end of a client or event callback */
	bool interrupted;    /* SetInterrupt(ACTIVE or PASSIVE), not asked for yet */
	tmem_target
		*interrupted_target; /* that was told of it: it knows whether a search used it up */
	bool break_in;               /* SetInterrupt(ACTIVE), no wait has acted on it yet */
	bool exit_interrupt;         /* SetInterrupt(EXIT), the same */
	bool waiting;                /* a thread is in WaitForEvent */
	volatile int stop_opening;   /* for tmem_open2(), which wants an int: __atomic_ only */
	char *kernel_options;        /* of SetKernelConnectionOptions, NULL = none */
};

/* What a call needs before it may do its work. */
enum tmi_dbgeng_needs {
	TMI_DBGENG_TARGET = 1,  /* a target that was delivered, else E_UNEXPECTED */
	TMI_DBGENG_USER = 2,    /* in user mode, else E_UNEXPECTED; with TARGET */
	TMI_DBGENG_KERNEL = 4,  /* in kernel mode, else E_UNEXPECTED; with TARGET */
	TMI_DBGENG_CHANGES = 8, /* not from inside a callback, else E_UNEXPECTED */
};

/* A running call. */
struct tmi_dbgeng_call {
	struct tmi_dbgeng_client *client;
	struct tmi_dbgeng_session *session;
	struct tmi_dbgeng_system *system; /* the current one; NULL = none */
	tmem_target *target;              /* of it; NULL = none */
};

/*
 * tmi_dbgeng_enter() - begins a call of a method.
 * @object: the This that the method got: any interface of a client; NULL is E_INVALIDARG.
 * @needs: enum tmi_dbgeng_needs.
 * @call: filled.
 *
 * Outputs that must be 0 on failure are set to 0 before. Returns S_OK, and then the lock is held
 * and tmi_dbgeng_leave() must follow; a failure, with nothing held.
 */
HRESULT tmi_dbgeng_enter(void *object, unsigned needs, struct tmi_dbgeng_call *call);

/* Ends a call: gives the lock back, tells the queued events, returns @result. */
HRESULT tmi_dbgeng_leave(struct tmi_dbgeng_call *call, HRESULT result);

/* True on a thread that is inside an event or output callback of any session. */
bool tmi_dbgeng_in_callback(void);

/*
 * Called around every call of a client's callback: what the callback calls is refused when it
 * would change something.
 */
void tmi_dbgeng_callback_begin(void);
void tmi_dbgeng_callback_end(void);

/* Puts an event into the queue; the lock is held. Dropped when there is no memory. */
void tmi_dbgeng_queue_event(struct tmi_dbgeng_session *session, ULONG kind, ULONG flags,
			    ULONG64 argument);

/* Sets the execution status and, when it is another one, queues ChangeEngineState. */
void tmi_dbgeng_set_status(struct tmi_dbgeng_session *session, ULONG status);

/* What clients and the log get until they say otherwise. */
#define TMI_DBGENG_OUTPUT_DEFAULT                                                                  \
	(DEBUG_OUTPUT_NORMAL | DEBUG_OUTPUT_ERROR | DEBUG_OUTPUT_WARNING | DEBUG_OUTPUT_PROMPT |   \
	 DEBUG_OUTPUT_PROMPT_REGISTERS | DEBUG_OUTPUT_EXTENSION_WARNING | DEBUG_OUTPUT_DEBUGGEE |  \
	 DEBUG_OUTPUT_DEBUGGEE_PROMPT | DEBUG_OUTPUT_SYMBOLS)

/* Ends the log file, if there is one; the lock is held, or no client is left. */
void tmi_dbgeng_log_close(struct tmi_dbgeng_session *session);

/* A session without clients or targets; NULL when out of memory. */
struct tmi_dbgeng_session *tmi_dbgeng_session_new(void);
/* Ends what runs (processes are detached and resumed) and frees; no client is left. */
void tmi_dbgeng_session_free(struct tmi_dbgeng_session *session);

/*
 * tmi_dbgeng_system_add() - a new pending system; the lock is held.
 * @spec, @options, @file: copied; @options and @file may be NULL.
 * @target: becomes the system's own, also on failure; NULL: opened when it is delivered.
 * Returns it, or NULL when out of memory.
 */
struct tmi_dbgeng_system *tmi_dbgeng_system_add(struct tmi_dbgeng_session *session,
						const char *spec, const char *options,
						const char *file, tmem_target *target);

/* Delivers a pending system whose target is open: events, current system; the lock is held. */
HRESULT tmi_dbgeng_system_deliver(struct tmi_dbgeng_session *session,
				  struct tmi_dbgeng_system *system);

/* The last event is about the current process and thread of a system. */
void tmi_dbgeng_set_event_objects(struct tmi_dbgeng_session *session,
				  struct tmi_dbgeng_system *system);

/*
 * tmi_dbgeng_system_remove() - closes a system's target, which resumes what it stopped.
 * The lock is held. When it was the last one the session ends: ChangeEngineState(EXECUTION_STATUS,
 * NO_DEBUGGEE) and SessionStatus(@end), a DEBUG_SESSION_ value, are queued.
 */
void tmi_dbgeng_system_remove(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system,
			      ULONG end);

/* The system with an engine id, or NULL. Only ready ones are found. */
struct tmi_dbgeng_system *tmi_dbgeng_system_find(struct tmi_dbgeng_session *session, ULONG id);

/* Makes a ready system the current one; events are the caller's business. */
void tmi_dbgeng_system_select(struct tmi_dbgeng_session *session, struct tmi_dbgeng_system *system);

/*
 * tmi_dbgeng_engine_id() - the session's id for a process or thread of a system.
 * @id: tmem's. Small numbers: the first system's are as tmem has them. DEBUG_ANY_ID when out of
 * memory. Follows GetProcessIdsByIndex: unique among all systems of a session, and not given again
 * before its last system is gone.
 */
ULONG tmi_dbgeng_engine_id(struct tmi_dbgeng_session *session, enum tmi_dbgeng_id_kind kind,
			   const struct tmi_dbgeng_system *system, ULONG id);

/* The way back: the ready system and tmem's id in it; false when the engine id is unknown. */
bool tmi_dbgeng_tmem_id(struct tmi_dbgeng_session *session, enum tmi_dbgeng_id_kind kind,
			ULONG engine_id, struct tmi_dbgeng_system **system, ULONG *id);

/* Begins the ids anew: there is no system any more. The lock is held, or no client is left. */
void tmi_dbgeng_forget_ids(struct tmi_dbgeng_session *session);

/*
 * Makes the session the receiver of the events of a system's target (events.c): they are put into
 * the queue, and the execution status follows them.
 */
void tmi_dbgeng_listen(struct tmi_dbgeng_system *system);

/*
 * What a leaving call has to tell: the queue, and the clients, taken while the lock is held.
 * tmi_dbgeng_events_tell() calls those that are registered then, without it, and frees.
 */
struct tmi_dbgeng_delivery {
	struct tmi_dbgeng_event *events;
	size_t event_count;
	struct tmi_dbgeng_client **clients; /* each with a pin */
	size_t client_count;
};
void tmi_dbgeng_events_take(struct tmi_dbgeng_session *session,
			    struct tmi_dbgeng_delivery *delivery);
void tmi_dbgeng_events_tell(struct tmi_dbgeng_delivery *delivery);

/* Tells one event at once, whatever another thread's call is doing; the lock is not needed. */
void tmi_dbgeng_events_tell_now(struct tmi_dbgeng_session *session,
				const struct tmi_dbgeng_event *event);

/* A status of tmem is an HRESULT already; this names the place where one becomes the other. */
static inline HRESULT tmi_dbgeng_result(tmem_status status)
{
	return (HRESULT)status;
}

#endif
