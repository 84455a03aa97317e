# SPDX-License-Identifier: Apache-2.0
"""A copy of a dump of physical memory whose headers also say where the kernel has it."""

import os
import shutil
import struct
import tempfile

HEADER = 64
TABLE_OFFSET, TABLE_COUNT = 32, 56  # in the header
SEGMENT = "<IIQQQQQQ"  # type, flags, offset, virtual, physical, size in the file, in memory, align
SEGMENT_SIZE = struct.calcsize(SEGMENT)
LOAD = 1


def segments(file, header):
    start, = struct.unpack_from("<Q", header, TABLE_OFFSET)
    count, = struct.unpack_from("<H", header, TABLE_COUNT)
    file.seek(start)
    return [struct.unpack(SEGMENT, file.read(SEGMENT_SIZE)) for _ in range(count)]


def copy(path, places):
    """An open file without a name. The segment of physical address 0 comes once for each place:
    (virtual address, bytes of it)."""
    made = tempfile.TemporaryFile(dir=os.environ.get("TMPDIR") or "/var/tmp")
    with open(path, "rb") as source:
        shutil.copyfileobj(source, made, 1 << 20)
    made.seek(0)
    header = bytearray(made.read(HEADER))
    table = []
    for segment in segments(made, header):
        kind, flags, offset, _, physical, size, _, align = segment
        if kind == LOAD and physical == 0:
            table += [struct.pack(SEGMENT, kind, flags, offset, virtual, physical,
                                  min(size, most), min(size, most), align)
                      for virtual, most in places]
        else:
            table.append(struct.pack(SEGMENT, *segment))
    # The table may be anywhere in the file: there is room at its end.
    struct.pack_into("<Q", header, TABLE_OFFSET, made.seek(0, os.SEEK_END))
    struct.pack_into("<H", header, TABLE_COUNT, len(table))
    made.write(b"".join(table))
    made.seek(0)
    made.write(header)
    made.flush()
    return made
