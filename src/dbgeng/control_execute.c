/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_execute.c - Execute: the commands of tmem for programs.
 *
 * Each system has one interpreter, so that a display without an address goes on where the last one
 * ended. A command answers S_OK when it was understood, also when it then failed: why stands in the
 * output. E_FAIL is for what is no command or has wrong arguments.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dbgeng/commands.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

#define INTERRUPTED ((HRESULT)0xd000013a)
#define FILE_LIMIT  ((off_t)16 << 20) /* bytes of a file of commands */

#define KNOWN_FLAGS                                                                                \
	(DEBUG_EXECUTE_ECHO | DEBUG_EXECUTE_NOT_LOGGED | DEBUG_EXECUTE_NO_REPEAT |                 \
	 DEBUG_EXECUTE_USER_TYPED | DEBUG_EXECUTE_USER_CLICKED | DEBUG_EXECUTE_EXTENSION |         \
	 DEBUG_EXECUTE_INTERNAL | DEBUG_EXECUTE_SCRIPT | DEBUG_EXECUTE_TOOLBAR |                   \
	 DEBUG_EXECUTE_MENU | DEBUG_EXECUTE_HOTKEY | DEBUG_EXECUTE_EVENT)

/* Whose Execute runs; in the interpreter's memory. */
struct execution {
	struct tmi_dbgeng_client *client; /* NULL = none runs */
	ULONG control;
};

/* What the interpreter prints, on its way to the clients. */
static void receive(void *context, enum tmi_output_kind kind, const char *text, size_t size)
{
	struct execution *execution = context;
	ULONG mask = kind == TMI_OUTPUT_EVENT ? DEBUG_OUTPUT_NORMAL : (ULONG)kind;

	if (execution && execution->client)
		tmi_dbgeng_send(execution->client, execution->control, mask, text, size);
}

static struct execution *execution_of(struct tmi_session *commands)
{
	static const char key;

	return tmi_session_slot(commands, &key, sizeof(struct execution), NULL);
}

static struct tmi_session *make_commands(tmem_target *target)
{
	const struct tmi_session_callbacks callbacks = { .output = receive };
	struct tmi_session *commands = tmi_session_new(target, &callbacks);

	if (!commands)
		return NULL;
	commands->callbacks.context = execution_of(commands);
	if (!commands->callbacks.context) {
		tmi_session_free(commands);
		return NULL;
	}
	return commands;
}

struct tmi_session *tmi_dbgeng_commands(struct tmi_dbgeng_call *call)
{
	struct tmi_dbgeng_system *system = call->system;

	if (!system->commands)
		system->commands = make_commands(system->target);
	if (!system->commands)
		return NULL;
	if (call->session->radix)
		system->commands->radix = call->session->radix;
	system->commands->width = call->client->output_width;
	return system->commands;
}

void tmi_dbgeng_prompt(struct tmi_dbgeng_call *call, struct tmi_text *prompt)
{
	struct tmi_session *commands = call->system ? tmi_dbgeng_commands(call) : NULL;

	if (!commands) {
		tmi_text_puts(prompt, "NoTarget");
		return;
	}
	tmi_session_refresh(commands);
	tmi_session_prompt(commands, prompt);
	if (!prompt->failed && prompt->size > 2)
		prompt->data[prompt->size -= 2] = 0;
}

/* The line as if it had been typed: behind the prompt. */
static void echo(struct tmi_dbgeng_call *call, struct tmi_session *commands, ULONG control,
		 const char *line)
{
	struct tmi_text text = { 0 };

	tmi_dbgeng_prompt(call, &text);
	tmi_text_puts(&text, "> ");
	commands->prompt_width = (unsigned)text.size;
	tmi_text_format(&text, "%s\n", line);
	if (!text.failed)
		tmi_dbgeng_send(call->client, control, DEBUG_OUTPUT_PROMPT, text.data, text.size);
	tmi_text_fini(&text);
}

