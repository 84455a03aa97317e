/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the library many questions about one kernel target, for tests that would otherwise start a
 * program for each address. kernel_query TARGET OPTIONS, then one question a line on standard
 * input; every answer is one line, which begins with the status in hexadecimal. Numbers are
 * hexadecimal except pids.
 *
 *     processes            a line "PID PARENT FLAGS DATA DIRECTORY NAME" each, then the status
 *     modules              a line "BASE SIZE NAME" each, then the status
 *     facts                a line "NAME = VALUE (EVIDENCE)" each, then the status
 *     process PID          makes it the implicit one; 0 for the default
 *     directory BASE       makes these tables the virtual space
 *     pa ADDRESS           STATUS PHYSICAL
 *     pt BASE ADDRESS      the same through the tables at BASE
 *     entry ADDRESS        STATUS PHYSICAL SIZE of the last entry of its translation
 *     rv ADDRESS SIZE      STATUS BYTES-IN-HEXADECIMAL, virtual
 *     rp ADDRESS SIZE      physical
 *     wv ADDRESS BYTES     STATUS COUNT, virtual
 *     wp ADDRESS BYTES     physical
 *     sv ADDRESS SIZE BYTES    STATUS ADDRESS, a search of virtual memory
 *     symbol NAME          STATUS ADDRESS
 *     error                the explanation of the last failure
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tmem.h>

static tmem_target *target;
static char *line;

static void end(tmem_status status)
{
	printf("%08" PRIx32 "\n", (uint32_t)status);
}

static void end_with(tmem_status status, uint64_t value)
{
	printf("%08" PRIx32 " %" PRIx64 "\n", (uint32_t)status, value);
}

static void ask_processes(char *arguments)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	uint32_t number = 0;
	tmem_status status = tmem_get_number_kernel_processes(target, &number);

	(void)arguments;
	for (uint32_t i = 0; i < number; i++) {
		tmem_status one = tmem_get_kernel_process_by_index(target, i, &process);

		if (TMEM_FAILED(one))
			status = one;
		else
			printf("%" PRIu32 " %" PRIu32 " %" PRIx32 " %" PRIx64 " %" PRIx64 " %s\n",
			       process.system_id, process.parent_system_id, process.flags,
			       process.data_offset, process.directory_base, process.name);
	}
	end(status);
}

static void ask_modules(char *arguments)
{
	static struct tmem_module module = { .size = sizeof(module) };
	uint32_t number = 0;
	tmem_status status = tmem_get_number_modules(target, &number);

	(void)arguments;
	for (uint32_t i = 0; i < number; i++) {
		tmem_status one = tmem_get_module_by_index(target, i, &module);

		if (TMEM_FAILED(one))
			status = one;
		else
			printf("%" PRIx64 " %" PRIx64 " %s\n", module.base, module.module_size,
			       module.name);
	}
	end(status);
}

static void ask_facts(char *arguments)
{
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };
	tmem_status status;
	uint32_t index = 0;

	(void)arguments;
	while ((status = tmem_get_kernel_fact(target, index++, &fact)) == TMEM_S_OK)
		printf("%s = %s (%s)\n", fact.name, fact.value ? fact.value : "?",
		       fact.evidence ? fact.evidence : "?");
	end(status);
}

static void set_process(char *arguments)
{
	struct tmem_kernel_process process = { .size = sizeof(process) };
	uint32_t pid = (uint32_t)strtoul(arguments, NULL, 10);
	tmem_status status = TMEM_S_OK;

	if (pid != 0)
		status = tmem_get_kernel_process_by_system_id(target, pid, &process);
	if (!TMEM_FAILED(status))
		status = tmem_set_implicit_process_data_offset(target, process.data_offset);
	end(status);
}

static void set_directory(char *arguments)
{
	end(tmem_set_directory_base(target, strtoull(arguments, NULL, 16)));
}

static void translate(char *arguments)
{
	uint64_t physical = 0;
	tmem_status status =
		tmem_virtual_to_physical(target, strtoull(arguments, NULL, 16), &physical);

	end_with(status, physical);
}

static void translate_by(char *arguments)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	uint64_t base = strtoull(arguments, &arguments, 16);
	tmem_status status =
		tmem_translate(target, base, strtoull(arguments, NULL, 16), &translation);

	end_with(status, translation.physical);
}

