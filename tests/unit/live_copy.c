/* SPDX-License-Identifier: Apache-2.0 */
/* live_copy.c - see live_copy.h. */
#include "live_copy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

uint64_t live_copy_random(struct live_copy *copy)
{
	copy->random ^= copy->random << 13;
	copy->random ^= copy->random >> 7;
	copy->random ^= copy->random << 17;
	return copy->random;
}

void live_copy_map(struct live_copy *copy, size_t pages)
{
	copy->page = (size_t)sysconf(_SC_PAGESIZE);
	copy->pages = pages;
	copy->random = 88172645463325252u;
	copy->memory = mmap(NULL, (pages + 1) * copy->page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(copy->memory != MAP_FAILED);
	munmap(copy->memory + pages * copy->page, copy->page);
}

/* The copy, for the rest of its life. */
static void be_written_to(struct live_copy *copy, bool (*is_hole)(size_t page), size_t busy,
			  const uint8_t values[2], int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < copy->pages; i++)
		if (is_hole(i))
			munmap(copy->memory + i * copy->page, copy->page);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (unsigned round = 0;; round++)
		for (size_t i = 0; i < busy; i++)
			((volatile uint8_t *)copy->busy)[i] = values[round % 2];
}

void live_copy_start(struct live_copy *copy, bool (*is_hole)(size_t page), size_t busy,
		     const uint8_t values[2])
{
	char spec[32], byte;
	int ready[2];

	assert_int_equal(pipe(ready), 0);
	copy->child = fork();
	if (!copy->child)
		be_written_to(copy, is_hole, busy, values, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	snprintf(spec, sizeof(spec), "pid:%d", copy->child);
	if (tmem_open(spec, NULL, &copy->target) != TMEM_S_OK)
		fail_msg("%s", tmem_last_error(NULL));
}

void live_copy_end(struct live_copy *copy)
{
	tmem_close(copy->target);
	kill(copy->child, SIGKILL);
	waitpid(copy->child, NULL, 0);
	munmap(copy->memory, copy->pages * copy->page);
}
