/* SPDX-License-Identifier: Apache-2.0 */
/* search_strip.c - see search_strip.h. */
#include "access/search_strip.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>

#include "base/file.h"

/* The kernel copies fastest to where cache lines begin. */
#define ALIGNMENT 4096

#define FRAME ((uint64_t)TMI_SPACE_FRAME)

/* Strips that come by either way in turn, before the cheaper one is chosen for all that follow. */
#define TRIALS 4

/* A part of a strip, that is looked at in one way. */
struct part {
	uint64_t first;
	size_t size;
	size_t reach; /* what matches reach behind it, where the strip ends with it; else 0 */
	bool known;   /* a frame without a match inside */
	bool ends;    /* the strip */
};

bool tmi_search_room(const struct tmi_matcher *matcher, uint8_t **buffer, uint8_t **piece)
{
	size_t lead, whole;

	if (__builtin_add_overflow(matcher->size, ALIGNMENT, &lead))
		return false;
	lead &= ~(size_t)(ALIGNMENT - 1);
	if (__builtin_add_overflow(lead, matcher->size, &whole) ||
	    __builtin_add_overflow(whole, TMI_SEARCH_PIECE + ALIGNMENT, &whole))
		return false;
	*buffer = aligned_alloc(ALIGNMENT, whole & ~(size_t)(ALIGNMENT - 1));
	*piece = *buffer + lead;
	return *buffer != NULL;
}

void tmi_search_lower(struct tmi_search_common *common, uint64_t address)
{
	uint64_t now = atomic_load(&common->clear);

	while (address < now && !atomic_compare_exchange_weak(&common->clear, &now, address)) {
	}
}

/* Bytes that matches reach behind where they begin. */
static size_t reach_of(const struct tmi_search_common *common)
{
	return common->matcher->size - 1;
}

/* --- frames --- */

/* What is remembered is about memory as it is now. */
static bool is_current(const struct tmi_search_common *common)
{
	uint64_t generation;

	return tmi_space_settled(common->space, &generation) &&
	       tmi_search_frames_hold(common->frames, generation);
}

/* Finds out about the frames of the piece that holds @at, as far as the strip goes. */
static void find_frames(const struct tmi_search_common *common, struct tmi_search_desk *desk,
			uint64_t at, uint64_t last)
{
	uint64_t piece = at & ~(uint64_t)(TMI_SEARCH_PIECE - 1);
	uint64_t from = (at - piece) / FRAME;
	uint64_t end = MIN(last - piece, TMI_SEARCH_PIECE - 1) / FRAME;

	desk->frames_asked = true;
	desk->frames_first = piece;
	desk->known = 0;
	for (size_t i = 0; i < TMI_SEARCH_FRAMES; i++)
		desk->physical[i] = UINT64_MAX;
	if (!is_current(common))
		return;
	tmi_space_frames(common->space, piece + from * FRAME, desk->physical + from,
			 (size_t)(end - from) + 1);
	/* The borders of all are asked for before the first is needed. */
	for (size_t i = from; i <= end; i++) {
		if (!tmi_search_frames_has(common->frames, desk->physical[i]))
			continue;
		desk->known |= (uint64_t)1 << i;
		tmi_space_expect_frame(common->space, desk->physical[i], reach_of(common));
	}
}

/* The frame at @at, which is in the piece that was asked about. */
static uint64_t frame_at(const struct tmi_search_desk *desk, uint64_t at)
{
	return desk->physical[(at - desk->frames_first) / FRAME];
}

/* No match is wholly inside of the first @clear bytes of a part and what is behind it. */
static void remember(const struct tmi_search_common *common, const struct tmi_search_desk *desk,
		     const struct part *part, size_t clear)
{
	size_t end = MIN(clear, part->size + part->reach);
	size_t frame = (size_t)(-part->first & (FRAME - 1));

	/* Where tables were changed meanwhile, it may be other frames that were looked at. */
	if (!common->frames || !is_current(common))
		return;
	for (; frame + FRAME <= end; frame += FRAME)
		tmi_search_frames_add(common->frames, frame_at(desk, part->first + frame));
}

/* Bytes from @at on that a strip shows: where matches may begin, and what they reach behind that.
 */
static uint64_t room_in_strip(const struct tmi_search_common *common, uint64_t at, uint64_t last)
{
	return last - at + 1 + reach_of(common);
}

