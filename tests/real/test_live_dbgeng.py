#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/ that are written to dbgeng.h, over live processes, cores and a kernel.

dbgeng_tour in C and in C++ must say the same; dbgeng_slots calls by numbers of slots. What they say
is compared with /proc, gdb, readelf, the program that is looked into, and page tables made here.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ["TMEM_BUILD"]
PROGRAMS = os.path.join(BUILD, "tests", "programs")
TOURS = [os.path.join(BUILD, "examples", name) for name in ("dbgeng_tour", "dbgeng_tour_cpp")]
SLOTS = os.path.join(BUILD, "examples", "dbgeng_slots")
LIBRARY = os.path.join(BUILD, "libdbgeng.so")
PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
TIMEOUT = 120
USER_END = 1 << 47
MEM_COMMIT, NOACCESS = 0x1000, 1
TARGETS = (("target64", 0x8664, 8), ("target32", 0x14c, 4))


def output(*words):
    done = subprocess.run(words, capture_output=True, text=True, env=PLAIN, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, (words, done.returncode, done.stdout[-500:], done.stderr)
    return done.stdout


def gdb(program, core, *commands):
    words = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
             "set auto-load safe-path /"]
    for command in commands:
        words += ["-ex", command]
    return output(*words, program, core)


class Target:
    """A running copy of the target program, and what it says of itself."""

    def __init__(self, name):
        self.path = os.path.join(PROGRAMS, name)
        self.process = subprocess.Popen([self.path, "--no-uffd"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.facts = {}
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ready":
                break
            self.facts[words[0]] = [int(word, 16) for word in words[1:3]]

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def at(self, name, offset=0):
        return self.facts[name][0] + offset

    def status(self, field):
        with open("/proc/%d/status" % self.pid, encoding="utf-8") as file:
            return re.search(r"^%s:\s*(\S+)" % field, file.read(), re.M).group(1)

    def maps(self):
        """(start, end, permissions, name) of each mapping of user space."""
        with open("/proc/%d/maps" % self.pid, encoding="utf-8") as file:
            lines = [line.split(maxsplit=5) + [""] for line in file]
        found = []
        for words in lines:
            start, end = (int(word, 16) for word in words[0].split("-"))
            if start < USER_END:
                found.append((start, end, words[1], words[5].strip()))
        return found

    def threads(self):
        return {int(name) for name in os.listdir("/proc/%d/task" % self.pid)}

    def core(self, folder):
        output("gcore", "-o", os.path.join(folder, "core"), str(self.pid))
        return os.path.join(folder, "core.%d" % self.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


class Said:
    """What a program said, taken apart."""

    def __init__(self, text):
        self.text = text
        self.lines = {}
        self.lists = {}
        for line in text.splitlines():
            if line.startswith("  "):
                self.lists.setdefault(word, []).append(line.split())
            else:
                word = (line.split() or [""])[0]
                self.lines.setdefault(word, []).append(line[10:])

    def machine(self):
        words = self.lines["machine"][0].split()
        return int(words[0].strip(","), 16), int(words[1].split("-")[0]) // 8, int(words[5])

    def regions(self):
        """The list stands before its headline: with the process."""
        rows = [row for rows in self.lists.values() for row in rows if len(row) == 5]
        return [tuple(int(word, 16) for word in row) for row in rows if len(row[0]) == 16]

    def modules(self):
        """Module bases -> (size, name)."""
        return {int(row[0], 16): (int(row[1], 16), row[2]) for row in self.lists["modules"]}

    def threads(self):
        return {int(row[3].strip(",")) for row in self.lists["threads"]}

    def bytes_at(self):
        words = self.lines["bytes"][0].split()
        return int(words[0], 16), bytes.fromhex("".join(words[1:]))


def shown(address, pointer):
    """An address as commands print it."""
    if pointer == 4:
        return "%08x" % address
    return "%08x`%08x" % (address >> 32, address & 0xffffffff)


def narrowed(regions, pointer):
    """Regions by the addresses of the target: the sign of 32-bit ones is extended."""
    if pointer == 8:
        return regions
    for region in regions:
        assert (region[0] >> 31) in (0, 0x1ffffffff), hex(region[0])
    return [(region[0] & 0xffffffff, *region[1:]) for region in regions]


def tour(*words):
    """Both tours, which must agree; the frame of the output is at most 80 columns wide."""
    texts = [output(program, *words) for program in TOURS]
    assert texts[0] == texts[1], (texts[0][:2000], texts[1][:2000])
    return Said(texts[0])


class Waiting:
    """A tour that waits before its end."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([program, "-i", *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=PLAIN)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("waiting"):
                break
        assert self.lines and self.lines[-1].startswith("waiting"), self.lines

    def end(self):
        rest = self.process.communicate("\n", TIMEOUT)[0]
        assert self.process.returncode == 0, rest
        return Said("".join(self.lines) + rest)


def protection(permissions, name):
    """PAGE_ of a mapping, without modifiers."""
    copied = permissions[3] == "p" and name.startswith("/")
    if permissions[:3] == "---":
        return NOACCESS
    if permissions[1] == "w":
        base = 8 if copied else 4
    else:
        base = 2 if permissions[0] == "r" else 0
    if permissions[2] != "x":
        return base
    return {0: 0x10, 2: 0x20, 4: 0x40, 8: 0x80}[base]


def check_regions(regions, maps):
    """Every page of every mapping is in a region that says what the mapping says."""
    wrong = []
    for start, end, permissions, name in maps:
        at = start
        for base, size, state, protect, _ in regions:
            if at < end and base <= at < base + size:
                if state != MEM_COMMIT or protect & 0xff != protection(permissions, name):
                    wrong.append((hex(at), permissions, name, hex(state), hex(protect)))
                at = base + size
        if at < end:
            wrong.append((hex(at), "is in no region"))
    assert not wrong, wrong
    mapped = sum(end - start for start, end, _, _ in maps)
    assert sum(region[1] for region in regions) == mapped, "regions outside of mappings"


def elf_bases(maps, memory):
    """Where files are mapped that begin as ELF files do: file -> base."""
    bases = {}
    for start, _, permissions, name in maps:
        if name.startswith("/") and permissions[0] == "r" and name not in bases:
            memory.seek(start)
            if memory.read(4) == b"\x7fELF":
                bases[name] = start
    return bases


def check_modules(said, target):
    with open("/proc/%d/mem" % target.pid, "rb", buffering=0) as memory:
        bases = elf_bases(target.maps(), memory)
    modules = said.modules()
    assert bases, "no file is mapped"
    for name, base in bases.items():
        if "memfd" in name or "(deleted)" in name:
            continue
        assert base in modules, (name, hex(base), modules)
        assert os.path.basename(name).startswith(modules[base][1]), (name, modules[base])


def check_texts(said, target):
    """What is read, found and printed, against the program's own copy."""
    expected = target.ask("expect %x 10" % target.at("pattern")) if target else None
    at, found = said.bytes_at()
    assert at == target.at("pattern") and found.hex() == expected, (hex(at), found, expected)


def check_live(name, machine, pointer, *how):
    with Target(name) as target:
        at = target.at("text-utf8")
        text = bytes.fromhex(target.ask("peek %x 8" % at)).decode("utf-8", "replace")[:4]
        said = tour("-r", "-p", str(target.pid), *how, "-a", "%x" % target.at("pattern"),
                    "-s", text, "-c", "db %x L4" % target.at("pattern"))
        assert said.machine() == (machine, pointer, 4096), said.lines["machine"]
        assert said.lines["target"] == ["class 2, qualifier 0"], said.lines["target"]
        assert ("system id %d, %s" % (target.pid, target.path)) in said.lines["process"][0] or \
            ("system id %d, %s" % (target.pid, name)) in said.lines["process"][0], said.lines
        check_regions(narrowed(said.regions(), pointer), target.maps())
        check_modules(said, target)
        assert said.threads() == target.threads(), (said.threads(), target.threads())
        check_texts(said, target)
        assert "%016x" % at in said.lines["found"], (hex(at), said.lines.get("found"))
        first = target.ask("expect %x 4" % target.at("pattern"))
        line = shown(target.at("pattern"), pointer) + "  " + bytes.fromhex(first).hex(" ")
        assert line in said.text, (line, said.text)


def test_live():
    for name, machine, pointer in TARGETS:
        check_live(name, machine, pointer)


def test_live_noninvasive():
    for name, machine, pointer in TARGETS:
        check_live(name, machine, pointer, "-n")


def check_running(target):
    """Its counter, which one of its threads increments, goes on."""
    before = int(target.ask("counter"), 16)
    end = time.monotonic() + TIMEOUT
    while int(target.ask("counter"), 16) == before:
        assert time.monotonic() < end, "the process does not run any more"


def test_tracer():
    """Who traces the process, as /proc says it: the tour, nobody, and nobody afterwards."""
    for program in TOURS:
        with Target("target64") as target:
            waiting = Waiting(program, "-p", str(target.pid))
            # A thread of it: ptrace belongs to threads.
            tracer = target.status("TracerPid")
            assert os.path.isdir("/proc/%d/task/%s" % (waiting.process.pid, tracer)), tracer
            assert target.status("State") == "t", target.status("State")
            waiting.end()
            assert target.status("TracerPid") == "0"
            check_running(target)
            waiting = Waiting(program, "-n", "-p", str(target.pid))
            assert target.status("TracerPid") == "0"
            assert target.status("State") != "t"
            waiting.end()
            check_running(target)


def test_write():
    """Written bytes are in the process, and one event tells of them."""
    for name, _, _ in TARGETS:
        for how in ((), ("-n",)):
            with Target(name) as target:
                for program in TOURS:
                    at = target.at("pattern", 32)
                    target.ask("poke %x 00000000" % at)
                    said = Said(output(program, "-p", str(target.pid), *how, "-a", "%x" % at,
                                       "-w", "11223344"))
                    assert said.lines["written"] == ["4 of 4 bytes"], said.text
                    assert target.ask("peek %x 4" % at) == "11223344"
                    told = [line for line in said.lines["event"] if ", data," in line]
                    assert told == ["ChangeDebuggeeState, data, argument 0"], said.text


def segments(core):
    """PT_LOAD of a core, as readelf says them: (start, end, permissions)."""
    found = []
    for line in output("readelf", "-lW", core).splitlines():
        words = line.split(maxsplit=6)
        if words[:1] == ["LOAD"] and int(words[5], 16):
            start = int(words[2], 16)
            flags = words[6][:3]
            found.append((start, start + int(words[5], 16),
                          "".join(letter.lower() if letter != " " else "-" for letter in
                                  flags.replace("E", "X"))))
    return found


def check_core_regions(regions, core):
    loads = [load for load in segments(core) if load[0] < USER_END]
    assert loads
    for start, end, permissions in loads:
        at = start
        for base, size, _, protect, _ in regions:
            if at < end and base <= at < base + size:
                writable = protect & 0xcc != 0
                assert writable == (permissions[1] == "w"), (hex(at), permissions, hex(protect))
                executable = protect & 0xf0 != 0
                assert executable == (permissions[2] == "x"), (hex(at), permissions, hex(protect))
                at = base + size
        assert at >= end, (hex(at), "is in no region")


def check_core_modules(said, target, core):
    """Libraries as gdb places them: their code lies in the module of their name."""
    modules = said.modules()
    told = gdb(target.path, core, "info sharedlibrary")
    libraries = re.findall(r"^0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S+.*\s(/\S+)$", told, re.M)
    for start, end, path in libraries:
        inside = [name for base, (size, name) in modules.items()
                  if base <= int(start, 16) and int(end, 16) <= base + size]
        assert len(inside) == 1, (path, start, end, modules)
        assert os.path.basename(path).startswith(inside[0]), (path, inside)
    return len(libraries)


def check_core(name, machine, pointer, folder):
    with Target(name) as target:
        core = target.core(folder)
        at = target.at("strings", 0x100)
        size = target.facts["text-utf8"][1]
        said = tour("-r", "-a", "%x" % at, "-s", "tmem", core)
        assert said.machine()[:2] == (machine, pointer), said.lines["machine"]
        assert said.lines["target"][0].startswith("class 2, qualifier 102"), said.lines["target"]
        check_core_regions(narrowed(said.regions(), pointer), core)
        found = check_core_modules(said, target, core)
        assert found or pointer == 4, "gdb names no libraries"
        threads = {int(one) for one in re.findall(
            r"LWP (\d+)", gdb(target.path, core, "info threads"))}
        assert threads and said.threads() == threads, (said.threads(), threads)
        told = gdb(target.path, core, "x/16xb 0x%x" % at)
        dumped = bytes(int(one, 16) for one in re.findall(r"\t0x([0-9a-f]{2})\b", told))
        assert said.bytes_at() == (at, dumped), (said.bytes_at(), dumped)
        assert len(said.lines["string"][0].encode()) == size - 1, said.lines["string"]
        # What is written to a dump stays in the session.
        before = os.stat(core).st_mtime_ns
        said = tour("-a", "%x" % at, "-w", "ff", "-c", "db %x L1" % at, core)
        assert shown(at, pointer) + "  ff " in said.text, said.text
        assert os.stat(core).st_mtime_ns == before
        slots = check_slots(core, said, at, dumped)
        if pointer == 8:
            told = gdb(target.path, core, "thread apply all -q print/x $pc")
            places = {int(one, 16) for one in re.findall(r"^\$\d+ = (0x[0-9a-f]+)", told, re.M)}
            assert places == {int(row[5], 16) for row in slots.lists["threads"]}, slots.text


def test_core():
    for name, machine, pointer in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            check_core(name, machine, pointer, folder)


def check_slots(where, toured, at, expected):
    said = Said(output(SLOTS, LIBRARY, where, "%x" % at))
    for word in ("target", "machine", "process"):
        assert said.lines[word] == toured.lines[word], (word, said.text, toured.text)
    assert said.bytes_at() == (at, expected), said.text
    assert said.lines["found"] == ["%016x" % at], said.text
    machine, pointer, _ = toured.machine()
    assert said.lines["state"] == ["effective %04x, status 6, system 0, output 3" % machine]
    assert shown(at, pointer) + "  " + expected[:4].hex(" ") in said.text, said.text
    assert said.threads() == toured.threads(), said.text
    rows = said.lists["modules"]
    assert [row[2] for row in rows] == [str(i) for i in range(len(rows))], rows
    assert any(row[3:] == ["ELF"] for row in rows), rows
    assert {int(row[0], 16): int(row[1], 16) for row in rows} == \
        {base: size for base, (size, _) in toured.modules().items()}, (rows, toured.text)
    assert "otherwise" not in said.lines["process"][0], said.lines["process"]
    assert "(not" not in said.text, said.text
    return said


def test_slots_live():
    for name, _, _ in TARGETS:
        with Target(name) as target:
            at = target.at("pattern")
            expected = bytes.fromhex(target.ask("peek %x 10" % at))
            toured = tour("-n", "-p", str(target.pid))
            check_slots(str(target.pid), toured, at, expected)
            assert target.status("TracerPid") == "0"


class Machine:
    """An image of memory with four levels of tables: three pages and one of 2 MiB."""

    size = 8 << 20
    root = 0x1000
    page = 0xffff800000123000
    physical = 0x345000
    large = 0xffff800000400000
    large_physical = 0x400000

    def __init__(self, path):
        self.memory = bytearray(self.size)
        indexes = [self.page >> shift & 511 for shift in (39, 30, 21, 12)]
        self.entries = [self.root + 8 * indexes[0], 0x2000 + 8 * indexes[1],
                        0x3000 + 8 * indexes[2], 0x4000 + 8 * indexes[3]]
        for entry, value in zip(self.entries, (0x2003, 0x3003, 0x4003, self.physical | 3)):
            struct.pack_into("<Q", self.memory, entry, value)
        self.large_entry = 0x3000 + 8 * (self.large >> 21 & 511)
        struct.pack_into("<Q", self.memory, self.large_entry, self.large_physical | 0x83)
        self.memory[self.physical + 0x10:self.physical + 0x1b] = b"found here\0"
        self.memory[self.large_physical + 0x20:self.large_physical + 0x25] = b"large"
        with open(path, "wb") as file:
            file.write(self.memory)
        self.connection = "raw:%s,root=0x%x,scheme=x64" % (path, self.root)


def test_kernel():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ram")
        machine = Machine(path)
        at = machine.page + 0x10
        said = tour("-r", "-k", machine.connection, "-a", "%x" % at, "-s", "found here", "-c",
                    "db %x L4" % at)
        assert said.lines["target"][0].startswith("class 1, "), said.lines["target"]
        assert said.machine()[1] == 8, said.lines["machine"]
        assert said.bytes_at() == (at, b"found here\0" + bytes(5)), said.bytes_at()
        assert said.lines["string"] == ["found here"], said.text
        assert said.lines["found"] == ["%016x" % at], said.text
        through = " ".join("%x" % one for one in [machine.root] + machine.entries)
        assert said.lines["physical"] == ["%x, through %s" % (machine.physical + 0x10, through)], \
            said.lines["physical"]
        rows = [row for rows in said.lists.values() for row in rows if len(row) == 2]
        assert rows == [["%016x" % at, "ff0"], ["%016x" % machine.large, "200000"]], rows
        check_large(machine)
        check_kernel_write(machine, path)


def check_large(machine):
    at = machine.large + 0x20
    said = tour("-k", machine.connection, "-a", "%x" % at)
    through = [machine.root] + machine.entries[:2] + [machine.large_entry]
    assert said.lines["physical"] == [
        "%x, through %s" % (machine.large_physical + 0x20, " ".join("%x" % one for one in through))
    ], said.lines["physical"]


def check_kernel_write(machine, path):
    """Seen at the virtual and at the physical address, and not in the file."""
    at = machine.page + 0x10
    said = tour("-k", machine.connection, "-a", "%x" % at, "-w", "464f", "-c",
                "db /p %x L2" % (machine.physical + 0x10))
    assert re.search(r"%x.*46 4f" % (machine.physical + 0x10), said.text), said.text
    assert "ChangeDebuggeeState, data, argument 0" in said.lines["event"], said.text
    with open(path, "rb") as file:
        assert file.read() == machine.memory


def test_described_kernel():
    """tests/golden/kernel.synth says what is where; as a kernel and as a dump."""
    path = os.path.join(os.environ["TMEM_SOURCE"], "tests", "golden", "kernel.synth")
    for how in (["-k", "synth:" + path], [path]):
        said = tour(*how, "-a", "ffffffff82000100", "-s", "Kernel of text", "-c", "!process 0 0")
        assert said.lines["string"] == ["Kernel of text"], said.text
        assert said.lines["physical"][0].startswith("600100, through 1000 1ff8 "), said.text
        assert sorted(said.lines["found"]) == ["ffff888000600100", "ffffffff82000100"], said.text
        assert said.machine() == (0x8664, 8, 4096), said.text
        assert said.lines["target"] == ["class 1, qualifier 1025"], said.text
        assert "baker" in said.text, said.text


def test_failures():
    """What cannot be is one line on the error output and an exit code."""
    for program in TOURS:
        for words, code in ((["/nonexistent/file"], 1), (["-p", "4194305"], 1),
                            (["-k", "raw:/nonexistent/file"], 1), ([], 2),
                            (["-p", "1", "file"], 2), (["-w", "11", "file"], 2),
                            (["-a", "10", "-w", "1", "file"], 2)):
            done = subprocess.run([program, *words], capture_output=True, text=True, env=PLAIN,
                                  timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
            assert done.returncode == code and done.stderr, (words, done)
            assert code == 2 or len(done.stderr.splitlines()) == 1, done.stderr
        wide = [line for line in output(program, "--help").splitlines() if len(line) > 80]
        assert not wide, wide


def main():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    failed = 0
    for test in tests:
        if sys.argv[1:] and test.__name__ not in sys.argv[1:]:
            continue
        print("[ RUN      ] %s" % test.__name__, flush=True)
        try:
            test()
            print("[       OK ] %s" % test.__name__, flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print("%s: %s\n[  FAILED  ] %s" % (type(error).__name__, error, test.__name__),
                  flush=True)
    return 1 if failed else 0


sys.exit(main())
