/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - starts and drives a program of tests/programs; see child.h. */
#include "support/child.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads facts up to `ready`. */
static void read_facts(struct child *child)
{
	char line[512];

	while (fgets(line, sizeof(line), child->out) && strcmp(line, "ready\n")) {
		struct child_fact *fact = &child->facts[child->fact_count];

		assert_true(child->fact_count < CHILD_FACTS);
		if (sscanf(line, "%31s %" SCNx64 " %" SCNx64, fact->name, &fact->value,
			   &fact->size) >= 2)
			child->fact_count++;
	}
	assert_string_equal(line, "ready\n");
}

static void become(const char *name, const char *const *arguments, const int *in, const int *out)
{
	const char *build = getenv("TMEM_BUILD");
	char path[4096];
	char *list[16] = { path };

	snprintf(path, sizeof(path), "%s/tests/programs/%s", build ? build : "build", name);
	for (int i = 0; arguments && arguments[i] && i < 14; i++)
		list[i + 1] = (char *)arguments[i];
	dup2(in[0], 0);
	dup2(out[1], 1);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	execv(path, list);
	perror(path);
	_exit(127);
}

void child_start(struct child *child, const char *name, const char *const *arguments)
{
	int in[2], out[2];

	memset(child, 0, sizeof(*child));
	assert_int_equal(pipe2(in, 02000000), 0); /* O_CLOEXEC */
	assert_int_equal(pipe2(out, 02000000), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
		become(name, arguments, in, out);
	close(in[0]);
	close(out[1]);
	child->in = fdopen(in[1], "w");
	child->out = fdopen(out[0], "r");
	snprintf(child->spec, sizeof(child->spec), "pid:%d", child->pid);
	read_facts(child);
}

void child_end(struct child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	fclose(child->in);
	fclose(child->out);
	child->pid = 0;
}

static const struct child_fact *find(const struct child *child, const char *name)
{
	for (size_t i = 0; i < child->fact_count; i++)
		if (!strcmp(child->facts[i].name, name))
			return &child->facts[i];
	fail_msg("the program did not print %s", name);
	return NULL;
}

uint64_t child_address(const struct child *child, const char *name)
{
	return find(child, name)->value;
}

uint64_t child_size(const struct child *child, const char *name)
{
	return find(child, name)->size;
}

void child_ask(struct child *child, char *answer, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(child->in, format, arguments);
	va_end(arguments);
	putc('\n', child->in);
	fflush(child->in);
	assert_non_null(fgets(answer, (int)size, child->out));
	answer[strcspn(answer, "\n")] = '\0';
}

/* "0a0b..." to bytes; false when the answer is something else. */
static bool from_hex(const char *text, uint8_t *bytes, size_t size)
{
	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1)
			return false;
	return true;
}

static bool ask_bytes(struct child *child, const char *command, uint64_t address, uint8_t *bytes,
		      size_t size)
{
	char *answer = malloc(2 * size + 256);
	bool good;

	child_ask(child, answer, 2 * size + 256, "%s %" PRIx64 " %zx", command, address, size);
	good = from_hex(answer, bytes, size);
	free(answer);
	return good;
}

bool child_peek(struct child *child, uint64_t address, void *buffer, size_t size)
{
	return ask_bytes(child, "peek", address, buffer, size);
}

bool child_expect(struct child *child, uint64_t address, void *buffer, size_t size)
{
	return ask_bytes(child, "expect", address, buffer, size);
}
