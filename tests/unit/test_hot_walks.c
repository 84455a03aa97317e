/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hot_walks.c - what a thread remembers of walks, over random tables: small reads and single
 * translations are compared with full walks and with physical memory, which remember nothing. Two
 * targets take turns, more often than there are epochs, at addresses whose places in the tables of
 * a thread are those of the present epoch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#define PAGE   UINT64_C(4096)
#define LARGE  (UINT64_C(2) << 20)
#define GIB    (UINT64_C(1) << 30)
#define LOWERS 2048u /* as many spans of 2 MiB a thread remembers: 4 GiB */
#define PAGES  256u  /* as many single pages */
#define ROUNDS 2300u /* more than twice as many as there are epochs */
#define READS  24u
#define TABLES 8u                      /* last ones */
#define FRAMES (2 * LARGE / PAGE + 40) /* a page of 2 MiB fits, wherever the first is */
#define WORDS  (FRAMES * PAGE / sizeof(uint64_t))

/* Entries of a kind of tables. */
struct kind {
	const char *options;
	uint64_t table, large, page;
	uint64_t reserved;
	bool has_root; /* a table above the one with an entry for each GiB */
};

static const struct kind x64 = { "scheme=x64,levels=4", 0x7, 0x87, 0x3, 1ull << 51, true };
static const struct kind pae = { "scheme=pae,machine=i386", 0x1, 0x83, 0x3, 1ull << 55, false };
static const struct kind arm64 = {
	"scheme=arm64,machine=arm64", 0x3, 0x401, 0x403, 1ull << 48, true
};

static uint64_t words[WORDS];
static uint64_t seed;

static uint64_t any(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return seed >> 33 ^ seed << 31;
}

/* An entry of the last table but one. */
static uint64_t upper_entry(const struct kind *kind, uint64_t base, uint64_t tables)
{
	switch (any() % 8) {
	case 0: return 0;
	case 1: return any();
	case 2: return (base + (any() % 2 * LARGE)) | kind->large;
	case 3: return ((base + any() % 4 * LARGE) & ~(LARGE - 1)) | kind->large;
	default: return (tables + any() % TABLES * PAGE) | kind->table;
	}
}

static uint64_t lower_entry(const struct kind *kind, uint64_t base)
{
	uint64_t page = (base + any() % (FRAMES + 3) * PAGE - any() % 2 * PAGE) | kind->page;

	switch (any() % 8) {
	case 0: return 0;
	case 1: return any();
	case 2: return page & ~UINT64_C(1);
	case 3: return page | kind->reserved;
	case 4: return page ^ 1ull << any() % 64;
	default: return page;
	}
}

/* Tables at the beginning, all of it is memory. */
static void fill(const struct kind *kind, uint64_t base)
{
	uint64_t next = kind->has_root ? 1 : 0;
	uint64_t upper = (next + 1) * 512, lower = upper + 4 * 512;
	uint64_t tables = base + lower * 8;

	for (size_t i = 0; i < WORDS; i++)
		words[i] = any();
	memset(words, 0, upper * 8);
	if (kind->has_root)
		words[0] = (base + PAGE) | kind->table;
	for (uint64_t i = 0; i < 4; i++)
		words[next * 512 + i] = (base + (upper + i * 512) * 8) | kind->table;
	for (uint64_t i = 0; i < (uint64_t)LOWERS; i++)
		words[upper + i] = upper_entry(kind, base, tables);
	for (uint64_t i = 0; i < (uint64_t)TABLES * 512; i++)
		words[lower + i] = lower_entry(kind, base);
}

/* A file of them, already removed. */
static tmem_target *open_words(const char *kind_options, uint64_t base)
{
	char spec[] = "raw:/tmp/tmem-hot-walks-XXXXXX", options[128];
	int fd = mkstemp(spec + 4);
	tmem_target *target = NULL;

	assert_int_equal(write(fd, words, sizeof(words)), sizeof(words));
	close(fd);
	snprintf(options, sizeof(options), "base=%#llx,root=%#llx,%s", (unsigned long long)base,
		 (unsigned long long)base, kind_options);
	if (tmem_open(spec, options, &target) != TMEM_S_OK)
		fail_msg("%s: %s", options, tmem_last_error(NULL));
	unlink(spec + 4);
	return target;
}

static tmem_target *open_tables(const struct kind *kind, uint64_t base)
{
	fill(kind, base);
	return open_words(kind->options, base);
}

/* Two levels of entries of 4 bytes, of which single pages are remembered. */
static tmem_target *open_short_tables(void)
{
	uint32_t *entries = (uint32_t *)words;

	for (size_t i = 0; i < WORDS; i++)
		words[i] = any();
	memset(words, 0, PAGE);
	for (uint64_t i = 0; i < TABLES; i++)
		entries[i] = (uint32_t)((1 + i) * PAGE) | 7;
	for (uint64_t i = 1024; i < (TABLES + 1) * 1024; i++)
		entries[i] = any() % 4 ? (uint32_t)(any() % (FRAMES + 3) * PAGE) | 7 : 0;
	return open_words("scheme=x86,machine=i386", 0);
}

/* Where a full walk leads; false: nowhere. */
static bool walk(tmem_target *target, uint64_t address, uint64_t *physical)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	tmem_status status =
		tmem_translate(target, TMEM_CURRENT_DIRECTORY_BASE, address, &translation);

	*physical = translation.physical;
	return status == TMEM_S_OK;
}

