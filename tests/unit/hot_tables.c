/* SPDX-License-Identifier: Apache-2.0 */
/* hot_tables.c - see hot_tables.h. */
#include "hot_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GIB_PAGE 3u

/* Tells the tables of an arm64 address, of which only those without it are there. */
#define HALF (1ull << 55)

#define WALKS .span = TABLES_LARGE, .spans = TABLES_LOWERS
#define X64   WALKS, .table = 0x7, .large = 0x87, .page = 0x3, .gib = 0x83, .reserved = 1ull << 51
#define ARM64                                                                                      \
	WALKS, .options = "scheme=arm64,machine=arm64,kernel-root=0", .table = 0x3,                \
	       .large = 0x401, .page = 0x403, .gib = 0x401, .reserved = 1ull << 48, .roots = 1,    \
	       .tags = UINT64_MAX << 48 & ~HALF, .strange = HALF

/* The page of 1 GiB ends in the middle of the memory, or holds all of it. */
const struct tables_kind tables_x64 = { X64, .options = "scheme=x64,levels=4",
					.base = 2 * TABLES_GIB - TABLES_LARGE, .roots = 1,
					.strange = UINT64_MAX << 48 };
const struct tables_kind tables_x64_five = { X64, .options = "scheme=x64,levels=5", .roots = 2,
					     .strange = UINT64_MAX << 57 };
const struct tables_kind tables_pae = { WALKS,
					.options = "scheme=pae,machine=i386",
					.base = 0x100000,
					.table = 0x1,
					.large = 0x83,
					.page = 0x3,
					.reserved = 1ull << 55 };
const struct tables_kind tables_arm64 = { ARM64, .base = 0x40000000 };
const struct tables_kind tables_arm64_at_the_top = { ARM64,
						     .base = (1ull << 48) - 2 * TABLES_LARGE };
const struct tables_kind tables_x86 = { .options = "scheme=x86,machine=i386",
					.span = TABLES_PAGE,
					.spans = TABLES_PAGES };

uint64_t tables_words[TABLES_WORDS];
uint64_t tables_seed;

uint64_t tables_any(void)
{
	tables_seed = tables_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return tables_seed >> 33 ^ tables_seed << 31;
}

/* Places in the memory: of the table with an entry for each GiB, of those below, of the last. */
static uint64_t gibs_at(const struct tables_kind *kind)
{
	return kind->roots * TABLES_PAGE;
}

static uint64_t uppers_at(const struct tables_kind *kind)
{
	return gibs_at(kind) + TABLES_PAGE;
}

static uint64_t lowers_at(const struct tables_kind *kind)
{
	return uppers_at(kind) + 4 * TABLES_PAGE;
}

uint64_t tables_data_at(const struct tables_kind *kind)
{
	return lowers_at(kind) + TABLES_LAST * TABLES_PAGE;
}

/* An entry of the last table but one. */
static uint64_t wild_upper_entry(const struct tables_kind *kind)
{
	switch (tables_any() % 8) {
	case 0: return 0;
	case 1: return tables_any();
	case 2: return (kind->base + (tables_any() % 2 * TABLES_LARGE)) | kind->large;
	case 3:
		return ((kind->base + tables_any() % 4 * TABLES_LARGE) & ~(TABLES_LARGE - 1)) |
		       kind->large;
	default:
		return (kind->base + lowers_at(kind) + tables_any() % TABLES_LAST * TABLES_PAGE) |
		       kind->table;
	}
}

static uint64_t wild_lower_entry(const struct tables_kind *kind)
{
	uint64_t frame =
		tables_any() % (TABLES_FRAMES + 3) * TABLES_PAGE - tables_any() % 2 * TABLES_PAGE;
	uint64_t page = (kind->base + frame) | kind->page;

	switch (tables_any() % 8) {
	case 0: return 0;
	case 1: return tables_any();
	case 2: return page & ~UINT64_C(1);
	case 3: return page | kind->reserved;
	case 4: return page ^ 1ull << tables_any() % 64;
	default: return page;
	}
}

uint64_t tables_upper_entry(const struct tables_kind *kind)
{
	switch (tables_any() % 8) {
	case 0: return 0;
	case 1:
		return ((kind->base + tables_any() % 4 * TABLES_LARGE) & ~(TABLES_LARGE - 1)) |
		       kind->large;
	default:
		return (kind->base + lowers_at(kind) + tables_any() % TABLES_LAST * TABLES_PAGE) |
		       kind->table;
	}
}

