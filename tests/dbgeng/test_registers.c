/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_registers.c - registers of synth targets, of cores and of stopped processes; what they must
 * be is written in the text, or is what gdb sees, or what the kernel says.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/objects.h"
#include "support/child.h"

#define CALL(method, ...) IDebugRegisters2_##method(__VA_ARGS__)

static const char amd64[] =
	"process 1\n"
	"thread 1 rip=0x401000 rsp=0x7ffffffde000 rbp=0x7ffffffde010 rax=0x1122334455667788 "
	"rdi=0xfedcba9876543210 r9=0x99 eflags=0x3c46 cs=0x33 fs_base=0x7f0000001000\n"
	"run 0x1000 0x1000 rw-p\n";

static const char i386[] = "machine i386\n"
			   "process 1\n"
			   "thread 1 eip=0x8049000 esp=0xfffd0000 ebp=0x80001234 eax=0x11223344 "
			   "ebx=1 eflags=0x246 cs=0x23\n"
			   "run 0x1000 0x1000 rw-p\n";

static const char arm64[] = "machine arm64\n"
			    "process 1\n"
			    "thread 1 pc=0x401000 sp=0x7ffffff000 x29=0x7ffffff010 x30=0x401234 "
			    "x0=0x1122334455667788 pstate=0x60000000\n"
			    "run 0x1000 0x1000 rw-p\n";

static ULONG index_of(struct objects *o, const char *name)
{
	ULONG index;

	if (CALL(GetIndexByName, o->registers, name, &index) != S_OK)
		fail_msg("there is no register %s", name);
	return index;
}

static DEBUG_VALUE value_of(struct objects *o, const char *name)
{
	DEBUG_VALUE value;

	assert_int_equal(CALL(GetValue, o->registers, index_of(o, name), &value), S_OK);
	return value;
}

static void open_text(struct objects *o, const char *text)
{
	objects_start(o);
	objects_add_text(o, text);
}

static void test_no_target(void **state)
{
	DEBUG_VALUE value = { .I64 = 7, .Type = 77 };
	ULONG number = 7;
	ULONG64 offset = 7;
	struct objects o;

	objects_start(&o);
	assert_int_equal(CALL(GetNumberRegisters, o.registers, &number), E_UNEXPECTED);
	assert_int_equal(number, 0);
	assert_int_equal(CALL(GetNumberRegisters, o.registers, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetDescription, o.registers, 0, NULL, 0, NULL, NULL), E_UNEXPECTED);
	assert_int_equal(CALL(GetIndexByName, o.registers, "rax", &number), E_UNEXPECTED);
	assert_int_equal(CALL(GetValue, o.registers, 0, &value), E_UNEXPECTED);
	assert_int_equal(value.Type, 77);
	assert_int_equal(CALL(GetInstructionOffset, o.registers, &offset), E_UNEXPECTED);
	assert_int_equal(offset, 0);
	assert_int_equal(IDebugAdvanced2_GetThreadContext(o.advanced, &value, 2000), E_UNEXPECTED);
	objects_close(&o);
}

