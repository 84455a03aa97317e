/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbgeng_tour.c - a program written to dbgeng.h, in C: opens a dump, a process or a kernel and
 * shows what the interfaces know of it. dbgeng_tour.cpp is the same in C++.
 */
#include <dbgeng.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Methods are called as IDebugClient5_OpenDumpFile(client, ...) or through lpVtbl. */
static IDebugClient5 *client;
static IDebugControl4 *control;
static IDebugDataSpaces4 *memory;
static IDebugSymbols3 *symbols;
static IDebugSystemObjects4 *objects;

static const char *file, *connection, *search_text, *command;
static ULONG process;
static bool noninvasive, list_regions, wait_at_end, has_address, kernel;
static ULONG64 address;
static UCHAR bytes[256];
static ULONG byte_count;

static void check(HRESULT result, const char *what)
{
	if (SUCCEEDED(result))
		return;
	fflush(stdout);
	fprintf(stderr, "%s: failed with %08x\n", what, (unsigned)result);
	exit(1);
}

/* Callback objects: a table, whose first three are IUnknown's. Static: nothing is counted. */
static HRESULT query(IUnknown *This, REFIID InterfaceId, PVOID *Interface)
{
	bool known = IsEqualIID(InterfaceId, &IID_IUnknown);

	*Interface = known ? This : NULL;
	return known ? S_OK : E_NOINTERFACE;
}

static ULONG count_reference(IUnknown *This)
{
	return 1;
}

static HRESULT get_interest_mask(IDebugEventCallbacks *This, PULONG Mask)
{
	*Mask = DEBUG_EVENT_SESSION_STATUS | DEBUG_EVENT_CHANGE_DEBUGGEE_STATE |
		DEBUG_EVENT_CHANGE_ENGINE_STATE;
	return S_OK;
}

static HRESULT session_status(IDebugEventCallbacks *This, ULONG Status)
{
	static const char *const names[] = { "active", "terminated", "detached",  "passive",
					     "ended",  "reboot",     "hibernate", "failure" };

	printf("event     SessionStatus, %s\n",
	       Status < sizeof(names) / sizeof(*names) ? names[Status] : "unknown");
	return S_OK;
}

static HRESULT change_debuggee_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	const char *name = Flags == DEBUG_CDS_ALL         ? "all"
			   : Flags == DEBUG_CDS_REGISTERS ? "registers"
			   : Flags == DEBUG_CDS_DATA      ? "data"
							  : "other";

	printf("event     ChangeDebuggeeState, %s, argument %" PRIx64 "\n", name, Argument);
	return S_OK;
}

static HRESULT change_engine_state(IDebugEventCallbacks *This, ULONG Flags, ULONG64 Argument)
{
	const char *name = Flags == DEBUG_CES_CURRENT_THREAD     ? "current thread"
			   : Flags == DEBUG_CES_EXECUTION_STATUS ? "execution status"
			   : Flags == DEBUG_CES_ENGINE_OPTIONS   ? "engine options"
			   : Flags == DEBUG_CES_SYSTEMS          ? "systems"
								 : "other";

	printf("event     ChangeEngineState, %s, argument %" PRIx64 "\n", name, Argument);
	return S_OK;
}

static HRESULT output(IDebugOutputCallbacks *This, ULONG Mask, PCSTR Text)
{
	fputs(Text, stdout);
	return S_OK;
}

/* Only what the interest mask names is called. */
static const IDebugEventCallbacksVtbl event_table = {
	.QueryInterface = (void *)query,
	.AddRef = (void *)count_reference,
	.Release = (void *)count_reference,
	.GetInterestMask = get_interest_mask,
	.SessionStatus = session_status,
	.ChangeDebuggeeState = change_debuggee_state,
	.ChangeEngineState = change_engine_state,
};
static const IDebugOutputCallbacksVtbl output_table = {
	.QueryInterface = (void *)query,
	.AddRef = (void *)count_reference,
	.Release = (void *)count_reference,
	.Output = output,
};
static IDebugEventCallbacks events = { &event_table };
static IDebugOutputCallbacks printer = { &output_table };

static void *interface(const IID *iid)
{
	void *found;

	check(IDebugClient5_QueryInterface(client, iid, &found), "QueryInterface");
	return found;
}

static void create(void)
{
	check(DebugCreate(&IID_IDebugClient5, (void **)&client), "DebugCreate");
	control = interface(&IID_IDebugControl4);
	memory = interface(&IID_IDebugDataSpaces4);
	symbols = interface(&IID_IDebugSymbols3);
	objects = interface(&IID_IDebugSystemObjects4);
	check(client->lpVtbl->SetEventCallbacks(client, &events), "SetEventCallbacks");
	check(client->lpVtbl->SetOutputCallbacks(client, &printer), "SetOutputCallbacks");
}

