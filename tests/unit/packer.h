/* SPDX-License-Identifier: Apache-2.0 */
/* packer.h - makes compressed bytes for tests, by the libraries' own packing functions. */
#ifndef TMEM_TESTS_PACKER_H
#define TMEM_TESTS_PACKER_H

#include <stddef.h>
#include <stdint.h>

/* Every codec that there is; the tests walk it. */
static const char *const packer_codecs[] = { "gzip", "zstd", "xz", "lz4" };
#define PACKER_CODECS 4u

/*
 * One frame by the codec of that name, with a checksum of the content, appended at @at of
 * *packed (realloc()ed). Returns the size of all. Ends the program when that fails.
 */
size_t packer_append(const char *codec, uint8_t **packed, size_t at, const void *data, size_t size);

#endif
