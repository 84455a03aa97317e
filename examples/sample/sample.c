/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c - the program that `make demo` looks into: a small harbour in memory.
 *
 * It keeps a linked list of ships, a text log and a tide counter that goes on counting, all in one
 * page; tells where they are (`name address` lines, then `ready`) and waits to be ended.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <uchar.h>
#include <unistd.h>

struct ship {
	struct ship *next;
	const char *name;
	uint32_t tons;
	uint32_t crew;
	char16_t home[12];
};

struct harbour {
	struct ship *first;
	volatile uint64_t tide;
	struct ship ships[3];
	char names[3][16];
	char log[128];
	uint8_t berth[32];
};

/* Where there is room for it: an address that is easy to recognise. */
#define HARBOUR_ADDRESS ((void *)0x5ea000000000)

static struct harbour *make_page(void)
{
	struct harbour *page = mmap(HARBOUR_ADDRESS, sizeof(*page), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static void moor(struct harbour *harbour, unsigned int berth, const char *name, uint32_t tons,
		 const char16_t *home)
{
	struct ship *ship = &harbour->ships[berth];

	strncpy(harbour->names[berth], name, sizeof(harbour->names[berth]) - 1);
	ship->name = harbour->names[berth];
	ship->tons = tons;
	ship->crew = 7 + berth;
	for (unsigned int i = 0; home[i] && i < 11; i++)
		ship->home[i] = home[i];
	ship->next = harbour->first;
	harbour->first = ship;
}

static void tell(const char *name, const volatile void *address)
{
	printf("%s %" PRIxPTR "\n", name, (uintptr_t)address);
}

int main(void)
{
	struct harbour *harbour = make_page();

	if (!harbour)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	prctl(PR_SET_TIMERSLACK, 1);
	moor(harbour, 0, "Albatross", 1200, u"Porto");
	moor(harbour, 1, "Curlew", 340, u"Bergen");
	moor(harbour, 2, "Petrel", 85, u"Galway");
	strcpy(harbour->log,
	       "06:10 Petrel in, 06:55 Curlew out, 07:20 fog, pilot on board Albatross");
	tell("harbour", harbour);
	tell("tide", &harbour->tide);
	tell("home", harbour->ships[1].home);
	tell("name", harbour->names[0]);
	tell("log", harbour->log);
	tell("berth", harbour->berth);
	puts("ready");
	fflush(stdout);
	for (;;) {
		harbour->tide++;
		usleep(10);
	}
}
