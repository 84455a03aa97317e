/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regions.h - the map of a process for people: every region, free space too, with what it is for.
 *
 * Made from one walk over the runs of the target, so that tens of thousands are quick.
 */
#ifndef TMI_COMMAND_REGIONS_H
#define TMI_COMMAND_REGIONS_H

#include "command/command.h"

/*
 * What memory is for, as far as a Linux target tells. Every usage: name, and its filter. In kernel
 * mode only the last two: which half of the address space it lies in.
 */
#define TMI_USAGE_LIST(X)                                                                          \
	X(FREE, "Free", "Free")                                                                    \
	X(IMAGE, "Image", "Image")                                                                 \
	X(STACK, "Stack", "Stack")                                                                 \
	X(HEAP, "Heap", "Heap")                                                                    \
	X(VDSO, "Vdso", "Vdso")                                                                    \
	X(FILE, "File", "FileMap")                                                                 \
	X(OTHER, "Other", "Other")                                                                 \
	X(UNKNOWN, "<unknown>", "VAR")                                                             \
	X(USER, "User", "User")                                                                    \
	X(KERNEL, "Kernel", "Kernel")

enum tmi_usage {
#define TMI_USAGE_ROW(name, text, filter) TMI_USAGE_##name,
	TMI_USAGE_LIST(TMI_USAGE_ROW)
#undef TMI_USAGE_ROW
		TMI_USAGE_COUNT
};

struct tmi_region {
	uint64_t base;
	uint64_t last; /* inclusive */
	uint32_t state;
	uint32_t type;
	uint32_t protect;
	enum tmi_usage usage;
	bool begins;      /* an allocation starts here */
	const char *name; /* file or "[heap]"; "" = none; valid during the callback */
};

/* Called for each region in ascending order; false ends the walk. */
typedef bool tmi_region_callback(void *context, const struct tmi_region *region);

/*
 * Walks every region; in kernel mode only what is mapped. Returns false when the callback ended it,
 * or after reporting an error with *failed true.
 */
bool tmi_regions_walk(struct tmi_session *session, tmi_region_callback *callback, void *context,
		      bool *failed);

/* "Image" */
const char *tmi_usage_name(enum tmi_usage usage);
/* The usage that a filter word names, without regard to case; TMI_USAGE_COUNT: none. */
enum tmi_usage tmi_usage_find(const char *word, size_t length);

/* "MEM_COMMIT", "MEM_IMAGE"; "" for 0. */
const char *tmi_state_name(uint32_t state);
const char *tmi_type_name(uint32_t type);
/* Puts "PAGE_READWRITE", with "|PAGE_GUARD" when it is one; nothing for 0. */
void tmi_protect_put(struct tmi_text *text, uint32_t protect);
/* A state, type or protection by name ("MEM_FREE", "PAGE_READONLY"); 0 = none of them. */
uint32_t tmi_attribute_find(const char *word, size_t length);

/* An address with its high half without leading zeros: 7fff`ffffe000; 32-bit: 8 digits. */
struct tmi_number_text tmi_short_address(const struct tmi_session *session, uint64_t address);

/* Puts a name that the target gave: what could steer a terminal becomes "?". */
void tmi_name_put(struct tmi_text *text, const char *name);

/* The parts of !address: regions that pass the filters. */
struct tmi_region_filter {
	uint32_t usages; /* bit per enum tmi_usage; 0 = all */
	uint32_t states;
	uint32_t types;
	uint32_t protects;
};
bool tmi_region_passes(const struct tmi_region_filter *filter, const struct tmi_region *region);

/* !address -summary (address_summary.c). */
bool tmi_address_summary(struct tmi_session *session, const struct tmi_region_filter *filter);

#endif
