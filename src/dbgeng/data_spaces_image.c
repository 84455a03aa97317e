/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_spaces_image.c - ReadImageNtHeaders: the headers of a PE image in target memory, in their
 * 64-bit form.
 *
 * The image is hostile: each piece is read when the one before says where it is, and no number in
 * it is followed before it was checked. A PE image is little-endian on every machine.
 */
#include "dbgeng/client.h"

#define DOS_MAGIC         0x5a4d     /* "MZ" */
#define DOS_HEADERS_PLACE 0x3c       /* where the DOS header says where the others are */
#define HEADERS_LIMIT     0x10000000 /* Windows's loader looks no further */
#define NT_SIGNATURE      0x4550     /* "PE\0\0" */
#define OPTIONAL_MAGIC_32 0x10b
#define OPTIONAL_MAGIC_64 0x20b
#define FILE_HEADER_SIZE  20
#define DIRECTORY_SIZE    8
#define OPTIONAL_FIXED_32 96 /* bytes before the directories */
#define OPTIONAL_FIXED_64 112

/* One field of a header: where it is in the image's two forms, and in the struct. */
struct field {
	uint8_t at32, at64;     /* offset in the header */
	uint8_t size32, size64; /* bytes there */
	uint8_t to, to_size;    /* in the struct */
};

#define FILE_FIELD(member, at)                                                                     \
	{                                                                                          \
		at, at, sizeof(((IMAGE_FILE_HEADER *)0)->member),                                  \
			sizeof(((IMAGE_FILE_HEADER *)0)->member),                                  \
			offsetof(IMAGE_FILE_HEADER, member),                                       \
			sizeof(((IMAGE_FILE_HEADER *)0)->member)                                   \
	}

static const struct field file_fields[] = {
	FILE_FIELD(Machine, 0),          FILE_FIELD(NumberOfSections, 2),
	FILE_FIELD(TimeDateStamp, 4),    FILE_FIELD(PointerToSymbolTable, 8),
	FILE_FIELD(NumberOfSymbols, 12), FILE_FIELD(SizeOfOptionalHeader, 16),
	FILE_FIELD(Characteristics, 18),
};

#define WIDER(member, at32, size32, at64, size64)                                                  \
	{                                                                                          \
		at32, at64, size32, size64, offsetof(IMAGE_OPTIONAL_HEADER64, member),             \
			sizeof(((IMAGE_OPTIONAL_HEADER64 *)0)->member)                             \
	}
#define SAME(member, at, size) WIDER(member, at, size, at, size)

static const struct field optional_fields[] = {
	SAME(Magic, 0, 2),
	SAME(MajorLinkerVersion, 2, 1),
	SAME(MinorLinkerVersion, 3, 1),
	SAME(SizeOfCode, 4, 4),
	SAME(SizeOfInitializedData, 8, 4),
	SAME(SizeOfUninitializedData, 12, 4),
	SAME(AddressOfEntryPoint, 16, 4),
	SAME(BaseOfCode, 20, 4),
	WIDER(ImageBase, 28, 4, 24, 8), /* at 24 the 32-bit form has BaseOfData */
	SAME(SectionAlignment, 32, 4),
	SAME(FileAlignment, 36, 4),
	SAME(MajorOperatingSystemVersion, 40, 2),
	SAME(MinorOperatingSystemVersion, 42, 2),
	SAME(MajorImageVersion, 44, 2),
	SAME(MinorImageVersion, 46, 2),
	SAME(MajorSubsystemVersion, 48, 2),
	SAME(MinorSubsystemVersion, 50, 2),
	SAME(Win32VersionValue, 52, 4),
	SAME(SizeOfImage, 56, 4),
	SAME(SizeOfHeaders, 60, 4),
	SAME(CheckSum, 64, 4),
	SAME(Subsystem, 68, 2),
	SAME(DllCharacteristics, 70, 2),
	WIDER(SizeOfStackReserve, 72, 4, 72, 8),
	WIDER(SizeOfStackCommit, 76, 4, 80, 8),
	WIDER(SizeOfHeapReserve, 80, 4, 88, 8),
	WIDER(SizeOfHeapCommit, 84, 4, 96, 8),
	WIDER(LoaderFlags, 88, 4, 104, 4),
	WIDER(NumberOfRvaAndSizes, 92, 4, 108, 4),
};

