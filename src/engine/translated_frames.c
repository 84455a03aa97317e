/* SPDX-License-Identifier: Apache-2.0 */
/* translated_frames.c - the frames behind the addresses of a space; see space.h. */
#include "engine/hot.h"
#include "engine/translated.h"

/* Addresses that are looked up at once. */
#define DEPTH 64

/* What the processor fetches at once. */
#define LINE 64

bool tmi_space_has_frames(const struct tmi_space *space)
{
	const struct tmi_translation *translation = tmi_space_translation(space);

	const struct tmi_facts *facts = translation ? tmi_space_facts(translation->physical) : NULL;

	return facts && facts->lends && !facts->live;
}

void tmi_space_frames(struct tmi_space *space, uint64_t address, uint64_t *physical, size_t count)
{
	const struct tmi_translation *translation = tmi_space_translation(space);
	uint64_t addresses[DEPTH];

	for (size_t done = 0; done < count;) {
		size_t part = count - done < DEPTH ? count - done : DEPTH;

		for (size_t i = 0; i < part; i++)
			addresses[i] = address + (done + i) * TMI_SPACE_FRAME;
		tmi_translated_pages(space, translation, addresses, physical + done, part);
		done += part;
	}
}

bool tmi_space_read_frame(struct tmi_space *space, uint64_t physical, void *buffer, size_t size)
{
	struct tmi_space *memory = tmi_space_translation(space)->physical;
	const struct tmi_paging_memory *window = tmi_translated_memory(memory);
	const uint8_t *data = tmi_translated_lent(window, physical, size);
	size_t done = 0;

	if (data)
		tmi_hot_copy(buffer, data, size);
	if (data && !tmi_translated_truncated(window))
		return true;
	tmi_storage_read(memory, physical, buffer, size, TMI_SPACE_NO_TOUCH, &done);
	return done == size;
}

void tmi_space_expect_frame(struct tmi_space *space, uint64_t physical, size_t size)
{
	struct tmi_space *memory = tmi_space_translation(space)->physical;
	const uint8_t *data =
		tmi_translated_lent(tmi_translated_memory(memory), physical, TMI_SPACE_FRAME);

	for (size_t at = 0; data && at < size; at += LINE) {
		__builtin_prefetch(data + at);
		__builtin_prefetch(data + (TMI_SPACE_FRAME - 1 - at));
	}
}
