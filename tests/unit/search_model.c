/* SPDX-License-Identifier: Apache-2.0 */
/* search_model.c - see search_model.h. */
#include "unit/search_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct search_model *model, FILE *out, unsigned at, unsigned size,
		unsigned alphabet)
{
	uint8_t unit[64];
	unsigned count = 1 + (unsigned)random() % sizeof(unit);

	if (size > SEARCH_SPAN - at)
		size = SEARCH_SPAN - at;
	fprintf(out, "repeat 0x%x %u", SEARCH_BASE + at, size);
	for (unsigned i = 0; i < count; i++) {
		unit[i] = (uint8_t)((unsigned)random() % alphabet);
		fprintf(out, " %02x", unit[i]);
	}
	fputc('\n', out);
	for (unsigned i = 0; i < size; i++)
		model->bytes[at + i] = unit[i % count];
}

/* Given bytes that one view can lend. */
static void put_lendable(struct search_model *model, FILE *out, unsigned at, unsigned size,
			 unsigned alphabet)
{
	if (size > SEARCH_SPAN - at)
		size = SEARCH_SPAN - at;
	fprintf(out, "bytes 0x%x ", SEARCH_BASE + at);
	for (unsigned i = 0; i < size; i++) {
		model->bytes[at + i] = (uint8_t)((unsigned)random() % alphabet);
		fprintf(out, "%02x", model->bytes[at + i]);
	}
	fputc('\n', out);
}

static void remove_some(struct search_model *model, FILE *out, const char *format)
{
	for (unsigned i = (unsigned)random() % 4; i > 0; i--) {
		unsigned at = (unsigned)random() % SEARCH_SPAN;
		unsigned size = 1 + (unsigned)random() % 5000;

		if (size > SEARCH_SPAN - at)
			size = SEARCH_SPAN - at;
		/* Beside a border of pages and pieces, now and then. */
		if (random() % 2)
			at &= ~0xffffu;
		fprintf(out, format, SEARCH_BASE + at, size);
		memset(model->valid + at, 0, size);
	}
}

void search_model_new(struct search_model *model, unsigned alphabet, bool lends)
{
	FILE *out = open_memstream(&model->text, &model->text_size);

	memset(model->bytes, 0, SEARCH_SPAN);
	memset(model->valid, 0, SEARCH_SPAN);
	fprintf(out, "target lends=%s\nprocess 1\n", lends ? "yes" : "no");
	/* Runs that touch, or leave a gap now and then. */
	for (unsigned at = 0; at < SEARCH_SPAN;) {
		unsigned size = random() % 3 ? 1 + (unsigned)random() % 0x60000
					     : 1 + (unsigned)random() % 100;

		if (size > SEARCH_SPAN - at)
			size = SEARCH_SPAN - at;
		fprintf(out, "run 0x%x %u rw-p untouched=%s\n", SEARCH_BASE + at, size,
			random() % 2 ? "yes" : "no");
		memset(model->valid + at, 1, size);
		at += size + (random() % 3 ? 0 : (unsigned)random() % 300);
	}
	for (unsigned i = 0; i < 6; i++)
		put(model, out, (unsigned)random() % SEARCH_SPAN, (unsigned)random() % 0x10000 + 1,
		    alphabet);
	if (lends)
		for (unsigned i = 0; i < 2; i++)
			put_lendable(model, out, (unsigned)random() % SEARCH_SPAN,
				     (unsigned)random() % 0x40000 + 1, alphabet);
	remove_some(model, out, "hole 0x%x %u\n");
	remove_some(model, out, "fault 0x%x %u read\n");
	fclose(out);
}

bool search_model_matches(const struct search_model *model, size_t at, const uint8_t *pattern,
			  const uint8_t *mask, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!model->valid[at + i] ||
		    (model->bytes[at + i] & mask[i]) != (pattern[i] & mask[i]))
			return false;
	return true;
}

void search_model_pattern(const struct search_model *model, uint8_t *pattern, size_t size,
			  unsigned alphabet)
{
	size_t at = (size_t)random() % (SEARCH_SPAN - size);

	if (random() % 2)
		at = (at | 0xfff) + 1 - size / 2;
	if (at > SEARCH_SPAN - size)
		at = SEARCH_SPAN - size;
	for (size_t i = 0; i < size; i++)
		pattern[i] = random() % 64 ? model->bytes[at + i]
					   : (uint8_t)((unsigned)random() % alphabet);
	if (random() % 4 == 0)
		memset(pattern, 0, size);
}
