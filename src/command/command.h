/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - the command interpreter: session, descriptors, arguments, errors.
 *
 * A session is one target with one command line. tmi_session_run() takes a line, cuts it at ";",
 * finds each command's descriptor and calls its execute function with a cursor over the arguments.
 *
 * A new command is one file and one row: the row X(name) of commands.def stands for src/command/
 * name.c, which defines
 *
 *	const struct tmi_command tmi_command_name = { ... };
 *
 * Over the public API only. Nothing prints: output.h.
 *
 * An execute function returns true when the command did its work, and false after reporting an
 * error (every tmi_args_*() and tmi_error*() that returns false has reported it). It parses
 * everything, calls tmi_args_finish(), and only then acts:
 *
 *	static bool execute(struct tmi_args *args)
 *	{
 *		uint64_t address;
 *
 *		if (!tmi_args_address(args, &address) || !tmi_args_finish(args))
 *			return false;
 *		tmi_out(args->session, "%s\n", tmi_address(args->session, address).text);
 *		return true;
 *	}
 */
#ifndef TMI_COMMAND_COMMAND_H
#define TMI_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem.h>

#include "command/expression.h"
#include "command/output.h"
#include "command/range.h"

#define TMI_LINE_LIMIT 4096 /* characters a command line may have */

struct tmi_args;
struct tmi_modules;

/* Where a script is; errors begin with it. */
struct tmi_script_place {
	const char *file;
	uint64_t line;    /* from 1 */
	const char *text; /* of the line */
	size_t offset;    /* of the running command in it */
	unsigned depth;   /* of the session when the commands of a line run */
};

/* Topics of .help and the manual page, in their order. */
#define TMI_TOPIC_LIST(X)                                                                          \
	X(DISPLAY, "Display memory")                                                               \
	X(WRITE, "Change memory")                                                                  \
	X(SEARCH, "Search")                                                                        \
	X(INFORMATION, "Regions, modules, processes")                                              \
	X(GENERAL, "General")

enum tmi_topic {
#define TMI_TOPIC_ROW(name, text) TMI_TOPIC_##name,
	TMI_TOPIC_LIST(TMI_TOPIC_ROW)
#undef TMI_TOPIC_ROW
		TMI_TOPIC_COUNT
};

enum tmi_command_flags {
	TMI_COMMAND_USER_ONLY = 1,   /* an error in kernel mode */
	TMI_COMMAND_KERNEL_ONLY = 2, /* an error in user mode */
	TMI_COMMAND_WRITES = 4,      /* changes target memory */
	TMI_COMMAND_WHOLE_LINE = 8,  /* takes the rest of the line, ";" included */
	TMI_COMMAND_REPEATS =
		16, /* ENTER after it repeats the name without arguments: it goes on */
	TMI_COMMAND_NO_REPEAT = 32, /* ENTER after it does nothing (it would ask or quit again) */
};

/* One name of a command: { "db", "bytes and their text" }. */
struct tmi_command_name {
	const char *name;  /* letters; "." or "!" and letters, digits, "_"; or punctuation */
	const char *brief; /* one line for .help; NULL: the command's */
};

/* A command: several names when they are one family. */
struct tmi_command {
	const struct tmi_command_name *names; /* ends with a NULL name */
	const char *arguments;                /* syntax: "[/cCOLUMNS] [RANGE]" */
	const char *brief;                    /* one line, no full stop, below 56 characters */
	const char *help;     /* long help: paragraphs; lines that begin with blanks stay */
	const char *examples; /* optional; one command a line */
	enum tmi_topic topic;
	uint32_t flags; /* enum tmi_command_flags */
	bool (*execute)(struct tmi_args *args);
};

/* Every command, in the order of commands.def; ends with NULL. */
extern const struct tmi_command *const tmi_commands[];

/* The descriptor with this exact name (@length characters), and which of its names; or NULL. */
const struct tmi_command *tmi_command_find(const char *name, size_t length,
					   const struct tmi_command_name **which);

/* What the front end gives to a session. */
struct tmi_session_callbacks {
	void *context;
	tmi_output_callback *output; /* required */
	/*
	 * Optional. Asks the user: *line receives a malloc'ed line without its newline. False at
	 * the end of input, or when there is nobody to ask.
	 */
	bool (*input)(void *context, const char *prompt, char **line);
	tmem_progress_callback *progress; /* optional; also used for the library's operations */
};

/* What the program has given up before it reads a file that nobody vouches for; for .sandbox. */
struct tmi_sandbox {
	const char *off;   /* why there is none; NULL: it is on */
	unsigned landlock; /* ABI of Landlock that limits files, 0 = they are not limited */
	bool calls;        /* system calls are limited by seccomp */
	const char *const *writable; /* folders below which files may be written; ends with NULL */
};

