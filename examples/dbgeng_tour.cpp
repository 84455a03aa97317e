/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbgeng_tour.cpp - a program written to dbgeng.h: opens a dump, a process or a kernel and shows
 * what the interfaces know of it. dbgeng_tour.c is the same in C.
 */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <dbgeng.h>
#include <getopt.h>
#include <string>
#include <vector>

struct Failure {
	const char *what;
	HRESULT result;
};

static void check(HRESULT result, const char *what)
{
	if (FAILED(result))
		throw Failure{ what, result };
}

/* An interface of an object, given back at the end. */
template <typename T> class Interface
{
	T *pointer = nullptr;

      public:
	explicit Interface(IUnknown *object)
	{
		check(object->QueryInterface(__uuidof(T), (void **)&pointer), "QueryInterface");
	}
	Interface(const Interface &) = delete;
	Interface &operator=(const Interface &) = delete;
	~Interface()
	{
		pointer->Release();
	}
	T *operator->() const
	{
		return pointer;
	}
};

/* Prints the events that arrive. It lives as long as the tour: references are not counted. */
class Events : public DebugBaseEventCallbacks
{
      public:
	ULONG AddRef() override
	{
		return 1;
	}
	ULONG Release() override
	{
		return 1;
	}
	HRESULT GetInterestMask(PULONG Mask) override
	{
		*Mask = DEBUG_EVENT_SESSION_STATUS | DEBUG_EVENT_CHANGE_DEBUGGEE_STATE |
			DEBUG_EVENT_CHANGE_ENGINE_STATE;
		return S_OK;
	}
	HRESULT SessionStatus(ULONG Status) override
	{
		printf("event     SessionStatus, %s\n", session_name(Status));
		return S_OK;
	}
	HRESULT ChangeDebuggeeState(ULONG Flags, ULONG64 Argument) override
	{
		printf("event     ChangeDebuggeeState, %s, argument %" PRIx64 "\n",
		       debuggee_name(Flags), Argument);
		return S_OK;
	}
	HRESULT ChangeEngineState(ULONG Flags, ULONG64 Argument) override
	{
		printf("event     ChangeEngineState, %s, argument %" PRIx64 "\n",
		       engine_name(Flags), Argument);
		return S_OK;
	}

      private:
	static const char *session_name(ULONG status)
	{
		static const char *const names[] = {
			"active", "terminated", "detached",  "passive",
			"ended",  "reboot",     "hibernate", "failure"
		};

		return status < sizeof(names) / sizeof(*names) ? names[status] : "unknown";
	}
	static const char *debuggee_name(ULONG flags)
	{
		switch (flags) {
		case DEBUG_CDS_ALL: return "all";
		case DEBUG_CDS_REGISTERS: return "registers";
		case DEBUG_CDS_DATA: return "data";
		default: return "other";
		}
	}
	static const char *engine_name(ULONG flags)
	{
		switch (flags) {
		case DEBUG_CES_CURRENT_THREAD: return "current thread";
		case DEBUG_CES_EXECUTION_STATUS: return "execution status";
		case DEBUG_CES_ENGINE_OPTIONS: return "engine options";
		case DEBUG_CES_SYSTEMS: return "systems";
		default: return "other";
		}
	}
};

/* Prints what commands say. */
class Printer : public IDebugOutputCallbacks
{
      public:
	HRESULT QueryInterface(REFIID InterfaceId, PVOID *Object) override
	{
		bool known = InterfaceId == __uuidof(IUnknown) ||
			     InterfaceId == __uuidof(IDebugOutputCallbacks);

		*Object = known ? this : nullptr;
		return known ? S_OK : E_NOINTERFACE;
	}
	ULONG AddRef() override
	{
		return 1;
	}
	ULONG Release() override
	{
		return 1;
	}
	HRESULT Output(ULONG, PCSTR Text) override
	{
		fputs(Text, stdout);
		return S_OK;
	}
};

