/* SPDX-License-Identifier: Apache-2.0 */
/* hot.c - the pages behind page tables that a thread remembers; see hot.h. */
#include "engine/hot.h"

#include <stdlib.h>

_Thread_local struct tmi_hot tmi_hot;
_Thread_local struct tmi_slot *tmi_slots;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void free_slots(void *slots)
{
	tmi_slots = NULL;
	free(slots);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, free_slots);
}

bool tmi_hot_make_slots(void)
{
	pthread_once(&key_once, make_key);
	if (!have_key)
		return false;
	tmi_slots = calloc(TMI_SLOT_COUNT, sizeof(*tmi_slots));
	if (tmi_slots && pthread_setspecific(key, tmi_slots)) {
		free(tmi_slots);
		tmi_slots = NULL;
	}
	return tmi_slots;
}
