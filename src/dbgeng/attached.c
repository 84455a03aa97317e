/* SPDX-License-Identifier: Apache-2.0 */
/* attached.c - the processes that AttachProcess took; see attached.h. */
#include "dbgeng/attached.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tmi_dbgeng_attached *tmi_dbgeng_attached_add(struct tmi_dbgeng_system *system, ULONG process,
						    ULONG system_id)
{
	struct tmi_dbgeng_attached *attached = calloc(1, sizeof(*attached));
	struct tmi_dbgeng_attached **end = &system->session->attached;

	if (!attached)
		return NULL;
	attached->system = system;
	attached->process = process;
	attached->system_id = system_id;
	attached->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)system_id, 0);
	attached->order = system->session->next_system;
	attached->options = DEBUG_PROCESS_DETACH_ON_EXIT;
	while (*end)
		end = &(*end)->next;
	*end = attached;
	return attached;
}

struct tmi_dbgeng_attached *tmi_dbgeng_attached_find(const struct tmi_dbgeng_system *system,
						     ULONG process)
{
	struct tmi_dbgeng_attached *attached = system->session->attached;

	while (attached && !(attached->system == system && attached->process == process))
		attached = attached->next;
	return attached;
}

struct tmi_dbgeng_attached *tmi_dbgeng_attached_current(const struct tmi_dbgeng_session *session)
{
	uint32_t process;

	if (!session->current ||
	    TMEM_FAILED(tmem_get_current_process_id(session->current->target, &process)))
		return NULL;
	return tmi_dbgeng_attached_find(session->current, process);
}

bool tmi_dbgeng_attached_gone(const struct tmi_dbgeng_attached *attached)
{
	struct pollfd ended = { .fd = attached->pidfd, .events = POLLIN };

	if (attached->pidfd >= 0)
		return poll(&ended, 1, 0) > 0;
	return kill((pid_t)attached->system_id, 0) && errno == ESRCH;
}

/* False when a command or another call has taken it out of the target. */
static bool is_present(const struct tmi_dbgeng_attached *attached)
{
	uint32_t process;

	return !TMEM_FAILED(tmem_get_process_id_by_system_id(attached->system->target,
							     attached->system_id, &process)) &&
	       process == attached->process;
}

void tmi_dbgeng_attached_terminate(const struct tmi_dbgeng_attached *attached)
{
	if (!attached->system->suspends || !is_present(attached))
		return;
	if (attached->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, attached->pidfd, SIGKILL, NULL, 0);
	else
		kill((pid_t)attached->system_id, SIGKILL);
}

static void unlink_and_free(struct tmi_dbgeng_attached **link)
{
	struct tmi_dbgeng_attached *attached = *link;

	*link = attached->next;
	if (attached->pidfd >= 0)
		close(attached->pidfd);
	free(attached);
}

void tmi_dbgeng_attached_forget(struct tmi_dbgeng_system *system)
{
	struct tmi_dbgeng_attached **link = &system->session->attached;

	while (*link) {
		if ((*link)->system == system)
			unlink_and_free(link);
		else
			link = &(*link)->next;
	}
}

/* How many processes the target has beside this one. */
static uint32_t count_others(const struct tmi_dbgeng_attached *attached)
{
	uint32_t number = 0;

	tmem_get_number_processes(attached->system->target, &number);
	return number - (number && is_present(attached));
}

/* A handle whose process has left has none until another one is chosen. */
static void choose_process(const struct tmi_dbgeng_system *system)
{
	uint32_t process;

	if (TMEM_FAILED(tmem_get_current_process_id(system->target, &process)) &&
	    !TMEM_FAILED(tmem_get_process_ids_by_index(system->target, 0, 1, &process, NULL)))
		tmem_set_current_process_id(system->target, process);
}

void tmi_dbgeng_attached_leave(struct tmi_dbgeng_attached *attached, ULONG end)
{
	struct tmi_dbgeng_system *system = attached->system;
	struct tmi_dbgeng_attached **link = &system->session->attached;

	if (!count_others(attached)) {
		tmi_dbgeng_system_remove(system->session, system, end);
		return;
	}
	tmem_detach_process(system->target, attached->process);
	choose_process(system);
	while (*link != attached)
		link = &(*link)->next;
	unlink_and_free(link);
}

void tmi_dbgeng_attached_end(struct tmi_dbgeng_session *session)
{
	for (const struct tmi_dbgeng_attached *one = session->attached; one; one = one->next) {
		if (!(one->options & DEBUG_PROCESS_DETACH_ON_EXIT))
			tmi_dbgeng_attached_terminate(one);
	}
}