struct Options {
	const char *file = nullptr;
	ULONG process = 0;
	const char *kernel = nullptr;
	bool noninvasive = false;
	bool regions = false;
	bool wait = false;
	const char *search = nullptr;
	bool has_address = false;
	ULONG64 address = 0;
	std::vector<UCHAR> bytes;
	const char *command = nullptr;
};

class Tour
{
	const Options &options;
	Events events; /* before the client, which gives them back when it ends */
	Printer printer;
	Interface<IDebugClient5> client;
	Interface<IDebugControl4> control;
	Interface<IDebugDataSpaces4> memory;
	Interface<IDebugSymbols3> symbols;
	Interface<IDebugSystemObjects4> objects;
	bool kernel = false;

      public:
	Tour(IUnknown *object, const Options &options)
	    : options(options), client(object), control(object), memory(object), symbols(object),
	      objects(object)
	{
	}
	void open();
	void show_target();
	void show_regions();
	void show_modules();
	void show_threads();
	void show_search();
	void show_address();
	void write_bytes();
	void run_command();
	void close();

      private:
	void show_kernel_regions();
};

/* Nothing can be asked before WaitForEvent has delivered the target. */
void Tour::open()
{
	check(client->SetEventCallbacks(&events), "SetEventCallbacks");
	check(client->SetOutputCallbacks(&printer), "SetOutputCallbacks");
	if (options.kernel) {
		check(client->AttachKernel(DEBUG_ATTACH_KERNEL_CONNECTION, options.kernel),
		      options.kernel);
	} else if (options.process) {
		check(control->AddEngineOptions(DEBUG_ENGOPT_INITIAL_BREAK), "AddEngineOptions");
		check(client->AttachProcess(0, options.process,
					    options.noninvasive ? DEBUG_ATTACH_NONINVASIVE
								: DEBUG_ATTACH_DEFAULT),
		      "AttachProcess");
	} else {
		check(client->OpenDumpFile(options.file), options.file);
	}
	check(control->WaitForEvent(DEBUG_WAIT_DEFAULT, INFINITE), "WaitForEvent");
}

void Tour::show_target()
{
	ULONG type, qualifier, machine, page, processors, id = 0, system_id = 0;
	char name[1024] = "";
	HRESULT pointers = control->IsPointer64Bit();

	check(control->GetDebuggeeType(&type, &qualifier), "GetDebuggeeType");
	check(control->GetActualProcessorType(&machine), "GetActualProcessorType");
	check(control->GetPageSize(&page), "GetPageSize");
	check(control->GetNumberProcessors(&processors), "GetNumberProcessors");
	check(pointers, "IsPointer64Bit");
	kernel = type == DEBUG_CLASS_KERNEL;
	printf("target    class %u, qualifier %u\n", type, qualifier);
	printf("machine   %04x, %s-bit pointers, pages of %u bytes, %u processors\n", machine,
	       pointers == S_OK ? "64" : "32", page, processors);
	/* A kernel's processes have no system ids. */
	if (!kernel && SUCCEEDED(objects->GetCurrentProcessId(&id)) &&
	    SUCCEEDED(objects->GetCurrentProcessSystemId(&system_id))) {
		objects->GetCurrentProcessExecutableName(name, sizeof(name), nullptr);
		printf("process   %u, system id %u, %s\n", id, system_id, name);
	}
}

/* In kernel mode there are only bytes that are there, and bytes that are not. */
void Tour::show_kernel_regions()
{
	const ULONG window = 16u << 20;
	ULONG64 at = options.address, end = at + window, base;
	ULONG size, count = 0;

	while (at < end &&
	       SUCCEEDED(memory->GetValidRegionVirtual(at, (ULONG)(end - at), &base, &size))) {
		if (options.regions)
			printf("  %016" PRIx64 " %12x\n", base, size);
		count++;
		at = base + size;
	}
	printf("regions   %u in 16 MiB from %016" PRIx64 "\n", count, options.address);
}

