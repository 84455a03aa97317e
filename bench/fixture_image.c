/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_image.c - images of physical memory with page tables, written straight from what they
 * shall hold.
 *
 * First come the tables, up to a border of 2 MiB, then the big memory with its pages shuffled. Page
 * p of it lies in the frame frame_of[p] behind the tables. No page is where its neighbour would
 * lead one to expect it, as in a machine that has run for long.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "image_walk.h"

#define PAGES_ADDRESS UINT64_C(0x7f0000000000)
#define LARGE_ADDRESS UINT64_C(0xffff888000000000)
#define LARGE_PAGE    ((uint64_t)BENCH_IMAGE_LARGE_PAGE)
#define GIB           ((uint64_t)1 << 30)
#define CHUNK_PAGES   256

#define TABLE_FLAGS (BENCH_IMAGE_PRESENT | 0x2 | 0x4)         /* writable, for user mode too */
#define PAGE_FLAGS  (BENCH_IMAGE_PRESENT | 0x2 | 0x20 | 0x40) /* writable, accessed, dirty */

/* Tables that are being made; one frame after the other. */
struct tables {
	uint64_t *words;
	uint64_t used; /* bytes */
	uint64_t size;
};

/* The table that an entry leads to, made when there is none yet. */
static uint64_t *table_below(struct tables *tables, uint64_t *entry)
{
	if (!*entry) {
		if (tables->used == tables->size)
			return NULL;
		*entry = tables->used | TABLE_FLAGS;
		tables->used += BENCH_PAGE;
	}
	return tables->words + (*entry & BENCH_IMAGE_FRAME) / sizeof(*entry);
}

/* Sets the entry of an address in its table of @level: 1 for pages of 4 KiB, 2 for 2 MiB. */
static bool map_page(struct tables *tables, uint64_t address, unsigned level, uint64_t entry)
{
	uint64_t *table = tables->words;

	for (unsigned at = 4; table && at > level; at--)
		table = table_below(tables, &table[bench_image_index(address, at)]);
	if (!table)
		return bench_fail("the page tables do not fit");
	table[bench_image_index(address, level)] = entry;
	return true;
}

/* The entry of an address in its table of @level, which is there. */
static uint64_t entry_of(const struct tables *tables, uint64_t address, unsigned level)
{
	const uint64_t *table = tables->words;

	for (unsigned at = 4; at > level; at--)
		table = tables->words +
			(table[bench_image_index(address, at)] & BENCH_IMAGE_FRAME) /
				sizeof(*table);
	return table[bench_image_index(address, level)];
}

/* A first table of its own and one below, which lead to the tables of 4 KiB pages many times. */
static bool map_aliases(struct tables *tables, const struct bench_image *image)
{
	uint64_t *root = tables->words + image->alias_root / sizeof(*root);
	uint64_t *table;

	tables->used += BENCH_PAGE;
	table = table_below(tables, root);
	if (!table)
		return bench_fail("the page tables do not fit");
	for (uint64_t alias = 0; alias < BENCH_ALIASES; alias++)
		for (uint64_t at = 0; at < image->alias_size; at += GIB)
			*table++ = entry_of(tables, image->pages + at, 3);
	return true;
}

