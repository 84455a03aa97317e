# SPDX-License-Identifier: Apache-2.0
"""crash as a reader of a guest's dump: one process that gets its commands through a pipe; see
work.py. What it takes is its own processor time, not that of this driver.

Its search looks for words of eight bytes at multiples of eight: the last half of the pattern.
"""

import ctypes
import os
import re
import resource
import select
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import work  # noqa: E402

START_SECONDS = 600  # it reads 600 MB of debug information
ANSWER_SECONDS = 120
BATCH = 256  # so many commands fit into a pipe, and so does what it says to them
WORD = re.compile(r"\s*([0-9a-f]+):\s+([0-9a-f]{1,16})\b")


def failure(said):
    return RuntimeError("crash said: " + (" ".join(said[-2000:].split()) or "nothing"))


class Crash:
    def __init__(self):
        self.dump = os.environ["PEER_SPEC"]
        self.symbols = os.environ["PEER_VMLINUX"]
        self.pid = int(os.environ["PEER_PID"])
        self.process = None
        self.marks = 0
        # It writes what it reads into a file; this one has no name and goes with the driver.
        self.file = os.memfd_create("read by crash")

    # The process.

    def open(self):
        """setpriv lets it end when this driver does; at / and without a home it has no settings."""
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "crash", "-s", self.symbols, self.dump],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            cwd="/", env={**os.environ, "HOME": "/nonexistent"})
        clock = ctypes.c_int()
        ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock))
        self.running_clock = clock.value
        self.ask("set scroll off", seconds=START_SECONDS)
        said = self.ask(f"set {self.pid}")
        if not re.search(rf"^\s*PID: {self.pid}$", said, re.M):
            raise failure(said)

    def close(self):
        self.tell("quit\n")
        self.hear("", ANSWER_SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(ANSWER_SECONDS)
        self.process = None

    @property
    def process_id(self):
        return self.process.pid

    def clock(self):
        """Nanoseconds of processor time of those that have ended, and of the one that runs."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        now = round((ended.ru_utime + ended.ru_stime) * 1e9)
        return now + (time.clock_gettime_ns(self.running_clock) if self.process else 0)

    def tell(self, text):
        try:
            self.process.stdin.write(text.encode())
        except BrokenPipeError:
            pass  # it has ended; its last words are heard next

    def hear(self, mark, seconds):
        """What it says up to a line, or with no mark to the end."""
        said = b""
        deadline = time.monotonic() + seconds
        output = self.process.stdout.fileno()
        while not mark or not said.endswith(mark.encode()):
            if not select.select([output], [], [], max(0, deadline - time.monotonic()))[0]:
                raise RuntimeError(f"no answer in {seconds} s; {failure(said.decode('latin-1'))}")
            data = os.read(output, 1 << 16)
            if not data and mark:
                raise RuntimeError(f"it ended; {failure(said.decode('latin-1'))}")
            if not data:
                break
            said += data
        return said.decode("latin-1").removesuffix(mark)

    def ask(self, *commands, seconds=ANSWER_SECONDS):
        """What it says to some commands, all in one; their end is known by a mark."""
        said = ""
        for start in range(0, len(commands), BATCH):
            self.marks += 1
            mark = f"@answered {self.marks}"
            self.tell("\n".join([*commands[start:start + BATCH], f"gdb echo {mark}\\n", ""]))
            said += self.hear(mark + "\n", seconds)
        return said

    # What it does.

    def read(self, address, size):
        return self.read_all([address], size, True)[0]

    def read_all(self, addresses, size, wanted):
        """A command each. What is not wanted of larger reads goes to /dev/null."""
        if size == 8:
            return self.words(addresses)
        if not wanted:
            self.copy(addresses, size, "/dev/null")
            return None
        return [self.copy([address], size, f"/proc/{os.getpid()}/fd/{self.file}")
                for address in addresses]

    def words(self, addresses):
        said = self.ask(*(f"rd -u -64 {address:x} 1" for address in addresses))
        found = [WORD.match(line) for line in said.splitlines()]
        if not all(found) or [int(word[1], 16) for word in found] != addresses:
            raise failure(said)
        return [int(word[2], 16).to_bytes(8, "little") for word in found]

    def copy(self, addresses, size, path):
        said = self.ask(*(f"rd -u -r {path} {address:x} {size}" for address in addresses))
        if said.splitlines() != [f"{size} bytes copied from {address:#x} to {path}"
                                 for address in addresses]:
            raise failure(said)
        return os.pread(self.file, size + 1, 0)

    def find_all(self, address, size, pattern):
        """Where it is in the kernel's memory."""
        half = len(pattern) - 8
        word = int.from_bytes(pattern[half:], "little")
        said = self.ask(f"search -s {address:x} -e {address + size:x} {word:x}")
        found = [WORD.match(line) for line in said.splitlines()]
        if not all(found) or any(int(match[2], 16) != word for match in found):
            raise failure(said)
        return [int(match[1], 16) - half for match in found]


work.serve(Crash())
