# SPDX-License-Identifier: Apache-2.0
"""What is measured on: the fixtures of bench --keep, and the dump of a real guest."""

import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_SAID = 300  # letters of a reason


class Fixtures:
    """kinds: name -> what peers are told about it in their environment; until close()."""

    def __init__(self, build):
        self.build = build
        self.missing = []  # why something is not there, a line each
        self.keeper = subprocess.Popen(
            [os.path.join(build, "bench", "bench"), "--keep"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kinds = json.loads(self.keeper.stdout.readline() or "{}")
        if "mappings" in self.kinds:  # its size is a number of mappings, which no operation needs
            self.kinds["mappings"]["size"] = self.size
        else:
            self.missing.append("65,000 mappings in a process: the kernel's vm.max_map_count is "
                                "too low")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait()

    @property
    def size(self):
        """Bytes of the big memory; 0: there is nothing to measure on."""
        return self.kinds.get("process", {}).get("size", 0)

    def warm(self, kind):
        """Reads a guest's dump once: unlike the other files it may be older than the run."""
        if kind == "guest":
            with open(self.kinds[kind]["spec"], "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass

    def make_guest(self, *options):
        """(folder, "") or ("", reason); what tools/bench-guest says meanwhile is passed on."""
        command = [os.path.join(TOP, "tools", "bench-guest"), *options, self.build,
                   str(self.size)]
        said = ""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True) as maker:
            for line in maker.stderr:
                sys.stderr.write(line)
                said = line if line.startswith("bench-guest: ") else said + line
            folder = maker.stdout.read().strip()
        reason = " ".join(said.removeprefix("bench-guest: ").split())
        return ("", reason[:MOST_SAID]) if maker.returncode else (folder, "")

    def add_guest(self, with_symbols):
        """The kind "guest"; it has "vmlinux" when the kernel's symbols could be had."""
        folder, reason = self.make_guest(*["--symbols"] if with_symbols else [])
        has_symbols = with_symbols and not reason
        if reason:
            folder, still = self.make_guest() if with_symbols else ("", reason)
            self.missing.append(f"a guest's dump: {still}" if still
                                else f"a guest's kernel with its symbols: {reason}")
        if not folder:
            return
        guest = {"spec": os.path.join(folder, "dump.elf")}
        with open(os.path.join(folder, "facts"), encoding="ascii") as facts:
            guest.update((name, int(value, 0)) for name, value in map(str.split, facts))
        if has_symbols:
            guest["vmlinux"] = os.path.join(folder, "vmlinux")
        self.kinds["guest"] = guest
