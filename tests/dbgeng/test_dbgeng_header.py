#!/usr/bin/env python3
"""dbgeng.h against tables of its own, against mingw-w64's header, and in every C and C++ of today.

What the compilers make of the header is compared: slots, ids, values and layouts, never the text
of the header, but for the parameters of methods.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ.get("TMEM_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(SOURCE, "include")
MINGW = "/usr/share/mingw-w64/include"

# Interface families: number of slots and id of each version, in order.
FAMILIES = {
    "IDebugClient": (
        (48, "27fe5639-8407-4f47-8364-ee118fb08ac8"), (56, "edbed635-372e-4dab-bbfe-ed0d2f63be81"),
        (60, "dd492d7f-71b8-4ad6-a8dc-1c887479ff91"), (66, "ca83c3de-5089-4cf8-93c8-d892387f2a5e"),
        (95, "e3acb9d7-7ec2-4f0c-a0da-e81e0cbbe628"), (96, "fd28b4c5-c498-4686-a28e-62cad2154eb3"),
        (97, "13586be3-542e-481e-b1f2-8497ba74f9a9")),
    "IDebugControl": (
        (95, "5182e668-105e-416e-ad92-24ef800424ba"), (103, "d4366723-44df-4bed-8c7e-4c05424f4588"),
        (116, "7df74a86-b03f-407f-90ab-a20dadcead08"), (169, "94e60ce9-9b41-4b19-9fc0-6d9eb35272b3"),
        (174, "b2ffe162-2412-429f-8d1d-5bf6dd824696"), (176, "bc0d583f-126d-43a1-9cc4-a860ab1d537b"),
        (177, "b86fb3b1-80d4-475b-aea3-cf06539cf63a")),
    "IDebugDataSpaces": (
        (23, "88f7dfab-3ea7-4c3a-aefb-c4e8106173aa"), (29, "7a5e852f-96e9-468f-ac1b-0b3addc4a049"),
        (34, "23f79d6c-8aaf-4f7c-a607-9995f5407e63"), (44, "d98ada1f-29e9-4ef5-a6c0-e53349883212")),
    "IDebugSystemObjects": (
        (32, "6b86fe2c-2c4f-4f0c-9da2-174311acc327"), (37, "0ae9f5ff-1852-4679-b055-494bee6407ee"),
        (46, "e9676e2f-e286-4ea3-b0f9-dfe5d9fc330e"), (48, "489468e6-7d0f-4af5-87ab-25207454d553")),
    "IDebugSymbols": (
        (52, "8c31e98c-983a-48a5-9016-6fe5d667a950"), (60, "3a707211-afdd-4495-ad4f-56fecdf8163f"),
        (126, "f02fbecc-50ac-4f36-9ad9-c975e8f32ff8"), (133, "e391bbd8-9d8c-4418-840b-c006592a1752"),
        (135, "c65fa83e-1e69-475e-8e0e-b5d79e9cc17e")),
    "IDebugAdvanced": (
        (5, "f2df5f53-071f-47bd-9de6-5734c3fed689"), (10, "716d14c9-119b-4ba5-af1f-0890e672416a"),
        (13, "cba4abb4-84c4-444d-87ca-a04e13286739"), (14, "d1069067-2a65-4bf0-ae97-76184b67856b")),
    "IDebugRegisters": (
        (14, "ce289126-9e84-45a7-937e-67bb18691493"), (29, "1656afa9-19c6-4e3a-97e7-5dc9160cf9c4")),
    "IDebugBreakpoint": (
        (24, "5bd9d474-5975-423a-b88b-65a8e7110e65"), (28, "1b278d20-79f2-426e-a3f9-c1ddf375d48e"),
        (29, "38f5c249-b448-43bb-9835-579d4ec02249")),
    "IDebugSymbolGroup": (
        (13, "f2528316-0f1a-4431-aeed-11d096e1e2ab"), (26, "6a7ccc5f-fb5e-4dcc-b41c-6c20307bccc7")),
    "IDebugOutputCallbacks": ((4, "4bf58045-d654-4c40-b0af-683090f356dc"),),
    "IDebugOutputCallbacksWide": ((4, "4c7fd663-c394-4e26-8ef1-34ad5ed3764c"),),
    "IDebugInputCallbacks": ((5, "9f50e42c-f136-499e-9a97-73036c94ed2d"),),
    "IDebugEventCallbacks": ((17, "337be28b-5036-4d72-b6bf-c45fbb9f2eaa"),),
    "IDebugEventCallbacksWide": ((17, "0690e046-9c23-45ac-a04f-987ac29ad0d3"),),
    "IDebugEventContextCallbacks": ((17, "61a4905b-23f9-4247-b3c5-53d087529ab7"),),
}
# It is no version of IDebugOutputCallbacks: it derives from IUnknown.
ALONE = {"IDebugOutputCallbacks2": (6, "67721fe9-56d2-4a44-a325-2b65513ce6eb")}

EVENTS = """3 GetInterestMask 4 Breakpoint 5 Exception 6 CreateThread 7 ExitThread 8 CreateProcess
    9 ExitProcess 10 LoadModule 11 UnloadModule 12 SystemError 13 SessionStatus
    14 ChangeDebuggeeState 15 ChangeEngineState 16 ChangeSymbolState"""

# Slots of methods: where versions begin and end, and where the order surprises.
SLOTS = {
    "IDebugClient": """3 AttachKernel 12 AttachProcess 19 OpenDumpFile 24 TerminateProcesses
        25 DetachProcesses 26 EndSession 28 DispatchCallbacks 30 CreateClient 34 SetOutputCallbacks
        36 SetOutputMask 43 GetIdentity 46 SetEventCallbacks 47 FlushCallbacks 48 WriteDumpFile2
        54 DetachCurrentProcess 55 AbandonCurrentProcess
        56 GetRunningProcessSystemIdByExecutableNameWide 59 CreateProcessAndAttachWide
        60 OpenDumpFileWide 63 GetNumberDumpFiles 64 GetDumpFile 65 GetDumpFileWide
        66 AttachKernelWide 73 GetOutputCallbacksWide 74 SetOutputCallbacksWide
        75 GetOutputLinePrefixWide 79 GetEventCallbacksWide 80 SetEventCallbacksWide
        81 CreateProcess2 82 CreateProcess2Wide 84 CreateProcessAndAttach2Wide
        85 PushOutputLinePrefix 86 PushOutputLinePrefixWide 87 PopOutputLinePrefix
        90 GetNumberEventCallbacks 91 GetQuitLockString 92 SetQuitLockString
        93 GetQuitLockStringWide 94 SetQuitLockStringWide 95 SetEventContextCallbacks
        96 SetClientContext""",
    "IDebugControl": """3 GetInterrupt 4 SetInterrupt 14 Output 15 OutputVaList
        16 ControlledOutput 18 OutputPrompt 34 GetDebuggeeType 39 GetNumberProcessors 41 GetPageSize
        42 IsPointer64Bit 47 GetEffectiveProcessorType 49 GetExecutionStatus 53 GetEngineOptions
        56 SetEngineOptions 63 Evaluate 66 Execute 79 GetWindbgExtensionApis32
        80 GetWindbgExtensionApis64 93 WaitForEvent 94 GetLastEventInformation
        95 GetCurrentTimeDate 97 GetDumpFormatFlags 102 OutputTextReplacements
        103 GetAssemblyOptions 107 GetExpressionSyntax 112 GetNumberEvents 115 SetNextEventIndex
        116 GetLogFileWide 117 OpenLogFileWide 118 InputWide 120 OutputWide 126 GetPromptTextWide
        129 GetProcessorTypeNamesWide 132 EvaluateWide 133 ExecuteWide 135 GetBreakpointByIndex2
        136 GetBreakpointById2 137 AddBreakpoint2 138 RemoveBreakpoint2 139 AddExtensionWide
        150 GetLastEventInformationWide 155 GetEventIndexDescriptionWide 156 GetLogFile2
        157 OpenLogFile2 158 GetLogFile2Wide 159 OpenLogFile2Wide 160 GetSystemVersionValues
        161 GetSystemVersionString 163 GetContextStackTrace 165 GetStoredEventInformation
        166 GetManagedStatus 168 ResetManagedStatus 169 GetStackTraceEx 173 GetBreakpointByGuid
        174 GetExecutionStatusEx 175 GetSynchronizationStatus 176 GetDebuggeeType2""",
    "IDebugDataSpaces": """3 ReadVirtual 4 WriteVirtual 5 SearchVirtual 6 ReadVirtualUncached
        7 WriteVirtualUncached 8 ReadPointersVirtual 9 WritePointersVirtual 10 ReadPhysical
        11 WritePhysical 12 ReadControl 14 ReadIo 16 ReadMsr 18 ReadBusData 20 CheckLowMemory
        21 ReadDebuggerData 22 ReadProcessorSystemData 23 VirtualToPhysical
        24 GetVirtualTranslationPhysicalOffsets 25 ReadHandleData 26 FillVirtual 27 FillPhysical
        28 QueryVirtual 29 ReadImageNtHeaders 30 ReadTagged 31 StartEnumTagged 33 EndEnumTagged
        34 GetOffsetInformation 35 GetNextDifferentlyValidOffsetVirtual 36 GetValidRegionVirtual
        37 SearchVirtual2 38 ReadMultiByteStringVirtual 39 ReadMultiByteStringVirtualWide
        40 ReadUnicodeStringVirtual 41 ReadUnicodeStringVirtualWide 42 ReadPhysical2
        43 WritePhysical2""",
    "IDebugSystemObjects": """3 GetEventThread 4 GetEventProcess 5 GetCurrentThreadId
        6 SetCurrentThreadId 7 GetCurrentProcessId 8 SetCurrentProcessId 10 GetTotalNumberThreads
        12 GetThreadIdByProcessor 18 GetThreadIdBySystemId 22 GetProcessIdsByIndex
        27 GetCurrentProcessSystemId 31 GetCurrentProcessExecutableName 32 GetCurrentProcessUpTime
        33 GetImplicitThreadDataOffset 34 SetImplicitThreadDataOffset
        35 GetImplicitProcessDataOffset 36 SetImplicitProcessDataOffset 37 GetEventSystem
        38 GetCurrentSystemId 42 GetTotalNumberThreadsAndProcesses 45 GetCurrentSystemServerName
        46 GetCurrentProcessExecutableNameWide 47 GetCurrentSystemServerNameWide""",
    "IDebugSymbols": """3 GetSymbolOptions 7 GetNameByOffset 8 GetOffsetByName 12 GetNumberModules
        13 GetModuleByIndex 15 GetModuleByOffset 16 GetModuleNames 17 GetModuleParameters
        18 GetSymbolModule 25 ReadTypedDataVirtual 28 ReadTypedDataPhysical 39 Reload
        40 GetSymbolPath 49 AppendSourcePath 51 GetSourceFileLineOffsets
        52 GetModuleVersionInformation 53 GetModuleNameString 59 SetTypeOptions
        60 GetNameByOffsetWide 65 GetModuleByModuleNameWide 71 GetScopeSymbolGroup2
        72 CreateSymbolGroup2 73 StartSymbolMatchWide 89 GetModuleNameStringWide
        92 IsManagedModule 93 GetModuleByModuleName2 94 GetModuleByModuleName2Wide
        95 GetModuleByOffset2 96 AddSyntheticModule 98 RemoveSyntheticModule
        104 GetFunctionEntryByOffset 110 GetSymbolEntriesByOffset 117 GetSymbolEntryOffsetRegions
        125 GetSourceEntryBySourceEntry 126 GetScopeEx 132 OutputSymbolByInlineContext
        133 GetCurrentScopeFrameIndexEx 134 SetScopeFrameByIndexEx""",
    "IDebugAdvanced": """3 GetThreadContext 4 SetThreadContext 5 Request
        6 GetSourceFileInformation 9 GetSystemObjectInformation 10 GetSourceFileInformationWide
        12 GetSymbolInformationWide 13 GetSymbolInformationWideEx""",
    "IDebugRegisters": """3 GetNumberRegisters 4 GetDescription 5 GetIndexByName 6 GetValue
        8 GetValues 10 OutputRegisters 11 GetInstructionOffset 13 GetFrameOffset
        14 GetDescriptionWide 15 GetIndexByNameWide 16 GetNumberPseudoRegisters
        18 GetPseudoDescriptionWide 21 GetPseudoValues 23 GetValues2 25 OutputRegisters2
        26 GetInstructionOffset2 28 GetFrameOffset2""",
    "IDebugBreakpoint": """3 GetId 8 RemoveFlags 10 GetOffset 17 GetMatchThreadId
        23 GetParameters 24 GetCommandWide 27 SetOffsetExpressionWide 28 GetGuid""",
    "IDebugSymbolGroup": """3 GetNumberSymbols 5 RemoveSymbolByName 6 RemoveSymbolByIndex
        12 OutputAsType 13 AddSymbolWide 17 OutputAsTypeWide 18 GetSymbolTypeName
        23 GetSymbolValueText 25 GetSymbolEntryInformation""",
    "IDebugOutputCallbacks": "3 Output",
    "IDebugOutputCallbacksWide": "3 Output",
    "IDebugOutputCallbacks2": "3 Output 4 GetInterestMask 5 Output2",
    "IDebugInputCallbacks": "3 StartInput 4 EndInput",
    "IDebugEventCallbacks": EVENTS,
    "IDebugEventCallbacksWide": EVENTS,
    "IDebugEventContextCallbacks": EVENTS,
}

# Structures: size, and offsets of members. {64-bit host, 32-bit host} where a pointer is inside.
LAYOUTS = {
    "GUID": (16, "Data1 0 Data2 4 Data3 6 Data4 8"),
    "DEBUG_VALUE": (32, """I8 0 I16 0 I32 0 I64 0 Nat 8 F32 0 F64 0 F80Bytes 0 F82Bytes 0
        F128Bytes 0 VI8 0 VI16 0 VI32 0 VI64 0 VF32 0 VF64 0 I64Parts32.LowPart 0
        I64Parts32.HighPart 4 F128Parts64.LowPart 0 F128Parts64.HighPart 8 RawBytes 0
        TailOfRawBytes 24 Type 28"""),
    "DEBUG_REGISTER_DESCRIPTION": (32, """Type 0 Flags 4 SubregMaster 8 SubregLength 12
        SubregMask 16 SubregShift 24 Reserved0 28"""),
    "DEBUG_MODULE_PARAMETERS": (64, """Base 0 Size 8 TimeDateStamp 12 Checksum 16 Flags 20
        SymbolType 24 ImageNameSize 28 ModuleNameSize 32 LoadedImageNameSize 36
        SymbolFileNameSize 40 MappedImageNameSize 44 Reserved 48"""),
    "MEMORY_BASIC_INFORMATION64": (48, """BaseAddress 0 AllocationBase 8 AllocationProtect 16
        RegionSize 24 State 32 Protect 36 Type 40"""),
    "EXCEPTION_RECORD64": (152, """ExceptionCode 0 ExceptionFlags 4 ExceptionRecord 8
        ExceptionAddress 16 NumberParameters 24 ExceptionInformation 32"""),
    "DEBUG_LAST_EVENT_INFO_EXCEPTION": (160, "ExceptionRecord 0 FirstChance 152"),
    "IMAGE_NT_HEADERS64": (264, """Signature 0 FileHeader.Machine 4 FileHeader.NumberOfSections 6
        FileHeader.TimeDateStamp 8 FileHeader.PointerToSymbolTable 12 FileHeader.NumberOfSymbols 16
        FileHeader.SizeOfOptionalHeader 20 FileHeader.Characteristics 22 OptionalHeader.Magic 24
        OptionalHeader.SizeOfCode 28 OptionalHeader.SizeOfInitializedData 32
        OptionalHeader.AddressOfEntryPoint 40 OptionalHeader.BaseOfCode 44
        OptionalHeader.ImageBase 48 OptionalHeader.SectionAlignment 56
        OptionalHeader.Win32VersionValue 76 OptionalHeader.SizeOfImage 80
        OptionalHeader.CheckSum 88 OptionalHeader.Subsystem 92
        OptionalHeader.DllCharacteristics 94 OptionalHeader.SizeOfStackReserve 96
        OptionalHeader.SizeOfStackCommit 104 OptionalHeader.SizeOfHeapReserve 112
        OptionalHeader.SizeOfHeapCommit 120 OptionalHeader.LoaderFlags 128
        OptionalHeader.NumberOfRvaAndSizes 132 OptionalHeader.DataDirectory 136"""),
    "DEBUG_CREATE_PROCESS_OPTIONS": (16, """CreateFlags 0 EngCreateFlags 4 VerifierFlags 8
        Reserved 12"""),
    "DEBUG_READ_USER_MINIDUMP_STREAM": (32, """StreamType 0 Flags 4 Offset 8 Buffer 16
        BufferSize 24/20 BufferUsed 28/24"""),
    "DEBUG_STACK_FRAME": (128, "InstructionOffset 0 Params 40 Virtual 120 FrameNumber 124"),
    "DEBUG_BREAKPOINT_PARAMETERS": (56, "Offset 0 Id 8 OffsetExpressionSize 48"),
    "DEBUG_SYMBOL_PARAMETERS": (32, "Module 0 TypeId 8 Flags 20 Reserved 24"),
    "DEBUG_HANDLE_DATA_BASIC": (24, "TypeNameSize 0 GrantedAccess 12 PointerCount 20"),
}
ALIGNED_TO_4 = {"GUID", "IMAGE_NT_HEADERS64", "DEBUG_CREATE_PROCESS_OPTIONS",
                "DEBUG_HANDLE_DATA_BASIC"}
SCALARS = {"HRESULT": 4, "ULONG": 4, "LONG": 4, "BOOL": 4, "ULONG64": 8, "LONG64": 8, "WCHAR": 2,
           "USHORT": 2, "UCHAR": 1, "CHAR": 1}

# Where mingw-w64 10 differs from Microsoft's header, and what is only for debugger extensions.
OTHER_VALUES = {"DEBUG_STATUS_MASK", "DEBUG_ENGOPT_ALL"}
OTHER_LAYOUTS = {"DEBUG_PROCESSOR_IDENTIFICATION_ARM"}
ONLY_MINGW = {
    "DEBUG_COMMAND_EXCEPTION_ID", "DEBUG_CMDEX_INVALID", "DEBUG_CMDEX_ADD_EVENT_STRING",
    "DEBUG_CMDEX_RESET_EVENT_STRINGS", "DEBUG_EXTENSION_AT_ENGINE",
    "DEBUG_EXTENSION_CONTINUE_SEARCH", "DEBUG_NOTIFY_SESSION_ACTIVE",
    "DEBUG_NOTIFY_SESSION_INACTIVE", "DEBUG_NOTIFY_SESSION_ACCESSIBLE",
    "DEBUG_NOTIFY_SESSION_INACCESSIBLE",
}
VALUE_NAME = re.compile(r"(DEBUG|MEM|PAGE|IMAGE|SYMOPT|S|E|ERROR|STATUS|CP|FACILITY|EXCEPTION)_\w+|"
                        r"INFINITE|TRUE|FALSE")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def run(*command, text=""):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(" ".join(command) + "\n" + done.stderr[:4000])
    return done.stdout


def version_name(family, number):
    return family + (str(number) if number > 1 else "")


def expected_interfaces():
    """name -> (slots, id, {method: slot})"""
    table = {name: (count, iid, name) for name, (count, iid) in ALONE.items()}
    for family, versions in FAMILIES.items():
        for number, (count, iid) in enumerate(versions, 1):
            table[version_name(family, number)] = (count, iid, family)
    found = {}
    for name, (count, iid, family) in table.items():
        words = SLOTS[family].split()
        slots = {method: int(slot) for slot, method in zip(words[::2], words[1::2])}
        found[name] = (count, iid, {m: s for m, s in slots.items() if s < count})
    return found


def our_methods():
    """name -> [(method, parameters)] as the C structures list them."""
    text = run("gcc", "-E", "-P", "-I" + INCLUDE, "-x", "c", "-", text="#include <dbgeng.h>")
    found = {}
    for name, body in re.findall(r"typedef struct (IDebug\w+)Vtbl \{(.*?)\} \w+Vtbl;", text, re.S):
        found[name] = [
            (method, [" ".join(one.split()) for one in parameters.split(",")][1:])
            for method, parameters in re.findall(r"\*(\w+)\)\(([^()]*)\);", body)]
    return found


def mingw_methods():
    """The same of mingw-w64's header."""
    text = read(os.path.join(MINGW, "dbgeng.h"))
    found = {}
    for name, body in re.findall(r"DECLARE_INTERFACE_\((\w+),IUnknown\) \{(.*?)\n  \};", text, re.S):
        found[name] = []
        for method, parameters in re.findall(
                r"STDMETHODV?_?\((?:\w+,)?(\w+)\)\(THIS_?\s*(.*?)\) PURE", body, re.S):
            parts = [" ".join(one.split()) for one in parameters.split(",")] if parameters else []
            found[name].append((method, [re.sub(r"\bWINBOOL\b", "BOOL", one) for one in parts]))
    return found


