/* SPDX-License-Identifier: Apache-2.0 */
/* find_all.c - prints every address where a text stands in a process or core, and its region. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tmem.h>

static void print_match(tmem_target *target, uint64_t match)
{
	struct tmem_run run = { .size = sizeof(run) };

	if (tmem_get_next_run(target, TMEM_DATA_SPACE_VIRTUAL, match, &run) == TMEM_S_OK)
		printf("%016" PRIx64 "  %s\n", match, run.name);
}

int main(int argc, char **argv)
{
	struct tmem_search_request request = { .size = sizeof(request), .length = UINT64_MAX };
	tmem_search_cursor *cursor;
	tmem_target *target;
	uint64_t match;
	tmem_status status;

	if (argc != 3 || !*argv[2]) {
		fprintf(stderr, "usage: find_all TARGET TEXT\n");
		return 2;
	}
	if (tmem_open(argv[1], NULL, &target) != TMEM_S_OK) {
		fprintf(stderr, "%s\n", tmem_last_error(NULL));
		return 1;
	}
	request.pattern = argv[2];
	request.pattern_size = strlen(argv[2]);
	request.pattern_granularity = 1;
	status = tmem_search_cursor_new(target, &request, &cursor);
	while (status == TMEM_S_OK) {
		status = tmem_search_cursor_next(cursor, &match);
		if (status == TMEM_S_OK)
			print_match(target, match);
	}
	if (status != TMEM_E_NO_MORE_ENTRIES)
		fprintf(stderr, "%s\n", tmem_last_error(target));
	tmem_search_cursor_free(cursor);
	tmem_close(target);
	return status != TMEM_E_NO_MORE_ENTRIES;
}
