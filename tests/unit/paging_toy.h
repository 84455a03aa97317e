/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paging_toy.h - a few pages of physical memory with page tables written by hand, and the looks of
 * tests at them.
 */
#ifndef TESTS_UNIT_PAGING_TOY_H
#define TESTS_UNIT_PAGING_TOY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paging/paging.h"

#define TOY_FIRST 0x100000u /* physical */
#define TOY_PAGES 64u
#define TOY_PAGE  4096u
#define TOY_SIZE  (TOY_PAGES * TOY_PAGE)

/* Physical address of a page of the toy. */
#define TOY(page) ((uint64_t)TOY_FIRST + (uint64_t)(page)*TOY_PAGE)

extern uint8_t toy_bytes[TOY_SIZE];
extern struct tmi_tables toy_tables;
extern const struct tmi_paging_scheme *toy_scheme;
/* Bytes at the beginning of the memory that can be read; the rest is not there. */
extern uint64_t toy_size;
/* Calls of the read callback. */
extern size_t toy_reads;
/* Addresses that tmi_lower_lookup() had a page for. */
extern size_t toy_lower_lookups;

/* Ways for a walker to get at the memory; all give the same answers. */
enum toy_way {
	TOY_CALLS,  /* no window */
	TOY_WINDOW, /* a window on all of it, and no calls */
	TOY_MOVING, /* calls move the window to the page that was read */
	TOY_WAYS
};

/* Forgets everything; scheme and root (the first page) as for an x64 table of four levels. */
void toy_reset(uint32_t scheme);

/* The memory as a walker sees it. */
struct tmi_paging_memory toy_memory(enum toy_way way);

/* Writes an entry of @width bytes in the table that is page @page. */
void toy_put(unsigned page, unsigned index, unsigned width, uint64_t entry);

/* Translates in every way, and as a walk; fails the test when the answers differ. */
struct tmi_paging_page toy_translate(uint64_t address);
struct tmi_paging_walk toy_walk(uint64_t address);

/* A page with these properties is at the address. */
void toy_expect_page(uint64_t address, uint64_t physical, uint64_t size, uint32_t protect);

/* No page; the answer holds for @size bytes. */
void toy_expect_none(uint64_t address, uint32_t outcome, uint32_t reason, unsigned level,
		     uint64_t size);

#endif
