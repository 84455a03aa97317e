#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The memory of a running guest as a file: written through from inside the sandbox.

The other side is a mapping of this process: what a guest would see, and what it would store.
"""

import mmap
import os
import subprocess
import sys
import tempfile

TMEM = os.path.join(os.environ["TMEM_BUILD"], "tmem")
TIMEOUT = 120
SIZE = 4 << 20


class Guest:
    """A file that is mapped here, in a folder that the sandbox does not let be written."""

    def __init__(self, here, elsewhere):
        self.here = here
        self.path = os.path.join(elsewhere, "ram")
        with open(self.path, "wb") as file:
            file.truncate(SIZE)
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), SIZE)

    def tmem(self, *arguments):
        return subprocess.run([TMEM, *arguments], cwd=self.here, capture_output=True, text=True,
                              timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, "TMPDIR": self.here})


def expect(condition, result):
    if not condition:
        raise AssertionError("%s%s" % (result.stdout, result.stderr))


def test_through(guest):
    for number, options in enumerate(("", ",map=never", ",hole=1M")):
        address = 0x1000 + 16 * number
        guest.memory[address:address + 16] = b"." * 16
        result = guest.tmem("-o", "live=on,write=through" + options, "raw:" + guest.path,
                            "fp %x L5 68 65 6c 6c 6f" % address)
        expect(result.returncode == 0, result)
        expect(guest.memory[address:address + 16] == b"hello" + b"." * 11, result)
    expect(guest.memory.size() == SIZE, result)


def test_beyond_the_hole(guest):
    result = guest.tmem("-o", "live=on,write=through,hole=1M", "raw:" + guest.path,
                        "fp 100000010 L4 61 62 63 64")
    expect(result.returncode == 0 and guest.memory[0x100010:0x100014] == b"abcd", result)


def test_only_that_file(guest):
    """Writing through opens one file for writing, not its folder."""
    other = os.path.join(os.path.dirname(guest.path), "other")
    with open(other, "wb") as file:
        file.write(b"untouched")
    result = guest.tmem("-o", "live=on,write=through", "raw:" + guest.path, ".sandbox",
                        ".writemem %s 0 L10" % other)
    if "Landlock, ABI" not in result.stdout:
        print("not possible here: this kernel lacks Landlock")
        return
    expect(guest.path in result.stdout, result)
    expect(result.returncode != 0, result)
    with open(other, "rb") as file:
        expect(file.read() == b"untouched", result)
    # Without the option not even that.
    result = guest.tmem("-o", "live=on", "raw:" + guest.path, ".sandbox")
    expect(result.returncode == 0 and guest.path not in result.stdout, result)


def test_not_asked_for(guest):
    """A guest is never changed without being asked for; otherwise writes go to the overlay."""
    result = guest.tmem("-o", "live=on", "raw:" + guest.path, "fp 2000 L1 78")
    expect(result.returncode != 0 and "does not take writes" in result.stdout + result.stderr,
           result)
    for options in ("live=on,overlay=on", "live=on,write=through,overlay=on", "cache=on"):
        result = guest.tmem("-o", options, "raw:" + guest.path, "fp 2000 L1 78", ".overlay")
        expect(result.returncode == 0 and "00002000" in result.stdout, result)
        expect(guest.memory[0x2000] == 0, result)
    result = guest.tmem("-o", "write=through", "raw:" + guest.path, ".sandbox")
    expect(result.returncode != 0 and "needs live=on" in result.stderr, result)


def test_packed(guest):
    """What is unpacked is a copy: nobody runs on it."""
    subprocess.run(["gzip", "-k", "-1", guest.path], check=True)
    result = guest.tmem("-o", "live=on,write=through", "raw:" + guest.path + ".gz", ".sandbox")
    expect(result.returncode != 0 and "is compressed" in result.stderr, result)


def main():
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as elsewhere:
            try:
                test(Guest(os.path.realpath(here), os.path.realpath(elsewhere)))
                passed += 1
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print("FAILED %s: %s" % (name, error))
                failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
