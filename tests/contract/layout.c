/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c - a model in frames; see layout.h. */
#include "contract/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <tmem/region.h>

/* Frames are given by a permutation: neighbours of the one are far apart in the other. */
#define FRAMES      96u
#define FRAME_STEP  37u
#define POOL        0x100000u
#define POOL_PART   32u      /* frames that follow each other before a gap */
#define POOL_STRIDE 0x28000u /* of the parts: 32 frames and 8 that are no memory */

#define LARGE     0x400000u    /* where the large page is */
#define HIGH      0x123456000u /* a frame above 4 GiB */
#define ROOT      0x2000u
#define KERNEL    0x3000u
#define SECOND    0x4000u
#define TABLES    0x8000u
#define LOW_FIRST 0x1000u /* address 0 is no memory, but in a flat file */
#define LOW_END   0x48000u

static uint64_t frame_at(unsigned index)
{
	unsigned frame = (index * FRAME_STEP + 11) % FRAMES;

	return POOL + (uint64_t)(frame / POOL_PART) * POOL_STRIDE +
	       (uint64_t)(frame % POOL_PART) * RAM_PAGE;
}

static void make_memory(struct layout *layout)
{
	const struct ram_shape *shape = layout->ram.shape;
	struct ram *ram = &layout->ram;

	if (layout->kernel->flat) {
		ram_add(ram, 0, LOW_END);
		ram_add(ram, LOW_END, LARGE + 3 * RAM_PAGE - LOW_END);
		layout->hole = 2 * LARGE + 0x5000;
		return;
	}
	ram_add(ram, LOW_FIRST, LOW_END - LOW_FIRST);
	for (unsigned i = 0; i < FRAMES / POOL_PART; i++)
		ram_add(ram, POOL + i * POOL_STRIDE, POOL_PART * RAM_PAGE);
	ram_add(ram, LARGE, 3 * RAM_PAGE);
	ram_add(ram, LARGE + shape->large - RAM_PAGE, RAM_PAGE);
	if (shape->high)
		ram_add(ram, HIGH, RAM_PAGE);
	layout->hole = POOL + POOL_PART * RAM_PAGE;
}

static void add_page(struct layout *layout, bool second, const struct ram_page *page)
{
	struct ram_page *list = second ? layout->second : layout->pages;
	size_t *count = second ? &layout->second_count : &layout->count;

	if (*count == LAYOUT_PAGES)
		abort();
	list[(*count)++] = *page;
}

/* Copies the bytes of a page into its frame. */
static void fill_frame(struct layout *layout, uint64_t physical, const uint8_t *bytes)
{
	memcpy(ram_at(&layout->ram, physical), bytes, RAM_PAGE);
}

/* A frame for each page of a run. */
static void add_run(struct layout *layout, bool second, const struct model_run *run,
		    unsigned *frames)
{
	bool kernel = run->first >= layout->kernel_half;

	for (uint64_t at = run->first; at - run->first < model_run_size(run); at += RAM_PAGE) {
		struct ram_page page = { .virtual_ = at,
					 .size = RAM_PAGE,
					 .writable = run->writable,
					 .user = !kernel,
					 .kind = strcmp(run->role, "none") ? RAM_KIND_PAGE
									   : RAM_KIND_NONE };

		page.physical =
			!second && !strcmp(run->role, "lonely") && ram_at(&layout->ram, HIGH)
				? HIGH
				: frame_at((*frames)++);
		fill_frame(layout, page.physical, run->bytes + (at - run->first));
		add_page(layout, second, &page);
	}
}

/* The large page, of which a part is in memory. */
static void add_large(struct layout *layout, const struct model *model)
{
	const struct model_run *large = model_run(model, "large");
	const struct model_run *end = model_run(model, "large2");
	struct ram_page page = { .virtual_ = large->first,
				 .physical = LARGE,
				 .size = layout->ram.shape->large,
				 .writable = true,
				 .user = true };

	for (unsigned i = 0; i < 3; i++)
		fill_frame(layout, LARGE + i * RAM_PAGE, large->bytes + i * RAM_PAGE);
	if (end)
		fill_frame(layout, LARGE + page.size - RAM_PAGE, end->bytes);
	add_page(layout, false, &page);
}

/* Pages that lead nowhere, and one that leads where another does. */
static void add_special(struct layout *layout, const struct model *model)
{
	const struct model_run *alias = model_run(model, "alias");
	struct ram_page page = { .size = RAM_PAGE, .user = true, .writable = true };

	page.virtual_ = model->base + LAYOUT_OUTSIDE;
	page.physical = layout->hole;
	add_page(layout, false, &page);
	page.virtual_ = alias->first;
	page.physical = layout_physical(layout, model_run(model, "haystack")->first + MODEL_PAGE);
	add_page(layout, false, &page);
}

static int compare_pages(const void *a, const void *b)
{
	const struct ram_page *left = a, *right = b;

	return left->virtual_ < right->virtual_ ? -1 : left->virtual_ > right->virtual_;
}

static bool is_special(const char *role)
{
	return !strcmp(role, "alias") || !strncmp(role, "large", 5);
}