static void test_descriptions(void **state)
{
	DEBUG_REGISTER_DESCRIPTION description;
	ULONG number, size, full, index;
	char name[32], little[3];
	bool parts = false;
	struct objects o;
	WCHAR wide[32];

	open_text(&o, amd64);
	assert_int_equal(CALL(GetNumberRegisters, o.registers, &number), S_OK);
	assert_true(number > 24);
	for (ULONG i = 0; i < number; i++) {
		assert_int_equal(CALL(GetDescription, o.registers, i, name, sizeof(name), &size,
				      &description),
				 S_OK);
		assert_int_equal(size, strlen(name) + 1);
		assert_int_equal(index_of(&o, name), i);
		/* Parts come after all that is whole, and are of something whole. */
		parts |= description.Flags == DEBUG_REGISTER_SUB_REGISTER;
		assert_int_equal(description.Flags, parts ? DEBUG_REGISTER_SUB_REGISTER : 0);
		full = description.SubregMaster;
		if (!parts)
			continue;
		assert_int_equal(
			CALL(GetDescription, o.registers, full, NULL, 0, NULL, &description),
			S_FALSE);
		assert_int_equal(description.Flags, 0);
	}
	assert_true(parts);
	assert_int_equal(CALL(GetDescription, o.registers, number, name, 32, &size, &description),
			 E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_int_equal(
		CALL(GetDescription, o.registers, index_of(&o, "AH"), name, 32, NULL, &description),
		S_OK);
	assert_string_equal(name, "ah");
	assert_int_equal(description.Type, DEBUG_VALUE_INT8);
	assert_int_equal(description.SubregMaster, index_of(&o, "rax"));
	assert_int_equal(description.SubregLength, 8);
	assert_int_equal(description.SubregMask, 0xff);
	assert_int_equal(description.SubregShift, 8);
	index = index_of(&o, "rax");
	assert_int_equal(CALL(GetDescription, o.registers, index, little, 3, &size, NULL), S_FALSE);
	assert_string_equal(little, "ra");
	assert_int_equal(size, 4);
	assert_int_equal(CALL(GetDescriptionWide, o.registers, index, wide, 32, &size, NULL), S_OK);
	assert_memory_equal(wide, u"rax", sizeof(u"rax"));
	assert_int_equal(CALL(GetIndexByNameWide, o.registers, u"RaX", &number), S_OK);
	assert_int_equal(number, index);
	assert_int_equal(CALL(GetIndexByName, o.registers, "nothing", &number), E_NOINTERFACE);
	assert_int_equal(number, DEBUG_ANY_ID);
	assert_int_equal(CALL(GetIndexByName, o.registers, NULL, &number), E_INVALIDARG);
	objects_close(&o);
}

static void test_parts(void **state)
{
	struct objects o;

	open_text(&o, amd64);
	assert_int_equal(value_of(&o, "rax").Type, DEBUG_VALUE_INT64);
	assert_true(value_of(&o, "rax").I64 == 0x1122334455667788);
	assert_int_equal(value_of(&o, "eax").Type, DEBUG_VALUE_INT32);
	assert_int_equal(value_of(&o, "eax").I32, 0x55667788);
	assert_int_equal(value_of(&o, "ax").Type, DEBUG_VALUE_INT16);
	assert_int_equal(value_of(&o, "ax").I16, 0x7788);
	assert_int_equal(value_of(&o, "al").I8, 0x88);
	assert_int_equal(value_of(&o, "ah").I8, 0x77);
	assert_int_equal(value_of(&o, "dil").I8, 0x10);
	assert_int_equal(value_of(&o, "r9b").I8, 0x99);
	/* 3c46: iopl 3, of, df, zf, pf */
	assert_int_equal(value_of(&o, "efl").I32, 0x3c46);
	assert_int_equal(value_of(&o, "iopl").I8, 3);
	assert_int_equal(value_of(&o, "of").I8, 1);
	assert_int_equal(value_of(&o, "df").I8, 1);
	assert_int_equal(value_of(&o, "if").I8, 0);
	assert_int_equal(value_of(&o, "zf").I8, 1);
	assert_int_equal(value_of(&o, "sf").I8, 0);
	assert_int_equal(value_of(&o, "pf").I8, 1);
	assert_int_equal(value_of(&o, "cf").I8, 0);
	assert_int_equal(value_of(&o, "cs").Type, DEBUG_VALUE_INT16);
	assert_int_equal(value_of(&o, "cs").I16, 0x33);
	assert_true(value_of(&o, "fs_base").I64 == 0x7f0000001000);
	objects_close(&o);
}

/* A list: what cannot be read has no type, the rest is there. */
static void test_values(void **state)
{
	DEBUG_VALUE values[4], two[2];
	ULONG indices[4], first, number;
	struct objects o;

	open_text(&o, amd64);
	indices[0] = index_of(&o, "rip");
	indices[1] = index_of(&o, "xmm0"); /* the text gives none */
	indices[2] = 100000;
	indices[3] = index_of(&o, "rax");
	first = index_of(&o, "rax");
	assert_int_equal(CALL(GetValues, o.registers, 4, indices, 99, values), E_NOINTERFACE);
	assert_int_equal(values[0].I64, 0x401000);
	assert_int_equal(values[1].Type, DEBUG_VALUE_INVALID);
	assert_int_equal(values[2].Type, DEBUG_VALUE_INVALID);
	assert_true(values[3].I64 == 0x1122334455667788);
	assert_int_equal(CALL(GetValues, o.registers, 1, &indices[2], 0, values), E_INVALIDARG);
	assert_int_equal(CALL(GetValues, o.registers, 2, NULL, first, two), S_OK);
	assert_true(two[0].I64 == 0x1122334455667788);
	assert_int_equal(CALL(GetNumberRegisters, o.registers, &number), S_OK);
	assert_int_equal(CALL(GetValues, o.registers, 2, NULL, number - 1, two), E_INVALIDARG);
	assert_int_equal(two[0].Type, DEBUG_VALUE_INT8);
	assert_int_equal(two[1].Type, DEBUG_VALUE_INVALID);
	assert_int_equal(CALL(GetValues, o.registers, 2, NULL, 0xffffffff, two), E_INVALIDARG);
	assert_int_equal(two[1].Type, DEBUG_VALUE_INVALID);
	assert_int_equal(CALL(GetValues, o.registers, 0, NULL, 0, NULL), S_OK);
	assert_int_equal(CALL(GetValues, o.registers, 1, NULL, 0, NULL), E_INVALIDARG);
	assert_int_equal(CALL(GetValues2, o.registers, DEBUG_REGSRC_DEBUGGEE, 2, NULL, first, two),
			 S_OK);
	assert_int_equal(CALL(GetValues2, o.registers, DEBUG_REGSRC_FRAME, 2, NULL, first, two),
			 E_NOTIMPL);
	assert_int_equal(CALL(GetValues2, o.registers, 3, 2, NULL, first, two), E_INVALIDARG);
	assert_int_equal(CALL(SetValue, o.registers, first, &values[0]), E_NOTIMPL);
	assert_int_equal(CALL(GetNumberPseudoRegisters, o.registers, &number), S_OK);
	assert_int_equal(number, 0);
	objects_close(&o);
}

static void assert_offsets(struct objects *o, ULONG64 ip, ULONG64 sp, ULONG64 frame)
{
	ULONG64 offset;

	assert_int_equal(CALL(GetInstructionOffset, o->registers, &offset), S_OK);
	assert_true(offset == ip);
	assert_int_equal(CALL(GetStackOffset, o->registers, &offset), S_OK);
	assert_true(offset == sp);
	assert_int_equal(CALL(GetFrameOffset, o->registers, &offset), S_OK);
	assert_true(offset == frame);
	assert_int_equal(CALL(GetFrameOffset2, o->registers, DEBUG_REGSRC_DEBUGGEE, &offset), S_OK);
	assert_true(offset == frame);
	assert_int_equal(CALL(GetStackOffset2, o->registers, DEBUG_REGSRC_EXPLICIT, &offset),
			 E_NOTIMPL);
	assert_int_equal(offset, 0);
}

/* Addresses of 32-bit targets have their sign extended; values of registers have 32 bits. */
static void test_offsets(void **state)
{
	struct objects o;

	open_text(&o, amd64);
	assert_offsets(&o, 0x401000, 0x7ffffffde000, 0x7ffffffde010);
	objects_close(&o);
	open_text(&o, i386);
	assert_offsets(&o, 0x8049000, 0xfffffffffffd0000, 0xffffffff80001234);
	assert_int_equal(value_of(&o, "esp").Type, DEBUG_VALUE_INT32);
	assert_int_equal(value_of(&o, "ah").I8, 0x33);
	objects_close(&o);
	open_text(&o, arm64);
	assert_offsets(&o, 0x401000, 0x7ffffff000, 0x7ffffff010);
	assert_int_equal(value_of(&o, "w0").I32, 0x55667788);
	assert_true(value_of(&o, "x29").I64 == 0x7ffffff010);
	assert_int_equal(value_of(&o, "lr").I64, 0x401234);
	assert_int_equal(value_of(&o, "cpsr").I32, 0x60000000);
	objects_close(&o);
}

static void test_unknown_processors(void **state)
{
	static const char *const machines[] = { "riscv64", "arm64 order=big" };
	char text[200], context[2048];
	struct objects o;
	ULONG number;

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "machine %s\nprocess 1\nthread 1\n", machines[i]);
		open_text(&o, text);
		assert_int_equal(CALL(GetNumberRegisters, o.registers, &number), E_NOTIMPL);
		assert_int_equal(IDebugAdvanced2_GetThreadContext(o.advanced, context, 2048),
				 E_NOTIMPL);
		objects_close(&o);
	}
	/* A kernel's memory: the processor is known, and no thread on it. */
	open_text(&o, "target mode=kernel\nmachine amd64\nphysical\nrun 0 1M ?\n"
		      "tables 0x10000 64K\ntable x64 0x1000\nmap 0xffff800000000000 0 1M r-xk\n");
	assert_int_equal(CALL(GetNumberRegisters, o.registers, &number), S_OK);
	assert_int_equal(CALL(GetValue, o.registers, 0, &(DEBUG_VALUE){ 0 }), E_UNEXPECTED);
	assert_int_equal(IDebugAdvanced2_GetThreadContext(o.advanced, context, 2048), E_UNEXPECTED);
	objects_close(&o);
}