uint64_t tables_lower_entry(const struct tables_kind *kind)
{
	if (!(tables_any() % 8))
		return 0;
	return (kind->base + tables_any() % (TABLES_FRAMES + 3) * TABLES_PAGE) | kind->page;
}

void tables_fill(const struct tables_kind *kind, bool tidy)
{
	uint64_t *gibs = tables_words + gibs_at(kind) / 8;
	uint64_t *uppers = tables_words + uppers_at(kind) / 8;
	uint64_t *lowers = tables_words + lowers_at(kind) / 8;

	for (size_t i = 0; i < TABLES_WORDS; i++)
		tables_words[i] = tables_any();
	memset(tables_words, 0, uppers_at(kind));
	for (unsigned i = 0; i < kind->roots; i++)
		tables_words[i * 512] = (kind->base + (i + 1) * TABLES_PAGE) | kind->table;
	for (uint64_t i = 0; i < 4; i++)
		gibs[i] = (kind->base + uppers_at(kind) + i * TABLES_PAGE) | kind->table;
	if (kind->gib)
		gibs[GIB_PAGE] = (kind->base & ~(TABLES_GIB - 1)) | kind->gib;
	for (uint64_t i = 0; i < (uint64_t)TABLES_LOWERS; i++)
		uppers[i] = tidy ? tables_upper_entry(kind) : wild_upper_entry(kind);
	for (uint64_t i = 0; i < (uint64_t)TABLES_LAST * 512; i++)
		lowers[i] = tidy ? tables_lower_entry(kind) : wild_lower_entry(kind);
}

tmem_target *tables_open(const struct tables_kind *kind, int *file)
{
	char spec[] = "raw:/tmp/tmem-hot-walks-XXXXXX", options[128];
	int fd = mkstemp(spec + 4);
	tmem_target *target = NULL;

	assert_int_equal(write(fd, tables_words, sizeof(tables_words)), sizeof(tables_words));
	snprintf(options, sizeof(options), "base=%#llx,root=%#llx,%s",
		 (unsigned long long)kind->base, (unsigned long long)kind->base, kind->options);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s: %s", options, tmem_last_error(NULL));
	unlink(spec + 4);
	if (file)
		*file = fd;
	else
		close(fd);
	return target;
}

unsigned tables_reads_found;

void tables_expect(tmem_target *target, uint64_t address, size_t size,
		   const struct tables_answer *answer)
{
	uint64_t physical = 1;
	uint8_t bytes[16];
	size_t done = 99;
	tmem_status status;

	/* The first may begin at the top, the second with what that left, the third with this. */
	for (int again = 0; again < 3; again++) {
		memset(bytes, 0, sizeof(bytes));
		status = tmem_read_virtual(target, address, bytes, size, &done);
		if (done != answer->size || (status == TMEM_S_OK) != (answer->size > 0) ||
		    memcmp(bytes, answer->bytes, answer->size))
			fail_msg("%zu bytes at %#llx: %zu of %zu", size,
				 (unsigned long long)address, done, answer->size);
		status = tmem_virtual_to_physical(target, address, &physical);
		assert_int_equal(status, answer->there ? TMEM_S_OK : TMEM_E_NO_PAGEFILE);
		assert_int_equal(physical, answer->physical);
	}
	tables_reads_found += answer->size > 0;
}

uint64_t tables_with(uint64_t address, uint64_t bits)
{
	return tables_any() % 3 ? address : address | (tables_any() & bits);
}

uint64_t tables_choose(unsigned round, uint64_t size, uint64_t count)
{
	uint64_t epoch = round % (count / 2 - 1) + 1;
	uint64_t span = tables_any() % 4 ? 2 * epoch + tables_any() % 4 : tables_any();
	uint64_t inside = tables_any() % 4 ? tables_any() % size
					   : tables_any() % (size / TABLES_PAGE) * TABLES_PAGE -
						     tables_any() % 9;

	return (span % count * size + inside) % (count * size - TABLES_PAGE);
}

uint64_t tables_choose_in(const struct tables_kind *kind, unsigned round)
{
	if (kind->gib && !(tables_any() % 4))
		return GIB_PAGE * TABLES_GIB + kind->base % TABLES_GIB +
		       tables_any() % sizeof(tables_words);
	return tables_choose(round, kind->span, kind->spans);
}

size_t tables_choose_size(void)
{
	return tables_any() % 3 ? 8 : 1 + tables_any() % 16;
}
