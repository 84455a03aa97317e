/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_open.c - one live process: held so that no other can take its number, opened again when
 * it executes another program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/process.h"
#include "target/process_kernel.h"

#define KERNEL_THREAD 0x200000u /* flag in stat */

#define COMPARE_MEMORY 1 /* kcmp(): KCMP_VM */

/* The files of one address space, before they get their places. */
struct opened {
	int mem;
	int maps;
	int list;
	int pagemap;
	bool can_write;
	uint32_t tid;
	struct live_identity identity;
	struct tmi_facts facts;
	struct live_name *name;
};

static tmem_status no_memory(void)
{
	return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
}

/* --- opening an address space --- */

static int open_file(int dir, uint32_t pid, uint32_t tid, const char *name, int flags)
{
	char path[64];

	tmi_process_path(pid, tid, name, path, sizeof(path));
	return openat(dir, path, flags | O_CLOEXEC);
}

static void close_files(struct opened *opened)
{
	int *const files[] = { &opened->mem, &opened->maps, &opened->list, &opened->pagemap };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (*files[i] >= 0)
			close(*files[i]);
		*files[i] = -1;
	}
	free(opened->name);
	opened->name = NULL;
}

static int open_memory(int dir, uint32_t pid, uint32_t tid, bool *can_write)
{
	int fd = open_file(dir, pid, tid, "mem", O_RDWR);

	*can_write = fd >= 0;
	if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		fd = open_file(dir, pid, tid, "mem", O_RDONLY);
	return fd;
}

/* A file that opens is not enough: that of a dead first thread reads nothing. */
static bool has_memory(int dir, uint32_t pid, uint32_t tid)
{
	int fd = open_file(dir, pid, tid, "maps", O_RDONLY);
	char byte;
	bool has = fd >= 0 && read(fd, &byte, 1) == 1;

	if (fd >= 0)
		close(fd);
	return has;
}

/* The first thread may have ended while others go on; then one of these stands for all. */
static int open_any_memory(int dir, uint32_t pid, struct opened *opened)
{
	uint32_t *tids;
	size_t count;
	int error, fd;

	opened->tid = pid;
	fd = open_memory(dir, pid, pid, &opened->can_write);
	error = errno;
	if ((fd < 0 && error != ESRCH) || (fd >= 0 && opened->identity.state != 'Z'))
		return errno = error, fd;
	if (tmi_process_tasks(dir, &tids, &count)) {
		for (size_t i = 0; i < count; i++) {
			int other;

			if (tids[i] == pid || !has_memory(dir, pid, tids[i]))
				continue;
			other = open_memory(dir, pid, tids[i], &opened->can_write);
			if (other < 0)
				continue;
			if (fd >= 0)
				close(fd);
			fd = other;
			opened->tid = tids[i];
			break;
		}
	}
	free(tids);
	if (opened->tid == pid && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return errno = error, fd;
}

static bool same_identity(const struct live_identity *left, const struct live_identity *right)
{
	return left->start_time == right->start_time &&
	       !memcmp(left->marks, right->marks, sizeof(left->marks));
}

/* Opens the files of the address space as it is now. */
static tmem_status open_space(const struct live_target *target, uint32_t pid, int dir,
			      struct opened *opened)
{
	*opened = (struct opened){ .mem = -1, .maps = -1, .list = -1, .pagemap = -1 };
	if (!tmi_process_identify(dir, &opened->identity))
		return tmi_process_fail_gone();
	opened->mem = open_any_memory(dir, pid, opened);
	if (opened->mem < 0)
		return tmi_process_explain(pid, dir, "mem", errno);
	opened->maps = open_file(dir, pid, opened->tid, "maps", O_RDONLY);
	opened->list = open_file(dir, pid, opened->tid, "maps", O_RDONLY);
	if (opened->maps < 0 || opened->list < 0)
		return tmi_process_explain(pid, dir, "maps", errno);
	if (target->features.pagemap)
		opened->pagemap = open_file(dir, pid, opened->tid, "pagemap", O_RDONLY);
	tmi_process_find_facts(dir, pid, opened->tid, target->page, &opened->facts);
	opened->name = tmi_process_find_name(dir, pid, opened->tid);
	return opened->name ? TMEM_S_OK : no_memory();
}

/* Opens until nothing changed meanwhile: an exec in between would mix two programs. */
static tmem_status open_settled(const struct live_target *target, uint32_t pid, int dir,
				struct opened *opened)
{
	tmem_status status = TMEM_S_OK;

	for (int round = 0; round < LIVE_ROUNDS; round++) {
		struct live_identity after;

		status = open_space(target, pid, dir, opened);
		if (status != TMEM_S_OK)
			break;
		if (!tmi_process_identify(dir, &after))
			status = tmi_process_fail_gone();
		else if (same_identity(&opened->identity, &after))
			return TMEM_S_OK;
		else
			status = tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_ADDRESS_SPACE_GONE, 0);
		if (status == TMEM_E_UNEXPECTED && tmi_error_reason() == TMEM_REASON_PROCESS_GONE)
			break;
		close_files(opened);
	}
	close_files(opened);
	return status;
}