/* As many bytes as there are, one by one through full walks and physical memory. */
static size_t read_plainly(tmem_target *target, uint64_t address, uint8_t *bytes, size_t size)
{
	uint64_t physical;
	size_t done, one;

	for (done = 0; done < size; done++)
		if (!walk(target, address + done, &physical) ||
		    tmem_read_physical(target, physical, bytes + done, 1, &one) != TMEM_S_OK)
			break;
	return done;
}

static unsigned reads_found;

static void same_answers(tmem_target *target, uint64_t address, size_t size)
{
	uint8_t bytes[16], expected[16];
	uint64_t physical = 1, walked;
	size_t done = 99, all = read_plainly(target, address, expected, size);
	bool there = walk(target, address, &walked);
	tmem_status status;

	/* The first may begin at the top, the second with what that left, the third with this. */
	for (int again = 0; again < 3; again++) {
		memset(bytes, 0, sizeof(bytes));
		status = tmem_read_virtual(target, address, bytes, size, &done);
		if (done != all || (status == TMEM_S_OK) != (all > 0) ||
		    memcmp(bytes, expected, all))
			fail_msg("%zu bytes at %#llx: %zu of %zu", size,
				 (unsigned long long)address, done, all);
		status = tmem_virtual_to_physical(target, address, &physical);
		assert_int_equal(status, there ? TMEM_S_OK : TMEM_E_NO_PAGEFILE);
		assert_int_equal(physical, walked);
	}
	reads_found += all > 0;
}

/*
 * An address in @count spans of @size bytes, mostly in or beside the ones that zeros are a tag of
 * in the epoch of this round.
 */
static uint64_t choose(unsigned round, uint64_t size, uint64_t count)
{
	uint64_t epoch = round % (count / 2 - 1) + 1;
	uint64_t span = any() % 4 ? 2 * epoch + any() % 4 : any();
	uint64_t inside = any() % 4 ? any() % size : any() % (size / PAGE) * PAGE - any() % 9;

	return (span % count * size + inside) % (count * size - PAGE);
}

static void take_turns_with(tmem_target *targets[2], uint64_t size, uint64_t count)
{
	reads_found = 0;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < READS; i++)
			same_answers(targets[round % 2], choose(round, size, count),
				     any() % 3 ? 8 : 1 + any() % 16);
	for (int i = 0; i < 2; i++)
		tmem_close(targets[i]);
	assert_in_range(reads_found, ROUNDS * READS / 10, ROUNDS * READS * 9 / 10);
}

static void take_turns(const struct kind *kind, uint64_t base)
{
	tmem_target *targets[2];

	seed = base + 1;
	for (int i = 0; i < 2; i++)
		targets[i] = open_tables(kind, base);
	take_turns_with(targets, LARGE, LOWERS);
}

static void x64_tables(void **state)
{
	take_turns(&x64, 0);
}

static void pae_tables(void **state)
{
	take_turns(&pae, 0x100000);
}

static void arm64_tables(void **state)
{
	take_turns(&arm64, 0x40000000);
}

/* Whose window ends where the bits begin that must not be set. */
static void arm64_tables_at_the_top(void **state)
{
	take_turns(&arm64, (1ull << 48) - 2 * LARGE);
}

static void short_tables(void **state)
{
	tmem_target *targets[2];

	seed = 5;
	for (int i = 0; i < 2; i++)
		targets[i] = open_short_tables();
	take_turns_with(targets, PAGE, PAGES);
}

/* --- pages in the cache --- */

static tmem_target *open_stopped(unsigned number)
{
	char spec[] = "synth:/tmp/tmem-hot-walks-XXXXXX";
	int fd = mkstemp(spec + 6);
	tmem_target *target = NULL;

	dprintf(fd, "tmem synth 1\ntarget live=yes\nmachine amd64 granular=page\n"
		    "process 1 \"/bin/a\"\n");
	/* Every other 64 KiB. */
	for (unsigned i = number; i < PAGES * PAGE >> 16; i += 2)
		dprintf(fd, "run %#x 0x10000 rw-p\n", i << 16);
	close(fd);
	assert_int_equal(tmem_open(spec, NULL, &target), TMEM_S_OK);
	unlink(spec + 6);
	for (uint64_t i = number; i < PAGES * PAGE >> 16; i += 2)
		assert_int_equal(tmem_write_virtual(target, i << 16, words + i * 7, 0x10000, NULL),
				 TMEM_S_OK);
	assert_int_equal(tmem_suspend(target), TMEM_S_OK);
	return target;
}

static void same_word(tmem_target *target, unsigned number, uint64_t address)
{
	bool there = (address >> 16) % 2 == number;
	uint64_t expected, word;
	size_t done;

	address &= ~UINT64_C(7);
	expected = words[(address >> 16) * 7 + (address & 0xffff) / 8];
	for (int again = 0; again < 3; again++) {
		word = 0;
		assert_int_equal(tmem_read_virtual(target, address, &word, 8, &done),
				 there ? TMEM_S_OK : TMEM_E_READ_FAULT);
		assert_int_equal(word, there ? expected : 0);
	}
}

static void cached_pages(void **state)
{
	tmem_target *targets[2];

	seed = 6;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = any();
	for (unsigned i = 0; i < 2; i++)
		targets[i] = open_stopped(i);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < READS; i++)
			same_word(targets[round % 2], round % 2, choose(round, PAGE, PAGES));
	for (int i = 0; i < 2; i++)
		tmem_close(targets[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x64_tables),   cmocka_unit_test(pae_tables),
		cmocka_unit_test(arm64_tables), cmocka_unit_test(arm64_tables_at_the_top),
		cmocka_unit_test(short_tables), cmocka_unit_test(cached_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
