/* SPDX-License-Identifier: Apache-2.0 */
/* test_symbols.c - IDebugSymbols: modules, names, paths and options. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <uchar.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"
#include "dbgeng/sink.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIRST        0x400000
#define SECOND       0x7f0000000000

/* Two modules; the second one's name is not ASCII and differs from another only in its folder. */
static const char two_modules[] =
	"process 7 \"/bin/example\"\n"
	"thread 7 rip=0x401000\n"
	"run 0x400000 0x2000 r-xp type=image name=\"/bin/example\" file=1\n"
	"elf 0x400000 size=0x2000\n"
	"run 0x7f0000000000 0x3000 r-xp type=image name=\"/lib/libm\\u00f6.so.2\" file=2\n"
	"elf 0x7f0000000000 size=0x3000\n"
	"run 0x7fff00000000 0x1000 rw-p name=\"[stack]\"\n";

struct symbols {
	struct spaces spaces;
	IDebugSymbols3 *symbols;
};

static void symbols_of(struct symbols *all)
{
	assert_int_equal(IDebugClient4_QueryInterface(all->spaces.client, &IID_IDebugSymbols3,
						      (void **)&all->symbols),
			 S_OK);
}

static void open_text(struct symbols *all, const char *text)
{
	spaces_open(&all->spaces, text);
	symbols_of(all);
}

static void close_all(struct symbols *all)
{
	IDebugSymbols3_Release(all->symbols);
	spaces_close(&all->spaces);
}

/* ChangeSymbolState as it was told. */
static struct {
	unsigned count;
	ULONG flags;
	ULONG64 argument;
} told;

static void keep(ULONG flags, ULONG64 argument)
{
	told.count++;
	told.flags = flags;
	told.argument = argument;
}

static void listen_to(struct symbols *all)
{
	static struct sink sink;

	memset(&told, 0, sizeof(told));
	sink_start(&sink, all->spaces.client, DEBUG_EVENT_CHANGE_SYMBOL_STATE, keep);
}

static void assert_told(ULONG flags, ULONG64 argument)
{
	assert_int_equal(told.count, 1);
	assert_int_equal(told.flags, flags);
	assert_int_equal(told.argument, argument);
	told.count = 0;
}

static void test_no_target(void **state)
{
	struct symbols all;
	DEBUG_MODULE_PARAMETERS parameters;
	ULONG64 base = 1;
	ULONG loaded = 1, unloaded = 1;
	char name[8];

	spaces_start(&all.spaces);
	symbols_of(&all);
	assert_int_equal(IDebugSymbols3_GetNumberModules(all.symbols, &loaded, &unloaded),
			 E_UNEXPECTED);
	assert_int_equal(loaded, 0);
	assert_int_equal(unloaded, 0);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 0, &base), E_UNEXPECTED);
	assert_int_equal(base, 0);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, FIRST, 0, NULL, NULL),
			 E_UNEXPECTED);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 1, NULL, 0, &parameters),
			 E_UNEXPECTED);
	assert_int_equal(IDebugSymbols3_GetNameByOffset(all.symbols, FIRST, name, 8, NULL, NULL),
			 E_UNEXPECTED);
	assert_int_equal(IDebugSymbols3_GetOffsetByName(all.symbols, "main", &base), E_UNEXPECTED);
	assert_int_equal(IDebugSymbols3_Reload(all.symbols, ""), E_UNEXPECTED);
	close_all(&all);
}

static void test_by_index(void **state)
{
	struct symbols all;
	ULONG64 base;
	ULONG loaded, unloaded = 1;

	open_text(&all, two_modules);
	assert_int_equal(IDebugSymbols3_GetNumberModules(all.symbols, &loaded, &unloaded), S_OK);
	assert_int_equal(loaded, 2);
	assert_int_equal(unloaded, 0);
	assert_int_equal(IDebugSymbols3_GetNumberModules(all.symbols, NULL, &unloaded),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetNumberModules(all.symbols, &loaded, NULL), E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 0, &base), S_OK);
	assert_int_equal(base, FIRST);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 1, &base), S_OK);
	assert_int_equal(base, SECOND);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 2, &base), E_INVALIDARG);
	assert_int_equal(base, 0);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 0, NULL), E_INVALIDARG);
	close_all(&all);
}

