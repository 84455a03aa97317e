#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the command line program as people do: arguments, scripts, the prompt on a terminal.

The target is the test program tests/programs/target.c; what is shown is compared with what that
program says about its own memory.
"""

import errno
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

BUILD = os.environ["TMEM_BUILD"]
TMEM = os.path.join(BUILD, "tmem")
TIMEOUT = 60
# The history of the prompt goes here.
HOME = tempfile.TemporaryDirectory(prefix="tmem-home-")
ENVIRONMENT = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": HOME.name}
ENVIRONMENT.pop("NO_COLOR", None)


class Target:
    """A running target program."""

    def __init__(self, *options, bits=64):
        path = os.path.join(BUILD, "tests", "programs", "target%d" % bits)
        self.process = subprocess.Popen(
            [path, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.facts = {}
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ready":
                break
            self.facts[words[0]] = words[1:]
        self.spec = "pid:%d" % self.process.pid

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def start(self, region):
        return int(self.facts[region][0], 16)

    def bytes(self, address, size):
        return bytes.fromhex(self.ask("peek %x %x" % (address, size)))

    def close(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


def run(*arguments, stdin="", environment=ENVIRONMENT):
    return subprocess.run(
        [TMEM, *arguments], input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
        env=environment,
    )


def rows_of_bytes(address, data):
    """What db shows, made independently."""
    text = ""
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        values = " ".join("%02x" % byte for byte in row)
        if len(row) > 8:
            values = values[:23] + "-" + values[24:]
        characters = "".join(chr(b) if 0x20 <= b <= 0x7E else "." for b in row)
        place = "%016x" % (address + at)
        text += "%s`%s  %-47s  %s\n" % (place[:8], place[8:], values, characters)
    return text


def equal(found, expected):
    if found != expected:
        raise AssertionError("expected %r\nfound    %r" % (expected, found))


def plain(text):
    """Text of a terminal without colours."""
    return re.sub(r"\x1b\[[0-9]*m", "", text).replace("\r\n", "\n")


def contains(found, expected):
    if expected not in found:
        raise AssertionError("expected %r in %r" % (expected, found))


class Terminal:
    """The program on a terminal of its own, 80 columns wide."""

    all = []

    def __init__(self, *arguments, stdout_path=None, environment=ENVIRONMENT):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        output = open(stdout_path, "w") if stdout_path else slave
        self.process = subprocess.Popen(
            [TMEM, *arguments], stdin=slave, stdout=output, stderr=slave, env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        if stdout_path:
            output.close()
        self.seen = ""
        Terminal.all.append(self)

    def read(self):
        """More output, or "" at its end."""
        if not select.select([self.master], [], [], TIMEOUT)[0]:
            raise AssertionError("no output for %d s after %r" % (TIMEOUT, self.seen[-500:]))
        try:
            return os.read(self.master, 65536).decode(errors="replace")
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return ""

    def expect(self, pattern):
        """Reads until the pattern comes; returns all up to its end and drops it."""
        while True:
            found = re.search(pattern, self.seen)
            if found:
                text = self.seen[: found.end()]
                self.seen = self.seen[found.end() :]
                return text
            more = self.read()
            if not more:
                raise AssertionError("the program ended before %r: %r" % (pattern, self.seen))
            self.seen += more

    def send(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Waits for the end; returns the exit code."""
        while True:
            more = self.read()
            if not more:
                break
            self.seen += more
        code = self.process.wait(TIMEOUT)
        os.close(self.master)
        return code


PROMPT = r"0:000> "


def test_arguments(target):
    start = target.start("pattern")
    result = run(target.spec, "db %x L40" % start)
    equal(result.stderr, "")
    equal(result.stdout, rows_of_bytes(start, target.bytes(start, 64)))
    equal(result.returncode, 0)
    result = run(target.spec, "db %x L3; ? 1" % start, "? 0n10")
    equal(
        result.stdout,
        rows_of_bytes(start, target.bytes(start, 3))
        + "Evaluate expression: 1 = 00000000`00000001\n"
        + "Evaluate expression: 10 = 00000000`0000000a\n",
    )


