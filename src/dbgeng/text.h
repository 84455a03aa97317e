/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - results that are text or bytes in a caller's buffer, and conversion of text.
 *
 * The rule of every "Buffer, BufferSize, Size" of the interfaces: *size receives what the whole
 * result needs (a text's NUL included); a result that does not fit is cut (a text stays terminated,
 * no character is split) and the call returns S_FALSE. Buffer NULL asks for the size only: S_OK
 * when BufferSize would have been enough, else S_FALSE. Inside, text is UTF-8.
 */
#ifndef TMI_DBGENG_TEXT_H
#define TMI_DBGENG_TEXT_H

#include <dbgeng.h>

/* @text as 8-bit text; @buffer and @size may be NULL. Returns S_OK or S_FALSE. */
HRESULT tmi_dbgeng_return_text(const char *text, PSTR buffer, ULONG buffer_size, PULONG size);

/*
 * @text as UTF-16; what is not UTF-8 in it becomes U+FFFD. Returns S_OK, S_FALSE, or E_OUTOFMEMORY.
 */
HRESULT tmi_dbgeng_return_text_wide(const char *text, PWSTR buffer, ULONG buffer_size, PULONG size);

/* @data_size bytes. Returns S_OK or S_FALSE. */
HRESULT tmi_dbgeng_return_bytes(const void *data, size_t data_size, PVOID buffer, ULONG buffer_size,
				PULONG size);

/* A UTF-16 text as UTF-8, malloc'ed; what is malformed becomes U+FFFD. NULL: no memory. */
char *tmi_dbgeng_narrow(PCWSTR text);

/* A UTF-8 text as UTF-16, malloc'ed; what is malformed becomes U+FFFD. NULL: no memory. */
WCHAR *tmi_dbgeng_widen(const char *text);

/* A number that a call may not come to know: 0 until it does. @number may be NULL. */
static inline void tmi_dbgeng_zero(PULONG number)
{
	if (number)
		*number = 0;
}

/* The less favourable of the results of two texts: a failure, S_FALSE, S_OK. */
static inline HRESULT tmi_dbgeng_worse(HRESULT a, HRESULT b)
{
	if (FAILED(a) || FAILED(b))
		return FAILED(a) ? a : b;
	return a == S_FALSE || b == S_FALSE ? S_FALSE : S_OK;
}

#endif
