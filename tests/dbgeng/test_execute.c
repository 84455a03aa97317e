/* SPDX-License-Identifier: Apache-2.0 */
/* test_execute.c - commands through Execute, files of them, Evaluate, radix, what a target is. */
#include <float.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/output_log.h"

#define THIS_CLIENT DEBUG_OUTCTL_THIS_CLIENT

static const char machine[] = "process 1 \"/bin/x\"\n"
			      "thread 1 rip=0x1000\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "u32 0x1000 0x11223344 0x55667788\n"
			      "u32 0x1100 0xdeadbeef\n";

static struct engine engine;
static struct output_log outputs;

static int open_machine(void **state)
{
	engine_open(&engine, machine);
	output_log_init(&outputs);
	return IDebugClient7_SetOutputCallbacks(engine.client, &outputs.narrow);
}

static int close_machine(void **state)
{
	engine_close(&engine);
	return outputs.references != 1;
}

static HRESULT run(const char *command, ULONG flags)
{
	return IDebugControl7_Execute(engine.control, THIS_CLIENT, command, flags);
}

static void test_commands(void **state)
{
	assert_int_equal(run("dd 1000 L2", 0), S_OK);
	assert_int_equal(outputs.mask, DEBUG_OUTPUT_NORMAL);
	assert_output(&outputs, "00000000`00001000  11223344 55667788\n");
	assert_int_equal(IDebugControl7_ExecuteWide(engine.control, THIS_CLIENT, u"dd 1000 L1", 0),
			 S_OK);
	assert_output(&outputs, "00000000`00001000  11223344\n");
	/* A failing command was understood all the same. */
	assert_int_equal(run("eb 9000 1", 0), S_OK);
	assert_int_equal(outputs.mask, DEBUG_OUTPUT_ERROR);
	assert_non_null(strstr(outputs.text, "Memory access error"));
	output_log_clear(&outputs);
	assert_int_equal(run("? 1; nosuchcommand", 0), E_FAIL);
	assert_non_null(strstr(outputs.text, "Evaluate expression: 1 ="));
	assert_non_null(strstr(outputs.text, "Syntax error"));
	output_log_clear(&outputs);
	assert_int_equal(run("dd nosuchname", 0), E_FAIL);
	assert_int_equal(run("dd 1000 L1", 0x1000), E_INVALIDARG);
	assert_int_equal(run(NULL, 0), E_INVALIDARG);
	assert_int_equal(IDebugControl7_Execute(engine.control, 7, "? 1", 0), E_INVALIDARG);
	output_log_clear(&outputs);
	assert_int_equal(IDebugControl7_Execute(engine.control, DEBUG_OUTCTL_IGNORE, "? 1", 0),
			 S_OK);
	assert_output(&outputs, "");
}

static void test_repetition(void **state)
{
	assert_int_equal(run("", 0), S_OK);
	assert_output(&outputs, "");
	assert_int_equal(run("dd 1000 L1", 0), S_OK);
	output_log_clear(&outputs);
	assert_int_equal(run("", DEBUG_EXECUTE_NO_REPEAT), S_OK);
	assert_output(&outputs, "");
	/* A display goes on behind its end. */
	assert_int_equal(run("", 0), S_OK);
	assert_memory_equal(outputs.text, "00000000`00001004  55667788 ", 28);
	output_log_clear(&outputs);
	assert_int_equal(run("? 7", 0), S_OK);
	output_log_clear(&outputs);
	assert_int_equal(run(" ", 0), S_OK);
	assert_output(&outputs, "Evaluate expression: 7 = 00000000`00000007\n");
	assert_int_equal(
		IDebugControl7_AddEngineOptions(engine.control, DEBUG_ENGOPT_NO_EXECUTE_REPEAT),
		S_OK);
	assert_int_equal(run("", 0), S_OK);
	assert_output(&outputs, "");
}

