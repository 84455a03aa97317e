/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.h - compressed files, unpacked piece by piece: no file is opened and none is written here.
 *
 * A codec knows one frame (gzip: member, xz: stream); what follows it, another frame, padding of
 * zeros or something else, is judged in one place for all of them. A codec is one file with one
 * `const struct tmi_codec tmi_codec_<name>` and one row in codecs.def.
 *
 *	codec = tmi_unpack_find(head, size);
 *	tmi_unpack_init(&unpack, codec)
 *	tmi_unpack_feed(&unpack, &io, &why) until the input is used up and nothing comes out any
 *more tmi_unpack_finish(&unpack, &why) tmi_unpack_fini(&unpack);
 */
#ifndef TMI_FORMAT_UNPACK_H
#define TMI_FORMAT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame may ask for so much memory (its window or dictionary) and no more. */
#define TMI_UNPACK_MEMORY_LOG 30
#define TMI_UNPACK_MEMORY     (UINT64_C(1) << TMI_UNPACK_MEMORY_LOG)

/* Longest beginning by which a frame is recognised, in bytes. */
#define TMI_UNPACK_MAGIC 6

enum tmi_unpack_result {
	TMI_UNPACK_MORE,          /* goes on with more input or more room */
	TMI_UNPACK_END,           /* codecs only: the frame is complete */
	TMI_UNPACK_BAD,           /* the bytes are not what they should be; *why says it */
	TMI_UNPACK_OUT_OF_MEMORY, /* of this process */
};

/* Input and room; the pointers move on and the sizes shrink by what was used. */
struct tmi_unpack_io {
	const uint8_t *in;
	size_t in_size;
	uint8_t *out;
	size_t out_size;
};

struct tmi_codec {
	const char *name;  /* as in codecs.def */
	size_t magic_size; /* bytes that begins() looks at */
	bool (*begins)(const uint8_t *magic);

	/* Unpacked size that the beginning of a frame tells; 0 = it does not. */
	uint64_t (*declared)(const uint8_t *head, size_t size);

	void *(*open)(void);       /* NULL: out of memory */
	bool (*next)(void *state); /* makes ready for the next frame; false: out of memory */

	/*
	 * Uses input and fills room as far as it can. *why, for BAD, is constant or lives as long
	 * as the state. No progress is MORE, not a failure.
	 */
	enum tmi_unpack_result (*step)(void *state, struct tmi_unpack_io *io, const char **why);
	void (*close)(void *state);
};

#define X(name) extern const struct tmi_codec tmi_codec_##name;
#include "format/codecs.def"
#undef X

/* The codec of a file that begins with @head; NULL when it is not compressed. */
const struct tmi_codec *tmi_unpack_find(const uint8_t *head, size_t size);

/* Unpacked size of the first frame as far as @head tells it; 0 = unknown. */
uint64_t tmi_unpack_declared(const struct tmi_codec *codec, const uint8_t *head, size_t size);

/* A stream of frames. */
struct tmi_unpack {
	const struct tmi_codec *codec;
	void *state;
	bool inside;                     /* a frame has begun and not ended */
	uint64_t frames;                 /* that began */
	uint8_t carry[TMI_UNPACK_MAGIC]; /* the beginning of a frame, kept until it is whole */
	size_t carried;                  /* bytes in it */
	size_t replayed;                 /* of them given to the codec */
};

/* False: out of memory. After success tmi_unpack_fini() must follow. */
bool tmi_unpack_init(struct tmi_unpack *unpack, const struct tmi_codec *codec);
void tmi_unpack_fini(struct tmi_unpack *unpack);

/*
 * Uses @io's input and fills its room until one of them is used up: MORE, BAD or OUT_OF_MEMORY. At
 * the end of the file it is called without input until nothing comes out any more.
 */
enum tmi_unpack_result tmi_unpack_feed(struct tmi_unpack *unpack, struct tmi_unpack_io *io,
				       const char **why);

/* The file has ended; false when that was too early, *why says how. */
bool tmi_unpack_finish(const struct tmi_unpack *unpack, const char **why);

#endif
