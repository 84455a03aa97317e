/* SPDX-License-Identifier: Apache-2.0 */
/* sigbus.c - the chained SIGBUS handler over registered mappings; see sigbus.h. */
#include "base/sigbus.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK_ROWS 32

/*
 * A registered mapping. The handler may look at a row while another thread changes it, but never
 * at the row of the address that faulted: that mapping is in use, so its row stands still. A row
 * that is caught changing therefore is some other's and is passed over.
 */
struct row {
	atomic_bool taken;
	atomic_uint version; /* odd while the row changes */
	_Atomic uintptr_t first;
	_Atomic uintptr_t end; /* 0 = empty */
	_Atomic size_t granule;
	_Atomic(atomic_bool *) lost;
};

/* Chunks are only ever added, at the end, so that the handler needs no lock. */
struct chunk {
	struct row rows[CHUNK_ROWS];
	_Atomic(struct chunk *) next;
};

static struct chunk first_chunk;
static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static bool installed; /* under install_lock */
static struct sigaction previous;

/* What stands in for the previous handler since ours was thrown out and put back. */
enum {
	PREVIOUS_HANDLER,
	PREVIOUS_DEFAULT,
	PREVIOUS_IGNORE,
};
static atomic_int stand_in = PREVIOUS_HANDLER;

/* Copies the row to the outputs; false when it does not hold @address. */
static bool row_holds(struct row *row, uintptr_t address, uintptr_t *end, size_t *granule,
		      atomic_bool **lost)
{
	unsigned version = atomic_load(&row->version);
	uintptr_t first = atomic_load(&row->first);

	*end = atomic_load(&row->end);
	*granule = atomic_load(&row->granule);
	*lost = atomic_load(&row->lost);
	if (version % 2 || version != atomic_load(&row->version))
		return false;
	return address >= first && address < *end;
}

/* Puts zeros over the mapping from the lost page on; false: not ours. Async-signal-safe. */
static bool replace_lost_pages(uintptr_t address)
{
	atomic_bool *lost;
	uintptr_t end;
	size_t granule;

	for (struct chunk *chunk = &first_chunk; chunk; chunk = atomic_load(&chunk->next)) {
		for (size_t i = 0; i < CHUNK_ROWS; i++) {
			uintptr_t page;

			if (!row_holds(&chunk->rows[i], address, &end, &granule, &lost))
				continue;
			page = address & ~(uintptr_t)(granule - 1);
			/* The flag first: who copies the zeros must find it set. */
			atomic_store(lost, true);
			/* Writable: who stores into the page is told by the flag too. */
			return syscall(SYS_mmap, page, end - page, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
				       0) == (long)page;
		}
	}
	return false;
}

/* No handler before ours: a fault repeats and kills; a sent signal is sent again. */
static void take_default_action(const siginfo_t *info, bool ignore)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (ignore && info->si_code <= 0)
		return;
	sigaction(SIGBUS, &action, NULL);
	if (info->si_code <= 0)
		syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGBUS);
}

/* Calls the handler that was there before, with the signal mask it would have had. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	int instead = atomic_load(&stand_in);
	sigset_t mask = previous.sa_mask;
	sigset_t before;

	if (instead == PREVIOUS_HANDLER && !(previous.sa_flags & SA_SIGINFO))
		instead = previous.sa_handler == SIG_DFL   ? PREVIOUS_DEFAULT
			  : previous.sa_handler == SIG_IGN ? PREVIOUS_IGNORE
							   : PREVIOUS_HANDLER;
	if (instead != PREVIOUS_HANDLER) {
		take_default_action(info, instead == PREVIOUS_IGNORE);
		return;
	}
	if (!(previous.sa_flags & SA_NODEFER))
		sigaddset(&mask, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &mask, &before);
	if (previous.sa_flags & SA_SIGINFO)
		previous.sa_sigaction(number, info, context);
	else
		previous.sa_handler(number);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	/* Other codes, such as broken memory, are not ours to paper over. */
	if (info->si_code != BUS_ADRERR || !replace_lost_pages((uintptr_t)info->si_addr))
		pass_on(number, info, context);
	errno = saved;
}

/*
 * Once for the process and never undone: another handler may since have been put on top of ours
 * and call it. Only where there is none at all, because somebody restored what was there before
 * us, ours is put back.
 */
static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus };
	struct sigaction now;

	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&action.sa_mask);
	pthread_mutex_lock(&install_lock);
	sigaction(SIGBUS, NULL, &now);
	if (!installed) {
		previous = now;
		installed = true;
		sigaction(SIGBUS, &action, &previous);
	} else if (!(now.sa_flags & SA_SIGINFO) &&
		   (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)) {
		atomic_store(&stand_in,
			     now.sa_handler == SIG_IGN ? PREVIOUS_IGNORE : PREVIOUS_DEFAULT);
		sigaction(SIGBUS, &action, NULL);
	}
	pthread_mutex_unlock(&install_lock);
}

static bool take_row(struct row *row)
{
	bool free_row = false;

	return atomic_compare_exchange_strong(&row->taken, &free_row, true);
}

/* The chunk after @chunk, made when there is none; NULL without memory. */
static struct chunk *next_chunk(struct chunk *chunk)
{
	struct chunk *next = atomic_load(&chunk->next);
	struct chunk *made;

	if (next)
		return next;
	made = calloc(1, sizeof(*made));
	if (made && !atomic_compare_exchange_strong(&chunk->next, &next, made)) {
		free(made);
		return next;
	}
	return made;
}

static struct row *row_of(int number)
{
	struct chunk *chunk = &first_chunk;

	for (; number >= CHUNK_ROWS; number -= CHUNK_ROWS)
		chunk = atomic_load(&chunk->next);
	return &chunk->rows[number];
}

static void set_row(struct row *row, uintptr_t first, uintptr_t end, size_t granule,
		    atomic_bool *lost)
{
	atomic_fetch_add(&row->version, 1);
	atomic_store(&row->first, first);
	atomic_store(&row->end, end);
	atomic_store(&row->granule, granule);
	atomic_store(&row->lost, lost);
	atomic_fetch_add(&row->version, 1);
}

int tmi_sigbus_guard(const void *start, size_t size, size_t granule, atomic_bool *lost)
{
	int number = 0;

	install();
	for (struct chunk *chunk = &first_chunk; chunk; chunk = next_chunk(chunk)) {
		for (size_t i = 0; i < CHUNK_ROWS; i++, number++) {
			if (!take_row(&chunk->rows[i]))
				continue;
			set_row(&chunk->rows[i], (uintptr_t)start, (uintptr_t)start + size, granule,
				lost);
			return number;
		}
	}
	return -1;
}

void tmi_sigbus_forget(int row)
{
	struct row *found;

	if (row < 0)
		return;
	found = row_of(row);
	set_row(found, 0, 0, 1, NULL);
	atomic_store(&found->taken, false);
}
