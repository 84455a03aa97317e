/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c - the target kind "image": physical memory as it is, in a file without any header, and
 * LiME images. See image.h and docs/targets.md.
 */
#include "target/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "format/elf.h"
#include "format/lime.h"

#define SCORE_LIME 90
/* Nothing else knows the file, and nothing tells that it is not an image. */
#define SCORE_RAW 5
/* Smaller files are something else. */
#define SMALLEST 1048576u

/* Beginnings of files that are known to be no images. */
static const struct {
	uint16_t offset;
	uint8_t size;
	const char *bytes;
	const char *why;
} others[] = {
	{ 0, 4, "\177ELF", "an ELF file" },
	{ 0, 8, "KDUMP   ", "a kdump-compressed dump" },
	{ 0, 8, "DISKDUMP", "a diskdump" },
	{ 0, 12, "makedumpfile", "a dump in makedumpfile's flattened form" },
	{ 0, 4, "PAGE", "a Windows crash dump" },
	{ 0, 4, "MDMP", "a Windows minidump" },
	{ 0, 4, "HIBR", "a Windows hibernation file" },
	{ 0, 4, "hibr", "a Windows hibernation file" },
	{ 0, 4, "WAKE", "a Windows hibernation file" },
	{ 0, 4, "wake", "a Windows hibernation file" },
	{ 0, 4, "QEVM", "a saved state of QEMU" },
	{ 0, 4, "QFI\xfb", "a disk image (qcow)" },
	{ 0, 4, "KDMV", "a disk image (VMDK)" },
	{ 0, 4, "# Di", "a disk image (VMDK)" },
	{ 0, 8, "conectix", "a disk image (VHD)" },
	{ 0, 8, "vhdxfile", "a disk image (VHDX)" },
	{ 0, 4, "\xd2\xbe\xd2\xbe", "a saved state of VMware" },
	{ 0, 4, "\xd3\xbe\xd2\xbe", "a saved state of VMware" },
	{ 0, 4, "\xd1\xba\xd1\xba", "a saved state of VMware" },
	{ 0, 4, "\xd2\xba\xd2\xba", "a saved state of VMware" },
	{ 0, 4, "\xd0\xbe\xd2\xbe", "a saved state of VMware" },
	{ 0, 11, "tmem synth ", "a machine described by a text" },
	{ 0, 2, "\x1f\x8b", "a compressed file (gzip)" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "a compressed file (zstd)" },
	{ 0, 5,
	  "\xfd"
	  "7zXZ",
	  "a compressed file (xz)" },
	{ 0, 4, "\x04\x22\x4d\x18", "a compressed file (lz4)" },
	{ 0, 3, "BZh", "a compressed file (bzip2)" },
	{ 0, 4, "PK\3\4", "an archive (zip)" },
	{ 0, 4, "7z\xbc\xaf", "an archive (7z)" },
	{ 0, 4, "Rar!", "an archive (rar)" },
	{ 257, 5, "ustar", "an archive (tar)" },
	{ 0, 8, "!<arch>\n", "an archive (ar)" },
	{ 0, 2, "MZ", "a Windows program" },
	{ 0, 2, "#!", "a script" },
	{ 0, 4, "%PDF", "a PDF document" },
	{ 0, 4, "\x89PNG", "a picture" },
	{ 0, 3, "\xff\xd8\xff", "a picture" },
	{ 0, 4, "OggS", "a sound or film" },
	{ 4, 4, "ftyp", "a sound or film" },
	{ 0, 4, "RIFF", "a sound or film" },
	{ 0, 15, "SQLite format 3", "a database" },
	{ 0, 4, "hsqs", "a file system" },
	{ 0, 8, "LUKS\xba\xbe\0\1", "an encrypted disk" },
	{ 510, 2, "\x55\xaa", "a disk, by its boot sector" },
	{ 1080, 2, "\x53\xef", "a file system" },
};

static bool begins_as_another(const struct tmi_probe *probe, const char **why)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (!tmi_in_range(probe->head_size, others[i].offset, others[i].size) ||
		    memcmp(probe->head + others[i].offset, others[i].bytes, others[i].size))
			continue;
		*why = others[i].why;
		return true;
	}
	return false;
}

/* A page of nothing but text is the beginning of a longer text. */
static bool is_text(const struct tmi_probe *probe)
{
	for (size_t i = 0; i < probe->head_size; i++) {
		uint8_t c = probe->head[i];

		if (c < 0x20 && c != '\n' && c != '\r' && c != '\t')
			return false;
	}
	return true;
}