static uint64_t load(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	while (size > 0)
		value = value << 8 | bytes[--size];
	return value;
}

static void store(void *to, unsigned size, uint64_t value)
{
	uint32_t half = (uint32_t)value;
	uint16_t word = (uint16_t)value;
	uint8_t byte = (uint8_t)value;

	switch (size) {
	case 1: memcpy(to, &byte, 1); break;
	case 2: memcpy(to, &word, 2); break;
	case 4: memcpy(to, &half, 4); break;
	default: memcpy(to, &value, 8); break;
	}
}

static void take_fields(const struct field *fields, size_t count, const uint8_t *bytes, bool is32,
			void *header)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &fields[i];
		uint64_t value = is32 ? load(bytes + field->at32, field->size32)
				      : load(bytes + field->at64, field->size64);

		store((uint8_t *)header + field->to, field->to_size, value);
	}
}

/* Where headers are read. */
struct image {
	tmem_target *target;
	ULONG64 base; /* of a 32-bit target: without the sign */
	ULONG64 room; /* bytes above it in the address space, minus one */
	bool narrow;  /* a 32-bit target */
};

static HRESULT find_room(tmem_target *target, ULONG64 ImageBase, struct image *image)
{
	struct tmem_description description = { .size = sizeof(description) };
	tmem_status status = tmem_describe(target, &description);

	*image = (struct image){ .target = target, .base = ImageBase };
	if (TMEM_FAILED(status))
		return tmi_dbgeng_result(status);
	image->narrow = description.pointer_size == 4;
	if (image->narrow && ImageBase == DEBUG_EXTEND64(ImageBase))
		image->base = (ULONG)ImageBase;
	if (image->narrow && image->base > UINT32_MAX)
		return HRESULT_FROM_WIN32(ERROR_READ_FAULT);
	image->room = (image->narrow ? UINT32_MAX : UINT64_MAX) - image->base;
	return S_OK;
}

/* All of a piece, or a failure. No header goes on at the other end of the address space. */
static HRESULT fetch(const struct image *image, ULONG64 offset, void *buffer, size_t size)
{
	size_t done = 0;
	tmem_status status;

	if (image->room < offset || image->room - offset < size - 1)
		return E_INVALIDARG;
	status = tmem_read_virtual(image->target, image->base + offset, buffer, size, &done);
	if (!TMEM_FAILED(status) && done < size)
		return HRESULT_FROM_WIN32(ERROR_READ_FAULT);
	return tmi_dbgeng_result(status);
}

/* An integer of the image; *result keeps the first failure. */
static ULONG fetch_integer(const struct image *image, ULONG64 offset, size_t size, HRESULT *result)
{
	uint8_t bytes[4] = { 0 };

	if (SUCCEEDED(*result))
		*result = fetch(image, offset, bytes, size);
	return FAILED(*result) ? 0 : (ULONG)load(bytes, size);
}

/* Finds the signature behind the DOS header and takes the file header behind that. */
static HRESULT read_file_header(const struct image *image, ULONG64 *headers,
				IMAGE_FILE_HEADER *header)
{
	uint8_t bytes[FILE_HEADER_SIZE];
	HRESULT result = S_OK;

	if (fetch_integer(image, 0, 2, &result) != DOS_MAGIC)
		return FAILED(result) ? result : E_INVALIDARG;
	*headers = fetch_integer(image, DOS_HEADERS_PLACE, 4, &result);
	if (FAILED(result) || *headers >= HEADERS_LIMIT)
		return FAILED(result) ? result : E_INVALIDARG;
	if (fetch_integer(image, *headers, 4, &result) != NT_SIGNATURE)
		return FAILED(result) ? result : E_INVALIDARG;
	result = fetch(image, *headers + 4, bytes, sizeof(bytes));
	if (SUCCEEDED(result))
		take_fields(file_fields, sizeof(file_fields) / sizeof(file_fields[0]), bytes, false,
			    header);
	return result;
}

