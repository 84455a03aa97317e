/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - results in a caller's buffer, and UTF-8 to UTF-16 and back by iconv; see text.h. */
#include "dbgeng/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>

/* iconv's name of UTF-16 units as this machine has them, without a byte order mark. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NATIVE_UTF16 "UTF-16BE"
#else
#define NATIVE_UTF16 "UTF-16LE"
#endif

/* A conversion: its encodings, the units of its input, and U+FFFD in those of its output. */
struct conversion {
	const char *to;
	const char *from;
	size_t unit;
	const char *replacement;
	size_t replacement_size;
};

static const WCHAR wide_replacement = 0xfffd;

static size_t wide_length(PCWSTR text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

/* Takes one malformed unit of the input away and puts U+FFFD in its place. */
static void replace_unit(const struct conversion *conversion, char **in, size_t *left, char **out,
			 size_t *room)
{
	size_t skipped = *left < conversion->unit ? *left : conversion->unit;

	memcpy(*out, conversion->replacement, conversion->replacement_size);
	*out += conversion->replacement_size;
	*room -= conversion->replacement_size;
	*in += skipped;
	*left -= skipped;
}

/*
 * Converts @size bytes into @out, which has @room for the worst case: U+FFFD for each unit of the
 * input. Returns the bytes used; false through @done when the system has no such conversion.
 */
static size_t convert(const struct conversion *conversion, const void *text, size_t size, char *out,
		      size_t room, bool *done)
{
	iconv_t handle = iconv_open(conversion->to, conversion->from);
	char *in = (char *)(uintptr_t)text;
	char *start = out;

	*done = handle != (iconv_t)-1;
	if (!*done)
		return 0;
	while (size && iconv(handle, &in, &size, &out, &room) == (size_t)-1) {
		if (errno == E2BIG || room < conversion->replacement_size)
			break;
		replace_unit(conversion, &in, &size, &out, &room);
	}
	iconv_close(handle);
	return (size_t)(out - start);
}

char *tmi_dbgeng_narrow(PCWSTR text)
{
	static const struct conversion conversion = { "UTF-8", NATIVE_UTF16, sizeof(WCHAR),
						      "\xef\xbf\xbd", 3 };
	size_t length = wide_length(text);
	char *narrow = malloc(3 * length + 1);
	size_t used;
	bool done;

	if (!narrow)
		return NULL;
	used = convert(&conversion, text, length * sizeof(WCHAR), narrow, 3 * length, &done);
	narrow[used] = 0;
	if (!done) {
		free(narrow);
		return NULL;
	}
	return narrow;
}

WCHAR *tmi_dbgeng_widen(const char *text)
{
	const struct conversion conversion = { NATIVE_UTF16, "UTF-8", 1,
					       (const char *)&wide_replacement, sizeof(WCHAR) };
	size_t size = strlen(text);
	WCHAR *wide = malloc((size + 1) * sizeof(WCHAR));
	size_t used;
	bool done;

	if (!wide)
		return NULL;
	used = convert(&conversion, text, size, (char *)wide, size * sizeof(WCHAR), &done);
	wide[used / sizeof(WCHAR)] = 0;
	if (!done) {
		free(wide);
		return NULL;
	}
	return wide;
}

/* Tells @needed, and says whether @buffer_size is enough for it. */
static HRESULT tell_size(size_t needed, ULONG buffer_size, PULONG size)
{
	if (size)
		*size = needed > UINT32_MAX ? UINT32_MAX : (ULONG)needed;
	return needed <= buffer_size ? S_OK : S_FALSE;
}

/* How much of @text fits into @room bytes without a part of a character at the end. */
static size_t whole_characters(const char *text, size_t room)
{
	size_t end = room;

	/* A sequence has at most three bytes behind its first; more of them are no sequence. */
	while (end && room - end < 3 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return ((unsigned char)text[end] & 0xc0) == 0x80 ? room : end;
}

HRESULT tmi_dbgeng_return_text(const char *text, PSTR buffer, ULONG buffer_size, PULONG size)
{
	size_t length = strlen(text);
	HRESULT result = tell_size(length + 1, buffer_size, size);

	if (!buffer || !buffer_size)
		return result;
	if (result != S_OK)
		length = whole_characters(text, buffer_size - 1);
	memcpy(buffer, text, length);
	buffer[length] = 0;
	return result;
}

HRESULT tmi_dbgeng_return_text_wide(const char *text, PWSTR buffer, ULONG buffer_size, PULONG size)
{
	WCHAR *wide = tmi_dbgeng_widen(text);
	size_t length;
	HRESULT result;

	if (!wide)
		return E_OUTOFMEMORY;
	length = wide_length(wide);
	result = tell_size(length + 1, buffer_size, size);
	if (buffer && buffer_size) {
		if (result != S_OK) {
			length = buffer_size - 1;
			/* Well-formed: a low surrogate stands behind its high one only. */
			if (length && (wide[length] & 0xfc00) == 0xdc00)
				length--;
		}
		memcpy(buffer, wide, length * sizeof(WCHAR));
		buffer[length] = 0;
	}
	free(wide);
	return result;
}

HRESULT tmi_dbgeng_return_bytes(const void *data, size_t data_size, PVOID buffer, ULONG buffer_size,
				PULONG size)
{
	HRESULT result = tell_size(data_size, buffer_size, size);

	if (buffer && data_size)
		memcpy(buffer, data, result == S_OK ? data_size : buffer_size);
	return result;
}