/* True when another process uses the same memory, as a vfork()ed child does. */
static bool shares_memory(uint32_t pid, const struct live_identity *identity)
{
	struct live_identity parent;
	char path[32];
	long order;
	int dir;
	bool same;

	if (!identity->parent)
		return false;
	order = syscall(SYS_kcmp, pid, identity->parent, COMPARE_MEMORY, 0, 0);
	if (order >= 0)
		return order == 0;
	/* Not allowed: a vfork()ing parent waits, and the child has all marks of it. */
	snprintf(path, sizeof(path), "/proc/%u", identity->parent);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	same = dir >= 0 && tmi_process_identify(dir, &parent) && parent.state == 'D' &&
	       !memcmp(parent.marks, identity->marks, sizeof(parent.marks));
	if (dir >= 0)
		close(dir);
	return same;
}

static void put_file(const struct live *process, int fd, int *place)
{
	if (*place < 0)
		*place = fd >= 0 ? fd : fcntl(process->target->nothing, F_DUPFD_CLOEXEC, 0);
	else
		dup3(fd >= 0 ? fd : process->target->nothing, *place, O_CLOEXEC);
}

/* Puts the files in their places; @opened is used up. */
static void install(struct live *process, struct opened *opened)
{
	bool first = process->mem < 0;

	/* Before and after: a reader in between sees that it met both spaces. */
	tmi_process_forget_layout(process, true);
	atomic_fetch_add(&process->generation, 1);
	put_file(process, opened->mem, &process->mem);
	if (first)
		process->direct.file = process->mem;
	put_file(process, opened->maps, &process->maps);
	pthread_mutex_lock(&process->list_lock);
	put_file(process, opened->list, &process->list);
	pthread_mutex_unlock(&process->list_lock);
	put_file(process, opened->pagemap, &process->pagemap);
	atomic_store(&process->tid, opened->tid);
	atomic_store(&process->can_write, opened->can_write);
	atomic_store(&process->has_pagemap, opened->pagemap >= 0);
	atomic_store(&process->shares, shares_memory(process->pid, &opened->identity));
	pthread_rwlock_wrlock(&process->lock);
	process->identity = opened->identity;
	process->facts = opened->facts;
	opened->name->next = process->names;
	process->names = opened->name;
	pthread_rwlock_unlock(&process->lock);
	opened->name = NULL;
	if (first)
		opened->mem = opened->maps = opened->list = opened->pagemap = -1;
	close_files(opened);
	tmi_process_forget_layout(process, false);
	tmi_process_forget_traits(process);
	atomic_fetch_add(&process->generation, 1);
}

/* --- opening a process --- */

