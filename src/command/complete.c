/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete.c - what the word at the cursor may become.
 *
 * The command before the cursor decides: its own name is completed from the table of commands, a
 * FILE among its arguments from the disk, a process of a kernel by its pid or name, everything else
 * from the modules and the named regions of the current process.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/modules.h"

#define MOST_WORDS 10000 /* a folder or a process can have more names than anybody reads */

struct words {
	char **list;
	size_t count;
	size_t room;
	bool failed;
};

/* Adds @before and @name; nothing that could steer a terminal or would not be one word. */
static void add(struct words *words, const char *before, size_t before_length, const char *name,
		const char *after)
{
	struct tmi_text text = { 0 };
	char **list;

	if (words->failed || words->count == MOST_WORDS)
		return;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '"')
			return;
	if (words->count == words->room) {
		list = reallocarray(words->list, 2 * words->room + 16, sizeof(*list));
		words->failed = !list;
		if (!list)
			return;
		words->list = list;
		words->room = 2 * words->room + 16;
	}
	tmi_text_put(&text, before, before_length);
	tmi_text_puts(&text, name);
	tmi_text_puts(&text, after);
	words->failed = text.failed || !text.data;
	if (words->failed)
		tmi_text_fini(&text);
	else
		words->list[words->count++] = text.data;
}

static void add_commands(struct words *words, const char *word, size_t length)
{
	for (size_t i = 0; tmi_commands[i]; i++)
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++)
			if (strncmp(n->name, word, length) == 0)
				add(words, "", 0, n->name, "");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_modules(struct words *words, struct tmi_session *session, const char *word,
			size_t length)
{
	const struct tmi_modules *modules = tmi_session_modules(session);

	for (size_t i = 0; modules && i < modules->count; i++)
		if (strncmp(modules->list[i].name, word, length) == 0)
			add(words, "", 0, modules->list[i].name, "");
}

/* "[heap]" for what is named so, "[libc.so.6]" for a file. @word is what follows the bracket. */
static void add_regions(struct words *words, struct tmi_session *session, const char *word,
			size_t length)
{
	struct tmem_run run = { .size = sizeof(run) };
	tmem_run_cursor *cursor;

	if (TMEM_FAILED(tmem_run_cursor_new(session->target, TMEM_DATA_SPACE_VIRTUAL, 0, &cursor)))
		return;
	while (tmem_run_cursor_next(cursor, &run) == TMEM_S_OK) {
		const char *name = *run.name == '[' ? run.name : base_name(run.name);

		if (!*name || strncmp(*name == '[' ? name + 1 : name, word, length) != 0)
			continue;
		add(words, "[", *name != '[', name, *name == '[' ? "" : "]");
	}
	tmem_run_cursor_free(cursor);
}

/* Processes of a kernel: "pid:42", and with @names what they are called. */
static void add_processes(struct words *words, struct tmi_session *session, const char *word,
			  size_t length, bool names)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	uint32_t count = 0;
	char pid[24];

	if (TMEM_FAILED(tmem_get_number_kernel_processes(session->target, &count)))
		return;
	for (uint32_t i = 0; i < count && words->count < MOST_WORDS; i++) {
		if (TMEM_FAILED(tmem_get_kernel_process_by_index(session->target, i, &process)))
			return;
		snprintf(pid, sizeof(pid), "pid:%" PRIu32, process.system_id);
		if (strncmp(pid, word, length) == 0)
			add(words, "", 0, pid, "");
		if (names && *process.name && !strpbrk(process.name, " \t;") &&
		    strncmp(process.name, word, length) == 0)
			add(words, "", 0, process.name, "");
	}
}

static bool is_folder(const char *folder, const struct dirent *entry)
{
	struct tmi_text path = { 0 };
	struct stat info;
	bool is;

	if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
		return entry->d_type == DT_DIR;
	tmi_text_format(&path, "%s/%s", folder, entry->d_name);
	is = !path.failed && stat(path.data, &info) == 0 && S_ISDIR(info.st_mode);
	tmi_text_fini(&path);
	return is;
}

