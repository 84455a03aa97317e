/* SPDX-License-Identifier: Apache-2.0 */
/* image_memory.c - physical memory for tests of providers. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_memory.h"
#include "paging/paging.h"

#define PAGE 4096u

static bool readable(const struct image_memory *image, uint64_t address, uint64_t size)
{
	if (address < image->first || address - image->first > image->size ||
	    size > image->size - (address - image->first))
		return false;
	return !image->hole_last || address + size <= image->hole_first ||
	       address > image->hole_last;
}

static tmem_status read_physical(void *context, uint64_t address, void *buffer, size_t size)
{
	struct image_memory *image = context;

	if (!readable(image, address, size))
		return TMEM_E_READ_FAULT;
	image->bytes_read += size;
	memcpy(buffer, image->data + (address - image->first), size);
	return TMEM_S_OK;
}

static bool valid_physical(void *context, uint64_t from, uint64_t *first, uint64_t *last)
{
	struct image_memory *image = context;
	uint64_t end = image->first + image->size;

	if (from < image->first)
		from = image->first;
	if (image->hole_last && from >= image->hole_first && from <= image->hole_last)
		from = image->hole_last + 1;
	if (from >= end)
		return false;
	*first = from;
	*last = end - 1;
	if (image->hole_last && from < image->hole_first && image->hole_first < end)
		*last = image->hole_first - 1;
	return true;
}

static bool view_physical(void *context, uint64_t address, const uint8_t **data, uint64_t *size)
{
	struct image_memory *image = context;
	uint64_t first, last;

	if (image->no_views || !valid_physical(context, address, &first, &last) || first != address)
		return false;
	*data = image->data + (address - image->first);
	*size = last - address + 1;
	return true;
}

static bool zeros_physical(void *context, uint64_t address, uint64_t *last)
{
	struct image_memory *image = context;
	uint64_t at = address;

	while (!image->no_zeros && at % PAGE == 0 && readable(image, at, PAGE)) {
		const uint8_t *page = image->data + (at - image->first);

		if (page[0] || memcmp(page, page + 1, PAGE - 1))
			break;
		at += PAGE;
	}
	*last = at - 1;
	return at > address;
}

static tmem_status read_table(struct tmi_paging_memory *memory, uint64_t address, void *buffer,
			      size_t size)
{
	return TMEM_E_READ_FAULT; /* the window is all there is */
}

static bool translate(void *context, const struct tmi_tables *tables, uint64_t virtual_,
		      uint64_t *physical)
{
	struct image_memory *image = context;
	const struct tmi_paging_scheme *scheme = tmi_paging_find(tables->scheme);
	struct tmi_paging_memory memory = {
		.first = image->first,
		.size = image->size,
		.data = image->data,
		.read = read_table,
	};
	struct tmi_paging_page page;

	if (!scheme || !scheme->canonical(tables, &virtual_))
		return false;
	scheme->translate(tables, &memory, virtual_, &page);
	*physical = page.physical;
	return page.outcome == TMI_PAGING_PAGE;
}

static tmem_status read_virtual(void *context, const struct tmi_tables *tables, uint64_t virtual_,
				void *buffer, size_t size)
{
	uint8_t *out = buffer;

	while (size > 0) {
		size_t unit = PAGE - virtual_ % PAGE;
		uint64_t physical;

		if (unit > size)
			unit = size;
		if (!translate(context, tables, virtual_, &physical) ||
		    read_physical(context, physical, out, unit) != TMEM_S_OK)
			return TMEM_E_READ_FAULT;
		out += unit;
		virtual_ += unit;
		size -= unit;
	}
	return TMEM_S_OK;
}

static const char *vmcoreinfo(void *context, size_t *size)
{
	struct image_memory *image = context;

	*size = image->vmcoreinfo_size;
	return image->vmcoreinfo;
}

static bool hint(void *context, const char *key, uint64_t *value)
{
	struct image_memory *image = context;

	*value = image->cr3;
	return image->cr3 && !strcmp(key, "cr3:0");
}

static const char *option(void *context, const char *key)
{
	struct image_memory *image = context;

	for (size_t i = 0; i < image->option_count; i++)
		if (!strcmp(image->options[i].key, key))
			return image->options[i].value;
	return NULL;
}

static bool interrupted(void *context)
{
	struct image_memory *image = context;

	return image->interrupt_after && !--image->interrupt_after;
}

static void progress(void *context, uint64_t done, uint64_t total)
{
}

void image_memory_init(struct image_memory *image, uint8_t *data, uint64_t first, uint64_t size)
{
	*image = (struct image_memory){
		.memory = {
			.context = image,
			.read_physical = read_physical,
			.valid_physical = valid_physical,
			.view_physical = view_physical,
			.zeros_physical = zeros_physical,
			.translate = translate,
			.read_virtual = read_virtual,
			.vmcoreinfo = vmcoreinfo,
			.hint = hint,
			.option = option,
			.interrupted = interrupted,
			.progress = progress,
		},
		.data = data,
		.first = first,
		.size = size,
	};
}

bool image_memory_open(struct image_memory *image, const char *path, uint64_t first)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	void *data;

	if (fd < 0 || fstat(fd, &info) < 0)
		return false;
	data = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	image_memory_init(image, data, first, (uint64_t)info.st_size);
	image->mapped = true;
	return true;
}

void image_memory_close(struct image_memory *image)
{
	if (image->mapped)
		munmap(image->data, image->size);
}

void image_memory_option(struct image_memory *image, const char *key, const char *format, ...)
{
	va_list arguments;

	image->options[image->option_count].key = key;
	va_start(arguments, format);
	vsnprintf(image->options[image->option_count].value, sizeof(image->options[0].value),
		  format, arguments);
	va_end(arguments);
	image->option_count++;
}
