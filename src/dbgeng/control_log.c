/* SPDX-License-Identifier: Apache-2.0 */
/* control_log.c - the log file: what the engine prints, for every client of a session. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dbgeng/client.h"
#include "dbgeng/output.h"
#include "dbgeng/text.h"

#define LOG_APPEND 1u

struct tmi_dbgeng_log {
	FILE *file;
	char *name; /* as it was given */
	bool append;
};

/* A log may be a pipe: that nobody reads it any more is no reason to end the program. */
struct quiet {
	sigset_t before;
	bool pending; /* a SIGPIPE of the program's own waits already */
};

static void begin_quiet(struct quiet *quiet)
{
	sigset_t pipe;

	sigpending(&pipe);
	quiet->pending = sigismember(&pipe, SIGPIPE) == 1;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &quiet->before);
}

static void end_quiet(const struct quiet *quiet)
{
	const struct timespec now = { 0 };
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	while (!quiet->pending && sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

void tmi_dbgeng_log_close(struct tmi_dbgeng_session *session)
{
	struct quiet quiet;

	if (!session->log)
		return;
	begin_quiet(&quiet);
	fclose(session->log->file);
	end_quiet(&quiet);
	free(session->log->name);
	free(session->log);
	session->log = NULL;
}

void tmi_dbgeng_log_write(struct tmi_dbgeng_session *session, const char *text, size_t size)
{
	struct quiet quiet;

	if (!session->log)
		return;
	/* A log that cannot be written is no reason to fail what is logged. */
	begin_quiet(&quiet);
	fwrite(text, 1, size, session->log->file);
	fflush(session->log->file);
	end_quiet(&quiet);
}

static void tell_log(struct tmi_dbgeng_session *session)
{
	tmi_dbgeng_queue_event(session, DEBUG_EVENT_CHANGE_ENGINE_STATE, DEBUG_CES_LOG_FILE,
			       session->log != NULL);
}

/*
 * Opens without waiting for the other side of a FIFO, which must be there; writing may wait. NULL
 * with errno set on failure.
 */
static FILE *open_for_log(const char *name, bool append)
{
	int flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(name, flags | (append ? O_APPEND : O_TRUNC), 0666);
	FILE *file = NULL;

	if (fd >= 0 && fcntl(fd, F_SETFL, append ? O_APPEND : 0) == 0)
		file = fdopen(fd, append ? "a" : "w");
	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static HRESULT make_log(const char *name, bool append, struct tmi_dbgeng_log **log)
{
	*log = calloc(1, sizeof(**log));
	if (!*log)
		return E_OUTOFMEMORY;
	(*log)->append = append;
	(*log)->name = strdup(name);
	(*log)->file = (*log)->name ? open_for_log(name, append) : NULL;
	if ((*log)->file)
		return S_OK;
	free((*log)->name);
	free(*log);
	*log = NULL;
	return errno == ENOENT   ? HRESULT_FROM_WIN32(3)
	       : errno == EACCES ? E_ACCESSDENIED
	       : errno == ENOMEM ? E_OUTOFMEMORY
				 : E_FAIL;
}

static HRESULT open_log(IDebugControl7 *This, PCSTR File, ULONG flags)
{
	struct tmi_dbgeng_call call;
	struct tmi_dbgeng_log *log;
	HRESULT result;

	if (!File || (flags & ~LOG_APPEND))
		return E_INVALIDARG;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	if (FAILED(result))
		return result;
	result = make_log(File, flags & LOG_APPEND, &log);
	if (SUCCEEDED(result)) {
		tmi_dbgeng_log_close(call.session);
		call.session->log = log;
		tell_log(call.session);
	}
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT open_log_wide(IDebugControl7 *This, PCWSTR File, ULONG flags)
{
	char *name;
	HRESULT result;

	if (!File)
		return E_INVALIDARG;
	name = tmi_dbgeng_narrow(File);
	result = name ? open_log(This, name, flags) : E_OUTOFMEMORY;
	free(name);
	return result;
}

static HRESULT open_log_file(IDebugControl7 *This, PCSTR File, BOOL Append)
{
	return open_log(This, File, Append ? LOG_APPEND : 0);
}

static HRESULT open_log_file_wide(IDebugControl7 *This, PCWSTR File, BOOL Append)
{
	return open_log_wide(This, File, Append ? LOG_APPEND : 0);
}

static HRESULT close_log_file(IDebugControl7 *This)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);

	if (FAILED(result))
		return result;
	if (call.session->log) {
		tmi_dbgeng_log_close(call.session);
		tell_log(call.session);
	}
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Name and flags of the open log for one of the two buffers. */
static HRESULT give_log(void *This, PSTR narrow, PWSTR wide, bool is_wide, ULONG size,
			PULONG needed, PULONG flags)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (needed)
		*needed = 0;
	if (!flags)
		return E_INVALIDARG;
	*flags = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	if (!call.session->log)
		return tmi_dbgeng_leave(&call, E_NOINTERFACE);
	*flags = call.session->log->append ? LOG_APPEND : 0;
	if (is_wide)
		result = tmi_dbgeng_return_text_wide(call.session->log->name, wide, size, needed);
	else
		result = tmi_dbgeng_return_text(call.session->log->name, narrow, size, needed);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_log_file2(IDebugControl7 *This, PSTR Buffer, ULONG BufferSize, PULONG FileSize,
			     PULONG Flags)
{
	return give_log(This, Buffer, NULL, false, BufferSize, FileSize, Flags);
}

static HRESULT get_log_file2_wide(IDebugControl7 *This, PWSTR Buffer, ULONG BufferSize,
				  PULONG FileSize, PULONG Flags)
{
	return give_log(This, NULL, Buffer, true, BufferSize, FileSize, Flags);
}

/* The older forms have TRUE for the flag, which is the same number. */
static HRESULT get_log_file(IDebugControl7 *This, PSTR Buffer, ULONG BufferSize, PULONG FileSize,
			    PBOOL Append)
{
	return give_log(This, Buffer, NULL, false, BufferSize, FileSize, (PULONG)Append);
}

static HRESULT get_log_file_wide(IDebugControl7 *This, PWSTR Buffer, ULONG BufferSize,
				 PULONG FileSize, PBOOL Append)
{
	return give_log(This, NULL, Buffer, true, BufferSize, FileSize, (PULONG)Append);
}

static HRESULT get_log_mask(IDebugControl7 *This, PULONG Mask)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Mask)
		return E_INVALIDARG;
	*Mask = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	*Mask = call.session->log_mask;
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT set_log_mask(IDebugControl7 *This, ULONG Mask)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);

	if (FAILED(result))
		return result;
	call.session->log_mask = Mask;
	return tmi_dbgeng_leave(&call, S_OK);
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_log = {
	.GetLogFile = get_log_file,
	.GetLogFileWide = get_log_file_wide,
	.GetLogFile2 = get_log_file2,
	.GetLogFile2Wide = get_log_file2_wide,
	.OpenLogFile = open_log_file,
	.OpenLogFileWide = open_log_file_wide,
	.OpenLogFile2 = open_log,
	.OpenLogFile2Wide = open_log_wide,
	.CloseLogFile = close_log_file,
	.GetLogMask = get_log_mask,
	.SetLogMask = set_log_mask,
};
