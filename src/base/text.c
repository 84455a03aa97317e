/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - text conversion through iconv; see text.h. */
#include "base/text.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

#define SCRATCH 4096

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HOST_UTF16 "UTF-16BE"
#else
#define HOST_UTF16 "UTF-16LE"
#endif

/* Windows number -> iconv name. 1200, 1201, 12000 and 12001 have no bytes as units. */
static const struct code_page {
	uint32_t number;
	const char *name;
} code_pages[] = {
	{ 0, "UTF-8" }, /* CP_ACP: what Linux programs use */
	{ 1, "CP437" }, /* CP_OEMCP */
	{ 437, "CP437" },         { 737, "CP737" },         { 775, "CP775" },
	{ 850, "CP850" },         { 852, "CP852" },         { 855, "CP855" },
	{ 857, "CP857" },         { 858, "CP858" },         { 860, "CP860" },
	{ 861, "CP861" },         { 862, "CP862" },         { 863, "CP863" },
	{ 864, "CP864" },         { 865, "CP865" },         { 866, "CP866" },
	{ 869, "CP869" },         { 874, "CP874" },         { 932, "CP932" },
	{ 936, "CP936" },         { 949, "CP949" },         { 950, "CP950" },
	{ 1250, "CP1250" },       { 1251, "CP1251" },       { 1252, "CP1252" },
	{ 1253, "CP1253" },       { 1254, "CP1254" },       { 1255, "CP1255" },
	{ 1256, "CP1256" },       { 1257, "CP1257" },       { 1258, "CP1258" },
	{ 1361, "JOHAB" },        { 10000, "MACINTOSH" },   { 10007, "MAC-CYRILLIC" },
	{ 20127, "ASCII" },       { 20866, "KOI8-R" },      { 20932, "EUC-JP" },
	{ 20936, "EUC-CN" },      { 21866, "KOI8-U" },      { 28591, "ISO-8859-1" },
	{ 28592, "ISO-8859-2" },  { 28593, "ISO-8859-3" },  { 28594, "ISO-8859-4" },
	{ 28595, "ISO-8859-5" },  { 28596, "ISO-8859-6" },  { 28597, "ISO-8859-7" },
	{ 28598, "ISO-8859-8" },  { 28599, "ISO-8859-9" },  { 28600, "ISO-8859-10" },
	{ 28601, "ISO-8859-11" }, { 28603, "ISO-8859-13" }, { 28604, "ISO-8859-14" },
	{ 28605, "ISO-8859-15" }, { 28606, "ISO-8859-16" }, { 38598, "ISO-8859-8" },
	{ 51932, "EUC-JP" },      { 51936, "EUC-CN" },      { 51949, "EUC-KR" },
	{ 54936, "GB18030" },     { 65000, "UTF-7" },       { 65001, "UTF-8" },
};

const char *tmi_code_page_name(uint32_t code_page)
{
	for (size_t i = 0; i < sizeof(code_pages) / sizeof(*code_pages); i++)
		if (code_pages[i].number == code_page)
			return code_pages[i].name;
	return NULL;
}

static tmem_status open_converter(struct tmi_converter *text, const char *to, const char *from)
{
	text->handle = iconv_open(to, from);
	if (text->handle != (iconv_t)-1)
		return TMEM_S_OK;
	if (errno == ENOMEM)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return tmi_fail_text(TMEM_E_INVALIDARG,
			     "bad code_page: this system's iconv cannot convert %s to %s", from,
			     to);
}

tmem_status tmi_code_page_check(uint32_t code_page)
{
	if (tmi_code_page_name(code_page))
		return TMEM_S_OK;
	return tmi_fail_text(TMEM_E_INVALIDARG,
			     "bad code_page: expected the number of a code page with 8-bit units, "
			     "such as 65001, 1252 or 932, not %u",
			     code_page);
}

tmem_status tmi_converter_init_wide(struct tmi_converter *text, uint32_t code_page, void *out,
				    size_t room)
{
	const char *name = tmi_code_page_name(code_page);
	tmem_status status = tmi_code_page_check(code_page);

	*text = (struct tmi_converter){ .out = out, .room = room, .to_wide = true };
	return name ? open_converter(text, HOST_UTF16, name) : status;
}

tmem_status tmi_converter_init_narrow(struct tmi_converter *text, uint32_t code_page,
				      bool big_endian, void *out, size_t room)
{
	const char *name = tmi_code_page_name(code_page);
	tmem_status status = tmi_code_page_check(code_page);

	*text = (struct tmi_converter){ .out = out, .room = room, .big_endian = big_endian };
	if (!name)
		return status;
	return open_converter(text, name, big_endian ? "UTF-16BE" : "UTF-16LE");
}

