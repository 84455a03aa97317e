/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_writes.c - writes to a core through one handle and is told through another; the core file
 * does not change, and discarding brings its bytes back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tmem.h>

static void changed(void *context, uint32_t flags, uint64_t argument)
{
	if (flags == TMEM_CDS_DATA && argument == TMEM_DATA_SPACE_VIRTUAL)
		printf("%s: virtual memory changed\n", (const char *)context);
}

static int byte_at(tmem_target *target, uint64_t offset)
{
	unsigned char byte;

	if (tmem_read_virtual(target, offset, &byte, 1, NULL) != TMEM_S_OK)
		return -1;
	return byte;
}

int main(int argc, char **argv)
{
	char name[] = "watcher";
	struct tmem_event_callbacks callbacks = {
		.size = sizeof(callbacks),
		.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
		.context = name,
		.change_debuggee_state = changed,
	};
	tmem_target *writer, *watcher;
	uint64_t offset = argc == 3 ? strtoull(argv[2], NULL, 16) : 0;

	if (argc != 3) {
		fprintf(stderr, "usage: watch_writes CORE ADDRESS\n");
		return 2;
	}
	if (tmem_open(argv[1], NULL, &writer) != TMEM_S_OK) {
		fprintf(stderr, "%s\n", tmem_last_error(NULL));
		return 1;
	}
	if (tmem_target_dup(writer, &watcher) == TMEM_S_OK) {
		tmem_set_event_callbacks(watcher, &callbacks);
		printf("before: %02x\n", byte_at(watcher, offset));
		if (tmem_write_virtual(writer, offset, "\xcc", 1, NULL) != TMEM_S_OK)
			fprintf(stderr, "%s\n", tmem_last_error(writer));
		printf("written: %02x\n", byte_at(watcher, offset));
		tmem_overlay_discard(writer);
		printf("discarded: %02x\n", byte_at(watcher, offset));
		tmem_close(watcher);
	}
	tmem_close(writer);
	return 0;
}
