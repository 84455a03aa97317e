/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_dbgeng.c - calls of the interfaces of dbgeng.h: any slot, in any order, with any arguments.
 *
 * The first byte says which made-up machines are opened at the start; each operation behind it is a
 * byte with its arguments: a call, a target that comes, an event that is waited for, a reference
 * that is taken or given back, an end of the session. Callbacks call back in. Every buffer is a
 * block of the heap of exactly the size that the call is told, so that the sanitizer sees each byte
 * too many. What would wait, write files, or reach other processes is left out; commands are taken
 * from a list.
 */
#include <dbgeng.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Kinds of parameters, as tools/gen-dbgeng-slots tells them. */
enum kind {
	U32,
	U64,
	COUNT,        /* elements of the buffers that name it */
	TIMEOUT,      /* milliseconds: at most 1 */
	PROCESS,      /* a system id that no process has */
	FILE_HANDLE,  /* of an open file, or 0 */
	KERNEL_FLAGS, /* of AttachKernel: not this machine's own kernel */
	TEXT,         /* in; each has its wide form behind it */
	TEXT_WIDE,
	PATH,
	PATH_WIDE,
	COMMAND,
	COMMAND_WIDE,
	FORMAT, /* goes with FORMAT_ARGUMENTS */
	FORMAT_WIDE,
	IDENTITY, /* a format with one text */
	IDENTITY_WIDE,
	TEXT_OUT, /* terminated when the call succeeds */
	BUFFER,   /* bytes or elements, in or out */
	MOVED,    /* a number of bytes: of the buffer at most; 0 when the call fails */
	OBJECT_OUT,
	CLIENT,
	EVENTS,
	EVENTS_WIDE,
	OUTPUT,
	OUTPUT_WIDE,
	INPUT,
	NONE, /* NULL: objects that there are none of */
};

#define PARAMETERS 12

struct slot {
	const char *name;
	unsigned count;
	struct {
		enum kind kind;
		size_t element; /* bytes, of a buffer */
		int counter;    /* parameter that says how many elements it has; -1: one */
	} parameters[PARAMETERS];
};

/* What stands behind the formats below, which say the width of each text. */
#define FORMAT_ARGUMENTS                                                                           \
	(ULONG64)0x10010, (ULONG64)0x10040, (ULONG)42, (ULONG64)0x401000, "narrow", u"wide", -1.5

#include "dbgeng_slots.h"

