/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - .sandbox: what the program has given up; the front end does it and tells. */
#include <errno.h>
#include <string.h>

#include "command/command.h"

static bool has_folders(const struct tmi_sandbox *sandbox)
{
	return sandbox->writable && *sandbox->writable;
}

static void print(struct tmi_session *session, const struct tmi_sandbox *sandbox)
{
	struct tmi_text out = { 0 };

	tmi_text_puts(&out, "Sandbox:   on\n");
	if (sandbox->landlock) {
		tmi_text_format(&out, "Files:     read everywhere, written %s (Landlock, ABI %u)\n",
				has_folders(sandbox) ? "only below these" : "nowhere",
				sandbox->landlock);
		for (size_t i = 0; sandbox->writable && sandbox->writable[i]; i++)
			tmi_text_format(&out, "           %s\n", sandbox->writable[i]);
	} else {
		tmi_text_puts(&out, "Files:     not limited, this kernel has no Landlock\n");
	}
	tmi_text_puts(&out,
		      sandbox->calls
			      ? "Calls:     no programs, network or other processes (seccomp)\n"
			      : "Calls:     not limited, seccomp is missing here\n");
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static void record(struct tmi_session *session, const struct tmi_sandbox *sandbox, const char *off)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "sandbox");
	tmi_record_bool(&record, "on", !off);
	if (off)
		tmi_record_text(&record, "off", off);
	tmi_record_number(&record, "landlock", off ? 0 : sandbox->landlock);
	tmi_record_bool(&record, "seccomp", !off && sandbox->calls);
	tmi_record_list(&record, "writable");
	for (size_t i = 0; !off && sandbox->writable && sandbox->writable[i]; i++)
		tmi_record_text(&record, NULL, sandbox->writable[i]);
	tmi_record_end(&record);
	tmi_record_send(&record);
}

static bool execute(struct tmi_args *args)
{
	const struct tmi_sandbox *sandbox = args->session->sandbox;
	const char *off = sandbox ? sandbox->off : "this program has none";

	if (!tmi_args_finish(args))
		return false;
	if (args->session->json)
		record(args->session, sandbox, off);
	else if (off)
		tmi_out(args->session, "Sandbox:   off: %s\n", off);
	else
		print(args->session, sandbox);
	return true;
}

char *tmi_sandbox_explain(const struct tmi_session *session, int error)
{
	const struct tmi_sandbox *sandbox = session->sandbox;
	/* A line of its own for each, so that a screen of 80 columns cuts nothing. */
	const char *between = session->json ? "; " : "\n  ";
	struct tmi_text text = { 0 };

	if (sandbox && !sandbox->off && sandbox->landlock && error == EACCES) {
		tmi_text_format(&text, "%sthe sandbox lets files be written %s", between,
				has_folders(sandbox) ? "only below" : "nowhere");
		for (size_t i = 0; sandbox->writable && sandbox->writable[i]; i++)
			tmi_text_format(&text, "%s %s", i ? "," : "", sandbox->writable[i]);
		tmi_text_format(&text, "%stmem --no-sandbox runs without it", between);
	}
	if (!text.failed && text.size)
		return text.data;
	tmi_text_fini(&text);
	return strdup("");
}

static const struct tmi_command_name names[] = { { ".sandbox", NULL }, { NULL } };

const struct tmi_command tmi_command_sandbox = {
	.names = names,
	.arguments = "",
	.brief = "tell what tmem has given up to open an untrusted file",
	.help = "Before a file is opened tmem gives up what it does not need for it: it can start\n"
		"no program, reach no network and no other process, and write files only below\n"
		"the current folder and $TMPDIR (/tmp and /var/tmp when it is not set) - not in\n"
		"the home folder itself or above it, where other programs find their settings.\n"
		"Reading files is allowed. Landlock and seccomp do that, as far as the kernel has\n"
		"them. The option --no-sandbox leaves it out; live processes are read without it.",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
