#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GetThreadContext against winnt.h of mingw-w64: every register at its member's place.

The three CONTEXT structures are cut out of that header and compiled by this machine's compiler,
which says where each member is. Then the library makes contexts of threads whose registers all
differ, and each member must hold the register of its name.
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
import uuid

import sanitized

WINNT = "/usr/share/mingw-w64/include/winnt.h"
LIBRARY = os.path.join(os.environ["TMEM_BUILD"], "libdbgeng.so.0")

PREAMBLE = """
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD, ULONG;
typedef uint64_t DWORD64, ULONGLONG;
typedef int64_t LONGLONG;
#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
#define __C89_NAMELESS
#define DUMMYSTRUCTNAME
#define DUMMYUNIONNAME
#define MAXIMUM_SUPPORTED_EXTENSION 512
#define SIZE_OF_80387_REGISTERS 80
#define ARM64_MAX_BREAKPOINTS 8
#define ARM64_MAX_WATCHPOINTS 2
"""

# Registers as the text of a machine names them, and their members; sizes are the members'.
AMD64 = {name: name.capitalize() for name in
         "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip".split()}
AMD64 |= {"eflags": "EFlags"} | {f"{name}s": f"Seg{name.upper()}s" for name in "cdefgs"}
X86 = {name: name.capitalize() for name in "eax ecx edx ebx esp ebp esi edi eip".split()}
X86 |= {"eflags": "EFlags"} | {f"{name}s": f"Seg{name.upper()}s" for name in "cdefgs"}
ARM64 = {f"x{n}": f"X{n}" for n in range(29)}
ARM64 |= {"x29": "Fp", "x30": "Lr", "sp": "Sp", "pc": "Pc", "pstate": "Cpsr"}

# Machine, a member that only its CONTEXT has, registers, CONTEXT_CONTROL | _INTEGER and what else
# is known, by the same header.
MACHINES = [
    ("amd64", "Rax", AMD64, "CONTEXT_AMD64", 7),
    ("i386", "ExtendedRegisters", X86, "CONTEXT_i386", 7),
    ("arm64", "X28", ARM64, "CONTEXT_ARM64", 3),
]

failures = 0


def check(name, got, wanted):
    global failures
    if got != wanted:
        print(f"{name}: {got:#x}, expected {wanted:#x}")
        failures += 1


def structure(text, tag, member):
    """The declaration of a struct or union with a tag that has a member."""
    for match in re.finditer(r"typedef (struct|union)[^{;]*\b" + tag + r"\s*{", text):
        depth, end = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[match.start():end]
        if re.search(r"\b" + member + r"\b", body):
            # The tag's second name, too: typedef ... } NAME, *PNAME;
            return body + text[end:text.index(";", end) + 1]
    raise SystemExit(f"{WINNT} has no {tag} with {member}")