static void test_by_offset(void **state)
{
	struct symbols all;
	ULONG64 base;
	ULONG index;

	open_text(&all, two_modules);
	assert_int_equal(
		IDebugSymbols3_GetModuleByOffset(all.symbols, SECOND + 0x2fff, 0, &index, &base),
		S_OK);
	assert_int_equal(index, 1);
	assert_int_equal(base, SECOND);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, FIRST + 1, 0, NULL, NULL),
			 S_OK);
	assert_int_equal(
		IDebugSymbols3_GetModuleByOffset(all.symbols, SECOND + 0x3000, 0, &index, &base),
		E_NOINTERFACE);
	assert_int_equal(base, 0);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, 0, 0, NULL, NULL),
			 E_NOINTERFACE);
	/* From an index on. */
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, FIRST, 1, NULL, NULL),
			 E_NOINTERFACE);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, SECOND, 1, &index, NULL),
			 S_OK);
	assert_int_equal(index, 1);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, SECOND, 2, NULL, NULL),
			 E_NOINTERFACE);
	/* With flags. */
	assert_int_equal(IDebugSymbols3_GetModuleByOffset2(all.symbols, FIRST, 0,
							   DEBUG_GETMOD_NO_UNLOADED_MODULES, NULL,
							   &base),
			 S_OK);
	assert_int_equal(base, FIRST);
	assert_int_equal(IDebugSymbols3_GetModuleByOffset2(all.symbols, FIRST, 0,
							   DEBUG_GETMOD_NO_LOADED_MODULES, NULL,
							   &base),
			 E_NOINTERFACE);
	assert_int_equal(
		IDebugSymbols3_GetModuleByOffset2(all.symbols, FIRST, 0, 0x80, NULL, &base),
		E_INVALIDARG);
	close_all(&all);
}

static void test_by_name(void **state)
{
	struct symbols all;
	ULONG64 base;
	ULONG index;

	open_text(&all, two_modules);
	assert_int_equal(
		IDebugSymbols3_GetModuleByModuleName(all.symbols, "example", 0, &index, &base),
		S_OK);
	assert_int_equal(index, 0);
	assert_int_equal(base, FIRST);
	assert_int_equal(
		IDebugSymbols3_GetModuleByModuleName(all.symbols, "EXAMPLE", 0, NULL, NULL), S_OK);
	assert_int_equal(
		IDebugSymbols3_GetModuleByModuleName(all.symbols, "example", 1, &index, &base),
		E_NOINTERFACE);
	assert_int_equal(base, 0);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleNameWide(all.symbols, u"libm\u00f6", 1,
								  &index, &base),
			 S_OK);
	assert_int_equal(index, 1);
	assert_int_equal(base, SECOND);
	assert_int_equal(
		IDebugSymbols3_GetModuleByModuleName(all.symbols, "LibM\u00f6", 0, NULL, NULL),
		S_OK);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleName2(all.symbols, "libm\u00f6.so.2", 0,
							       DEBUG_GETMOD_DEFAULT, NULL, &base),
			 S_OK);
	assert_int_equal(base, SECOND);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleName2(all.symbols, "example", 0,
							       DEBUG_GETMOD_NO_LOADED_MODULES, NULL,
							       &base),
			 E_NOINTERFACE);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleName2Wide(all.symbols, u"example", 0, 4,
								   NULL, &base),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleName(all.symbols, NULL, 0, NULL, NULL),
			 E_INVALIDARG);
	close_all(&all);
}