void layout_init(struct layout *layout, const struct kernel_shape *kernel,
		 const struct model *model, const struct model *second)
{
	unsigned frames = 0;

	*layout = (struct layout){ .kernel = kernel,
				   .root = ROOT,
				   .second_root = SECOND,
				   .tables = TABLES,
				   .tables_size = LOW_END - TABLES };
	ram_init(&layout->ram, kernel->format);
	layout->kernel_root = layout->ram.shape->pair ? KERNEL : 0;
	layout->kernel_half = layout->ram.shape->pointer_size == 4 ? 0xc0000000 : 1ull << 63;
	make_memory(layout);
	layout->lost_table = layout->hole + RAM_PAGE;
	for (size_t i = 0; i < model->count; i++)
		if (!is_special(model->runs[i].role))
			add_run(layout, false, &model->runs[i], &frames);
	for (size_t i = 0; i < second->count; i++)
		if (second->runs[i].first < layout->kernel_half)
			add_run(layout, true, &second->runs[i], &frames);
	/* The last frames of the pool are nobody's: two of them follow each other. */
	for (layout->spare = POOL;; layout->spare += RAM_PAGE)
		if (ram_prefix(&layout->ram, layout->spare, 2 * RAM_PAGE) == 2 * RAM_PAGE &&
		    layout_virtual(layout, layout->spare) == UINT64_MAX &&
		    layout_virtual(layout, layout->spare + RAM_PAGE) == UINT64_MAX)
			break;
	add_large(layout, model);
	add_special(layout, model);
	qsort(layout->pages, layout->count, sizeof(*layout->pages), compare_pages);
}

void layout_fini(struct layout *layout)
{
	ram_fini(&layout->ram);
}

static uint64_t root_of(const struct layout *layout, const struct ram_page *page)
{
	return layout->kernel_root && page->virtual_ >= layout->kernel_half ? layout->kernel_root
									    : layout->root;
}

void layout_make_tables(struct layout *layout)
{
	uint64_t base = layout->pages[0].virtual_;
	struct ram_page page = { .size = RAM_PAGE, .user = true };

	layout->has_tables = true;
	layout->ram.next_table = layout->tables;
	for (size_t i = 0; i < layout->count; i++)
		ram_map(&layout->ram, root_of(layout, &layout->pages[i]), &layout->pages[i]);
	for (size_t i = 0; i < layout->second_count; i++)
		ram_map(&layout->ram, layout->second_root, &layout->second[i]);
	for (size_t i = 0; i < layout->count && !layout->kernel_root; i++)
		if (layout->pages[i].virtual_ >= layout->kernel_half)
			ram_map(&layout->ram, layout->second_root, &layout->pages[i]);
	page.virtual_ = base + LAYOUT_SWAPPED;
	page.kind = RAM_KIND_SWAP;
	ram_map(&layout->ram, layout->root, &page);
	if (layout->ram.next_table > layout->tables + layout->tables_size)
		abort();
	layout->ram.next_table = layout->lost_table;
	page.virtual_ = base + LAYOUT_NO_TABLE;
	page.kind = RAM_KIND_PAGE;
	page.physical = layout->spare;
	ram_map(&layout->ram, layout->root, &page);
}

void layout_options(const struct layout *layout, char *options, size_t size)
{
	int length = snprintf(options, size, "root=0x%" PRIx64 ",%s", layout->root,
			      layout->ram.shape->options);

	if (layout->kernel_root)
		snprintf(options + length, size - (size_t)length, ",kernel-root=0x%" PRIx64,
			 layout->kernel_root);
}

uint64_t layout_physical(const struct layout *layout, uint64_t address)
{
	for (size_t i = 0; i < layout->count; i++)
		if (address - layout->pages[i].virtual_ < layout->pages[i].size)
			return layout->pages[i].physical + (address - layout->pages[i].virtual_);
	return UINT64_MAX;
}

uint64_t layout_virtual(const struct layout *layout, uint64_t physical)
{
	for (size_t i = 0; i < layout->count; i++)
		if (physical - layout->pages[i].physical < layout->pages[i].size)
			return layout->pages[i].virtual_ + (physical - layout->pages[i].physical);
	for (size_t i = 0; i < layout->second_count; i++)
		if (physical - layout->second[i].physical < layout->second[i].size)
			return layout->second[i].virtual_ + (physical - layout->second[i].physical);
	return UINT64_MAX;
}

static uint32_t protection(const struct layout *layout, const struct ram_page *page)
{
	uint32_t protect = page->writable ? TMEM_PAGE_READWRITE : TMEM_PAGE_READONLY;

	if (page->kind == RAM_KIND_NONE)
		return TMEM_PAGE_NOACCESS;
	/* The EXECUTE forms are four bits up. */
	return layout->ram.shape->no_execute ? protect : protect << 4;
}

