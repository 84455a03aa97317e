/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - text on its way to the clients' output callbacks; DbgEng's printf. */
#ifndef TMI_DBGENG_OUTPUT_H
#define TMI_DBGENG_OUTPUT_H

#include "dbgeng/client.h"

/*
 * tmi_dbgeng_send() - gives text to every client that should get it.
 * @client: whose call makes the output.
 * @control: DEBUG_OUTCTL_: who gets it, and whether @text is DML. AMBIENT values mean ALL_CLIENTS.
 * @mask: its kind, one DEBUG_OUTPUT_ bit; a client whose mask lacks it is passed over.
 * @text: UTF-8, @size bytes, no NUL needed.
 *
 * The log file gets it too, unless @control is IGNORE or has NOT_LOGGED, or the log's mask lacks
 * it. The lock is held. Each line begins with the prefix of the client that gets it. A callback
 * registered in the other width gets the text converted, one that takes no DML gets DML without its
 * tags. What a callback returns is ignored, but a client whose process is gone gets no more. A
 * callback is not called inside itself: what it prints goes to the other clients.
 */
void tmi_dbgeng_send(struct tmi_dbgeng_client *client, ULONG control, ULONG mask, const char *text,
		     size_t size);

/*
 * tmi_dbgeng_explain() - sends what tmem says of the calling thread's last failure as an error.
 * @target: what failed; NULL: opening one.
 * The lock is held. Every client of the session gets the text.
 */
void tmi_dbgeng_explain(struct tmi_dbgeng_session *session, tmem_target *target);

/* Sends a warning when a target's file was cut, or its producer says that it is not complete. */
void tmi_dbgeng_warn_of_gaps(const struct tmi_dbgeng_system *system);

/* Text into the log file of the session, if one is open; the lock is held. */
void tmi_dbgeng_log_write(struct tmi_dbgeng_session *session, const char *text, size_t size);

/* Tells a client's IDebugOutputCallbacks2 that asks for it that what came so far is to be shown. */
void tmi_dbgeng_flush_output(struct tmi_dbgeng_client *client);

/* True for DEBUG_OUTCTL_ values that can be, AMBIENT ones included. */
bool tmi_dbgeng_is_output_control(ULONG control);

/*
 * tmi_dbgeng_format() - formats as IDebugControl::Output does.
 * @target: for %ma and its like, %y: where text and symbols are read; NULL = no target.
 * @pointer_size: bytes of the target's pointers: %p takes a ULONG64 and shows that many.
 * Returns UTF-8, malloc'ed, NUL-terminated; NULL when out of memory.
 */
char *tmi_dbgeng_format(tmem_target *target, unsigned pointer_size, PCSTR format, va_list args);

/* The same for OutputWide: %s and %c take UTF-16 there, %S and %C 8-bit text. */
char *tmi_dbgeng_format_wide(tmem_target *target, unsigned pointer_size, PCWSTR format,
			     va_list args);

/* True for what a callback answers whose connection has lost its other side. */
static inline bool tmi_dbgeng_is_rpc_error(HRESULT result)
{
	ULONG code = (ULONG)result;

	return (code & 0xffff0000u) == 0x80010000u || code == 0x800706bau || code == 0x800706beu;
}

#endif