static void test_parameters_by_index(void **state)
{
	struct symbols all;
	DEBUG_MODULE_PARAMETERS both[3];

	open_text(&all, two_modules);
	memset(both, 0x55, sizeof(both));
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 2, NULL, 0, both), S_OK);
	assert_int_equal(both[0].Base, FIRST);
	assert_int_equal(both[0].Size, 0x2000);
	assert_int_equal(both[0].TimeDateStamp, 0);
	assert_int_equal(both[0].Checksum, 0);
	assert_int_equal(both[0].Flags, DEBUG_MODULE_USER_MODE | DEBUG_MODULE_EXE_MODULE);
	assert_int_equal(both[0].SymbolType, DEBUG_SYMTYPE_DEFERRED);
	assert_int_equal(both[0].ImageNameSize, sizeof("/bin/example"));
	assert_int_equal(both[0].ModuleNameSize, sizeof("example"));
	assert_int_equal(both[0].LoadedImageNameSize, sizeof("/bin/example"));
	assert_int_equal(both[0].SymbolFileNameSize, sizeof("/bin/example"));
	assert_int_equal(both[0].MappedImageNameSize, 1);
	assert_int_equal(both[0].Reserved[1], 0);
	assert_int_equal(both[1].Base, SECOND);
	assert_int_equal(both[1].Size, 0x3000);
	assert_int_equal(both[1].Flags, DEBUG_MODULE_USER_MODE);
	/* Past the end: what there is, and a failure. */
	memset(both, 0x55, sizeof(both));
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 3, NULL, 1, both),
			 E_INVALIDARG);
	assert_int_equal(both[0].Base, SECOND);
	assert_int_equal(both[1].Base, 0x5555555555555555);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 1, NULL, 2, both),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 0, NULL, 2, both), S_OK);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 0, NULL, 3, both),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 2, NULL, UINT32_MAX, both),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 1, NULL, 0, NULL),
			 E_INVALIDARG);
	close_all(&all);
}

static void test_parameters_by_base(void **state)
{
	ULONG64 bases[] = { SECOND, FIRST + 0x1000, FIRST, 0 };
	DEBUG_MODULE_PARAMETERS found[COUNT(bases)];
	struct symbols all;

	open_text(&all, two_modules);
	memset(found, 0x55, sizeof(found));
	/* Start counts for nothing then. */
	assert_int_equal(
		IDebugSymbols3_GetModuleParameters(all.symbols, COUNT(bases), bases, 99, found),
		S_OK);
	assert_int_equal(found[0].Base, SECOND);
	assert_int_equal(found[1].Base, DEBUG_INVALID_OFFSET);
	assert_int_equal(found[1].Size, 0);
	assert_int_equal(found[2].Base, FIRST);
	assert_int_equal(found[3].Base, DEBUG_INVALID_OFFSET);
	close_all(&all);
}

static void test_name_strings(void **state)
{
	static const char *const names[] = { "/bin/example", "example", "/bin/example",
					     "/bin/example", "" };
	struct symbols all;
	char text[64];
	WCHAR wide[64];
	ULONG size;

	open_text(&all, two_modules);
	for (ULONG which = 0; which < COUNT(names); which++) {
		ULONG needed = (ULONG)strlen(names[which]) + 1;

		assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, which, 0, 99, text,
								    sizeof(text), &size),
				 S_OK);
		assert_string_equal(text, names[which]);
		assert_int_equal(size, needed);
		assert_int_equal(IDebugSymbols3_GetModuleNameStringWide(all.symbols, which,
									DEBUG_ANY_ID, FIRST, wide,
									needed, &size),
				 S_OK);
		for (ULONG i = 0; i < needed; i++)
			assert_int_equal(wide[i], names[which][i]);
		assert_int_equal(size, needed);
	}
	/* One character short, and without a buffer. */
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, DEBUG_MODNAME_MODULE, 0, 0,
							    text, sizeof("example") - 1, &size),
			 S_FALSE);
	assert_string_equal(text, "exampl");
	assert_int_equal(size, sizeof("example"));
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, DEBUG_MODNAME_MODULE, 0, 0,
							    NULL, size, &size),
			 S_OK);
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, DEBUG_MODNAME_MODULE, 0, 0,
							    NULL, 0, &size),
			 S_FALSE);
	/* Units of UTF-16, bytes of UTF-8. */
	assert_int_equal(IDebugSymbols3_GetModuleNameStringWide(all.symbols, DEBUG_MODNAME_MODULE,
								1, 0, wide, COUNT(wide), &size),
			 S_OK);
	assert_int_equal(size, 6);
	assert_memory_equal(wide, u"libm\u00f6", 12);
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, DEBUG_MODNAME_MODULE, 1, 0,
							    NULL, 0, &size),
			 S_FALSE);
	assert_int_equal(size, 7);
	/* Not there, and not a name. */
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, DEBUG_MODNAME_MODULE,
							    DEBUG_ANY_ID, FIRST + 1, text, 8,
							    &size),
			 E_NOINTERFACE);
	assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols, 5, 0, 0, text, 8, &size),
			 E_INVALIDARG);
	close_all(&all);
}

