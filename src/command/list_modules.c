/* SPDX-License-Identifier: Apache-2.0 */
/* list_modules.c - lm and lmv: the modules of the current process. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/modules.h"
#include "command/regions.h"

struct build_id {
	uint8_t data[sizeof(((struct tmem_module *)0)->build_id)];
	uint32_t size; /* 0 = none */
};

static struct build_id find_build_id(struct tmi_session *session, uint64_t base)
{
	struct tmem_module module = { .size = sizeof(module) };
	struct build_id id = { .size = 0 };

	if (TMEM_FAILED(tmem_get_module_by_offset(session->target, base, &module)))
		return id;
	id.size = module.build_id_size < sizeof(id.data) ? module.build_id_size : sizeof(id.data);
	memcpy(id.data, module.build_id, id.size);
	return id;
}

static void put_build_id(struct tmi_session *session, struct tmi_text *out, uint64_t base)
{
	struct build_id id = find_build_id(session, base);

	if (!id.size)
		return;
	tmi_text_puts(out, "    Build id: ");
	for (uint32_t i = 0; i < id.size; i++)
		tmi_text_hex(out, id.data[i], 2);
	tmi_text_char(out, '\n', 1);
}

static void record_module(struct tmi_session *session, const struct tmi_module *module,
			  bool verbose)
{
	struct build_id id = { .size = 0 };
	struct tmi_record record;

	if (verbose)
		id = find_build_id(session, module->base);
	tmi_record_begin(&record, session, "module");
	tmi_record_text(&record, "name", module->name);
	tmi_record_text(&record, "file", module->file);
	tmi_record_address(&record, "base", tmi_clean_address(session, module->base));
	tmi_record_address(&record, "end", tmi_clean_address(session, module->base + module->size));
	tmi_record_size(&record, "size", module->size);
	if (id.size)
		tmi_record_bytes(&record, "build_id", id.data, NULL, id.size);
	tmi_record_send(&record);
}

static void print_module(struct tmi_session *session, const struct tmi_module *module, bool verbose)
{
	struct tmi_text out = { 0 };
	size_t column;

	tmi_text_format(
		&out, "%s %s   ",
		tmi_address(session, tmi_clean_address(session, module->base)).text,
		tmi_address(session, tmi_clean_address(session, module->base + module->size)).text);
	column = out.size;
	tmi_name_put(&out, module->name);
	if (!verbose) {
		tmi_text_pad(&out, column + 14);
		tmi_text_char(&out, ' ', 1);
		tmi_name_put(&out, module->file);
		tmi_text_char(&out, '\n', 1);
	} else {
		tmi_text_puts(&out, "\n    File: ");
		tmi_name_put(&out, module->file);
		tmi_text_format(&out, "\n    Size: %" PRIx64 "\n", module->size);
		put_build_id(session, &out, module->base);
	}
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static void show(struct tmi_session *session, const struct tmi_module *module, bool verbose)
{
	if (session->json)
		record_module(session, module, verbose);
	else
		print_module(session, module, verbose);
}

static bool show_matching(struct tmi_session *session, const char *pattern, bool verbose)
{
	const struct tmi_modules *modules = tmi_session_modules(session);
	const char *start = tmi_pointer_size(session) == 4 ? "start    end     "
							   : "start             end              ";
	bool found = false;

	if (!modules)
		return tmi_error(session, "out of memory");
	if (modules->failed)
		return tmi_error(session, "The modules of this process cannot be listed");
	tmi_out(session, "%s   module name    file\n", start);
	for (size_t i = 0; i < modules->count; i++) {
		if (pattern && fnmatch(pattern, modules->list[i].name, FNM_CASEFOLD))
			continue;
		show(session, &modules->list[i], verbose);
		found = true;
	}
	return found || !pattern ||
	       tmi_error(session, "No module fits %s; lm lists them all", pattern);
}

/* Takes "a ADDRESS": the module that holds an address. */
static bool show_at(struct tmi_args *args, bool verbose)
{
	const struct tmi_module *module;
	uint64_t address;

	if (!tmi_args_address(args, &address) || !tmi_args_finish(args))
		return false;
	module = tmi_module_at(args->session, address);
	if (!module)
		return tmi_error(args->session, "%s is in no module",
				 tmi_address(args->session, address).text);
	show(args->session, module, verbose);
	return true;
}

/* Takes one of WinDbg's option letters. */
static bool take_letter(struct tmi_args *args, char letter)
{
	if (tmi_args_at_end(args) || *args->next != letter ||
	    (args->next[1] != ' ' && args->next[1] != '\t'))
		return false;
	args->next++;
	return true;
}

static bool execute(struct tmi_args *args)
{
	bool verbose = !strcmp(args->name, "lmv");
	char *pattern = NULL;
	bool ok;

	if (take_letter(args, 'a'))
		return show_at(args, verbose);
	/* WinDbg says "lm m PATTERN"; a pattern alone will do. */
	take_letter(args, 'm');
	if (!tmi_args_at_end(args) && !tmi_args_string(args, &pattern))
		return false;
	ok = tmi_args_finish(args) && show_matching(args->session, pattern, verbose);
	free(pattern);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "lm", "list the modules of the current process" },
	{ "lmv", "the same with size and build id" },
	{ 0 },
};

const struct tmi_command tmi_command_list_modules = {
	.names = names,
	.arguments = "[a ADDRESS | [m] PATTERN]",
	.brief = "list modules",
	.help = "Lists the programs and libraries mapped into the current process: first address,\n"
		"address behind the last, name and file. PATTERN chooses by name: * stands for "
		"any\n"
		"characters, ? for one. a ADDRESS chooses the module that holds an address. lmv "
		"adds\n"
		"size and build id.",
	.examples = "lm\nlm lib*\nlm a @rip\nlmv m libc",
	.topic = TMI_TOPIC_INFORMATION,
	.execute = execute,
};