/* Nothing can be asked before WaitForEvent has delivered the target. */
static void open_target(void)
{
	ULONG flags = noninvasive ? DEBUG_ATTACH_NONINVASIVE : DEBUG_ATTACH_DEFAULT;

	if (connection) {
		check(IDebugClient5_AttachKernel(client, DEBUG_ATTACH_KERNEL_CONNECTION,
						 connection),
		      connection);
	} else if (process) {
		check(IDebugControl4_AddEngineOptions(control, DEBUG_ENGOPT_INITIAL_BREAK),
		      "AddEngineOptions");
		check(IDebugClient5_AttachProcess(client, 0, process, flags), "AttachProcess");
	} else {
		check(IDebugClient5_OpenDumpFile(client, file), file);
	}
	check(IDebugControl4_WaitForEvent(control, DEBUG_WAIT_DEFAULT, INFINITE), "WaitForEvent");
}

static void show_target(void)
{
	ULONG type, qualifier, machine, page, processors, id, system_id;
	HRESULT pointers = IDebugControl4_IsPointer64Bit(control);
	char name[1024] = "";

	check(IDebugControl4_GetDebuggeeType(control, &type, &qualifier), "GetDebuggeeType");
	check(IDebugControl4_GetActualProcessorType(control, &machine), "GetActualProcessorType");
	check(IDebugControl4_GetPageSize(control, &page), "GetPageSize");
	check(IDebugControl4_GetNumberProcessors(control, &processors), "GetNumberProcessors");
	check(pointers, "IsPointer64Bit");
	kernel = type == DEBUG_CLASS_KERNEL;
	printf("target    class %u, qualifier %u\n", type, qualifier);
	printf("machine   %04x, %s-bit pointers, pages of %u bytes, %u processors\n", machine,
	       pointers == S_OK ? "64" : "32", page, processors);
	/* A kernel's processes have no system ids. */
	if (kernel || FAILED(IDebugSystemObjects4_GetCurrentProcessId(objects, &id)) ||
	    FAILED(IDebugSystemObjects4_GetCurrentProcessSystemId(objects, &system_id)))
		return;
	IDebugSystemObjects4_GetCurrentProcessExecutableName(objects, name, sizeof(name), NULL);
	printf("process   %u, system id %u, %s\n", id, system_id, name);
}

/* In kernel mode there are only bytes that are there, and bytes that are not. */
static void show_kernel_regions(void)
{
	ULONG64 at = address, end = address + (16u << 20), base;
	ULONG size, count = 0;

	while (at < end && SUCCEEDED(IDebugDataSpaces4_GetValidRegionVirtual(
				   memory, at, (ULONG)(end - at), &base, &size))) {
		if (list_regions)
			printf("  %016" PRIx64 " %12x\n", base, size);
		count++;
		at = base + size;
	}
	printf("regions   %u in 16 MiB from %016" PRIx64 "\n", count, address);
}

static void show_regions(void)
{
	MEMORY_BASIC_INFORMATION64 info;
	ULONG64 at = 0, next, total = 0;
	ULONG count = 0;

	for (; SUCCEEDED(IDebugDataSpaces4_QueryVirtual(memory, at, &info)); at = next) {
		next = info.BaseAddress + info.RegionSize;
		if (info.State != MEM_FREE) {
			if (list_regions)
				printf("  %016" PRIx64 " %12" PRIx64 " %06x %03x %07x\n",
				       info.BaseAddress, info.RegionSize, info.State, info.Protect,
				       info.Type);
			total += info.RegionSize;
			count++;
		}
		if (next <= at)
			break;
	}
	printf("regions   %u, %" PRIu64 " KiB\n", count, total >> 10);
}

static void show_modules(void)
{
	DEBUG_MODULE_PARAMETERS module;
	ULONG count, unloaded;
	char name[256];

	check(IDebugSymbols3_GetNumberModules(symbols, &count, &unloaded), "GetNumberModules");
	printf("modules   %u\n", count);
	for (ULONG i = 0; i < count; i++) {
		check(IDebugSymbols3_GetModuleParameters(symbols, 1, NULL, i, &module),
		      "GetModuleParameters");
		check(IDebugSymbols3_GetModuleNameString(symbols, DEBUG_MODNAME_MODULE, i, 0, name,
							 sizeof(name), NULL),
		      "GetModuleNameString");
		printf("  %016" PRIx64 " %8x %s\n", module.Base, module.Size, name);
	}
}

static void show_threads(void)
{
	ULONG count, id, system_id;

	check(IDebugSystemObjects4_GetNumberThreads(objects, &count), "GetNumberThreads");
	printf("threads   %u\n", count);
	for (ULONG i = 0; i < count && !kernel; i++) {
		check(IDebugSystemObjects4_GetThreadIdsByIndex(objects, i, 1, &id, &system_id),
		      "GetThreadIdsByIndex");
		printf("  %u, system id %u\n", id, system_id);
	}
}