static void test_names(void **state)
{
	struct symbols all;
	char image[32], module[4], loaded[32];
	ULONG sizes[3];

	open_text(&all, two_modules);
	assert_int_equal(IDebugSymbols3_GetModuleNames(all.symbols, DEBUG_ANY_ID, FIRST, image, 32,
						       &sizes[0], NULL, 8, &sizes[1], loaded, 32,
						       &sizes[2]),
			 S_OK);
	assert_string_equal(image, "/bin/example");
	assert_string_equal(loaded, "/bin/example");
	assert_int_equal(sizes[0], sizeof("/bin/example"));
	assert_int_equal(sizes[1], sizeof("example"));
	assert_int_equal(sizes[2], sizeof("/bin/example"));
	assert_int_equal(IDebugSymbols3_GetModuleNames(all.symbols, 0, 0, image, 32, NULL, module,
						       4, NULL, loaded, 32, NULL),
			 S_FALSE);
	assert_string_equal(module, "exa");
	assert_int_equal(IDebugSymbols3_GetModuleNames(all.symbols, 2, 0, image, 32, &sizes[0],
						       module, 4, &sizes[1], loaded, 32, NULL),
			 E_NOINTERFACE);
	assert_int_equal(sizes[0], 0);
	assert_int_equal(sizes[1], 0);
	assert_int_equal(IDebugSymbols3_IsManagedModule(all.symbols, 0, 0), S_FALSE);
	assert_int_equal(IDebugSymbols3_IsManagedModule(all.symbols, 2, 0), E_NOINTERFACE);
	close_all(&all);
}

/* Bases above 2 GiB of a 32-bit target are sign-extended, and both forms are taken. */
static void test_narrow_target(void **state)
{
	static const char text[] =
		"machine i386\nprocess 7 \"/bin/example\"\n"
		"run 0xf7000000 0x2000 r-xp type=image name=\"/lib/libq.so\" file=1\n"
		"elf 0xf7000000 size=0x2000\n";
	struct symbols all;
	DEBUG_MODULE_PARAMETERS parameters[2];
	ULONG64 base, bases[] = { 0xf7000000, 0xfffffffff7000000 };

	open_text(&all, text);
	assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, 0, &base), S_OK);
	assert_int_equal(base, 0xfffffffff7000000);
	for (unsigned i = 0; i < COUNT(bases); i++) {
		assert_int_equal(
			IDebugSymbols3_GetModuleByOffset(all.symbols, bases[i], 0, NULL, &base),
			S_OK);
		assert_int_equal(base, 0xfffffffff7000000);
	}
	assert_int_equal(IDebugSymbols3_GetModuleParameters(all.symbols, 2, bases, 0, parameters),
			 S_OK);
	assert_int_equal(parameters[0].Base, 0xfffffffff7000000);
	assert_int_equal(parameters[1].Base, 0xfffffffff7000000);
	close_all(&all);
}