bool layout_next_run(const struct layout *layout, uint64_t from, struct layout_run *run)
{
	bool found = false;

	for (size_t i = 0; i < layout->count; i++) {
		const struct ram_page *page = &layout->pages[i];
		uint32_t protect = protection(layout, page);

		if (found && (page->virtual_ != run->last + 1 || protect != run->protect))
			break;
		if (!found)
			*run = (struct layout_run){ .first = page->virtual_, .protect = protect };
		run->last = page->virtual_ + (page->size - 1);
		found = true;
		/* A run that ends below the address is not the one. */
		if (run->last < from &&
		    (i + 1 == layout->count || layout->pages[i + 1].virtual_ != run->last + 1 ||
		     protection(layout, page + 1) != protect))
			found = false;
	}
	return found;
}

/* The bytes of a page as hex digits: by hand, since there are thousands of them. */
static void write_page(FILE *file, uint64_t address, const uint8_t *bytes)
{
	char line[2 * RAM_PAGE];

	for (size_t i = 0; i < RAM_PAGE; i++) {
		line[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		line[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	fprintf(file, "bytes 0x%" PRIx64 " ", address);
	fwrite(line, sizeof(line), 1, file);
	putc('\n', file);
}

/* Frames with their bytes; tables are made by the description's own lines. */
static void write_frames(const struct layout *layout, FILE *file, bool every_page)
{
	static const uint8_t zeros[RAM_PAGE];

	for (size_t i = 0; i < layout->ram.count; i++) {
		const struct ram_stretch *stretch = &layout->ram.stretches[i];

		fprintf(file, "run 0x%" PRIx64 " 0x%" PRIx64 " ?\n", stretch->first, stretch->size);
		for (uint64_t at = 0; i && at < stretch->size; at += RAM_PAGE) {
			if (!every_page && !memcmp(stretch->bytes + at, zeros, RAM_PAGE))
				continue;
			write_page(file, stretch->first + at, stretch->bytes + at);
		}
	}
}

static void write_map(FILE *file, const struct ram_page *page)
{
	fprintf(file, "map 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " r%c-%c", page->virtual_,
		page->physical, page->size, page->writable ? 'w' : '-', page->user ? 'u' : 'k');
	if (page->size > RAM_PAGE)
		fprintf(file, " page=%uM", (unsigned)(page->size >> 20));
	fputs(page->kind == RAM_KIND_NONE ? " entry=none\n" : "\n", file);
}

static void write_root(const struct layout *layout, FILE *file, uint64_t root, const char *more)
{
	const struct ram_shape *shape = layout->ram.shape;
	bool inverts = !strcmp(shape->synth, "x64") || !strcmp(shape->synth, "pae");

	fprintf(file, "table %s 0x%" PRIx64 "%s %s%s", shape->synth, root, more, shape->synth_keys,
		inverts ? " inverted=yes" : "");
	if (layout->kernel->encryption)
		fprintf(file, " isolated=yes encryption=0x%" PRIx64, layout->kernel->encryption);
	putc('\n', file);
}

static void write_area(FILE *file, uint64_t first, uint64_t size)
{
	fprintf(file, "tables 0x%" PRIx64 " 0x%" PRIx64 "\n", first, size);
}

static void write_tables(const struct layout *layout, FILE *file)
{
	uint64_t base = layout->pages[0].virtual_;
	uint64_t half = layout->tables_size / 2;

	write_area(file, layout->tables, half);
	if (layout->kernel_root)
		write_root(layout, file, layout->kernel_root, " kernel");
	for (size_t i = 0; i < layout->count && layout->kernel_root; i++)
		if (layout->pages[i].virtual_ >= layout->kernel_half)
			write_map(file, &layout->pages[i]);
	write_root(layout, file, layout->root, "");
	for (size_t i = 0; i < layout->count; i++)
		if (!layout->kernel_root || layout->pages[i].virtual_ < layout->kernel_half)
			write_map(file, &layout->pages[i]);
	fprintf(file, "map 0x%" PRIx64 " 0x1234000 4K ---u entry=swap\n", base + LAYOUT_SWAPPED);
	/* A table that is outside of memory: nobody can see its entries. */
	write_area(file, layout->lost_table, RAM_PAGE);
	fprintf(file, "map 0x%" PRIx64 " 0x%" PRIx64 " 4K rw-u\n", base + LAYOUT_NO_TABLE,
		layout->spare);
	write_area(file, layout->tables + half, half);
	write_root(layout, file, layout->second_root, layout->kernel_root ? "" : " upper=0x2000");
	for (size_t i = 0; i < layout->second_count; i++)
		write_map(file, &layout->second[i]);
}

void layout_write_synth(const struct layout *layout, FILE *file, bool every_page)
{
	uint64_t wide = layout->ram.shape->pointer_size == 8 ? 0xffffffff00000000 : 0;

	fprintf(file, "machine %s\nphysical granular=page\n", layout->ram.shape->machine);
	write_frames(layout, file, every_page);
	write_tables(layout, file);
	if (!layout->kernel->has_tasks)
		return;
	fprintf(file, "task \"swapper\" 0 0x%" PRIx64 " 0 kernel-thread=yes\n",
		wide | LAYOUT_FIRST_TASK);
	fprintf(file, "task \"second\" 2 0x%" PRIx64 " 0x%" PRIx64 " parent=0\n",
		wide | LAYOUT_SECOND_TASK, layout->second_root);
}