void Tour::show_regions()
{
	MEMORY_BASIC_INFORMATION64 info;
	ULONG64 at = 0, total = 0;
	ULONG count = 0;

	if (kernel) {
		show_kernel_regions();
		return;
	}
	for (; SUCCEEDED(memory->QueryVirtual(at, &info));
	     at = info.BaseAddress + info.RegionSize) {
		if (info.State != MEM_FREE) {
			if (options.regions)
				printf("  %016" PRIx64 " %12" PRIx64 " %06x %03x %07x\n",
				       info.BaseAddress, info.RegionSize, info.State, info.Protect,
				       info.Type);
			total += info.RegionSize;
			count++;
		}
		if (info.BaseAddress + info.RegionSize <= at)
			break;
	}
	printf("regions   %u, %" PRIu64 " KiB\n", count, total >> 10);
}

void Tour::show_modules()
{
	DEBUG_MODULE_PARAMETERS module;
	ULONG count, unloaded;
	char name[256];

	check(symbols->GetNumberModules(&count, &unloaded), "GetNumberModules");
	printf("modules   %u\n", count);
	for (ULONG i = 0; i < count; i++) {
		check(symbols->GetModuleParameters(1, nullptr, i, &module), "GetModuleParameters");
		check(symbols->GetModuleNameString(DEBUG_MODNAME_MODULE, i, 0, name, sizeof(name),
						   nullptr),
		      "GetModuleNameString");
		printf("  %016" PRIx64 " %8x %s\n", module.Base, module.Size, name);
	}
}

void Tour::show_threads()
{
	ULONG count;

	check(objects->GetNumberThreads(&count), "GetNumberThreads");
	printf("threads   %u\n", count);
	std::vector<ULONG> ids(count), system_ids(count);
	if (count && !kernel)
		check(objects->GetThreadIdsByIndex(0, count, ids.data(), system_ids.data()),
		      "GetThreadIdsByIndex");
	for (ULONG i = 0; i < count && !kernel; i++)
		printf("  %u, system id %u\n", ids[i], system_ids[i]);
}

/* The first places of a text, in the whole address space. */
void Tour::show_search()
{
	ULONG size = (ULONG)std::string(options.search).size();
	ULONG64 at = 0, match;
	HRESULT result = S_OK;

	for (int i = 0; i < 8; i++) {
		result = memory->SearchVirtual(at, UINT64_MAX - at, (PVOID)options.search, size, 1,
					       &match);
		if (result != S_OK)
			break;
		printf("found     %016" PRIx64 "\n", match);
		at = match + 1;
	}
	if (FAILED(result) && result != HRESULT_FROM_NT(STATUS_NO_MORE_ENTRIES))
		check(result, "SearchVirtual");
}