/* --- OutputRegisters --- */

static char said[4096];

static HRESULT query_interface(IDebugOutputCallbacks *This, REFIID InterfaceId, PVOID *Interface)
{
	*Interface = NULL;
	return E_NOINTERFACE;
}

static ULONG count_nothing(IDebugOutputCallbacks *This)
{
	return 1;
}

static HRESULT output(IDebugOutputCallbacks *This, ULONG Mask, PCSTR Text)
{
	assert_true(strlen(said) + strlen(Text) < sizeof(said));
	strcat(said, Text);
	return S_OK;
}

static const char *output_of(struct objects *o, ULONG flags)
{
	*said = '\0';
	assert_int_equal(CALL(OutputRegisters, o->registers, DEBUG_OUTCTL_ALL_CLIENTS, flags),
			 S_OK);
	return said;
}

static void test_output(void **state)
{
	static const IDebugOutputCallbacksVtbl table = { query_interface, count_nothing,
							 count_nothing, output };
	IDebugOutputCallbacks callbacks = { &table };
	struct objects o;

	open_text(&o, i386);
	assert_int_equal(IDebugClient4_SetOutputCallbacks(o.client, &callbacks), S_OK);
	assert_string_equal(output_of(&o, DEBUG_REGISTERS_DEFAULT),
			    "gs=0000 fs=0000 es=0000 ds=0000 edi=00000000 esi=00000000 "
			    "ebx=00000001\n"
			    "edx=00000000 ecx=00000000 eax=11223344 ebp=80001234 eip=08049000 "
			    "cs=0023\n"
			    "efl=00000246 esp=fffd0000 ss=0000\n");
	assert_string_equal(output_of(&o, DEBUG_REGISTERS_FLOAT), "");
	assert_int_equal(CALL(OutputRegisters, o.registers, 0, 8), E_INVALIDARG);
	assert_int_equal(CALL(OutputRegisters2, o.registers, 0, DEBUG_REGSRC_FRAME, 0), E_NOTIMPL);
	IDebugClient4_SetOutputCallbacks(o.client, NULL);
	objects_close(&o);
	open_text(&o, amd64);
	assert_int_equal(IDebugClient4_SetOutputCallbacks(o.client, &callbacks), S_OK);
	assert_non_null(strstr(output_of(&o, DEBUG_REGISTERS_ALL), "rax=1122334455667788 "));
	assert_non_null(strstr(output_of(&o, DEBUG_REGISTERS_INT32), "rax=55667788 "));
	IDebugClient4_SetOutputCallbacks(o.client, NULL);
	objects_close(&o);
}