class Compiled:
    """Numbers that a compiler works out: one expression each, as 64-bit integers."""

    def __init__(self, head, *arguments):
        self.head, self.arguments = head, arguments

    def numbers(self, expressions):
        lines = [self.head, "const unsigned long long numbers[] = {"]
        lines += [f"(unsigned long long)({one})," for one in expressions] + ["1 };"]
        code = run("clang", *self.arguments, "-w", "-x", "c", "-std=gnu11", "-S", "-emit-llvm",
                   "-o", "-", "-", text="\n".join(lines) + "\n")
        line = re.search(r"^@numbers = .*$", code, re.M).group(0)
        values = [int(one) % 2**64 for one in re.findall(r"i64 (-?\d+)", line)]
        assert len(values) == len(expressions) + 1, (len(values), len(expressions))
        return values[:-1]

    def kept(self, names):
        """Those of the names that are macros."""
        lines = [self.head]
        for index, name in enumerate(names):
            lines += [f"#ifdef {name}", f"@@{index}@@", "#endif"]
        text = run("clang", *self.arguments, "-w", "-x", "c", "-E", "-P", "-",
                   text="\n".join(lines) + "\n")
        return [names[int(index)] for index in re.findall(r"@@(\d+)@@", text)]


OURS = Compiled("#include <dbgeng.h>", "-I" + INCLUDE)
THEIRS = Compiled("""#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <dbghelp.h>
#include <stddef.h>
#include <dbgeng.h>""", "--target=x86_64-w64-windows-gnu", "-isystem", MINGW)


