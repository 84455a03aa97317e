/* SPDX-License-Identifier: Apache-2.0 */
/* first_look.c - opens a process or core and shows its first readable bytes and modules. */
#include <inttypes.h>
#include <stdio.h>
#include <tmem.h>

int main(int argc, char **argv)
{
	struct tmem_module module = { .size = sizeof(module) };
	uint64_t base, size;
	unsigned char bytes[16];
	size_t count;
	tmem_target *target;

	if (tmem_open(argc > 1 ? argv[1] : "", NULL, &target) != TMEM_S_OK) {
		fprintf(stderr, "%s\n", tmem_last_error(NULL));
		return 1;
	}
	for (uint32_t i = 0; tmem_get_module_by_index(target, i, &module) == TMEM_S_OK; i++)
		printf("%016" PRIx64 " %8" PRIx64 " %s\n", module.base, module.module_size,
		       module.file);
	if (tmem_get_valid_region_virtual(target, 0, UINT64_MAX, &base, &size) == TMEM_S_OK &&
	    tmem_read_virtual(target, base, bytes, sizeof(bytes), &count) == TMEM_S_OK) {
		printf("%016" PRIx64 " ", base);
		for (size_t i = 0; i < count; i++)
			printf(" %02x", bytes[i]);
		printf("\n");
	}
	tmem_close(target);
	return 0;
}