/* --- against gdb --- */

struct core {
	struct child child;
	pid_t pid; /* of the program that was */
	char path[64];
	char facts[80];
};

/* Has gdb write a core of a program with some threads, and say what is in it. */
static void core_init(struct core *core, const char *program)
{
	char command[4096], answer[64];

	child_start(&core->child, program, (const char *const[]){ "--no-uffd", NULL });
	if (strncmp(program, "target", 6) == 0)
		child_ask(&core->child, answer, sizeof(answer), "spawn-threads 2");
	core->pid = core->child.pid;
	snprintf(core->path, sizeof(core->path), "/tmp/dbgeng-core-%d", core->pid);
	snprintf(core->facts, sizeof(core->facts), "%s.facts", core->path);
	snprintf(command, sizeof(command),
		 "CORE=%s FACTS=%s gdb --nx --batch -iex 'set auto-load no' "
		 "-iex 'set debuginfod enabled off' -ex 'attach %d' "
		 "-x '%s/tests/dbgeng/gdb_registers.py' >/dev/null 2>&1 </dev/null",
		 core->path, core->facts, core->pid, getenv("TMEM_SOURCE"));
	/* gdb tells nothing of a script that fails; its core is the last thing it does. */
	assert_int_equal(system(command), 0);
	if (access(core->path, R_OK))
		fail_msg("gdb wrote no core: %s", command);
}

