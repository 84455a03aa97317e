/* SPDX-License-Identifier: Apache-2.0 */
/* test_output.c - who gets output and in which form, prefixes, the engine's printf. */
#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/output_log.h"

static struct output_log first, second;

#define NORMAL DEBUG_OUTPUT_NORMAL

static void listen_narrow(struct engine *engine, struct output_log *log)
{
	output_log_init(log);
	assert_int_equal(IDebugClient7_SetOutputCallbacks(engine->client, &log->narrow), S_OK);
}

static void test_receivers(void **state)
{
	static const struct {
		ULONG control;
		const char *first;
		const char *second;
	} rows[] = {
		{ DEBUG_OUTCTL_THIS_CLIENT, "x", "" },
		{ DEBUG_OUTCTL_ALL_CLIENTS, "x", "x" },
		{ DEBUG_OUTCTL_ALL_OTHER_CLIENTS, "", "x" },
		{ DEBUG_OUTCTL_IGNORE, "", "" },
		{ DEBUG_OUTCTL_LOG_ONLY, "", "" },
		{ DEBUG_OUTCTL_AMBIENT, "x", "x" },
		{ DEBUG_OUTCTL_AMBIENT_DML, "x", "x" },
		{ DEBUG_OUTCTL_THIS_CLIENT | DEBUG_OUTCTL_NOT_LOGGED, "x", "" },
	};
	struct engine engine, other;

	engine_start(&engine);
	engine_join(&engine, &other);
	listen_narrow(&engine, &first);
	listen_narrow(&other, &second);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(IDebugControl7_ControlledOutput(engine.control, rows[i].control,
								 NORMAL, "x"),
				 S_OK);
		assert_output(&first, rows[i].first);
		assert_output(&second, rows[i].second);
	}
	assert_int_equal(IDebugControl7_Output(engine.control, NORMAL, "y"), S_OK);
	assert_output(&first, "y");
	assert_output(&second, "y");
	assert_int_equal(IDebugControl7_ControlledOutput(engine.control, 5, NORMAL, "x"),
			 E_INVALIDARG);
	assert_int_equal(IDebugControl7_ControlledOutput(engine.control, 0x40, NORMAL, "x"),
			 E_INVALIDARG);
	assert_int_equal(IDebugControl7_Output(engine.control, NORMAL, NULL), E_INVALIDARG);
	engine_close(&other);
	engine_close(&engine);
	assert_int_equal(first.references, 1);
	assert_int_equal(second.references, 1);
}

static void test_masks(void **state)
{
	struct engine engine, other;
	ULONG mask;

	engine_start(&engine);
	engine_join(&engine, &other);
	listen_narrow(&engine, &first);
	assert_int_equal(IDebugClient7_SetOutputMask(engine.client, DEBUG_OUTPUT_ERROR), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "normal");
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_ERROR, "error");
	assert_int_equal(first.mask, DEBUG_OUTPUT_ERROR);
	assert_output(&first, "error");
	IDebugControl7_ControlledOutput(engine.control,
					DEBUG_OUTCTL_ALL_CLIENTS | DEBUG_OUTCTL_OVERRIDE_MASK,
					NORMAL, "normal");
	assert_output(&first, "normal");
	assert_int_equal(
		IDebugClient7_GetOtherOutputMask(other.client, (PDEBUG_CLIENT)engine.client, &mask),
		S_OK);
	assert_int_equal(mask, DEBUG_OUTPUT_ERROR);
	assert_int_equal(IDebugClient7_SetOtherOutputMask(
				 other.client, (PDEBUG_CLIENT)engine.client, DEBUG_OUTPUT_SYMBOLS),
			 S_OK);
	assert_int_equal(IDebugClient7_GetOutputMask(engine.client, &mask), S_OK);
	assert_int_equal(mask, DEBUG_OUTPUT_SYMBOLS);
	assert_int_equal(IDebugClient7_GetOutputMask(engine.client, NULL), E_INVALIDARG);
	assert_int_equal(
		IDebugClient7_GetOtherOutputMask(other.client, (PDEBUG_CLIENT)&first.narrow, &mask),
		E_INVALIDARG);
	assert_int_equal(IDebugClient7_SetOtherOutputMask(other.client, NULL, 1), E_INVALIDARG);
	engine_close(&other);
	engine_start(&other); /* of another session */
	assert_int_equal(
		IDebugClient7_GetOtherOutputMask(other.client, (PDEBUG_CLIENT)engine.client, &mask),
		E_INVALIDARG);
	engine_close(&other);
	engine_close(&engine);
}