static tmem_status no_such_process(uint32_t pid)
{
	return tmi_fail_text(TMEM_E_UNEXPECTED,
			     "process %u: there is none (or /proc hides it from this user)", pid);
}

static tmem_status check_kind(uint32_t pid, int dir, const struct live_identity *identity)
{
	uint64_t group;

	if (tmi_process_status_number(dir, "Tgid:", &group) && group != pid)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "%u is a thread of process %u: name the process", pid,
				     (unsigned)group);
	if (identity->flags & KERNEL_THREAD)
		return tmi_fail_text(TMEM_E_UNEXPECTED,
				     "process %u is a kernel thread: it has no memory of its own",
				     pid);
	return TMEM_S_OK;
}

/*
 * The folder is open already: when the process that the pidfd names still lives after its start
 * time was read through the folder, both are the same process.
 */
static tmem_status hold_process(struct live *process)
{
	struct live_identity identity;
	char path[32];

	if (process->target->features.pidfd)
		process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	snprintf(path, sizeof(path), "/proc/%u", process->pid);
	process->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process->dir < 0 || !tmi_process_identify(process->dir, &identity))
		return no_such_process(process->pid);
	if (identity.state == 'X')
		return no_such_process(process->pid);
	process->identity = identity;
	return check_kind(process->pid, process->dir, &identity);
}

static void init_process(struct live *process, struct live_target *target, uint32_t pid)
{
	process->target = target;
	process->pid = pid;
	process->dir = process->pidfd = -1;
	process->mem = process->maps = process->list = process->pagemap = -1;
	atomic_init(&process->tid, pid);
	atomic_init(&process->present, true);
	pthread_mutex_init(&process->renew_lock, NULL);
	pthread_mutex_init(&process->list_lock, NULL);
	pthread_mutex_init(&process->traits_lock, NULL);
	pthread_rwlock_init(&process->lock, NULL);
}

tmem_status tmi_process_open(struct live_target *target, uint32_t pid, struct live **process)
{
	struct live *opening = calloc(1, sizeof(*opening));
	struct opened opened;
	tmem_status status;

	*process = NULL;
	if (!opening)
		return no_memory();
	init_process(opening, target, pid);
	status = hold_process(opening);
	if (status == TMEM_S_OK)
		status = open_settled(target, pid, opening->dir, &opened);
	if (status == TMEM_S_OK && !tmi_process_alive(opening)) {
		close_files(&opened);
		status = no_such_process(pid);
	}
	if (status == TMEM_E_UNEXPECTED && tmi_error_reason() == TMEM_REASON_PROCESS_GONE)
		status = tmi_fail_text(status, "process %u: it has just exited", pid);
	if (status != TMEM_S_OK) {
		tmi_process_close(opening);
		return status;
	}
	install(opening, &opened);
	*process = opening;
	return TMEM_S_OK;
}

void tmi_process_drop(struct live *process)
{
	atomic_store(&process->present, false);
	pthread_mutex_lock(&process->renew_lock);
	tmi_process_forget_layout(process, true);
	put_file(process, -1, &process->mem);
	put_file(process, -1, &process->maps);
	pthread_mutex_lock(&process->list_lock);
	put_file(process, -1, &process->list);
	pthread_mutex_unlock(&process->list_lock);
	put_file(process, -1, &process->pagemap);
	atomic_fetch_add(&process->generation, 1);
	pthread_mutex_unlock(&process->renew_lock);
	tmi_process_forget_traits(process);
}

void tmi_process_close(struct live *process)
{
	const int files[] = { process->dir,  process->pidfd, process->mem,
			      process->maps, process->list,  process->pagemap };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] >= 0)
			close(files[i]);
	while (process->names) {
		struct live_name *next = process->names->next;

		free(process->names);
		process->names = next;
	}
	tmi_process_layout_free(process->layout);
	free(process->stacks.all);
	tmi_process_forget_traits(process);
	pthread_rwlock_destroy(&process->lock);
	pthread_mutex_destroy(&process->traits_lock);
	pthread_mutex_destroy(&process->list_lock);
	pthread_mutex_destroy(&process->renew_lock);
	free(process);
}