struct tmi_session {
	tmem_target *target;
	struct tmi_session_callbacks callbacks;
	struct tmem_description description; /* of the current process; fresh for each command */

	/* Settings. */
	unsigned radix;        /* 8, 10 or 16 */
	unsigned width;        /* columns of the screen, 80 unless told */
	unsigned prompt_width; /* columns before the line on the screen; error carets count them */
	bool echo_line;        /* the line is not on the screen: errors show it above their caret */
	bool json;             /* records instead of text; set before the first line */
	const struct tmi_sandbox *sandbox; /* set by the front end; NULL = it has none */

	/* Memory of earlier commands. */
	uint64_t display_next;    /* where a display without a range goes on */
	bool display_next_known;  /* false: nothing was ever displayed */
	uint64_t physical_next;   /* the same for displays of physical memory, at first 0 */
	const char *display_name; /* the d command that a bare d repeats, NULL = none yet */
	uint64_t last_value;      /* $exp: last evaluated expression */
	uint64_t last_address;    /* $ea, $p: last address a command used, and the value there */
	uint64_t last_loaded;
	uint64_t scratch[20]; /* $t0 .. $t19 */
	char *repeat;         /* what ENTER does, NULL = nothing */

	/* State of the running line. */
	bool quit;           /* q was given: the front end leaves */
	bool interrupted;    /* an interrupt was seen: the rest of the line is dropped */
	bool misread;        /* the line has what is no command, or wrong arguments */
	uint64_t failures;   /* commands that failed since the session began */
	unsigned depth;      /* commands inside commands */
	const char *command; /* the text of the running command, NULL = none */
	struct tmi_script_place *script; /* of the innermost script, NULL = none */
	struct tmi_modules *modules;     /* fetched once a command, see modules.h */
	struct tmi_slot *slots;
};

/*
 * tmi_session_new() - a session over an open target, which stays the caller's and must outlive
 * it. NULL when out of memory. The target's progress callback becomes the session's.
 */
struct tmi_session *tmi_session_new(tmem_target *target,
				    const struct tmi_session_callbacks *callbacks);
void tmi_session_free(struct tmi_session *session);

/* Asks the target again what it is; the interpreter does so before each command. */
void tmi_session_refresh(struct tmi_session *session);

/*
 * tmi_session_run() - runs one line; "" repeats the last command.
 * Returns true when every command of it succeeded; the first failure drops the rest of the line.
 */
bool tmi_session_run(struct tmi_session *session, const char *line);

/* Runs a line from inside a command ("|0 db ...", a script); nesting is limited. */
bool tmi_session_run_nested(struct tmi_session *session, const char *line);

/*
 * tmi_session_evaluate() - the value of an expression that is not in a command line.
 * @next: set to what follows the expression.
 * Returns true; or false with @error filled (position in @text) and nothing printed.
 */
bool tmi_session_evaluate(struct tmi_session *session, const char *text, uint64_t *value,
			  const char **next, struct tmi_error_place *error);

/* The prompt: "0:000> ". */
void tmi_session_prompt(struct tmi_session *session, struct tmi_text *prompt);

/*
 * tmi_session_slot() - a command's own memory inside a session: @size zeroed bytes on the first
 * call with @key (any static address), the same bytes later. @fini (optional) is called with them
 * when the session ends. NULL when out of memory.
 */
void *tmi_session_slot(struct tmi_session *session, const void *key, size_t size,
		       void (*fini)(void *data));

/*
 * True when the user asked to stop. Long loops poll it every few milliseconds of work, then
 * report what they did with tmi_error_interrupted() and return false.
 */
bool tmi_session_interrupted(struct tmi_session *session);

/* Tells how far a long command is; the library's own long operations do so by themselves. */
void tmi_session_progress(struct tmi_session *session, const char *operation, uint64_t done,
			  uint64_t total, uint64_t bytes);

/* Asks "PROMPT"; *line must be freed. False when there is nobody to ask or no more input. */
bool tmi_session_ask(struct tmi_session *session, const char *prompt, char **line);

/*
 * Behind "Permission denied": which folders the sandbox lets be written, and how to lift it; "" for
 * another @error or without a sandbox. It must be freed; NULL when out of memory.
 */
char *tmi_sandbox_explain(const struct tmi_session *session, int error);

/*
 * Completion: what the word that ends at @cursor in @line may become, sorted and without doubles:
 * command names, names of modules, "[region]" names, and names of files where a command wants one.
 */
