/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - frames one after the other: which codec, where one ends, what may follow. */
#include "format/unpack.h"

#include <string.h>

#include "base/bytes.h"

/* Frames of zstd and lz4 that hold nothing of the file: magic, size, as many bytes of any kind. */
#define SKIPPABLE        0x184d2a50u
#define SKIPPABLE_MASK   0xfffffff0u
#define SKIPPABLE_HEADER 8u

static const struct tmi_codec *const codecs[] = {
#define X(name) &tmi_codec_##name,
#include "format/codecs.def"
#undef X
};

static const struct tmi_codec *find_at(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (size >= codecs[i]->magic_size && codecs[i]->begins(head))
			return codecs[i];
	return NULL;
}

/* Where the first frame with content begins; 0 when that is not within @head. */
static size_t skip_empty_frames(const uint8_t *head, size_t size)
{
	uint64_t at = 0;

	while (tmi_in_range(size, at, SKIPPABLE_HEADER) &&
	       (tmi_load32(head + at, false) & SKIPPABLE_MASK) == SKIPPABLE)
		at += SKIPPABLE_HEADER + (uint64_t)tmi_load32(head + at + 4, false);
	return at < size ? (size_t)at : 0;
}

const struct tmi_codec *tmi_unpack_find(const uint8_t *head, size_t size)
{
	size_t at = skip_empty_frames(head, size);
	const struct tmi_codec *codec = find_at(head + at, size - at);

	/* Two formats share the frames without content; only what follows tells them apart. */
	return codec || !at ? codec : find_at(head, size);
}

uint64_t tmi_unpack_declared(const struct tmi_codec *codec, const uint8_t *head, size_t size)
{
	size_t at = skip_empty_frames(head, size);

	return codec->declared ? codec->declared(head + at, size - at) : 0;
}

bool tmi_unpack_init(struct tmi_unpack *unpack, const struct tmi_codec *codec)
{
	*unpack = (struct tmi_unpack){ .codec = codec, .state = codec->open() };
	return unpack->state;
}

void tmi_unpack_fini(struct tmi_unpack *unpack)
{
	if (unpack->state)
		unpack->codec->close(unpack->state);
	unpack->state = NULL;
}

/* Between frames: takes padding and the beginning of the next frame. */
static enum tmi_unpack_result begin_frame(struct tmi_unpack *unpack, struct tmi_unpack_io *io,
					  const char **why)
{
	while (io->in_size > 0 && unpack->carried < unpack->codec->magic_size) {
		uint8_t byte = *io->in++;

		io->in_size--;
		/* Zeros after a frame fill up a tape's or a disk's block. */
		if (byte || unpack->carried > 0)
			unpack->carry[unpack->carried++] = byte;
	}
	if (unpack->carried < unpack->codec->magic_size)
		return TMI_UNPACK_MORE;
	if (!unpack->codec->begins(unpack->carry)) {
		*why = "something else follows the end of the compressed data";
		return TMI_UNPACK_BAD;
	}
	if (unpack->frames++ > 0 && !unpack->codec->next(unpack->state))
		return TMI_UNPACK_OUT_OF_MEMORY;
	unpack->inside = true;
	unpack->replayed = 0;
	return TMI_UNPACK_MORE;
}

/* Gives the codec what was kept of the frame's beginning, then the input itself. */
static enum tmi_unpack_result step(struct tmi_unpack *unpack, struct tmi_unpack_io *io,
				   const char **why)
{
	struct tmi_unpack_io kept = {
		.in = unpack->carry + unpack->replayed,
		.in_size = unpack->carried - unpack->replayed,
		.out = io->out,
		.out_size = io->out_size,
	};
	enum tmi_unpack_result result;

	if (!kept.in_size)
		return unpack->codec->step(unpack->state, io, why);
	result = unpack->codec->step(unpack->state, &kept, why);
	unpack->replayed = unpack->carried - kept.in_size;
	io->out = kept.out;
	io->out_size = kept.out_size;
	if (result == TMI_UNPACK_END && kept.in_size > 0) {
		*why = "a frame ends within its own beginning";
		return TMI_UNPACK_BAD;
	}
	return result;
}

enum tmi_unpack_result tmi_unpack_feed(struct tmi_unpack *unpack, struct tmi_unpack_io *io,
				       const char **why)
{
	*why = "malformed";
	for (;;) {
		size_t room = io->out_size;
		size_t input = io->in_size + unpack->carried - unpack->replayed;
		enum tmi_unpack_result result;

		if (!unpack->inside) {
			result = begin_frame(unpack, io, why);
			if (result != TMI_UNPACK_MORE || !unpack->inside)
				return result;
			continue;
		}
		if (!io->out_size)
			return TMI_UNPACK_MORE;
		result = step(unpack, io, why);
		if (result == TMI_UNPACK_END) {
			unpack->inside = false;
			unpack->carried = unpack->replayed = 0;
			continue;
		}
		if (result != TMI_UNPACK_MORE)
			return result;
		if (room != io->out_size ||
		    input != io->in_size + unpack->carried - unpack->replayed)
			continue;
		/* With input and room a sound frame always goes on. */
		return input ? TMI_UNPACK_BAD : TMI_UNPACK_MORE;
	}
}

bool tmi_unpack_finish(const struct tmi_unpack *unpack, const char **why)
{
	if (unpack->inside || !unpack->frames)
		*why = "the file ends in the middle of the compressed data";
	else if (unpack->carried)
		*why = "something else follows the end of the compressed data";
	else
		return true;
	return false;
}