static void test_echo(void **state)
{
	assert_int_equal(run("? 10", DEBUG_EXECUTE_ECHO | DEBUG_EXECUTE_USER_TYPED), S_OK);
	assert_output(&outputs, "0:000> ? 10\nEvaluate expression: 16 = 00000000`00000010\n");
	/* The caret stands below the place on the screen, or the line is shown. */
	assert_int_equal(run("nosuch", DEBUG_EXECUTE_ECHO), E_FAIL);
	assert_memory_equal(outputs.text, "0:000> nosuch\n       ^ Syntax error", 34);
	output_log_clear(&outputs);
	assert_int_equal(run("nosuch", 0), E_FAIL);
	assert_memory_equal(outputs.text, "nosuch\n^ Syntax error", 21);
}

/* Writes through commands are told as those of methods are; the overlay takes them. */
static void test_writes(void **state)
{
	IDebugDataSpaces *data;
	ULONG value = 0, done = 0;

	assert_int_equal(IDebugControl7_QueryInterface(engine.control, &IID_IDebugDataSpaces,
						       (void **)&data),
			 S_OK);
	assert_int_equal(run("ed 1000 cafe0001", 0), S_OK);
	assert_int_equal(IDebugDataSpaces_ReadVirtual(data, 0x1000, &value, 4, &done), S_OK);
	assert_int_equal(value, 0xcafe0001);
	IDebugDataSpaces_Release(data);
}

/* Two commands that nobody typed: they are not what an empty line repeats. */
static void test_current_state(void **state)
{
	assert_int_equal(run("? 5", 0), S_OK);
	output_log_clear(&outputs);
	assert_int_equal(IDebugControl7_OutputCurrentState(engine.control, THIS_CLIENT,
							   DEBUG_CURRENT_REGISTERS),
			 S_OK);
	assert_non_null(strstr(outputs.text, "rip=0000000000001000"));
	output_log_clear(&outputs);
	assert_int_equal(run("", 0), S_OK);
	assert_output(&outputs, "Evaluate expression: 5 = 00000000`00000005\n");
	assert_int_equal(IDebugControl7_OutputCurrentState(engine.control, THIS_CLIENT, 0x10),
			 E_INVALIDARG);
}

static void execute_inside(void *context)
{
	HRESULT *result = context;

	*result = run("? 2", 0);
}

static void test_inside_callback(void **state)
{
	HRESULT inner = S_OK;

	outputs.context = &inner;
	outputs.inside = execute_inside;
	assert_int_equal(run("? 1", 0), S_OK);
	outputs.inside = NULL;
	assert_int_equal(inner, E_UNEXPECTED);
	assert_output(&outputs, "Evaluate expression: 1 = 00000000`00000001\n");
}

static void interrupt_inside(void *context)
{
	outputs.inside = NULL;
	IDebugControl7_SetInterrupt(engine.control, DEBUG_INTERRUPT_PASSIVE);
}

static void test_interrupt(void **state)
{
	outputs.inside = interrupt_inside;
	assert_int_equal(run("? 1; s 0 L?7fffffffffff 1 2 3; ? 2", 0), (HRESULT)0xd000013a);
	assert_null(strstr(outputs.text, "expression: 2"));
	output_log_clear(&outputs);
	assert_int_equal(run("? 3", 0), S_OK);
}

static void test_quit(void **state)
{
	ULONG status;

	assert_int_equal(run("? 1; q; ? 2", 0), S_OK);
	assert_null(strstr(outputs.text, "expression: 2"));
	assert_int_equal(IDebugControl7_GetExecutionStatus(engine.control, &status), S_OK);
	assert_int_equal(status, DEBUG_STATUS_NO_DEBUGGEE);
	assert_int_equal(run("? 1", 0), E_UNEXPECTED);
}

static void test_no_target(void **state)
{
	struct engine empty;
	DEBUG_VALUE value;
	ULONG radix;

	engine_start(&empty);
	assert_int_equal(IDebugControl7_Execute(empty.control, THIS_CLIENT, "? 1", 0),
			 E_UNEXPECTED);
	assert_int_equal(IDebugControl7_Evaluate(empty.control, "1", 0, &value, NULL),
			 E_UNEXPECTED);
	assert_int_equal(IDebugControl7_IsPointer64Bit(empty.control), E_UNEXPECTED);
	assert_int_equal(IDebugControl7_GetRadix(empty.control, &radix), S_OK);
	assert_int_equal(radix, 16);
	engine_close(&empty);
}

