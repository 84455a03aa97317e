/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt.c - Ctrl-C: stops what runs, not the program. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli.h"

#define PATIENCE 3 /* the so many-th Ctrl-C without an answer ends the program */

static _Atomic(tmem_target *) target;
static atomic_int count;
static volatile int pressed; /* the same for the library, while there is no target yet */

static void handle(int signal)
{
	tmem_target *running = atomic_load(&target);

	pressed = 1;
	if (atomic_fetch_add(&count, 1) + 1 >= PATIENCE) {
		static const char text[] = "\ntmem: no answer to Ctrl-C: leaving\n";

		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
			/* Nobody is there to be told. */
		}
		_exit(EXIT_COMMAND_FAILED);
	}
	if (running)
		tmem_set_interrupt(running);
}

void interrupt_init(tmem_target *running)
{
	/* Without SA_RESTART: a read at the prompt has to return. */
	struct sigaction action = { .sa_handler = handle };

	atomic_store(&target, running);
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

void interrupt_fini(void)
{
	signal(SIGINT, SIG_DFL);
	atomic_store(&target, NULL);
}

void interrupt_hold(sigset_t *before)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, before);
}

void interrupt_release(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

bool interrupt_seen(void)
{
	return atomic_load(&count) > 0;
}

const volatile int *interrupt_flag(void)
{
	return &pressed;
}

void interrupt_clear(void)
{
	tmem_target *running = atomic_load(&target);

	atomic_store(&count, 0);
	pressed = 0;
	if (running)
		tmem_get_interrupt(running);
}
