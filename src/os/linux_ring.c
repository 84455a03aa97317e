/* SPDX-License-Identifier: Apache-2.0 */
/* linux_ring.c - rings of list_heads, which end whatever memory holds. */
#include "os/linux.h"

void tmi_linux_ring_begin(struct tmi_linux_ring *ring, uint64_t head, uint64_t limit)
{
	*ring = (struct tmi_linux_ring){ .head = head, .here = head, .limit = limit };
}

static bool end(struct tmi_linux_ring *ring, uint64_t where, const char *why)
{
	ring->where = where;
	ring->why = why;
	return false;
}

bool tmi_linux_ring_next(const struct tmi_linux *state, const struct tmi_os_memory *memory,
			 struct tmi_linux_ring *ring)
{
	uint32_t word = state->root.architecture->pointer_size;
	uint64_t next, back;

	if (!tmi_linux_pointer(state, memory, ring->here, &next))
		return end(ring, ring->here, "it is not readable");
	if (!tmi_linux_is_object(state, next))
		return end(ring, ring->here, "its pointer to the next is none to a kernel object");
	if (!tmi_linux_pointer(state, memory, next + word, &back))
		return end(ring, next, "it is not readable");
	/* Whoever points back to one place only is reached from that place only: no loops. */
	if (back != ring->here)
		return end(ring, next, "it does not point back to the one before");
	if (next == ring->head)
		return end(ring, next, NULL);
	if (ring->steps++ >= ring->limit)
		return end(ring, next, "there are more than can be");
	ring->here = next;
	return true;
}