/* What the text has no symbols for. */
static void test_no_symbols(void **state)
{
	struct symbols all;
	ULONG64 offset = 1, displacement = 1;
	ULONG size = 1;
	char name[8];

	open_text(&all, two_modules);
	assert_int_equal(IDebugSymbols3_GetNameByOffset(all.symbols, FIRST + 0x1000, name, 8, &size,
							&displacement),
			 E_FAIL);
	assert_int_equal(size, 0);
	assert_int_equal(displacement, 0);
	assert_int_equal(IDebugSymbols3_GetNameByOffsetWide(all.symbols, 5, NULL, 0, NULL, NULL),
			 E_FAIL);
	assert_int_equal(
		IDebugSymbols3_GetNearNameByOffset(all.symbols, FIRST, 1, name, 8, NULL, NULL),
		E_FAIL);
	assert_int_equal(IDebugSymbols3_GetOffsetByName(all.symbols, "example!main", &offset),
			 E_FAIL);
	assert_int_equal(offset, 0);
	offset = 1;
	assert_int_equal(IDebugSymbols3_GetOffsetByNameWide(all.symbols, u"main", &offset), E_FAIL);
	assert_int_equal(offset, 0);
	assert_int_equal(IDebugSymbols3_GetOffsetByName(all.symbols, NULL, &offset), E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetOffsetByNameWide(all.symbols, u"main", NULL),
			 E_INVALIDARG);
	assert_int_equal(IDebugSymbols3_GetSymbolModule(all.symbols, "nobody!main", &offset),
			 E_FAIL);
	assert_int_equal(IDebugSymbols3_GetSymbolModule(all.symbols, "example!", &offset), S_OK);
	assert_int_equal(offset, FIRST);
	assert_int_equal(IDebugSymbols3_GetSymbolModuleWide(all.symbols, u"libm\u00f6!", &offset),
			 S_OK);
	assert_int_equal(offset, SECOND);
	assert_int_equal(IDebugSymbols3_GetSymbolModule(all.symbols, "!", &offset), E_FAIL);
	close_all(&all);
}

static void test_not_offered(void **state)
{
	struct symbols all;
	ULONG64 module;
	ULONG id;

	open_text(&all, two_modules);
	assert_int_equal(IDebugSymbols3_GetTypeId(all.symbols, FIRST, "int", &id), E_NOTIMPL);
	assert_int_equal(IDebugSymbols3_GetSymbolTypeId(all.symbols, "main", &id, &module),
			 E_NOTIMPL);
	assert_int_equal(
		IDebugSymbols3_AddSyntheticModule(all.symbols, 0x10000, 0x1000, "/x", "x", 0),
		E_NOTIMPL);
	close_all(&all);
}

static void test_reload(void **state)
{
	struct symbols all;

	open_text(&all, two_modules);
	listen_to(&all);
	assert_int_equal(IDebugSymbols3_Reload(all.symbols, ""), S_OK);
	assert_told(DEBUG_CSS_LOADS, 0);
	assert_int_equal(IDebugSymbols3_ReloadWide(all.symbols, u"/f example"), S_OK);
	assert_told(DEBUG_CSS_LOADS, 0);
	assert_int_equal(IDebugSymbols3_Reload(all.symbols, NULL), E_INVALIDARG);
	assert_int_equal(told.count, 0);
	close_all(&all);
}

static void test_options(void **state)
{
	struct symbols all;
	ULONG options, old;

	spaces_start(&all.spaces);
	symbols_of(&all);
	listen_to(&all);
	assert_int_equal(IDebugSymbols3_GetSymbolOptions(all.symbols, &old), S_OK);
	assert_int_equal(old & SYMOPT_LOAD_LINES, 0);
	assert_int_equal(IDebugSymbols3_AddSymbolOptions(all.symbols, SYMOPT_LOAD_LINES), S_OK);
	assert_told(DEBUG_CSS_SYMBOL_OPTIONS, old | SYMOPT_LOAD_LINES);
	assert_int_equal(IDebugSymbols3_AddSymbolOptions(all.symbols, SYMOPT_LOAD_LINES), S_OK);
	assert_int_equal(told.count, 0);
	assert_int_equal(IDebugSymbols3_RemoveSymbolOptions(all.symbols, SYMOPT_LOAD_LINES), S_OK);
	assert_told(DEBUG_CSS_SYMBOL_OPTIONS, old);
	assert_int_equal(IDebugSymbols3_SetSymbolOptions(all.symbols, SYMOPT_DEBUG), S_OK);
	assert_told(DEBUG_CSS_SYMBOL_OPTIONS, SYMOPT_DEBUG);
	assert_int_equal(IDebugSymbols3_GetSymbolOptions(all.symbols, &options), S_OK);
	assert_int_equal(options, SYMOPT_DEBUG);
	assert_int_equal(IDebugSymbols3_GetSymbolOptions(all.symbols, NULL), E_INVALIDARG);
	close_all(&all);
}