static void test_command_file(void **state)
{
	char path[] = "/tmp/dbgeng-commands-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");

	assert_non_null(file);
	fputs("? 1\n\n? 2\r\nnosuch\n? 3\n", file);
	fclose(file);
	assert_int_equal(IDebugControl7_ExecuteCommandFile(engine.control, THIS_CLIENT, path,
							   DEBUG_EXECUTE_ECHO),
			 E_FAIL);
	assert_memory_equal(outputs.text,
			    "0:000> ? 1\nEvaluate expression: 1 = 00000000`00000001\n"
			    "0:000> ? 2\nEvaluate expression: 2 = 00000000`00000002\n"
			    "0:000> nosuch\n",
			    121);
	assert_null(strstr(outputs.text, "? 3"));
	unlink(path);
	assert_int_equal(IDebugControl7_ExecuteCommandFile(engine.control, THIS_CLIENT, path, 0),
			 HRESULT_FROM_WIN32(2));
	assert_int_equal(
		IDebugControl7_ExecuteCommandFileWide(engine.control, THIS_CLIENT, u"/dev/zero", 0),
		E_INVALIDARG);
}

static void test_evaluate(void **state)
{
	DEBUG_VALUE value;
	ULONG end;

	assert_int_equal(IDebugControl7_Evaluate(engine.control, "dwo(1000)+1", 0, &value, NULL),
			 S_OK);
	assert_int_equal(value.Type, DEBUG_VALUE_INT64);
	assert_int_equal(value.I64, 0x11223345);
	assert_int_equal(
		IDebugControl7_Evaluate(engine.control, "@rip", DEBUG_VALUE_FLOAT64, &value, NULL),
		S_OK);
	assert_true(value.F64 == 4096.0);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "10, 20", 0, &value, &end), S_OK);
	assert_int_equal(value.I64, 16);
	assert_int_equal(end, 2);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "10, 20", 0, &value, NULL),
			 E_FAIL);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "10 ", 0, &value, NULL), S_OK);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "1+nosuch", 0, &value, &end),
			 E_FAIL);
	assert_int_equal(end, 2);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "1/0", 0, &value, NULL), E_FAIL);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "", 0, &value, NULL), E_FAIL);
	assert_int_equal(
		IDebugControl7_EvaluateWide(engine.control, u"1+2 \u20ac", 0, &value, &end), S_OK);
	assert_int_equal(value.I64, 3);
	assert_in_range(end, 3, 4);
	assert_int_equal(
		IDebugControl7_Evaluate(engine.control, "1", DEBUG_VALUE_TYPES, &value, NULL),
		E_INVALIDARG);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, NULL, 0, &value, NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "1", 0, NULL, NULL), E_INVALIDARG);
	assert_output(&outputs, "");
}

static void test_radix(void **state)
{
	DEBUG_VALUE value;
	ULONG radix;

	assert_int_equal(IDebugControl7_SetRadix(engine.control, 10), S_OK);
	assert_int_equal(IDebugControl7_Evaluate(engine.control, "10", 0, &value, NULL), S_OK);
	assert_int_equal(value.I64, 10);
	assert_int_equal(run("n", 0), S_OK);
	assert_output(&outputs, "base is 10\n");
	assert_int_equal(run("n 8", 0), S_OK);
	assert_int_equal(IDebugControl7_GetRadix(engine.control, &radix), S_OK);
	assert_int_equal(radix, 8);
	assert_int_equal(IDebugControl7_SetRadix(engine.control, 2), E_INVALIDARG);
	assert_int_equal(IDebugControl7_GetRadix(engine.control, NULL), E_INVALIDARG);
}

