/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - tmem [options] TARGET [command ...]: options, opening, exit code. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "manual.h"
#include "options.h"
#include "sandbox.h"

#ifndef TMEM_VERSION
#define TMEM_VERSION "(development)"
#endif

static const char help_head[] =
	"Usage: tmem [options] TARGET [command ...]\n"
	"\n"
	"Reads, writes and searches the memory of a debug target with WinDbg's commands.\n"
	"Each argument after TARGET is one whole command. Without commands tmem asks for\n"
	"them at a prompt, or reads them from standard input, line by line.\n"
	"\n"
	"TARGET\n"
	"  pid:1234          a live process; pid:12,34 several at once\n"
	"  FILE              a core or another file, recognised by its content\n"
	"  KIND:FILE         a file of one kind (tmem --kinds lists the kinds)\n"
	"\n"
	"Options\n";

static const char help_tail[] =
	"\n"
	"Commands, some of them (.help lists all, .help NAME explains one)\n"
	"  db [stack]                  bytes of the stack; dd, dq, dp: wider values\n"
	"  dps @rsp L10                16 pointers with the modules they point into\n"
	"  da poi(7fff12345678)        the text that a pointer points to\n"
	"  eb libc+1f20 90 90          writes two bytes\n"
	"  s -a [heap] L?100000 \"key\"  searches text\n"
	"  !address                    all regions\n"
	"  -                           commands from standard input, here\n"
	"\n"
	"Exit code\n"
	"  0 done, 1 a command failed, 2 wrong usage, 3 TARGET could not be opened\n"
	"\n"
	"Examples\n"
	"  tmem pid:1234 'db [heap] L40'\n"
	"  tmem -o suspend=on pid:1234\n"
	"  tmem ./core 'dps @rsp' '!address' > report.txt\n"
	"  tmem --json ./core '!address -f:Stack' | jq -r .base\n";

struct arguments {
	struct tmi_text options; /* every -o, joined */
	struct appearance appearance;
	bool no_sandbox;
	const char *target;
	char **commands;
	int count;
};

static int usage_error(const char *text)
{
	fprintf(stderr, "tmem: %s\n", text);
	fprintf(stderr, "usage: tmem [options] TARGET [command ...]   (tmem --help explains)\n");
	return EXIT_USAGE;
}

static int unknown_option(const char *word)
{
	struct tmi_text text = { 0 };
	int code;

	if (optopt && word[0] == '-' && word[1] == '-')
		tmi_text_format(&text, "%s: this option takes no value", word);
	else if (optopt)
		tmi_text_format(&text, "there is no option -%c", optopt);
	else
		tmi_text_format(&text, "there is no option %s", word);
	code = usage_error(text.failed ? "there is no such option" : text.data);
	tmi_text_fini(&text);
	return code;
}

static int print_help(void)
{
	struct tmi_text text = { 0 };

	options_put_help(&text);
	if (!text.failed)
		printf("%s%s%s", help_head, text.data, help_tail);
	tmi_text_fini(&text);
	return EXIT_DONE;
}

static int print_completion(void)
{
	if (manual_print_completion(optarg))
		return EXIT_DONE;
	return usage_error("--completion takes bash or zsh");
}

static void print_kind(void *context, const char *name, const char *text)
{
	printf("%-10s %s\n", name, text);
}

static int print_kinds(void)
{
	if (tmem_list_kinds(print_kind, NULL) == TMEM_S_OK)
		return EXIT_DONE;
	fprintf(stderr, "tmem: the kinds cannot be listed: %s\n", tmem_last_error(NULL));
	return EXIT_COMMAND_FAILED;
}

static int take_colour(struct arguments *arguments)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(optarg, words[i])) {
			arguments->appearance.colour = (enum colour)i;
			return -1;
		}
	return usage_error("--color takes auto, always or never");
}

static int missing_value(void)
{
	switch (optopt) {
	case OPTION_COLOR: return usage_error("--color takes auto, always or never");
	case OPTION_COMPLETION: return usage_error("--completion takes bash or zsh");
	default: return usage_error("-o needs a value, such as suspend=on");
	}
}

/* Takes one option; -1: go on, else the exit code. */
static int take_option(struct arguments *arguments, int option, char **argv)
{
	switch (option) {
	case 'o':
		if (arguments->options.size > 0)
			tmi_text_char(&arguments->options, ',', 1);
		tmi_text_puts(&arguments->options, optarg);
		return -1;
	case 'h': return print_help();
	case 'V': printf("tmem %s\n", TMEM_VERSION); return EXIT_DONE;
	case OPTION_KINDS: return print_kinds();
	case OPTION_MAN: manual_print(TMEM_VERSION); return EXIT_DONE;
	case OPTION_COMPLETION: return print_completion();
	case OPTION_COLOR: return take_colour(arguments);
	case OPTION_JSON: arguments->appearance.json = true; return -1;
	case OPTION_NO_SANDBOX: arguments->no_sandbox = true; return -1;
	case ':': return missing_value();
	default: return unknown_option(argv[optind - 1]);
	}
}