class Tables(unittest.TestCase):
    """The tables of this test, in C and in C++."""

    def test_slots_in_c(self):
        methods = our_methods()
        expected = expected_interfaces()
        self.assertEqual(sorted(methods), sorted(expected))
        asked = [(name, method) for name in methods for method, _ in methods[name]]
        values = OURS.numbers([f"offsetof({name}Vtbl, {method}) / sizeof(void *)"
                               for name, method in asked])
        slot_of = dict(zip(asked, values))
        sizes = OURS.numbers([f"sizeof({name}Vtbl) / sizeof(void *)" for name in expected])
        for (name, (count, _, slots)), size in zip(expected.items(), sizes):
            self.assertEqual(size, count, name)
            slots = dict(slots, QueryInterface=0, AddRef=1, Release=2)
            for method, slot in slots.items():
                self.assertEqual(slot_of.get((name, method)), slot, f"{name}::{method}")

    def test_versions_only_append(self):
        methods = our_methods()
        for family, versions in FAMILIES.items():
            for number in range(2, len(versions) + 1):
                old = methods[version_name(family, number - 1)]
                self.assertEqual(methods[version_name(family, number)][:len(old)], old)

    def test_ids(self):
        expected = expected_interfaces()
        bytes_of = [f"((const unsigned char *)&IID_{name})[{i}]"
                    for name in expected for i in range(16)]
        text = ("#include <dbgeng.h>\n#include <stdio.h>\nint main(void) {\n" + "".join(
            f'printf("%d\\n", {one});\n' for one in bytes_of) + "return 0; }\n")
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "ids")
            run("gcc", "-I" + INCLUDE, "-x", "c", "-o", program, "-", text=text)
            numbers = [int(line) for line in run(program).split()]
        for index, (name, (_, iid, _)) in enumerate(expected.items()):
            found = bytes(numbers[16 * index:16 * index + 16])
            a, b, c, d, e = iid.split("-")
            self.assertEqual(found, bytes.fromhex(a)[::-1] + bytes.fromhex(b)[::-1] +
                             bytes.fromhex(c)[::-1] + bytes.fromhex(d + e), name)

    def test_slots_in_cpp(self):
        """A class for each family records which of its methods a call of a slot arrives at."""
        text = run("g++", "-E", "-P", "-I" + INCLUDE, "-x", "c++", "-", text="#include <dbgeng.h>")
        own, base_of = {}, {}
        for name, base, body in re.findall(r"struct (IDebug\w+) : public (\w+) \{(.*?)\};", text, re.S):
            base_of[name] = base
            own[name] = re.findall(r"virtual HRESULT (\w+)\(([^()]*)\) = 0;", body)
        newest = [name for name in base_of if name not in base_of.values()]
        program = ["#include <dbgeng.h>", "#include <stdio.h>", "static const char *last;"]
        for name in newest:
            program.append(f"class Of{name} : public {name} {{ public:")
            program.append('HRESULT QueryInterface(REFIID, PVOID *) override '
                           '{ last = "QueryInterface"; return S_OK; }')
            program += [f'ULONG {one}() override {{ last = "{one}"; return 0; }}'
                        for one in ("AddRef", "Release")]
            step = name
            while step != "IUnknown":
                program += [f'HRESULT {method}({parameters}) override {{ last = "{method}"; '
                            'return S_OK; }' for method, parameters in own[step]]
                step = base_of[step]
            program.append("};")
        program.append("""typedef HRESULT slot(void *, long, long, long, long, long);
static void ask(const char *name, void *object, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		last = "?";
		(*(slot ***)object)[i](object, 0, 0, 0, 0, 0);
		printf("%s %s %u\\n", name, last, i);
	}
}
int main() {""")
        methods = our_methods()
        program += [f'{{ Of{name} object; {name} *base = &object; ask("{name}", base, '
                    f'{len(methods[name])}); }}' for name in newest]
        program.append("return __uuidof(IDebugClient) != IID_IDebugClient; }")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "slots")
            run("g++", "-w", "-O0", "-std=c++11", "-I" + INCLUDE, "-x", "c++", "-o", path, "-",
                text="\n".join(program) + "\n")
            lines = [line.split() for line in run(path).splitlines()]
        found = {name: [] for name in newest}
        for name, method, slot in lines:
            self.assertEqual(int(slot), len(found[name]))
            found[name].append(method)
        families = {version_name(family, len(versions)) for family, versions in FAMILIES.items()}
        self.assertEqual(set(newest), families | set(ALONE))
        for name in newest:
            self.assertEqual(found[name], [method for method, _ in methods[name]], name)

    def test_layouts(self):
        """On this host, on a 32-bit one, and in C++."""
        lines = {64: ["#include <dbgeng.h>"], 32: ["#include <dbgeng.h>"]}
        for bits, of in lines.items():
            of += [f'static_assert(sizeof({name}) == {size}, "{name}");'
                   for name, size in SCALARS.items()]
            for name, (size, members) in LAYOUTS.items():
                words = members.split()
                align = 4 if name in ALIGNED_TO_4 else 8
                of.append(f'static_assert(sizeof({name}) == {size}, "{name}");')
                of.append(f'static_assert(alignof({name}) == {align}, "{name}");')
                for member, offset in zip(words[::2], words[1::2]):
                    offset = offset.split("/")[-1 if bits == 32 else 0]
                    of.append(f'static_assert(offsetof({name}, {member}) == {offset}, '
                              f'"{name}.{member}");')
        for bits, compiler in ((64, "gcc"), (32, "i686-linux-gnu-gcc")):
            text = "#include <assert.h>\n#include <stdalign.h>\n" + "\n".join(lines[bits]) + "\n"
            run(compiler, "-std=c11", "-I" + INCLUDE, "-fsyntax-only", "-x", "c", "-", text=text)
        run("g++", "-std=c++11", "-I" + INCLUDE, "-fsyntax-only", "-x", "c++", "-",
            text="\n".join(lines[64]) + "\n")