def test_region_names(target):
    maps = open("/proc/%d/maps" % target.process.pid).read()
    stack = int(re.search(r"^([0-9a-f]+)-.*\[stack\]$", maps, re.M).group(1), 16)
    image = int(re.search(r"^([0-9a-f]+)-.*/target64$", maps, re.M).group(1), 16)
    result = run(target.spec, "? [stack]", "? target64", "? [target64]", "db target64 L4")
    equal(
        re.findall(r"Evaluate expression: (\d+)", result.stdout),
        [str(stack), str(image), str(image)],
    )
    contains(result.stdout, "7f 45 4c 46  ".rstrip())


def test_write(target):
    start = target.start("pattern")
    before = target.bytes(start, 8)
    equal(run(target.spec, "eb %x de ad be ef" % start).returncode, 0)
    equal(target.bytes(start, 8), bytes.fromhex("deadbeef") + before[4:])
    target.ask("poke %x %s" % (start, before.hex()))


def test_script(target):
    start = target.start("pattern")
    script = "* a script\n\ndb %x L1\n\n? zz\n? 1\nq\n? 2\n" % start
    result = run(target.spec, stdin=script)
    equal(
        result.stdout,
        rows_of_bytes(start, target.bytes(start, 1))
        + "Evaluate expression: 1 = 00000000`00000001\n",
    )
    contains(result.stderr, "Couldn't resolve error at 'zz'")
    equal(result.returncode, 1)
    # "-" is the script's place among the arguments.
    result = run(target.spec, "? 1", "-", "? 3", stdin="? 2")
    equal(re.findall(r"expression: (\d)", result.stdout), ["1", "2", "3"])


def test_errors(target):
    result = run(target.spec, "db 0 L20000000", "? 1")
    lines = result.stderr.splitlines()
    equal(lines[:2], ["db 0 L20000000", "     ^ Range error in 'db 0 L20000000'"])
    equal(result.returncode, 1)
    contains(result.stdout, "Evaluate expression: 1")
    result = run(target.spec, "d")
    contains(result.stderr, "db has no address to start from")
    contains(result.stderr, "db [stack]")
    equal(result.returncode, 1)


def test_usage(target):
    equal(run().returncode, 2)
    equal(run("--nothing").returncode, 2)
    equal(run("-o").returncode, 2)
    result = run("--help")
    equal(result.returncode, 0)
    equal([line for line in result.stdout.splitlines() if len(line) > 80], [])
    contains(run("--version").stdout, "tmem ")
    contains(run("--kinds").stdout, "process")


def test_cannot_open(target):
    gone = subprocess.Popen(["true"])
    gone.wait()
    result = run("pid:%d" % gone.pid, "d")
    equal(result.returncode, 3)
    contains(result.stderr, "tmem: cannot open pid:%d: " % gone.pid)
    equal(result.stdout, "")
    equal(run("/nonexistent").returncode, 3)
    equal(run("-o", "nonsense=1", target.spec).returncode, 3)


