/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data_spaces_image.c - ReadImageNtHeaders: headers made by hand from the published layout,
 * broken in every way; and images that the linker made, compared with what objdump reads in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dbgeng/data_spaces.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- headers by hand ---- */

#define PLACE    0x80 /* of the NT headers in the image */
#define SIZE_64  264  /* of them, with all directories */
#define SIZE_32  248
#define IMAGE_64 (PLACE + SIZE_64)
#define IMAGE_32 (PLACE + SIZE_32)

#define AT_LFANEW    0x3c
#define AT_SECTIONS  (PLACE + 6)
#define AT_SIZE      (PLACE + 20) /* SizeOfOptionalHeader */
#define AT_MAGIC     (PLACE + 24)
#define AT_NUMBER_64 (PLACE + 132) /* NumberOfRvaAndSizes */
#define AT_NUMBER_32 (PLACE + 116)
#define FIXED_64     112
#define DIRECTORIES  136 /* in the 64-bit form, from PLACE on */
#define ADDRESS      0x10000u

struct headers {
	UCHAR bytes[512];
	ULONG size;
};

static void put(struct headers *headers, size_t at, unsigned size, ULONG64 value)
{
	for (unsigned i = 0; i < size; i++)
		headers->bytes[at + i] = (UCHAR)(value >> (8 * i));
}

/* No two fields are alike. */
static void make(struct headers *headers, ULONG magic)
{
	bool is32 = magic == 0x10b;

	*headers = (struct headers){ .size = is32 ? IMAGE_32 : IMAGE_64 };
	for (size_t i = PLACE; i < headers->size; i++)
		headers->bytes[i] = (UCHAR)(i * 7 + 3);
	put(headers, 0, 2, 0x5a4d);
	put(headers, AT_LFANEW, 4, PLACE);
	put(headers, PLACE, 4, 0x4550);
	put(headers, AT_SIZE, 2, (is32 ? SIZE_32 : SIZE_64) - 24);
	put(headers, AT_MAGIC, 2, magic);
	put(headers, is32 ? AT_NUMBER_32 : AT_NUMBER_64, 4, 16);
}

/* What the 64-bit form of 32-bit headers is, byte for byte; the address without its sign. */
static void widen(const struct headers *narrow, UCHAR *wide)
{
	const UCHAR *from = narrow->bytes + PLACE;

	memset(wide, 0, SIZE_64);
	memcpy(wide, from, 48);
	memcpy(wide + 48, from + 52, 4); /* ImageBase; BaseOfData at 48 has no place */
	memcpy(wide + 56, from + 56, 40);
	for (unsigned i = 0; i < 4; i++) /* sizes of stack and heap */
		memcpy(wide + 96 + 8 * i, from + 96 + 4 * i, 4);
	memcpy(wide + 128, from + 112, 8); /* LoaderFlags, NumberOfRvaAndSizes */
	memcpy(wide + 136, from + 120, 128);
}

/* A target whose memory at @base is an image and nothing else. */
static void open_at(struct spaces *spaces, const char *machine, ULONG64 base, const UCHAR *bytes,
		    ULONG size)
{
	char *text = malloc(256 + 2 * (size_t)size);
	int at = sprintf(text, "machine %s\nprocess 1\nrun 0x%llx %u rw-p\nbytes 0x%llx ", machine,
			 (unsigned long long)base, size ? size : 1, (unsigned long long)base);

	for (ULONG i = 0; i < size; i++)
		at += sprintf(text + at, "%02x", bytes[i]);
	strcpy(text + at, size ? "\n" : "00\n");
	spaces_open(spaces, text);
	free(text);
}

static void write_headers(struct spaces *spaces, const struct headers *headers)
{
	ULONG done = 0;

	assert_int_equal(IDebugDataSpaces4_WriteVirtual(spaces->data, ADDRESS,
							(PVOID)(uintptr_t)headers->bytes,
							headers->size, &done),
			 S_OK);
	assert_int_equal(done, headers->size);
}

/* Reads the headers at @base; on failure nothing but zeros may come. */
static void check(struct spaces *spaces, ULONG64 base, HRESULT expected, IMAGE_NT_HEADERS64 *result)
{
	static const IMAGE_NT_HEADERS64 zeros;

	memset(result, 0xee, sizeof(*result));
	assert_int_equal(IDebugDataSpaces4_ReadImageNtHeaders(spaces->data, base, result),
			 expected);
	if (FAILED(expected))
		assert_memory_equal(result, &zeros, sizeof(zeros));
}

