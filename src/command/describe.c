/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - .target: what the target is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/processes.h"
#include "command/regions.h"

static const char *processor_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} processors[] = {
		{ TMEM_PROCESSOR_I386, "i386" },
		{ TMEM_PROCESSOR_AMD64, "x86-64" },
		{ TMEM_PROCESSOR_ARM, "arm" },
		{ TMEM_PROCESSOR_ARM64, "arm64" },
		{ TMEM_PROCESSOR_RISCV32, "riscv32" },
		{ TMEM_PROCESSOR_RISCV64, "riscv64" },
		{ TMEM_PROCESSOR_POWERPC, "powerpc" },
		{ TMEM_PROCESSOR_MIPS, "mips" },
		{ TMEM_PROCESSOR_LOONGARCH64, "loongarch64" },
	};

	for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++)
		if (processors[i].type == type)
			return processors[i].name;
	return "unknown";
}

static void put_memory(struct tmi_text *out, uint32_t flags)
{
	tmi_text_puts(out, "Memory:    ");
	if (flags & TMEM_TARGET_LIVE)
		tmi_text_puts(out,
			      flags & TMEM_TARGET_SUSPENDED ? "live, suspended" : "live, running");
	else
		tmi_text_puts(out, "stored");
	tmi_text_puts(out, flags & TMEM_TARGET_OVERLAY ? "; writes go to the overlay\n"
						       : "; writes go to the target\n");
	if (flags & TMEM_TARGET_INCOMPLETE)
		tmi_text_puts(out, "Warning:   the file is truncated or incomplete\n");
}

/* What the kernel of the target runs, as far as one was found. */
struct kernel_part {
	bool listed; /* count is known */
	uint32_t count;
	bool implicit; /* process is known */
	struct tmem_kernel_process process;
};

static void find_kernel_part(struct tmi_session *session, struct kernel_part *part)
{
	*part = (struct kernel_part){ .process = { .size = sizeof(part->process) } };
	if (session->description.mode != TMEM_MODE_KERNEL)
		return;
	part->listed =
		!TMEM_FAILED(tmem_get_number_kernel_processes(session->target, &part->count));
	part->implicit = part->listed && tmi_process_implicit(session, &part->process);
}

static void record_kernel_part(struct tmi_record *record, const struct kernel_part *part)
{
	if (part->listed)
		tmi_record_number(record, "kernel_processes", part->count);
	if (part->implicit)
		tmi_record_address(record, "implicit_process",
				   tmi_clean_address(record->session, part->process.data_offset));
}

static void put_kernel_part(struct tmi_session *session, struct tmi_text *out,
			    const struct kernel_part *part)
{
	uint64_t root;

	if (part->listed)
		tmi_text_format(out, "Kernel:    %" PRIu32 " process%s (!process 0 0)\n",
				part->count, part->count == 1 ? "" : "es");
	else
		tmi_text_puts(out, "Kernel:    none is known (.kernel tells why)\n");
	if (part->implicit) {
		tmi_text_format(
			out, "Implicit:  %s, 0n%" PRIu32 " ",
			tmi_address(session, tmi_clean_address(session, part->process.data_offset))
				.text,
			part->process.system_id);
		tmi_name_put(out, part->process.name);
		tmi_text_char(out, '\n', 1);
	} else if (tmem_get_directory_base(session->target, &root, NULL) == TMEM_S_OK) {
		tmi_text_format(out, "Implicit:  no process; page directory base %" PRIx64 "\n",
				root);
	}
}

static void record(struct tmi_session *session, const struct tmem_description *target,
		   uint32_t processes, const struct kernel_part *part)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "target");
	tmi_record_text(&record, "target", *target->text ? target->text : target->kind);
	tmi_record_text(&record, "kind", target->kind);
	tmi_record_text(&record, "mode", target->mode == TMEM_MODE_KERNEL ? "kernel" : "user");
	tmi_record_text(&record, "machine", processor_name(target->processor_type));
	tmi_record_number(&record, "elf_machine", target->machine);
	tmi_record_number(&record, "pointer_size", target->pointer_size);
	tmi_record_bool(&record, "big_endian", target->flags & TMEM_TARGET_BIG_ENDIAN);
	tmi_record_number(&record, "page_size", target->page_size);
	tmi_record_number(&record, "processes", processes);
	tmi_record_bool(&record, "live", target->flags & TMEM_TARGET_LIVE);
	tmi_record_bool(&record, "suspended", target->flags & TMEM_TARGET_SUSPENDED);
	tmi_record_bool(&record, "overlay", target->flags & TMEM_TARGET_OVERLAY);
	tmi_record_bool(&record, "incomplete", target->flags & TMEM_TARGET_INCOMPLETE);
	record_kernel_part(&record, part);
	tmi_record_send(&record);
}

/* What was opened; what is wider than the screen goes on below, behind a comma. */
static void put_target(struct tmi_text *out, const char *text, size_t width)
{
	static const char heading[] = "Target:    ";
	size_t column = sizeof(heading) - 1;

	tmi_text_puts(out, heading);
	while (*text) {
		size_t length = strcspn(text, ",");

		length += strspn(text + length, ",");
		if (column + length > width && column > sizeof(heading) - 1) {
			tmi_text_char(out, '\n', 1);
			tmi_text_char(out, ' ', sizeof(heading) - 1);
			column = sizeof(heading) - 1;
			length -= *text == ' ';
			text += *text == ' ';
		}
		tmi_text_format(out, "%.*s", (int)length, text);
		column += length;
		text += length;
	}
	tmi_text_char(out, '\n', 1);
}

static void print(struct tmi_session *session, const struct tmem_description *target,
		  uint32_t processes, const struct kernel_part *part)
{
	struct tmi_text out = { 0 };

	put_target(&out, *target->text ? target->text : target->kind, session->width);
	tmi_text_format(&out, "Kind:      %s, %s mode\n", target->kind,
			target->mode == TMEM_MODE_KERNEL ? "kernel" : "user");
	tmi_text_format(&out, "Machine:   %s (ELF machine %" PRIu32 "), %u-bit, %s endian\n",
			processor_name(target->processor_type), target->machine,
			target->pointer_size * 8,
			target->flags & TMEM_TARGET_BIG_ENDIAN ? "big" : "little");
	tmi_text_format(&out, "Page size: 0x%" PRIx32 "\n", target->page_size);
	if (target->mode == TMEM_MODE_KERNEL)
		put_kernel_part(session, &out, part);
	else
		tmi_text_format(&out, "Processes: %" PRIu32 "\n", processes);
	put_memory(&out, target->flags);
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static bool execute(struct tmi_args *args)
{
	struct tmem_description target = { .size = sizeof(target) };
	struct kernel_part part;
	uint32_t processes = 0;

	if (!tmi_args_finish(args))
		return false;
	if (TMEM_FAILED(tmem_describe(args->session->target, &target)))
		return tmi_error_target(args->session, "describing the target");
	if (TMEM_FAILED(tmem_get_number_processes(args->session->target, &processes)))
		processes = 0;
	find_kernel_part(args->session, &part);
	if (args->session->json)
		record(args->session, &target, processes, &part);
	else
		print(args->session, &target, processes, &part);
	return true;
}

static const struct tmi_command_name names[] = { { ".target", NULL }, { 0 } };

const struct tmi_command tmi_command_describe = {
	.names = names,
	.arguments = "",
	.brief = "tell what the target is",
	.help = "Shows what was opened, its kind and mode, the machine of the current process, "
		"and\n"
		"where writes go; in kernel mode the kernel's processes and the implicit one.",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