static const struct family {
	const IID *newest, *first;
	const struct slot *slots;
	unsigned count;
	HRESULT (*call)(void *object, unsigned slot, const uint64_t *arguments);
} families[] = {
#define FAMILY(newest, first, name)                                                                \
	{                                                                                          \
		&IID_##newest, &IID_##first, name##_slots,                                         \
			sizeof(name##_slots) / sizeof(*name##_slots), call_##name                  \
	}
	FAMILY(IDebugClient7, IDebugClient, client),
	FAMILY(IDebugControl7, IDebugControl, control),
	FAMILY(IDebugDataSpaces4, IDebugDataSpaces, data_spaces),
	FAMILY(IDebugSystemObjects4, IDebugSystemObjects, system_objects),
	FAMILY(IDebugSymbols5, IDebugSymbols, symbols),
	FAMILY(IDebugAdvanced4, IDebugAdvanced, advanced),
	FAMILY(IDebugRegisters2, IDebugRegisters, registers),
};

/* Beginnings of the names of methods that are not called: they start programs or write files. */
static const char *const left_out[] = { "CreateProcess", "WriteDumpFile", "OpenLogFile",
					"SetNotifyEventHandle", "AddExtension" };

static const char *const machines[] = {
	/* A stored process. */
	"tmem synth 1\n"
	"process 4711 \"/bin/example\"\n"
	"thread 4711 rip=0x401000 rsp=0x7ffffffde000\n"
	"thread 4712 rip=0x401010 rsp=0x7ffffffdf000\n"
	"run 0x400000 0x2000 r-xp type=image name=\"/bin/example\" file=1\n"
	"elf 0x400000 size=0x2000 build-id=00112233445566778899aabbccddeeff01234567\n"
	"pattern 0x401000 0x1000 seed=1\n"
	"run 0x10000 0x2000 rw-p name=\"[heap]\"\n"
	"text 0x10010 \"In memory of nothing\\0\"\n"
	"text16 0x10040 \"Notepad\\0\"\n"
	"ptr 0x10090 0x10010 0x401234 0x20000 0x10040 0 0x7ffffffde000\n"
	"text16 0x11ff8 \"wide\"\n"
	"run 0x20000 0x2000 rw-p\n"
	"fault 0x21000 0x1000 both reason=would-block\n"
	"run 0x7ffffffdd000 0x22000 rw-p name=\"[stack]\"\n",
	/* Two live ones with 32 bits. */
	"tmem synth 1\n"
	"target live=yes\n"
	"machine i386 granular=page\n"
	"process 300 \"/bin/narrow\"\n"
	"thread 300 eip=0x10000\n"
	"run 0x10000 0x2000 rw-p name=\"[heap]\"\n"
	"text 0x10010 \"narrow\"\n"
	"ptr 0x10100 0xfffff000 0x10000 0x10100\n"
	"run 0xfffff000 0x1000 rw-p\n"
	"text 0xfffffff8 \"the top!\"\n"
	"machine i386 granular=page\n"
	"process 301 \"/bin/other\"\n"
	"thread 301\n"
	"run 0x10000 0x1000 r--p\n",
	/* A kernel with two processes. */
	"tmem synth 1\n"
	"target mode=kernel\n"
	"machine amd64\n"
	"physical\n"
	"run 0 640K ?\n"
	"run 1M 2M ?\n"
	"tables 0x100000 128K\n"
	"table x64 0x1000\n"
	"map 0xffff888000000000 0 2M rw-k page=2M global=yes\n"
	"map 0xffffffff81000000 0x200000 64K rw-k global=yes\n"
	"table x64 0x2000 upper=0x1000\n"
	"map 0x400000 0x280000 8K r-xu\n"
	"map 0x10000 0x210000 4K rw-u\n"
	"map 0x11000 0x1234000 4K rw-u entry=swap\n"
	"task \"swapper/0\" 0 0xffffffff81001000 0x1000 kernel-thread=yes\n"
	"task \"init\" 1 0xffff888000181000 0x2000\n"
	"text 0x200100 \"Kernel of text\\0\"\n"
	"text 0x210010 \"program\\0\"\n",
	/* A kernel that nothing is known of. */
	"tmem synth 1\n"
	"target mode=kernel\n"
	"machine amd64\n"
	"physical\n"
	"run 0 64K ?\n",
};
#define MACHINES (sizeof(machines) / sizeof(*machines))

static const char *const commands[] = {
	"",
	"db 10000",
	"dq 10090 L2",
	"? poi(10090)",
	"lm",
	"~",
	"|",
	"r",
	"s -a 0 L?80000000 memory",
	"u 400000",
	"eb 10000 41 42",
	"ea 10010 \"x\"",
	"f 10000 L20 41",
	"!address",
	"!pte ffffffff81000000",
	".process",
	".formats 7",
	"ln 400000",
	"db 0 L4; db 10000 L4",
	"!dh 400000",
	"$nothing",
	"dps 10090 L3",
	"k",
	"\x01",
	".cache",
	"fp 200000 L10 7",
	".help",
	"vertarget",
	"q",
};
static const char *const texts[] = {
	"",          "example",       "/bin/example", "example!main", "poi(10090) + 8",
	"10000",     "rip",           "eax",          "amd64",        "*",
	"example!*", "\xff\xfe text", "@$t0",         "@@(1)",
};
static const char *const formats[] = {
	"plain\n",
	"%p %p %u %I64x %hs %ws %f\n",
	"%ma %mu %d %y %-8hs|%.2ws|%9.3e",
	"%*p %c %I64X",
	"%msa%msu%lc\n",
	"%N %p %#x",
	"%n %p",
	"%y%y%hC",
	"%% %5.3",
	"100%",
	"%hu %hhd %I64o %+I64d",
	"",
};
static const char *const identities[] = { "", "%s", "I am %s\n", "%%" };

/* The interface pointers that are held of a client; each is one reference. */
struct held {
	IUnknown *faces[sizeof(families) / sizeof(*families)];
};
#define FACES   (sizeof(families) / sizeof(*families))
#define CLIENTS 6

struct run {
	const uint8_t *data;
	size_t left;
	struct held clients[CLIENTS];
	unsigned callbacks; /* objects that are not freed yet */
	unsigned depth;     /* of callbacks inside each other */
	unsigned calls;     /* that callbacks may still make */
	unsigned targets;   /* that may still be opened */
	char path[MACHINES][32];
	int file[MACHINES];
};

static uint8_t next_byte(struct run *run)
{
	if (!run->left)
		return 0;
	run->left--;
	return *run->data++;
}

static uint64_t next_bytes(struct run *run, unsigned count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | next_byte(run);
	return value;
}

static uint64_t pick_u64(struct run *run)
{
	static const uint64_t interesting[] = {
		0x10000,
		0x10010,
		0x10040,
		0x10090,
		0x11ff8,
		0x400000,
		0x401000,
		0x20ff0,
		0x21000,
		0x7ffffffdd000,
		0xfffffff8,
		0xffffffff,
		0x100000000,
		UINT64_MAX,
		0xffffffffffff0000,
		0x200100,
		0x800000000000,
		0x210010,
		0xffffffff81000100,
		0xfffffffffffff000,
		1ull << 63,
		0xffffffff81001000,
		0xffff888000181000,
	};
	uint8_t how = next_byte(run);
	uint64_t value = interesting[how % (sizeof(interesting) / sizeof(*interesting))];

	if (how < 0x20)
		return how;
	if (how < 0xa0)
		return value;
	return how < 0xe0 ? value + (uint64_t)(int8_t)next_byte(run) : next_bytes(run, 8);
}

static uint32_t pick_u32(struct run *run)
{
	uint8_t how = next_byte(run);

	if (how < 0xa0)
		return how % 40;
	if (how < 0xc0)
		return 1u << (how & 31);
	return how < 0xe0 ? UINT32_MAX - (how & 1) : (uint32_t)next_bytes(run, 4);
}

static uint32_t pick_count(struct run *run)
{
	uint8_t how = next_byte(run);

	if (how < 0x80)
		return how % 24;
	return how < 0xf0 ? next_byte(run) : 1u << (how & 15);
}

/* A text of the list, or what the input has next. */
static char *pick_text(struct run *run, const char *const *list, size_t count, bool free_choice)
{
	uint8_t how = next_byte(run);
	size_t size = how & 31;
	char *text;

	if (how < 0x80 || !free_choice)
		return strdup(list[how % count]);
	size = size < run->left ? size : run->left;
	text = strndup((const char *)run->data, size);
	run->data += size;
	run->left -= size;
	return text;
}

#define PICK_TEXT(run, list, free_choice)                                                          \
	pick_text(run, list, sizeof(list) / sizeof(*(list)), free_choice)

static char *pick_path(struct run *run)
{
	static const char *const others[] = { "",  "/nonexistent/file", "/dev/null", "synth:",
					      ",", "raw:/nonexistent" };
	uint8_t how = next_byte(run);

	return strdup(how < 0xc0 ? run->path[how % MACHINES] : others[how % 6]);
}

/* Every byte a unit, some of them halves of surrogate pairs. */
static WCHAR *widened(char *text)
{
	size_t size = strlen(text) + 1;
	WCHAR *wide = malloc(size * sizeof(*wide));

	for (size_t i = 0; i < size; i++) {
		uint8_t unit = (uint8_t)text[i];

		wide[i] = unit < 0xe0 ? unit : (WCHAR)(0xd800 + (unit & 0x1f) * 0x40);
	}
	free(text);
	return wide;
}

static char *make_text(struct run *run, enum kind kind)
{
	switch (kind) {
	case TEXT:
	case TEXT_WIDE: return PICK_TEXT(run, texts, true);
	case PATH:
	case PATH_WIDE: return pick_path(run);
	case COMMAND:
	case COMMAND_WIDE: return PICK_TEXT(run, commands, false);
	case FORMAT:
	case FORMAT_WIDE: return PICK_TEXT(run, formats, false);
	default: return PICK_TEXT(run, identities, false);
	}
}

/* The objects of callbacks. One object answers for one interface. */
struct callback {
	const void *table;
	ULONG references;
	struct run *run;
	ULONG mask;
	HRESULT answer;
	bool newer; /* an IDebugOutputCallbacks2 too */
};

static void operation(struct run *run, uint8_t what);

/* What a callback does: some calls of its own. */
static HRESULT called(void *object)
{
	struct callback *callback = object;
	struct run *run = callback->run;
	HRESULT answer = callback->answer;

	if (run->depth < 3 && run->calls && run->left) {
		run->calls--;
		run->depth++;
		operation(run, next_byte(run));
		run->depth--;
	}
	return answer;
}

static ULONG callback_add_ref(void *object)
{
	return ++((struct callback *)object)->references;
}

static ULONG callback_release(void *object)
{
	struct callback *callback = object;
	ULONG left = --callback->references;

	if (!left) {
		callback->run->callbacks--;
		free(callback);
	}
	return left;
}

static HRESULT callback_query(void *object, REFIID iid, PVOID *answer)
{
	struct callback *callback = object;

	*answer = NULL;
	if (!IsEqualIID(iid, &IID_IUnknown) &&
	    !(callback->newer && IsEqualIID(iid, &IID_IDebugOutputCallbacks2)))
		return E_NOINTERFACE;
	callback_add_ref(object);
	*answer = object;
	return S_OK;
}

static HRESULT callback_mask(void *object, PULONG mask)
{
	struct callback *callback = object;

	*mask = callback->mask;
	return (callback->mask & 0xff) == 0xfe ? E_FAIL : S_OK;
}

static HRESULT on_status(void *object, ULONG status)
{
	return called(object);
}

static HRESULT on_change(void *object, ULONG flags, ULONG64 argument)
{
	return called(object);
}

static HRESULT on_text(void *object, ULONG mask, const void *text)
{
	return called(object);
}

static HRESULT on_text2(void *object, ULONG which, ULONG flags, ULONG64 argument, PCWSTR text)
{
	return called(object);
}

/* Only what an engine without exceptions may tell: another event would call NULL. */
#define UNKNOWN                                                                                    \
	.QueryInterface = (void *)callback_query, .AddRef = (void *)callback_add_ref,              \
	.Release = (void *)callback_release
#define CHANGES                                                                                    \
	.GetInterestMask = (void *)callback_mask, .SessionStatus = (void *)on_status,              \
	.ChangeDebuggeeState = (void *)on_change, .ChangeEngineState = (void *)on_change,          \
	.ChangeSymbolState = (void *)on_change
static const IDebugEventCallbacksVtbl events_table = { UNKNOWN, CHANGES };
static const IDebugEventCallbacksWideVtbl events_wide_table = { UNKNOWN, CHANGES };
static const IDebugOutputCallbacks2Vtbl output_table = { UNKNOWN, .Output = (void *)on_text,
							 .GetInterestMask = (void *)callback_mask,
							 .Output2 = (void *)on_text2 };
static const IDebugOutputCallbacksWideVtbl output_wide_table = { UNKNOWN,
								 .Output = (void *)on_text };
static const IDebugInputCallbacksVtbl input_table = { UNKNOWN, .StartInput = (void *)on_status,
						      .EndInput = (void *)called };

static const void *table_for(enum kind kind)
{
	switch (kind) {
	case EVENTS: return &events_table;
	case EVENTS_WIDE: return &events_wide_table;
	case OUTPUT: return &output_table;
	case OUTPUT_WIDE: return &output_wide_table;
	default: return &input_table;
	}
}

/* With one reference, which the caller gives back. */
static struct callback *make_callback(struct run *run, enum kind kind)
{
	static const HRESULT answers[] = { S_OK, S_OK, E_NOTIMPL, (HRESULT)0x800706bau,
					   DEBUG_STATUS_GO };
	struct callback *callback = malloc(sizeof(*callback));
	uint8_t how = next_byte(run);

	*callback = (struct callback){ .table = table_for(kind),
				       .references = 1,
				       .run = run,
				       .mask = how & 8 ? (ULONG)next_byte(run) << 5 : ~0u,
				       .answer = answers[how % 5],
				       .newer = kind == OUTPUT && (how & 16) };
	run->callbacks++;
	return callback;
}

static IUnknown *any_face(const struct held *held)
{
	for (size_t i = 0; i < FACES; i++)
		if (held->faces[i])
			return held->faces[i];
	return NULL;
}

/* A client that is held, NULL when there is none. */
static struct held *pick_client(struct run *run)
{
	unsigned first = next_byte(run);

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct held *held = &run->clients[(first + i) % CLIENTS];

		if (any_face(held))
			return held;
	}
	return NULL;
}

