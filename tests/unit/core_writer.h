/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_writer.h - makes ELF files of any shape for tests, also wrong ones.
 *
 * Written from the specification and without the code under test: fields are put byte by byte.
 */
#ifndef TESTS_CORE_WRITER_H
#define TESTS_CORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct grown_bytes {
	uint8_t *bytes;
	size_t size;
	size_t room;
};

struct written_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t address;
	uint64_t physical; /* 0 unless changed, as in cores of processes */
	uint64_t offset;   /* after layout: in the file; before: in data, unless given */
	uint64_t file_size;
	uint64_t memory_size;
	uint64_t align;
	bool given;
};

struct core_writer {
	unsigned word;
	bool big;
	uint16_t machine;
	uint16_t type;         /* 4 unless changed */
	bool count_in_section; /* PN_XNUM although there are few */
	unsigned note_align;   /* p_align of the notes, 4 unless changed */
	struct written_segment *segments;
	size_t count;
	size_t room;
	struct grown_bytes notes;
	struct grown_bytes data;
	uint64_t data_offset; /* in the file; known after core_writer_build() */
	uint64_t notes_offset;
};

static inline uint8_t *grow_bytes(struct grown_bytes *to, size_t size)
{
	if (to->size + size > to->room) {
		to->room = 2 * (to->size + size) + 64;
		to->bytes = realloc(to->bytes, to->room);
		if (!to->bytes)
			abort();
	}
	if (size)
		memset(to->bytes + to->size, 0, size);
	to->size += size;
	return to->bytes ? to->bytes + to->size - size : NULL;
}

