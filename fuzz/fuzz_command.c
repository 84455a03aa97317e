/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_command.c - lines at the prompt of a made-up machine.
 *
 * The first byte chooses text or records, the machine and the width; each line behind it is run as
 * if it was typed. What an input may do is bounded: lines, output and progress reports. Commands
 * that open files are left out by name; a made-up machine has no processes to
 * .attach.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command/command.h"

#define LINE_COUNT   24
#define OUTPUT_LIMIT 65536 /* characters of a line before it is interrupted */
#define SEND_LIMIT   (512 * OUTPUT_LIMIT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char wide_machine[] =
	"tmem synth 1\n"
	"process 4711 \"/bin/example\"\n"
	"thread 4711 rip=0x401000 rsp=0x7ffffffde000\n"
	"thread 4712 rip=0x401010 rsp=0x7ffffffdf000\n"
	"run 0x400000 0x2000 r-xp type=image name=\"/bin/example\" file=1\n"
	"elf 0x400000 size=0x2000 build-id=00112233445566778899aabbccddeeff01234567\n"
	"pattern 0x401000 0x1000 seed=1\n"
	"run 0x10000 0x2000 rw-p name=\"[heap]\"\n"
	"text 0x10010 \"In memory of nothing\\0\"\n"
	"text16 0x10040 \"Notepad\\0\"\n"
	"ptr 0x10090 0x10010 0x401234 0x20000 0x10040 0 0x7ffffffde000\n"
	"u64 0x100c0 0x3ff0000000000000 0xc000000000000000 0x7ff8000000000001\n"
	"run 0x20000 0x2000 rw-p\n"
	"fault 0x21000 0x1000 both reason=would-block\n"
	"run 0x50000 0x1000 ---p\n"
	"run 0x7ffffffdd000 0x22000 rw-p name=\"[stack]\"\n"
	"ptr 0x7ffffffde000 0x401010 0x400000 0x401fff 0x402000\n"
	"process 4712 \"/bin/other\"\n"
	"run 0x10000 0x1000 rw-p name=\"[heap]\"\n"
	"text 0x10000 \"other\"\n";

static const char narrow_machine[] = "tmem synth 1\n"
				     "machine i386 granular=page\n"
				     "process 300 \"/bin/narrow\"\n"
				     "run 0x10000 0x2000 rw-p name=\"[heap]\"\n"
				     "text 0x10000 \"narrow\"\n"
				     "ptr 0x10100 0xfffff000 0x10000 0x10100\n"
				     "run 0xfffff000 0x1000 rw-p\n"
				     "text 0xfffffff8 \"the top!\"\n";

/* What reaches outside the machine. */
extern const struct tmi_command tmi_command_write_file, tmi_command_read_file, tmi_command_overlay,
	tmi_command_script, tmi_command_script_part;
static const struct tmi_command *const outside[] = {
	&tmi_command_write_file,
	&tmi_command_read_file,
	&tmi_command_script,
	&tmi_command_script_part,
};

struct run {
	tmem_target *target;
	size_t sent;      /* by the running line */
	size_t asked;     /* lines given to commands that ask for more */
	bool interrupted; /* the running line was asked to stop */
};

static void stop(struct run *run)
{
	run->interrupted = true;
	tmem_set_interrupt(run->target);
}

/* An interrupted command may finish its block of 64 KiB of memory, but not go on for ever. */
static void count_output(void *context, enum tmi_output_kind kind, const char *text, size_t size)
{
	struct run *run = context;

	(void)kind;
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			abort();
	run->sent += size;
	if (run->sent > SEND_LIMIT)
		abort();
	if (run->sent > OUTPUT_LIMIT && !run->interrupted)
		stop(run);
}

/* Reports come at most ten times a second: the first one ends the command. */
static void limit_time(void *context, const struct tmem_progress *progress)
{
	(void)progress;
	stop(context);
}

static bool give_line(void *context, const char *prompt, char **line)
{
	static const char *const answers[] = { "41", "1 2 'x'", "zz", "" };
	struct run *run = context;

	(void)prompt;
	if (run->asked >= sizeof(answers) / sizeof(*answers))
		return false;
	*line = strdup(answers[run->asked++]);
	return *line != NULL;
}

static tmem_target *open_machine(const char *text)
{
	tmem_target *target = NULL;
	size_t size = strlen(text);
	char spec[64];
	int fd = memfd_create("machine", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	snprintf(spec, sizeof(spec), "synth:/proc/self/fd/%d", fd);
	if (tmem_open(spec, NULL, &target) != TMEM_S_OK)
		abort();
	close(fd);
	return target;
}

static bool stays_inside(const char *line)
{
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		for (const struct tmi_command_name *n = outside[i]->names; n->name; n++)
			if (strstr(line, n->name))
				return false;
	return !strstr(line, tmi_command_overlay.names->name) || !strstr(line, "export");
}

static void complete(struct tmi_session *session, const char *line)
{
	struct tmi_completion completion;
	size_t length = strlen(line);

	if (!tmi_complete(session, line, length, &completion))
		return;
	if (completion.start > length)
		abort();
	for (size_t i = 1; i < completion.count; i++)
		if (strcmp(completion.list[i - 1], completion.list[i]) >= 0)
			abort();
	tmi_completion_fini(&completion);
}

static void run_line(struct tmi_session *session, struct run *run, const char *line)
{
	uint64_t failures = session->failures;
	bool done;

	if (!stays_inside(line))
		return;
	complete(session, line);
	run->sent = 0;
	run->asked = 0;
	run->interrupted = false;
	done = tmi_session_run(session, line);
	/* A line that failed has said why. */
	if (!done && !run->sent)
		abort();
	if (session->failures < failures || session->depth || session->script)
		abort();
}

static void run_lines(struct tmi_session *session, struct run *run, char *text)
{
	char *next = text;

	for (unsigned i = 0; i < LINE_COUNT && next && !session->quit; i++) {
		struct tmi_text prompt = { 0 };
		char *line = strsep(&next, "\n");

		run_line(session, run, line);
		tmi_session_prompt(session, &prompt);
		tmi_text_fini(&prompt);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { 0 };
	struct tmi_session_callbacks callbacks = {
		.context = &run,
		.output = count_output,
		.input = give_line,
		.progress = limit_time,
	};
	struct tmi_session *session;
	char *text;

	if (!size)
		return 0;
	run.target = open_machine(data[0] & 2 ? narrow_machine : wide_machine);
	session = tmi_session_new(run.target, &callbacks);
	text = strndup((const char *)data + 1, size - 1);
	if (!session || !text)
		abort();
	session->json = data[0] & 1;
	session->width = data[0] & 4 ? 40 : 80;
	session->echo_line = data[0] & 8;
	run_lines(session, &run, text);
	free(text);
	tmi_session_free(session);
	tmem_close(run.target);
	return 0;
}
