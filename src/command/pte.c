/* SPDX-License-Identifier: Apache-2.0 */
/* pte.c - !pte: the paging entries of an address, with their flags. */
#include <inttypes.h>

#include "command/tables.h"

static void record(struct tmi_session *session, uint64_t address,
		   const struct tmem_translation *translation, bool found)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "paging_entries");
	tmi_record_address(&record, "address", address);
	tmi_record_text(&record, "scheme", translation->scheme);
	tmi_record_address(&record, "directory_base", translation->directory_base);
	tmi_record_levels(&record, translation);
	if (!found)
		tmi_record_text(&record, "reason", tmi_translation_reason(translation));
	tmi_record_send(&record);
}

/* "PTE at 0000000000001000  contains 8000000000600067  pfn 600       ---DA--UW-V" */
static void put_level(struct tmi_text *out, const struct tmem_translation *translation,
		      const struct tmem_translation_level *level, uint32_t page_size,
		      bool ends_here)
{
	int digits = tmi_entry_digits(translation);

	tmi_text_format(out, "%-5s at %0*" PRIx64 "  ", level->name, digits, level->address);
	if (level->entry_size == 0) {
		tmi_text_format(out, "cannot be read\n      %s\n",
				tmi_translation_reason(translation));
		return;
	}
	tmi_text_format(out, "contains %0*" PRIx64 "  ", (int)level->entry_size * 2, level->entry);
	if (!ends_here) {
		tmi_text_format(out, "pfn %-9" PRIx64 " ", level->frame / page_size);
		tmi_entry_flags_put(out, level->flags);
	} else if (level->entry == 0) {
		tmi_text_puts(out, "not valid");
	} else {
		tmi_text_format(out, "not valid\n      %s", tmi_translation_reason(translation));
	}
	tmi_text_char(out, '\n', 1);
}

static void print(struct tmi_session *session, uint64_t address,
		  const struct tmem_translation *translation, bool found)
{
	uint32_t page_size = session->description.page_size;
	struct tmi_text out = { 0 };

	tmi_text_format(&out,
			"VA %0*" PRIx64 ", pagedir %" PRIx64 "; entries at physical addresses\n",
			(int)tmi_pointer_size(session) * 2, address, translation->directory_base);
	for (uint32_t i = 0; i < translation->level_count; i++)
		put_level(&out, translation, &translation->levels[i], page_size ? page_size : 4096,
			  !found && i + 1 == translation->level_count);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static bool execute(struct tmi_args *args)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	uint64_t address;
	tmem_status status;

	if (!tmi_args_address(args, &address) || !tmi_args_finish(args))
		return false;
	status = tmem_translate(args->session->target, TMEM_CURRENT_DIRECTORY_BASE, address,
				&translation);
	if (TMEM_FAILED(status))
		return tmi_error_target(args->session, "paging entries of %s",
					tmi_address(args->session, address).text);
	if (args->session->json)
		record(args->session, address, &translation, status == TMEM_S_OK);
	else
		print(args->session, address, &translation, status == TMEM_S_OK);
	return true;
}

static const struct tmi_command_name names[] = { { "!pte", NULL }, { NULL } };

const struct tmi_command tmi_command_pte = {
	.names = names,
	.arguments = "ADDRESS",
	.brief = "the paging entries of an address, with flags",
	.help = "Shows each entry that translates ADDRESS in the tables of the implicit process\n"
		"(kernel mode): where it stands, what it contains, the page it leads to, and its\n"
		"flags. Linux maps its tables nowhere in particular: entries are shown at their\n"
		"physical addresses, where !dq can read and !ed write them.\n"
		"\n"
		"  C  software bit (x86: bit 9)      T  write-through\n"
		"  G  global                         U  user mode too, K kernel only\n"
		"  L  large page                     W  writable, R read only\n"
		"  D  dirty                          E  executable\n"
		"  A  accessed                       V  valid\n"
		"  N  not cached                     -  not so",
	.examples = "!pte ffffffff81000000\n!pte @$proc",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