static DEBUG_VALUE coerce(DEBUG_VALUE in, ULONG type)
{
	DEBUG_VALUE out;

	memset(&out, 0xaa, sizeof(out));
	assert_int_equal(IDebugControl7_CoerceValue(engine.control, &in, type, &out), S_OK);
	assert_int_equal(out.Type, type);
	return out;
}

static void test_coerce_integers(void **state)
{
	DEBUG_VALUE in = { .I64 = UINT64_C(0xfedcba9876543210), .Type = DEBUG_VALUE_INT64 };
	DEBUG_VALUE real = { .F64 = -3.75, .Type = DEBUG_VALUE_FLOAT64 };

	assert_int_equal(coerce(in, DEBUG_VALUE_INT8).I64, 0x10);
	assert_int_equal(coerce(in, DEBUG_VALUE_INT16).I64, 0x3210);
	assert_int_equal(coerce(in, DEBUG_VALUE_INT32).I64, 0x76543210);
	assert_int_equal(coerce(coerce(in, DEBUG_VALUE_INT32), DEBUG_VALUE_INT64).I64, 0x76543210);
	assert_int_equal(coerce(in, DEBUG_VALUE_VECTOR128).VI64[0], in.I64);
	assert_int_equal(coerce(in, DEBUG_VALUE_VECTOR128).VI64[1], 0);
	assert_true(coerce(in, DEBUG_VALUE_FLOAT64).F64 == (double)in.I64);
	assert_int_equal(coerce(real, DEBUG_VALUE_INT64).I64, (ULONG64)-3);
	real.F64 = 1e30;
	assert_int_equal(coerce(real, DEBUG_VALUE_INT64).I64, UINT64_MAX);
	real.F64 = -1e30;
	assert_int_equal(coerce(real, DEBUG_VALUE_INT64).I64, (ULONG64)INT64_MIN);
	real.F64 = __builtin_nan("");
	assert_int_equal(coerce(real, DEBUG_VALUE_INT64).I64, 0);
}

/* Bit for bit: zeros have signs. */
static void check_double(DEBUG_VALUE value, double expected)
{
	DEBUG_VALUE back = coerce(value, DEBUG_VALUE_FLOAT64);

	assert_memory_equal(&back.F64, &expected, sizeof(expected));
}

/* The long forms against the compiler's own. */
static void test_coerce_reals(void **state)
{
	static const double values[] = { 0.0,
					 -0.0,
					 1.0,
					 -2.5,
					 0.1,
					 1e300,
					 -1e-300,
					 5e-324,
					 1.0 / 3,
					 65504,
					 __builtin_inf(),
					 -__builtin_inf() };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		DEBUG_VALUE in = { .F64 = values[i], .Type = DEBUG_VALUE_FLOAT64 };
		__float128 wide = values[i];
		DEBUG_VALUE out = coerce(in, DEBUG_VALUE_FLOAT128);

		assert_memory_equal(out.F128Bytes, &wide, 16);
		check_double(out, values[i]);
		out = coerce(in, DEBUG_VALUE_FLOAT82);
		check_double(out, values[i]);
		out = coerce(in, DEBUG_VALUE_FLOAT80);
#if LDBL_MANT_DIG == 64
		long double extended = values[i];

		assert_memory_equal(out.F80Bytes, &extended, 10);
#endif
		check_double(out, values[i]);
		assert_true(coerce(in, DEBUG_VALUE_FLOAT32).F32 == (float)values[i]);
	}
}

static void test_coerce_failures(void **state)
{
	ULONG types[3] = { DEBUG_VALUE_INT8, DEBUG_VALUE_TYPES, DEBUG_VALUE_FLOAT32 };
	DEBUG_VALUE in[3] = { { .I64 = 1, .Type = DEBUG_VALUE_INT64 },
			      { .I64 = 2, .Type = DEBUG_VALUE_INT64 },
			      { .I64 = 3, .Type = DEBUG_VALUE_INT64 } };
	DEBUG_VALUE out[3];

	assert_int_equal(IDebugControl7_CoerceValues(engine.control, 3, in, types, out),
			 E_INVALIDARG);
	assert_int_equal(out[0].I8, 1);
	assert_int_equal(out[1].Type, DEBUG_VALUE_INVALID);
	assert_true(out[2].F32 == 3.0f);
	in[0].Type = DEBUG_VALUE_INVALID;
	assert_int_equal(IDebugControl7_CoerceValue(engine.control, in, DEBUG_VALUE_INT8, out),
			 E_FAIL);
	assert_int_equal(IDebugControl7_CoerceValue(engine.control, in, DEBUG_VALUE_INT8, NULL),
			 E_INVALIDARG);
}