class Mingw(unittest.TestCase):
    """mingw-w64's header, which others wrote, as clang sees it when it compiles for Windows."""

    def test_slots_and_parameters(self):
        ours, theirs = our_methods(), mingw_methods()
        self.assertGreaterEqual(len(theirs), 22)
        for name, methods in theirs.items():
            self.assertIn(name, ours)
            self.assertGreater(len(methods), 3)
            self.assertEqual(ours[name], methods, name)
        asked = [(name, method) for name in theirs for method, _ in theirs[name]]
        expressions = [f"offsetof({name}Vtbl, {method}) / sizeof(void *)" for name, method in asked]
        self.assertEqual(OURS.numbers(expressions), THEIRS.numbers(expressions))

    def test_ids(self):
        text = read(os.path.join(MINGW, "dbgeng.h"))
        expected = expected_interfaces()
        found = re.findall(r"DEFINE_GUID\(IID_(\w+),0x(\w+),0x(\w+),0x(\w+),([^)]*)\)", text)
        self.assertGreaterEqual(len(found), 22)
        for name, a, b, c, rest in found:
            rest = rest.replace("0x", "").replace(",", "")
            self.assertEqual(f"{a}-{b}-{c}-{rest[:4]}-{rest[4:]}", expected[name][1], name)

    def test_values(self):
        ours = "".join(read(os.path.join(INCLUDE, "dbgeng", name)) for name in
                       ("constants.h", "structures.h", "windows.h"))
        theirs = read(os.path.join(MINGW, "dbgeng.h"))
        define = re.compile(r"^ *# *define (\w+)(?!\w|\()", re.M)
        names = [name for name in dict.fromkeys(define.findall(ours) + define.findall(theirs))
                 if VALUE_NAME.fullmatch(name)]
        our_names, their_names = set(OURS.kept(names)), set(THEIRS.kept(names))
        self.assertEqual({name for name in set(define.findall(theirs)) & their_names
                          if name not in our_names}, ONLY_MINGW)
        both = [name for name in names if name in our_names & their_names]
        text = [name for name in both if '"' in re.search(rf"define {name}\s+(.*)", ours).group(1)]
        numbers = [name for name in both if name not in text]
        self.assertGreater(len(numbers), 450)
        different = set()
        for name, our, their in zip(numbers, OURS.numbers(numbers), THEIRS.numbers(numbers)):
            if name.startswith(("E_", "STATUS_")):
                our, their = our % 2**32, their % 2**32
            if our != their:
                different.add(name)
        self.assertEqual(different, OTHER_VALUES)
        self.assertEqual(len(text), 4)
        for name in text:
            value = rf"define {name}\s+(\".*\")"
            self.assertEqual(re.search(value, ours).group(1), re.search(value, theirs).group(1))

    def test_macros_with_parameters(self):
        expressions = ["DEBUG_OUTTYPE_RECURSION_LEVEL(7)", "DEBUG_EXTEND64(0x80001000)",
                       "(unsigned)HRESULT_FROM_WIN32(30)", "(unsigned)HRESULT_FROM_NT(0xc0000147)",
                       "HRESULT_FROM_WIN32(0)", "SUCCEEDED(S_FALSE)", "FAILED(E_FAIL)",
                       "FAILED(0x10000005)"]
        self.assertEqual(OURS.numbers(expressions), THEIRS.numbers(expressions))

    def test_layouts(self):
        ours = read(os.path.join(INCLUDE, "dbgeng/structures.h"))
        known = read(os.path.join(MINGW, "dbgeng.h"))
        windows = {"MEMORY_BASIC_INFORMATION64", "EXCEPTION_RECORD64", "IMAGE_NT_HEADERS64",
                   "IMAGE_OPTIONAL_HEADER64", "IMAGE_FILE_HEADER", "IMAGE_DATA_DIRECTORY"}
        expressions = []
        checked = 0
        for name, body in re.findall(r"typedef (?:struct|union) _(\w+) \{(.*?)\n\} ", ours, re.S):
            if name in OTHER_LAYOUTS or not (name in windows or f"_{name} {{" in known):
                continue
            checked += 1
            body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
            expressions.append(f"sizeof({name})")
            for member in re.findall(r"(\w+)(?:\[\w+\])?(?: DBGENG_ALIGN8)?;", body):
                if member in ("LowPart", "HighPart", "Arm", "Arm64"):
                    continue
                expressions += [f"offsetof({name}, {member})", f"sizeof((({name} *)0)->{member})"]
        self.assertGreater(checked, 25)
        self.assertGreater(len(expressions), 300)
        for one, our, their in zip(expressions, OURS.numbers(expressions),
                                   THEIRS.numbers(expressions)):
            self.assertEqual(our, their, one)


