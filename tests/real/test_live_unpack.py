#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Opens files that the usual tools have compressed: a core of a process, bombs, damaged files.

The expected bytes are taken from the uncompressed core by reading its program headers here.
"""

import errno
import fcntl
import glob
import gzip
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

BUILD = os.environ["TMEM_BUILD"]
SOURCE = os.environ["TMEM_SOURCE"]
TMEM = os.path.join(BUILD, "tmem")
TIMEOUT = 120
TOOLS = {
    "zstd": ["zstd", "-q", "-T0", "-c"],
    "xz": ["xz", "-1", "-c"],
    "gzip": ["gzip", "-1", "-c"],
    "lz4": ["lz4", "-q", "-c"],
}


class Place:
    """A folder with a core and its compressed forms; spool is the TMPDIR of tmem."""

    def __init__(self, folder):
        self.folder = folder
        self.spool = self.path("spool")
        os.mkdir(self.spool)
        self.environment = {**os.environ, "TMPDIR": self.spool, "LC_ALL": "C.UTF-8",
                            "TERM": "xterm"}
        self.core = self.path("core")
        self.make_core()
        self.packed = {}
        for tool, command in TOOLS.items():
            self.packed[tool] = self.path("core." + tool)
            with open(self.core, "rb") as data, open(self.packed[tool], "wb") as out:
                subprocess.run(command, stdin=data, stdout=out, check=True, timeout=TIMEOUT)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_core(self):
        maker = os.path.join(SOURCE, "tests", "programs", "make_core.py")
        program = os.path.join(BUILD, "tests", "programs", "target64")
        subprocess.run(
            [sys.executable, maker, "gcore", program, self.core, "--", "--at=200000000",
             "--no-uffd"],
            check=True, timeout=TIMEOUT, stdout=subprocess.DEVNULL,
        )

    def run(self, *arguments, environment=None, **more):
        return subprocess.run(
            [TMEM, *arguments], input="", capture_output=True, text=True, timeout=TIMEOUT,
            env=environment or self.environment, **more,
        )

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()


def segments(core):
    """(address, bytes) of every stored segment."""
    count = struct.unpack_from("<H", core, 56)[0]
    start = struct.unpack_from("<Q", core, 32)[0]
    for i in range(count):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", core, start + 56 * i)
        if kind == 1 and size:
            yield address, core[offset : offset + size]


def equal(found, expected):
    if found != expected:
        raise AssertionError("found %r, expected %r" % (found, expected))


def refused(place, result, text, code=3):
    equal(result.returncode, code)
    if text not in result.stderr:
        raise AssertionError("%r is not in %r" % (text, result.stderr))
    if len(result.stderr.splitlines()) != 1:
        raise AssertionError("not one line: %r" % result.stderr)
    equal(os.listdir(place.spool), [])


def test_every_tool_gives_the_same_bytes(place):
    stored = list(segments(place.read(place.core)))
    largest = sorted(stored, key=lambda segment: -len(segment[1]))[:12]
    for tool, path in place.packed.items():
        outs = [place.path("out%d" % i) for i in range(len(largest))]
        # Below the current folder: elsewhere the sandbox lets nothing be written.
        result = place.run(path, cwd=os.path.dirname(outs[0]), *(
            ".writemem %s %x L?%x" % (out, address, len(data))
            for out, (address, data) in zip(outs, largest)
        ))
        equal((result.returncode, result.stderr), (0, ""))
        for out, (_, data) in zip(outs, largest):
            equal(place.read(out) == data, True)
            os.unlink(out)
        about = place.run(path, ".target").stdout
        equal("from %s: core of " % tool in " ".join(about.split()), True)


def test_all_else_is_the_same_too(place):
    commands = ("!address", "lm", "~", "|", "db @rsp L40")
    expected = place.run(place.core, *commands)
    equal(expected.returncode, 0)
    for path in place.packed.values():
        for spec in (path, "core:" + path):
            found = place.run(spec, *commands)
            equal(found.stdout, expected.stdout)


def test_a_name_means_nothing(place):
    odd = place.path("core.txt")
    shutil.copy(place.packed["zstd"], odd)
    equal(place.run(odd, "db @rsp L1").returncode, 0)
    plain = place.path("plain.zst")
    shutil.copy(place.core, plain)
    equal(place.run(plain, "db @rsp L1").returncode, 0)


def test_pieces_put_together(place):
    core = place.read(place.core)
    half = len(core) // 2
    for tool, command in TOOLS.items():
        parts = b"".join(
            subprocess.run(command, input=part, capture_output=True, check=True).stdout
            for part in (core[:half], core[half:])
        )
        path = place.write("parts." + tool, parts)
        equal(
            place.run(path, "db @rsp L40").stdout, place.run(place.core, "db @rsp L40").stdout
        )


def test_off_takes_the_bytes_as_they_are(place):
    result = place.run("-o", "unpack=off", place.packed["xz"], "db 0")
    refused(place, result, "no target kind knows this file")


def test_cut_files(place):
    for tool, path in place.packed.items():
        data = place.read(path)
        cut = place.write("cut." + tool, data[: len(data) * 2 // 3])
        result = place.run(cut, "db @rsp L1")
        refused(place, result, "cut.%s (%s): the file ends in the middle" % (tool, tool))
        part = place.run("-o", "unpack=partial", cut, ".target")
        equal(part.returncode, 0)
        equal("from damaged " + tool in part.stdout, True)


def test_wrong_checksums(place):
    for tool, path in place.packed.items():
        data = bytearray(place.read(path))
        # The last byte of all; in xz that is its last magic byte.
        data[-1] ^= 0x55
        refused(place, place.run(place.write("sum." + tool, data), "db 0"), "at byte")
        data[-1] ^= 0x55
        for at in range(len(data) // 2, len(data) // 2 + 32):
            data[at] ^= 0x55
        refused(place, place.run(place.write("mid." + tool, data), "db 0"), "at byte")


def test_garbage_behind(place):
    for tool, path in place.packed.items():
        data = place.read(path)
        found = place.run(place.write("more." + tool, data + b"and more"), "db 0")
        refused(place, found, "something else follows the end of the compressed data")
        found = place.run(place.write("pad." + tool, data + bytes(1024)), "db @rsp L1")
        equal(found.returncode, 0)


def test_packed_twice(place):
    twice = place.write("twice", gzip.compress(place.read(place.packed["zstd"]), 1))
    refused(place, place.run(twice, "db 0"), "compressed twice: it unpacks to zstd data")


def test_large_files(place):
    """Many pieces, half of them zeros, and then only half of the file."""
    noise = b"".join(os.urandom(1 << 18) + bytes(1 << 18) for _ in range(24))
    path = place.write("noise", noise)
    places = [at for at in range(0, len(noise), len(noise) // 40)] + [len(noise) - 16]
    expected = [noise[at : at + 16].hex() for at in places]
    for tool, command in TOOLS.items():
        packed = place.path("noise." + tool)
        with open(path, "rb") as data, open(packed, "wb") as out:
            subprocess.run(command, stdin=data, stdout=out, check=True, timeout=TIMEOUT)
        result = place.run("raw:" + packed, *("!db %x L10" % at for at in places))
        equal(result.stderr, "")
        # "#  ADDRESS BYTES", the middle of the bytes with a hyphen
        equal([line[10:57].replace("-", "").replace(" ", "")
               for line in result.stdout.splitlines()], expected)
        # Cut in the middle, what is there can be had, and that something is missing is told.
        with open(packed, "rb+") as file:
            file.truncate(os.path.getsize(packed) // 2)
        refused(place, place.run("raw:" + packed, "!db 0 L10"), "unpack=partial")
        result = place.run("-o", "unpack=partial", "raw:" + packed, "!db 0 L10")
        equal(result.stdout[10:57].replace("-", "").replace(" ", ""), expected[0])


def make_bomb(place):
    """10 GiB of zeros in a few hundred KiB: ten frames of 1 GiB, as `cat` puts them together."""
    path = place.path("bomb.zst")
    if not os.path.exists(path):
        # From a pipe: the frame does not tell the size beforehand.
        with subprocess.Popen(["head", "-c", "1G", "/dev/zero"], stdout=subprocess.PIPE) as zeros:
            frame = subprocess.run(["zstd", "-q", "-1", "-c"], stdin=zeros.stdout, check=True,
                                   capture_output=True, timeout=TIMEOUT).stdout
        place.write("bomb.zst", 10 * frame)
    return path


def test_bomb_is_refused(place):
    bomb = make_bomb(place)
    equal(os.path.getsize(bomb) < 2 << 20, True)
    result = place.run("-o", "unpack-limit=1G", bomb, "db 0")
    refused(place, result, "it unpacks to more than 1.0 GiB")


def test_declared_bomb_is_refused_at_once(place):
    # A frame header that says 2 TiB, and nothing behind it: refused before anything is unpacked.
    head = bytes.fromhex("28b52ffd") + bytes([0xC0, 20 << 3]) + struct.pack("<Q", 2 << 40)
    refused(place, place.run(place.write("says", head), "db 0"), "more than 64.0 GiB")


class Opened:
    """tmem on a terminal, with a file open."""

    def __init__(self, place, *arguments):
        child, self.terminal = pty.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [TMEM, *arguments], stdin=self.terminal, stdout=self.terminal,
            stderr=self.terminal, env=place.environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(self.terminal)
        self.terminal = child
        self.text = ""

    def wait_for(self, *texts):
        end = time.monotonic() + TIMEOUT
        while not any(text in self.text for text in texts):
            if time.monotonic() > end:
                raise AssertionError("%r never came: %r" % (texts, self.text))
            if select.select([self.terminal], [], [], 1)[0]:
                try:
                    self.text += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError as error:
                    if error.errno != errno.EIO:
                        raise
                    break

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def test_nothing_is_visible_while_open(place):
    opened = Opened(place, place.packed["zstd"])
    try:
        opened.wait_for("> ")
        equal(os.listdir(place.spool), [])
        mine = [
            os.readlink(link)
            for link in glob.glob("/proc/%d/fd/*" % opened.process.pid)
            if os.path.realpath(link).startswith(place.spool) or
            os.readlink(link).startswith(place.spool)
        ]
        equal(bool(mine) and all(name.endswith(" (deleted)") for name in mine), True)
    finally:
        opened.close()
    equal(os.listdir(place.spool), [])


def test_ctrl_c_stops_it(place):
    """Ctrl-C when the progress line is there, which is after half a second."""
    bomb = make_bomb(place)
    opened = Opened(place, "-o", "unpack-limit=100G", bomb)
    try:
        opened.wait_for("unpack: ", "no target kind")
        os.write(opened.terminal, b"\x03")
        opened.wait_for("interrupted", "no target kind")
        equal(opened.process.wait(TIMEOUT), 3)
    finally:
        opened.close()
    if "no target kind" in opened.text:
        print("not possible here: to interrupt the unpacking of 10 GiB: it was done before")
    else:
        equal("unpacking was interrupted" in opened.text, True)
    equal(os.listdir(place.spool), [])


def test_zeros_take_no_disk(place):
    """10 GiB of zeros within the limit, where the disk has 8 MiB."""
    small = place.path("small")
    os.mkdir(small)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True, text=True
    )
    if mounted.returncode:
        print("not possible here: a small disk: mount: " + mounted.stderr.strip())
        return
    environment = {**place.environment, "TMPDIR": small}
    try:
        result = place.run(make_bomb(place), "db 0", environment=environment)
        # Unpacked as a whole: an image of memory, with no kernel in it.
        equal("no Linux kernel was found" in result.stderr, True)
        noise = os.urandom(16 << 20)
        path = place.write("noise.lz4", subprocess.run(
            TOOLS["lz4"], input=noise, capture_output=True, check=True).stdout)
        result = place.run(path, "db 0", environment=environment)
        refused(place, result, "MiB that can be used in " + small)
        equal(os.listdir(small), [])
        used = os.statvfs(small)
        equal(used.f_bfree, used.f_blocks)
    finally:
        subprocess.run(["umount", small], check=True)


def test_killed_in_the_middle(place):
    opened = Opened(place, make_bomb(place))
    time.sleep(0.3)
    opened.process.send_signal(signal.SIGKILL)
    opened.process.wait()
    os.close(opened.terminal)
    equal(os.listdir(place.spool), [])


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="tmem-unpack-") as folder:
        place = Place(folder)
        for name, test in sorted(globals().items()):
            if not name.startswith("test_"):
                continue
            try:
                test(place)
                passed += 1
            except Exception as error:  # every test counts by itself
                failed += 1
                print("%s: %s: %s" % (name, type(error).__name__, error))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
