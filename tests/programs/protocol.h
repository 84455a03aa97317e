// The line protocol of the test programs, shared by all of them.
//
// A program prints `name value ...` lines, then `ready`. Numbers are hexadecimal without 0x, but
// pid, bits, seed, memfd and count, and the errno of a region that could not be made, are decimal.
// After that it reads one command a line from standard input and
// answers each with one line: `ok`, the value asked for, or `error TEXT`. At the end of its input
// it exits; it is also killed when the thread that started it ends, so nothing is left behind.

#ifndef TESTS_PROGRAMS_PROTOCOL_H
#define TESTS_PROGRAMS_PROTOCOL_H

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// One command: its name and what it does with the rest of the line.
struct command {
	const char *name;
	void (*run)(char *arguments);
};

static sigjmp_buf protocol_fault;
static volatile uintptr_t protocol_fault_address;

static inline void *to_pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static inline void die(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(1);
}

static inline void protocol_on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	protocol_fault_address = (uintptr_t)info->si_addr;
	siglongjmp(protocol_fault, 1);
}

// Copies with faults caught: 0, or -1 with the address in protocol_fault_address.
static inline int careful_copy(void *to, const void *from, size_t size)
{
	struct sigaction action = { .sa_sigaction = protocol_on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction segv, bus;
	volatile int failed = -1;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (!sigsetjmp(protocol_fault, 1)) {
		for (size_t i = 0; i < size; i++)
			((volatile uint8_t *)to)[i] = ((const volatile uint8_t *)from)[i];
		failed = 0;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return failed;
}

static inline void print_hex(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

// peek ADDR LEN: the bytes as this program sees them, or `fault ADDR`.
static inline void run_peek(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);
	size_t size = strtoull(arguments, NULL, 16);
	uint8_t *bytes = malloc(size + 1);

	if (careful_copy(bytes, to_pointer(address), size))
		printf("fault %" PRIxPTR "\n", protocol_fault_address);
	else
		print_hex(bytes, size);
	free(bytes);
}

// poke ADDR HEX: writes the bytes; `ok` or `fault ADDR`.
static inline void run_poke(char *arguments)
{
	uint64_t address = strtoull(arguments, &arguments, 16);
	size_t size = 0;
	uint8_t *bytes = malloc(strlen(arguments) / 2 + 1);
	unsigned int byte;

	arguments += strspn(arguments, " ");
	while (sscanf(arguments + 2 * size, "%2x", &byte) == 1)
		bytes[size++] = (uint8_t)byte;
	if (careful_copy(to_pointer(address), bytes, size))
		printf("fault %" PRIxPTR "\n", protocol_fault_address);
	else
		puts("ok");
	free(bytes);
}

// Ends with the parent, and lets any process of the same user look in.
static inline void protocol_start(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	printf("pid %d\n", (int)getpid());
	printf("bits %zu\n", 8 * sizeof(void *));
	printf("page %lx\n", (unsigned long)sysconf(_SC_PAGESIZE));
}

static inline void protocol_run(const struct command *commands, char *line)
{
	size_t length = strcspn(line, " \n");

	line[strcspn(line, "\n")] = 0;
	for (; commands->name; commands++)
		if (strlen(commands->name) == length && !strncmp(commands->name, line, length))
			break;
	if (commands->name)
		commands->run(line + length);
	else
		puts("error no such command");
	fflush(stdout);
}

// Says ready and serves commands until the end of the input.
static inline void protocol_serve(const struct command *commands)
{
	char *line = NULL;
	size_t room = 0;

	puts("ready");
	fflush(stdout);
	while (getline(&line, &room, stdin) > 0)
		protocol_run(commands, line);
	free(line);
}

#endif