/* The three paths are three. */
static void test_paths(void **state)
{
	struct symbols all;
	IDebugSymbols3 *symbols;
	char text[32];
	WCHAR wide[32];
	ULONG size;

	spaces_start(&all.spaces);
	symbols_of(&all);
	listen_to(&all);
	symbols = all.symbols;
	assert_int_equal(IDebugSymbols3_GetSymbolPath(symbols, text, sizeof(text), &size), S_OK);
	assert_string_equal(text, "");
	assert_int_equal(size, 1);
	assert_int_equal(IDebugSymbols3_AppendSymbolPath(symbols, "/a"), S_OK);
	assert_told(DEBUG_CSS_PATHS, 0);
	assert_int_equal(IDebugSymbols3_AppendSymbolPathWide(symbols, u"/\u00f6"), S_OK);
	assert_told(DEBUG_CSS_PATHS, 0);
	assert_int_equal(IDebugSymbols3_AppendSymbolPath(symbols, ""), S_OK);
	assert_int_equal(IDebugSymbols3_AppendSymbolPath(symbols, NULL), E_INVALIDARG);
	assert_int_equal(told.count, 0);
	assert_int_equal(IDebugSymbols3_SetImagePathWide(symbols, u"/image"), S_OK);
	assert_told(DEBUG_CSS_PATHS, 0);
	assert_int_equal(IDebugSymbols3_SetSourcePath(symbols, "/src;/more"), S_OK);
	assert_told(DEBUG_CSS_PATHS, 0);
	assert_int_equal(IDebugSymbols3_GetSymbolPath(symbols, text, sizeof(text), &size), S_OK);
	assert_string_equal(text, "/a;/\u00f6");
	assert_int_equal(size, 7);
	assert_int_equal(IDebugSymbols3_GetSymbolPathWide(symbols, wide, 6, &size), S_OK);
	assert_int_equal(size, 6);
	assert_memory_equal(wide, u"/a;/\u00f6", 12);
	assert_int_equal(IDebugSymbols3_GetImagePath(symbols, text, 4, &size), S_FALSE);
	assert_string_equal(text, "/im");
	assert_int_equal(size, sizeof("/image"));
	assert_int_equal(IDebugSymbols3_GetSourcePathWide(symbols, NULL, 0, &size), S_FALSE);
	assert_int_equal(size, sizeof("/src;/more"));
	assert_int_equal(IDebugSymbols3_SetImagePath(symbols, NULL), S_OK);
	assert_int_equal(IDebugSymbols3_GetImagePath(symbols, text, sizeof(text), NULL), S_OK);
	assert_string_equal(text, "");
	close_all(&all);
}

static void test_source_elements(void **state)
{
	static const char *const elements[] = { "/src", "", "/last" };
	struct symbols all;
	char text[32];
	WCHAR wide[32];
	ULONG size;

	spaces_start(&all.spaces);
	symbols_of(&all);
	assert_int_equal(IDebugSymbols3_GetSourcePathElement(all.symbols, 0, text, 32, &size),
			 E_NOINTERFACE);
	assert_int_equal(IDebugSymbols3_SetSourcePath(all.symbols, "/src;;/last"), S_OK);
	for (ULONG i = 0; i < COUNT(elements); i++) {
		assert_int_equal(
			IDebugSymbols3_GetSourcePathElement(all.symbols, i, text, 32, &size), S_OK);
		assert_string_equal(text, elements[i]);
		assert_int_equal(size, strlen(elements[i]) + 1);
	}
	assert_int_equal(IDebugSymbols3_GetSourcePathElementWide(all.symbols, 2, wide, 4, &size),
			 S_FALSE);
	assert_memory_equal(wide, u"/la", 8);
	assert_int_equal(size, 6);
	assert_int_equal(IDebugSymbols3_GetSourcePathElement(all.symbols, 3, text, 32, &size),
			 E_NOINTERFACE);
	assert_int_equal(size, 0);
	close_all(&all);
}