struct tmi_completion {
	size_t start; /* where the word begins in the line; each of @list replaces it */
	char **list;
	size_t count;
	bool more; /* what is listed goes on: a folder; no blank belongs behind it */
};
/* False when out of memory. */
bool tmi_complete(struct tmi_session *session, const char *line, size_t cursor,
		  struct tmi_completion *completion);
void tmi_completion_fini(struct tmi_completion *completion);

/* The name of the command that @word (@length characters) may have been meant for, or NULL. */
const char *tmi_command_suggest(const char *word, size_t length);

/* Facts about the current process. */
static inline unsigned tmi_pointer_size(const struct tmi_session *session)
{
	return session->description.pointer_size == 4 ? 4 : 8;
}
static inline bool tmi_big_endian(const struct tmi_session *session)
{
	return (session->description.flags & TMEM_TARGET_BIG_ENDIAN) != 0;
}
/* An address as the target has it: 32-bit targets lose the sign extension. */
static inline uint64_t tmi_clean_address(const struct tmi_session *session, uint64_t address)
{
	return tmi_pointer_size(session) == 4 ? (uint32_t)address : address;
}
/* The last address of the address space. */
static inline uint64_t tmi_last_address(const struct tmi_session *session)
{
	return tmi_pointer_size(session) == 4 ? UINT32_MAX : UINT64_MAX;
}

/* One command's arguments: a cursor. */
struct tmi_args {
	struct tmi_session *session;
	const struct tmi_command *command;
	const char *name; /* the name that was typed: "db" */
	const char *text; /* this command from its name on, NUL-terminated, without ";" */
	const char *next; /* what is not parsed yet; points into text, execute may move it */
	const char *line; /* the whole line */
	size_t column;    /* where text stands in line */
};

/* Skips blanks; true when nothing is left. */
bool tmi_args_at_end(struct tmi_args *args);

/* Like it, but reports an Extra character error when something is left. */
bool tmi_args_finish(struct tmi_args *args);

/* Skips blanks and takes @c when it comes next. */
bool tmi_args_take(struct tmi_args *args, char c);

/* A blank-separated word: its start and length; false (no report) when nothing is left. */
bool tmi_args_word(struct tmi_args *args, const char **word, size_t *length);

/*
 * A file name or other free text: a word, or everything between two double quotes. *text must be
 * freed. Reports an error when nothing is left.
 */
bool tmi_args_string(struct tmi_args *args, char **text);

/* An expression; reports errors. */
bool tmi_args_expression(struct tmi_args *args, uint64_t *value);

/* An expression in a list of values, see TMI_EXPRESSION_LIST. */
bool tmi_args_list_value(struct tmi_args *args, uint64_t *value);

/* An expression that must be an address of the target: 32-bit ones come back zero-extended. */
bool tmi_args_address(struct tmi_args *args, uint64_t *address);

/* The same check for a value that was parsed otherwise; @where is where it stands, for the error.
 */
bool tmi_check_address(struct tmi_args *args, const char *where, uint64_t *address);

/*
 * Errors. Each returns false, for "return tmi_error(...)".
 * tmi_error() prints "text\n". tmi_error_at() prints the form with a caret under @where, which
 * points into args->text:
 *
 *	           ^ Range error in 'db 0 L20000000'
 *
 * tmi_error_explain() adds a line of explanation below: what was expected and what to try.
 * tmi_error_target() prints "@what: <last error of the target>".
 * tmi_error_memory() is tmi_error_at() MEMORY for the command's end, naming the address.
 * tmi_error_partial() adds a line: "@done of @size bytes were @what".
 * tmi_error_with() is tmi_error() with what programs get besides the text.
 *
 * For programs each is a record of type "error"; its status is the target's, or E_INVALIDARG when
 * the command is wrong, or E_FAIL.
 */
struct tmi_error_facts {
	tmem_status status;
	uint32_t reason; /* enum tmem_reason; 0 = none */
	bool has_address;
	uint64_t address; /* where it failed */
	uint64_t done;    /* of @size bytes */
	uint64_t size;    /* 0 = not told */
};
bool tmi_error(struct tmi_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool tmi_error_at(struct tmi_args *args, enum tmi_error_kind kind, const char *where);
bool tmi_error_explain(struct tmi_args *args, enum tmi_error_kind kind, const char *where,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
bool tmi_error_target(struct tmi_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool tmi_error_memory(struct tmi_args *args, uint64_t address);
bool tmi_error_partial(struct tmi_args *args, uint64_t address, uint64_t done, uint64_t size,
		       const char *what);
bool tmi_error_with(struct tmi_session *session, const struct tmi_error_facts *facts,
		    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "Interrupted: " and what was done. */
bool tmi_error_interrupted(struct tmi_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
