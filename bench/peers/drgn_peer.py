# SPDX-License-Identifier: Apache-2.0
"""drgn as a reader, through its Python module; see work.py. Debian 12's version has no search."""

import os
import sys

import drgn  # pylint: disable=import-error
from drgn.helpers.linux.mm import access_process_vm  # pylint: disable=import-error
from drgn.helpers.linux.pid import find_task  # pylint: disable=import-error

sys.dont_write_bytecode = True
import elf_copy  # noqa: E402
import work  # noqa: E402

# Where the kernel has its own code and data, without randomisation, and how much at the most.
IMAGE, IMAGE_SIZE = 0xFFFFFFFF80000000, 1 << 30


class Drgn:
    """A process, or the core of one."""

    def __init__(self):
        self.stored = os.environ["PEER_KIND"] in ("core", "sparse", "segments")

    def open(self):
        self.program = drgn.Program()
        if self.stored:
            self.program.set_core_dump(os.environ["PEER_SPEC"])
        else:
            self.program.set_pid(int(os.environ["PEER_SPEC"]))
        character = self.program.int_type("char", 1, True)
        self.char_pointer = self.program.pointer_type(character)

    def close(self):
        del self.program, self.char_pointer

    @property
    def read(self):
        return self.program.read

    def string(self, address, _):
        return drgn.Object(self.program, self.char_pointer, value=address).string_()


class DrgnGuest:
    """A process of a guest, through its page tables.

    This version finds the kernel's first table by its virtual address, which leads to the tables
    again where the dump has no virtual addresses; so it gets a copy that has some.
    """

    def __init__(self):
        direct = int(os.environ["PEER_DIRECT"])
        self.file = elf_copy.copy(os.environ["PEER_SPEC"],
                                  [(IMAGE, IMAGE_SIZE), (direct, int(os.environ["PEER_MEMORY"]))])

    def open(self):
        program = drgn.Program()
        program.set_core_dump(f"/proc/self/fd/{self.file.fileno()}")
        program.load_debug_info([os.environ["PEER_VMLINUX"]])
        self.task = find_task(program, int(os.environ["PEER_PID"]))

    def close(self):
        del self.task

    def read(self, address, size):
        return access_process_vm(self.task, address, size)


work.serve(DrgnGuest() if os.environ["PEER_KIND"] == "guest" else Drgn())