void Tour::show_address()
{
	UCHAR bytes[16];
	char text[64];
	ULONG64 physical, levels[8];
	ULONG count = 0;

	check(memory->ReadVirtual(options.address, bytes, sizeof(bytes), &count), "ReadVirtual");
	printf("bytes     %016" PRIx64 " ", options.address);
	for (ULONG i = 0; i < count; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
	if (SUCCEEDED(memory->ReadMultiByteStringVirtual(options.address, sizeof(text), text,
							 sizeof(text), nullptr)))
		printf("string    %s\n", text);
	if (!kernel)
		return;
	check(memory->VirtualToPhysical(options.address, &physical), "VirtualToPhysical");
	check(memory->GetVirtualTranslationPhysicalOffsets(options.address, levels, 8, &count),
	      "GetVirtualTranslationPhysicalOffsets");
	printf("physical  %" PRIx64 ", through", physical);
	for (ULONG i = 0; i + 1 < count && i < 8; i++)
		printf(" %" PRIx64, levels[i]);
	printf("\n");
}

void Tour::write_bytes()
{
	ULONG written = 0;

	check(memory->WriteVirtual(options.address, (PVOID)options.bytes.data(),
				   (ULONG)options.bytes.size(), &written),
	      "WriteVirtual");
	printf("written   %u of %zu bytes\n", written, options.bytes.size());
}

void Tour::run_command()
{
	check(control->Execute(DEBUG_OUTCTL_THIS_CLIENT, options.command, DEBUG_EXECUTE_DEFAULT),
	      options.command);
}

void Tour::close()
{
	if (options.wait) {
		printf("waiting   Enter ends the tour\n");
		fflush(stdout);
		getchar();
	}
	if (options.process)
		check(client->DetachProcesses(), "DetachProcesses");
	check(client->EndSession(DEBUG_END_ACTIVE_DETACH), "EndSession");
	client->SetEventCallbacks(nullptr);
	client->SetOutputCallbacks(nullptr);
}

static const char usage[] =
	"usage: dbgeng_tour_cpp [OPTION]... FILE | -p PID | -k CONNECTION\n"
	"  FILE           a core, a dump or an image of memory\n"
	"  -p PID         a live process, stopped until the tour ends\n"
	"  -n             with -p: without being its debugger\n"
	"  -k CONNECTION  a kernel\n"
	"  -r             list every region\n"
	"  -s TEXT        search for a text\n"
	"  -a ADDRESS     show bytes and string there; in a kernel: translate it\n"
	"  -w BYTES       write there: pairs of hexadecimal digits\n"
	"  -c COMMAND     run a command\n"
	"  -i             wait for Enter before the end\n";

static bool parse_bytes(const char *text, std::vector<UCHAR> &bytes)
{
	unsigned byte;
	int used;

	for (; sscanf(text, "%2x%n", &byte, &used) == 1 && used == 2; text += 2)
		bytes.push_back((UCHAR)byte);
	return !*text && !bytes.empty();
}

static bool parse(int argc, char **argv, Options &options)
{
	static const option words[] = { { "help", no_argument, nullptr, 'h' }, {} };
	int letter;

	while ((letter = getopt_long(argc, argv, "p:nk:rs:a:w:c:ih", words, nullptr)) != -1) {
		switch (letter) {
		case 'p': options.process = (ULONG)strtoul(optarg, nullptr, 10); break;
		case 'n': options.noninvasive = true; break;
		case 'k': options.kernel = optarg; break;
		case 'r': options.regions = true; break;
		case 's': options.search = optarg; break;
		case 'a':
			options.address = strtoull(optarg, nullptr, 16);
			options.has_address = true;
			break;
		case 'w':
			if (!parse_bytes(optarg, options.bytes))
				return false;
			break;
		case 'c': options.command = optarg; break;
		case 'i': options.wait = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: return false;
		}
	}
	if (optind < argc)
		options.file = argv[optind];
	return !!options.file + !!options.process + !!options.kernel == 1 &&
	       (options.has_address || options.bytes.empty());
}

static void run(const Options &options)
{
	IUnknown *object;

	check(DebugCreate(__uuidof(IDebugClient), (void **)&object), "DebugCreate");
	Tour tour(object, options);
	object->Release();
	tour.open();
	tour.show_target();
	tour.show_regions();
	tour.show_modules();
	tour.show_threads();
	if (options.search)
		tour.show_search();
	if (options.has_address)
		tour.show_address();
	if (!options.bytes.empty())
		tour.write_bytes();
	if (options.command)
		tour.run_command();
	tour.close();
}

int main(int argc, char **argv)
{
	Options options;

	if (!parse(argc, argv, options)) {
		fputs(usage, stderr);
		return 2;
	}
	try {
		run(options);
	} catch (const Failure &failure) {
		fflush(stdout);
		fprintf(stderr, "%s: failed with %08x\n", failure.what, (unsigned)failure.result);
		return 1;
	}
	return 0;
}