/* Cuts a part at the first known frame; it is that frame if it begins there. */
static void cut_at_known(const struct tmi_search_common *common, const struct tmi_search_desk *desk,
			 uint64_t last, struct part *part)
{
	uint64_t ahead = (part->first - desk->frames_first + (FRAME - 1)) / FRAME;
	uint64_t known = ahead < TMI_SEARCH_FRAMES ? desk->known >> ahead : 0;
	uint64_t first = desk->frames_first +
			 (ahead + (known ? (unsigned)__builtin_ctzll(known) : 0)) * FRAME;

	/* One that the strip does not show all of is no use. */
	if (!known || first - part->first >= part->size ||
	    room_in_strip(common, first, last) < FRAME)
		return;
	part->known = first == part->first;
	part->size = (size_t)(part->known ? MIN(FRAME, last - first + 1) : first - part->first);
}

/* The part of the strip that begins at @at: to the end of a piece, or a known frame. */
static struct part next_part(const struct tmi_search_common *common, struct tmi_search_desk *desk,
			     uint64_t at, uint64_t last)
{
	uint64_t piece = at & ~(uint64_t)(TMI_SEARCH_PIECE - 1);
	struct part part = {
		.first = at,
		.size = (size_t)(MIN(last, piece + (TMI_SEARCH_PIECE - 1)) - at) + 1,
	};

	if (common->frames && (!desk->frames_asked || desk->frames_first != piece))
		find_frames(common, desk, at, last);
	if (common->frames)
		cut_at_known(common, desk, last, &part);
	part.ends = last - at < part.size;
	part.reach = part.ends ? reach_of(common) : 0;
	return part;
}

/* --- scanning --- */

/* Looks for matches in bytes that begin at @address. How many of them have none wholly inside. */
static size_t scan(struct tmi_search_common *common, uint64_t address, const uint8_t *data,
		   size_t size, const atomic_bool *truncated)
{
	const struct tmi_matcher *matcher = common->matcher;
	size_t at =
		tmi_matcher_find(matcher, data, size,
				 (size_t)((address - common->block.phase) % matcher->granularity));

	if (truncated && tmi_file_was_cut(truncated))
		at = 0;
	if (at == TMI_MATCHER_NONE)
		return size;
	tmi_search_lower(common, address + at);
	return at;
}

/* Bytes that the space lends, with what matches reach behind them; false when it does not. */
static bool scan_lent(struct tmi_search_common *common, const struct tmi_search_desk *desk,
		      const struct part *part)
{
	size_t size = part->size + reach_of(common);
	struct tmi_borrow borrow;

	if (!tmi_space_view(common->space, part->first, &borrow) ||
	    borrow.last - part->first < size - 1)
		return false;
	remember(common, desk, part,
		 scan(common, part->first, borrow.data + (part->first - borrow.first), size,
		      borrow.truncated));
	return true;
}

/* All of the bytes, or none. What was never touched is left to who can skip it. */
static bool fetch(const struct tmi_search_common *common, const struct tmi_search_desk *desk,
		  uint64_t address, void *buffer, size_t size)
{
	const uint32_t flags = TMI_SPACE_NO_TOUCH | (desk->reads ? TMI_SPACE_UNLENT : 0);
	struct tmi_space *space = common->space;
	uint64_t end;
	size_t done;

	if (tmi_space_read_resident(space, address, buffer, size) == size)
		return true;
	if (tmi_space_tells_resident(space) &&
	    tmi_space_untouched(space, common->block.run, address, address + (size - 1), &end) &&
	    end - address >= size - 1)
		return false;
	tmi_space_read(space, address, buffer, size, flags, &done);
	return done == size;
}

/* Scans a part behind what was carried over from the one before, which no match was seen in. */
static bool scan_fetched(struct tmi_search_common *common, struct tmi_search_desk *desk,
			 const struct part *part, size_t *carried)
{
	size_t size = part->size + part->reach;
	size_t whole = *carried + size;
	size_t clear;

	if (!fetch(common, desk, part->first, desk->piece, size))
		return false;
	clear = scan(common, part->first - *carried, desk->piece - *carried, whole, NULL);
	remember(common, desk, part, clear - MIN(clear, *carried));
	*carried = MIN(reach_of(common), whole);
	memmove(desk->piece - *carried, desk->piece + size - *carried, *carried);
	return true;
}