/* -1: open and run; else the exit code. */
static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct option *options = options_for_getopt();
	int option, code = -1;

	if (!options) {
		fprintf(stderr, "tmem: out of memory\n");
		return EXIT_CANNOT_OPEN;
	}
	/* "+": options end at the target, commands may begin with a dash. */
	while (code < 0 && (option = getopt_long(argc, argv, "+:o:hV", options, NULL)) != -1)
		code = take_option(arguments, option, argv);
	free(options);
	if (code >= 0)
		return code;
	if (optind == argc)
		return usage_error("no TARGET was given, such as pid:1234 or a core file");
	arguments->target = argv[optind];
	arguments->commands = argv + optind + 1;
	arguments->count = argc - optind - 1;
	return -1;
}

/* Where a failure before the first command goes. */
static void print_to_stdout(void *context, enum tmi_output_kind kind, const char *text, size_t size)
{
	fwrite(text, 1, size, stdout);
}

static void record_open_failed(const char *target, const char *why)
{
	struct tmem_error_detail detail = { .size = sizeof(detail), .status = TMEM_E_FAIL };
	struct tmi_session session = { .callbacks = { .output = print_to_stdout }, .json = true };
	struct tmi_error_facts facts;

	tmem_last_error_detail(NULL, &detail);
	facts = (struct tmi_error_facts){ .status = detail.status, .reason = detail.reason };
	tmi_error_with(&session, &facts, "cannot open %s: %s", target, why);
}

/* "tmem: cannot open TARGET: why"; the library's text may begin with the target's name itself. */
static int open_failed(const struct arguments *arguments)
{
	const char *target = arguments->target;
	size_t length = strlen(target);
	/* Kept: the library's text is gone with its next call. */
	char *text = strdup(tmem_last_error(NULL));
	const char *why = text ? text : "out of memory";

	if (strncmp(why, target, length) == 0 && strncmp(why + length, ": ", 2) == 0)
		why += length + 2;
	if (arguments->appearance.json)
		record_open_failed(target, why);
	else
		fprintf(stderr, "tmem: cannot open %s: %s\n", target, why);
	free(text);
	return EXIT_CANNOT_OPEN;
}

static void show_opening(void *context, const struct tmem_progress *progress)
{
	progress_update(context, progress);
}

/* Unpacking a compressed file can take a while: the progress line shows it, Ctrl-C stops it. */
static tmem_status open_target(const struct arguments *arguments, tmem_target **target)
{
	struct progress progress;
	struct tmem_open_parameters parameters = {
		.size = sizeof(parameters),
		.spec = arguments->target,
		.options = arguments->options.data,
		.progress = show_opening,
		.progress_context = &progress,
		.interrupt = interrupt_flag(),
	};
	tmem_status status;

	progress_init(&progress);
	interrupt_init(NULL);
	status = tmem_open2(&parameters, target);
	interrupt_fini();
	progress_erase(&progress);
	return status;
}

/* True when @wanted is one of the options "key=value,key=value"; @options may be NULL. */
static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);
	const char *at = options;

	for (; at && (at = strstr(at, wanted)); at++) {
		bool begins = at == options || at[-1] == ',';
		bool escaped = at - options >= 2 && at[-2] == '\\';

		if (begins && !escaped && (!at[length] || at[length] == ','))
			return true;
	}
	return false;
}

/* What the program gives up; before the file is looked at, which is when it can do harm. */
static const struct tmi_sandbox *enter_sandbox(const struct arguments *arguments)
{
	if (arguments->no_sandbox)
		return sandbox_stay_out("--no-sandbox was given");
	if (!sandbox_fits(arguments->target))
		return sandbox_stay_out("only files are opened in it; reading a live target needs "
					"what it takes away");
	/* The memory of a running guest is a file that is opened for writing. */
	return sandbox_enter(
		has_option(arguments->options.data, "write=through") ? arguments->target : NULL);
}

static int open_and_run(const struct arguments *arguments)
{
	struct run_parameters parameters = {
		.commands = arguments->commands,
		.count = arguments->count,
		.appearance = &arguments->appearance,
	};
	int code;

	if (arguments->options.failed) {
		fprintf(stderr, "tmem: out of memory\n");
		return EXIT_CANNOT_OPEN;
	}
	if (run_wants_prompt(&parameters))
		parameters.history = history_open();
	parameters.sandbox = enter_sandbox(arguments);
	if (TMEM_FAILED(open_target(arguments, &parameters.target))) {
		history_close(parameters.history);
		return open_failed(arguments);
	}
	code = run_commands(&parameters);
	tmem_close(parameters.target);
	history_close(parameters.history);
	return code;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int code;

	/* Characters of the terminal only: numbers and messages stay as they are. */
	setlocale(LC_CTYPE, "");
	code = parse_arguments(&arguments, argc, argv);
	if (code < 0)
		code = open_and_run(&arguments);
	tmi_text_fini(&arguments.options);
	return code;
}