USE_C = """#include <dbgeng.h>
#include <dbgeng.h>
int use_header(IDebugClient *client, IDebugControl *control);
int use_header(IDebugClient *client, IDebugControl *control)
{
	DEBUG_VALUE value = { { 0 }, 0, DEBUG_VALUE_INT64 };
	HRESULT result = S_OK;

	value.I64 = 1;
	if (client) {
		IUnknown *unknown = NULL;

		result = IDebugClient_QueryInterface(client, &IID_IUnknown, (PVOID *)&unknown);
		if (SUCCEEDED(result))
			IUnknown_Release(unknown);
		result = IDebugClient_AttachProcess(client, 0, 1, DEBUG_ATTACH_NONINVASIVE);
		IDebugClient_Release(client);
		result = IDebugControl_Output(control, DEBUG_OUTPUT_NORMAL, "text");
		result = IDebugControl_Output(control, DEBUG_OUTPUT_NORMAL, "%d", 5);
	}
	return (int)(value.I64 - 1) + !IsEqualGUID(&IID_IDebugClient, &IID_IDebugClient) + result;
}
"""
MAIN_C = """#include <dbgeng.h>
int use_header(IDebugClient *client, IDebugControl *control);
int main(void)
{
	return use_header(NULL, NULL) || !IsEqualIID(&IID_IUnknown, &IID_IUnknown);
}
"""
USE_CPP = """#include <dbgeng.h>
#include <dbgeng.h>
int use_header();
class Events : public DebugBaseEventCallbacks
{
public:
	ULONG STDMETHODCALLTYPE AddRef() { return 2; }
	ULONG STDMETHODCALLTYPE Release() { return 1; }
	HRESULT STDMETHODCALLTYPE GetInterestMask(PULONG Mask) { *Mask = 0; return S_OK; }
};
class Wide : public DebugBaseEventCallbacksWide
{
public:
	STDMETHOD_(ULONG, AddRef)(THIS) { return 2; }
	STDMETHOD_(ULONG, Release)(THIS) { return 1; }
	STDMETHOD(GetInterestMask)(THIS_ PULONG Mask) { *Mask = 0; return S_OK; }
};
int use_header()
{
	Events events;
	Wide wide;
	void *object;
	DEBUG_VALUE value = DEBUG_VALUE();
	int wrong = 0;

	value.I64 = 0;
	wrong += events.QueryInterface(__uuidof(IDebugEventCallbacks), &object) != S_OK;
	wrong += object != static_cast<IDebugEventCallbacks *>(&events);
	wrong += events.QueryInterface(__uuidof(IDebugEventCallbacksWide), &object) != E_NOINTERFACE;
	wrong += object != NULL;
	wrong += wide.QueryInterface(__uuidof(IUnknown), &object) != S_OK;
	wrong += wide.SessionStatus(DEBUG_SESSION_ACTIVE) != DEBUG_STATUS_NO_CHANGE;
	return wrong + (IID_IDebugClient == __uuidof(IDebugClient2)) + static_cast<int>(value.I64);
}
"""
MAIN_CPP = """#include <dbgeng.h>
int use_header();
int main()
{
	return use_header() || __uuidof(IDebugClient5) != IID_IDebugClient5;
}
"""
# A program that has the types of Windows already.
OWN_TYPES = """#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef char CHAR; typedef char16_t WCHAR; typedef unsigned char UCHAR, BYTE;
typedef uint16_t USHORT, WORD; typedef int32_t LONG, BOOL, HRESULT;
typedef uint32_t ULONG, DWORD; typedef int64_t LONG64; typedef uint64_t ULONG64, ULONGLONG;
typedef void *PVOID; typedef CHAR *PSTR; typedef const CHAR *PCSTR; typedef WCHAR *PWSTR;
typedef const WCHAR *PCWSTR; typedef ULONG *PULONG; typedef ULONG64 *PULONG64; typedef BOOL *PBOOL;
typedef intptr_t (*FARPROC)(void);
struct GUID { uint32_t a; uint16_t b, c; uint8_t d[8]; };
typedef GUID IID, *LPGUID; typedef const IID &REFIID;
#define IsEqualIID(a, b) (memcmp(&(a), &(b), 16) == 0)
#define STDMETHODCALLTYPE
#define S_OK 0
#define E_NOINTERFACE ((HRESULT)0x80004002u)
struct IUnknown {
	virtual HRESULT QueryInterface(REFIID id, PVOID *object) = 0;
	virtual ULONG AddRef() = 0;
	virtual ULONG Release() = 0;
};
#define DBGENG_HAVE_WINDOWS_TYPES
#include <dbgeng.h>
int main() { return sizeof(DEBUG_VALUE) != 32; }
"""


