/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_frames.h - the frames of physical memory in which a search saw no match.
 *
 * Page tables may lead to a frame from many addresses: a kernel sees all of memory in one piece and
 * parts of it again elsewhere. Where it was looked through once and nothing was found, nothing will
 * be found from another address either, and only what begins in the page before it, or ends in the
 * page after it, has to be looked at. A frame with a match in it is never remembered, as the match
 * is one at every address.
 *
 * The memory has a fixed size. It is a table of words, each for a group of frames that follow each
 * other and for all groups that share its place: which one has it at present is in the word too. A
 * frame that was forgotten is looked through again, nothing else. Threads use it at the same time,
 * without locks.
 */
#ifndef TMI_ACCESS_SEARCH_FRAMES_H
#define TMI_ACCESS_SEARCH_FRAMES_H

#include "access/matcher.h"
#include "engine/space.h"

struct tmi_search_frames;

/*
 * True when remembering frames makes sense: addresses lead to frames that are lent and do not
 * change by themselves, a match has much less bytes than a frame, and the granularity divides a
 * frame, so that matches may begin at the same places of it from whatever address it is looked at.
 */
bool tmi_search_frames_help(const struct tmi_space *space, const struct tmi_matcher *matcher);

/* Remembers nothing yet. @threads: how many search; more make it larger. NULL: out of memory. */
struct tmi_search_frames *tmi_search_frames_new(unsigned threads);
void tmi_search_frames_free(struct tmi_search_frames *frames);

/* Before threads begin: forgets all when memory was changed since, by @generation of the space. */
void tmi_search_frames_begin(struct tmi_search_frames *frames, uint64_t generation);

/* False: memory was changed since the threads began, what is remembered may be wrong. */
bool tmi_search_frames_hold(const struct tmi_search_frames *frames, uint64_t generation);

/* Whether the frame at a physical address is known to have no match inside. */
bool tmi_search_frames_has(const struct tmi_search_frames *frames, uint64_t physical);
void tmi_search_frames_add(struct tmi_search_frames *frames, uint64_t physical);

#endif
