/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the command interpreter of a system. */
#ifndef TMI_DBGENG_COMMANDS_H
#define TMI_DBGENG_COMMANDS_H

#include "command/command.h"
#include "dbgeng/client.h"

/*
 * tmi_dbgeng_commands() - the interpreter of the call's system; made when it is first asked for.
 *
 * Its settings are those of the session and of the call's client. Its output goes nowhere unless
 * Execute runs. NULL when out of memory. The call must have a target.
 */
struct tmi_session *tmi_dbgeng_commands(struct tmi_dbgeng_call *call);

/* What Execute does with one line, for methods that are a command; the call must have a target. */
HRESULT tmi_dbgeng_run_command(struct tmi_dbgeng_call *call, ULONG control, const char *line);

/* The prompt without what ends it: "0:000"; "NoTarget" when there is none. */
void tmi_dbgeng_prompt(struct tmi_dbgeng_call *call, struct tmi_text *prompt);

#endif
