/* SPDX-License-Identifier: Apache-2.0 */
/* image_options.c - which part of an image holds which physical address; see image.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "format/elf.h"
#include "format/lime.h"
#include "target/image.h"

#define FOUR_GIB UINT64_C(0x100000000)

const char *const tmi_image_option_names[] = { "base", "hole",  "ranges", "machine",
					       "live", "write", NULL };

static const struct image_machine machines[] = {
	{ "amd64", TMI_ELF_X86_64, TMEM_PROCESSOR_AMD64, 8 },
	{ "i386", TMI_ELF_386, TMEM_PROCESSOR_I386, 4 },
	{ "arm64", TMI_ELF_AARCH64, TMEM_PROCESSOR_ARM64, 8 },
};

/* Where QEMU's machines divide their memory, from a size on. */
static const struct {
	const char *name;
	uint64_t low;   /* bytes below the hole */
	uint64_t least; /* memory that is divided at all */
	const char *text;
} holes[] = {
	{ "q35", 0x80000000, 0xb0000000, ", laid out as QEMU's q35" },
	{ "pc", 0xc0000000, 0xe0000000, ", laid out as QEMU's pc" },
};

static tmem_status bad_option(const char *key, const char *value, const char *expected)
{
	return tmi_fail_text(TMEM_E_INVALIDARG, "option %s=%s: expected %s", key, value, expected);
}

static tmem_status take_machine(struct image *image, const struct tmi_options *options)
{
	const char *name = tmi_options_get(options, "machine");

	image->machine = &machines[0];
	for (size_t i = 0; name && i < sizeof(machines) / sizeof(*machines); i++) {
		if (strcmp(name, machines[i].name))
			continue;
		image->machine = &machines[i];
		name = NULL;
	}
	return name ? bad_option("machine", name, "amd64, i386 or arm64") : TMEM_S_OK;
}

static tmem_status take_live(struct image *image, const struct tmi_open *open)
{
	const char *write = tmi_options_get(open->options, "write");
	tmem_status status = tmi_options_flag(open->options, "live", &image->stored.live);

	if (status != TMEM_S_OK)
		return status;
	if (write && strcmp(write, "through"))
		return bad_option("write", write, "through");
	image->through = write;
	if (write && !image->stored.live)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option write=through: needs live=on; without it writes go to "
				     "the overlay");
	if (image->stored.live && open->name)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option live=on: %s is compressed, and so not the memory of a "
				     "running guest",
				     open->name);
	return TMEM_S_OK;
}

/* [first, first + size) is in the file from @offset on. */
static tmem_status add(struct image *image, uint64_t first, uint64_t size, uint64_t offset)
{
	if (!size || size - 1 > UINT64_MAX - first)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "%" PRIu64 " bytes at 0x%" PRIx64
				     ": expected at least one, and none beyond the address space",
				     size, first);
	return tmi_stored_table_add(&image->stored.table, first, size, offset, size);
}

static tmem_status load_flat(struct image *image, const struct tmi_options *options)
{
	uint64_t base = 0;
	tmem_status status = tmi_options_number(options, "base", &base);

	if (status == TMEM_S_OK)
		status = add(image, base, image->stored.file.size, 0);
	return status;
}

/* A PC: what does not fit below the hole for devices goes on at 4 GiB. */
static tmem_status load_divided(struct image *image, const struct tmi_options *options)
{
	const char *name = tmi_options_get(options, "hole");
	uint64_t size = image->stored.file.size;
	uint64_t low = 0, least = 0;
	tmem_status status = TMEM_S_OK;

	for (size_t i = 0; i < sizeof(holes) / sizeof(*holes); i++) {
		if (strcmp(name, holes[i].name))
			continue;
		low = holes[i].low;
		least = holes[i].least;
		image->layout = holes[i].text;
	}
	if (!low)
		status = tmi_options_number(options, "hole", &low);
	if (status != TMEM_S_OK || !low || low > FOUR_GIB)
		return bad_option("hole", name, "q35, pc or the bytes below it, at most 4G");
	if (size <= low || size < least)
		return add(image, 0, size, 0);
	status = add(image, 0, low, 0);
	return status == TMEM_S_OK ? add(image, FOUR_GIB, size - low, low) : status;
}

/* The number that [text, text + length) is, with the words of an option. */
static tmem_status parse_number(const char *text, size_t length, uint64_t *number)
{
	char key[] = "ranges";
	char *copy = strndup(text, length);
	struct tmi_option option = { key, copy };
	struct tmi_options options = { &option, 1 };
	tmem_status status;

	if (!copy)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	status = tmi_options_number(&options, "ranges", number);
	free(copy);
	return status;
}

