/* SPDX-License-Identifier: Apache-2.0 */
/*
 * structures.h - the structures of the interfaces.
 *
 * Layouts are those of 64-bit Windows on every host; 64-bit members are aligned to 8 bytes.
 */
#ifndef DBGENG_STRUCTURES_H
#define DBGENG_STRUCTURES_H

#include <dbgeng/windows.h>

/* A 64-bit member: i386 would align it to 4 bytes otherwise. */
#define DBGENG_ALIGN8 __attribute__((aligned(8)))

/* QueryVirtual: attributes of memory; 48 bytes. */
typedef struct _MEMORY_BASIC_INFORMATION64 {
	ULONG64 BaseAddress DBGENG_ALIGN8; /* first address, of a page */
	ULONG64 AllocationBase DBGENG_ALIGN8;
	ULONG AllocationProtect; /* PAGE_ */
	ULONG __alignment1;
	ULONG64 RegionSize DBGENG_ALIGN8; /* bytes */
	ULONG State;                      /* MEM_COMMIT, MEM_RESERVE, MEM_FREE */
	ULONG Protect;                    /* PAGE_ */
	ULONG Type;                       /* MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE */
	ULONG __alignment2;
} MEMORY_BASIC_INFORMATION64, *PMEMORY_BASIC_INFORMATION64;

#ifndef MEM_COMMIT
#define MEM_COMMIT  0x00001000
#define MEM_RESERVE 0x00002000
#define MEM_FREE    0x00010000
#define MEM_PRIVATE 0x00020000
#define MEM_MAPPED  0x00040000
#define MEM_IMAGE   0x01000000

#define PAGE_NOACCESS          0x001
#define PAGE_READONLY          0x002
#define PAGE_READWRITE         0x004
#define PAGE_WRITECOPY         0x008
#define PAGE_EXECUTE           0x010
#define PAGE_EXECUTE_READ      0x020
#define PAGE_EXECUTE_READWRITE 0x040
#define PAGE_EXECUTE_WRITECOPY 0x080
#define PAGE_GUARD             0x100
#define PAGE_NOCACHE           0x200
#define PAGE_WRITECOMBINE      0x400
#endif

/* An exception; 152 bytes. */
#define EXCEPTION_MAXIMUM_PARAMETERS 15
typedef struct _EXCEPTION_RECORD64 {
	ULONG ExceptionCode;
	ULONG ExceptionFlags; /* 1 = the program cannot go on */
	ULONG64 ExceptionRecord DBGENG_ALIGN8;
	ULONG64 ExceptionAddress DBGENG_ALIGN8;
	ULONG NumberParameters;
	ULONG __unusedAlignment;
	ULONG64 ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS] DBGENG_ALIGN8;
} EXCEPTION_RECORD64, *PEXCEPTION_RECORD64;

/* ReadImageNtHeaders: the headers of a PE file in their 64-bit form; 264 bytes. */
#define IMAGE_NUMBEROF_DIRECTORY_ENTRIES 16

typedef struct _IMAGE_FILE_HEADER {
	WORD Machine;
	WORD NumberOfSections;
	DWORD TimeDateStamp;
	DWORD PointerToSymbolTable;
	DWORD NumberOfSymbols;
	WORD SizeOfOptionalHeader;
	WORD Characteristics;
} IMAGE_FILE_HEADER, *PIMAGE_FILE_HEADER;

typedef struct _IMAGE_DATA_DIRECTORY {
	DWORD VirtualAddress;
	DWORD Size;
} IMAGE_DATA_DIRECTORY, *PIMAGE_DATA_DIRECTORY;

#pragma pack(push, 4)
typedef struct _IMAGE_OPTIONAL_HEADER64 {
	WORD Magic; /* 0x10b where the file has 32 bits, else 0x20b */
	BYTE MajorLinkerVersion;
	BYTE MinorLinkerVersion;
	DWORD SizeOfCode;
	DWORD SizeOfInitializedData;
	DWORD SizeOfUninitializedData;
	DWORD AddressOfEntryPoint;
	DWORD BaseOfCode;
	ULONGLONG ImageBase;
	DWORD SectionAlignment;
	DWORD FileAlignment;
	WORD MajorOperatingSystemVersion;
	WORD MinorOperatingSystemVersion;
	WORD MajorImageVersion;
	WORD MinorImageVersion;
	WORD MajorSubsystemVersion;
	WORD MinorSubsystemVersion;
	DWORD Win32VersionValue;
	DWORD SizeOfImage;
	DWORD SizeOfHeaders;
	DWORD CheckSum;
	WORD Subsystem;
	WORD DllCharacteristics;
	ULONGLONG SizeOfStackReserve;
	ULONGLONG SizeOfStackCommit;
	ULONGLONG SizeOfHeapReserve;
	ULONGLONG SizeOfHeapCommit;
	DWORD LoaderFlags;
	DWORD NumberOfRvaAndSizes;
	IMAGE_DATA_DIRECTORY DataDirectory[IMAGE_NUMBEROF_DIRECTORY_ENTRIES];
} IMAGE_OPTIONAL_HEADER64, *PIMAGE_OPTIONAL_HEADER64;

