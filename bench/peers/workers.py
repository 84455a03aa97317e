# SPDX-License-Identifier: Apache-2.0
"""How tools/bench-peers runs a peer: which there are, and a process that is told what to do."""

import os
import re
import subprocess
import sys
import time

PEERS = os.path.dirname(os.path.abspath(__file__))
# Debian 12's module for lldb lies in one folder, and a link that leads to its library in another.
LLDB_MODULES = "/usr/lib/llvm-14/lib/python{}/dist-packages"
LLDB_PATH = LLDB_MODULES.format("3.11") + ":" + LLDB_MODULES.format("3") + "/lldb"
PYTHON = "/usr/bin/python3"  # the one that Debian's modules are for


def python_peer(script):
    return [PYTHON, os.path.join(PEERS, script)]


# Peer -> (Debian's package, fixtures, command). libkdumpfile's is a program of the build, once with
# files mapped, its default, and once with files read; scanmem has none.
KNOWN = {
    "gdb": ("gdb", "process scratch mappings core sparse segments",
            ["gdb", "-nx", "-batch", "-x", os.path.join(PEERS, "gdb_peer.py")]),
    "lldb": ("python3-lldb-14", "process twin scratch mappings core sparse segments",
             python_peer("lldb_peer.py")),
    "drgn": ("python3-drgn", "process twin scratch mappings core sparse segments guest",
             python_peer("drgn_peer.py")),
    "crash": ("crash", "guest", python_peer("crash_peer.py")),
    "libkdumpfile": ("libkdumpfile-dev", "sparse segments image guest", None),
    "libkdumpfile-read": ("libkdumpfile-dev", "image guest", None),
    "scanmem": ("scanmem", "process", None),
}

# They read a guest only with the symbols of its kernel.
SYMBOLS = ("drgn", "crash")


def measures(peer, kind):
    """Whether it is installed, and made for that fixture."""
    package, kinds, _ = KNOWN[peer]
    return kind in kinds.split() and version(package) is not None


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
                          capture_output=True, text=True, check=False)
    status, _, number = done.stdout.partition(" ")
    return number.split("-")[0].split(":")[-1] if status == "installed" else None


class Failure(Exception):
    """A byte or a call was wrong."""


class Worker:
    """A process that has opened one fixture and does what it is told to."""

    def __init__(self, name, command, fixture, kind, options, open_only, wall):
        inner_read, self.to = os.pipe()
        self.of, inner_write = os.pipe()
        self.name = os.path.basename(command[-1])
        environment = {
            **os.environ, **{"PEER_" + name.upper(): str(value)
                             for name, value in fixture.items()},
            "PEER_NAME": name, "PEER_KIND": kind, "PEER_OPTIONS": options, "PEER_FOLDER": PEERS,
            "PEER_INPUT": str(inner_read), "PEER_OUTPUT": str(inner_write),
            "PEER_OPEN_ONLY": "1" if open_only else "", "PEER_WALL": "1" if wall else "",
            "PYTHONPATH": f"{PEERS}:{LLDB_PATH}", "PYTHONDONTWRITEBYTECODE": "1",
            "LLDB_DEBUGSERVER_PATH": "/usr/bin/lldb-server-14", "DEBUGINFOD_URLS": ""}
        native = command[0] not in ("gdb", PYTHON)
        self.process = subprocess.Popen(
            command, env=environment, pass_fds=(inner_read, inner_write),
            stdin=inner_read if native else subprocess.DEVNULL,
            stdout=inner_write if native else subprocess.DEVNULL,
            stderr=None if native else subprocess.PIPE)
        os.close(inner_read)
        os.close(inner_write)
        self.answers = os.fdopen(self.of, encoding="utf-8")

    def ask(self, operation):
        """(nanoseconds, work), or None when it cannot do that."""
        try:
            os.write(self.to, (operation + "\n").encode())
            answer = self.answers.readline().strip()
        except BrokenPipeError:
            answer = ""
        if answer == "absent":
            return None
        match = re.fullmatch(r"(\d+) (\d+)", answer)
        if not match:
            raise Failure(f"{self.name}: {operation}: {answer or 'it ended'}")
        return int(match[1]), int(match[2])

    def memory(self):
        """KiB of memory without a file that the process has, or the one that it drives.

        Mapped pages of a file are the kernel's. They would count as private and dirty as long as
        a file that was just made is not written back.
        """
        _, driven = self.ask("process") or (0, self.process.pid)
        with open(f"/proc/{driven}/smaps_rollup", encoding="utf-8") as file:
            match = re.search(r"^Anonymous:\s+(\d+)", file.read(), re.M)
        return int(match[1])

    def close(self):
        os.close(self.to)
        self.answers.close()
        try:
            _, said = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, said = self.process.communicate()
        if self.process.returncode and said:
            sys.stderr.write(said.decode("utf-8", "replace")[-2000:])


class Scanmem:
    """scanmem is a command: the time of a run that searches, less that of one that does not."""

    NEEDLE = b"\x13a needle, once\xf1"

    def __init__(self, fixture):
        self.fixture = fixture

    def run(self, *commands):
        start = time.monotonic_ns()
        done = subprocess.run(
            ["scanmem", "-p", self.fixture["spec"], "-c", ";".join(
                ("option scan_data_type bytearray", "option region_scan_level 3",
                 "option dump_with_ascii 0", *commands, "exit"))],
            capture_output=True, stdin=subprocess.DEVNULL, check=False)
        return time.monotonic_ns() - start, done.stdout.decode("latin-1")

    def ask(self, operation):
        if operation.split()[-1] != "search":
            return None
        size = self.fixture["size"]
        idle, _ = self.run()
        taken, said = self.run(" ".join(f"{byte:02x}" for byte in self.NEEDLE), "list")
        where = f"{self.fixture['address'] + size - len(self.NEEDLE):x}"
        if where not in said:
            raise Failure(f"scanmem: search: {where} is not in what it said: {said[-300:]!r}")
        return max(1, taken - idle), size

    def memory(self):
        return 0

    def close(self):
        pass
