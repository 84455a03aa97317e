# SPDX-License-Identifier: Apache-2.0
"""tmem about a kernel target, for tests: many questions to one process of kernel_query."""

import os
import re
import subprocess

from kernels import Failure

S_OK, S_FALSE = 0, 1


class KernelTarget:
    """An opened target. Statuses are numbers without sign; a failed open is a Failure."""

    def __init__(self, target, options=""):
        program = os.path.join(os.environ["TMEM_BUILD"], "tests", "kernel_query")
        self.process = subprocess.Popen([program, target, options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            status = self.process.wait()
            raise Failure(f"kernel_query ended with {status}: {self.process.stderr.read()}")
        return text.rstrip("\n")

    def send(self, question):
        try:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.line()

    def ask(self, question):
        """One line; (status, rest)."""
        self.send(question)
        status, _, rest = self.line().partition(" ")
        return int(status, 16), rest

    def many(self, questions):
        """The answers to several questions, which are sent while answers are read."""
        found = []
        for start in range(0, len(questions), 64):
            part = questions[start : start + 64]
            self.send("\n".join(part))
            for _ in part:
                status, _, rest = self.line().partition(" ")
                found.append((int(status, 16), rest))
        return found

    def table(self, question):
        """Lines up to the status; (status, lines)."""
        self.send(question)
        lines = []
        while not re.fullmatch(r"[0-9a-f]{8}", line := self.line()):
            lines.append(line)
        return int(line, 16), lines

    def error(self):
        self.send("error")
        return self.line()

    def process_list(self):
        """(status, {pid: (parent, flags, data, directory, name)})."""
        status, lines = self.table("processes")
        found = {}
        for line in lines:
            pid, parent, flags, data, directory, name = line.split(" ", 5)
            found[int(pid)] = (int(parent), int(flags, 16), int(data, 16), int(directory, 16), name)
        return status, found

    def modules(self):
        status, lines = self.table("modules")
        words = [line.split(" ", 2) for line in lines]
        return status, {name: (int(base, 16), int(size, 16)) for base, size, name in words}

    def select(self, pid):
        status, _ = self.ask(f"process {pid}")
        if status != S_OK:
            raise Failure(f"process {pid}: {status:#x} {self.error()}")

    def physical(self, addresses, tables=None):
        """For each address the physical one, or None; tables is a register's value."""
        question = "pa" if tables is None else f"pt {tables:x}"
        answers = self.many([f"{question} {address:x}" for address in addresses])
        return [int(rest, 16) if status == S_OK else None for status, rest in answers]

    def read(self, spans, space="v"):
        """For each (address, size) the bytes, as many as there are."""
        answers = self.many([f"r{space} {address:x} {size:x}" for address, size in spans])
        return [bytes.fromhex(rest) for _, rest in answers]

    def write(self, address, data, space="v"):
        status, count = self.ask(f"w{space} {address:x} {data.hex()}")
        return status, int(count, 16)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
