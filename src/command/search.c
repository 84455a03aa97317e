/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - s: search memory for values or text. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/search_hits.h"
#include "command/values.h"

#define DEFAULT_HITS    1024
#define DEFAULT_MINIMUM 3
#define MOST_HITS       (1u << 24)

static const char saved_key;
static const char last_key;

/* What an s without arguments goes on with. */
struct last {
	bool known;
	char *arguments; /* from the pattern on; "" for sa and su */
	uint64_t next;   /* behind the last hit, or where Ctrl-C stopped the search */
	struct tmi_search search;
};

static void last_fini(void *data)
{
	struct last *last = data;

	free(last->arguments);
}

static void saved_fini(void *data)
{
	struct tmi_search_saved *saved = data;

	free(saved->hits);
}

static unsigned element_of(char type)
{
	switch (type) {
	case 'w':
	case 'u':
	case '6': return 2;
	case 'd': return 4;
	case 'q': return 8;
	default: return 1;
	}
}

/* The number behind the flag n or l. */
static bool take_number(struct tmi_args *args, uint64_t *number)
{
	char *end;

	while (*args->next == ' ')
		args->next++;
	*number = 0;
	end = (char *)args->next;
	if (isxdigit((unsigned char)*args->next))
		*number = strtoull(args->next, &end, (int)args->session->radix);
	if (end == args->next || !*number || *number > MOST_HITS)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "expected a number from 1 to %x", MOST_HITS);
	args->next = end;
	while (*args->next == ' ')
		args->next++;
	return true;
}

/* What stands between the brackets. */
static bool take_flags(struct tmi_search *search)
{
	struct tmi_args *args = search->args;

	for (; *args->next != ']'; args->next++) {
		bool ok = true;

		switch (*args->next) {
		case 's': search->save = true; continue;
		case 'r': search->saved = true; continue;
		case 'w': search->writable = true; continue;
		case '1': search->addresses = true; continue;
		case ' ': continue;
		case 'n':
			args->next++;
			ok = take_number(args, &search->limit);
			args->next--;
			break;
		case 'l':
			args->next++;
			ok = take_number(args, &search->minimum);
			args->next--;
			break;
		default:
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
						 "expected flags out of s r n w l 1 and \"]\"");
		}
		if (!ok)
			return false;
	}
	args->next++;
	return true;
}

static bool take_type(struct tmi_search *search)
{
	struct tmi_args *args = search->args;
	const char *start = args->next;
	size_t length = 0;

	while (isalpha((unsigned char)start[length]))
		length++;
	args->next += length;
	if (length == 1 && strchr("bwdqau", *start))
		search->type = *start;
	else if (length == 2 && !memcmp(start, "sa", 2))
		search->type = '8';
	else if (length == 2 && !memcmp(start, "su", 2))
		search->type = '6';
	else if (length == 1 && *start == 'v')
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, start,
					 "v needs type information, which no target has here");
	else
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, start,
					 "expected a type: b w d q a u sa su");
	return true;
}

/* "-d", "-[w]d", or nothing. */
static bool take_options(struct tmi_search *search)
{
	struct tmi_args *args = search->args;
	const char *start;

	search->type = 'b';
	search->limit = DEFAULT_HITS;
	search->minimum = DEFAULT_MINIMUM;
	if (tmi_args_at_end(args) || *args->next != '-')
		return true;
	start = args->next++;
	if (*args->next == '[') {
		args->next++;
		if (!take_flags(search))
			return false;
	}
	if (!take_type(search))
		return false;
	if (search->save && search->saved)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, start,
					 "the flags s and r exclude each other");
	return true;
}

static void record_address(struct tmi_session *session, uint64_t address)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "hit");
	tmi_record_address(&record, "address", address);
	tmi_record_send(&record);
}

bool tmi_search_hit(struct tmi_search *search, uint64_t address)
{
	struct tmi_session *session = search->session;

	address = tmi_clean_address(session, address);
	search->hits++;
	session->last_address = address;
	if (search->save) {
		search->reached = address;
		if (search->found.count == search->limit)
			return tmi_error_explain(
				search->args, TMI_ERROR_OVERFLOW, search->args->next,
				"more than 0x%" PRIx64 " hits: the first ones were "
				"saved; [sn HITS] saves more",
				search->limit);
		search->found.hits[search->found.count++] = address;
	}
	/* Text is found at even distances from the start, values at their own alignment. */
	search->reached = address + (search->type == 'u' ? 2 : 1);
	if (search->addresses && session->json)
		record_address(session, address);
	else if (search->addresses)
		tmi_out(session, "0x%0*" PRIx64 "\n", (int)tmi_pointer_size(session) * 2, address);
	return true;
}

bool tmi_search_interrupted(struct tmi_search *search, uint64_t done, uint64_t bytes)
{
	uint64_t place = search->range.start + done;

	if (search->type == 'u' || search->type == '6')
		place -= done % 2;
	if (place > search->reached)
		search->reached = place;
	return tmi_error_interrupted(search->session,
				     "searched 0x%" PRIx64 " of 0x%" PRIx64
				     " bytes, up to %s; 0x%" PRIx64 " bytes were read, 0x%" PRIx64
				     " hit%s so far",
				     done, search->range.size,
				     tmi_address(search->session, search->range.start + done).text,
				     bytes, search->hits, search->hits == 1 ? "" : "s");
}

