/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - text on its way to the clients' output callbacks; DbgEng's printf. */
#ifndef TMI_DBGENG_OUTPUT_H
#define TMI_DBGENG_OUTPUT_H

#include "dbgeng/client.h"

/*
 * tmi_dbgeng_send() - gives text to every client that should get it.
 * @client: whose call makes the output.
 * @control: DEBUG_OUTCTL_: who gets it. AMBIENT values mean ALL_CLIENTS.
 * @mask: its kind, one DEBUG_OUTPUT_ bit; a client whose mask lacks it is passed over.
 * @text: UTF-8, @size bytes, no NUL needed.
 *
 * The lock is held. Each line begins with the client's prefix. A callback registered in the other
 * width gets the text converted. What a callback returns is ignored.
 */
void tmi_dbgeng_send(struct tmi_dbgeng_client *client, ULONG control, ULONG mask, const char *text,
		     size_t size);

/*
 * tmi_dbgeng_format() - formats as IDebugControl::Output does.
 * @target: for %ma and its like, %y: where text and symbols are read; NULL = no target.
 * @pointer_size: bytes of the target's pointers: %p takes a ULONG64 and shows that many.
 * Returns UTF-8, malloc'ed, NUL-terminated; NULL when out of memory.
 */
char *tmi_dbgeng_format(tmem_target *target, unsigned pointer_size, PCSTR format, va_list args);

#endif