/* The client's face for a family; a reference is taken when it is not held yet. */
static void *face_of(struct held *held, unsigned family, const IID *iid)
{
	IUnknown *face = any_face(held);
	PVOID found;

	if (!held->faces[family]) {
		if (IUnknown_QueryInterface(face, iid, &found) != S_OK)
			abort();
		held->faces[family] = found;
	}
	return held->faces[family];
}

static void adopt(struct run *run, IUnknown *client)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (!any_face(&run->clients[i])) {
			run->clients[i].faces[0] = client;
			return;
		}
	}
	IUnknown_Release(client);
}

/* Equal numbers of 32 or 64 bits, or any four bytes. */
static uint64_t pick_fill(struct run *run)
{
	uint8_t how = next_byte(run);
	uint64_t fill = how < 0x60   ? pick_u32(run)
			: how < 0xc0 ? pick_u64(run)
				     : next_bytes(run, 4);

	return how < 0x60 || how >= 0xc0 ? fill << 32 | fill : fill;
}

static void *make_buffer(struct run *run, size_t size, bool text)
{
	uint8_t *block = malloc(size);
	uint64_t fill = text ? 0xa5a5a5a5a5a5a5a5 : pick_fill(run);

	for (size_t i = 0; i < size; i++)
		block[i] = (uint8_t)(fill >> 8 * (i % 8));
	return block;
}