/* What begins before a known frame and ends in it. */
static bool scan_into(struct tmi_search_common *common, struct tmi_search_desk *desk,
		      const struct part *part, size_t carried)
{
	size_t reach = reach_of(common);

	if (!carried)
		return true;
	if (!tmi_space_read_frame(common->space, frame_at(desk, part->first), desk->piece, reach))
		return false;
	scan(common, part->first - carried, desk->piece - carried, carried + reach, NULL);
	return true;
}

/* What begins in a known frame and ends behind it. That is carried over, or the strip ends. */
static bool scan_out_of(struct tmi_search_common *common, struct tmi_search_desk *desk,
			const struct part *part, size_t *carried)
{
	size_t reach = reach_of(common);
	uint64_t frame = frame_at(desk, part->first);
	uint64_t next = part->first + FRAME;
	size_t behind = part->ends ? (size_t)(part->size + reach - FRAME) : 0;

	if (!tmi_space_read_frame(common->space, frame + (FRAME - reach), desk->piece - reach,
				  reach))
		return false;
	if (behind && !fetch(common, desk, next, desk->piece, behind))
		return false;
	if (behind)
		scan(common, next - reach, desk->piece - reach, reach + behind, NULL);
	*carried = reach;
	return true;
}

/* False: a byte could not be had. */
static bool look_at_part(struct tmi_search_common *common, struct tmi_search_desk *desk,
			 const struct part *part, size_t *carried)
{
	/* A single byte has no borders. */
	if (part->known && !reach_of(common))
		return true;
	if (part->known)
		return scan_into(common, desk, part, *carried) &&
		       scan_out_of(common, desk, part, carried);
	if (*carried || desk->reads || !scan_lent(common, desk, part))
		return scan_fetched(common, desk, part, carried);
	return true;
}

/* Part after part; *skipped: known frames were among them. */
static void look_at_parts(struct tmi_search_common *common, struct tmi_search_desk *desk,
			  uint64_t first, uint64_t last, bool *skipped)
{
	size_t carried = 0;
	struct part part;

	for (; first - carried < atomic_load(&common->clear); first += part.size) {
		part = next_part(common, desk, first, last);
		if (!look_at_part(common, desk, &part, &carried)) {
			tmi_search_lower(common, first - carried);
			return;
		}
		*skipped |= part.known;
		if (!part.known)
			atomic_fetch_add_explicit(&common->bytes, part.size, memory_order_relaxed);
		if (part.ends)
			return;
	}
}

/* --- lent or read --- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Whether the next strip is to be read although its bytes are lent. */
static bool is_read(struct tmi_search_common *common)
{
	unsigned turn = atomic_fetch_add(&common->tried, 1);
	uint64_t lent = atomic_load(&common->costs[false]);
	uint64_t read = atomic_load(&common->costs[true]);

	if (turn < TRIALS)
		return turn % 2;
	/* By a clear margin only: a copy takes room in caches from others too. */
	return read && read < lent - lent / 8;
}

static void note_cost(struct tmi_search_common *common, bool read, uint64_t ns, uint64_t size)
{
	uint64_t before = atomic_load(&common->costs[read]);
	uint64_t cost = ns * 1024 / (size / 1024) + 1;

	if (!before || cost < before)
		atomic_store(&common->costs[read], cost);
}

/* A strip of a space that lends, in the way whose turn it is or that was the cheaper one. */
static void try_strip(struct tmi_search_common *common, struct tmi_search_desk *desk,
		      uint64_t first, uint64_t last)
{
	const uint64_t begin = now_ns();
	bool skipped = false; /* nothing: there are no frames here */

	desk->reads = is_read(common);
	look_at_parts(common, desk, first, last, &skipped);
	/* Of a part of it nothing can be said. */
	if (last - first >= TMI_SEARCH_PIECE && last < atomic_load(&common->clear))
		note_cost(common, desk->reads, now_ns() - begin, last - first);
}

void tmi_search_strip(struct tmi_search_common *common, struct tmi_search_desk *desk,
		      uint64_t first, uint64_t last)
{
	bool skipped = false;

	if (!desk->buffer && !tmi_search_room(common->matcher, &desk->buffer, &desk->piece)) {
		tmi_search_lower(common, first);
		return;
	}
	desk->frames_asked = false;
	if (common->tries) {
		try_strip(common, desk, first, last);
		return;
	}
	look_at_parts(common, desk, first, last, &skipped);
	/* What was known of frames may not be so any more: the search looks itself. */
	if (skipped && !is_current(common))
		tmi_search_lower(common, first);
}