/* Prints and saves one hit of a pattern. */
static bool pattern_hit(struct tmi_search *search, uint64_t address)
{
	/* Rows as the display commands make them; a text type shows what its bytes are. */
	static const char letters[][2] = {
		{ 'b', 'b' }, { 'a', 'b' }, { 'w', 'W' }, { 'u', 'W' }, { 'd', 'c' }, { 'q', 'q' },
	};

	if (!tmi_search_hit(search, address))
		return false;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]) && !search->addresses; i++)
		if (letters[i][0] == search->type)
			tmi_display_row_at(search->session, tmi_display_layout(letters[i][1]),
					   tmi_clean_address(search->session, address));
	return true;
}

/* The flag r: looks only where an earlier search found something. */
static bool search_saved(struct tmi_search *search, const struct tmi_text *pattern)
{
	struct tmi_session *session = search->session;
	uint32_t flags = search->writable ? TMEM_VSEARCH_WRITABLE_ONLY : TMEM_VSEARCH_DEFAULT;
	uint64_t match;

	for (size_t i = 0; i < search->memory->count; i++) {
		tmem_status status = tmem_search_virtual2(session->target, search->memory->hits[i],
							  pattern->size, flags, pattern->data,
							  pattern->size, pattern->size, &match);

		if (status == TMEM_E_CONTROL_C_EXIT)
			return tmi_error_interrupted(session, "looked at 0x%zx of 0x%zx hits", i,
						     search->memory->count);
		if (TMEM_FAILED(status) && status != TMEM_E_NO_MORE_ENTRIES)
			return tmi_error_target(session, "searching");
		if (!TMEM_FAILED(status) && !pattern_hit(search, search->memory->hits[i]))
			return false;
	}
	return true;
}

static bool run_cursor(struct tmi_search *search, tmem_search_cursor *cursor)
{
	uint64_t done = 0;
	uint64_t bytes = 0;
	uint64_t match;
	tmem_status status;

	while ((status = tmem_search_cursor_next(cursor, &match)) == TMEM_S_OK) {
		if (!pattern_hit(search, match))
			return false;
		if (search->hits % 256 == 0 && tmi_session_interrupted(search->session)) {
			status = TMEM_E_CONTROL_C_EXIT;
			break;
		}
	}
	if (status == TMEM_E_NO_MORE_ENTRIES)
		return true;
	if (status != TMEM_E_CONTROL_C_EXIT)
		return tmi_error_target(search->session, "search stopped after 0x%" PRIx64 " hits",
					search->hits);
	tmem_search_cursor_progress(cursor, &done, &bytes);
	return tmi_search_interrupted(search, done, bytes);
}

static bool search_range(struct tmi_search *search, const struct tmi_text *pattern)
{
	unsigned element = search->type == 'a' ? 1 : element_of(search->type);
	/* Values are found at their own alignment, text from where the range begins. */
	uint64_t skip = search->type == 'u' ? 0 : -search->range.start % element;
	struct tmem_search_request request = {
		.size = sizeof(request),
		.space = TMEM_DATA_SPACE_VIRTUAL,
		.flags = search->writable ? TMEM_VSEARCH_WRITABLE_ONLY : TMEM_VSEARCH_DEFAULT,
		.offset = search->range.start + skip,
		.pattern = pattern->data,
		.pattern_size = pattern->size,
		.pattern_granularity = element,
	};
	tmem_search_cursor *cursor;
	bool ok;

	if (search->range.size <= skip)
		return true;
	request.length = search->range.size - skip;
	if (TMEM_FAILED(tmem_search_cursor_new(search->session->target, &request, &cursor)))
		return tmi_error_target(search->session, "searching");
	ok = run_cursor(search, cursor);
	tmem_search_cursor_free(cursor);
	return ok;
}

static bool search_pattern(struct tmi_search *search)
{
	const struct tmi_value_form form = { .element = element_of(search->type) };
	struct tmi_args *args = search->args;
	struct tmi_text pattern = { 0 };
	const char *where = args->next;
	bool ok;

	if (search->type == 'a' || search->type == 'u')
		ok = tmi_values_take_string(args, form.element, &pattern) && tmi_args_finish(args);
	else
		ok = tmi_values_take(args, &form, &pattern);
	if (ok && !pattern.size)
		ok = tmi_error_explain(args, TMI_ERROR_SYNTAX, where, "the pattern is empty");
	if (ok)
		ok = search->saved ? search_saved(search, &pattern)
				   : search_range(search, &pattern);
	tmi_text_fini(&pattern);
	return ok;
}