static void test_syntaxes(void **state)
{
	char full[64], abbreviated[8];
	ULONG number, size;

	assert_int_equal(IDebugControl7_GetNumberExpressionSyntaxes(engine.control, &number), S_OK);
	assert_int_equal(number, 1);
	assert_int_equal(IDebugControl7_GetExpressionSyntaxNames(engine.control, 0, full, 64, NULL,
								 abbreviated, 8, &size),
			 S_OK);
	assert_string_equal(abbreviated, "MASM");
	assert_int_equal(size, 5);
	assert_int_equal(IDebugControl7_GetExpressionSyntaxNames(engine.control, 1, full, 64, NULL,
								 abbreviated, 8, &size),
			 E_INVALIDARG);
	assert_int_equal(IDebugControl7_SetExpressionSyntaxByNameWide(engine.control, u"masm"),
			 S_OK);
	assert_int_equal(IDebugControl7_SetExpressionSyntaxByName(engine.control, "C++"),
			 E_NOTIMPL);
	assert_int_equal(IDebugControl7_SetExpressionSyntax(engine.control, 2), E_INVALIDARG);
}

static void test_processor(void **state)
{
	char name[8], build[8] = "x";
	WCHAR wide[16];
	ULONG number, types[2], major, minor, size;
	ULONG64 arguments[4];

	assert_int_equal(IDebugControl7_IsPointer64Bit(engine.control), S_OK);
	assert_int_equal(IDebugControl7_GetActualProcessorType(engine.control, &number), S_OK);
	assert_int_equal(number, IMAGE_FILE_MACHINE_AMD64);
	assert_int_equal(IDebugControl7_SetEffectiveProcessorType(engine.control, number), S_OK);
	assert_int_equal(
		IDebugControl7_SetEffectiveProcessorType(engine.control, IMAGE_FILE_MACHINE_I386),
		E_INVALIDARG);
	assert_int_equal(IDebugControl7_SetEffectiveProcessorType(engine.control, 1), E_INVALIDARG);
	assert_int_equal(
		IDebugControl7_GetPossibleExecutingProcessorTypes(engine.control, 0, 1, types),
		S_OK);
	assert_int_equal(types[0], IMAGE_FILE_MACHINE_AMD64);
	assert_int_equal(
		IDebugControl7_GetPossibleExecutingProcessorTypes(engine.control, 0, 2, types),
		E_INVALIDARG);
	assert_int_equal(IDebugControl7_GetNumberSupportedProcessorTypes(engine.control, &number),
			 S_OK);
	assert_int_equal(
		IDebugControl7_GetSupportedProcessorTypes(engine.control, number - 1, 1, types),
		S_OK);
	assert_int_equal(
		IDebugControl7_GetSupportedProcessorTypes(engine.control, number, 1, types),
		E_INVALIDARG);
	assert_int_equal(IDebugControl7_GetProcessorTypeNames(engine.control,
							      IMAGE_FILE_MACHINE_AMD64, NULL, 0,
							      &size, name, 8, NULL),
			 S_FALSE);
	assert_string_equal(name, "x64");
	assert_int_equal(IDebugControl7_GetPageSize(engine.control, &number), S_OK);
	assert_int_equal(number, 4096);
	assert_int_equal(IDebugControl7_GetNumberProcessors(engine.control, &number), S_OK);
	assert_int_equal(number, 1);
	assert_int_equal(IDebugControl7_GetCurrentTimeDate(engine.control, &number), E_NOTIMPL);
	assert_int_equal(IDebugControl7_GetDumpFormatFlags(engine.control, &number), S_OK);
	assert_int_equal(IDebugControl7_GetSystemVersion(engine.control, &number, &major, &minor,
							 NULL, 1, NULL, &size, build, 8, NULL),
			 S_OK);
	assert_string_equal(build, "");
	assert_int_equal(IDebugControl7_GetSystemVersionStringWide(
				 engine.control, DEBUG_SYSVERSTR_BUILD, wide, 16, &size),
			 S_OK);
	assert_int_equal(size, 1);
	assert_int_equal(IDebugControl7_ReadBugCheckData(engine.control, &number, &arguments[0],
							 &arguments[1], &arguments[2],
							 &arguments[3]),
			 E_UNEXPECTED);
}

