/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strings.c - the four readers of NUL-terminated strings.
 *
 * A scan fetches the string piece by piece, each ending where a page ends, and hands the pieces to
 * a sink: a copy of raw units, or a conversion. Memory of any size is scanned in constant space.
 */
#include "access/strings.h"

#include "access/access.h"
#include "base/bytes.h"
#include "base/text.h"
#include "engine/direct.h"

/* Takes whole units of the string, the terminator not among them. */
typedef void take_fn(void *sink, const uint8_t *bytes, size_t size);

struct scan {
	tmem_target *target;
	struct tmi_space *space;
	uint64_t address; /* internal, of the next byte */
	uint64_t left;    /* bytes that may still be looked at */
	size_t unit;      /* 1 or 2 */
	uint64_t offset;  /* where the string begins, as the caller gave it */
	bool begun;       /* its first piece was fetched */
	bool past_end;    /* the next byte would be beyond the address space */
	take_fn *take;
	void *sink;
	size_t string_bytes; /* so far, the terminator included */
};

/* Bytes before the first zero unit; @size when there is none. @size is whole units. */
static size_t find_end(const uint8_t *bytes, size_t size, size_t unit)
{
	const uint8_t *end;

	if (unit == 1) {
		end = memchr(bytes, 0, size);
		return end ? (size_t)(end - bytes) : size;
	}
	for (size_t i = 0; i < size; i += 2)
		if (!bytes[i] && !bytes[i + 1])
			return i;
	return size;
}

/*
 * The first piece, when it is near what this thread read last, or behind tables that stand in a
 * mapped file, or in a range that one system call reads.
 */
static bool fetch_hot(const struct scan *scan, uint8_t *bytes, size_t size)
{
	const struct tmi_context *context = tmi_context_get(scan->target);
	bool got;

	if (scan->begun || context->space != scan->space)
		return false;
	got = tmi_hot_read(scan->target, scan->offset, bytes, size) ||
	      tmi_quick_read(scan->target, scan->offset, bytes, size) ||
	      (!atomic_load_explicit(&scan->target->shared->caching, memory_order_relaxed) &&
	       tmi_direct_read_current(scan->target, scan->offset, bytes, size));
	/* All of a string is of one process, whatever the handle's became meanwhile. */
	return got && tmi_context_get(scan->target) == context;
}

/* Next bytes up to the end of their page; they follow the @held ones of a cut unit. */
static tmem_status fetch(struct scan *scan, uint8_t *bytes, size_t *size)
{
	uint32_t page = tmi_space_facts(scan->space)->page_size;
	uint64_t step = page && page < TMI_STRING_PIECE ? page : TMI_STRING_PIECE;
	uint64_t length = step - (scan->address & (step - 1));
	tmem_status status = TMEM_S_OK;

	*size = 0;
	if (scan->past_end)
		return tmi_fail(TMEM_E_READ_FAULT, TMEM_REASON_OUT_OF_RANGE,
				tmi_space_last(scan->space));
	if (length > scan->left)
		length = scan->left;
	if (length > TMI_STRING_FIRST && !scan->begun)
		length = TMI_STRING_FIRST;
	if (fetch_hot(scan, bytes, length))
		*size = length;
	else
		status = tmi_space_read(scan->space, scan->address, bytes, length, 0, size);
	scan->begun = true;
	scan->past_end = *size > tmi_space_last(scan->space) - scan->address;
	scan->address += *size;
	scan->left -= *size;
	return status;
}

static tmem_status run_scan(struct scan *scan)
{
	uint8_t bytes[TMI_STRING_PIECE + 1];
	size_t held = 0;
	size_t size;
	tmem_status status;

	scan->left -= scan->left % scan->unit;
	while (scan->left) {
		size_t whole;
		size_t end;

		status = fetch(scan, bytes + held, &size);
		if (TMEM_FAILED(status))
			return status;
		size += held;
		held = size % scan->unit;
		whole = size - held;
		end = find_end(bytes, whole, scan->unit);
		scan->take(scan->sink, bytes, end);
		scan->string_bytes += end;
		if (end < whole) {
			scan->string_bytes += scan->unit;
			return TMEM_S_OK;
		}
		if (held)
			bytes[0] = bytes[whole];
	}
	return tmi_bad_argument("max_bytes", "room for the string and its terminator");
}

/* Reads the string at @offset into the sink. *string_bytes is set on success only. */
static tmem_status read_string(struct scan *scan, uint64_t offset, size_t *string_bytes)
{
	tmem_status status = TMEM_S_OK;

	scan->address = offset;
	scan->offset = offset;
	if (scan->left >= scan->unit)
		status = tmi_space_enter(scan->space, &scan->address);
	if (status == TMEM_S_OK)
		status = run_scan(scan);
	if (TMEM_FAILED(status) && status != TMEM_E_INVALIDARG)
		tmi_wrap(status, TMI_ACTION_STRING, offset, 0);
	if (status == TMEM_S_OK && string_bytes)
		*string_bytes = scan->string_bytes;
	return status;
}