/* The struct is the image's 64-bit headers byte for byte. */
static void test_wide(void **state)
{
	IMAGE_NT_HEADERS64 result;
	struct headers headers;
	struct spaces spaces;

	assert_int_equal(sizeof(result), SIZE_64);
	make(&headers, 0x20b);
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	check(&spaces, ADDRESS, S_OK, &result);
	assert_memory_equal(&result, headers.bytes + PLACE, SIZE_64);
	assert_int_equal(result.OptionalHeader.Magic, 0x20b);
	assert_int_equal(IDebugDataSpaces4_ReadImageNtHeaders(spaces.data, ADDRESS, NULL),
			 E_INVALIDARG);
	spaces_close(&spaces);
}

static void test_narrow(void **state)
{
	IMAGE_NT_HEADERS64 result;
	struct headers headers;
	struct spaces spaces;
	UCHAR expected[SIZE_64];

	make(&headers, 0x10b);
	put(&headers, PLACE + 52, 4, 0x90000000);
	widen(&headers, expected);
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	check(&spaces, ADDRESS, S_OK, &result);
	assert_memory_equal(&result, expected, SIZE_64);
	assert_int_equal(result.OptionalHeader.Magic, 0x10b);
	spaces_close(&spaces);
	/* In a 32-bit target addresses have a sign, this one too; and in both forms it is taken. */
	memset(expected + 52, 0xff, 4);
	open_at(&spaces, "i386", 0x90000000, headers.bytes, headers.size);
	check(&spaces, 0x90000000, S_OK, &result);
	assert_memory_equal(&result, expected, SIZE_64);
	check(&spaces, 0xffffffff90000000, S_OK, &result);
	assert_memory_equal(&result, expected, SIZE_64);
	check(&spaces, 0x190000000, READ_FAULT, &result);
	spaces_close(&spaces);
}

/* The bytes of an image are little-endian in every target. */
static void test_big_endian(void **state)
{
	IMAGE_NT_HEADERS64 result;
	struct headers headers;
	struct spaces spaces;

	make(&headers, 0x20b);
	open_at(&spaces, "s390x", ADDRESS, headers.bytes, headers.size);
	check(&spaces, ADDRESS, S_OK, &result);
	assert_memory_equal(&result, headers.bytes + PLACE, SIZE_64);
	spaces_close(&spaces);
}

/* Memory that ends anywhere before the headers do. */
static void test_cut(void **state)
{
	static const ULONG magics[] = { 0x10b, 0x20b };

	for (size_t i = 0; i < COUNT(magics); i++) {
		IMAGE_NT_HEADERS64 result;
		struct headers headers;

		make(&headers, magics[i]);
		for (ULONG size = 1; size <= headers.size; size++) {
			struct spaces spaces;

			open_at(&spaces, "amd64", ADDRESS, headers.bytes, size);
			check(&spaces, ADDRESS, size < headers.size ? READ_FAULT : S_OK, &result);
			if (size == 1)
				check(&spaces, ADDRESS + 1, READ_FAULT, &result);
			spaces_close(&spaces);
		}
	}
}

/* One number that is wrong, or only strange. */
static void test_numbers(void **state)
{
	static const struct {
		size_t at;
		unsigned size;
		ULONG value;
		HRESULT result;
	} rows[] = {
		{ 0, 2, 0x5a4c, E_INVALIDARG },
		{ 0, 2, 0x4d5a, E_INVALIDARG },
		{ AT_LFANEW, 4, 0xffffffff, E_INVALIDARG },
		{ AT_LFANEW, 4, 0x80000000, E_INVALIDARG },
		{ AT_LFANEW, 4, 0x10000000, E_INVALIDARG },
		{ AT_LFANEW, 4, 0x0fffffff, READ_FAULT },
		{ AT_LFANEW, 4, 0, E_INVALIDARG },
		{ AT_LFANEW, 4, IMAGE_64, READ_FAULT },
		{ AT_LFANEW, 4, IMAGE_64 - 1, READ_FAULT },
		{ AT_LFANEW, 4, IMAGE_64 - 4, E_INVALIDARG },
		{ PLACE, 4, 0x4551, E_INVALIDARG },
		{ PLACE, 4, 0x01004550, E_INVALIDARG },
		{ PLACE, 4, 0x454e, E_INVALIDARG },
		{ AT_MAGIC, 2, 0x107, E_INVALIDARG },
		{ AT_MAGIC, 2, 0, E_INVALIDARG },
		{ AT_MAGIC, 2, 0xffff, E_INVALIDARG },
		{ AT_SIZE, 2, 0, E_INVALIDARG },
		{ AT_SIZE, 2, 1, E_INVALIDARG },
		{ AT_SIZE, 2, 2, E_INVALIDARG },
		{ AT_SIZE, 2, FIXED_64 - 1, E_INVALIDARG },
		{ AT_SIZE, 2, FIXED_64, S_OK },
		{ AT_SIZE, 2, 0xffff, S_OK },
		{ AT_NUMBER_64, 4, 0, S_OK },
		{ AT_NUMBER_64, 4, 0xffffffff, S_OK },
		{ AT_SECTIONS, 2, 0xffff, S_OK },
	};
	IMAGE_NT_HEADERS64 result;
	struct headers headers;
	struct spaces spaces;

	make(&headers, 0x20b);
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	for (size_t i = 0; i < COUNT(rows); i++) {
		make(&headers, 0x20b);
		put(&headers, rows[i].at, rows[i].size, rows[i].value);
		write_headers(&spaces, &headers);
		check(&spaces, ADDRESS, rows[i].result, &result);
	}
	spaces_close(&spaces);
}

