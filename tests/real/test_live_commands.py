#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Memory commands on a real process: what they show and change against what the process says.

The target is tests/programs/target.c.
"""

import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

from test_live_cli import ENVIRONMENT, TIMEOUT, TMEM, Target, equal, run

PAGE = 0x1000


def done(*arguments):
    """Runs commands that must succeed; their output."""
    result = run(*arguments)
    equal(result.stderr, "")
    equal(result.returncode, 0)
    return result.stdout


def failed(*arguments):
    """Runs commands that must fail; their errors."""
    result = run(*arguments)
    equal(result.returncode, 1)
    return result.stderr


def fresh(target, size, seed):
    """Random bytes in the big region; its address and the bytes."""
    data = random.Random(seed).randbytes(size)
    address = target.start("big")
    equal(target.ask("poke %x %s" % (address, data.hex())).split()[0], "ok")
    equal(target.bytes(address, size), data)
    return address, data


def test_move_up_and_down(target):
    for distance in (1, 7, 100, 4095, -1, -100, -4095):
        address, data = fresh(target, 3 * PAGE, distance & 0xFFFF)
        start = PAGE
        equal(done(target.spec, "m %x L%x %x" % (address + start, PAGE, address + start + distance)), "")
        model = bytearray(data)
        model[start + distance : start + distance + PAGE] = data[start : start + PAGE]
        equal(target.bytes(address, len(data)), bytes(model))


def test_move_ends_at_a_hole(target):
    address, data = fresh(target, 2 * PAGE, 5)
    none = target.start("none")
    errors = failed(target.spec, "m %x L10 %x" % (address, 8))
    assert "0x0 of 0x10 bytes were moved" in errors, errors
    cut = target.start("cut")
    errors = failed(target.spec, "m %x L%x %x" % (cut, 8 * PAGE, address))
    moved = int(re.search(r"0x([0-9a-f]+) of 0x8000 bytes were moved", errors)[1], 16)
    equal(moved, 2 * PAGE)
    equal(target.bytes(address, PAGE), target.bytes(cut, PAGE))
    assert none


def test_compare(target):
    address, data = fresh(target, 4 * PAGE, 6)
    other = address + 8 * PAGE
    done(target.spec, "m %x L%x %x" % (address, len(data), other))
    equal(done(target.spec, "c %x L%x %x" % (address, len(data), other)), "")
    expected = ""
    for at in (0, 63, 64, 4097, len(data) - 1):
        value = data[at] ^ 0x55
        target.ask("poke %x %02x" % (other + at, value))
        places = ["%016x" % place for place in (address + at, other + at)]
        expected += "%s`%s  %02x - %s`%s  %02x\n" % (
            places[0][:8], places[0][8:], data[at], places[1][:8], places[1][8:], value)
    equal(done(target.spec, "c %x L%x %x" % (address, len(data), other)), expected)


def test_read_file(target):
    size = 12 << 20
    data = random.Random(7).randbytes(size)
    address = target.start("big")
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        output = done(target.spec, ".events on", ".readmem %s %x L?%x" % (file.name, address, size))
        equal(output.count("ChangeDebuggeeState DATA VIRTUAL"), 1)
        for at in (0, size // 2, size - PAGE):
            equal(target.bytes(address + at, PAGE), data[at : at + PAGE])
        file.truncate(100)
        target.ask("poke %x %s" % (address, "00" * 200))
        output = done(target.spec, ".readmem %s %x L200" % (file.name, address))
        assert "0x64 of 0x200 bytes were written" in output, output
        equal(target.bytes(address, 200), data[:100] + bytes(100))


def test_read_what_is_no_file(target):
    address = target.start("big")
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        for name in (fifo, folder, "/dev/zero"):
            equal(failed(target.spec, ".readmem %s %x L10" % (name, address)),
                  "%s is no regular file\n" % name)
            equal(failed(target.spec, "$<" + name), "%s is no regular file\n" % name)


def test_numbers(target):
    address, data = fresh(target, 0x400, 8)
    for command, code, size in (("df", "<f", 4), ("dD", "<d", 8)):
        count = len(data) // size
        rows = done(target.spec, "%s %x L%x" % (command, address, count)).splitlines()
        values = [value for row in rows for value in row.split()[1:]]
        equal(len(values), count)
        for at, value in enumerate(values):
            original = struct.unpack_from(code, data, at * size)[0]
            if original == original:
                equal(struct.pack(code, float(value)), data[at * size : at * size + size])
            else:
                equal(value, "nan")


def test_binary(target):
    address, data = fresh(target, 32, 9)
    rows = done(target.spec, "dyb %x" % address).splitlines()[2:]
    bits = [bit for row in rows for bit in row.split("  ")[1].split()]
    equal(bits, ["{:08b}".format(byte) for byte in data])
    rows = done(target.spec, "dyd %x" % address).splitlines()[3:]
    words = [row.split("  ")[1].replace(" ", "") for row in rows]
    equal(words, ["{:032b}".format(word) for word in struct.unpack("<8I", data)])


def test_entry_point(target):
    with open("/proc/%d/auxv" % target.process.pid, "rb") as file:
        pairs = dict(struct.iter_unpack("<QQ", file.read()))
    output = done("--json", target.spec, "? $iment(target64)")
    equal(int(json.loads(output)["value"], 16), pairs[9])


def test_registers(target):
    lines = done("--json", target.spec, ".suspend", "r", "!vprot @rsp").splitlines()
    registers = {}
    for line in lines:
        record = json.loads(line)
        if record["type"] == "register":
            registers[record["name"]] = int(record["value"], 16)
    with open("/proc/%d/maps" % target.process.pid, encoding="utf-8") as file:
        ranges = [[int(part, 16) for part in line.split()[0].split("-")] + [line.split()[1]]
                  for line in file]
    for name, letter in (("rip", "x"), ("rsp", "w")):
        found = [row for row in ranges if row[0] <= registers[name] < row[1]]
        equal([letter in row[2] for row in found], [True])
    equal(json.loads(lines[-1])["protect"], "PAGE_READWRITE")
    assert "after .suspend" in failed(target.spec, "r")


def test_protections(target):
    expected = {"pattern": "PAGE_READWRITE", "readonly": "PAGE_READONLY", "none": "PAGE_NOACCESS",
                "code": "PAGE_EXECUTE_READ"}
    bases = {}
    for line in done("--json", target.spec, "!vadump -v").splitlines():
        record = json.loads(line)
        bases[int(record["base"], 16)] = record
    for name, protect in expected.items():
        output = done(target.spec, "!vprot %x" % target.start(name))
        assert re.search(r"^Protect: +[0-9a-f]{8}  %s$" % protect, output, re.M), output
    ends = [base + int(record["size"], 16) for base, record in bases.items()]
    # Each begins where the one before it ends; vsyscall lies far above.
    equal(list(bases)[1:-1], ends[:-2])


def test_script(target):
    address, data = fresh(target, 16, 10)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "look.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("r $t0 = %x\n* text\neb @$t0 1 2 3\n? by(@$t0+2); db 8 L1; db zz\n" % address)
        result = run(target.spec, "$<" + path)
    equal(result.stderr.splitlines()[0], "%s:4:27: Couldn't resolve error at 'zz'" % path)
    assert "= 00000000`00000003" in result.stdout, result.stdout
    equal(target.bytes(address, 16), b"\1\2\3" + data[3:])


def test_interrupt_of_a_script(target):
    big = target.start("big")
    with tempfile.TemporaryDirectory() as folder:
        path, mark = os.path.join(folder, "slow.txt"), os.path.join(folder, "begun")
        with open(path, "w", encoding="utf-8") as file:
            file.write(".writemem %s %x L1\n" % (mark, big))
            file.write("c %x L?800000 %x\n" % (big, big) * 100000)
        process = subprocess.Popen([TMEM, target.spec, "$<" + path, "? 5"], env=ENVIRONMENT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not os.path.exists(mark):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TIMEOUT)
    assert "Evaluate" not in output, output
    assert re.match(re.escape(path) + r":\d+:1: Interrupted: ", errors), errors
    equal(process.returncode, 1)


def main():
    target = Target("--at=200000000", "--big=24")
    passed = bad = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test(target)
            passed += 1
        except Exception as error:  # every test counts by itself
            bad += 1
            print("%s: %s: %s" % (name, type(error).__name__, error))
    target.close()
    print("%d passed, %d failed" % (passed, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