typedef struct _IMAGE_NT_HEADERS64 {
	DWORD Signature; /* "PE\0\0" */
	IMAGE_FILE_HEADER FileHeader;
	IMAGE_OPTIONAL_HEADER64 OptionalHeader;
} IMAGE_NT_HEADERS64, *PIMAGE_NT_HEADERS64;
#pragma pack(pop)

/* A typed value; 32 bytes, the type (DEBUG_VALUE_) at 28. */
typedef struct _DEBUG_VALUE {
	__extension__ union {
		UCHAR I8;
		USHORT I16;
		ULONG I32;
		__extension__ struct {
			ULONG64 I64 DBGENG_ALIGN8;
			BOOL Nat;
		};
		float F32;
		double F64 DBGENG_ALIGN8;
		UCHAR F80Bytes[10];
		UCHAR F82Bytes[11];
		UCHAR F128Bytes[16];
		UCHAR VI8[16];
		USHORT VI16[8];
		ULONG VI32[4];
		ULONG64 VI64[2];
		float VF32[4];
		double VF64[2];
		struct {
			ULONG LowPart;
			ULONG HighPart;
		} I64Parts32;
		struct {
			ULONG64 LowPart;
			LONG64 HighPart;
		} F128Parts64;
		UCHAR RawBytes[24];
	};
	ULONG TailOfRawBytes;
	ULONG Type;
} DEBUG_VALUE, *PDEBUG_VALUE;

/* GetDescription: a register; 32 bytes. */
typedef struct _DEBUG_REGISTER_DESCRIPTION {
	ULONG Type;  /* DEBUG_VALUE_ */
	ULONG Flags; /* DEBUG_REGISTER_ */
	/* Of a part of a register: value = (full register >> SubregShift) & SubregMask. */
	ULONG SubregMaster; /* index of the full register */
	ULONG SubregLength; /* bits */
	ULONG64 SubregMask DBGENG_ALIGN8;
	ULONG SubregShift;
	ULONG Reserved0;
} DEBUG_REGISTER_DESCRIPTION, *PDEBUG_REGISTER_DESCRIPTION;

/* GetModuleParameters: a module; 64 bytes. Sizes of names are in characters, the NUL included. */
typedef struct _DEBUG_MODULE_PARAMETERS {
	ULONG64 Base DBGENG_ALIGN8; /* DEBUG_INVALID_OFFSET: there is no such module */
	ULONG Size;                 /* bytes */
	ULONG TimeDateStamp;
	ULONG Checksum;
	ULONG Flags;      /* DEBUG_MODULE_ */
	ULONG SymbolType; /* DEBUG_SYMTYPE_ */
	ULONG ImageNameSize;
	ULONG ModuleNameSize;
	ULONG LoadedImageNameSize;
	ULONG SymbolFileNameSize;
	ULONG MappedImageNameSize;
	ULONG64 Reserved[2];
} DEBUG_MODULE_PARAMETERS, *PDEBUG_MODULE_PARAMETERS;

/* ReadHandleData with DEBUG_HANDLE_DATA_TYPE_BASIC; 24 bytes. */
typedef struct _DEBUG_HANDLE_DATA_BASIC {
	ULONG TypeNameSize;
	ULONG ObjectNameSize;
	ULONG Attributes;
	ULONG GrantedAccess;
	ULONG HandleCount;
	ULONG PointerCount;
} DEBUG_HANDLE_DATA_BASIC, *PDEBUG_HANDLE_DATA_BASIC;

/* ReadProcessorSystemData with DEBUG_DATA_PROCESSOR_IDENTIFICATION. */
typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_ALPHA {
	ULONG Type;
	ULONG Revision;
} DEBUG_PROCESSOR_IDENTIFICATION_ALPHA, *PDEBUG_PROCESSOR_IDENTIFICATION_ALPHA;

typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_AMD64 {
	ULONG Family;
	ULONG Model;
	ULONG Stepping;
	CHAR VendorString[16];
} DEBUG_PROCESSOR_IDENTIFICATION_AMD64, *PDEBUG_PROCESSOR_IDENTIFICATION_AMD64;

typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_IA64 {
	ULONG Model;
	ULONG Revision;
	ULONG Family;
	ULONG ArchRev;
	CHAR VendorString[16];
} DEBUG_PROCESSOR_IDENTIFICATION_IA64, *PDEBUG_PROCESSOR_IDENTIFICATION_IA64;

typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_X86 {
	ULONG Family;
	ULONG Model;
	ULONG Stepping;
	CHAR VendorString[16];
} DEBUG_PROCESSOR_IDENTIFICATION_X86, *PDEBUG_PROCESSOR_IDENTIFICATION_X86;

typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_ARM {
	ULONG Model;
	ULONG Revision;
	CHAR VendorString[16];
} DEBUG_PROCESSOR_IDENTIFICATION_ARM, *PDEBUG_PROCESSOR_IDENTIFICATION_ARM;

typedef struct _DEBUG_PROCESSOR_IDENTIFICATION_ARM64 {
	ULONG Model;
	ULONG Revision;
	CHAR VendorString[16];
} DEBUG_PROCESSOR_IDENTIFICATION_ARM64, *PDEBUG_PROCESSOR_IDENTIFICATION_ARM64;

typedef union _DEBUG_PROCESSOR_IDENTIFICATION_ALL {
	DEBUG_PROCESSOR_IDENTIFICATION_ALPHA Alpha;
	DEBUG_PROCESSOR_IDENTIFICATION_AMD64 Amd64;
	DEBUG_PROCESSOR_IDENTIFICATION_IA64 Ia64;
	DEBUG_PROCESSOR_IDENTIFICATION_X86 X86;
	DEBUG_PROCESSOR_IDENTIFICATION_ARM Arm;
	DEBUG_PROCESSOR_IDENTIFICATION_ARM64 Arm64;
} DEBUG_PROCESSOR_IDENTIFICATION_ALL, *PDEBUG_PROCESSOR_IDENTIFICATION_ALL;

/* GetLastEventInformation: what each type of event adds. */
typedef struct _DEBUG_LAST_EVENT_INFO_BREAKPOINT {
	ULONG Id;
} DEBUG_LAST_EVENT_INFO_BREAKPOINT, *PDEBUG_LAST_EVENT_INFO_BREAKPOINT;

typedef struct _DEBUG_LAST_EVENT_INFO_EXCEPTION {
	EXCEPTION_RECORD64 ExceptionRecord;
	ULONG FirstChance;
} DEBUG_LAST_EVENT_INFO_EXCEPTION, *PDEBUG_LAST_EVENT_INFO_EXCEPTION;

typedef struct _DEBUG_LAST_EVENT_INFO_EXIT_THREAD {
	ULONG ExitCode;
} DEBUG_LAST_EVENT_INFO_EXIT_THREAD, *PDEBUG_LAST_EVENT_INFO_EXIT_THREAD;

typedef struct _DEBUG_LAST_EVENT_INFO_EXIT_PROCESS {
	ULONG ExitCode;
} DEBUG_LAST_EVENT_INFO_EXIT_PROCESS, *PDEBUG_LAST_EVENT_INFO_EXIT_PROCESS;

typedef struct _DEBUG_LAST_EVENT_INFO_LOAD_MODULE {
	ULONG64 Base;
} DEBUG_LAST_EVENT_INFO_LOAD_MODULE, *PDEBUG_LAST_EVENT_INFO_LOAD_MODULE;

typedef struct _DEBUG_LAST_EVENT_INFO_UNLOAD_MODULE {
	ULONG64 Base;
} DEBUG_LAST_EVENT_INFO_UNLOAD_MODULE, *PDEBUG_LAST_EVENT_INFO_UNLOAD_MODULE;

typedef struct _DEBUG_LAST_EVENT_INFO_SYSTEM_ERROR {
	ULONG Error;
	ULONG Level;
} DEBUG_LAST_EVENT_INFO_SYSTEM_ERROR, *PDEBUG_LAST_EVENT_INFO_SYSTEM_ERROR;

/* CreateProcess2; 16 bytes. */
typedef struct _DEBUG_CREATE_PROCESS_OPTIONS {
	ULONG CreateFlags;
	ULONG EngCreateFlags; /* DEBUG_ECREATE_PROCESS_ */
	ULONG VerifierFlags;
	ULONG Reserved; /* 0 */
} DEBUG_CREATE_PROCESS_OPTIONS, *PDEBUG_CREATE_PROCESS_OPTIONS;