/* Directories: as many as both numbers allow and as there can be; the others are zeros. */
static void test_directories(void **state)
{
	static const struct {
		ULONG number, size, expected;
	} rows[] = {
		{ 16, SIZE_64 - 24, 16 },         { 0xffffffff, 0xffff, 16 },
		{ 0x20000001, SIZE_64 - 24, 16 }, { 2, SIZE_64 - 24, 2 },
		{ 0, SIZE_64 - 24, 0 },           { 16, FIXED_64, 0 },
		{ 16, FIXED_64 + 7, 0 },          { 16, FIXED_64 + 3 * 8 + 7, 3 },
		{ 0xffffffff, FIXED_64 + 8, 1 },
	};
	struct headers headers;
	struct spaces spaces;

	make(&headers, 0x20b);
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t filled = DIRECTORIES + 8 * rows[i].expected;
		UCHAR expected[SIZE_64] = { 0 };
		IMAGE_NT_HEADERS64 result;

		make(&headers, 0x20b);
		put(&headers, AT_NUMBER_64, 4, rows[i].number);
		put(&headers, AT_SIZE, 2, rows[i].size);
		write_headers(&spaces, &headers);
		check(&spaces, ADDRESS, S_OK, &result);
		memcpy(expected, headers.bytes + PLACE, filled);
		assert_memory_equal(&result, expected, SIZE_64);
	}
	spaces_close(&spaces);
}

/* Headers inside of the DOS header, as the smallest programs have them. */
static void test_overlap(void **state)
{
	IMAGE_NT_HEADERS64 result;
	struct headers headers;
	struct spaces spaces;

	make(&headers, 0x20b);
	memmove(headers.bytes + 4, headers.bytes + PLACE, SIZE_64);
	put(&headers, AT_LFANEW, 4, 4); /* the alignment of sections, too */
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	check(&spaces, ADDRESS, S_OK, &result);
	assert_memory_equal(&result, headers.bytes + 4, SIZE_64);
	assert_int_equal(result.OptionalHeader.SectionAlignment, 4);
	spaces_close(&spaces);
}

/* At the end of the address space nothing goes on at its beginning. */
static void check_last_page(const char *machine, ULONG64 page, ULONG64 other_form)
{
	static const ULONG places[] = { 0x1000, 0xfff, 0xffd, 0xff0, 0xf00, 0x0fffffff };
	IMAGE_NT_HEADERS64 result;
	UCHAR bytes[0x1000] = { 0 };
	struct headers headers;
	struct spaces spaces;

	make(&headers, 0x20b);
	for (size_t i = 0; i < COUNT(places); i++) {
		ULONG length = places[i] < sizeof(bytes) ? sizeof(bytes) - places[i] : 0;

		memcpy(bytes, headers.bytes, PLACE);
		for (unsigned k = 0; k < 4; k++)
			bytes[AT_LFANEW + k] = (UCHAR)(places[i] >> (8 * k));
		memcpy(bytes + sizeof(bytes) - length, headers.bytes + PLACE,
		       length < SIZE_64 ? length : SIZE_64);
		open_at(&spaces, machine, page, bytes, sizeof(bytes));
		check(&spaces, page, E_INVALIDARG, &result);
		check(&spaces, other_form, E_INVALIDARG, &result);
		spaces_close(&spaces);
	}
	/* The last ones that fit. */
	bytes[AT_LFANEW] = (0x1000 - SIZE_64) & 0xff;
	bytes[AT_LFANEW + 1] = (0x1000 - SIZE_64) >> 8;
	bytes[AT_LFANEW + 2] = bytes[AT_LFANEW + 3] = 0;
	memcpy(bytes + sizeof(bytes) - SIZE_64, headers.bytes + PLACE, SIZE_64);
	open_at(&spaces, machine, page, bytes, sizeof(bytes));
	check(&spaces, page, S_OK, &result);
	assert_memory_equal(&result, headers.bytes + PLACE, SIZE_64);
	check(&spaces, other_form, S_OK, &result);
	spaces_close(&spaces);
}