class Compilers(unittest.TestCase):
    """No warning anywhere; two files that include the header make a program."""

    def build(self, compiler, standard, suffix, *texts):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for index, text in enumerate(texts):
                files.append(os.path.join(folder, f"{index}.{suffix}"))
                with open(files[-1], "w", encoding="utf-8") as file:
                    file.write(text)
            program = os.path.join(folder, "program")
            run(compiler, "-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
                "-I" + INCLUDE, "-o", program, *files)
            run(program)

    def test_c(self):
        for compiler in ("gcc", "clang"):
            for standard in ("gnu99", "c99", "c11", "c17"):
                with self.subTest(compiler=compiler, standard=standard):
                    self.build(compiler, standard, "c", USE_C, MAIN_C)

    def test_cpp(self):
        for compiler in ("g++", "clang++"):
            for standard in ("c++11", "c++14", "c++17", "c++20"):
                with self.subTest(compiler=compiler, standard=standard):
                    self.build(compiler, standard, "cpp", USE_CPP, MAIN_CPP)

    def test_32_bits(self):
        run("i686-linux-gnu-gcc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror",
            "-I" + INCLUDE, "-fsyntax-only", "-x", "c", "-", text=USE_C)

    def test_types_of_the_program(self):
        self.build("g++", "c++11", "cpp", OWN_TYPES)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
