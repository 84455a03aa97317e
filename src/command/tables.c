/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - arguments and words of the commands that walk page tables. */
#include "command/tables.h"

#include <string.h>

#include "command/number.h"

bool tmi_args_plain(struct tmi_args *args, uint64_t *value, bool *prefixed)
{
	const char *word;
	size_t length;
	bool accent;

	tmi_args_at_end(args);
	word = args->next;
	length = strcspn(word, " \t,");
	if (prefixed)
		*prefixed = length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x';
	if (length > 0 && tmi_number_parse(word, length, 16, value, &accent) == TMI_NUMBER_OK) {
		args->next += length;
		return true;
	}
	return tmi_args_list_value(args, value);
}

bool tmi_args_plain_address(struct tmi_args *args, uint64_t *address)
{
	const char *where;

	tmi_args_at_end(args);
	where = args->next;
	return tmi_args_plain(args, address, NULL) && tmi_check_address(args, where, address);
}

/* The number of the highest page of memory. */
static uint64_t highest_page(struct tmi_session *session)
{
	struct tmem_run run = { .size = sizeof(run) };
	uint64_t last = 0;
	tmem_run_cursor *cursor;

	if (TMEM_FAILED(tmem_run_cursor_new(session->target, TMEM_DATA_SPACE_PHYSICAL, 0, &cursor)))
		return 0;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK)
		last = run.base + (run.length - 1);
	tmem_run_cursor_free(cursor);
	return session->description.page_size ? last / session->description.page_size : 0;
}

uint64_t tmi_root_of(uint64_t value, bool prefixed, uint64_t highest_page, uint32_t page_size)
{
	if (value == 0 && !prefixed)
		return TMEM_CURRENT_DIRECTORY_BASE;
	return prefixed || value > highest_page ? value : value * page_size;
}

bool tmi_args_root(struct tmi_args *args, uint64_t *root)
{
	struct tmi_session *session = args->session;
	uint64_t value;
	bool prefixed;

	if (!tmi_args_plain(args, &value, &prefixed))
		return false;
	*root = tmi_root_of(value, prefixed, highest_page(session),
			    session->description.page_size ? session->description.page_size : 4096);
	return true;
}

static bool is_x86(const struct tmem_translation *translation)
{
	return strncmp(translation->scheme, "x86", 3) == 0 ||
	       strcmp(translation->scheme, "pae") == 0;
}

const char *tmi_scheme_title(const struct tmem_translation *translation)
{
	if (is_x86(translation))
		return "X86";
	return strncmp(translation->scheme, "arm64", 5) == 0 ? "Arm64" : "Amd64";
}

int tmi_entry_digits(const struct tmem_translation *translation)
{
	return strcmp(translation->scheme, "x86") == 0 ? 8 : 16;
}

const char *tmi_entry_prefix(const struct tmem_translation *translation)
{
	return is_x86(translation) && tmi_entry_digits(translation) == 16 ? "PAE " : "";
}

const char *tmi_translation_reason(const struct tmem_translation *translation)
{
	return translation->reason ? tmem_reason_text(translation->reason) : "not present";
}

void tmi_entry_flags_put(struct tmi_text *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		char set;
		char clear;
	} letters[] = {
		{ TMEM_ENTRY_SOFTWARE, 'C', '-' },      { TMEM_ENTRY_GLOBAL, 'G', '-' },
		{ TMEM_ENTRY_LARGE, 'L', '-' },         { TMEM_ENTRY_DIRTY, 'D', '-' },
		{ TMEM_ENTRY_ACCESSED, 'A', '-' },      { TMEM_ENTRY_NO_CACHE, 'N', '-' },
		{ TMEM_ENTRY_WRITE_THROUGH, 'T', '-' }, { TMEM_ENTRY_USER, 'U', 'K' },
		{ TMEM_ENTRY_WRITE, 'W', 'R' },         { TMEM_ENTRY_EXECUTE, 'E', '-' },
		{ TMEM_ENTRY_PRESENT, 'V', '-' },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		tmi_text_char(out, flags & letters[i].flag ? letters[i].set : letters[i].clear, 1);
}

static void record_flags(struct tmi_record *record, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ TMEM_ENTRY_PRESENT, "present" },
		{ TMEM_ENTRY_WRITE, "write" },
		{ TMEM_ENTRY_USER, "user" },
		{ TMEM_ENTRY_EXECUTE, "execute" },
		{ TMEM_ENTRY_ACCESSED, "accessed" },
		{ TMEM_ENTRY_DIRTY, "dirty" },
		{ TMEM_ENTRY_LARGE, "large" },
		{ TMEM_ENTRY_GLOBAL, "global" },
		{ TMEM_ENTRY_NO_CACHE, "no_cache" },
		{ TMEM_ENTRY_WRITE_THROUGH, "write_through" },
		{ TMEM_ENTRY_CONTIGUOUS, "contiguous" },
		{ TMEM_ENTRY_NO_ACCESS, "no_access" },
		{ TMEM_ENTRY_PAGED_OUT, "paged_out" },
		{ TMEM_ENTRY_SOFTWARE, "software" },
	};

	tmi_record_list(record, "flags");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			tmi_record_text(record, NULL, names[i].name);
	tmi_record_end(record);
}

void tmi_record_levels(struct tmi_record *record, const struct tmem_translation *translation)
{
	tmi_record_list(record, "levels");
	for (uint32_t i = 0; i < translation->level_count; i++) {
		const struct tmem_translation_level *level = &translation->levels[i];

		tmi_record_object(record, NULL);
		tmi_record_text(record, "name", level->name);
		tmi_record_address(record, "address", level->address);
		if (level->entry_size) {
			tmi_record_value(record, "entry", level->entry, level->entry_size);
			if (level->frame || level->flags & TMEM_ENTRY_PRESENT)
				tmi_record_address(record, "frame", level->frame);
			record_flags(record, level->flags);
		} else {
			tmi_record_null(record, "entry");
		}
		tmi_record_end(record);
	}
	tmi_record_end(record);
}
