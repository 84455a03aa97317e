# SPDX-License-Identifier: Apache-2.0
"""A reader of ELF dumps of physical memory for tests; knows nothing of the library's own."""

import struct

from kernels import Failure

PT_LOAD = 1


class ElfDump:
    """The ranges of a dump: [(physical, virtual, file offset, size in file, size), ...]."""

    def __init__(self, path):
        self.file = open(path, "rb")
        head = self.file.read(64)
        if head[:5] != b"\x7fELF\x02":
            raise Failure(f"{path} is no 64-bit ELF file")
        self.machine, = struct.unpack_from("<H", head, 18)
        self.offset, = struct.unpack_from("<Q", head, 32)
        self.count, = struct.unpack_from("<H", head, 56)
        self.sections, = struct.unpack_from("<Q", head, 40)
        if self.count == 0xFFFF:
            self.count, = struct.unpack("<I", self.at(self.sections + 44, 4))
        self.ranges = []
        for index in range(self.count):
            fields = struct.unpack("<IIQQQQQQ", self.at(self.offset + 56 * index, 56))
            if fields[0] == PT_LOAD:
                self.ranges.append((fields[4], fields[3], fields[2], fields[5], fields[6]))

    def at(self, offset, size):
        self.file.seek(offset)
        return self.file.read(size)

    def close(self):
        self.file.close()


def swap_headers(path):
    """Puts the program headers of a QEMU dump right behind the file header, in place.

    QEMU 7.2 writes them after the section headers; older ones did it this way round, and
    makedumpfile reads no other.
    """
    dump = ElfDump(path)
    programs = dump.at(dump.offset, 56 * dump.count)
    sections = dump.at(64, dump.offset - 64)
    dump.close()
    if dump.sections != 64:
        raise Failure(f"{path} does not have QEMU's layout")
    with open(path, "r+b") as file:
        file.seek(64)
        file.write(programs + sections)
        file.seek(32)
        file.write(struct.pack("<QQ", 64, 64 + len(programs)))