static inline void put_integer(uint8_t *at, unsigned size, bool big, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		at[big ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static inline void append_integer(struct grown_bytes *to, unsigned size, bool big, uint64_t value)
{
	put_integer(grow_bytes(to, size), size, big, value);
}

static inline void core_writer_init(struct core_writer *w, unsigned word, bool big,
				    uint16_t machine)
{
	memset(w, 0, sizeof(*w));
	w->word = word;
	w->big = big;
	w->machine = machine;
	w->type = 4;
	w->note_align = 4;
}

static inline void core_writer_fini(struct core_writer *w)
{
	free(w->segments);
	free(w->notes.bytes);
	free(w->data.bytes);
	memset(w, 0, sizeof(*w));
}

/* Appends a note. */
static inline void core_writer_note(struct core_writer *w, const char *owner, uint32_t type,
				    const void *bytes, size_t size)
{
	size_t align = w->note_align == 8 ? 8 : 4;
	size_t name_size = strlen(owner) + 1;
	uint8_t *at;

	append_integer(&w->notes, 4, w->big, name_size);
	append_integer(&w->notes, 4, w->big, size);
	append_integer(&w->notes, 4, w->big, type);
	memcpy(grow_bytes(&w->notes, name_size), owner, name_size);
	grow_bytes(&w->notes, -w->notes.size % align);
	at = grow_bytes(&w->notes, size);
	if (size)
		memcpy(at, bytes, size);
	grow_bytes(&w->notes, -w->notes.size % align);
}

static inline struct written_segment *core_writer_segment(struct core_writer *w, uint32_t type)
{
	struct written_segment *segment;

	if (w->count == w->room) {
		w->room = 2 * w->room + 16;
		w->segments = realloc(w->segments, w->room * sizeof(*w->segments));
		if (!w->segments)
			abort();
	}
	segment = &w->segments[w->count++];
	memset(segment, 0, sizeof(*segment));
	segment->type = type;
	return segment;
}

/* Appends a PT_LOAD that holds @bytes (@file_size of them; NULL: zeros). */
static inline void core_writer_load(struct core_writer *w, uint64_t address, uint64_t memory_size,
				    const void *bytes, size_t file_size, uint32_t flags)
{
	struct written_segment *segment = core_writer_segment(w, 1);
	uint8_t *at;

	segment->flags = flags;
	segment->address = address;
	segment->memory_size = memory_size;
	segment->file_size = file_size;
	segment->offset = w->data.size;
	at = grow_bytes(&w->data, file_size);
	if (bytes && file_size)
		memcpy(at, bytes, file_size);
}

/* Appends a PT_LOAD of which every number is given. */
static inline void core_writer_load_at(struct core_writer *w, uint64_t address,
				       uint64_t memory_size, uint64_t offset, uint64_t file_size,
				       uint32_t flags)
{
	struct written_segment *segment = core_writer_segment(w, 1);

	segment->flags = flags;
	segment->address = address;
	segment->memory_size = memory_size;
	segment->file_size = file_size;
	segment->offset = offset;
	segment->given = true;
}

static inline void write_segment(const struct core_writer *w, struct grown_bytes *out,
				 const struct written_segment *s)
{
	uint64_t offset = s->given ? s->offset : s->offset + w->data_offset;

	append_integer(out, 4, w->big, s->type);
	if (w->word == 8)
		append_integer(out, 4, w->big, s->flags);
	append_integer(out, w->word, w->big, offset);
	append_integer(out, w->word, w->big, s->address);
	append_integer(out, w->word, w->big, s->physical);
	append_integer(out, w->word, w->big, s->file_size);
	append_integer(out, w->word, w->big, s->memory_size);
	if (w->word == 4)
		append_integer(out, 4, w->big, s->flags);
	append_integer(out, w->word, w->big, s->align);
}

static inline void write_header(const struct core_writer *w, struct grown_bytes *out, size_t count,
				uint64_t sections_at)
{
	uint8_t *ident = grow_bytes(out, 16);
	uint64_t header = w->word == 8 ? 64 : 52;

	memcpy(ident, "\177ELF", 4);
	ident[4] = w->word == 8 ? 2 : 1;
	ident[5] = w->big ? 2 : 1;
	ident[6] = 1;
	append_integer(out, 2, w->big, w->type);
	append_integer(out, 2, w->big, w->machine);
	append_integer(out, 4, w->big, 1);
	append_integer(out, w->word, w->big, 0);
	append_integer(out, w->word, w->big, header);
	append_integer(out, w->word, w->big, sections_at);
	append_integer(out, 4, w->big, 0);
	append_integer(out, 2, w->big, header);
	append_integer(out, 2, w->big, w->word == 8 ? 56 : 32);
	append_integer(out, 2, w->big, sections_at ? 0xffff : count);
	append_integer(out, 2, w->big, w->word == 8 ? 64 : 40);
	append_integer(out, 2, w->big, sections_at ? 1 : 0);
	append_integer(out, 2, w->big, 0);
}

/* The whole file, malloc()ed. */
static inline uint8_t *core_writer_build(struct core_writer *w, size_t *size)
{
	struct grown_bytes out = { 0 };
	bool has_notes = w->notes.size > 0;
	size_t count = w->count + has_notes;
	bool section = w->count_in_section || count >= 0xffff;
	uint64_t sections_at = (w->word == 8 ? 64 : 52) + count * (w->word == 8 ? 56 : 32);
	unsigned section_size = w->word == 8 ? 64 : 40;

	w->notes_offset = (sections_at + (section ? section_size : 0) + 15) & ~15ull;
	w->data_offset = (w->notes_offset + w->notes.size + 15) & ~15ull;
	write_header(w, &out, count, section ? sections_at : 0);
	if (has_notes) {
		struct written_segment notes = { .type = 4,
						 .offset = w->notes_offset,
						 .file_size = w->notes.size,
						 .align = w->note_align,
						 .given = true };

		write_segment(w, &out, &notes);
	}
	for (size_t i = 0; i < w->count; i++)
		write_segment(w, &out, &w->segments[i]);
	if (section)
		put_integer(grow_bytes(&out, section_size) + (w->word == 8 ? 44 : 28), 4, w->big,
			    count);
	grow_bytes(&out, w->notes_offset - out.size);
	if (w->notes.size)
		memcpy(grow_bytes(&out, w->notes.size), w->notes.bytes, w->notes.size);
	grow_bytes(&out, w->data_offset - out.size);
	if (w->data.size)
		memcpy(grow_bytes(&out, w->data.size), w->data.bytes, w->data.size);
	*size = out.size;
	return out.bytes;
}

/* Writes the file to a new name in /tmp, which goes to @path (64 bytes). */
static inline void core_writer_save(struct core_writer *w, char *path)
{
	size_t size;
	uint8_t *bytes = core_writer_build(w, &size);
	int fd;

	strcpy(path, "/tmp/tmem-core-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
	free(bytes);
}

/* ---- Notes of Linux cores ---- */

/* PRSTATUS of @size bytes whose general registers are @registers_value, +1, +2 ... as words. */
static inline void core_writer_prstatus(struct core_writer *w, uint32_t thread_id, size_t size,
					uint64_t registers_value)
{
	unsigned registers = w->word == 8 ? 112 : 72;
	uint8_t *bytes = calloc(1, size);

	if (!bytes)
		abort();
	put_integer(bytes + (w->word == 8 ? 32 : 24), 4, w->big, thread_id);
	for (size_t at = registers; at + w->word + 4 <= size; at += w->word)
		put_integer(bytes + at, w->word, w->big, registers_value++);
	core_writer_note(w, "CORE", 1, bytes, size);
	free(bytes);
}

static inline void core_writer_prpsinfo(struct core_writer *w, uint32_t process_id,
					const char *name, const char *arguments)
{
	uint8_t bytes[136] = { 0 };
	unsigned at = w->word == 8 ? 24 : 12;

	put_integer(bytes + at, 4, w->big, process_id);
	strncpy((char *)bytes + at + 16, name, 15);
	strncpy((char *)bytes + at + 32, arguments, 79);
	core_writer_note(w, "CORE", 3, bytes, w->word == 8 ? 136 : 124);
}

/* AUXV of @count {type, value} pairs, ended as it should be. */
static inline void core_writer_auxv(struct core_writer *w, const uint64_t (*pairs)[2], size_t count)
{
	struct grown_bytes bytes = { 0 };

	for (size_t i = 0; i < count; i++) {
		append_integer(&bytes, w->word, w->big, pairs[i][0]);
		append_integer(&bytes, w->word, w->big, pairs[i][1]);
	}
	append_integer(&bytes, w->word, w->big, 0);
	append_integer(&bytes, w->word, w->big, 0);
	core_writer_note(w, "CORE", 6, bytes.bytes, bytes.size);
	free(bytes.bytes);
}

struct written_file_row {
	uint64_t start;
	uint64_t end;
	uint64_t file_page;
	const char *path;
};

static inline void core_writer_files(struct core_writer *w, const struct written_file_row *rows,
				     size_t count)
{
	struct grown_bytes bytes = { 0 };

	append_integer(&bytes, w->word, w->big, count);
	append_integer(&bytes, w->word, w->big, 4096);
	for (size_t i = 0; i < count; i++) {
		append_integer(&bytes, w->word, w->big, rows[i].start);
		append_integer(&bytes, w->word, w->big, rows[i].end);
		append_integer(&bytes, w->word, w->big, rows[i].file_page);
	}
	for (size_t i = 0; i < count; i++)
		strcpy((char *)grow_bytes(&bytes, strlen(rows[i].path) + 1), rows[i].path);
	core_writer_note(w, "CORE", 0x46494c45, bytes.bytes, bytes.size);
	free(bytes.bytes);
}

#endif
