/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - what the files of the target kind "image" share. Private to src/target/image*.c.
 *
 *	image.c          the kind: probing, opening, facts; bytes come from stored.h
 *	image_options.c  options, and which part of the file holds which address
 *	image_write.c    writing through into the memory of a running guest
 */
#ifndef TMI_TARGET_IMAGE_H
#define TMI_TARGET_IMAGE_H

#include "base/error.h"
#include "target/stored.h"

struct image_machine {
	const char *name;        /* as in machine=NAME */
	uint32_t machine;        /* ELF e_machine */
	uint32_t processor_type; /* enum tmem_processor_type */
	uint32_t pointer_size;
};

/* The file once more, for writing. */
struct image_writer {
	int fd;       /* -1 = takes no writes */
	uint8_t *map; /* NULL: written by pwrite() */
	size_t map_size;
	int guard; /* row of the SIGBUS table, -1 = none */
	atomic_bool
		lost; /* a page could not be stored into: the file was cut, or its disk is full */
};

struct image {
	struct tmi_stored stored; /* first: its ops take the state for it */
	const struct image_machine *machine;
	struct image_writer writer;
	bool lime;          /* the file tells its ranges itself */
	bool through;       /* write=through */
	bool may_map;       /* false with map=never */
	const char *layout; /* what describe() adds: ", laid out as ..."; constant, NULL = none */
	const char *damage; /* why a LiME file ends early; constant, NULL = it does not */
	uint64_t damage_at; /* file offset of it */
};

/* ---- image_options.c ---- */

extern const char *const tmi_image_option_names[];

/* Takes the options in and fills the table of ranges from them or from the file itself. */
tmem_status tmi_image_load(struct image *image, const struct tmi_open *open);

/* ---- image_write.c ---- */

/*
 * Opens the file that @image reads a second time, for writing. Fails when it may not be written, or
 * when its name has come to mean another file.
 */
tmem_status tmi_image_writer_open(struct image *image, const char *path);
/* Also for one that was never opened: fd and guard are -1. */
void tmi_image_writer_close(struct image_writer *writer);

/* The write op of the kind. */
tmem_status tmi_image_write(void *state, uint32_t space, struct tmem_transfer *items, size_t count);

#endif