static void test_widths(void **state)
{
	struct engine engine;

	engine_start(&engine);
	output_log_init(&first);
	assert_int_equal(IDebugClient7_SetOutputCallbacksWide(engine.client, &first.wide), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "%s-%S-%d", "\xc3\xa9\xe2\x82\xac", u"\u20ac",
			      7);
	assert_output(&first, "\xc3\xa9\xe2\x82\xac-\xe2\x82\xac-7");
	/* In a wide format the plain letters are wide. */
	IDebugControl7_OutputWide(engine.control, NORMAL, u"\u00e9%s-%S-%c%hs%ls", u"\u20ac",
				  "\xc3\xa9", u'\u20ac', "h", u"l");
	assert_output(&first, "\xc3\xa9\xe2\x82\xac-\xc3\xa9-\xe2\x82\xachl");
	assert_int_equal(IDebugClient7_SetOutputCallbacks(engine.client, &first.narrow), S_OK);
	IDebugControl7_ControlledOutputWide(engine.control, DEBUG_OUTCTL_THIS_CLIENT, NORMAL,
					    u"\u20ac%d", 1);
	assert_output(&first, "\xe2\x82\xac"
			      "1");
	engine_close(&engine);
	assert_int_equal(first.references, 1);
}

static void test_newer(void **state)
{
	const char *dml = "<b>a</b> &lt;<link cmd=\"x > y\">l</link>&amp;";
	struct engine engine;
	ULONG control = DEBUG_OUTCTL_ALL_CLIENTS | DEBUG_OUTCTL_DML;

	engine_start(&engine);
	output_log_init(&first);
	first.interest = DEBUG_OUTCBI_TEXT;
	assert_int_equal(IDebugClient7_SetOutputCallbacks(engine.client, &first.narrow), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "a<b");
	assert_int_equal(first.which, DEBUG_OUTCB_TEXT);
	assert_int_equal(first.mask, NORMAL);
	assert_output(&first, "a<b");
	IDebugControl7_ControlledOutput(engine.control, control, NORMAL, "%s",
					"<b>a</b> &lt;&amp;");
	assert_output(&first, "a <&");
	first.interest = DEBUG_OUTCBI_DML;
	IDebugControl7_Output(engine.control, NORMAL, "a<b>\"&");
	assert_int_equal(first.which, DEBUG_OUTCB_DML);
	assert_int_equal(first.flags, DEBUG_OUTCBF_DML_HAS_SPECIAL_CHARACTERS);
	assert_output(&first, "a&lt;b&gt;&quot;&amp;");
	first.interest = DEBUG_OUTCBI_ANY_FORMAT;
	IDebugControl7_ControlledOutput(engine.control, control, NORMAL, "%s", dml);
	assert_int_equal(first.which, DEBUG_OUTCB_DML);
	assert_int_equal(first.flags, DEBUG_OUTCBF_DML_HAS_TAGS);
	assert_output(&first, dml);
	IDebugControl7_Output(engine.control, NORMAL, "a<b");
	assert_int_equal(first.which, DEBUG_OUTCB_TEXT);
	assert_output(&first, "a<b");
	assert_int_equal(IDebugClient7_FlushCallbacks(engine.client), S_OK);
	assert_int_equal(first.calls, 0);
	first.interest |= DEBUG_OUTCBI_EXPLICIT_FLUSH;
	assert_int_equal(IDebugClient7_FlushCallbacks(engine.client), S_OK);
	assert_int_equal(first.calls, 1);
	assert_int_equal(first.which, DEBUG_OUTCB_EXPLICIT_FLUSH);
	engine_close(&engine);
	assert_int_equal(first.references, 1);
}