def layouts(folder):
    """(size, {member: (offset, size)}) of each machine's CONTEXT, and the values of its flags."""
    with open(WINNT, encoding="latin-1") as file:
        text = file.read()
    shared = "\n".join(structure(text, tag, member) for tag, member in
                       (("_M128A", "Low"), ("_XMM_SAVE_AREA32", "MxCsr"),
                        ("_FLOATING_SAVE_AREA", "RegisterArea"), ("_NEON128", "Low")))
    result = []
    for machine, member, registers, flags, _ in MACHINES:
        body = structure(text, "_CONTEXT", member)
        lines = [f'printf("%s %zu %zu\\n", "{name}", offsetof(CONTEXT, {name}), '
                 f"sizeof(((CONTEXT *)0)->{name}));" for name in
                 [*registers.values(), "ContextFlags"]]
        # i386's alignment of 64-bit members plays no part: it has none.
        source = os.path.join(folder, machine + ".c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PREAMBLE + shared + body + "int main(void) {" + "\n".join(lines) +
                       'printf("size %zu 0\\n", sizeof(CONTEXT)); return 0; }\n')
        program = source[:-2]
        subprocess.run(["cc", "-w", source, "-o", program], check=True)
        rows = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
        places = {rows[i]: (int(rows[i + 1]), int(rows[i + 2])) for i in range(0, len(rows), 3)}
        value = re.search(r"#define " + flags + r"\s+(0x[0-9A-Fa-f]+)", text).group(1)
        result.append((places.pop("size")[0], places, int(value, 16)))
    return result


class Interface:
    """Calls of an interface's slots."""

    def __init__(self, address):
        self.address = address

    def call(self, slot, *arguments):
        table = ctypes.cast(self.address, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
        function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p,
                                    *[type(argument) for argument in arguments])(table[slot])
        return function(self.address, *arguments) & 0xffffffff

    def query(self, iid):
        other = ctypes.c_void_p()
        check("QueryInterface", self.call(0, ctypes.c_char_p(iid), ctypes.pointer(other)), 0)
        return Interface(other)


def iid(text):
    return uuid.UUID(text).bytes_le


CLIENT = iid("27fe5639-8407-4f47-8364-ee118fb08ac8")
CONTROL = iid("5182e668-105e-416e-ad92-24ef800424ba")
ADVANCED = iid("f2df5f53-071f-47bd-9de6-5734c3fed689")


def context_of(library, path, size):
    """What GetThreadContext gives, in a buffer that is larger; and what one too small answers."""
    client = ctypes.c_void_p()
    check("DebugCreate", library.DebugCreate(CLIENT, ctypes.byref(client)), 0)
    client = Interface(client)
    check("OpenDumpFile", client.call(19, ctypes.c_char_p(path.encode())), 0)
    control = client.query(CONTROL)
    check("WaitForEvent", control.call(93, ctypes.c_uint32(0), ctypes.c_uint32(0xffffffff)), 0)
    advanced = client.query(ADVANCED)
    buffer = ctypes.create_string_buffer(b"\xee" * (size + 16), size + 16)
    where = ctypes.cast(buffer, ctypes.c_void_p)
    check("one byte too few", advanced.call(3, where, ctypes.c_uint32(size - 1)), 0x80070057)
    check("untouched", buffer.raw[0], 0xee)
    check("GetThreadContext", advanced.call(3, where, ctypes.c_uint32(size + 16)), 0)
    check("the bytes behind", int.from_bytes(buffer.raw[size:], "little"),
          int.from_bytes(b"\xee" * 16, "little"))
    for interface in (advanced, control, client):
        interface.call(2)
    return buffer.raw[:size]


def main():
    if not os.path.isfile(WINNT):
        raise SystemExit(f"{WINNT} is missing: package mingw-w64-common")
    sanitized.preload_runtime(LIBRARY)
    library = ctypes.CDLL(LIBRARY)
    with tempfile.TemporaryDirectory() as folder:
        for (machine, _, registers, _, known), (size, places, flags) in zip(MACHINES,
                                                                            layouts(folder)):
            values = {}
            for number, (name, member) in enumerate(registers.items()):
                pattern = 0x1122334455667788 + 0x0101010101010101 * number
                values[name] = pattern & (1 << 8 * places[member][1]) - 1
                if member.startswith("Seg"):
                    values[name] &= 0xffff  # selectors have 16 bits, wherever they stand
            path = os.path.join(folder, machine + ".synth")
            with open(path, "w", encoding="utf-8") as file:
                words = " ".join(f"{name}={value:#x}" for name, value in values.items())
                file.write(f"tmem synth 1\nmachine {machine}\nprocess 1\nthread 1 {words}\n"
                           "run 0x1000 0x1000 rw-p\n")
            context = context_of(library, path, size)
            for name, member in registers.items():
                start, length = places[member]
                check(f"{machine} {member}",
                      int.from_bytes(context[start:start + length], "little"), values[name])
            start, length = places["ContextFlags"]
            check(f"{machine} ContextFlags",
                  int.from_bytes(context[start:start + length], "little"), flags | known)
            print(f"{machine}: {len(registers)} members of {size} bytes")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