/* The interpreter's radix is every client's. */
static void take_radix(struct tmi_dbgeng_call *call, const struct tmi_session *commands)
{
	ULONG before = call->session->radix ? call->session->radix : 16;

	if (commands->radix == before)
		return;
	call->session->radix = commands->radix;
	tmi_dbgeng_queue_event(call->session, DEBUG_EVENT_CHANGE_ENGINE_STATE, DEBUG_CES_RADIX,
			       commands->radix);
}

/* Runs one line with the output going to the clients that @control names. */
static HRESULT run_line(struct tmi_dbgeng_call *call, struct tmi_session *commands, ULONG control,
			const char *line)
{
	struct execution *execution = execution_of(commands);
	bool done;

	*execution = (struct execution){ call->client, control };
	done = tmi_session_run(commands, line);
	execution->client = NULL;
	take_radix(call, commands);
	if (commands->interrupted)
		return INTERRUPTED;
	return !done && commands->misread ? E_FAIL : S_OK;
}

HRESULT tmi_dbgeng_run_command(struct tmi_dbgeng_call *call, ULONG control, const char *line)
{
	struct tmi_session *commands = tmi_dbgeng_commands(call);
	char *repeat;
	HRESULT result;

	if (!commands)
		return E_OUTOFMEMORY;
	/* Nobody typed it: the empty line does not mean it. */
	repeat = commands->repeat;
	commands->repeat = NULL;
	result = run_line(call, commands, control, line);
	free(commands->repeat);
	commands->repeat = repeat;
	return result;
}

static bool is_empty(const char *line)
{
	return line[strspn(line, " \t\r\n")] == 0;
}

/* What an empty command stands for; NULL: nothing. */
static const char *repeated(const struct tmi_dbgeng_call *call, const struct tmi_session *commands,
			    const char *line, ULONG flags)
{
	if (!is_empty(line))
		return line;
	if ((flags & DEBUG_EXECUTE_NO_REPEAT) ||
	    (atomic_load(&call->session->options) & DEBUG_ENGOPT_NO_EXECUTE_REPEAT))
		return NULL;
	return commands->repeat;
}

static HRESULT execute_line(struct tmi_dbgeng_call *call, struct tmi_session *commands,
			    ULONG control, const char *line, ULONG flags)
{
	if (flags & DEBUG_EXECUTE_NOT_LOGGED && control != DEBUG_OUTCTL_AMBIENT_TEXT &&
	    control != DEBUG_OUTCTL_AMBIENT_DML)
		control |= DEBUG_OUTCTL_NOT_LOGGED;
	commands->echo_line = !(flags & DEBUG_EXECUTE_ECHO);
	commands->prompt_width = 0;
	if (flags & DEBUG_EXECUTE_ECHO)
		echo(call, commands, control, line);
	return repeated(call, commands, line, flags) ? run_line(call, commands, control, line)
						     : S_OK;
}

/* Ends a call of Execute. "q" ended the interpreter's session: it ends that of the engine. */
static HRESULT finish(struct tmi_dbgeng_call *call, struct tmi_session *commands, HRESULT result)
{
	IDebugClient7 *client = (IDebugClient7 *)&call->client->faces[TMI_DBGENG_CLIENT];
	bool quit = commands && commands->quit;

	if (!quit)
		return tmi_dbgeng_leave(call, result);
	commands->quit = false;
	client->lpVtbl->AddRef(client);
	tmi_dbgeng_leave(call, result);
	result = client->lpVtbl->EndSession(client, DEBUG_END_ACTIVE_DETACH);
	client->lpVtbl->Release(client);
	return result;
}

/* Begins a call of Execute or of a file; *commands is NULL when that fails. */
static HRESULT begin(void *This, ULONG control, const void *text, ULONG flags,
		     struct tmi_dbgeng_call *call, struct tmi_session **commands)
{
	HRESULT result;