/* Makes room for the hits that will be saved; checks that there are some for r. */
static bool prepare_saved(struct tmi_search *search)
{
	search->memory =
		tmi_session_slot(search->session, &saved_key, sizeof(*search->memory), saved_fini);
	if (search->save)
		search->found.hits = calloc(search->limit, sizeof(*search->found.hits));
	if (!search->memory || (search->save && !search->found.hits))
		return tmi_error(search->session, "out of memory");
	if (search->saved && !search->memory->count)
		return tmi_error(search->session,
				 "No hits are saved: a search with the flag s, such as "
				 "\"s -[s]b RANGE PATTERN\", saves its hits");
	return true;
}

static void keep_found(struct tmi_search *search)
{
	free(search->memory->hits);
	*search->memory = search->found;
}

/* Searches, from the range and the pattern at args->next on. */
static bool run(struct tmi_search *search)
{
	struct tmi_args *args = search->args;
	bool strings = search->type == '8' || search->type == '6';
	bool ok;

	if (strings && !tmi_args_finish(args))
		return false;
	if (!prepare_saved(search))
		return false;
	if (strings && search->saved)
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->text,
					 "sa and su cannot look at saved hits");
	ok = strings ? tmi_search_strings(search) : search_pattern(search);
	if (search->save)
		keep_found(search);
	return ok;
}

/* Remembers what the next s without arguments goes on with. */
static void remember(const struct tmi_search *search, const char *arguments)
{
	struct last *last = tmi_session_slot(search->session, &last_key, sizeof(*last), last_fini);
	char *copy = strdup(arguments);

	if (!last || !copy) {
		free(copy);
		return;
	}
	free(last->arguments);
	last->arguments = copy;
	last->search = *search;
	last->next = search->reached > search->range.start ? search->reached : search->range.start;
	/* Saved hits are gone through as a whole. */
	last->known = !search->saved;
}

/* "s": goes on behind the last hit, or where the search was interrupted. */
static bool go_on(struct tmi_args *args, struct last *last)
{
	struct tmi_search search;
	char *arguments;
	uint64_t done;
	bool ok;

	search = last->search;
	done = last->next - search.range.start;
	if (done >= search.range.size) {
		tmi_out_message(args->session, "The last search is at the end of its range");
		return true;
	}
	arguments = strdup(last->arguments);
	if (!arguments)
		return tmi_error(args->session, "out of memory");
	search.args = args;
	search.range.start = last->next;
	search.range.size -= done;
	search.found = (struct tmi_search_saved){ 0 };
	search.hits = search.reached = 0;
	args->text = args->next = arguments;
	ok = run(&search);
	remember(&search, arguments);
	args->text = args->next = "";
	free(arguments);
	return ok;
}

static bool execute(struct tmi_args *args)
{
	struct tmi_search search = { .args = args, .session = args->session };
	struct tmi_range_rule rule = { 0 };
	const char *pattern;
	struct last *last;
	bool ok;

	last = tmi_session_slot(args->session, &last_key, sizeof(*last), last_fini);
	if (last && last->known && tmi_args_at_end(args))
		return go_on(args, last);
	if (!take_options(&search))
		return false;
	rule.element = element_of(search.type);
	if (!tmi_args_range(args, &rule, &search.range))
		return false;
	pattern = args->next;
	ok = run(&search);
	/* Not what was wrong from the start. */
	if (ok || search.reached)
		remember(&search, pattern);
	return ok;
}

static const struct tmi_command_name names[] = { { "s", NULL }, { 0 } };

const struct tmi_command tmi_command_search = {
	.names = names,
	.arguments = "[-[[FLAGS]]TYPE] RANGE [PATTERN]",
	.brief = "search memory for values or text",
	.help = "Shows every place in RANGE where PATTERN stands, also places that overlap; what\n"
		"cannot be read is passed over. TYPE says what PATTERN is:\n"
		"    b w d q   values of 1, 2, 4 or 8 bytes (b if no type is given); w d q are\n"
		"              found at multiples of their size\n"
		"    a u       text, \"in double quotes\"; u is UTF-16, found at even\n"
		"              distances from the start of RANGE\n"
		"    sa su     no pattern: any printable text\n"
		"\n"
		"FLAGS stand in one pair of brackets before the type:\n"
		"    w         writable memory only\n"
		"    1         print only addresses\n"
		"    l LENGTH  shortest text for sa and su (3)\n"
		"    s         save the hits\n"
		"    n HITS    how many may be saved (400 hexadecimal), more are an error\n"
		"    r         look only at the saved hits, whatever RANGE says\n"
		"\n"
		"L counts values of the type, START END is in bytes. More than 256 MB want L?.\n"
		"Ctrl-C stops the search and tells how far it came. s alone, or ENTER, goes on\n"
		"there, or behind the last hit.",
	.examples = "s 1000 L400 48 65\ns -a 0 L?80000000 \"password\"\n"
		    "s -[w]d 1000 L100 12345678\ns -[1]q [heap] L1000 0\n"
		    "s -[l 8]sa [stack] L8000",
	.topic = TMI_TOPIC_SEARCH,
	.flags = TMI_COMMAND_REPEATS,
	.execute = execute,
};