/* A child that waits: with the same modules at the same addresses as this program. */
struct child {
	pid_t pid;
	int end;
};

static void attach_child(struct symbols *all, struct child *child)
{
	IDebugControl *control;
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	child->pid = fork();
	if (child->pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	child->end = ends[1];
	spaces_start(&all->spaces);
	symbols_of(all);
	assert_int_equal(IDebugClient4_QueryInterface(all->spaces.client, &IID_IDebugControl,
						      (void **)&control),
			 S_OK);
	assert_int_equal(IDebugClient4_AttachProcess(all->spaces.client, 0, (ULONG)child->pid,
						     DEBUG_ATTACH_NONINVASIVE |
							     DEBUG_ATTACH_NONINVASIVE_NO_SUSPEND),
			 S_OK);
	assert_int_equal(IDebugControl_WaitForEvent(control, DEBUG_WAIT_DEFAULT, INFINITE), S_OK);
	IDebugControl_Release(control);
}

static void end_child(struct symbols *all, struct child *child)
{
	close_all(all);
	close(child->end);
	waitpid(child->pid, NULL, 0);
}

/* What the kernel says about one file in the maps of a process. */
struct mapped {
	ULONG64 first;
	ULONG64 end;
	char path[256];
};

/* Files that are modules for certain: the program, and what is called a shared object. */
static size_t mapped_files(pid_t pid, struct mapped *files, size_t room)
{
	char name[64], line[512];
	size_t count = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		struct mapped now = { 0 };
		unsigned long long first, end;

		if (sscanf(line, "%llx-%llx %*s %*s %*s %*s %255s", &first, &end, now.path) != 3 ||
		    (!strstr(now.path, ".so") && !strstr(now.path, "test_symbols")))
			continue;
		now.first = first;
		if (count == 0 || strcmp(files[count - 1].path, now.path)) {
			assert_true(count < room);
			files[count++] = now;
		}
		files[count - 1].end = end;
	}
	fclose(maps);
	return count;
}

static void test_as_maps(void **state)
{
	struct mapped files[64];
	struct symbols all;
	struct child child;
	ULONG loaded, unloaded, programs = 0;
	size_t count;

	attach_child(&all, &child);
	count = mapped_files(child.pid, files, COUNT(files));
	assert_true(count >= 3);
	assert_int_equal(IDebugSymbols3_GetNumberModules(all.symbols, &loaded, &unloaded), S_OK);
	assert_true(loaded >= count);
	for (size_t i = 0; i < count; i++) {
		DEBUG_MODULE_PARAMETERS parameters;
		char path[256];
		ULONG64 base;
		ULONG index;

		assert_int_equal(IDebugSymbols3_GetModuleByOffset(all.symbols, files[i].end - 1, 0,
								  &index, &base),
				 S_OK);
		assert_int_equal(base, files[i].first);
		assert_int_equal(IDebugSymbols3_GetModuleByIndex(all.symbols, index, &base), S_OK);
		assert_int_equal(base, files[i].first);
		assert_int_equal(IDebugSymbols3_GetModuleNameString(all.symbols,
								    DEBUG_MODNAME_IMAGE, index, 0,
								    path, sizeof(path), NULL),
				 S_OK);
		assert_string_equal(path, files[i].path);
		assert_int_equal(
			IDebugSymbols3_GetModuleParameters(all.symbols, 1, &base, 0, &parameters),
			S_OK);
		assert_true(parameters.Size >= files[i].end - files[i].first);
		assert_int_equal(!!(parameters.Flags & DEBUG_MODULE_EXE_MODULE),
				 strstr(path, "test_symbols") != NULL);
		programs += !!(parameters.Flags & DEBUG_MODULE_EXE_MODULE);
	}
	assert_int_equal(programs, 1);
	end_child(&all, &child);
}

