# SPDX-License-Identifier: Apache-2.0
"""drgn as a reader, through its Python module; see work.py. Debian 12's version has no search."""

import os
import sys

import drgn  # pylint: disable=import-error

sys.dont_write_bytecode = True
import work  # noqa: E402


class Drgn:
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


work.serve(Drgn())
