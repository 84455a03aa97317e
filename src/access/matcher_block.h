/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher_block.h - finding one pattern, with any mask, where its filter does not help.
 *
 * TMI_BLOCK positions are looked at together: a byte of the pattern is compared at all of them by a
 * few instructions, and what differs anywhere is summed up until no position is left. Where it is
 * that patterns fail is remembered, in the pattern and in the data, and tried first in the next
 * block. So each byte of data costs size / TMI_BLOCK of such comparisons at most, whatever is in
 * it, and a few where it resembles what came before.
 */
#ifndef TMI_ACCESS_MATCHER_BLOCK_H
#define TMI_ACCESS_MATCHER_BLOCK_H

#include "access/matcher_pattern.h"

/*
 * The lowest position of the grid in [from, end) where the pattern stands, or TMI_MATCHER_NONE. All
 * bytes up to end - 1 + size - 1 are readable. As tmi_pattern_find() it may stop at any position
 * above @from when *effort is used up.
 */
size_t tmi_pattern_find_in_blocks(const struct tmi_pattern *pattern, const uint8_t *data,
				  size_t from, size_t end, struct tmi_grid grid, size_t *effort);

#endif