/* FIRST+SIZE@OFFSET up to @end. */
static tmem_status parse_range(struct image *image, const char *text, const char *end)
{
	const char *plus = memchr(text, '+', (size_t)(end - text));
	const char *at = plus ? memchr(plus, '@', (size_t)(end - plus)) : NULL;
	uint64_t first = 0, size = 0, offset = 0;
	tmem_status status;

	if (!at)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option ranges: expected FIRST+SIZE@OFFSET, not \"%.*s\"",
				     (int)(end - text < 100 ? end - text : 100), text);
	status = parse_number(text, (size_t)(plus - text), &first);
	if (status == TMEM_S_OK)
		status = parse_number(plus + 1, (size_t)(at - plus - 1), &size);
	if (status == TMEM_S_OK)
		status = parse_number(at + 1, (size_t)(end - at - 1), &offset);
	if (status == TMEM_S_OK && !tmi_in_range(image->stored.file.size, offset, size))
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option ranges: %" PRIu64 " bytes at file offset %" PRIu64
				     " are not in the file, which has %" PRIu64,
				     size, offset, image->stored.file.size);
	return status == TMEM_S_OK ? add(image, first, size, offset) : status;
}

static tmem_status load_ranges(struct image *image, const struct tmi_options *options)
{
	const char *text = tmi_options_get(options, "ranges");
	tmem_status status = TMEM_S_OK;

	for (;;) {
		const char *end = strchrnul(text, ';');

		if (end > text)
			status = parse_range(image, text, end);
		if (status != TMEM_S_OK || !*end)
			return status;
		text = end + 1;
	}
}

static size_t read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
	return tmi_file_read(context, offset, buffer, size);
}

static tmem_status load_lime(struct image *image)
{
	struct tmi_lime walk;
	struct tmi_lime_range range;
	tmem_status status = TMEM_S_OK;

	tmi_lime_init(&walk, read_file, &image->stored.file);
	while (status == TMEM_S_OK && tmi_lime_next(&walk, &range))
		status = add(image, range.first, range.last - range.first + 1, range.offset);
	/* Behind damage nothing is known; what came before is good. */
	image->damage = walk.bad ? walk.bad : walk.cut ? "the file ends inside a header" : NULL;
	image->damage_at = walk.next;
	return status;
}

/* What the first bytes say, before the options have a word. */
static tmem_status look_for_lime(struct image *image, const struct tmi_options *options)
{
	static const char *const own[] = { "base", "hole", "ranges", "live" };
	uint8_t head[8];
	size_t got = tmi_file_read(&image->stored.file, 0, head, sizeof(head));

	switch (tmi_lime_format_of(head, got)) {
	case TMI_LIME_NONE: return TMEM_S_OK;
	case TMI_LIME_PLAIN: break;
	case TMI_LIME_COMPRESSED:
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "a compressed AVML image, which is not supported; "
				     "avml-convert makes a LiME image of it");
	default:
		return tmi_fail_text(TMEM_E_BAD_FORMAT,
				     "a LiME or AVML image of an unknown version");
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (tmi_options_get(options, own[i]))
			return tmi_fail_text(
				TMEM_E_INVALIDARG,
				"option %s: not for a LiME image, which tells its ranges "
				"itself and is not the memory of a running guest",
				own[i]);
	image->lime = true;
	return TMEM_S_OK;
}

/* At most one of them says where things are. */
static tmem_status check_layout(const struct tmi_options *options)
{
	static const char *const ways[] = { "base", "hole", "ranges" };
	const char *before = NULL;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (!tmi_options_get(options, ways[i]))
			continue;
		if (before)
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "options %s and %s: expected one of them", before,
					     ways[i]);
		before = ways[i];
	}
	return TMEM_S_OK;
}

static tmem_status load(struct image *image, const struct tmi_options *options)
{
	tmem_status status = look_for_lime(image, options);

	if (status == TMEM_S_OK)
		status = check_layout(options);
	if (status == TMEM_S_OK)
		status = tmi_stored_table_init(&image->stored.table, 4);
	if (status != TMEM_S_OK)
		return status;
	if (image->lime)
		return load_lime(image);
	if (tmi_options_get(options, "ranges"))
		return load_ranges(image, options);
	if (tmi_options_get(options, "hole"))
		return load_divided(image, options);
	return load_flat(image, options);
}

/* Two places for one byte: nothing says which is right. */
static tmem_status refuse_overlaps(const struct image *image)
{
	uint64_t address;
	bool found;
	tmem_status status = tmi_stored_table_overlap(&image->stored.table, &found, &address);

	if (status != TMEM_S_OK || (image->stored.table.count && !found))
		return status;
	status = image->lime ? TMEM_E_BAD_FORMAT : TMEM_E_INVALIDARG;
	if (found)
		return tmi_fail_text(status, "%s: two ranges hold the address 0x%" PRIx64,
				     image->lime ? "LiME headers" : "option ranges", address);
	if (image->damage)
		return tmi_fail_text(status, "a LiME image: file offset %" PRIu64 ": %s",
				     image->damage_at, image->damage);
	return tmi_fail_text(status, "option ranges: there is no range in it");
}

tmem_status tmi_image_load(struct image *image, const struct tmi_open *open)
{
	tmem_status status = take_machine(image, open->options);

	if (status == TMEM_S_OK)
		status = take_live(image, open);
	if (status == TMEM_S_OK)
		status = load(image, open->options);
	if (status == TMEM_S_OK)
		status = refuse_overlaps(image);
	if (status == TMEM_S_OK)
		status = tmi_stored_settle(&image->stored);
	return status;
}
