# SPDX-License-Identifier: Apache-2.0
"""gdb as a reader, inside of it: gdb -nx -batch -x gdb_peer.py; see work.py."""

import os
import sys

import gdb  # pylint: disable=import-error

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["PEER_FOLDER"])
import work  # noqa: E402


class Gdb:
    def __init__(self):
        for setting in ("debuginfod enabled off", "auto-solib-add off", "confirm off",
                        "pagination off", "max-value-size unlimited"):
            gdb.execute("set " + setting, to_string=True)
        self.stored = os.environ["PEER_KIND"] in ("core", "sparse", "segments")

    def open(self):
        command = "core-file " if self.stored else "attach "
        gdb.execute(command + os.environ["PEER_SPEC"], to_string=True)
        self.inferior = gdb.selected_inferior()
        self.char_pointer = gdb.lookup_type("char").pointer()

    def close(self):
        gdb.execute("core-file" if self.stored else "detach", to_string=True)

    def read(self, address, size):
        return self.inferior.read_memory(address, size)

    def write(self, address, data):
        self.inferior.write_memory(address, data)

    def string(self, address, _):
        return gdb.Value(address).cast(self.char_pointer).string("latin-1")

    def search(self, address, size, pattern):
        return self.inferior.search_memory(address, size, pattern)

    def regions(self):
        return gdb.execute("info proc mappings", to_string=True).count("\n")


work.serve(Gdb())