/* --- raw: units as they are --- */

struct raw {
	uint8_t *buffer; /* NULL: only counted */
	size_t room;     /* bytes of @buffer */
	size_t used;     /* bytes stored, the first ones of the string */
};

static void take_raw(void *sink, const uint8_t *bytes, size_t size)
{
	struct raw *raw = sink;
	size_t part = size < raw->room - raw->used ? size : raw->room - raw->used;

	if (raw->buffer && part)
		memcpy(raw->buffer + raw->used, bytes, part);
	raw->used += part;
}

/*
 * Where to cut UTF-8 so that @text[@cut] is not inside a character. Other 8-bit texts are cut at
 * @cut: bytes that do not form a UTF-8 character are characters of their own.
 */
static size_t cut_bytes(const char *text, size_t cut)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t start = cut;
	size_t length;

	if ((bytes[cut] & 0xc0) != 0x80)
		return cut;
	do {
		if (start == 0 || cut - start == 3)
			return cut;
		start--;
	} while ((bytes[start] & 0xc0) == 0x80);
	length = bytes[start] >= 0xf0 ? 4 : bytes[start] >= 0xe0 ? 3 : bytes[start] >= 0xc0 ? 2 : 1;
	return start + length > cut ? start : cut;
}

/* The same for UTF-16: not between the halves of a surrogate pair. */
static size_t cut_units(const char16_t *text, size_t cut)
{
	bool splits =
		cut > 0 && (text[cut] & 0xfc00) == 0xdc00 && (text[cut - 1] & 0xfc00) == 0xd800;

	return splits ? cut - 1 : cut;
}

tmem_status tmi_string_finish(const struct tmi_string *string)
{
	bool fits = string->string_bytes <= string->buffer_size;

	if (string->buffer && string->buffer_size)
		string->buffer[fits ? string->string_bytes - 1
				    : cut_bytes(string->buffer, string->buffer_size - 1)] = 0;
	return fits ? TMEM_S_OK : TMEM_S_FALSE;
}

void tmi_string_fail(struct tmi_string *string)
{
	string->string_bytes = 0;
	if (string->buffer && string->buffer_size)
		string->buffer[0] = 0;
}

tmem_status tmi_string_read(tmem_target *target, struct tmi_space *space, struct tmi_string *string)
{
	struct raw raw = { .buffer = (uint8_t *)string->buffer, .room = string->buffer_size };
	struct scan scan = { .target = target,
			     .space = space,
			     .left = string->max_bytes,
			     .unit = 1,
			     .take = take_raw,
			     .sink = &raw };
	tmem_status status = read_string(&scan, string->offset, &string->string_bytes);

	if (status == TMEM_S_OK)
		return tmi_string_finish(string);
	tmi_string_fail(string);
	return status;
}

/* Through the layers, where the string does not end in bytes that are at hand. */
static __attribute__((noinline)) tmem_status read_layers(tmem_target *target,
							 struct tmi_string *string)
{
	struct tmi_space *space;
	tmem_status status = tmi_call_virtual(target, &space);

	if (status == TMEM_S_OK)
		status = tmi_string_read(target, space, string);
	else
		tmi_string_fail(string);
	return tmi_call_end(target, status);
}

/* Not near the last read: by page tables at hand, or in another stretch of a mapped file. */
static __attribute__((noinline)) tmem_status read_far(tmem_target *target,
						      struct tmi_string *string)
{
	struct tmi_lent lent;
	tmem_status status;

	if (target &&
	    (tmi_lent_find_page(target, string->offset, &lent) ||
	     tmi_lent_find_stretch(target, string->offset, &lent)) &&
	    tmi_string_take(string, &lent, &status))
		return status;
	return read_layers(target, string);
}

tmem_status tmem_read_multi_byte_string_virtual(tmem_target *target, uint64_t offset,
						size_t max_bytes, char *buffer, size_t buffer_size,
						size_t *string_bytes)
{
	struct tmi_string string = { offset, max_bytes, buffer, buffer_size, 0 };
	struct tmi_lent lent;
	tmem_status status;

	if (!target || !(tmi_lent_find_walked(target, offset, &lent) ||
			 tmi_lent_find_hot(target, offset, &lent)))
		status = read_far(target, &string);
	else if (!tmi_string_take(&string, &lent, &status))
		status = read_layers(target, &string);
	if (string_bytes)
		*string_bytes = string.string_bytes;
	return status;
}

