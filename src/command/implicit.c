/* SPDX-License-Identifier: Apache-2.0 */
/* implicit.c - .process .context .root: whose page tables virtual addresses go through. */
#include <inttypes.h>
#include <string.h>

#include "command/processes.h"
#include "command/regions.h"
#include "command/tables.h"

static void record_implicit(struct tmi_session *session, uint64_t offset,
			    const struct tmem_kernel_process *process)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "implicit_process");
	if (offset)
		tmi_record_address(&record, "data_offset", tmi_clean_address(session, offset));
	else
		tmi_record_null(&record, "data_offset");
	if (process) {
		tmi_record_number(&record, "system_id", process->system_id);
		tmi_record_text(&record, "name", process->name);
	}
	tmi_record_send(&record);
}

/* Without a process there are still tables, most often. */
static void put_none(struct tmi_session *session, struct tmi_text *out)
{
	uint64_t user;

	tmi_text_puts(out, "Implicit process is now none");
	if (tmem_get_directory_base(session->target, &user, NULL) == TMEM_S_OK)
		tmi_text_format(out, "; page directory base is %" PRIx64, user);
}

/* Tells which process is implicit now. */
static bool show_implicit(struct tmi_session *session)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	struct tmi_text out = { 0 };
	uint64_t offset;
	bool known;

	if (TMEM_FAILED(tmem_get_implicit_process_data_offset(session->target, &offset)))
		offset = 0;
	known = offset && tmi_process_at(session, offset, &process);
	if (session->json) {
		record_implicit(session, offset, known ? &process : NULL);
		return true;
	}
	if (!offset)
		put_none(session, &out);
	else
		tmi_text_format(&out, "Implicit process is now %s",
				tmi_address(session, tmi_clean_address(session, offset)).text);
	if (known) {
		tmi_text_format(&out, " (0n%" PRIu32 " ", process.system_id);
		tmi_name_put(&out, process.name);
		tmi_text_char(&out, ')', 1);
	}
	tmi_text_char(&out, '\n', 1);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
	return true;
}

/* /p and /r are how it works here; /i wants a target that runs. */
static bool take_options(struct tmi_args *args)
{
	while (!tmi_args_at_end(args) && *args->next == '/') {
		const char *where = args->next;
		const char *word;
		size_t length;

		tmi_args_word(args, &word, &length);
		if (length == 2 && strchr("prP", word[1]))
			continue;
		if (length == 2 && word[1] == 'i')
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, where,
						 "/i lets the target run until it switches by "
						 "itself; leave it out");
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, where, "%s takes: %s", args->name,
					 args->command->arguments);
	}
	return true;
}

static bool set_process(struct tmi_args *args)
{
	struct tmem_kernel_process process = { 0 };
	const char *word = args->next + strspn(args->next, "0");

	/* 0: the one from the beginning. */
	if (word > args->next && (*word == 0 || *word == ' ' || *word == '\t'))
		args->next = word;
	else if (!tmi_args_process(args, &process))
		return false;
	if (!tmi_args_finish(args))
		return false;
	if (TMEM_FAILED(tmem_set_implicit_process_data_offset(args->session->target,
							      process.data_offset)))
		return tmi_error_target(args->session, "making the process implicit");
	return show_implicit(args->session);
}

static bool execute_process(struct tmi_args *args)
{
	if (!take_options(args))
		return false;
	return tmi_args_at_end(args) ? show_implicit(args->session) : set_process(args);
}

static void record_roots(struct tmi_session *session, uint64_t user, uint64_t kernel)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "directory_base");
	tmi_record_address(&record, "user", user);
	if (kernel)
		tmi_record_address(&record, "kernel", kernel);
	tmi_record_send(&record);
}

/* .context has a line for user addresses, .root one for kernel addresses too. */
static bool show_roots(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	uint64_t user, kernel = 0;

	if (TMEM_FAILED(tmem_get_directory_base(session->target, &user, &kernel)))
		return tmi_error_target(session, "asking for the page directory base");
	if (session->json) {
		record_roots(session, user, kernel);
		return true;
	}
	tmi_out(session, "User-mode page directory base is %" PRIx64 "\n", user);
	if (strcmp(args->name, ".root") == 0)
		tmi_out(session, "Kernel-mode page directory base is %" PRIx64 "\n", kernel);
	return true;
}

static bool execute_root(struct tmi_args *args)
{
	const char *where;
	uint64_t root;

	if (tmi_args_at_end(args))
		return show_roots(args);
	where = args->next;
	if (!tmi_args_plain(args, &root, NULL) || !tmi_args_finish(args))
		return false;
	if (TMEM_FAILED(tmem_set_directory_base(args->session->target, root)))
		return tmi_error_explain(args, TMI_ERROR_OPERAND, where, "%s",
					 tmem_last_error(args->session->target));
	return show_roots(args);
}

static bool execute(struct tmi_args *args)
{
	return strcmp(args->name, ".process") == 0 ? execute_process(args) : execute_root(args);
}

static const struct tmi_command_name names[] = {
	{ ".process", "the implicit process: show it, or choose another" },
	{ ".context", "the page tables of user addresses: show or set them" },
	{ ".root", "the page tables of user and kernel addresses" },
	{ NULL },
};

const struct tmi_command tmi_command_implicit = {
	.names = names,
	.arguments = "[/p] [/r] [ADDRESS | pid:N | 0]",
	.brief = "whose page tables virtual addresses go through",
	.help = "In kernel mode virtual addresses belong to the implicit process. .process shows\n"
		"it, or makes another one implicit: by the address of its kernel object, its pid,\n"
		"or pid:N, N in decimal; 0 goes back to the one from the beginning. /p and /r are\n"
		"accepted: user addresses follow at once, always. An unknown process is an error\n"
		"and changes nothing.\n"
		"\n"
		".context and .root take the physical address of a first page table instead (a\n"
		"CR3 or TTBR value), for memory that no process in the kernel's list has; 0 goes\n"
		"back as well. Without arguments they show it; .root shows the kernel's too.\n"
		"Their numbers are hexadecimal whatever n says.",
	.examples = ".process\n.process ffff888003a41000\n.process /p pid:1234\n.context 11f000\n"
		    ".root",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
