/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_file.c - .readmem: copy a file into memory.
 *
 * The file is read in large blocks, each of which is one write: what fits into a block makes one
 * event.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"

#define BLOCK ((size_t)1 << 26)
#define DOT   0x800 /* bytes that one dot stands for */

struct copy {
	struct tmi_args *args;
	struct tmi_session *session;
	const char *path;
	const struct tmi_range *range;
	uint8_t *block;
	int file;
	uint64_t read; /* bytes that came from the file */
	uint64_t done; /* bytes in memory */
	uint64_t dots;
	bool line_ended; /* that of the dots */
};

/* A dot for each part of the range that came from the file; @last: and the end of the line. */
static void show_dots(struct copy *copy, bool last)
{
	struct tmi_text text = { 0 };
	uint64_t dots = last ? (copy->read + DOT - 1) / DOT : copy->read / DOT;

	if (copy->line_ended)
		return;
	tmi_text_char(&text, '.', dots - copy->dots);
	copy->dots = dots;
	tmi_text_char(&text, '\n', last);
	copy->line_ended = last;
	tmi_out_text(copy->session, &text);
	tmi_text_fini(&text);
}

/* Fills the block from the file; *size is smaller than @wanted where the file ends. */
static bool read_block(struct copy *copy, size_t wanted, size_t *size)
{
	*size = 0;
	while (*size < wanted) {
		ssize_t part = read(copy->file, copy->block + *size, wanted - *size);
		int cause = errno;

		if (part == 0)
			return true;
		if (part > 0) {
			*size += (size_t)part;
			copy->read += (size_t)part;
		} else if (cause != EINTR) {
			show_dots(copy, true);
			return tmi_error(copy->session,
					 "Unable to read %s: %s; 0x%" PRIx64 " of 0x%" PRIx64
					 " bytes were written",
					 copy->path, strerror(cause), copy->done,
					 copy->range->size);
		}
	}
	return true;
}

static bool write_block(struct copy *copy, size_t size)
{
	struct tmi_session *session = copy->session;
	size_t at = 0, part;

	while (at < size) {
		if (TMEM_FAILED(tmem_write_virtual(session->target, copy->range->start + copy->done,
						   copy->block + at, size - at, &part)) ||
		    part == 0) {
			show_dots(copy, true);
			return tmi_error_partial(
				copy->args,
				tmi_clean_address(session, copy->range->start + copy->done),
				copy->done, copy->range->size, "written");
		}
		at += part;
		copy->done += part;
	}
	return true;
}

static void report(struct copy *copy)
{
	struct tmi_session *session = copy->session;
	struct tmi_record record;

	session->last_address = copy->range->start;
	if (session->json) {
		tmi_record_begin(&record, session, "file");
		tmi_record_text(&record, "file", copy->path);
		tmi_record_address(&record, "address", copy->range->start);
		tmi_record_size(&record, "size", copy->done);
		tmi_record_send(&record);
	}
	if (copy->done < copy->range->size)
		tmi_out_message(session,
				"%s is shorter than the range: 0x%" PRIx64 " of 0x%" PRIx64
				" bytes were written",
				copy->path, copy->done, copy->range->size);
}

static bool copy_file(struct copy *copy)
{
	struct tmi_session *session = copy->session;
	uint64_t size = copy->range->size;
	bool ended = false;

	tmi_out(session, "Reading %" PRIx64 " bytes", size);
	while (copy->done < size && !ended) {
		size_t now = size - copy->done < BLOCK ? (size_t)(size - copy->done) : BLOCK;
		size_t there;

		if (tmi_session_interrupted(session)) {
			show_dots(copy, true);
			return tmi_error_interrupted(
				session, "0x%" PRIx64 " of 0x%" PRIx64 " bytes were written",
				copy->done, size);
		}
		if (!read_block(copy, now, &there))
			return false;
		/* Before the write, which may show an event. */
		ended = there < now || copy->read == size;
		show_dots(copy, ended);
		if (!write_block(copy, there))
			return false;
		tmi_session_progress(session, "read", copy->done, size, copy->done);
	}
	report(copy);
	return true;
}

/* Opens a regular file; anything else could wait for ever, or never end. */
static bool open_file(struct tmi_session *session, const char *path, int *file)
{
	struct stat status;

	*file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*file < 0)
		return tmi_error(session, "Unable to open %s: %s", path, strerror(errno));
	if (fstat(*file, &status) == 0 && S_ISREG(status.st_mode))
		return true;
	close(*file);
	return tmi_error(session, "%s is no regular file", path);
}

static bool copy_to_memory(struct tmi_args *args, const char *path, const struct tmi_range *range)
{
	struct copy copy = { .args = args, .session = args->session, .path = path, .range = range };
	bool ok;

	if (!open_file(args->session, path, &copy.file))
		return false;
	copy.block = malloc(range->size < BLOCK ? (size_t)range->size : BLOCK);
	ok = copy.block ? copy_file(&copy) : tmi_error(args->session, "out of memory");
	free(copy.block);
	close(copy.file);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	static const struct tmi_range_rule rule = { .element = 1 };
	struct tmi_range range;
	char *path;
	bool ok;

	if (!tmi_args_string(args, &path))
		return false;
	ok = tmi_args_range(args, &rule, &range) && tmi_args_finish(args) &&
	     copy_to_memory(args, path, &range);
	free(path);
	return ok;
}

static const struct tmi_command_name names[] = { { ".readmem", NULL }, { NULL } };

const struct tmi_command tmi_command_read_file = {
	.names = names,
	.arguments = "FILE RANGE",
	.brief = "copy a file into memory",
	.help = "Writes the bytes of FILE into the memory of RANGE; quotes hold a name with "
		"blanks\n"
		"together. What FILE has more than RANGE is not used; when it has less, what "
		"there\n"
		"is goes into memory, and the command says so. One dot is shown for each 800\n"
		"hexadecimal bytes. Stops at the first byte that cannot be written.\n",
	.examples = ".readmem page.bin 1000 L1000\n.readmem \"my heap\" [heap] L?20000\n",
	.topic = TMI_TOPIC_WRITE,
	.flags = TMI_COMMAND_WRITES | TMI_COMMAND_NO_REPEAT,
	.execute = execute,
};