static void last_entry(char *arguments)
{
	struct tmem_translation translation = { .size = sizeof(translation) };
	tmem_status status = tmem_translate(target, TMEM_CURRENT_DIRECTORY_BASE,
					    strtoull(arguments, NULL, 16), &translation);
	uint32_t last = translation.level_count - 1;

	if (TMEM_FAILED(status) || translation.level_count == 0)
		end(status);
	else
		printf("%08" PRIx32 " %" PRIx64 " %" PRIx32 "\n", (uint32_t)status,
		       translation.levels[last].address, translation.levels[last].entry_size);
}

static void say_bytes(tmem_status status, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	printf("%08" PRIx32 " ", (uint32_t)status);
	for (size_t i = 0; i < count; i++) {
		putchar(digits[bytes[i] >> 4]);
		putchar(digits[bytes[i] & 15]);
	}
	putchar('\n');
}

static void read_memory(char *arguments, int physical)
{
	char *next;
	uint64_t address = strtoull(arguments, &next, 16);
	size_t size = strtoull(next, NULL, 16), done = 0;
	unsigned char *bytes = malloc(size ? size : 1);
	tmem_status status = TMEM_E_OUTOFMEMORY;

	if (bytes != NULL && physical)
		status = tmem_read_physical(target, address, bytes, size, &done);
	else if (bytes != NULL)
		status = tmem_read_virtual(target, address, bytes, size, &done);
	say_bytes(status, bytes, done);
	free(bytes);
}

static void read_virtual(char *arguments)
{
	read_memory(arguments, 0);
}

static void read_physical(char *arguments)
{
	read_memory(arguments, 1);
}

/* Two digits a byte, written over the digits themselves; the number of bytes. */
static size_t from_hexadecimal(char *digits)
{
	size_t count = 0;
	unsigned value;

	while (*digits == ' ')
		digits++;
	for (char *out = digits; sscanf(digits + 2 * count, "%2x", &value) == 1; count++)
		out[count] = (char)value;
	return count;
}

static void write_memory(char *arguments, int physical)
{
	char *next;
	uint64_t address = strtoull(arguments, &next, 16);
	size_t count = from_hexadecimal(next + 1), done = 0;
	tmem_status status;

	if (physical)
		status = tmem_write_physical(target, address, next + 1, count, &done);
	else
		status = tmem_write_virtual(target, address, next + 1, count, &done);
	end_with(status, done);
}

static void write_virtual(char *arguments)
{
	write_memory(arguments, 0);
}

static void write_physical(char *arguments)
{
	write_memory(arguments, 1);
}

static void search_virtual(char *arguments)
{
	char *next;
	uint64_t address = strtoull(arguments, &next, 16);
	uint64_t size = strtoull(next, &next, 16), found = 0;
	size_t count = from_hexadecimal(next + 1);
	tmem_status status = tmem_search_virtual(target, address, size, next + 1, count, 1, &found);

	end_with(status, found);
}

static void find_symbol(char *arguments)
{
	uint64_t address = 0;
	tmem_status status = tmem_get_offset_by_name(target, arguments, &address);

	end_with(status, address);
}

static void say_error(char *arguments)
{
	(void)arguments;
	printf("%s\n", tmem_last_error(target));
}

static const struct {
	const char *name;
	void (*answer)(char *arguments);
} questions[] = {
	{ "processes", ask_processes }, { "modules", ask_modules },     { "facts", ask_facts },
	{ "process", set_process },     { "directory", set_directory }, { "pa", translate },
	{ "entry", last_entry },        { "pt", translate_by },         { "rv", read_virtual },
	{ "rp", read_physical },        { "wv", write_virtual },        { "wp", write_physical },
	{ "sv", search_virtual },       { "symbol", find_symbol },      { "error", say_error },
};

static void answer(char *question)
{
	size_t length = strcspn(question, " ");
	char *arguments = question + length + (question[length] == ' ');

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (strlen(questions[i].name) == length &&
		    strncmp(question, questions[i].name, length) == 0) {
			questions[i].answer(arguments);
			return;
		}
	printf("no such question: %s\n", question);
}

int main(int argc, char **argv)
{
	size_t size = 0;
	ssize_t length;

	if (argc != 3)
		return 2;
	if (TMEM_FAILED(tmem_open(argv[1], argv[2], &target))) {
		fprintf(stderr, "%s\n", tmem_last_error(NULL));
		return 3;
	}
	while ((length = getline(&line, &size, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		answer(line);
		fflush(stdout);
	}
	free(line);
	tmem_close(target);
	return 0;
}