static void test_end_of_space(void **state)
{
	check_last_page("amd64", 0xfffffffffffff000, 0xfffffffffffff000);
	check_last_page("i386", 0xfffff000, 0xfffffffffffff000);
}

/* Bytes of all kinds: one of three answers, and memory that is read is never beyond the image. */
static void test_random(void **state)
{
	static const ULONG values[] = { 0, 1, 0x7f, 0x80, 0xff };
	static const size_t interesting[] = { 0,    1,    0x3c, 0x3d, 0x3e, 0x3f, 0x80,  0x81,
					      0x94, 0x95, 0x98, 0x99, 0xf4, 0xf5, 0x104, 0x107 };
	static const IMAGE_NT_HEADERS64 zeros;
	struct headers headers;
	struct spaces spaces;
	ULONG64 random = 1;
	unsigned good = 0;

	make(&headers, 0x20b);
	open_at(&spaces, "amd64", ADDRESS, headers.bytes, headers.size);
	for (unsigned round = 0; round < 4000; round++) {
		IMAGE_NT_HEADERS64 result;
		HRESULT answer;

		make(&headers, round % 2 ? 0x20b : 0x10b);
		headers.size = IMAGE_64;
		for (unsigned change = 0; change < 1 + round % 3; change++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			headers.bytes[interesting[(random >> 33) % COUNT(interesting)]] =
				(UCHAR)(random >> 63 ? values[(random >> 40) % COUNT(values)]
						     : random >> 48);
		}
		write_headers(&spaces, &headers);
		memset(&result, 0xee, sizeof(result));
		answer = IDebugDataSpaces4_ReadImageNtHeaders(spaces.data, ADDRESS, &result);
		assert_true(answer == S_OK || answer == E_INVALIDARG || answer == READ_FAULT);
		if (answer == S_OK)
			good++;
		else
			assert_memory_equal(&result, &zeros, sizeof(zeros));
	}
	assert_true(good > 100 && good < 3900);
	spaces_close(&spaces);
}

/* ---- images of the linker, read by objdump ---- */

#define FIELD(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(IMAGE_OPTIONAL_HEADER64, member),                                   \
			sizeof(((IMAGE_OPTIONAL_HEADER64 *)0)->member)                             \
	}

/* As objdump calls them. */
static const struct {
	const char *name;
	size_t at, size;
} fields[] = {
	FIELD("Magic", Magic),
	FIELD("MajorLinkerVersion", MajorLinkerVersion),
	FIELD("MinorLinkerVersion", MinorLinkerVersion),
	FIELD("SizeOfCode", SizeOfCode),
	FIELD("SizeOfInitializedData", SizeOfInitializedData),
	FIELD("SizeOfUninitializedData", SizeOfUninitializedData),
	FIELD("AddressOfEntryPoint", AddressOfEntryPoint),
	FIELD("BaseOfCode", BaseOfCode),
	FIELD("ImageBase", ImageBase),
	FIELD("SectionAlignment", SectionAlignment),
	FIELD("FileAlignment", FileAlignment),
	FIELD("MajorOSystemVersion", MajorOperatingSystemVersion),
	FIELD("MinorOSystemVersion", MinorOperatingSystemVersion),
	FIELD("MajorImageVersion", MajorImageVersion),
	FIELD("MinorImageVersion", MinorImageVersion),
	FIELD("MajorSubsystemVersion", MajorSubsystemVersion),
	FIELD("MinorSubsystemVersion", MinorSubsystemVersion),
	FIELD("Win32Version", Win32VersionValue),
	FIELD("SizeOfImage", SizeOfImage),
	FIELD("SizeOfHeaders", SizeOfHeaders),
	FIELD("CheckSum", CheckSum),
	FIELD("Subsystem", Subsystem),
	FIELD("DllCharacteristics", DllCharacteristics),
	FIELD("SizeOfStackReserve", SizeOfStackReserve),
	FIELD("SizeOfStackCommit", SizeOfStackCommit),
	FIELD("SizeOfHeapReserve", SizeOfHeapReserve),
	FIELD("SizeOfHeapCommit", SizeOfHeapCommit),
	FIELD("LoaderFlags", LoaderFlags),
	FIELD("NumberOfRvaAndSizes", NumberOfRvaAndSizes),
};