/* --- exit and exec --- */

/* Without a pidfd: the process is over when no thread of it is left but its remains. */
static bool folder_alive(const struct live *process)
{
	struct live_identity identity;
	uint32_t *tids;
	size_t count;

	if (!tmi_process_identify(process->dir, &identity) || identity.state == 'X')
		return false;
	if (identity.state != 'Z')
		return true;
	tmi_process_tasks(process->dir, &tids, &count);
	free(tids);
	return count > 1;
}

bool tmi_process_alive(struct live *process)
{
	struct pollfd poll_fd = { .fd = process->pidfd, .events = POLLIN };

	if (process->pidfd < 0)
		return folder_alive(process);
	return poll(&poll_fd, 1, 0) <= 0;
}

static tmem_status renew_locked(struct live *process, uint64_t generation)
{
	struct opened opened;
	tmem_status status;

	if (!atomic_load(&process->present))
		return tmi_fail_text(TMEM_E_UNEXPECTED, "process %u was dropped", process->pid);
	if (atomic_load(&process->generation) != generation)
		return TMEM_S_OK;
	if (!tmi_process_alive(process)) {
		atomic_store(&process->gone, true);
		return tmi_process_fail_gone();
	}
	status = open_settled(process->target, process->pid, process->dir, &opened);
	if (status == TMEM_S_OK)
		install(process, &opened);
	else if (status == TMEM_E_UNEXPECTED && tmi_error_reason() == TMEM_REASON_PROCESS_GONE)
		atomic_store(&process->gone, true);
	return status;
}

tmem_status tmi_process_renew(struct live *process, uint64_t generation)
{
	tmem_status status;

	pthread_mutex_lock(&process->renew_lock);
	status = renew_locked(process, generation);
	pthread_mutex_unlock(&process->renew_lock);
	return status;
}

bool tmi_process_again(struct live *process, uint64_t generation, int *round, tmem_status *status)
{
	if (*status != LIVE_STALE)
		return false;
	*status = tmi_process_renew(process, generation);
	if (*status != TMEM_S_OK)
		return false;
	if (++*round < LIVE_ROUNDS)
		return true;
	*status = tmi_fail(TMEM_E_UNEXPECTED, TMEM_REASON_ADDRESS_SPACE_GONE, 0);
	return false;
}

tmem_status tmi_process_check(struct live *process)
{
	struct live_identity identity;
	bool same;

	if (!tmi_process_identify(process->dir, &identity))
		return LIVE_STALE;
	/* The first thread's remains have no memory to tell of. */
	if (identity.state == 'Z' && atomic_load(&process->tid) != process->pid)
		return TMEM_S_OK;
	pthread_rwlock_rdlock(&process->lock);
	same = same_identity(&identity, &process->identity);
	pthread_rwlock_unlock(&process->lock);
	return same ? TMEM_S_OK : LIVE_STALE;
}

/* One question that the address space answers only as long as it is in use. */
static bool space_in_use(struct live *process)
{
	uint64_t entry;
	struct live_vma vma;

	if (process->target->features.query)
		return tmi_process_vma(process, 0, true, false, &vma) != LIVE_STALE;
	if (atomic_load(&process->has_pagemap))
		return pread(process->pagemap, &entry, sizeof(entry), 0) != 0;
	return tmi_process_check(process) == TMEM_S_OK;
}

tmem_status tmi_process_verify(struct live *process, uint64_t generation)
{
	if (!tmi_process_alive(process) || !space_in_use(process) ||
	    atomic_load(&process->generation) != generation)
		return LIVE_STALE;
	return atomic_load(&process->shares) ? tmi_process_check(process) : TMEM_S_OK;
}