static void core_fini(struct core *core)
{
	child_end(&core->child);
	unlink(core->path);
	unlink(core->facts);
}

/* A value as gdb's script writes it. */
static void print_value(const DEBUG_VALUE *value, char *text)
{
	static const unsigned sizes[DEBUG_VALUE_TYPES] = {
		[DEBUG_VALUE_INT8] = 1,  [DEBUG_VALUE_INT16] = 2,    [DEBUG_VALUE_INT32] = 4,
		[DEBUG_VALUE_INT64] = 8, [DEBUG_VALUE_FLOAT80] = 10, [DEBUG_VALUE_VECTOR128] = 16,
	};
	unsigned size;
	bool begun = false;

	assert_in_range(value->Type, 1, DEBUG_VALUE_TYPES - 1);
	size = sizes[value->Type];
	while (size-- > 0) {
		if (!begun && !value->RawBytes[size] && size)
			continue;
		text += sprintf(text, begun ? "%02x" : "%x", value->RawBytes[size]);
		begun = true;
	}
}

/* True for what an x87 or vector register is called. */
static bool is_floating(const char *name)
{
	return !strncmp(name, "fp", 2) || !strncmp(name, "st", 2) || strchr(name, 'm');
}

/*
 * Every fact of gdb's; how many were compared, and how many threads. @core_of_32_bits: gdb puts no
 * floating-point block into such a core. @live: the instruction pointer has gone on.
 */
static unsigned compare_facts(struct objects *o, const struct core *core, bool core_of_32_bits,
			      bool live, unsigned *threads)
{
	char line[128], name[16], expected[40], got[40];
	FILE *facts = fopen(core->facts, "r");
	ULONG tid, last = 0, id;
	unsigned count = 0;

	assert_non_null(facts);
	*threads = 0;
	while (fgets(line, sizeof(line), facts)) {
		DEBUG_VALUE value;

		assert_int_equal(sscanf(line, "%" SCNu32 " %15s %39s", &tid, name, expected), 3);
		if (tid != last) {
			assert_int_equal(
				IDebugSystemObjects4_GetThreadIdBySystemId(o->system, tid, &id),
				S_OK);
			assert_int_equal(IDebugSystemObjects4_SetCurrentThreadId(o->system, id),
					 S_OK);
			++*threads;
			last = tid;
		}
		if (core_of_32_bits && is_floating(name)) {
			assert_int_equal(CALL(GetValue, o->registers, index_of(o, name), &value),
					 E_NOINTERFACE);
			continue;
		}
		if (live && !strcmp(name, "eip"))
			continue;
		value = value_of(o, name);
		print_value(&value, got);
		if (strcmp(got, expected) != 0)
			fail_msg("thread %u: %s is %s, gdb says %s", tid, name, got, expected);
		count++;
	}
	fclose(facts);
	return count;
}

