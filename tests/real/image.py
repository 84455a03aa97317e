# SPDX-License-Identifier: Apache-2.0
"""The first file system of a guest: busybox, modules, the guest program, written as a cpio file."""

import os
import stat

from kernels import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILERS = {
    "amd64": ["gcc"],
    "i386": ["i686-linux-gnu-gcc"],
    "arm64": ["clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld"],
}
# What /proc/kallsyms is asked for; kernels without KALLSYMS_ALL list only functions.
SYMBOLS = (
    "init_task swapper_pg_dir init_top_pgt _stext _text _etext linux_banner modules init_mm "
    "page_offset_base vmemmap_base vmalloc_base phys_base __start_BTF __stop_BTF init_uts_ns "
    "schedule start_kernel kernel_init vfs_read __x64_sys_read tramp_pg_dir idmap_pg_dir "
    "kimage_voffset memstart_addr high_memory max_pfn"
).split()
PATTERN_FILE_SIZE = 5 * 4096


def build_program(architecture, path, *sources):
    run([*COMPILERS[architecture], "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static",
         "-o", path, *sources])
    return path


def file_pattern():
    """What /pattern holds in every guest: each line says its own number."""
    lines = b"".join(b"line %010d\n" % number for number in range(PATTERN_FILE_SIZE // 16))
    assert len(lines) == PATTERN_FILE_SIZE
    return lines


class Archive:
    """Writes a cpio archive of the "newc" kind."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.number = 0

    def pad(self):
        self.file.write(b"\0" * (-self.file.tell() % 4))

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.number += 1
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0, *device,
                  len(name) + 1, 0)
        self.file.write(b"070701" + b"".join(b"%08x" % field for field in fields))
        self.file.write(name.encode() + b"\0")
        self.pad()
        self.file.write(data)
        self.pad()

    def add_file(self, name, path, executable=False):
        with open(path, "rb") as source:
            self.add(name, stat.S_IFREG | (0o755 if executable else 0o644), source.read())

    def close(self):
        self.add("TRAILER!!!", 0)
        self.file.close()


def begin(path, kernel, init):
    """An Archive with what every guest has: a shell, a console, modules, the first program."""
    if not kernel.modules:
        raise Failure(f"{kernel.archive} has none of the modules that guests load")
    archive = Archive(path)
    for folder in ("bin", "dev", "modules"):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add_file("bin/busybox", kernel.busybox, executable=True)
    archive.add("bin/sh", stat.S_IFLNK | 0o777, b"busybox")
    archive.add_file("init", init, executable=True)
    for module in kernel.modules:
        archive.add_file("modules/" + os.path.basename(module), module)
    return archive


def build(path, kernel, architecture):
    """Writes the archive for a kernel (a kernels.Kernel) of an architecture."""
    program = build_program(architecture, path + ".guest", os.path.join(HERE, "guest", "guest.c"))
    archive = begin(path, kernel, os.path.join(HERE, "guest", "init.sh"))
    archive.add_file("guest", program, executable=True)
    archive.add("symbols", stat.S_IFREG | 0o644, "|".join(SYMBOLS).encode())
    archive.add("pattern", stat.S_IFREG | 0o644, file_pattern())
    archive.close()
    os.unlink(program)
    return path
