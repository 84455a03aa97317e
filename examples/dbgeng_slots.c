/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbgeng_slots.c - a client that knows no header: it loads libdbgeng.so when it runs and calls
 * every method by the number of its slot, as wrappers for managed languages do.
 *
 * usage: dbgeng_slots LIBRARY FILE|PID [ADDRESS]	(PID: looked at without tracing)
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A caller of slots passes what it has; each parameter has the width of its declaration. */
typedef int32_t method(void *object, ...);
#define SLOT(object, n) ((method *)(*(void ***)(object))[n])

#define NONINVASIVE   1
#define INITIAL_BREAK 0x20
#define DETACH        2
#define THIS_CLIENT   0
#define OUTPUT_MASK   3 /* what commands print, and errors */

struct id {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

static const struct id client5_id = {
	0xe3acb9d7, 0x7ec2, 0x4f0c, { 0xa0, 0xda, 0xe8, 0x1e, 0x0c, 0xbb, 0xe6, 0x28 }
};
static const struct id control5_id = {
	0xb2ffe162, 0x2412, 0x429f, { 0x8d, 0x1d, 0x5b, 0xf6, 0xdd, 0x82, 0x46, 0x96 }
};
static const struct id spaces2_id = {
	0x7a5e852f, 0x96e9, 0x468f, { 0xac, 0x1b, 0x0b, 0x3a, 0xdd, 0xc4, 0xa0, 0x49 }
};
static const struct id symbols3_id = {
	0xf02fbecc, 0x50ac, 0x4f36, { 0x9a, 0xd9, 0xc9, 0x75, 0xe8, 0xf3, 0x2f, 0xf8 }
};
static const struct id objects4_id = {
	0x489468e6, 0x7d0f, 0x4af5, { 0x87, 0xab, 0x25, 0x20, 0x74, 0x54, 0xd5, 0x53 }
};
static const struct id advanced2_id = {
	0x716d14c9, 0x119b, 0x4ba5, { 0xaf, 0x1f, 0x08, 0x90, 0xe6, 0x72, 0x41, 0x6a }
};

static void *client, *control, *spaces, *symbols, *objects, *advanced;
static uint32_t machine; /* 8664: x64 */

static void check(int32_t result, const char *what)
{
	if (result >= 0)
		return;
	fflush(stdout);
	fprintf(stderr, "%s: failed with %08x\n", what, (unsigned)result);
	exit(1);
}

static void *query(const struct id *id, const char *name)
{
	void *found = NULL;

	check(SLOT(client, 0)(client, id, &found), name);
	return found;
}

static void create(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	int32_t (*debug_create)(const struct id *, void **);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	*(void **)&debug_create = dlsym(library, "DebugCreate");
	check(debug_create(&client5_id, &client), "DebugCreate");
	control = query(&control5_id, "IDebugControl5");
	spaces = query(&spaces2_id, "IDebugDataSpaces2");
	symbols = query(&symbols3_id, "IDebugSymbols3");
	objects = query(&objects4_id, "IDebugSystemObjects4");
	advanced = query(&advanced2_id, "IDebugAdvanced2");
}

/* An object for output: its table has the three of every object and one more. */
static int32_t query_output(void *object, const struct id *id, void **found)
{
	*found = NULL;
	return (int32_t)0x80004002;
}

static uint32_t count_reference(void *object)
{
	return 1;
}

static int32_t print_output(void *object, uint32_t mask, const char *text)
{
	fputs(text, stdout);
	return 0;
}

static void listen(void)
{
	static void *const table[] = { (void *)query_output, (void *)count_reference,
				       (void *)count_reference, (void *)print_output };
	static const struct {
		void *const *table;
	} object = { table };

	check(SLOT(client, 34)(client, &object), "SetOutputCallbacks");
	check(SLOT(client, 36)(client, OUTPUT_MASK), "SetOutputMask");
}

/* Names of files are UTF-16 for newer clients. */
static void open_file(const char *name)
{
	size_t size = strlen(name) + 1;
	uint16_t *wide = calloc(size, sizeof(*wide));

	for (size_t i = 0; i < size; i++)
		wide[i] = (unsigned char)name[i];
	check(SLOT(client, 60)(client, wide, (uint64_t)0), "OpenDumpFileWide");
	free(wide);
}

/* A number is a process; anything else a file. */
static bool open_target(const char *name)
{
	char *end;
	uint32_t process = (uint32_t)strtoul(name, &end, 10);
	bool live = !*end;

	if (live) {
		check(SLOT(control, 54)(control, INITIAL_BREAK), "AddEngineOptions");
		check(SLOT(client, 12)(client, (uint64_t)0, process, NONINVASIVE), "AttachProcess");
	} else {
		open_file(name);
	}
	check(SLOT(control, 93)(control, 0, UINT32_MAX), "WaitForEvent");
	return live;
}

static void show_target(void)
{
	uint32_t type, qualifier, page, processors;
	int32_t pointers = SLOT(control, 42)(control);

	check(SLOT(control, 34)(control, &type, &qualifier), "GetDebuggeeType");
	check(SLOT(control, 35)(control, &machine), "GetActualProcessorType");
	check(SLOT(control, 39)(control, &processors), "GetNumberProcessors");
	check(SLOT(control, 41)(control, &page), "GetPageSize");
	check(pointers, "IsPointer64Bit");
	printf("target    class %u, qualifier %u\n", type, qualifier);
	printf("machine   %04x, %s-bit pointers, pages of %u bytes, %u processors\n", machine,
	       pointers ? "32" : "64", page, processors);
}

/* The state of the engine, and whether the current system can be selected. */
static void show_state(void)
{
	uint32_t effective, status, system, mask;

	check(SLOT(control, 47)(control, &effective), "GetEffectiveProcessorType");
	check(SLOT(control, 49)(control, &status), "GetExecutionStatus");
	check(SLOT(objects, 38)(objects, &system), "GetCurrentSystemId");
	check(SLOT(objects, 39)(objects, system), "SetCurrentSystemId");
	check(SLOT(client, 35)(client, &mask), "GetOutputMask");
	printf("state     effective %04x, status %u, system %u, output %x\n", effective, status,
	       system, mask);
}

/* What GetCurrentProcessSystemId and the executable's name say, narrow and wide. */
static void show_process(void)
{
	uint32_t id, system_id, size = 0, wide_size = 0;
	char name[512] = "";
	uint16_t wide[512] = { 0 };
	bool same = true;

	check(SLOT(objects, 7)(objects, &id), "GetCurrentProcessId");
	check(SLOT(objects, 27)(objects, &system_id), "GetCurrentProcessSystemId");
	check(SLOT(objects, 31)(objects, name, 512, &size), "GetCurrentProcessExecutableName");
	check(SLOT(objects, 46)(objects, wide, 512, &wide_size),
	      "GetCurrentProcessExecutableNameWide");
	for (uint32_t i = 0; i < wide_size && i < 512; i++)
		same &= wide[i] == (unsigned char)name[i];
	printf("process   %u, system id %u, %s%s\n", id, system_id, name,
	       same ? "" : " (otherwise in UTF-16)");
}

/* The context of an x64 thread has Rip at 0xf8. */
static void show_place(void)
{
	uint64_t context[1232 / 8] __attribute__((aligned(16)));

	if (machine == 0x8664 &&
	    SLOT(advanced, 3)(advanced, context, (uint32_t)sizeof(context)) >= 0)
		printf(", at %016" PRIx64, context[0xf8 / 8]);
}

static void show_threads(void)
{
	uint32_t count, current, *system_ids;

	check(SLOT(objects, 9)(objects, &count), "GetNumberThreads");
	system_ids = calloc(count ? count : 1, sizeof(*system_ids));
	check(SLOT(objects, 11)(objects, 0, count, NULL, system_ids), "GetThreadIdsByIndex");
	printf("threads   %u\n", count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t id;

		check(SLOT(objects, 18)(objects, system_ids[i], &id), "GetThreadIdBySystemId");
		check(SLOT(objects, 6)(objects, id), "SetCurrentThreadId");
		check(SLOT(objects, 5)(objects, &current), "GetCurrentThreadId");
		printf("  %u, system id %u", id, system_ids[i]);
		show_place();
		printf("%s\n", current == id ? "" : " (not current)");
	}
	free(system_ids);
}

static void show_modules(void)
{
	uint32_t count, unloaded;

	check(SLOT(symbols, 12)(symbols, &count, &unloaded), "GetNumberModules");
	printf("modules   %u\n", count);
	for (uint32_t i = 0; i < count; i++) {
		struct {
			uint64_t base;
			uint32_t size, rest[11];
			uint64_t reserved[2];
		} module = { 0 };
		uint8_t start[4] = { 0 };
		uint32_t done = 0, index = 0;
		uint64_t base = 0;

		check(SLOT(symbols, 13)(symbols, i, &base), "GetModuleByIndex");
		check(SLOT(symbols, 17)(symbols, 1, &base, 0, &module), "GetModuleParameters");
		check(SLOT(symbols, 15)(symbols, base + 1, 0, &index, NULL), "GetModuleByOffset");
		/* Older clients look at the count alone. */
		SLOT(spaces, 3)(spaces, base, start, 4, &done);
		printf("  %016" PRIx64 " %8x %u%s\n", module.base, module.size, index,
		       done == 4 && !memcmp(start, "\177ELF", 4) ? " ELF" : "");
	}
}

static void show_address(uint64_t address)
{
	char command[64];
	uint8_t bytes[16], first[4];
	uint32_t done = 0;
	uint64_t match = 0;
	struct {
		uint64_t base, allocation_base;
		uint32_t allocation_protect, pad;
		uint64_t size;
		uint32_t state, protect, type, pad2;
	} info;

	check(SLOT(spaces, 3)(spaces, address, bytes, 16, &done), "ReadVirtual");
	printf("bytes     %016" PRIx64 " ", address);
	for (uint32_t i = 0; i < done; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
	memcpy(first, bytes, sizeof(first));
	if (done >= 4 && SLOT(spaces, 5)(spaces, address, (uint64_t)4096, first, 4, 1, &match) == 0)
		printf("found     %016" PRIx64 "\n", match);
	check(SLOT(spaces, 28)(spaces, address, &info), "QueryVirtual");
	printf("region    %016" PRIx64 " %12" PRIx64 " %06x %03x %07x\n", info.base, info.size,
	       info.state, info.protect, info.type);
	snprintf(command, sizeof(command), "db %" PRIx64 " L4", address);
	check(SLOT(control, 66)(control, THIS_CLIENT, command, 0), "Execute");
}

static void close_target(bool live)
{
	void *all[] = { advanced, objects, symbols, spaces, control, client };

	if (live)
		check(SLOT(client, 25)(client), "DetachProcesses");
	check(SLOT(client, 26)(client, DETACH), "EndSession");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		SLOT(all[i], 2)(all[i]);
}

int main(int argc, char **argv)
{
	bool live;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: dbgeng_slots LIBRARY FILE|PID [ADDRESS]\n");
		return 2;
	}
	create(argv[1]);
	listen();
	live = open_target(argv[2]);
	show_target();
	show_state();
	show_process();
	show_threads();
	show_modules();
	if (argc == 4)
		show_address(strtoull(argv[3], NULL, 16));
	close_target(live);
	return 0;
}