/* A live process runs under this machine's kernel, which uname tells. */
static void test_live(void **state)
{
	struct engine live;
	struct utsname names;
	struct timespec before;
	char build[128];
	ULONG platform, major, minor, number, size;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	engine_start(&live);
	assert_int_equal(IDebugClient7_AttachProcess(live.client, 0, (ULONG)child,
						     DEBUG_ATTACH_NONINVASIVE |
							     DEBUG_ATTACH_NONINVASIVE_NO_SUSPEND),
			 S_OK);
	assert_int_equal(IDebugControl7_WaitForEvent(live.control, 0, INFINITE), S_OK);
	assert_int_equal(uname(&names), 0);
	assert_int_equal(IDebugControl7_GetSystemVersion(live.control, &platform, &major, &minor,
							 NULL, 1, NULL, &number, build,
							 sizeof(build), NULL),
			 S_OK);
	assert_string_equal(build, names.release);
	assert_int_equal(IDebugControl7_GetSystemVersionValues(live.control, &platform, &major,
							       &minor, NULL, NULL),
			 S_OK);
	size = (ULONG)snprintf(build, sizeof(build), "%u.%u", major, minor);
	assert_memory_equal(build, names.release, size);
	assert_int_equal(IDebugControl7_GetNumberProcessors(live.control, &number), S_OK);
	assert_int_equal(number, sysconf(_SC_NPROCESSORS_ONLN));
	clock_gettime(CLOCK_BOOTTIME, &before);
	assert_int_equal(IDebugControl7_GetCurrentSystemUpTime(live.control, &number), S_OK);
	assert_true(number >= (ULONG)before.tv_sec);
	assert_int_equal(IDebugControl7_GetCurrentTimeDate(live.control, &number), S_OK);
	assert_true((ULONG)time(NULL) - number < 600);
	assert_int_equal(IDebugControl7_GetDumpFormatFlags(live.control, &number), E_UNEXPECTED);
	/* It runs: it has no state to show. */
	assert_int_equal(
		IDebugControl7_OutputCurrentState(live.control, THIS_CLIENT, DEBUG_CURRENT_DEFAULT),
		E_UNEXPECTED);
	assert_int_equal(IDebugControl7_OutputCurrentState(live.control, THIS_CLIENT, 0), S_OK);
	engine_close(&live);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, open_machine, close_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MACHINE(test_commands),
		WITH_MACHINE(test_repetition),
		WITH_MACHINE(test_echo),
		WITH_MACHINE(test_writes),
		WITH_MACHINE(test_current_state),
		WITH_MACHINE(test_inside_callback),
		WITH_MACHINE(test_interrupt),
		WITH_MACHINE(test_quit),
		cmocka_unit_test(test_no_target),
		WITH_MACHINE(test_command_file),
		WITH_MACHINE(test_evaluate),
		WITH_MACHINE(test_radix),
		WITH_MACHINE(test_coerce_integers),
		WITH_MACHINE(test_coerce_reals),
		WITH_MACHINE(test_coerce_failures),
		WITH_MACHINE(test_syntaxes),
		WITH_MACHINE(test_processor),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests_name("execute", tests, NULL, NULL);
}