/* Names of files that begin with @word, a path as far as it was typed. */
static void add_files(struct words *words, const char *word, size_t length)
{
	const char *slash = memrchr(word, '/', length);
	size_t before = slash ? (size_t)(slash - word) + 1 : 0;
	char *folder = before ? strndup(word, before) : strdup(".");
	DIR *open = folder ? opendir(folder) : NULL;
	struct dirent *entry;

	while (open && (entry = readdir(open))) {
		const char *name = entry->d_name;

		if (strncmp(name, word + before, length - before) != 0)
			continue;
		/* Hidden ones when asked for. */
		if (*name == '.' && (length == before || !strcmp(name, ".") || !strcmp(name, "..")))
			continue;
		add(words, word, before, name, is_folder(folder, entry) ? "/" : "");
	}
	if (open)
		closedir(open);
	free(folder);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_doubles(struct words *words)
{
	size_t kept = 0;

	qsort(words->list, words->count, sizeof(*words->list), compare);
	for (size_t i = 0; i < words->count; i++) {
		if (kept && strcmp(words->list[kept - 1], words->list[i]) == 0)
			free(words->list[i]);
		else
			words->list[kept++] = words->list[i];
	}
	words->count = kept;
}

/* The part of the line before the cursor that matters. */
struct place {
	const char *name; /* where the command begins */
	size_t length;    /* of its name, when it is complete; 0 = it is being typed */
	const struct tmi_command *command;
	const char *word; /* where the last word begins, after a blank or a bracket */
	const char *end;  /* the cursor */
};

/* Skips what stands before a command: blanks, ";", and "|1" or "~2" that send it elsewhere. */
static const char *skip_prefix(const char *at, const char *end)
{
	for (;;) {
		while (at < end && (*at == ' ' || *at == '\t' || *at == ';'))
			at++;
		if (at == end || (*at != '|' && *at != '~'))
			return at;
		while (at < end && *at != ' ' && *at != ';')
			at++;
		if (at == end)
			return at;
	}
}

/* Where the last command before the cursor begins. */
static const char *last_command(const char *line, const char *end)
{
	const char *start = line;
	char quote = 0;

	for (const char *at = line; at < end; at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"')
			quote = '"';
		else if (*at == ';')
			start = at + 1;
	}
	return skip_prefix(start, end);
}

static void find_place(struct place *place, const char *line, const char *end)
{
	*place = (struct place){ .name = last_command(line, end), .end = end };
	for (const char *at = place->name; at < end && !place->command; at++)
		if (*at == ' ' || *at == '\t') {
			place->length = (size_t)(at - place->name);
			place->command = tmi_command_find(place->name, place->length, NULL);
			break;
		}
	/* Punctuation needs no blank behind it: "$<file". */
	for (size_t length = 3; length > 0 && !place->command; length--)
		if ((size_t)(end - place->name) >= length && strchr("$?*", *place->name)) {
			place->command = tmi_command_find(place->name, length, NULL);
			place->length = place->command ? length : 0;
		}
	for (place->word = end; place->word > place->name; place->word--)
		if (strchr(" \t\"[(", place->word[-1]))
			break;
	if (place->command && place->word < place->name + place->length)
		place->word = place->name + place->length;
}

/* True when what is typed is the argument that the command calls FILE. */
static bool wants_file(const struct place *place)
{
	const char *syntax = place->command ? place->command->arguments : "";
	const char *at = place->name + place->length;

	if (!strstr(syntax, "FILE"))
		return false;
	while (at < place->word && (*at == ' ' || *at == '\t' || *at == '"'))
		at++;
	if (strncmp(syntax, "FILE", 4) == 0)
		return at == place->word;
	/* A word that leads to it: ".overlay export FILE". */
	return at < place->word && memmem(at, (size_t)(place->word - at), "export ", 7);
}

/* Where the name at the end of an expression begins: behind the last sign. */
static const char *name_in_expression(const char *word, const char *end)
{
	const char *at = end;

	while (at > word && !strchr("+-*/%&|^<>=~,@:", at[-1]))
		at--;
	return at;
}

static void gather(struct words *words, struct tmi_session *session, struct place *place)
{
	size_t length = (size_t)(place->end - place->word);

	if (!place->command && !place->length) {
		place->word = place->name;
		add_commands(words, place->name, (size_t)(place->end - place->name));
	} else if (place->command && wants_file(place)) {
		add_files(words, place->word, length);
	} else if (place->command && strstr(place->command->arguments, "COMMAND")) {
		add_commands(words, place->word, length);
	} else if (place->word > place->name && place->word[-1] == '[') {
		place->word--;
		add_regions(words, session, place->word + 1, length);
	} else {
		if (place->command && strstr(place->command->arguments, "pid:N"))
			add_processes(words, session, place->word, length,
				      strstr(place->command->arguments, "NAME") != NULL);
		add_modules(words, session, place->word, length);
		/* "ld-linux" is a name with a sign in it, "7f00+libc" is not. */
		if (!words->count) {
			place->word = name_in_expression(place->word, place->end);
			add_modules(words, session, place->word,
				    (size_t)(place->end - place->word));
		}
	}
}

bool tmi_complete(struct tmi_session *session, const char *line, size_t cursor,
		  struct tmi_completion *completion)
{
	struct words words = { 0 };
	struct place place;

	find_place(&place, line, line + cursor);
	tmi_session_drop_modules(session);
	gather(&words, session, &place);
	tmi_session_drop_modules(session);
	if (words.count)
		drop_doubles(&words);
	*completion = (struct tmi_completion){
		.start = (size_t)(place.word - line),
		.list = words.list,
		.count = words.count,
	};
	completion->more = words.count == 1 && words.list[0][strlen(words.list[0]) - 1] == '/';
	if (words.failed)
		tmi_completion_fini(completion);
	return !words.failed;
}

void tmi_completion_fini(struct tmi_completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		free(completion->list[i]);
	free(completion->list);
	*completion = (struct tmi_completion){ 0 };
}