static void test_as_dlsym(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	ULONG64 expected = (uintptr_t)dlsym(libc, "gnu_get_libc_version");
	struct symbols all;
	struct child child;
	ULONG64 offset, base, displacement;
	ULONG size;
	char name[64], near[64];
	WCHAR wide[64];

	attach_child(&all, &child);
	assert_int_equal(
		IDebugSymbols3_GetOffsetByName(all.symbols, "libc!gnu_get_libc_version", &offset),
		S_OK);
	assert_int_equal(offset, expected);
	assert_int_equal(
		IDebugSymbols3_GetOffsetByNameWide(all.symbols, u"gnu_get_libc_version", &offset),
		S_OK);
	assert_int_equal(offset, expected);
	assert_int_equal(
		IDebugSymbols3_GetSymbolModule(all.symbols, "libc!gnu_get_libc_version", &base),
		S_OK);
	assert_int_equal(
		IDebugSymbols3_GetModuleByModuleName(all.symbols, "libc", 0, NULL, &offset), S_OK);
	assert_int_equal(base, offset);
	assert_int_equal(IDebugSymbols3_GetNameByOffset(all.symbols, expected + 3, name,
							sizeof(name), &size, &displacement),
			 S_OK);
	assert_string_equal(name, "libc!gnu_get_libc_version");
	assert_int_equal(size, sizeof("libc!gnu_get_libc_version"));
	assert_int_equal(displacement, 3);
	assert_int_equal(IDebugSymbols3_GetNameByOffset(all.symbols, expected, name, 6, &size,
							&displacement),
			 S_FALSE);
	assert_string_equal(name, "libc!");
	assert_int_equal(size, sizeof("libc!gnu_get_libc_version"));
	assert_int_equal(IDebugSymbols3_GetNameByOffsetWide(all.symbols, expected, wide,
							    COUNT(wide), &size, NULL),
			 S_OK);
	assert_memory_equal(wide, u"libc!gnu_get_libc_version",
			    2 * sizeof("libc!gnu_get_libc_version"));
	/* The next name above, and the way back. */
	assert_int_equal(IDebugSymbols3_GetNearNameByOffset(all.symbols, expected, 1, near,
							    sizeof(near), NULL, &displacement),
			 S_OK);
	assert_true(displacement > 0);
	assert_int_equal(IDebugSymbols3_GetNearNameByOffsetWide(all.symbols,
								expected + displacement, -1, wide,
								COUNT(wide), &size, &offset),
			 S_OK);
	assert_int_equal(offset, displacement);
	assert_int_equal(size, sizeof("libc!gnu_get_libc_version"));
	end_child(&all, &child);
	dlclose(libc);
}

/* The value of a symbol in a file, as nm lists it. */
static ULONG64 nm_value(const char *path, const char *symbol)
{
	char command[512], line[256], name[128];
	unsigned long long value = 0, at;
	FILE *nm;

	snprintf(command, sizeof(command), "nm '%s'", path);
	nm = popen(command, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm))
		if (sscanf(line, "%llx %*c %127s", &at, name) == 2 && !strcmp(name, symbol))
			value = at;
	assert_int_equal(pclose(nm), 0);
	return value;
}

/* The program exports nothing: its names come from the symbol table of its file. */
static void test_as_nm(void **state)
{
	char path[256], symbol[320];
	ULONG64 offset, base, value;
	struct symbols all;
	struct child child;
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *module;

	assert_true(length > 0);
	path[length] = '\0';
	module = strrchr(path, '/') + 1;
	value = nm_value(path, "main");
	assert_true(value > 0);
	attach_child(&all, &child);
	assert_int_equal(IDebugSymbols3_GetModuleByModuleName(all.symbols, module, 0, NULL, &base),
			 S_OK);
	snprintf(symbol, sizeof(symbol), "%s!main", module);
	assert_int_equal(IDebugSymbols3_GetOffsetByName(all.symbols, symbol, &offset), S_OK);
	assert_int_equal(offset, base + value);
	end_child(&all, &child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_by_index),
		cmocka_unit_test(test_by_offset),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_parameters_by_index),
		cmocka_unit_test(test_parameters_by_base),
		cmocka_unit_test(test_name_strings),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_narrow_target),
		cmocka_unit_test(test_no_symbols),
		cmocka_unit_test(test_not_offered),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_source_elements),
		cmocka_unit_test(test_as_maps),
		cmocka_unit_test(test_as_dlsym),
		cmocka_unit_test(test_as_nm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
