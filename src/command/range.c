/* SPDX-License-Identifier: Apache-2.0 */
/* range.c - address ranges of the command line. */
#include "command/range.h"

#include <strings.h>

#include "command/memory.h"
#include "command/number.h"

/* How an "L" extent was written. */
struct extent {
	bool unlimited; /* L? */
	bool backwards; /* L- */
	uint64_t count;
};

static bool range_error(struct tmi_args *args, const char *where, const char *why)
{
	return tmi_error_explain(args, TMI_ERROR_RANGE, where, "%s", why);
}

/*
 * True when an L extent stands at @at rather than an end address: "L" followed by a number, an
 * operator or a blank; "libc" is a name.
 */
static bool is_extent(const struct tmi_args *args, const char *at)
{
	const char *word = at + 1;
	size_t length = 0;
	uint64_t value;
	bool accent;

	if (*at != 'L' && *at != 'l')
		return false;
	while (tmi_is_word(word[length]))
		length++;
	if (length == 0)
		return *word != '.' && *word != '!';
	return tmi_number_parse(word, length, args->session->radix, &value, &accent) !=
		       TMI_NUMBER_NOT ||
	       (word[length] == '(' && strncasecmp(at, "low", 3) != 0);
}

static bool parse_count(struct tmi_args *args, bool list, uint64_t *count)
{
	return list ? tmi_args_list_value(args, count) : tmi_args_expression(args, count);
}

static bool parse_extent(struct tmi_args *args, const struct tmi_range_rule *rule,
			 struct extent *extent)
{
	*extent = (struct extent){ 0 };
	args->next++;
	extent->unlimited = *args->next == '?';
	extent->backwards = *args->next == '-';
	args->next += extent->unlimited || extent->backwards;
	return parse_count(args, rule->default_count == 0, &extent->count);
}

/* Bytes from @start to the end of the address space, or UINT64_MAX when they are 2^64. */
static uint64_t bytes_left(const struct tmi_session *session, const struct tmi_range_rule *rule,
			   uint64_t start)
{
	const struct tmi_memory memory = { .physical = rule->physical };
	uint64_t left = tmi_memory_last(session, &memory) - start;

	return left == UINT64_MAX ? left : left + 1;
}

/* Turns an L extent into start and size. */
static bool apply_extent(struct tmi_args *args, const struct tmi_range_rule *rule,
			 const struct extent *extent, struct tmi_range *range)
{
	uint64_t size;

	if (extent->count == 0)
		return range_error(args, range->extent_at, "at least one object is needed");
	if (__builtin_mul_overflow(extent->count, (uint64_t)rule->element, &size))
		size = UINT64_MAX;
	if (size > TMI_RANGE_LIMIT && !extent->unlimited)
		return range_error(args, range->extent_at,
				   "more than 256 MB; write L? instead of L if that is meant");
	if (extent->backwards) {
		if (range->start == 0)
			return range_error(args, range->extent_at, "nothing lies before address 0");
		size = size < range->start ? size : range->start;
		range->start -= size;
	}
	range->size = size;
	return true;
}

/* Turns an inclusive end address into a size. */
static bool apply_end(struct tmi_args *args, uint64_t end, struct tmi_range *range)
{
	if (end < range->start)
		return range_error(args, range->extent_at, "the end lies below the start");
	if (end - range->start >= TMI_RANGE_LIMIT)
		return range_error(args, range->extent_at,
				   "more than 256 MB; write START L? COUNT if that is meant");
	range->size = end - range->start + 1;
	return true;
}

/* Checks an address, or brings a physical one into its form. */
static bool check_address(struct tmi_args *args, const struct tmi_range_rule *rule,
			  const char *where, uint64_t *address)
{
	if (!rule->physical)
		return tmi_check_address(args, where, address);
	*address = tmi_physical_address(*address);
	return true;
}

static bool parse_end(struct tmi_args *args, const struct tmi_range_rule *rule,
		      struct tmi_range *range)
{
	struct extent extent;
	uint64_t end;

	range->extent_at = args->next;
	range->extent_given = true;
	if (is_extent(args, args->next))
		return parse_extent(args, rule, &extent) &&
		       apply_extent(args, rule, &extent, range);
	return parse_count(args, rule->default_count == 0, &end) &&
	       check_address(args, rule, range->extent_at, &end) && apply_end(args, end, range);
}

bool tmi_args_range(struct tmi_args *args, const struct tmi_range_rule *rule,
		    struct tmi_range *range)
{
	uint64_t left;

	*range = (struct tmi_range){ 0 };
	if (tmi_args_at_end(args) && rule->may_be_missing)
		return true;
	range->given = true;
	range->start_at = range->extent_at = args->next;
	if (!tmi_args_expression(args, &range->start) ||
	    !check_address(args, rule, range->start_at, &range->start))
		return false;
	if (tmi_args_at_end(args) && rule->default_count > 0)
		range->size = rule->default_count * rule->element;
	else if (!parse_end(args, rule, range))
		return false;
	left = bytes_left(args->session, rule, range->start);
	if (range->size > left)
		range->size = left;
	range->count = range->size / rule->element + (range->size % rule->element != 0);
	return true;
}