static void test_prefixes(void **state)
{
	struct engine engine;
	ULONG64 outer, inner;
	WCHAR wide[8];
	char text[8];
	ULONG size;

	engine_start(&engine);
	listen_narrow(&engine, &first);
	assert_int_equal(IDebugClient7_GetOutputLinePrefix(engine.client, text, 8, &size), S_OK);
	assert_string_equal(text, "");
	assert_int_equal(IDebugClient7_SetOutputLinePrefix(engine.client, "> "), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "a\n\nb");
	IDebugControl7_Output(engine.control, NORMAL, "c\nd");
	assert_output(&first, "> a\n> \n> bc\n> d");
	IDebugControl7_Output(engine.control, NORMAL, "\n");
	assert_output(&first, "\n");
	assert_int_equal(IDebugClient7_PushOutputLinePrefix(engine.client, "1", &outer), S_OK);
	assert_int_equal(IDebugClient7_PushOutputLinePrefixWide(engine.client, u"\u20ac", &inner),
			 S_OK);
	assert_true(outer && inner && outer != inner);
	IDebugControl7_Output(engine.control, NORMAL, "x\n");
	assert_output(&first, "\xe2\x82\xacx\n");
	assert_int_equal(IDebugClient7_GetOutputLinePrefixWide(engine.client, wide, 8, &size),
			 S_OK);
	assert_int_equal(wide[0], 0x20ac);
	assert_int_equal(size, 2);
	assert_int_equal(IDebugClient7_PopOutputLinePrefix(engine.client, inner), S_OK);
	assert_int_equal(IDebugClient7_PopOutputLinePrefix(engine.client, inner), E_INVALIDARG);
	IDebugControl7_Output(engine.control, NORMAL, "x\n");
	assert_output(&first, "1x\n");
	assert_int_equal(IDebugClient7_PushOutputLinePrefix(engine.client, NULL, &inner), S_OK);
	assert_int_equal(IDebugClient7_PopOutputLinePrefix(engine.client, outer), S_OK);
	assert_int_equal(IDebugClient7_GetOutputLinePrefix(engine.client, text, 2, &size), S_FALSE);
	assert_string_equal(text, ">");
	assert_int_equal(size, 3);
	assert_int_equal(IDebugClient7_SetOutputLinePrefixWide(engine.client, NULL), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "x\n");
	assert_output(&first, "x\n");
	assert_int_equal(IDebugClient7_PopOutputLinePrefix(engine.client, 0), E_INVALIDARG);
	engine_close(&engine);
}

/* One conversion: what the engine prints beside what the C library makes of its own format. */
static struct engine printer;

static void check_format(const char *expected, PCSTR format, ...)
{
	va_list args;

	va_start(args, format);
	assert_int_equal(IDebugControl7_OutputVaList(printer.control, NORMAL, format, args), S_OK);
	va_end(args);
	assert_output(&first, expected);
}

static void check_as_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void check_as_printf(const char *format, ...)
{
	char expected[1024];
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	vsnprintf(expected, sizeof(expected), format, again);
	va_end(again);
	assert_int_equal(IDebugControl7_OutputVaList(printer.control, NORMAL, format, args), S_OK);
	va_end(args);
	assert_output(&first, expected);
}

static void test_printf(void **state)
{
	engine_start(&printer);
	listen_narrow(&printer, &first);
	check_as_printf("%d %i %u %x %X %#o%%", -1, INT_MIN, UINT_MAX, 0xabcd, 0xabcd, 8);
	check_as_printf("%5d|%-5d|%05d|%+d|% d|%*d|%-*d|%.3d", 1, 2, 3, 4, 5, 6, 7, 6, 8, 9);
	check_as_printf("%hhd %hd %lld %llx %zu %jd", -1, -2, LLONG_MIN, ULLONG_MAX, SIZE_MAX,
			INTMAX_MAX);
	check_as_printf("%f %.2e %g %10.3f %a %Lf", 1.5, 12345.678, 1e-7, 3.14159, 0.1, 2.5L);
	check_as_printf("%s|%10s|%-10s|%.2s|%c%5c", "abc", "abc", "abc", "abc", 'x', 'y');
	check_as_printf("%.*s", 3, (const char[]){ 'a', 'b', 'c' }); /* no NUL behind it */
	check_format("(null) (null)", "%s %S", NULL, NULL);
	/* ULONG has 32 bits, and so has "l". */
	check_format("4294967295 -1 ffffffff", "%lu %ld %lx", 0xffffffffu, 0xffffffffu,
		     0xffffffffu);
	check_format("fedcba9876543210 -1 1", "%I64x %I64d %I32u", UINT64_C(0xfedcba9876543210),
		     UINT64_MAX, 1);
	check_format("00001000 0000000100000000 4096", "%I %I %Id", UINT64_C(0x1000),
		     UINT64_C(0x100000000), UINT64_C(4096));
	check_format("[00007ff912345678]", "[%p]", UINT64_C(0x7ff912345678));
	check_format("\xe2\x82\xac|abc|ab|x", "%ls|%ws|%.2S|%C", u"\u20ac", u"abc", u"abc", u'x');
	check_format("100% %k %", "100%% %k %", 0);
	engine_close(&printer);
}