/* A call under construction: numbers, and what is freed behind it. */
struct arguments {
	uint64_t value[PARAMETERS];
	void *block[PARAMETERS];
	struct callback *callback;
};

static uint64_t make_number(struct run *run, enum kind kind)
{
	uint32_t value;

	switch (kind) {
	case U64: return pick_u64(run);
	case COUNT: return pick_count(run);
	case TIMEOUT: return next_byte(run) & 1;
	case PROCESS: return next_byte(run) & 1 ? 0 : UINT32_MAX;
	case FILE_HANDLE: value = next_byte(run); return value & 1 ? (uint64_t)run->file[0] : 0;
	case KERNEL_FLAGS: value = pick_u32(run); return value == 1 ? 0 : value;
	default: return pick_u32(run);
	}
}

static void make_pointer(struct run *run, const struct slot *slot, unsigned i,
			 struct arguments *arguments)
{
	enum kind kind = slot->parameters[i].kind;
	int counter = slot->parameters[i].counter;
	size_t count = counter < 0 || kind == MOVED ? 1 : arguments->value[counter];
	struct held *held;

	if (kind == NONE || next_byte(run) % 8 == 7)
		return;
	if (kind == CLIENT) {
		held = pick_client(run);
		arguments->value[i] = held ? (uintptr_t)face_of(held, 0, families[0].newest) : 0;
		return;
	}
	if (kind >= EVENTS && kind <= INPUT) {
		arguments->callback = make_callback(run, kind);
		arguments->value[i] = (uintptr_t)arguments->callback;
		return;
	}
	if (kind >= TEXT_OUT)
		arguments->block[i] =
			make_buffer(run, count * slot->parameters[i].element, kind != BUFFER);
	else
		arguments->block[i] = (kind - TEXT) % 2 ? (void *)widened(make_text(run, kind))
							: make_text(run, kind);
	arguments->value[i] = (uintptr_t)arguments->block[i];
}