/* Room for the first tables, two more for each range, and the last ones of 4 KiB pages. */
static uint64_t tables_room(void)
{
	uint64_t frames = 2 + 3 * 2 + bench_size() / LARGE_PAGE + 2 * (bench_size() / GIB) + 4;

	return (frames * BENCH_PAGE + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
}

static bool put_tables(int fd, struct bench_image *image, const uint32_t *frame_of)
{
	struct tables tables = { .used = BENCH_PAGE, .size = image->data };
	bool good;

	tables.words = calloc(1, tables.size);
	good = tables.words || bench_fail("no memory");
	for (uint64_t i = 0; good && i < bench_size() / BENCH_PAGE; i++)
		good = map_page(&tables, image->pages + i * BENCH_PAGE, 1,
				(image->data + frame_of[i] * (uint64_t)BENCH_PAGE) | PAGE_FLAGS);
	for (uint64_t at = 0; good && at < image->size; at += LARGE_PAGE)
		good = map_page(&tables, image->large + at, 2, at | PAGE_FLAGS | BENCH_IMAGE_LARGE);
	image->alias_root = tables.used;
	good = good && map_aliases(&tables, image) &&
	       bench_file_put(fd, tables.words, tables.size, 0);
	free(tables.words);
	return good;
}

static bool put_frames(int fd, const struct bench_image *image)
{
	uint8_t *chunk = malloc((size_t)CHUNK_PAGES * BENCH_PAGE);
	uint64_t count = bench_size() / BENCH_PAGE;
	bool good = chunk || bench_fail("no memory");

	/* The memory is whole MiB: no chunk is cut short. */
	for (uint64_t frame = 0; good && frame < count; frame += CHUNK_PAGES) {
		for (size_t i = 0; i < CHUNK_PAGES; i++)
			bench_fill(chunk + i * BENCH_PAGE,
				   image->page_of[frame + i] * (uint64_t)BENCH_PAGE, BENCH_PAGE);
		good = bench_file_put(fd, chunk, (size_t)CHUNK_PAGES * BENCH_PAGE,
				      image->data + frame * BENCH_PAGE);
	}
	free(chunk);
	return good;
}

/* A random order of the pages (Fisher and Yates), and its inverse. */
static bool shuffle(uint32_t *frame_of, uint32_t *page_of)
{
	uint32_t count = (uint32_t)(bench_size() / BENCH_PAGE);

	if (!frame_of || !page_of)
		return bench_fail("no memory");
	for (uint32_t i = 0; i < count; i++)
		frame_of[i] = i;
	for (uint32_t i = count; i-- > 1;) {
		uint32_t other = (uint32_t)(bench_mix(i) % (i + 1));
		uint32_t frame = frame_of[i];

		frame_of[i] = frame_of[other];
		frame_of[other] = frame;
	}
	for (uint32_t i = 0; i < count; i++)
		page_of[frame_of[i]] = i;
	return true;
}

static bool map_file(int fd, struct bench_image *image)
{
	void *map = mmap(NULL, image->size, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return bench_fail("%s: %s", image->path, strerror(errno));
	image->map = map;
	return true;
}

/* What is allocated here serves until the program ends. */
static bool write_image(int fd, struct bench_image *image)
{
	uint64_t count = bench_size() / BENCH_PAGE;
	uint32_t *frame_of = calloc(count, sizeof(*frame_of));
	uint32_t *page_of = calloc(count, sizeof(*page_of));
	bool good;

	image->root = 0;
	image->data = tables_room();
	image->size = image->data + bench_size();
	image->pages = PAGES_ADDRESS;
	image->large = LARGE_ADDRESS;
	image->alias_size = (bench_size() + GIB - 1) & ~(GIB - 1);
	image->page_of = page_of;
	good = shuffle(frame_of, page_of) && put_tables(fd, image, frame_of) &&
	       put_frames(fd, image) && map_file(fd, image);
	free(frame_of);
	return good;
}

const struct bench_image *bench_memory_image(void)
{
	static struct bench_image image = { .kind = "raw" };
	bool good;
	int fd;

	if (image.path[0])
		return image.map ? &image : NULL;
	fd = bench_file_new(image.path, sizeof(image.path), "memory.image");
	if (fd < 0)
		return NULL;
	good = write_image(fd, &image);
	return bench_file_end(fd, image.path) && good ? &image : NULL;
}

static bool on_guest;

void bench_choose_guest(bool guest)
{
	on_guest = guest;
}

const struct bench_image *bench_row_image(void)
{
	const struct bench_image *image;

	if (!on_guest)
		return bench_memory_image();
	return bench_guest_image(&image) == BENCH_READY ? image : NULL;
}

const struct bench_image *bench_empty_image(void)
{
	static struct bench_image image = { .kind = "raw", .size = BENCH_EMPTY_IMAGE_SIZE };
	int fd;

	if (image.path[0])
		return &image;
	fd = bench_file_new(image.path, sizeof(image.path), "empty.image");
	if (fd < 0)
		return NULL;
	if (ftruncate(fd, (off_t)image.size) < 0) {
		bench_fail("%s: %s", image.path, strerror(errno));
		close(fd);
		return NULL;
	}
	return bench_file_end(fd, image.path) ? &image : NULL;
}

static tmem_target *open_image(const struct bench_image *image, uint64_t root, unsigned threads)
{
	char spec[sizeof(image->path) + 8], options[96];
	tmem_target *target;

	snprintf(spec, sizeof(spec), "%s:%s", image->kind, image->path);
	snprintf(options, sizeof(options), "root=0x%" PRIx64 ",scheme=x64,levels=4,threads=%u",
		 root, threads);
	return bench_good(tmem_open(spec, options, &target), NULL, spec) ? target : NULL;
}

tmem_target *bench_open_image(const struct bench_image *image, unsigned threads)
{
	return open_image(image, image->root, threads);
}

tmem_target *bench_open_aliases(const struct bench_image *image, unsigned threads)
{
	return open_image(image, image->alias_root, threads);
}

uint64_t bench_image_word(const struct bench_image *image, uint64_t physical)
{
	uint64_t at = physical - image->data;
	uint64_t word;

	if (!image->page_of) {
		memcpy(&word, image->map + physical, sizeof(word));
		return word;
	}
	return bench_word(image->page_of[at / BENCH_PAGE] * (uint64_t)BENCH_PAGE + at % BENCH_PAGE);
}