static int probe(const struct tmi_probe *probe, const char **why)
{
	switch (tmi_lime_format_of(probe->head, probe->head_size)) {
	case TMI_LIME_PLAIN: return SCORE_LIME;
	case TMI_LIME_COMPRESSED:
		*why = "a compressed AVML image; avml-convert makes a LiME image of it";
		return 0;
	case TMI_LIME_UNKNOWN: *why = "a LiME or AVML image of an unknown version"; return 0;
	default: break;
	}
	if (begins_as_another(probe, why))
		return 0;
	if (probe->file_size < SMALLEST || probe->file_size % 4096) {
		*why = "not a whole number of pages, at least 1 MiB (raw:FILE takes it anyway)";
		return 0;
	}
	if (is_text(probe)) {
		*why = "a text";
		return 0;
	}
	return SCORE_RAW;
}

static void close_image(void *state)
{
	struct image *image = state;

	tmi_image_writer_close(&image->writer);
	tmi_stored_close(&image->stored);
	free(image);
}

static tmem_status open_image(const struct tmi_open *open, void **state)
{
	struct image *image = calloc(1, sizeof(*image));
	tmem_status status;

	*state = NULL;
	if (!image)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	image->writer.fd = -1;
	image->writer.guard = -1;
	image->may_map = open->may_map;
	status = tmi_stored_open(&image->stored, open);
	if (status == TMEM_S_OK) {
		status = tmi_image_load(image, open);
		if (status != TMEM_S_OK)
			status = tmi_wrap_text(status, "%s", image->stored.file.path);
	}
	if (status == TMEM_S_OK && image->through)
		status = tmi_image_writer_open(image, open->address);
	if (status != TMEM_S_OK)
		close_image(image);
	else
		*state = image;
	return status;
}

static bool facts(void *state, uint32_t space, struct tmi_facts *facts)
{
	const struct image *image = state;

	if (space != TMI_SPACE_PHYSICAL)
		return false;
	tmi_stored_facts(&image->stored, facts);
	facts->processor_type = image->machine->processor_type;
	facts->machine = image->machine->machine;
	facts->pointer_size = image->machine->pointer_size;
	facts->incomplete |= image->damage != NULL;
	return true;
}

static char *describe(void *state)
{
	const struct image *image = state;
	char total[32], ranges[48] = "", damage[160] = "";
	size_t stretches;
	uint64_t size;
	char *text;

	tmi_stored_count(&image->stored, &size, &stretches);
	tmi_stored_size_text(size, total);
	if (stretches > 1)
		snprintf(ranges, sizeof(ranges), " in %zu ranges", stretches);
	if (image->damage)
		snprintf(damage, sizeof(damage), " (file offset %" PRIu64 ": %s)", image->damage_at,
			 image->damage);
	if (asprintf(&text, "%s image of physical memory, %s%s%s%s%s%s%s",
		     image->lime ? "LiME" : "raw", total, ranges,
		     image->layout ? image->layout : "",
		     image->stored.live ? ", of a running guest" : "",
		     image->through ? ", written through" : "",
		     image->damage || tmi_stored_truncated(&image->stored) ? ", incomplete" : "",
		     damage) < 0)
		return NULL;
	return text;
}

/* A guest cannot be stopped from here. */
static bool cacheable(void *state, uint32_t space, uint64_t page)
{
	return !((const struct image *)state)->stored.live;
}

static tmem_status hint(void *state, uint32_t space, const char *key, uint64_t *value)
{
	const struct image *image = state;

	*value = 0;
	if (space != TMI_SPACE_PHYSICAL || strcmp(key, "machine"))
		return TMEM_E_NOINTERFACE;
	*value = image->machine->machine;
	return TMEM_S_OK;
}

const struct tmi_target_kind tmi_target_image = {
	.name = "image",
	.prefix = "raw",
	.text = "raw or LiME image of physical memory",
	.options = tmi_image_option_names,
	.probe = probe,
	.open = open_image,
	.close = close_image,
	.facts = facts,
	.describe = describe,
	.process_count = tmi_stored_process_count,
	.process = tmi_stored_process,
	.read = tmi_stored_read,
	.write = tmi_image_write,
	.run = tmi_stored_run,
	.snapshot = tmi_stored_snapshot,
	.untouched = tmi_stored_untouched,
	.view = tmi_stored_view,
	.cacheable = cacheable,
	.hint = hint,
};