static void make_arguments(struct run *run, const struct slot *slot, struct arguments *arguments)
{
	for (unsigned i = 0; i < slot->count; i++)
		if (slot->parameters[i].kind < TEXT)
			arguments->value[i] = make_number(run, slot->parameters[i].kind);
	for (unsigned i = 0; i < slot->count; i++)
		if (slot->parameters[i].kind >= TEXT)
			make_pointer(run, slot, i, arguments);
}

static bool has_nul(const uint8_t *block, size_t count, size_t element)
{
	for (size_t i = 0; i < count * element; i += element)
		if (!block[i] && !block[i + element - 1])
			return true;
	return false;
}

/* What a call that succeeded left: terminated texts, objects with a reference. */
static void check_results(struct run *run, const struct slot *slot, struct arguments *arguments)
{
	for (unsigned i = 0; i < slot->count; i++) {
		void *block = arguments->block[i];
		int counter = slot->parameters[i].counter;
		IUnknown *object;

		if (!block)
			continue;
		if (slot->parameters[i].kind == TEXT_OUT && arguments->value[counter] &&
		    !has_nul(block, arguments->value[counter], slot->parameters[i].element))
			abort();
		if (slot->parameters[i].kind != OBJECT_OUT)
			continue;
		memcpy(&object, block, sizeof(object));
		if (object && !strcmp(slot->name, "CreateClient"))
			adopt(run, object);
		else if (object)
			IUnknown_Release(object);
	}
}