/* Formats that would do harm: nothing is written, and nothing grows beyond reason. */
static void test_hostile_formats(void **state)
{
	int untouched = 42;
	char *format = malloc(60001);
	struct engine engine;

	engine_start(&engine);
	assert_int_equal(
		IDebugControl7_Output(engine.control, NORMAL, "%n%hhn", &untouched, &untouched),
		S_OK);
	assert_int_equal(untouched, 42);
	assert_int_equal(IDebugControl7_Output(engine.control, NORMAL, "%99999999999999999999d", 1),
			 S_OK);
	assert_int_equal(
		IDebugControl7_Output(engine.control, NORMAL, "%.2147483647f%*d", 1.0, INT_MIN, 5),
		S_OK);
	for (size_t i = 0; i < 60000; i += 6)
		memcpy(format + i, "%9999m", 6);
	format[60000] = 0;
	assert_int_equal(IDebugControl7_Output(engine.control, NORMAL, format), S_OK);
	/* 30,000 letters of 16,384 columns would be 470 MiB. */
	for (size_t i = 0; i < 60000; i += 6)
		memcpy(format + i, "%9999%", 6);
	assert_int_equal(IDebugControl7_Output(engine.control, NORMAL, format), S_OK);
	listen_narrow(&engine, &first);
	IDebugControl7_Output(engine.control, NORMAL, "%99999d", 1);
	assert_int_equal(strlen(first.text), 16384);
	engine_close(&engine);
	free(format);
}

static const char machine[] = "process 1 \"/bin/x\"\n"
			      "thread 1 rip=0x1000\n"
			      "run 0x1000 0x2000 rw-p\n"
			      "text 0x1000 \"eight bits\\0\"\n"
			      "text16 0x1100 \"sixteen\\u20ac\\0\"\n"
			      "u16 0x1200 5 8\n"
			      "ptr 0x1208 0x1000\n"
			      "u16 0x1300 6 8\n"
			      "ptr 0x1308 0x1100\n"
			      "text 0x2ffc \"open\"\n";

static void test_target_formats(void **state)
{
	engine_open(&printer, machine);
	listen_narrow(&printer, &first);
	check_format("eight bits", "%ma", UINT64_C(0x1000));
	check_format("sixteen\xe2\x82\xac|", "%mu|", UINT64_C(0x1100));
	check_format("eight|six", "%msa|%msu", UINT64_C(0x1200), UINT64_C(0x1300));
	check_format("eig|   sixt", "%.3ma|%7.4mu", UINT64_C(0x1000), UINT64_C(0x1100));
	check_format("open", "%ma", UINT64_C(0x2ffc)); /* memory ends where its NUL should be */
	check_format("??? ??? ???", "%ma %mu %msu", UINT64_C(0x9000), UINT64_C(0x9000),
		     UINT64_C(0x9000));
	check_format("0000000000009000 7", "%y %d", UINT64_C(0x9000), 7);
	engine_close(&printer);
}

