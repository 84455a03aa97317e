/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbols_path.c - options of symbols, and the paths where symbols, images and sources are.
 *
 * The session keeps them for programs that set them and ask for them again. They change nothing:
 * symbols come from memory and from the files of the modules (tmem/symbol.h).
 */
#include <stdlib.h>
#include <string.h>

#include "dbgeng/client.h"
#include "dbgeng/text.h"

static HRESULT get_symbol_options(IDebugSymbols5 *This, PULONG Options)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Options)
		return E_INVALIDARG;
	*Options = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	*Options = call.session->symbol_options;
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Options become (old & keep) | add. */
static HRESULT change_options(IDebugSymbols5 *This, ULONG keep, ULONG add)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	ULONG options;

	if (FAILED(result))
		return result;
	options = (call.session->symbol_options & keep) | add;
	if (options != call.session->symbol_options) {
		call.session->symbol_options = options;
		tmi_dbgeng_queue_event(call.session, DEBUG_EVENT_CHANGE_SYMBOL_STATE,
				       DEBUG_CSS_SYMBOL_OPTIONS, options);
	}
	return tmi_dbgeng_leave(&call, S_OK);
}

static HRESULT add_symbol_options(IDebugSymbols5 *This, ULONG Options)
{
	return change_options(This, UINT32_MAX, Options);
}

static HRESULT remove_symbol_options(IDebugSymbols5 *This, ULONG Options)
{
	return change_options(This, ~Options, 0);
}

static HRESULT set_symbol_options(IDebugSymbols5 *This, ULONG Options)
{
	return change_options(This, 0, Options);
}

static const char *path_of(const struct tmi_dbgeng_call *call, enum tmi_dbgeng_path kind)
{
	const char *path = call->session->paths[kind];

	return path ? path : "";
}

static HRESULT get_path(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PSTR buffer, ULONG size,
			PULONG needed)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (needed)
		*needed = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text(path_of(&call, kind), buffer, size, needed);
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_path_wide(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PWSTR buffer,
			     ULONG size, PULONG needed)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (needed)
		*needed = 0;
	result = tmi_dbgeng_enter(This, 0, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_return_text_wide(path_of(&call, kind), buffer, size, needed);
	return tmi_dbgeng_leave(&call, result);
}

/* @old with @addition behind it, malloc'ed; a semicolon between them when neither is empty. */
static char *joined(const char *old, const char *addition)
{
	size_t length = strlen(old);
	size_t room = length + strlen(addition) + 2;
	char *path = malloc(room);

	if (!path)
		return NULL;
	memcpy(path, old, length);
	if (length > 0 && *addition)
		path[length++] = ';';
	memcpy(path + length, addition, strlen(addition) + 1);
	return path;
}

/* @text replaces the path or, with @append, is put behind it. */
static HRESULT change_path(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, const char *text,
			   bool append)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_CHANGES, &call);
	char *path;

	if (FAILED(result))
		return result;
	path = joined(append ? path_of(&call, kind) : "", text);
	if (!path)
		return tmi_dbgeng_leave(&call, E_OUTOFMEMORY);
	if (strcmp(path, path_of(&call, kind)) != 0)
		tmi_dbgeng_queue_event(call.session, DEBUG_EVENT_CHANGE_SYMBOL_STATE,
				       DEBUG_CSS_PATHS, 0);
	free(call.session->paths[kind]);
	call.session->paths[kind] = path;
	return tmi_dbgeng_leave(&call, S_OK);
}

/* Set: NULL is the empty path. */
static HRESULT set_path(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PCSTR Path)
{
	return change_path(This, kind, Path ? Path : "", false);
}

static HRESULT append_path(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PCSTR Addition)
{
	return Addition ? change_path(This, kind, Addition, true) : E_INVALIDARG;
}

static HRESULT change_path_wide(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PCWSTR text,
				bool append)
{
	char *narrow = tmi_dbgeng_narrow(text);
	HRESULT result;

	if (!narrow)
		return E_OUTOFMEMORY;
	result = change_path(This, kind, narrow, append);
	free(narrow);
	return result;
}

static HRESULT set_path_wide(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PCWSTR Path)
{
	return change_path_wide(This, kind, Path ? Path : u"", false);
}

static HRESULT append_path_wide(IDebugSymbols5 *This, enum tmi_dbgeng_path kind, PCWSTR Addition)
{
	return Addition ? change_path_wide(This, kind, Addition, true) : E_INVALIDARG;
}

