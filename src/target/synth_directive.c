/* SPDX-License-Identifier: Apache-2.0 */
/* synth_directive.c - the table of directives, and the parser that goes through the lines. */
#include "target/synth_directive.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define FIRST_LINE   "tmem synth 1"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every new id is compared with all before it. */
#define MOST_PROCESSES 4096

/* What the entries of page tables can hold. */
#define HIGHEST_PHYSICAL ((1ull << 52) - 1)

const struct tmi_synth_choice tmi_synth_yes_no[] = { { "no", 0 }, { "yes", 1 }, { NULL, 0 } };

static const struct tmi_synth_choice reasons[] = {
	{ "fault", TMEM_REASON_FORCED_FAULT },
	{ "not-mapped", TMEM_REASON_NOT_MAPPED },
	{ "no-access", TMEM_REASON_NO_ACCESS },
	{ "read-only", TMEM_REASON_READ_ONLY },
	{ "guard", TMEM_REASON_GUARD },
	{ "past-end-of-file", TMEM_REASON_PAST_END_OF_FILE },
	{ "would-block", TMEM_REASON_WOULD_BLOCK },
	{ "paged-out", TMEM_REASON_PAGED_OUT },
	{ "in-transition", TMEM_REASON_IN_TRANSITION },
	{ "excluded", TMEM_REASON_EXCLUDED },
	{ "truncated", TMEM_REASON_TRUNCATED },
	{ "denied", TMEM_REASON_DENIED },
	{ "protected", TMEM_REASON_PROTECTED },
	{ NULL, 0 },
};

static tmem_status take_target(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	enum { MODE, LIVE, INCOMPLETE, LENDS, TEXT };
	static const struct tmi_synth_choice modes[] = { { "user", 0 },
							 { "kernel", 1 },
							 { NULL, 0 } };
	static const struct tmi_synth_key keys[] = {
		[MODE] = { "mode", TMI_SYNTH_CHOICE, modes },
		[LIVE] = { "live", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
		[INCOMPLETE] = { "incomplete", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
		[LENDS] = { "lends", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
		[TEXT] = { "text", TMI_SYNTH_STRING },
	};
	struct tmi_synth_given given[COUNT(keys)];
	struct tmi_synth *synth = line->synth;
	tmem_status status;

	if (process)
		return tmi_synth_expected_at(line, line->start, "target before the first process");
	status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status != TMEM_S_OK)
		return status;
	synth->kernel = given[MODE].given ? given[MODE].number : synth->kernel;
	synth->live = given[LIVE].given ? given[LIVE].number : synth->live;
	synth->incomplete = given[INCOMPLETE].given ? given[INCOMPLETE].number : synth->incomplete;
	synth->lends = given[LENDS].given ? given[LENDS].number : synth->lends;
	synth->text = given[TEXT].given ? given[TEXT].string : synth->text;
	if (synth->live && synth->lends)
		return tmi_synth_expected_at(line,
					     given[LENDS].given ? given[LENDS].at : line->start,
					     "lends=no, since the target is live");
	return TMEM_S_OK;
}

/* A space of the machine as it was named last. */
static struct tmi_synth_process *new_space(struct tmi_synth *synth)
{
	struct tmi_synth_process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	pthread_rwlock_init(&process->lock, NULL);
	process->facts = synth->machine;
	if (synth->kernel) {
		process->facts.mode = TMEM_MODE_KERNEL;
		process->facts.has_protection = false;
	}
	process->facts.live = synth->live;
	process->facts.incomplete = synth->incomplete;
	process->facts.lends = synth->lends;
	process->registers = synth->registers;
	process->highest = synth->machine.pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
	synth->current = process;
	return process;
}

static struct tmi_synth_process *new_process(struct tmi_synth *synth)
{
	struct tmi_synth_process **list = reallocarray(synth->processes, synth->process_count + 1,
						       sizeof(struct tmi_synth_process *));

	if (!list)
		return NULL;
	synth->processes = list;
	list[synth->process_count] = new_space(synth);
	return list[synth->process_count] ? list[synth->process_count++] : NULL;
}

/* Physical memory: a space like that of a process, but wider than a word may be. */
static tmem_status take_physical(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	static const struct tmi_synth_choice granules[] = { { "page", 0 },
							    { "byte", 1 },
							    { NULL, 0 } };
	static const struct tmi_synth_key keys[] = { { "granular", TMI_SYNTH_CHOICE, granules } };
	struct tmi_synth_given given[COUNT(keys)];
	struct tmi_synth *synth = line->synth;
	tmem_status status = TMEM_S_OK;

	(void)process;
	if (synth->physical)
		return tmi_synth_expected_at(line, line->start, "one physical section");
	status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status != TMEM_S_OK)
		return status;
	synth->physical = new_space(synth);
	if (!synth->physical)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	synth->physical->name = "";
	synth->physical->highest = HIGHEST_PHYSICAL;
	if (given[0].given)
		synth->physical->facts.byte_granular = given[0].number;
	return TMEM_S_OK;
}

static tmem_status take_process(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth *synth = line->synth;
	const char *name = "";
	tmem_status status;
	const char *at;
	uint64_t id;

	if (synth->kernel)
		return tmi_synth_expected_at(line, line->start,
					     "task lines, since the target is a kernel");
	tmi_synth_at_end(line);
	at = line->at;
	if (synth->process_count == MOST_PROCESSES)
		return tmi_synth_expected(line, "at most %d processes", MOST_PROCESSES);
	status = tmi_synth_take_number(line, "a process id", &id);
	if (status != TMEM_S_OK)
		return status;
	if (id > INT32_MAX)
		return tmi_synth_expected_at(line, at, "a process id below 2147483648");
	for (size_t i = 0; i < synth->process_count; i++)
		if (synth->processes[i]->system_id == id)
			return tmi_synth_expected_at(line, at, "a process id not used before");
	if (!tmi_synth_at_end(line))
		status = tmi_synth_take_string(line, "the program's name", &name);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status != TMEM_S_OK)
		return status;
	process = new_process(synth);
	if (!process)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	process->system_id = (uint32_t)id;
	process->name = name;
	return TMEM_S_OK;
}