/* Request's thread and context of the event, which is that of the core's first thread. */
static void check_event(struct objects *o, const struct core *core, ULONG size)
{
	IDebugAdvanced2 *advanced = o->advanced;
	unsigned char context[2048], same[2048];
	ULONG tid = 0, needed, id;

	assert_int_equal(IDebugAdvanced2_Request(advanced, DEBUG_REQUEST_TARGET_EXCEPTION_THREAD,
						 NULL, 0, &tid, sizeof(tid), &needed),
			 S_OK);
	assert_int_equal(tid, core->pid);
	assert_int_equal(needed, 4);
	assert_int_equal(IDebugAdvanced2_Request(advanced, DEBUG_REQUEST_TARGET_EXCEPTION_CONTEXT,
						 NULL, 0, context, sizeof(context), &needed),
			 S_OK);
	assert_int_equal(needed, size);
	assert_int_equal(IDebugAdvanced2_Request(advanced, DEBUG_REQUEST_TARGET_EXCEPTION_CONTEXT,
						 NULL, 0, context, 16, &needed),
			 S_FALSE);
	assert_int_equal(needed, size);
	assert_int_equal(IDebugSystemObjects4_GetThreadIdBySystemId(o->system, tid, &id), S_OK);
	assert_int_equal(IDebugSystemObjects4_SetCurrentThreadId(o->system, id), S_OK);
	assert_int_equal(IDebugAdvanced2_GetThreadContext(advanced, same, size), S_OK);
	assert_memory_equal(context, same, size);
}

/* Opens the core of a program, compares it with gdb's facts; how many threads there were. */
static unsigned open_core(struct objects *o, const char *program, unsigned facts, ULONG context)
{
	unsigned threads, count;
	struct core core;

	core_init(&core, program);
	objects_start(o);
	objects_add_file(o, core.path);
	count = compare_facts(o, &core, context == 716, false, &threads);
	assert_int_equal(count, threads * facts);
	check_event(o, &core, context);
	core_fini(&core);
	return threads;
}

static void test_core(void **state)
{
	struct objects o;

	assert_int_equal(open_core(&o, "target64", 53, 1232), 3);
	objects_close(&o);
	assert_int_equal(open_core(&o, "target32", 16, 716), 3);
	objects_close(&o);
}

/* 1 and pi as the x87 keeps them. */
#define ONE "\0\0\0\0\0\0\0\x80\xff\x3f"
#define PI  "\x35\xc2\x68\x21\xa2\xda\x0f\xc9\x00\x40"

/* What the program has loaded, by value and at its places in CONTEXT. */
static void test_floating(void **state)
{
	static const char vector[] =
		"\x88\x77\x66\x55\x44\x33\x22\x11\x01\xff\xee\xdd\xcc\xbb\xaa\x99";
	unsigned char context[1232];
	struct objects o;

	assert_int_equal(open_core(&o, "floating64", 53, 1232), 1);
	assert_memory_equal(value_of(&o, "st0").F80Bytes, ONE, 10);
	assert_memory_equal(value_of(&o, "st2").F80Bytes, PI, 10);
	assert_memory_equal(value_of(&o, "xmm15").VI8, vector, 16);
	assert_int_equal(value_of(&o, "mxcsr").I32, 0x3fa0);
	assert_int_equal(IDebugAdvanced2_GetThreadContext(o.advanced, context, sizeof(context)),
			 S_OK);
	assert_memory_equal(context + 0x100 + 0x20, ONE, 10);
	assert_memory_equal(context + 0x100 + 0x40, PI, 10);
	assert_memory_equal(context + 0x100 + 0xf0, vector, 16);
	assert_memory_equal(context + 0x100 + 0x190, vector, 16);
	assert_memory_equal(context + 0x100 + 0x18, "\xa0\x3f\0\0", 4);
	assert_memory_equal(context + 0x34, "\xa0\x3f\0\0", 4);
	assert_memory_equal(context + 0x30, "\x0f\0\x10\0", 4);
	objects_close(&o);
}

