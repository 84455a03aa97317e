/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture_kernel.c - the model behind page tables of every kind: in descriptions, in ELF dumps of
 * physical memory and in images of it. Only descriptions tell where the tables are; for files the
 * options do.
 */
#include <unistd.h>

#include "contract/contract.h"

static FILE *open_file(struct fixture *fixture)
{
	char *path = strdup("/tmp/tmem-contract-XXXXXX");
	int fd = path ? mkstemp(path) : -1;

	fixture->state = path;
	fixture->path = path;
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool begin_synth(struct fixture *fixture, const char *keys)
{
	FILE *file = open_file(fixture);

	if (!file)
		return false;
	fprintf(file, "tmem synth 1\ntarget mode=kernel %s\n", keys);
	layout_write_synth(&fixture->layout, file, strstr(keys, "lends"));
	snprintf(fixture->spec, sizeof(fixture->spec), "synth:%s", fixture->path);
	return !fclose(file);
}

static bool begin_stored(struct fixture *fixture)
{
	return begin_synth(fixture, "");
}

static bool begin_lends(struct fixture *fixture)
{
	return begin_synth(fixture, "lends=yes");
}

static bool begin_live(struct fixture *fixture)
{
	return begin_synth(fixture, "live=yes");
}

static bool begin_file(struct fixture *fixture, const char *prefix,
		       bool (*write)(const struct ram *, FILE *))
{
	FILE *file = open_file(fixture);
	bool written;

	if (!file)
		return false;
	layout_make_tables(&fixture->layout);
	written = write(&fixture->layout.ram, file);
	snprintf(fixture->spec, sizeof(fixture->spec), "%s%s", prefix, fixture->path);
	layout_options(&fixture->layout, fixture->options, sizeof(fixture->options));
	return !fclose(file) && written;
}

/* Recognised by what is in it: an ELF core with physical addresses. */
static bool begin_vmcore(struct fixture *fixture)
{
	return begin_file(fixture, "", ram_write_elf);
}

static bool begin_lime(struct fixture *fixture)
{
	return begin_file(fixture, "", ram_write_lime);
}

/* Nothing in a raw image says what it is. */
static bool begin_raw(struct fixture *fixture)
{
	return begin_file(fixture, "raw:", ram_write_raw);
}

static void end(struct fixture *fixture)
{
	if (fixture->path)
		unlink(fixture->path);
	free(fixture->state);
}

#define BASE_X64      0x10000000000u
#define BASE_X64_5    0x00f0010000000000u
#define BASE_32       0xa0000000u
#define BASE_ARM64    0x10000000000u
#define BASE_ARM64_39 0x1000000000u

#define SHAPE(base, pointer, large, flat)                                                          \
	{                                                                                          \
		base, pointer, false, true, false, large, flat                                     \
	}

#define M2 0x200000u
#define M4 0x400000u

/* The tasks are in some only: a kernel whose processes nobody lists must work too. */
static const struct kernel_shape x64 = { RAM_X64, false, true, 0 };
static const struct kernel_shape x64_bare = { RAM_X64, false, false, 0 };
static const struct kernel_shape x64_sme = { RAM_X64, false, true, 1ull << 47 };
static const struct kernel_shape x64_5 = { RAM_X64_5, false, false, 0 };
static const struct kernel_shape x86 = { RAM_X86, false, true, 0 };
static const struct kernel_shape x86_bare = { RAM_X86, false, false, 0 };
static const struct kernel_shape pae = { RAM_PAE, false, true, 0 };
static const struct kernel_shape pae_bare = { RAM_PAE, false, false, 0 };
static const struct kernel_shape arm64 = { RAM_ARM64, false, true, 0 };
static const struct kernel_shape arm64_bare = { RAM_ARM64, false, false, 0 };
static const struct kernel_shape arm64_39 = { RAM_ARM64_39, false, false, 0 };
static const struct kernel_shape x64_flat = { RAM_X64, true, false, 0 };
static const struct kernel_shape arm64_flat = { RAM_ARM64, true, false, 0 };
static const struct kernel_shape x86_flat = { RAM_X86, true, false, 0 };

#define STORED(kind_, name_, shape_, kernel_, begin_)                                              \
	{                                                                                          \
		.kind = kind_, .name = name_, .shape = shape_, .overlay = true, .second = true,    \
		.kernel = kernel_, .begin = begin_, .end = end                                     \
	}

const struct fixture_type fixtures_kernel[] = {
	STORED("synth", "synth-kernel-x64", SHAPE(BASE_X64, 8, M2, false), &x64, begin_stored),
	STORED("synth", "synth-kernel-x64-5", SHAPE(BASE_X64_5, 8, M2, false), &x64_5,
	       begin_stored),
	STORED("synth", "synth-kernel-sme", SHAPE(BASE_X64, 8, M2, false), &x64_sme, begin_stored),
	STORED("synth", "synth-kernel-lends", SHAPE(BASE_X64, 8, M2, false), &x64, begin_lends),
	STORED("synth", "synth-kernel-x86", SHAPE(BASE_32, 4, M4, false), &x86, begin_stored),
	STORED("synth", "synth-kernel-pae", SHAPE(BASE_32, 4, M2, false), &pae, begin_stored),
	STORED("synth", "synth-kernel-arm64", SHAPE(BASE_ARM64, 8, M2, false), &arm64,
	       begin_stored),
	STORED("synth", "synth-kernel-arm64-39", SHAPE(BASE_ARM64_39, 8, M2, false), &arm64_39,
	       begin_stored),
	{ .kind = "synth",
	  .name = "synth-kernel-live",
	  .shape = SHAPE(BASE_X64, 8, M2, false),
	  .live = true,
	  .second = true,
	  .kernel = &x64,
	  .begin = begin_live,
	  .end = end },
	STORED("vmcore", "vmcore-x64", SHAPE(BASE_X64, 8, M2, false), &x64_bare, begin_vmcore),
	STORED("vmcore", "vmcore-x64-5", SHAPE(BASE_X64_5, 8, M2, false), &x64_5, begin_vmcore),
	STORED("vmcore", "vmcore-x86", SHAPE(BASE_32, 4, M4, false), &x86_bare, begin_vmcore),
	STORED("vmcore", "vmcore-pae", SHAPE(BASE_32, 4, M2, false), &pae_bare, begin_vmcore),
	STORED("vmcore", "vmcore-arm64", SHAPE(BASE_ARM64, 8, M2, false), &arm64_bare,
	       begin_vmcore),
	STORED("vmcore", "vmcore-arm64-39", SHAPE(BASE_ARM64_39, 8, M2, false), &arm64_39,
	       begin_vmcore),
	STORED("image", "image-raw-x64", SHAPE(BASE_X64, 8, M2, true), &x64_flat, begin_raw),
	STORED("image", "image-raw-x86", SHAPE(BASE_32, 4, M4, true), &x86_flat, begin_raw),
	STORED("image", "image-raw-arm64", SHAPE(BASE_ARM64, 8, M2, true), &arm64_flat, begin_raw),
	STORED("image", "image-lime-x64", SHAPE(BASE_X64, 8, M2, false), &x64_bare, begin_lime),
	{ 0 },
};