/* Words r w x p|s, each a letter or '-'; "?" = the protection is not known. */
struct protection {
	bool known, read, write, execute, shared;
};

static tmem_status take_protection(struct tmi_synth_line *line, struct protection *protection)
{
	static const char letters[] = "rwxp";
	const char *at;

	*protection = (struct protection){ 0 };
	if (tmi_synth_skip_word(line, "?"))
		return TMEM_S_OK;
	if (tmi_synth_at_end(line) || tmi_synth_word_length(line) != 4)
		return tmi_synth_expected(line, "a protection such as rw-p, r-xs or ?");
	at = line->at;
	for (unsigned i = 0; i < 4; i++)
		if (at[i] != letters[i] && at[i] != (i < 3 ? '-' : 's'))
			return tmi_synth_expected(line, "a protection such as rw-p, r-xs or ?");
	*protection =
		(struct protection){ true, at[0] == 'r', at[1] == 'w', at[2] == 'x', at[3] == 's' };
	line->at += 4;
	return TMEM_S_OK;
}

static uint32_t page_protection(const struct protection *p, bool copies)
{
	uint32_t value;

	if (!p->known)
		return 0;
	if (p->write)
		value = copies && !p->shared ? TMEM_PAGE_WRITECOPY : TMEM_PAGE_READWRITE;
	else
		value = p->read ? TMEM_PAGE_READONLY : TMEM_PAGE_NOACCESS;
	if (!p->execute)
		return value;
	/* The EXECUTE forms are the plain ones, four bits up. */
	return value << 4;
}

enum run_key { TYPE, NAME, FILE_ID, OFFSET, STATE, SOURCE, REASON, GUARD, UNTOUCHED, RUN_KEYS };

static void fill_run(struct tmi_synth_run *run, const struct protection *protection,
		     const struct tmi_synth_given *given)
{
	bool has_file = given[FILE_ID].number ||
			(given[TYPE].given && given[TYPE].number != TMEM_MEM_PRIVATE);
	uint32_t by_file =
		protection->shared || given[FILE_ID].number ? TMEM_MEM_MAPPED : TMEM_MEM_PRIVATE;

	run->run.protect = page_protection(protection, has_file);
	if (given[GUARD].number)
		run->run.protect |= TMEM_PAGE_GUARD;
	run->run.shared = protection->shared;
	run->run.type = given[TYPE].given ? (uint32_t)given[TYPE].number : by_file;
	run->run.name = given[NAME].given ? given[NAME].string : "";
	run->run.file_id = given[FILE_ID].number;
	run->run.file_offset = given[OFFSET].number;
	run->run.state = given[STATE].given ? (uint16_t)given[STATE].number : TMEM_MEM_COMMIT;
	run->run.source =
		given[SOURCE].given ? (uint8_t)given[SOURCE].number : TMEM_VSOURCE_DEBUGGEE;
	if (run->run.state == TMEM_MEM_RESERVE || given[REASON].given)
		run->run.source = TMEM_VSOURCE_INVALID;
	if (run->run.source == TMEM_VSOURCE_INVALID)
		run->run.reason = given[REASON].given ? (uint8_t)given[REASON].number
						      : TMEM_REASON_NOT_MAPPED;
	run->untouched = given[UNTOUCHED].number;
}