/* The program spins: only the instruction pointer changes when gdb has left it. */
static void test_floating_of_32_bits(void **state)
{
	unsigned char context[716];
	unsigned threads;
	struct objects o;
	struct core core;

	core_init(&core, "floating32");
	objects_start(&o);
	objects_attach(&o, (ULONG)core.pid, DEBUG_ATTACH_DEFAULT);
	assert_int_equal(compare_facts(&o, &core, false, true, &threads), 26);
	assert_memory_equal(value_of(&o, "st2").F80Bytes, PI, 10);
	/* The area begins at 1c, its registers 1c further. */
	assert_int_equal(IDebugAdvanced2_GetThreadContext(o.advanced, context, 716), S_OK);
	assert_memory_equal(context + 0x38, ONE, 10);
	assert_memory_equal(context + 0x38 + 20, PI, 10);
	assert_memory_equal(context, "\x0f\0\x01\0", 4);
	assert_int_equal(IDebugClient4_DetachProcesses(o.client), S_OK);
	objects_close(&o);
	core_fini(&core);
}

/* Where the kernel says that a process waits: the last two numbers of its syscall file. */
static void waiting_place(pid_t pid, uint64_t *sp, uint64_t *pc)
{
	char path[64], line[512] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (unsigned i = 0; i < 500; i++) {
		FILE *file = fopen(path, "r");
		char *last;

		assert_non_null(file);
		assert_non_null(fgets(line, sizeof(line), file));
		fclose(file);
		last = strrchr(line, ' ');
		if (last && strncmp(line, "running", 7) != 0) {
			*pc = strtoull(last, NULL, 16);
			*last = '\0';
			*sp = strtoull(strrchr(line, ' '), NULL, 16);
			return;
		}
		usleep(10000);
	}
	fail_msg("the program does not wait");
}

static ULONG request(struct objects *o, ULONG code)
{
	return (ULONG)IDebugAdvanced2_Request(o->advanced, code, NULL, 0, NULL, 0, NULL);
}

static void test_live(void **state)
{
	uint64_t sp = 0, pc = 0;
	struct child child;
	struct objects o;
	ULONG64 offset;

	child_start(&child, "target64", (const char *const[]){ "--no-uffd", NULL });
	waiting_place(child.pid, &sp, &pc);

	/* Of a process that runs nothing is known but its memory. */
	objects_start(&o);
	objects_attach(&o, (ULONG)child.pid, DEBUG_ATTACH_NONINVASIVE);
	assert_int_equal(CALL(GetInstructionOffset, o.registers, &offset), E_UNEXPECTED);
	assert_int_equal(request(&o, DEBUG_REQUEST_TARGET_CAN_DETACH), S_OK);
	assert_int_equal(request(&o, DEBUG_LIVE_USER_NON_INVASIVE), S_OK);
	assert_int_equal(request(&o, DEBUG_REQUEST_TARGET_EXCEPTION_THREAD), (ULONG)E_NOINTERFACE);
	assert_int_equal(request(&o, DEBUG_REQUEST_GET_DUMP_HEADER), (ULONG)E_NOTIMPL);
	objects_close(&o);

	objects_start(&o);
	objects_attach(&o, (ULONG)child.pid, DEBUG_ATTACH_DEFAULT);
	assert_int_equal(CALL(GetInstructionOffset, o.registers, &offset), S_OK);
	assert_true(offset == pc);
	assert_int_equal(CALL(GetStackOffset, o.registers, &offset), S_OK);
	assert_true(offset == sp);
	assert_int_equal(value_of(&o, "xmm0").Type, DEBUG_VALUE_VECTOR128);
	assert_int_equal(request(&o, DEBUG_LIVE_USER_NON_INVASIVE), S_FALSE);
	assert_int_equal(IDebugClient4_DetachProcesses(o.client), S_OK);
	objects_close(&o);
	child_end(&child);

	open_text(&o, amd64);
	assert_int_equal(request(&o, DEBUG_REQUEST_TARGET_CAN_DETACH), S_FALSE);
	assert_int_equal(request(&o, DEBUG_LIVE_USER_NON_INVASIVE), (ULONG)E_FAIL);
	objects_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_target), cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_parts),     cmocka_unit_test(test_values),
		cmocka_unit_test(test_offsets),   cmocka_unit_test(test_unknown_processors),
		cmocka_unit_test(test_output),    cmocka_unit_test(test_core),
		cmocka_unit_test(test_floating),  cmocka_unit_test(test_floating_of_32_bits),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
