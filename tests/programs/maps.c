// A process with very many mappings: maps [COUNT, default 65000]
//
// One row of pages, by turns read-only and read-write, so that no two neighbours merge; prints
// `base ADDR` and `count N` (decimal, the mappings made). Page i holds i in its first 4 bytes when
// it is writable, zeros otherwise. Commands: peek ADDR LEN, poke ADDR HEX.
//
// The kernel's limit vm.max_map_count (65530 unless it was changed) also counts the program's own.

#include <sys/mman.h>

#include "protocol.h"

#define PAGE 0x1000u

static const struct command commands[] = {
	{ "peek", run_peek },
	{ "poke", run_poke },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? (uint32_t)atoi(argv[1]) : 65000;
	uint8_t *base;

	protocol_start();
	base = mmap(NULL, (size_t)count * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		die("mmap");
	for (uint32_t i = 1; i < count; i += 2) {
		uint8_t *page = base + (size_t)i * PAGE;

		if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
			die("mprotect");
		memcpy(page, &i, sizeof(i));
	}
	printf("base %" PRIxPTR "\ncount %u\n", (uintptr_t)base, count);
	protocol_serve(commands);
	return 0;
}