/* The first places of a text, in the whole address space. */
static void show_search(void)
{
	ULONG size = (ULONG)strlen(search_text);
	ULONG64 at = 0, match;
	HRESULT result = S_OK;

	for (int i = 0; i < 8; i++) {
		result = IDebugDataSpaces4_SearchVirtual(memory, at, UINT64_MAX - at,
							 (PVOID)search_text, size, 1, &match);
		if (result != S_OK)
			break;
		printf("found     %016" PRIx64 "\n", match);
		at = match + 1;
	}
	if (result != HRESULT_FROM_NT(STATUS_NO_MORE_ENTRIES))
		check(result, "SearchVirtual");
}

static void show_physical(void)
{
	ULONG64 physical, levels[8];
	ULONG count;

	check(IDebugDataSpaces4_VirtualToPhysical(memory, address, &physical), "VirtualToPhysical");
	check(IDebugDataSpaces4_GetVirtualTranslationPhysicalOffsets(memory, address, levels, 8,
								     &count),
	      "GetVirtualTranslationPhysicalOffsets");
	printf("physical  %" PRIx64 ", through", physical);
	for (ULONG i = 0; i + 1 < count && i < 8; i++)
		printf(" %" PRIx64, levels[i]);
	printf("\n");
}

static void show_address(void)
{
	UCHAR there[16];
	char text[64];
	ULONG count = 0;

	check(IDebugDataSpaces4_ReadVirtual(memory, address, there, sizeof(there), &count),
	      "ReadVirtual");
	printf("bytes     %016" PRIx64 " ", address);
	for (ULONG i = 0; i < count; i++)
		printf(" %02x", there[i]);
	printf("\n");
	if (SUCCEEDED(IDebugDataSpaces4_ReadMultiByteStringVirtual(memory, address, sizeof(text),
								   text, sizeof(text), NULL)))
		printf("string    %s\n", text);
	if (kernel)
		show_physical();
}

static void write_bytes(void)
{
	ULONG written = 0;

	check(IDebugDataSpaces4_WriteVirtual(memory, address, bytes, byte_count, &written),
	      "WriteVirtual");
	printf("written   %u of %u bytes\n", written, byte_count);
}

static void close_target(void)
{
	if (wait_at_end) {
		printf("waiting   Enter ends the tour\n");
		fflush(stdout);
		getchar();
	}
	if (process)
		check(IDebugClient5_DetachProcesses(client), "DetachProcesses");
	check(IDebugClient5_EndSession(client, DEBUG_END_ACTIVE_DETACH), "EndSession");
	IDebugSystemObjects4_Release(objects);
	IDebugSymbols3_Release(symbols);
	IDebugDataSpaces4_Release(memory);
	IDebugControl4_Release(control);
	IDebugClient5_Release(client);
}

static const char usage[] = "usage: dbgeng_tour [OPTION]... FILE | -p PID | -k CONNECTION\n"
			    "  FILE           a core, a dump or an image of memory\n"
			    "  -p PID         a live process, stopped until the tour ends\n"
			    "  -n             with -p: without being its debugger\n"
			    "  -k CONNECTION  a kernel\n"
			    "  -r             list every region\n"
			    "  -s TEXT        search for a text\n"
			    "  -a ADDRESS     show what is there; in a kernel: translate it\n"
			    "  -w BYTES       write there: pairs of hexadecimal digits\n"
			    "  -c COMMAND     run a command\n"
			    "  -i             wait for Enter before the end\n";

static bool parse_bytes(const char *text)
{
	unsigned byte;
	int used;

	for (; byte_count < sizeof(bytes) && sscanf(text, "%2x%n", &byte, &used) == 1 && used == 2;
	     text += 2)
		bytes[byte_count++] = (UCHAR)byte;
	return !*text && byte_count;
}

static bool parse_option(int letter)
{
	switch (letter) {
	case 'p': process = (ULONG)strtoul(optarg, NULL, 10); break;
	case 'n': noninvasive = true; break;
	case 'k': connection = optarg; break;
	case 'r': list_regions = true; break;
	case 's': search_text = optarg; break;
	case 'a':
		address = strtoull(optarg, NULL, 16);
		has_address = true;
		break;
	case 'w': return parse_bytes(optarg);
	case 'c': command = optarg; break;
	case 'i': wait_at_end = true; break;
	case 'h': fputs(usage, stdout); exit(0);
	default: return false;
	}
	return true;
}

static bool parse(int argc, char **argv)
{
	static const struct option words[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int letter;

	while ((letter = getopt_long(argc, argv, "p:nk:rs:a:w:c:ih", words, NULL)) != -1)
		if (!parse_option(letter))
			return false;
	if (optind < argc)
		file = argv[optind];
	return !!file + !!process + !!connection == 1 && (has_address || !byte_count);
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	create();
	open_target();
	show_target();
	if (kernel)
		show_kernel_regions();
	else
		show_regions();
	show_modules();
	show_threads();
	if (search_text)
		show_search();
	if (has_address)
		show_address();
	if (byte_count)
		write_bytes();
	if (command)
		check(IDebugControl4_Execute(control, DEBUG_OUTCTL_THIS_CLIENT, command,
					     DEBUG_EXECUTE_DEFAULT),
		      command);
	close_target();
	return 0;
}