/* Versions are printed in decimal, all other numbers in hexadecimal. */
static ULONG64 number_of(const char *name, const char *text)
{
	bool decimal = strstr(name, "Version") && strcmp(name, "Win32Version") != 0;

	return strtoull(text, NULL, decimal ? 10 : 16);
}

static bool compare_field(const IMAGE_OPTIONAL_HEADER64 *header, const char *name, const char *text)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		ULONG64 value = 0;

		if (strcmp(fields[i].name, name) != 0)
			continue;
		memcpy(&value, (const UCHAR *)header + fields[i].at, fields[i].size);
		if (value != number_of(name, text))
			fail_msg("%s: 0x%llx here, objdump says %s", name,
				 (unsigned long long)value, text);
		return true;
	}
	return false;
}

/* Compares one line of objdump -p; true when it was one of those that are known. */
static bool compare_line(const IMAGE_NT_HEADERS64 *headers, const char *line)
{
	unsigned long long address;
	unsigned index, number;
	char name[64], text[64];
	struct tm time = { 0 };

	if (sscanf(line, "Entry %x %llx %x", &index, &address, &number) == 3) {
		assert_true(index < 16);
		assert_true(headers->OptionalHeader.DataDirectory[index].VirtualAddress == address);
		assert_int_equal(headers->OptionalHeader.DataDirectory[index].Size, number);
		return true;
	}
	if (sscanf(line, "Characteristics 0x%x", &number) == 1) {
		assert_int_equal(headers->FileHeader.Characteristics, number);
		return true;
	}
	if (!strncmp(line, "Time/Date\t\t", 11) &&
	    strptime(line + 11, "%a %b %d %H:%M:%S %Y", &time)) {
		assert_int_equal(headers->FileHeader.TimeDateStamp, timegm(&time));
		return true;
	}
	return sscanf(line, "%63s %63s", name, text) == 2 &&
	       compare_field(&headers->OptionalHeader, name, text);
}

static void compare_with_objdump(const IMAGE_NT_HEADERS64 *headers, const char *path)
{
	char command[128], line[256];
	unsigned compared = 0;
	FILE *output;

	snprintf(command, sizeof(command), "TZ=UTC LC_ALL=C objdump -p %s", path);
	output = popen(command, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output))
		compared += compare_line(headers, line);
	assert_int_equal(pclose(output), 0);
	/* Every field, every directory, Characteristics and the time. */
	assert_int_equal(compared, COUNT(fields) + 16 + 2);
}

/* Links an image of x86; false when this machine's tools cannot. */
static bool link_image(const char *emulation, const char *assembler, const char *base, char *path)
{
	char command[512];
	int fd;

	strcpy(path, "/tmp/dbgeng-image-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command),
		 "echo '.globl start; .text; start: ret; .data; .long 5' | as %s -o %s.o - && "
		 "ld -m %s -o %s %s.o --entry start --image-base %s --stack 0x123000,0x2000 "
		 "--heap 0x456000,0x3000 --major-image-version 3 --minor-image-version 7 "
		 "--insert-timestamp; status=$?; rm -f %s.o; exit $status",
		 assembler, path, emulation, path, path, base, path);
	return system(command) == 0;
}

/* The headers of the file as an image has them in memory: they come first in both. */
static void check_linked(const char *path, const char *machine, ULONG64 base, WORD processor)
{
	IMAGE_NT_HEADERS64 headers;
	struct spaces spaces;
	UCHAR bytes[0x400];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	fclose(file);
	open_at(&spaces, machine, base, bytes, sizeof(bytes));
	check(&spaces, base, S_OK, &headers);
	assert_int_equal(headers.FileHeader.Machine, processor);
	compare_with_objdump(&headers, path);
	spaces_close(&spaces);
}

static void test_linked(void **state)
{
	char path[64];

	if (link_image("i386pep", "--64", "0x123450000", path))
		check_linked(path, "amd64", 0x123450000, 0x8664);
	else
		print_message("not possible here: linking an image of 64 bits\n");
	unlink(path);
	if (link_image("i386pe", "--32", "0x12340000", path)) {
		check_linked(path, "amd64", 0x12340000, 0x14c);
		check_linked(path, "i386", 0x12340000, 0x14c);
	} else {
		print_message("not possible here: linking an image of 32 bits\n");
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),       cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_big_endian), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_numbers),    cmocka_unit_test(test_directories),
		cmocka_unit_test(test_overlap),    cmocka_unit_test(test_end_of_space),
		cmocka_unit_test(test_random),     cmocka_unit_test(test_linked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
