/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_spaces_string.c - reading strings: "MultiByte" and "Unicode" say what the target holds,
 * "Wide" says that the caller gets UTF-16.
 *
 * Sizes of buffers are in characters of the output, StringBytes and MaxBytes in bytes of the
 * target. Whatever fails, a buffer that has room gets an empty string.
 */
#include "dbgeng/client.h"

/* What differs between the readers: which one, and where its text goes. */
struct string {
	enum { MULTI_BYTE, MULTI_BYTE_WIDE, UNICODE, UNICODE_WIDE } form;
	ULONG code_page;
	PSTR buffer;       /* of 8-bit text */
	PWSTR wide_buffer; /* of UTF-16; one of both at most is set */
};

static tmem_status read_form(tmem_target *target, const struct string *string, ULONG64 Offset,
			     ULONG MaxBytes, ULONG BufferSize, size_t *bytes)
{
	switch (string->form) {
	case MULTI_BYTE:
		return tmem_read_multi_byte_string_virtual(target, Offset, MaxBytes, string->buffer,
							   BufferSize, bytes);
	case MULTI_BYTE_WIDE:
		return tmem_read_multi_byte_string_virtual_wide(
			target, Offset, MaxBytes, string->code_page, string->wide_buffer,
			BufferSize, bytes);
	case UNICODE:
		return tmem_read_unicode_string_virtual(target, Offset, MaxBytes, string->code_page,
							string->buffer, BufferSize, bytes);
	default:
		return tmem_read_unicode_string_virtual_wide(
			target, Offset, MaxBytes, string->wide_buffer, BufferSize, bytes);
	}
}

static HRESULT read_string(IDebugDataSpaces4 *This, const struct string *string, ULONG64 Offset,
			   ULONG MaxBytes, ULONG BufferSize, PULONG StringBytes)
{
	struct tmi_dbgeng_call call;
	size_t bytes = 0;
	HRESULT result;

	if (StringBytes)
		*StringBytes = 0;
	if (string->buffer && BufferSize)
		string->buffer[0] = 0;
	if (string->wide_buffer && BufferSize)
		string->wide_buffer[0] = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(
		read_form(call.target, string, Offset, MaxBytes, BufferSize, &bytes));
	if (StringBytes)
		*StringBytes = (ULONG)bytes;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT read_multi_byte_string_virtual(IDebugDataSpaces4 *This, ULONG64 Offset,
					      ULONG MaxBytes, PSTR Buffer, ULONG BufferSize,
					      PULONG StringBytes)
{
	struct string string = { .form = MULTI_BYTE, .buffer = Buffer };

	return read_string(This, &string, Offset, MaxBytes, BufferSize, StringBytes);
}

static HRESULT read_multi_byte_string_virtual_wide(IDebugDataSpaces4 *This, ULONG64 Offset,
						   ULONG MaxBytes, ULONG CodePage, PWSTR Buffer,
						   ULONG BufferSize, PULONG StringBytes)
{
	struct string string = { .form = MULTI_BYTE_WIDE,
				 .code_page = CodePage,
				 .wide_buffer = Buffer };

	return read_string(This, &string, Offset, MaxBytes, BufferSize, StringBytes);
}

static HRESULT read_unicode_string_virtual(IDebugDataSpaces4 *This, ULONG64 Offset, ULONG MaxBytes,
					   ULONG CodePage, PSTR Buffer, ULONG BufferSize,
					   PULONG StringBytes)
{
	struct string string = { .form = UNICODE, .code_page = CodePage, .buffer = Buffer };

	return read_string(This, &string, Offset, MaxBytes, BufferSize, StringBytes);
}

static HRESULT read_unicode_string_virtual_wide(IDebugDataSpaces4 *This, ULONG64 Offset,
						ULONG MaxBytes, PWSTR Buffer, ULONG BufferSize,
						PULONG StringBytes)
{
	struct string string = { .form = UNICODE_WIDE, .wide_buffer = Buffer };

	return read_string(This, &string, Offset, MaxBytes, BufferSize, StringBytes);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_string = {
	.ReadMultiByteStringVirtual = read_multi_byte_string_virtual,
	.ReadMultiByteStringVirtualWide = read_multi_byte_string_virtual_wide,
	.ReadUnicodeStringVirtual = read_unicode_string_virtual,
	.ReadUnicodeStringVirtualWide = read_unicode_string_virtual_wide,
};