/* The six methods of each path. */
#define PATH_METHODS(name, kind)                                                                   \
	static HRESULT get_##name##_path(IDebugSymbols5 *This, PSTR Buffer, ULONG BufferSize,      \
					 PULONG PathSize)                                          \
	{                                                                                          \
		return get_path(This, kind, Buffer, BufferSize, PathSize);                         \
	}                                                                                          \
	static HRESULT get_##name##_path_wide(IDebugSymbols5 *This, PWSTR Buffer,                  \
					      ULONG BufferSize, PULONG PathSize)                   \
	{                                                                                          \
		return get_path_wide(This, kind, Buffer, BufferSize, PathSize);                    \
	}                                                                                          \
	static HRESULT set_##name##_path(IDebugSymbols5 *This, PCSTR Path)                         \
	{                                                                                          \
		return set_path(This, kind, Path);                                                 \
	}                                                                                          \
	static HRESULT set_##name##_path_wide(IDebugSymbols5 *This, PCWSTR Path)                   \
	{                                                                                          \
		return set_path_wide(This, kind, Path);                                            \
	}                                                                                          \
	static HRESULT append_##name##_path(IDebugSymbols5 *This, PCSTR Addition)                  \
	{                                                                                          \
		return append_path(This, kind, Addition);                                          \
	}                                                                                          \
	static HRESULT append_##name##_path_wide(IDebugSymbols5 *This, PCWSTR Addition)            \
	{                                                                                          \
		return append_path_wide(This, kind, Addition);                                     \
	}

PATH_METHODS(symbol, TMI_DBGENG_SYMBOL_PATH)
PATH_METHODS(image, TMI_DBGENG_IMAGE_PATH)
PATH_METHODS(source, TMI_DBGENG_SOURCE_PATH)

/* One of the elements between semicolons, malloc'ed; NULL: no memory, or *found stays false. */
static char *element_of(const char *path, ULONG index, bool *found)
{
	*found = *path != '\0';
	while (*found && index-- > 0) {
		path = strchr(path, ';');
		*found = path != NULL;
		if (path)
			path++;
	}
	return *found ? strndup(path, strcspn(path, ";")) : NULL;
}

/* The element, malloc'ed, NULL on failure. */
static HRESULT source_element(IDebugSymbols5 *This, ULONG index, char **element)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, 0, &call);
	bool found;

	*element = NULL;
	if (FAILED(result))
		return result;
	*element = element_of(path_of(&call, TMI_DBGENG_SOURCE_PATH), index, &found);
	if (!*element)
		result = found ? E_OUTOFMEMORY : E_NOINTERFACE;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_source_path_element(IDebugSymbols5 *This, ULONG Index, PSTR Buffer,
				       ULONG BufferSize, PULONG ElementSize)
{
	char *element;
	HRESULT result;

	if (ElementSize)
		*ElementSize = 0;
	result = source_element(This, Index, &element);
	if (!FAILED(result))
		result = tmi_dbgeng_return_text(element, Buffer, BufferSize, ElementSize);
	free(element);
	return result;
}

static HRESULT get_source_path_element_wide(IDebugSymbols5 *This, ULONG Index, PWSTR Buffer,
					    ULONG BufferSize, PULONG ElementSize)
{
	char *element;
	HRESULT result;

	if (ElementSize)
		*ElementSize = 0;
	result = source_element(This, Index, &element);
	if (!FAILED(result))
		result = tmi_dbgeng_return_text_wide(element, Buffer, BufferSize, ElementSize);
	free(element);
	return result;
}

const IDebugSymbols5Vtbl tmi_dbgeng_part_symbols_path = {
	.GetSymbolOptions = get_symbol_options,
	.AddSymbolOptions = add_symbol_options,
	.RemoveSymbolOptions = remove_symbol_options,
	.SetSymbolOptions = set_symbol_options,
	.GetSymbolPath = get_symbol_path,
	.GetSymbolPathWide = get_symbol_path_wide,
	.SetSymbolPath = set_symbol_path,
	.SetSymbolPathWide = set_symbol_path_wide,
	.AppendSymbolPath = append_symbol_path,
	.AppendSymbolPathWide = append_symbol_path_wide,
	.GetImagePath = get_image_path,
	.GetImagePathWide = get_image_path_wide,
	.SetImagePath = set_image_path,
	.SetImagePathWide = set_image_path_wide,
	.AppendImagePath = append_image_path,
	.AppendImagePathWide = append_image_path_wide,
	.GetSourcePath = get_source_path,
	.GetSourcePathWide = get_source_path_wide,
	.SetSourcePath = set_source_path,
	.SetSourcePathWide = set_source_path_wide,
	.AppendSourcePath = append_source_path,
	.AppendSourcePathWide = append_source_path_wide,
	.GetSourcePathElement = get_source_path_element,
	.GetSourcePathElementWide = get_source_path_element_wide,
};
