/* SPDX-License-Identifier: Apache-2.0 */
/* write_file.c - .writemem: copy memory into a file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/values.h"

#define BLOCK (1u << 18)
#define DOT   0x800 /* bytes that one dot stands for */

struct copy {
	struct tmi_session *session;
	const char *path;
	const struct tmi_range *range;
	uint8_t *block;
	int file;
	uint64_t done; /* bytes in the file */
	uint64_t dots;
};

static void show_dots(struct copy *copy, bool last)
{
	struct tmi_text text = { 0 };
	uint64_t dots = last ? (copy->done + DOT - 1) / DOT : copy->done / DOT;

	tmi_text_char(&text, '.', dots - copy->dots);
	copy->dots = dots;
	tmi_out_text(copy->session, &text);
	tmi_text_fini(&text);
}

/* What an error record tells of how far the copy came. */
static struct tmi_error_facts facts(const struct copy *copy, tmem_status status)
{
	return (struct tmi_error_facts){ .status = status,
					 .done = copy->done,
					 .size = copy->range->size };
}

static bool write_all(struct copy *copy, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t part = write(copy->file, copy->block + at, size - at);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0) {
			int cause = part ? errno : ENOSPC;

			struct tmi_error_facts error = facts(copy, TMEM_E_FAIL);

			tmi_out(copy->session, "\n");
			return tmi_error_with(copy->session, &error,
					      "Unable to write %s: %s; 0x%" PRIx64 " of 0x%" PRIx64
					      " bytes are in it",
					      copy->path, strerror(cause), copy->done,
					      copy->range->size);
		}
		at += (size_t)part;
		copy->done += (size_t)part;
	}
	return true;
}

/* Memory ended before the range did. */
static bool report_hole(struct copy *copy, tmem_status status)
{
	uint64_t at = copy->range->start + copy->done;
	const char *cause = tmi_values_cause(copy->session, status);
	struct tmi_error_facts error =
		facts(copy, TMEM_FAILED(status) ? status : TMEM_E_READ_FAULT);

	error.has_address = true;
	error.address = tmi_clean_address(copy->session, at);
	error.reason = tmi_values_reason(copy->session);
	show_dots(copy, true);
	tmi_out(copy->session, "\n");
	return tmi_error_with(copy->session, &error,
			      "Unable to read memory at %s, file is incomplete%s"
			      "%s; 0x%" PRIx64 " of 0x%" PRIx64 " bytes are in %s",
			      tmi_address(copy->session, at).text,
			      copy->session->json ? ": " : "\n", cause, copy->done,
			      copy->range->size, copy->path);
}

static void record_copied(const struct copy *copy)
{
	struct tmi_record record;

	tmi_record_begin(&record, copy->session, "file");
	tmi_record_text(&record, "file", copy->path);
	tmi_record_address(&record, "address", copy->range->start);
	tmi_record_size(&record, "size", copy->done);
	tmi_record_send(&record);
}

static bool copy_range(struct copy *copy)
{
	struct tmi_session *session = copy->session;
	size_t part;

	tmi_out(session, "Writing %" PRIx64 " bytes", copy->range->size);
	while (copy->done < copy->range->size) {
		uint64_t left = copy->range->size - copy->done;
		tmem_status status =
			tmem_read_virtual(session->target, copy->range->start + copy->done,
					  copy->block, left < BLOCK ? (size_t)left : BLOCK, &part);

		if (tmi_session_interrupted(session)) {
			show_dots(copy, true);
			tmi_out(session, "\n");
			return tmi_error_interrupted(
				session, "0x%" PRIx64 " of 0x%" PRIx64 " bytes are in %s",
				copy->done, copy->range->size, copy->path);
		}
		if (TMEM_FAILED(status) || !part)
			return report_hole(copy, status);
		if (!write_all(copy, part))
			return false;
		show_dots(copy, false);
		tmi_session_progress(session, "write", copy->done, copy->range->size, copy->done);
	}
	show_dots(copy, true);
	tmi_out(session, "\n");
	if (session->json)
		record_copied(copy);
	return true;
}

static bool copy_to_file(struct tmi_session *session, const char *path,
			 const struct tmi_range *range)
{
	struct copy copy = { .session = session, .path = path, .range = range };
	bool ok;

	copy.block = malloc(BLOCK);
	if (!copy.block)
		return tmi_error(session, "out of memory");
	copy.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (copy.file < 0) {
		int cause = errno;
		char *more = tmi_sandbox_explain(session, cause);

		free(copy.block);
		tmi_error(session, "Unable to create %s: %s%s", path, strerror(cause),
			  more ? more : "");
		free(more);
		return false;
	}
	ok = copy_range(&copy);
	if (close(copy.file) && ok)
		ok = tmi_error(session, "Unable to write %s: %s", path, strerror(errno));
	free(copy.block);
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
	     copy_to_file(args->session, path, &range);
	free(path);
	return ok;
}

static const struct tmi_command_name names[] = { { ".writemem", NULL }, { 0 } };

const struct tmi_command tmi_command_write_file = {
	.names = names,
	.arguments = "FILE RANGE",
	.brief = "copy memory into a file",
	.help = "Writes the bytes of RANGE into FILE, which is created or overwritten; quotes "
		"hold\n"
		"a name with blanks together. One dot is shown for each 800 hexadecimal bytes.\n"
		"Where memory cannot be read the copy ends, and what was written stays.",
	.examples = ".writemem page.bin 1000 L1000\n.writemem \"my heap\" [heap] L?20000",
	.topic = TMI_TOPIC_DISPLAY,
	.execute = execute,
};
