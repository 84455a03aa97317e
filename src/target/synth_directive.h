/* SPDX-License-Identifier: Apache-2.0 */
/* synth_directive.h - the lines of a machine description: one table row for each directive. */
#ifndef TMI_TARGET_SYNTH_DIRECTIVE_H
#define TMI_TARGET_SYNTH_DIRECTIVE_H

#include "target/synth_text.h"

struct tmi_synth_directive {
	const char *name;
	bool needs_process; /* says something about the process above it */
	/* Takes the rest of the line. @process is the last one, NULL when there is none yet. */
	tmem_status (*take)(struct tmi_synth_line *line, struct tmi_synth_process *process);
};

/* Content directives, in synth_content.c. */
tmem_status tmi_synth_take_content_bytes(struct tmi_synth_line *line,
					 struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_text(struct tmi_synth_line *line,
					struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_text16(struct tmi_synth_line *line,
					  struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_u8(struct tmi_synth_line *line,
				      struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_u16(struct tmi_synth_line *line,
				       struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_u32(struct tmi_synth_line *line,
				       struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_u64(struct tmi_synth_line *line,
				       struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_ptr(struct tmi_synth_line *line,
				       struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_repeat(struct tmi_synth_line *line,
					  struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_pattern(struct tmi_synth_line *line,
					   struct tmi_synth_process *process);
tmem_status tmi_synth_take_content_elf(struct tmi_synth_line *line,
				       struct tmi_synth_process *process);

/* Machines and threads, in synth_machine.c. */
tmem_status tmi_synth_take_machine(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_thread(struct tmi_synth_line *line, struct tmi_synth_process *process);
void tmi_synth_default_machine(struct tmi_synth *synth);

/* The link and what changes by itself, in synth_link.c. */
tmem_status tmi_synth_take_latency(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_lost(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_timeout(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_short(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_change(struct tmi_synth_line *line, struct tmi_synth_process *process);

/* Page tables, in synth_table.c. */
tmem_status tmi_synth_take_tables(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_table(struct tmi_synth_line *line, struct tmi_synth_process *process);
tmem_status tmi_synth_take_map(struct tmi_synth_line *line, struct tmi_synth_process *process);

/* What runs in kernel mode, in synth_kernel.c. */
tmem_status tmi_synth_take_task(struct tmi_synth_line *line, struct tmi_synth_process *process);

extern const struct tmi_synth_choice tmi_synth_yes_no[];

#endif