/* A child has what this program has at the same addresses: the linker knows the names too. */
static void test_symbol_formats(void **state)
{
	ULONG64 address = (uintptr_t)dlsym(RTLD_DEFAULT, "getpid");
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	engine_start(&printer);
	assert_int_equal(IDebugClient7_AttachProcess(printer.client, 0, (ULONG)child,
						     DEBUG_ATTACH_NONINVASIVE),
			 S_OK);
	assert_int_equal(IDebugControl7_WaitForEvent(printer.control, 0, INFINITE), S_OK);
	listen_narrow(&printer, &first);
	IDebugControl7_Output(printer.control, NORMAL, "%y|%ly", address, address + 2);
	assert_non_null(strstr(first.text, "!getpid|"));
	assert_non_null(strstr(first.text, "!getpid+0x2"));
	engine_close(&printer);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void test_prompts(void **state)
{
	struct engine engine;
	char text[32];
	ULONG size;

	engine_start(&engine);
	assert_int_equal(IDebugControl7_GetPromptText(engine.control, text, 32, &size), S_OK);
	assert_string_equal(text, "NoTarget");
	engine_close(&engine);
	engine_open(&engine, machine);
	listen_narrow(&engine, &first);
	assert_int_equal(IDebugControl7_GetPromptText(engine.control, text, 32, &size), S_OK);
	assert_string_equal(text, "0:000");
	assert_int_equal(size, 6);
	assert_int_equal(
		IDebugControl7_OutputPrompt(engine.control, DEBUG_OUTCTL_THIS_CLIENT, NULL), S_OK);
	assert_int_equal(first.mask, DEBUG_OUTPUT_PROMPT);
	assert_output(&first, "0:000> ");
	assert_int_equal(IDebugControl7_OutputPromptWide(engine.control, DEBUG_OUTCTL_THIS_CLIENT,
							 u"%d: ", 5),
			 S_OK);
	assert_output(&first, "0:0005: ");
	assert_int_equal(
		IDebugControl7_OutputVersionInformation(engine.control, DEBUG_OUTCTL_THIS_CLIENT),
		S_OK);
	assert_non_null(strstr(first.text, "tmem 0."));
	assert_non_null(strstr(first.text, "synth"));
	engine_close(&engine);
}

static void test_identity(void **state)
{
	struct engine engine;
	char host[256], identity[512], expected[600];
	FILE *id = popen("id -un", "r");
	char user[256];
	ULONG size;

	engine_start(&engine);
	listen_narrow(&engine, &first);
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	assert_true(id && fscanf(id, "%255s", user) == 1);
	pclose(id);
	assert_int_equal(
		IDebugClient7_GetIdentity(engine.client, identity, sizeof(identity), &size), S_OK);
	assert_int_equal(size, strlen(identity) + 1);
	assert_memory_equal(identity, host, strlen(host));
	assert_int_equal(identity[strlen(host)], '\\');
	assert_string_equal(identity + strlen(host) + 1, user);
	assert_int_equal(IDebugClient7_OutputIdentity(engine.client, DEBUG_OUTCTL_THIS_CLIENT, 0,
						      "<%s> %% %d %n"),
			 S_OK);
	snprintf(expected, sizeof(expected), "<%s> %% %%d %%n", identity);
	assert_output(&first, expected);
	assert_int_equal(
		IDebugClient7_OutputIdentityWide(engine.client, DEBUG_OUTCTL_THIS_CLIENT, 1, u"%s"),
		E_INVALIDARG);
	engine_close(&engine);
}

static void check_file(const char *path, const char *expected)
{
	char text[256];
	FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = 0;
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_log(void **state)
{
	char folder[] = "/tmp/dbgeng-log-XXXXXX", path[64], name[64];
	struct engine engine;
	BOOL append;
	ULONG size, mask;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	engine_start(&engine);
	assert_int_equal(IDebugControl7_GetLogFile(engine.control, name, 64, &size, &append),
			 E_NOINTERFACE);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, path, FALSE), S_OK);
	assert_int_equal(IDebugControl7_GetLogFile(engine.control, name, 64, &size, &append), S_OK);
	assert_string_equal(name, path);
	assert_int_equal(size, strlen(path) + 1);
	assert_false(append);
	IDebugControl7_Output(engine.control, NORMAL, "1 %s\n", "one");
	IDebugControl7_ControlledOutput(engine.control, DEBUG_OUTCTL_LOG_ONLY, NORMAL, "2");
	IDebugControl7_ControlledOutput(engine.control, DEBUG_OUTCTL_IGNORE, NORMAL, "3");
	IDebugControl7_ControlledOutput(
		engine.control, DEBUG_OUTCTL_ALL_CLIENTS | DEBUG_OUTCTL_NOT_LOGGED, NORMAL, "4");
	IDebugControl7_ControlledOutput(engine.control, DEBUG_OUTCTL_AMBIENT_DML, NORMAL,
					"<b>5</b>&amp;");
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_VERBOSE, "6");
	check_file(path, "1 one\n25&");
	assert_int_equal(IDebugControl7_GetLogMask(engine.control, &mask), S_OK);
	assert_int_equal(IDebugControl7_SetLogMask(engine.control, mask | DEBUG_OUTPUT_VERBOSE),
			 S_OK);
	assert_int_equal(IDebugControl7_CloseLogFile(engine.control), S_OK);
	IDebugControl7_Output(engine.control, NORMAL, "7");
	assert_int_equal(IDebugControl7_OpenLogFile2Wide(engine.control, u"/nosuch/folder", 0),
			 HRESULT_FROM_WIN32(3));
	assert_int_equal(IDebugControl7_OpenLogFile2(engine.control, path, 2), E_INVALIDARG);
	assert_int_equal(IDebugControl7_OpenLogFile(engine.control, path, TRUE), S_OK);
	IDebugControl7_Output(engine.control, DEBUG_OUTPUT_VERBOSE, "8");
	engine_close(&engine); /* closes it */
	check_file(path, "1 one\n25&8");
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receivers),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_hostile_formats),
		cmocka_unit_test(test_target_formats),
		cmocka_unit_test(test_prompts),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_symbol_formats),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
