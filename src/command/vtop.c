/* SPDX-License-Identifier: Apache-2.0 */
/* vtop.c - !vtop: from a virtual to a physical address, step by step. */
#include <inttypes.h>

#include "command/tables.h"

static void record(struct tmi_session *session, uint64_t address,
		   const struct tmem_translation *translation, bool found)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "translation");
	tmi_record_address(&record, "address", address);
	tmi_record_text(&record, "scheme", translation->scheme);
	tmi_record_address(&record, "directory_base", translation->directory_base);
	tmi_record_levels(&record, translation);
	if (found) {
		tmi_record_address(&record, "physical", translation->physical);
		tmi_record_size(&record, "page_size",
				translation->page_last - translation->page_first + 1);
	} else {
		tmi_record_text(&record, "reason", tmi_translation_reason(translation));
	}
	tmi_record_send(&record);
}

/* One line for an entry. */
static void put_level(struct tmi_text *out, const struct tmem_translation *translation,
		      const struct tmem_translation_level *level)
{
	int digits = tmi_entry_digits(translation);

	tmi_text_format(out, "%sVtoP: %s%s %0*" PRIx64, tmi_scheme_title(translation),
			tmi_entry_prefix(translation), level->name, digits, level->address);
	if (level->entry_size)
		tmi_text_format(out, " - %0*" PRIx64, (int)level->entry_size * 2, level->entry);
	tmi_text_char(out, '\n', 1);
}

/* The line that says how the walk ended. */
static void put_end(struct tmi_text *out, const struct tmem_translation *translation, bool found)
{
	const char *title = tmi_scheme_title(translation);
	const struct tmem_translation_level *last;

	if (translation->level_count == 0)
		return;
	last = &translation->levels[translation->level_count - 1];
	if (found)
		tmi_text_format(out, "%sVtoP: %s phys %0*" PRIx64 "\n", title,
				last->flags & TMEM_ENTRY_LARGE ? "Large page mapped" : "Mapped",
				tmi_entry_digits(translation), translation->physical);
	else if (last->entry_size && last->entry == 0)
		tmi_text_format(out, "%sVtoP: zero %s\n", title, last->name);
	else
		tmi_text_format(out, "%sVtoP: %s: %s\n", title, last->name,
				tmi_translation_reason(translation));
}

static void print(struct tmi_session *session, uint64_t address,
		  const struct tmem_translation *translation, bool found)
{
	int digits = tmi_entry_digits(translation);
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "%sVtoP: Virt %0*" PRIx64 ", pagedir %0*" PRIx64 "\n",
			tmi_scheme_title(translation), (int)tmi_pointer_size(session) * 2, address,
			digits, translation->directory_base);
	for (uint32_t i = 0; i < translation->level_count; i++)
		put_level(&out, translation, &translation->levels[i]);
	put_end(&out, translation, found);
	if (found)
		tmi_text_format(&out,
				"Virtual address %" PRIx64
				" translates to physical address %" PRIx64 ".\n",
				address, translation->physical);
	else
		tmi_text_format(&out,
				"Virtual address %" PRIx64 " translation fails, error 0x%08" PRIX32
				".\n",
				address, (uint32_t)TMEM_E_NO_PAGEFILE);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static bool execute(struct tmi_args *args)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	uint64_t root = TMEM_CURRENT_DIRECTORY_BASE;
	struct tmi_error_facts facts = { 0 };
	const char *first;
	uint64_t address;
	tmem_status status;

	tmi_args_at_end(args);
	first = args->next;
	if (!tmi_args_plain(args, &address, NULL))
		return false;
	tmi_args_take(args, ',');
	if (!tmi_args_at_end(args)) {
		args->next = first;
		if (!tmi_args_root(args, &root))
			return false;
		tmi_args_take(args, ',');
	} else {
		args->next = first;
	}
	if (!tmi_args_plain_address(args, &address) || !tmi_args_finish(args))
		return false;
	status = tmem_translate(args->session->target, root, address, &translation);
	if (TMEM_FAILED(status)) {
		facts.status = status;
		return tmi_error_with(args->session, &facts,
				      "Virtual address %" PRIx64
				      " translation fails, error 0x%08" PRIX32 ".\n  %s",
				      address, (uint32_t)status,
				      tmem_last_error(args->session->target));
	}
	if (args->session->json)
		record(args->session, address, &translation, status == TMEM_S_OK);
	else
		print(args->session, address, &translation, status == TMEM_S_OK);
	return true;
}

static const struct tmi_command_name names[] = { { "!vtop", NULL }, { NULL } };

const struct tmi_command tmi_command_vtop = {
	.names = names,
	.arguments = "[ROOT] ADDRESS",
	.brief = "the physical address behind a virtual one",
	.help = "Walks the page tables (kernel mode) and shows the physical address and the\n"
		"contents of each entry on the way, then the physical address. A walk that ends\n"
		"at an entry without a page says which, and why.\n"
		"\n"
		"ROOT is where the first table is: its page number, or its address (a CR3 or\n"
		"TTBR value) when that is above the highest page number of memory or begins with\n"
		"0x. 0, or no ROOT, means the tables of the implicit process; !process shows\n"
		"DirBase of the others. Numbers are hexadecimal whatever n says, and not\n"
		"sign-extended; other words are expressions.",
	.examples = "!vtop ffffffff81000000\n!vtop 0 7ff763e90000\n!vtop 253ef0 7ff763e90000",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