/* Request with DEBUG_REQUEST_READ_USER_MINIDUMP_STREAM. */
typedef struct _DEBUG_READ_USER_MINIDUMP_STREAM {
	ULONG StreamType;
	ULONG Flags; /* 0 */
	ULONG64 Offset DBGENG_ALIGN8;
	PVOID Buffer;
	ULONG BufferSize; /* bytes */
	ULONG BufferUsed; /* bytes; filled */
} DEBUG_READ_USER_MINIDUMP_STREAM, *PDEBUG_READ_USER_MINIDUMP_STREAM;

/* A frame of a stack; 128 bytes. */
typedef struct _DEBUG_STACK_FRAME {
	ULONG64 InstructionOffset DBGENG_ALIGN8;
	ULONG64 ReturnOffset;
	ULONG64 FrameOffset;
	ULONG64 StackOffset;
	ULONG64 FuncTableEntry;
	ULONG64 Params[4];
	ULONG64 Reserved[6];
	BOOL Virtual;
	ULONG FrameNumber;
} DEBUG_STACK_FRAME, *PDEBUG_STACK_FRAME;

/* A breakpoint; 56 bytes. */
typedef struct _DEBUG_BREAKPOINT_PARAMETERS {
	ULONG64 Offset DBGENG_ALIGN8;
	ULONG Id;
	ULONG BreakType;
	ULONG ProcType;
	ULONG Flags;
	ULONG DataSize;
	ULONG DataAccessType;
	ULONG PassCount;
	ULONG CurrentPassCount;
	ULONG MatchThread;
	ULONG CommandSize;
	ULONG OffsetExpressionSize;
} DEBUG_BREAKPOINT_PARAMETERS, *PDEBUG_BREAKPOINT_PARAMETERS;

/* A symbol of a group; 32 bytes. */
typedef struct _DEBUG_SYMBOL_PARAMETERS {
	ULONG64 Module DBGENG_ALIGN8;
	ULONG TypeId;
	ULONG ParentSymbol;
	ULONG SubElements;
	ULONG Flags;
	ULONG64 Reserved DBGENG_ALIGN8;
} DEBUG_SYMBOL_PARAMETERS, *PDEBUG_SYMBOL_PARAMETERS;

/* Event filters. */
typedef struct _DEBUG_SPECIFIC_FILTER_PARAMETERS {
	ULONG ExecutionOption;
	ULONG ContinueOption;
	ULONG TextSize;
	ULONG CommandSize;
	ULONG ArgumentSize;
} DEBUG_SPECIFIC_FILTER_PARAMETERS, *PDEBUG_SPECIFIC_FILTER_PARAMETERS;

typedef struct _DEBUG_EXCEPTION_FILTER_PARAMETERS {
	ULONG ExecutionOption;
	ULONG ContinueOption;
	ULONG TextSize;
	ULONG CommandSize;
	ULONG SecondCommandSize;
	ULONG ExceptionCode;
} DEBUG_EXCEPTION_FILTER_PARAMETERS, *PDEBUG_EXCEPTION_FILTER_PARAMETERS;

/* Of methods that no target here offers: pointers to these are taken and never followed. */
typedef struct _DEBUG_STACK_FRAME_EX DEBUG_STACK_FRAME_EX, *PDEBUG_STACK_FRAME_EX;
typedef struct _DEBUG_SYMBOL_ENTRY DEBUG_SYMBOL_ENTRY, *PDEBUG_SYMBOL_ENTRY;
typedef struct _DEBUG_SYMBOL_SOURCE_ENTRY DEBUG_SYMBOL_SOURCE_ENTRY, *PDEBUG_SYMBOL_SOURCE_ENTRY;
typedef struct _DEBUG_MODULE_AND_ID DEBUG_MODULE_AND_ID, *PDEBUG_MODULE_AND_ID;
typedef struct _DEBUG_OFFSET_REGION DEBUG_OFFSET_REGION, *PDEBUG_OFFSET_REGION;
typedef struct _SYMBOL_INFO_EX SYMBOL_INFO_EX, *PSYMBOL_INFO_EX;
typedef struct _WINDBG_EXTENSION_APIS32 *PWINDBG_EXTENSION_APIS32;
typedef struct _WINDBG_EXTENSION_APIS64 *PWINDBG_EXTENSION_APIS64;

#endif