/* Numbers of bytes that were moved. */
static void check_moved(const struct slot *slot, const struct arguments *arguments, HRESULT result)
{
	for (unsigned i = 0; i < slot->count; i++) {
		int counter = slot->parameters[i].counter;
		ULONG moved;

		if (slot->parameters[i].kind != MOVED || !arguments->block[i])
			continue;
		memcpy(&moved, arguments->block[i], sizeof(moved));
		if (FAILED(result) ? moved != 0 : counter >= 0 && moved > arguments->value[counter])
			abort();
	}
}

static bool is_left_out(const struct slot *slot, const struct arguments *arguments)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (!strncmp(slot->name, left_out[i], strlen(left_out[i])))
			return true;
	/* Its block has a pointer in it. */
	return !strcmp(slot->name, "Request") &&
	       arguments->value[0] == DEBUG_REQUEST_READ_USER_MINIDUMP_STREAM;
}

static void call(struct run *run)
{
	struct held *held = pick_client(run);
	unsigned number = next_byte(run) % FACES;
	const struct family *family = &families[number];
	const struct slot *slot = &family->slots[next_byte(run) % family->count];
	struct arguments arguments = { 0 };
	HRESULT result = E_NOTIMPL;
	void *face;

	if (!held)
		return;
	make_arguments(run, slot, &arguments);
	face = face_of(held, number, next_byte(run) & 1 ? family->first : family->newest);
	if (!is_left_out(slot, &arguments))
		result = family->call(face, (unsigned)(slot - family->slots) + 3, arguments.value);
	if (result != E_NOTIMPL)
		check_moved(slot, &arguments, result);
	if (SUCCEEDED(result))
		check_results(run, slot, &arguments);
	if (run->depth && SUCCEEDED(result) && !strcmp(slot->name, "WriteVirtual"))
		abort();
	if (arguments.callback)
		callback_release(arguments.callback);
	for (unsigned i = 0; i < slot->count; i++)
		free(arguments.block[i]);
}