	*commands = NULL;
	if (!text || (flags & ~(ULONG)KNOWN_FLAGS) || !tmi_dbgeng_is_output_control(control))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_CHANGES, call);
	if (FAILED(result))
		return result;
	*commands = tmi_dbgeng_commands(call);
	return *commands ? S_OK : tmi_dbgeng_leave(call, E_OUTOFMEMORY);
}

static HRESULT execute(IDebugControl7 *This, ULONG OutputControl, PCSTR Command, ULONG Flags)
{
	struct tmi_dbgeng_call call;
	struct tmi_session *commands;
	HRESULT result = begin(This, OutputControl, Command, Flags, &call, &commands);

	if (FAILED(result))
		return result;
	result = execute_line(&call, commands, OutputControl, Command, Flags);
	return finish(&call, commands, result);
}

/* The lines of @file until one is wrong or fails, as at the command line. */
static HRESULT execute_lines(struct tmi_dbgeng_call *call, struct tmi_session *commands,
			     ULONG control, FILE *file, ULONG flags)
{
	uint64_t failures = commands->failures;
	HRESULT result = S_OK;
	char *line = NULL;
	size_t room = 0;

	while (result == S_OK && commands->failures == failures && !commands->quit &&
	       getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\r\n")] = 0;
		if (!is_empty(line))
			result = execute_line(call, commands, control, line, flags);
	}
	free(line);
	return result;
}

/* Opens a file of commands; what is no file, or too large for one, is refused. */
static HRESULT open_commands(const char *name, FILE **file)
{
	/* Of a FIFO nobody waits for the other side. */
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat facts;

	if (fd < 0)
		return errno == ENOENT   ? HRESULT_FROM_WIN32(2)
		       : errno == EACCES ? E_ACCESSDENIED
					 : E_FAIL;
	if (fstat(fd, &facts) || !S_ISREG(facts.st_mode) || facts.st_size > FILE_LIMIT) {
		close(fd);
		return E_INVALIDARG;
	}
	*file = fdopen(fd, "r");
	if (*file)
		return S_OK;
	close(fd);
	return E_OUTOFMEMORY;
}

static HRESULT execute_command_file(IDebugControl7 *This, ULONG OutputControl, PCSTR CommandFile,
				    ULONG Flags)
{
	struct tmi_dbgeng_call call;
	struct tmi_session *commands;
	HRESULT result = begin(This, OutputControl, CommandFile, Flags, &call, &commands);
	FILE *file;

	if (FAILED(result))
		return result;
	result = open_commands(CommandFile, &file);
	if (FAILED(result))
		return tmi_dbgeng_leave(&call, result);
	result = execute_lines(&call, commands, OutputControl, file, Flags);
	if (ferror(file) && SUCCEEDED(result))
		result = E_FAIL;
	fclose(file);
	return finish(&call, commands, result);
}

/* A wide form: the same with the text converted. */
static HRESULT narrowed(IDebugControl7 *This, ULONG control, PCWSTR wide, ULONG flags,
			HRESULT (*method)(IDebugControl7 *, ULONG, PCSTR, ULONG))
{
	char *text;
	HRESULT result;

	if (!wide)
		return E_INVALIDARG;
	text = tmi_dbgeng_narrow(wide);
	result = text ? method(This, control, text, flags) : E_OUTOFMEMORY;
	free(text);
	return result;
}

static HRESULT execute_wide(IDebugControl7 *This, ULONG OutputControl, PCWSTR Command, ULONG Flags)
{
	return narrowed(This, OutputControl, Command, Flags, execute);
}

static HRESULT execute_command_file_wide(IDebugControl7 *This, ULONG OutputControl,
					 PCWSTR CommandFile, ULONG Flags)
{
	return narrowed(This, OutputControl, CommandFile, Flags, execute_command_file);
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_execute = {
	.Execute = execute,
	.ExecuteCommandFile = execute_command_file,
	.ExecuteWide = execute_wide,
	.ExecuteCommandFileWide = execute_command_file_wide,
};