static const struct tmi_synth_choice run_types[] = {
	{ "private", TMEM_MEM_PRIVATE },
	{ "mapped", TMEM_MEM_MAPPED },
	{ "image", TMEM_MEM_IMAGE },
	{ "unknown", 0 },
	{ NULL, 0 },
};
static const struct tmi_synth_choice run_states[] = { { "commit", TMEM_MEM_COMMIT },
						      { "reserve", TMEM_MEM_RESERVE },
						      { NULL, 0 } };
static const struct tmi_synth_choice run_sources[] = {
	{ "target", TMEM_VSOURCE_DEBUGGEE },
	{ "image", TMEM_VSOURCE_MAPPED_IMAGE },
	{ "dump", TMEM_VSOURCE_DUMP_WITHOUT_MEMINFO },
	{ "invalid", TMEM_VSOURCE_INVALID },
	{ NULL, 0 },
};

static const struct tmi_synth_key run_keys[RUN_KEYS] = {
	[TYPE] = { "type", TMI_SYNTH_CHOICE, run_types },
	[NAME] = { "name", TMI_SYNTH_STRING },
	[FILE_ID] = { "file", TMI_SYNTH_NUMBER },
	[OFFSET] = { "offset", TMI_SYNTH_NUMBER },
	[STATE] = { "state", TMI_SYNTH_CHOICE, run_states },
	[SOURCE] = { "source", TMI_SYNTH_CHOICE, run_sources },
	[REASON] = { "reason", TMI_SYNTH_CHOICE, reasons },
	[GUARD] = { "guard", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
	[UNTOUCHED] = { "untouched", TMI_SYNTH_CHOICE, tmi_synth_yes_no },
};

/* A range whose ends are page boundaries, unless bytes count. */
static tmem_status take_page_range(struct tmi_synth_line *line, struct tmi_synth_process *process,
				   uint64_t *first, uint64_t *last)
{
	uint64_t mask = process->facts.page_size - 1;
	tmem_status status;
	const char *at;

	tmi_synth_at_end(line);
	at = line->at;
	status = tmi_synth_take_range(line, process->highest, first, last);
	if (status != TMEM_S_OK)
		return status;
	if (!process->facts.byte_granular && ((*first & mask) || (~*last & mask)))
		return tmi_synth_expected_at(line, at,
					     "whole pages of 0x%x bytes (or machine granular=byte)",
					     process->facts.page_size);
	return TMEM_S_OK;
}

static tmem_status take_run(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_given given[RUN_KEYS];
	struct tmi_synth_run run = { .line = line->number };
	struct protection protection;
	tmem_status status;

	status = take_page_range(line, process, &run.run.first, &run.run.last);
	if (status == TMEM_S_OK)
		status = take_protection(line, &protection);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, run_keys, RUN_KEYS, given);
	if (status == TMEM_S_OK)
		status = tmi_synth_grow(&process->written_runs, &process->written_room,
					process->written_count, sizeof(run));
	if (status != TMEM_S_OK)
		return status;
	fill_run(&run, &protection, given);
	process->written_runs[process->written_count++] = run;
	return TMEM_S_OK;
}

static tmem_status take_hole(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	struct tmi_synth_piece piece = { .reason = TMEM_REASON_NOT_MAPPED };
	tmem_status status = take_page_range(line, process, &piece.first, &piece.last);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_end(line);
	if (status == TMEM_S_OK)
		status = tmi_synth_add_piece(&process->holes, &piece);
	return status;
}

static tmem_status take_fault(struct tmi_synth_line *line, struct tmi_synth_process *process)
{
	enum { READS = 1, WRITES = 2 };
	static const struct tmi_synth_choice whats[] = {
		{ "read", READS }, { "write", WRITES }, { "both", READS | WRITES }, { NULL, 0 }
	};
	static const struct tmi_synth_key keys[] = { { "reason", TMI_SYNTH_CHOICE, reasons } };
	struct tmi_synth_piece piece = { .reason = TMEM_REASON_FORCED_FAULT };
	struct tmi_synth_given given[COUNT(keys)];
	uint64_t what = 0;
	tmem_status status = take_page_range(line, process, &piece.first, &piece.last);

	if (status == TMEM_S_OK)
		status = tmi_synth_take_choice(line, "what faults", whats, &what);
	if (status == TMEM_S_OK)
		status = tmi_synth_take_keys(line, keys, COUNT(keys), given);
	if (status == TMEM_S_OK && given[0].given)
		piece.reason = (uint8_t)given[0].number;
	if (status == TMEM_S_OK && (what & READS))
		status = tmi_synth_add_piece(&process->read_faults, &piece);
	if (status == TMEM_S_OK && (what & WRITES))
		status = tmi_synth_add_piece(&process->write_faults, &piece);
	return status;
}

