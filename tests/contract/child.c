/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - a process with a model in its memory; see child.h and tests/programs/protocol.h. */
#include "contract/child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool fork_program(struct child *child, const char *program)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return false;
	child->pid = fork();
	if (child->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(program, program, "--no-uffd", "--big=1", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	child->to = fdopen(in[1], "w");
	child->from = fdopen(out[0], "r");
	return child->pid > 0 && child->to && child->from;
}

/* Sends a command; true when it is answered with "ok". */
static bool command(struct child *child, const char *format, ...)
{
	char answer[256];
	va_list arguments;

	va_start(arguments, format);
	vfprintf(child->to, format, arguments);
	va_end(arguments);
	fflush(child->to);
	if (!fgets(answer, sizeof(answer), child->from))
		return false;
	if (strcmp(answer, "ok\n"))
		fprintf(stderr, "the test program answers: %s", answer);
	return !strcmp(answer, "ok\n");
}

static bool wait_ready(struct child *child)
{
	char line[512];

	while (fgets(line, sizeof(line), child->from))
		if (!strcmp(line, "ready\n"))
			return true;
	return false;
}

/* Writes through the kernel: the program's memory, whatever its protection. */
static bool put_bytes(const struct child *child, const struct model_run *run)
{
	size_t size = model_run_size(run);
	char path[64];
	int fd;
	ssize_t done;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)child->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	done = fd < 0 ? -1 : pwrite(fd, run->bytes, size, (off_t)run->first);
	if (fd >= 0)
		close(fd);
	return done == (ssize_t)size;
}

static bool map_run(struct child *child, const struct model_run *run)
{
	size_t size = model_run_size(run);

	return command(child, "map %" PRIx64 " %zx\n", run->first, size) && put_bytes(child, run) &&
	       (run->writable || command(child, "protect %" PRIx64 " %zx r\n", run->first, size));
}

bool child_start(struct child *child, const struct model *model)
{
	const char *build = getenv("TMEM_BUILD");
	char program[512];

	*child = (struct child){ 0 };
	snprintf(program, sizeof(program), "%s/tests/programs/target%u", build ? build : "build",
		 8 * model->pointer_size);
	if (!fork_program(child, program) || !wait_ready(child)) {
		fprintf(stderr, "%s does not start\n", program);
		return false;
	}
	for (size_t i = 0; i < model->count; i++)
		if (!map_run(child, &model->runs[i]))
			return false;
	return true;
}

bool child_peek(struct child *child, uint64_t address, uint8_t *buffer, size_t size)
{
	fprintf(child->to, "peek %" PRIx64 " %zx\n", address, size);
	fflush(child->to);
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		if (fscanf(child->from, "%2x", &byte) != 1)
			return false;
		buffer[i] = (uint8_t)byte;
	}
	return fgetc(child->from) == '\n';
}

void child_stop(struct child *child)
{
	if (child->to)
		fclose(child->to);
	if (child->from)
		fclose(child->from);
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	*child = (struct child){ 0 };
}
