# SPDX-License-Identifier: Apache-2.0
"""A guest's RAM by physical address, from the copy of its RAM file and QEMU's memory map."""

import mmap

from kernels import Failure


class Ram:
    """Physical memory; ranges is Guest.memory_map()."""

    def __init__(self, path, ranges):
        self.file = open(path, "rb")
        self.bytes = mmap.mmap(self.file.fileno(), 0, prot=mmap.PROT_READ)
        self.ranges = ranges

    def offset(self, address, size):
        """Where in the file the bytes are, or None if they are no RAM."""
        for first, last, offset in self.ranges:
            if first <= address and address + size - 1 <= last:
                return offset + address - first
        return None

    def read(self, address, size):
        offset = self.offset(address, size)
        if offset is None:
            raise Failure(f"{size} bytes at {address:#x} are no RAM")
        return self.bytes[offset : offset + size]

    def pieces(self, address, size):
        """(address, size, file offset or None) that cover a range of physical memory."""
        end = address + size
        while address < end:
            hit = next((r for r in self.ranges if r[0] <= address <= r[1]), None)
            if hit:
                stop = min(end, hit[1] + 1)
                yield address, stop - address, hit[2] + address - hit[0]
            else:
                after = [r[0] for r in self.ranges if r[0] > address]
                stop = min([end, *after])
                yield address, stop - address, None
            address = stop

    def close(self):
        self.bytes.close()
        self.file.close()