static const struct tmi_synth_directive directives[] = {
	{ "target", false, take_target },
	{ "machine", false, tmi_synth_take_machine },
	{ "process", false, take_process },
	{ "latency", false, tmi_synth_take_latency },
	{ "lost", false, tmi_synth_take_lost },
	{ "timeout", false, tmi_synth_take_timeout },
	{ "physical", false, take_physical },
	{ "tables", true, tmi_synth_take_tables },
	{ "table", true, tmi_synth_take_table },
	{ "map", true, tmi_synth_take_map },
	{ "task", false, tmi_synth_take_task },
	{ "thread", true, tmi_synth_take_thread },
	{ "run", true, take_run },
	{ "hole", true, take_hole },
	{ "fault", true, take_fault },
	{ "short", true, tmi_synth_take_short },
	{ "change", true, tmi_synth_take_change },
	{ "bytes", true, tmi_synth_take_content_bytes },
	{ "text", true, tmi_synth_take_content_text },
	{ "text16", true, tmi_synth_take_content_text16 },
	{ "u8", true, tmi_synth_take_content_u8 },
	{ "u16", true, tmi_synth_take_content_u16 },
	{ "u32", true, tmi_synth_take_content_u32 },
	{ "u64", true, tmi_synth_take_content_u64 },
	{ "ptr", true, tmi_synth_take_content_ptr },
	{ "repeat", true, tmi_synth_take_content_repeat },
	{ "pattern", true, tmi_synth_take_content_pattern },
	{ "elf", true, tmi_synth_take_content_elf },
};

static tmem_status take_line(struct tmi_synth_line *line)
{
	struct tmi_synth *synth = line->synth;
	struct tmi_synth_process *process = synth->current;

	if (tmi_synth_at_end(line))
		return TMEM_S_OK;
	for (size_t i = 0; i < COUNT(directives); i++) {
		const struct tmi_synth_directive *directive = &directives[i];
		const char *at = line->at;

		if (!tmi_synth_skip_word(line, directive->name))
			continue;
		if (directive->needs_process && !process)
			return tmi_synth_expected_at(line, at, "a process line before this one");
		return directive->take(line, process);
	}
	return tmi_synth_expected(line, "a directive (run, bytes, text ...: see docs/synth.md)");
}

static tmem_status take_first_line(struct tmi_synth_line *line)
{
	size_t length = strlen(FIRST_LINE);

	if ((size_t)(line->end - line->at) < length || memcmp(line->at, FIRST_LINE, length))
		return tmi_synth_expected(line, "the first line \"" FIRST_LINE "\"");
	line->at += length;
	return tmi_synth_take_end(line);
}

static tmem_status take_lines(struct tmi_synth_line *line, const char *text, const char *end)
{
	tmem_status status = TMEM_S_OK;

	while (status == TMEM_S_OK && (text < end || line->number == 0)) {
		const char *newline = text < end ? memchr(text, '\n', (size_t)(end - text)) : NULL;

		line->number++;
		line->start = line->at = text;
		line->end = newline ? newline : end;
		status = line->number == 1 ? take_first_line(line) : take_line(line);
		text = newline ? newline + 1 : end;
	}
	if (status == TMEM_S_OK && line->synth->kernel && !line->synth->physical)
		status = tmi_synth_expected(line, "a physical line somewhere");
	if (status == TMEM_S_OK && !line->synth->kernel && !line->synth->process_count)
		status = tmi_synth_expected(line, "a process line somewhere");
	return status;
}

tmem_status tmi_synth_parse(const char *file, const char *text, size_t size,
			    struct tmi_synth **synth)
{
	struct tmi_synth_line line = { .file = file };
	tmem_status status;

	*synth = NULL;
	line.synth = calloc(1, sizeof(*line.synth));
	if (!line.synth)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_synth_default_machine(line.synth);
	status = take_lines(&line, text, text + size);
	for (size_t i = 0; status == TMEM_S_OK && i < line.synth->process_count; i++)
		status = tmi_synth_lay_out(line.synth->processes[i], file);
	if (status == TMEM_S_OK && line.synth->physical)
		status = tmi_synth_lay_out(line.synth->physical, file);
	if (status != TMEM_S_OK) {
		tmi_synth_free(line.synth);
		return status;
	}
	*synth = line.synth;
	return TMEM_S_OK;
}