static void keep(struct tmi_converter *text, const void *bytes, size_t size)
{
	if (text->out && size)
		memcpy(text->out + text->used, bytes, size);
	text->used += size;
	text->room -= size;
}

/*
 * One step of iconv into what is left of the room; *input and *left move on. Returns 0 when all
 * input was taken or the next character does not fit; else EILSEQ or EINVAL, as iconv.
 */
static int convert_some(struct tmi_converter *text, char **input, size_t *left)
{
	while (*left && !text->full) {
		char scratch[SCRATCH];
		size_t limit = text->room < SCRATCH ? text->room : SCRATCH;
		size_t unused = limit;
		char *out = scratch;
		size_t result = iconv(text->handle, input, left, &out, &unused);
		int error = result == (size_t)-1 ? errno : 0;

		keep(text, scratch, limit - unused);
		if (error == E2BIG)
			text->full = limit < SCRATCH;
		else if (error)
			return error;
	}
	return 0;
}

/* Brings out what the converter holds back: a base waiting for its accent, a shift sequence. */
static void flush(struct tmi_converter *text)
{
	char scratch[TMI_CONVERTER_CARRY];
	char *out = scratch;
	size_t limit = text->room < sizeof(scratch) ? text->room : sizeof(scratch);
	size_t unused = limit;

	if (text->full)
		return;
	if (iconv(text->handle, NULL, NULL, &out, &unused) == (size_t)-1)
		text->full = true;
	else
		keep(text, scratch, limit - unused);
}

static void replace_wide(struct tmi_converter *text)
{
	const uint16_t mark = 0xfffd;

	flush(text);
	text->full = text->full || text->room < sizeof(mark);
	if (!text->full)
		keep(text, &mark, sizeof(mark));
}

/* Through the converter, which may be in a shift state: U+FFFD, or "?" if that is refused. */
static void replace_narrow(struct tmi_converter *text)
{
	const uint16_t marks[] = { 0xfffd, '?' };
	int refused = 1;

	for (size_t i = 0; refused && i < 2; i++) {
		char unit[2];
		char *input = unit;
		size_t left = sizeof(unit);

		unit[text->big_endian ? 0 : 1] = (char)(marks[i] >> 8);
		unit[text->big_endian ? 1 : 0] = (char)marks[i];
		refused = convert_some(text, &input, &left);
	}
}

static void replace(struct tmi_converter *text)
{
	if (text->to_wide)
		replace_wide(text);
	else
		replace_narrow(text);
}

/* Length of the input character that iconv refused. */
static size_t refused_size(const struct tmi_converter *text, const uint8_t *bytes, size_t left)
{
	size_t high = text->big_endian ? 0 : 1;

	if (text->to_wide)
		return 1;
	if (left >= 4 && (bytes[high] & 0xfc) == 0xd8 && (bytes[high + 2] & 0xfc) == 0xdc)
		return 4;
	return left < 2 ? left : 2;
}

/* Converts what is complete; returns how many bytes at the end wait for their continuation. */
static size_t convert(struct tmi_converter *text, const uint8_t *bytes, size_t size)
{
	char *input = (char *)(uintptr_t)bytes;
	size_t left = size;

	while (left && !text->full) {
		int error = convert_some(text, &input, &left);
		size_t refused;

		if (error == EINVAL && left < TMI_CONVERTER_CARRY)
			return left;
		if (!error)
			continue;
		refused = refused_size(text, (const uint8_t *)input, left);
		input += refused;
		left -= refused;
		replace(text);
	}
	return 0;
}

void tmi_converter_feed(struct tmi_converter *text, const void *bytes, size_t size)
{
	const uint8_t *input = bytes;
	size_t rest;

	/* A character from the last piece is completed byte by byte. */
	while (text->carried && size && !text->full) {
		text->carry[text->carried++] = *input++;
		size--;
		rest = convert(text, text->carry, text->carried);
		memmove(text->carry, text->carry + text->carried - rest, rest);
		text->carried = rest;
	}
	if (text->full || !size)
		return;
	rest = convert(text, input, size);
	memcpy(text->carry, input + size - rest, rest);
	text->carried = rest;
}

void tmi_converter_finish(struct tmi_converter *text)
{
	if (text->carried && !text->full)
		replace(text);
	text->carried = 0;
	flush(text);
}

void tmi_converter_fini(struct tmi_converter *text)
{
	iconv_close(text->handle);
}
