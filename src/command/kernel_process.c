/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_process.c - !process: the processes that a kernel runs. */
#include <inttypes.h>
#include <string.h>

#include "command/processes.h"
#include "command/regions.h"

#define FLAG_MORE 1u /* what is known besides the two lines of flags 0 */

struct list {
	struct tmi_session *session;
	uint64_t implicit; /* its data offset, 0 = none */
	uint64_t flags;
	const char *name; /* only processes of this name; NULL = all */
	size_t name_length;
	uint64_t shown;
};

static void record(const struct list *list, const struct tmem_kernel_process *process)
{
	struct tmi_record record;

	tmi_record_begin(&record, list->session, "kernel_process");
	tmi_record_process(&record, process);
	tmi_record_bool(&record, "implicit", process->data_offset == list->implicit);
	tmi_record_send(&record);
}

/* What flag 1 adds: the ids for people, and whose tables these are. */
static void put_more(const struct list *list, struct tmi_text *out,
		     const struct tmem_kernel_process *process)
{
	struct tmem_kernel_process parent = { .size = sizeof(parent) };

	tmi_text_format(out, "    Pid: 0n%" PRIu32 "  Parent: 0n%" PRIu32, process->system_id,
			process->parent_system_id);
	if (process->parent_system_id &&
	    tmem_get_kernel_process_by_system_id(list->session->target, process->parent_system_id,
						 &parent) == TMEM_S_OK) {
		tmi_text_puts(out, " (");
		tmi_name_put(out, parent.name);
		tmi_text_char(out, ')', 1);
	}
	if (process->data_offset == list->implicit)
		tmi_text_puts(out, "  implicit process");
	tmi_text_char(out, '\n', 1);
}

static void print(const struct list *list, const struct tmem_kernel_process *process)
{
	struct tmi_text out = { 0 };

	tmi_text_format(&out,
			"PROCESS %0*" PRIx64 "  Cid: %04" PRIx32 "  ParentCid: %04" PRIx32 "\n",
			(int)tmi_pointer_size(list->session) * 2,
			tmi_clean_address(list->session, process->data_offset), process->system_id,
			process->parent_system_id);
	if (process->directory_base)
		tmi_text_format(&out, "    DirBase: %0*" PRIx64,
				(int)tmi_pointer_size(list->session) * 2, process->directory_base);
	else
		tmi_text_puts(&out, "    DirBase: the kernel's");
	tmi_text_puts(&out, process->flags & TMEM_PROCESS_KERNEL_THREAD ? "  Kernel thread: "
									: "  Image: ");
	tmi_name_put(&out, process->name);
	tmi_text_char(&out, '\n', 1);
	if (list->flags & FLAG_MORE)
		put_more(list, &out, process);
	tmi_text_char(&out, '\n', 1);
	tmi_out_text(list->session, &out);
	tmi_text_fini(&out);
}

static void show(struct list *list, const struct tmem_kernel_process *process)
{
	list->shown++;
	if (list->session->json)
		record(list, process);
	else
		print(list, process);
}

static bool show_one(void *context, const struct tmem_kernel_process *process)
{
	struct list *list = context;

	if (!list->name || tmi_process_is_named(process, list->name, list->name_length))
		show(list, process);
	return true;
}

/* "!process 0 FLAGS [NAME]" */
static bool show_all(struct tmi_args *args, struct list *list)
{
	bool failed;

	tmi_args_word(args, &list->name, &list->name_length);
	if (!tmi_args_finish(args) || !tmi_processes_walk(args->session, show_one, list, &failed))
		return false;
	if (list->name && list->shown == 0)
		tmi_out_message(args->session, "No process is called %.*s", (int)list->name_length,
				list->name);
	return true;
}

static bool show_implicit(struct list *list)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };

	if (tmi_process_implicit(list->session, &process)) {
		show(list, &process);
		return true;
	}
	if (list->implicit)
		return tmi_error(
			list->session,
			"the implicit process %s is not in the kernel's list; !process 0 "
			"0 shows it",
			tmi_address(list->session, tmi_clean_address(list->session, list->implicit))
				.text);
	return tmi_error(list->session,
			 "there is no implicit process, only page tables (.root); !process 0 0\n"
			 "lists processes, .process makes one implicit");
}

/* True when "0" stands at args->next as a word of its own: all processes. */
static bool takes_all(struct tmi_args *args)
{
	const char *end = args->next + strspn(args->next, "0");

	if (end == args->next || (*end && *end != ' ' && *end != '\t'))
		return false;
	args->next = end;
	return true;
}

static bool execute(struct tmi_args *args)
{
	struct list list = { .session = args->session };
	struct tmem_kernel_process process;

	if (tmem_get_implicit_process_data_offset(args->session->target, &list.implicit) !=
	    TMEM_S_OK)
		list.implicit = 0;
	list.flags = FLAG_MORE;
	if (tmi_args_at_end(args))
		return show_implicit(&list);
	if (takes_all(args)) {
		list.flags = 0;
		return (tmi_args_at_end(args) || tmi_args_list_value(args, &list.flags)) &&
		       show_all(args, &list);
	}
	if (!tmi_args_process(args, &process) ||
	    (!tmi_args_at_end(args) && !tmi_args_list_value(args, &list.flags)) ||
	    !tmi_args_finish(args))
		return false;
	show(&list, &process);
	return true;
}

static const struct tmi_command_name names[] = { { "!process", NULL }, { NULL } };

const struct tmi_command tmi_command_kernel_process = {
	.names = names,
	.arguments = "[0 | ADDRESS | pid:N] [FLAGS] [NAME]",
	.brief = "the processes that the kernel runs",
	.help = "Shows a process that the kernel of the target runs (kernel mode), or all of them\n"
		"with 0: the address of its kernel object (Linux: its task_struct), its pid (Cid)\n"
		"and its parent's in hexadecimal, the physical address of its first page table\n"
		"(DirBase), and its name. Without arguments: the implicit process.\n"
		"\n"
		"ADDRESS is that of the kernel object, or a pid; pid:N is a decimal pid. FLAGS 0\n"
		"are the two lines above (usual for all), 1 adds the ids in decimal and the\n"
		"parent's name. With 0, NAME shows only processes that are called so. .process\n"
		"makes one the implicit process.",
	.examples = "!process 0 0\n!process 0 1 bash\n!process pid:1234\n!process @$proc 1",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_KERNEL_ONLY,
	.execute = execute,
};