/* Directories that the header says it has and that lie inside of it; the others are zeros. */
static HRESULT read_directories(const struct image *image, ULONG64 offset, ULONG room,
				IMAGE_OPTIONAL_HEADER64 *header)
{
	uint8_t bytes[IMAGE_NUMBEROF_DIRECTORY_ENTRIES * DIRECTORY_SIZE];
	ULONG count = room / DIRECTORY_SIZE;
	HRESULT result;

	if (count > header->NumberOfRvaAndSizes)
		count = header->NumberOfRvaAndSizes;
	if (count > IMAGE_NUMBEROF_DIRECTORY_ENTRIES)
		count = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
	if (count == 0)
		return S_OK;
	result = fetch(image, offset, bytes, (size_t)count * DIRECTORY_SIZE);
	for (ULONG i = 0; SUCCEEDED(result) && i < count; i++) {
		const uint8_t *entry = bytes + (size_t)i * DIRECTORY_SIZE;

		header->DataDirectory[i].VirtualAddress = (DWORD)load(entry, 4);
		header->DataDirectory[i].Size = (DWORD)load(entry + 4, 4);
	}
	return result;
}

/* @size: what the file header says that the optional header has. */
static HRESULT read_optional_header(const struct image *image, ULONG64 offset, ULONG size,
				    IMAGE_OPTIONAL_HEADER64 *header)
{
	uint8_t bytes[OPTIONAL_FIXED_64];
	HRESULT result = S_OK;
	ULONG magic = size < 2 ? 0 : fetch_integer(image, offset, 2, &result);
	bool is32 = magic == OPTIONAL_MAGIC_32;
	ULONG fixed = is32 ? OPTIONAL_FIXED_32 : OPTIONAL_FIXED_64;

	if (FAILED(result))
		return result;
	if ((!is32 && magic != OPTIONAL_MAGIC_64) || size < fixed)
		return E_INVALIDARG;
	result = fetch(image, offset, bytes, fixed);
	if (FAILED(result))
		return result;
	take_fields(optional_fields, sizeof(optional_fields) / sizeof(optional_fields[0]), bytes,
		    is32, header);
	/* An address of a 32-bit target, as every other one. */
	if (is32 && image->narrow)
		header->ImageBase = DEBUG_EXTEND64(header->ImageBase);
	return read_directories(image, offset + fixed, size - fixed, header);
}

static HRESULT read_headers(tmem_target *target, ULONG64 ImageBase, IMAGE_NT_HEADERS64 *headers)
{
	struct image image;
	ULONG64 place = 0;
	HRESULT result = find_room(target, ImageBase, &image);

	if (SUCCEEDED(result))
		result = read_file_header(&image, &place, &headers->FileHeader);
	if (FAILED(result))
		return result;
	headers->Signature = NT_SIGNATURE;
	return read_optional_header(&image, place + 4 + FILE_HEADER_SIZE,
				    headers->FileHeader.SizeOfOptionalHeader,
				    &headers->OptionalHeader);
}

static HRESULT read_image_nt_headers(IDebugDataSpaces4 *This, ULONG64 ImageBase,
				     PIMAGE_NT_HEADERS64 Headers)
{
	IMAGE_NT_HEADERS64 headers = { 0 };
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Headers)
		return E_INVALIDARG;
	memset(Headers, 0, sizeof(*Headers));
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	result = read_headers(call.target, ImageBase, &headers);
	if (SUCCEEDED(result))
		*Headers = headers;
	return tmi_dbgeng_leave(&call, result);
}

const IDebugDataSpaces4Vtbl tmi_dbgeng_part_data_spaces_image = {
	.ReadImageNtHeaders = read_image_nt_headers,
};