/* Bytes of the target to units of this machine. */
static void set_host_order(const struct scan *scan, char16_t *text, size_t count)
{
	bool big_endian = tmi_space_facts(scan->space)->big_endian;

	for (size_t i = 0; i < count; i++)
		text[i] = tmi_load16(&text[i], big_endian);
}

tmem_status tmem_read_unicode_string_virtual_wide(tmem_target *target, uint64_t offset,
						  size_t max_bytes, char16_t *buffer,
						  size_t buffer_size, size_t *string_bytes)
{
	size_t room = buffer_size < SIZE_MAX / 2 ? 2 * buffer_size : SIZE_MAX - 1;
	struct raw raw = { .buffer = (uint8_t *)buffer, .room = room };
	struct scan scan = {
		.target = target, .left = max_bytes, .unit = 2, .take = take_raw, .sink = &raw
	};
	tmem_status status;
	size_t length = 0;

	if (string_bytes)
		*string_bytes = 0;
	status = tmi_call_virtual(target, &scan.space);
	if (status == TMEM_S_OK)
		status = read_string(&scan, offset, string_bytes);
	if (status == TMEM_S_OK && scan.string_bytes / 2 > buffer_size)
		status = TMEM_S_FALSE;
	if (buffer && buffer_size) {
		if (!TMEM_FAILED(status))
			set_host_order(&scan, buffer, raw.used / 2);
		if (status == TMEM_S_OK)
			length = raw.used / 2;
		else if (status == TMEM_S_FALSE)
			length = cut_units(buffer, buffer_size - 1);
		buffer[length] = 0;
	}
	return tmi_call_end(target, status);
}

/* --- converted --- */

static void take_text(void *sink, const uint8_t *bytes, size_t size)
{
	tmi_converter_feed(sink, bytes, size);
}

/* What both converting readers do before and after the conversion. */
struct conversion {
	struct scan scan;
	struct tmi_converter text;
	size_t *string_bytes;
	bool has_room; /* for the terminator; the room of the text leaves it out */
};

static tmem_status begin_conversion(tmem_target *target, uint32_t code_page,
				    struct conversion *conversion)
{
	tmem_status status = tmi_code_page_check(code_page);

	if (conversion->string_bytes)
		*conversion->string_bytes = 0;
	conversion->scan.target = target;
	conversion->scan.take = take_text;
	conversion->scan.sink = &conversion->text;
	if (status == TMEM_S_OK)
		status = tmi_call_virtual(target, &conversion->scan.space);
	return status;
}

static tmem_status run_conversion(struct conversion *conversion, uint64_t offset)
{
	tmem_status status = read_string(&conversion->scan, offset, conversion->string_bytes);

	if (status == TMEM_S_OK)
		tmi_converter_finish(&conversion->text);
	tmi_converter_fini(&conversion->text);
	if (status == TMEM_S_OK && (conversion->text.full || !conversion->has_room))
		status = TMEM_S_FALSE;
	return status;
}

tmem_status tmem_read_multi_byte_string_virtual_wide(tmem_target *target, uint64_t offset,
						     size_t max_bytes, uint32_t code_page,
						     char16_t *buffer, size_t buffer_size,
						     size_t *string_bytes)
{
	size_t room = buffer_size < SIZE_MAX / 2 ? 2 * buffer_size : SIZE_MAX - 1;
	struct conversion conversion = {
		.scan = { .left = max_bytes, .unit = 1 },
		.string_bytes = string_bytes,
		.has_room = buffer_size > 0,
	};
	tmem_status status = begin_conversion(target, code_page, &conversion);

	if (status == TMEM_S_OK)
		status = tmi_converter_init_wide(&conversion.text, code_page, buffer,
						 room ? room - 2 : 0);
	if (status == TMEM_S_OK)
		status = run_conversion(&conversion, offset);
	if (buffer && buffer_size)
		buffer[TMEM_FAILED(status) ? 0 : conversion.text.used / 2] = 0;
	return tmi_call_end(target, status);
}

tmem_status tmem_read_unicode_string_virtual(tmem_target *target, uint64_t offset, size_t max_bytes,
					     uint32_t code_page, char *buffer, size_t buffer_size,
					     size_t *string_bytes)
{
	struct conversion conversion = {
		.scan = { .left = max_bytes, .unit = 2 },
		.string_bytes = string_bytes,
		.has_room = buffer_size > 0,
	};
	tmem_status status = begin_conversion(target, code_page, &conversion);

	if (status == TMEM_S_OK)
		status = tmi_converter_init_narrow(
			&conversion.text, code_page,
			tmi_space_facts(conversion.scan.space)->big_endian, buffer,
			buffer_size ? buffer_size - 1 : 0);
	if (status == TMEM_S_OK)
		status = run_conversion(&conversion, offset);
	if (buffer && buffer_size)
		buffer[TMEM_FAILED(status) ? 0 : conversion.text.used] = 0;
	return tmi_call_end(target, status);
}