/* The calls that lead somewhere: as above, with the arguments that they need. */
static void wait_for_event(struct run *run)
{
	struct held *held = pick_client(run);

	if (held)
		IDebugControl7_WaitForEvent((IDebugControl7 *)face_of(held, 1, &IID_IDebugControl7),
					    0, 0);
}

static void open_machine(struct run *run, unsigned machine)
{
	struct held *held = pick_client(run);

	if (held)
		IDebugClient7_OpenDumpFile((IDebugClient7 *)face_of(held, 0, &IID_IDebugClient7),
					   run->path[machine]);
	wait_for_event(run);
}

static void listen(struct run *run)
{
	struct held *held = pick_client(run);
	uint8_t how = next_byte(run);
	struct callback *callback = make_callback(run, EVENTS + how % 4);
	IDebugClient7 *client = held ? face_of(held, 0, &IID_IDebugClient7) : NULL;

	switch (client ? how % 4 : 4) {
	case 0: IDebugClient7_SetEventCallbacks(client, (void *)callback); break;
	case 1: IDebugClient7_SetEventCallbacksWide(client, (void *)callback); break;
	case 2: IDebugClient7_SetOutputCallbacks(client, (void *)callback); break;
	case 3: IDebugClient7_SetOutputCallbacksWide(client, (void *)callback); break;
	}
	callback_release(callback);
}

/* One of the references, so that clients may end in any order. */
static void release(struct run *run)
{
	struct held *held = pick_client(run);
	unsigned first = next_byte(run);

	for (unsigned i = 0; held && i < FACES; i++) {
		IUnknown *face = held->faces[(first + i) % FACES];

		if (!face)
			continue;
		held->faces[(first + i) % FACES] = NULL;
		IUnknown_Release(face);
		return;
	}
}

static void create(struct run *run)
{
	PVOID client;

	if (DebugConnect("", &IID_IDebugClient, &client) != E_NOTIMPL || client)
		abort();
	if (DebugCreateEx(&IID_IDebugClient5, pick_u32(run), &client) == S_OK)
		adopt(run, client);
}

static void operation(struct run *run, uint8_t what)
{
	switch (what % 16) {
	case 10: open_machine(run, what / 16 % MACHINES); break;
	case 11: wait_for_event(run); break;
	case 12: listen(run); break;
	case 13: release(run); break;
	case 14: create(run); break;
	default: call(run); break;
	}
}

/* The machines stay for the life of the program. */
static void make_machines(struct run *run)
{
	static int files[MACHINES];

	for (unsigned i = 0; i < MACHINES; i++) {
		size_t size = strlen(machines[i]);

		if (!files[i]) {
			files[i] = memfd_create("machine", MFD_CLOEXEC);
			if (files[i] < 0 || write(files[i], machines[i], size) != (ssize_t)size)
				abort();
		}
		run->file[i] = files[i];
		snprintf(run->path[i], sizeof(run->path[i]), "/proc/self/fd/%d", files[i]);
	}
}

static bool holds_any(const struct run *run)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (any_face(&run->clients[i]))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .data = data, .left = size, .calls = 16, .targets = 8 };
	uint8_t begin = next_byte(&run);
	PVOID client;

	make_machines(&run);
	if (DebugCreate(&IID_IDebugClient, &client) != S_OK)
		abort();
	adopt(&run, client);
	for (unsigned i = 0; i < MACHINES; i++)
		if (begin >> i & 1)
			open_machine(&run, i);
	for (unsigned i = 0; i < 64 && run.left; i++)
		operation(&run, next_byte(&run));
	run.calls = 0;
	while (holds_any(&run))
		release(&run);
	if (run.callbacks)
		abort();
	return 0;
}