def test_full_disk(target):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [TMEM, target.spec, "? 1"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    equal(result.returncode, 1)
    contains(result.stderr, "standard output cannot be written")


def test_suspended_registers(target):
    result = run("-o", "suspend=on", target.spec, "? @rsp - [stack]", "dps @rsp L2")
    equal(result.stderr, "")
    stack = open("/proc/%d/maps" % target.process.pid).read()
    size = re.search(r"^([0-9a-f]+)-([0-9a-f]+).*\[stack\]$", stack, re.M)
    inside = int(re.search(r"expression: (\d+)", result.stdout).group(1))
    assert 0 < inside < int(size.group(2), 16) - int(size.group(1), 16)
    # A running thread's registers have no value, and it runs again now.
    contains(run(target.spec, "? @rsp").stderr, "is not known now")
    equal(target.ask("peek %x 1" % target.start("pattern")) != "", True)


def test_prompt(target):
    start = target.start("pattern")
    terminal = Terminal(target.spec)
    terminal.expect(PROMPT)
    terminal.send("db %x L10\n" % start)
    text = terminal.expect(PROMPT)
    contains(plain(text), rows_of_bytes(start, target.bytes(start, 16)))
    # The address is dim.
    contains(text, "\x1b[2m%08x`%08x\x1b[0m  " % (start >> 32, start & 0xFFFFFFFF))
    # ENTER goes on.
    terminal.send("\n")
    contains(
        plain(terminal.expect(PROMPT)),
        rows_of_bytes(start + 16, target.bytes(start + 16, 128)),
    )
    # The line before comes back.
    terminal.send("? 0n77\n")
    terminal.expect("= 00000000`0000004d\r\n" + PROMPT)
    terminal.send("\x1b[A\n")
    terminal.expect("= 00000000`0000004d\r\n" + PROMPT)
    terminal.send("q\n")
    equal(terminal.end(), 0)


def test_prompt_errors(target):
    terminal = Terminal(target.spec)
    terminal.expect(PROMPT)
    # The caret stands below the place: the prompt has 7 columns, the place is 5 behind it.
    terminal.send("db 0 L20000000\n")
    text = terminal.expect(PROMPT)
    contains(text, "\x1b[31m" + " " * 12 + "^ Range error in 'db 0 L20000000'")
    # Leaving is no failure.
    terminal.send("\x04")
    equal(terminal.end(), 0)
    terminal = Terminal(target.spec, environment={**ENVIRONMENT, "NO_COLOR": "1"})
    terminal.expect(PROMPT)
    terminal.send("db [stack]; zz\n")
    text = terminal.expect(r"\.help lists them.*\n")
    assert "\x1b[31m" not in text and "\x1b[2m" not in text
    terminal.expect(PROMPT)
    terminal.send("q\n")
    terminal.end()
    # What was asked for by option counts more.
    terminal = Terminal(
        "--color=always", target.spec, "zz", environment={**ENVIRONMENT, "NO_COLOR": "1"}
    )
    terminal.expect("\x1b\\[31m")
    equal(terminal.end(), 1)
    terminal = Terminal("--color=never", target.spec, "db [stack]", "zz")
    equal(terminal.end(), 1)
    assert "\x1b[" not in terminal.seen


def test_prompt_input(target):
    start = target.start("pattern")
    before = target.bytes(start, 4)
    terminal = Terminal(target.spec)
    terminal.expect(PROMPT)
    terminal.send("eb %x\n" % start)
    terminal.expect("%02x" % before[0])
    terminal.expect("Input>")
    terminal.send("5a\n")
    terminal.expect("Input>")
    terminal.send("\n")
    terminal.expect(PROMPT)
    equal(target.bytes(start, 4), b"\x5a" + before[1:])
    # Ctrl-C leaves the question, not the program.
    terminal.send("eb %x\n" % start)
    terminal.expect("Input>")
    terminal.send("\x03")
    terminal.expect(PROMPT)
    terminal.send("q\n")
    equal(terminal.end(), 0)
    target.ask("poke %x %s" % (start, before.hex()))


def test_interrupt(target):
    terminal = Terminal(target.spec)
    terminal.expect(PROMPT)
    # At the prompt Ctrl-C gives up the line.
    terminal.send("? 123")
    terminal.expect("123")
    terminal.send("\x03")
    terminal.expect(PROMPT)
    terminal.send("? 5\n")
    terminal.expect("expression: 5 ")
    terminal.expect(PROMPT)
    # In a command it stops the command, and what was done is told.
    terminal.send("db 0 L10000000; ? 6\n")
    terminal.expect("00000000`00000100")
    terminal.send("\x03")
    text = terminal.expect(r"Interrupted: \d+ of 268435456 bytes were shown")
    assert "expression: 6" not in text
    terminal.expect(PROMPT)
    terminal.send("? 7\n")
    terminal.expect("expression: 7 ")
    terminal.expect(PROMPT)
    terminal.send("q\n")
    equal(terminal.end(), 0)


def test_progress(target):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        # Results go to a file: the terminal shows how far they are, then nothing is left of it.
        terminal = Terminal(target.spec, "db 0 L10000000", stdout_path=path)
        text = terminal.expect(r"display: +\d+% of 256 MiB, [0-9.]+ [KMG]iB/s, .* left[^\r]*\x1b\[K")
        assert len(text.split("\r")[-1].replace("\x1b[K", "")) < 80
        terminal.process.send_signal(signal.SIGINT)
        terminal.expect(r"\r\x1b\[K.*Interrupted: \d+ of 268435456 bytes were shown")
        equal(terminal.end(), 1)
        assert open(path).read().startswith("00000000`00000000  ??")


def test_closed_pipe(target):
    process = subprocess.Popen(
        [TMEM, "-o", "suspend=on", target.spec, "db 0 L10000000"], stdout=subprocess.PIPE
    )
    process.stdout.read(1000)
    process.stdout.close()
    process.wait(TIMEOUT)
    # Nothing stays stopped.
    for _ in range(200):
        state = open("/proc/%d/stat" % target.process.pid).read().rsplit(")", 1)[1].split()[0]
        if state not in "Tt":
            break
        time.sleep(0.05)
    assert state not in "Tt", state


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_json(target):
    start = target.start("pattern")
    data = target.bytes(start, 16)
    result = run("--json", target.spec, "dq %x L2" % start, "db 10 L1", "? poi(10)", "| .")
    equal(result.stderr, "")
    equal(result.returncode, 1)
    row, hole, error, process = records(result.stdout)
    equal(row["address"], "0x%016x" % start)
    equal(row["bytes"], data.hex())
    equal(row["values"], ["0x" + data[at : at + 8][::-1].hex() for at in (0, 8)])
    equal(hole["bytes"], "??")
    equal((error["type"], error["status"]), ("error", "E_READ_FAULT"))
    equal(process["system_id"], target.process.pid)
    # The regions, as the kernel lists them.
    with open("/proc/%d/maps" % target.process.pid) as maps:
        expected = {int(line.split("-")[0], 16) for line in maps if "[v" not in line}
    regions = records(run("--json", target.spec, "!address").stdout)
    found = {int(one["base"], 16) for one in regions if one["usage"] != "Free"}
    equal(sorted(expected - found), [])


def test_json_processes(target):
    other = Target()
    try:
        result = run("--json", target.spec, ".attach 0n%d" % other.process.pid, "|")
        attached, first, second = records(result.stdout)
        equal(
            attached, {"type": "attached", "number": 1, "system_id": other.process.pid}
        )
        equal([first["current"], second["current"]], [True, False])
        equal(second["system_id"], other.process.pid)
    finally:
        other.close()


def test_json_cannot_open(target):
    result = run("--json", "/dev/null/nothing", "db 0")
    equal(result.returncode, 3)
    equal(result.stderr, "")
    (error,) = records(result.stdout)
    equal(error["type"], "error")
    contains(error["error"], "cannot open /dev/null/nothing: ")
    # Wrong usage is for people.
    result = run("--json")
    equal((result.returncode, result.stdout), (2, ""))


def test_json_at_the_prompt(target):
    """Prompts, questions and progress stay out of the records."""
    start = target.start("pattern")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        terminal = Terminal("--json", target.spec, stdout_path=path)
        terminal.expect(PROMPT)
        terminal.send("eb %x\n" % start)
        terminal.expect("Input>")
        terminal.send("\n")
        terminal.expect(PROMPT)
        terminal.send("s -q 0 L?7fffffffffff 123456789abcdef1\n")
        terminal.expect(PROMPT)
        terminal.send("zz\n")
        terminal.expect(PROMPT)
        terminal.send("q\n")
        equal(terminal.end(), 0)
        with open(path) as file:
            found = records(file.read())
    equal((found[0]["type"], found[-1]["type"]), ("current", "error"))


def test_32_bit(target):
    other = Target("--at=20000000", bits=32)
    try:
        start = other.start("pattern")
        data = other.bytes(start, 8)
        result = run(other.spec, "dd %x L2" % start, "dp %x L1" % start, "? -1")
        first, second = (data[i : i + 4][::-1].hex() for i in (0, 4))
        equal(
            result.stdout,
            "%08x  %s %s\n%08x  %s\nEvaluate expression: -1 = ffffffff\n"
            % (start, first, second, start, first),
        )
    finally:
        other.close()


def main():
    target = Target("--at=200000000")
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test(target)
            passed += 1
        except Exception as error:  # every test counts by itself
            failed += 1
            print("%s: %s: %s" % (name, type(error).__name__, error))
    for terminal in Terminal.all:
        if terminal.process.poll() is None:
            terminal.process.kill()
    target.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
