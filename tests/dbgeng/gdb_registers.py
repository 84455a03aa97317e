# SPDX-License-Identifier: Apache-2.0
"""For gdb, attached to a process: writes a core to CORE, and a line `TID REGISTER HEX` for each register of each thread to FACTS. Registers have the
names that DbgEng gives them; both names are variables of the environment."""

import os
import re

import gdb  # pylint: disable=import-error


def integer(name):
    return int(gdb.parse_and_eval("$" + name)) & 0xffffffffffffffff


def floating(name):
    text = gdb.execute("info registers " + name, to_string=True)
    return int(re.search(r"raw 0x([0-9a-f]+)", text).group(1), 16)


def vector(name):
    halves = gdb.parse_and_eval("$" + name)["v2_int64"]
    low, high = (int(halves[i]) & 0xffffffffffffffff for i in range(2))
    return high << 64 | low


def registers(wide):
    """(DbgEng's name, gdb's name, how it is read)."""
    if wide:
        names = ("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip cs ds es fs gs "
                 "ss fs_base gs_base mxcsr")
    else:
        names = "eax ecx edx ebx esp ebp esi edi eip cs ds es fs gs ss"
    for name in names.split():
        yield name, name, integer
    yield "efl", "eflags", integer
    yield "fpcw", "fctrl", integer
    yield "fpsw", "fstat", integer
    if not wide:
        yield "fptw", "ftag", integer
    for number in range(8):
        yield f"st{number}", f"st{number}", floating
    for number in range(16 if wide else 0):
        yield f"xmm{number}", f"xmm{number}", vector


def main():
    wide = "x86-64" in gdb.execute("show architecture", to_string=True)
    first = gdb.selected_thread()
    with open(os.environ["FACTS"], "w", encoding="ascii") as facts:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            for name, gdb_name, read in registers(wide):
                mask = (1 << (32 if not wide else 64)) - 1 if read is integer else -1
                facts.write(f"{thread.ptid[1]} {name} {read(gdb_name) & mask:x}\n")
    first.switch()
    gdb.execute("gcore " + os.environ["CORE"])


main()
