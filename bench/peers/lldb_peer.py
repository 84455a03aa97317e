# SPDX-License-Identifier: Apache-2.0
"""lldb as a reader, through its Python module; see work.py."""

import os
import re
import sys

import lldb  # pylint: disable=import-error

sys.dont_write_bytecode = True
import work  # noqa: E402


class Lldb:
    def __init__(self):
        self.debugger = lldb.SBDebugger.Create(False)
        self.debugger.SetAsync(False)
        self.error = lldb.SBError()
        self.stored = os.environ["PEER_KIND"] in ("core", "sparse", "segments")

    def good(self, result):
        if not self.error.Success():
            raise RuntimeError(str(self.error))
        return result

    def open(self):
        spec = os.environ["PEER_SPEC"]
        self.target = self.debugger.CreateTarget("")
        if self.stored:
            self.process = self.good(self.target.LoadCore(spec, self.error))
        else:
            self.process = self.good(self.target.AttachToProcessWithID(
                self.debugger.GetListener(), int(spec), self.error))

    def close(self):
        self.process.Detach()
        self.debugger.DeleteTarget(self.target)

    def read(self, address, size):
        return self.good(self.process.ReadMemory(address, size, self.error))

    def write(self, address, data):
        self.good(self.process.WriteMemory(address, data, self.error))

    def string(self, address, most):
        return self.good(self.process.ReadCStringFromMemory(address, most, self.error))

    def search(self, address, size, pattern):
        """The command looks for a number of eight bytes: the first half of the pattern."""
        number = int.from_bytes(pattern[:8], "little")
        result = lldb.SBCommandReturnObject()
        self.debugger.SetSelectedTarget(self.target)
        self.debugger.GetCommandInterpreter().HandleCommand(
            f"memory find -e {number:#x} -c 1 -- {address:#x} {address + size:#x}", result)
        said = result.GetOutput() or result.GetError() or ""
        found = re.search(r"found at location: (0x[0-9a-f]+)", said)
        return int(found[1], 16) if found else said

    def regions(self):
        return self.process.GetMemoryRegions().GetSize()


work.serve(Lldb())
