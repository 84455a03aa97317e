# SPDX-License-Identifier: Apache-2.0
"""Counts checks of one program; the last line says how many passed and failed."""

import os
import subprocess
import sys
import time
import traceback

SHOWN = 5


class Checks:
    """One check is one question with a name; a group of them is timed."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.start = time.monotonic()

    def check(self, good, name, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed.append(name)
            print(f"FAILED: {name}" + (f": {detail}" if detail else ""), flush=True)
        return good

    def equal(self, found, expected, name):
        return self.check(found == expected, name, f"found {found!r}, expected {expected!r}")

    def all(self, name, wrong, count):
        """One check over `count` things, of which those in the list `wrong` are not right."""
        detail = f"{len(wrong)} of {count}, such as {wrong[:SHOWN]}" if count else "none to look at"
        if self.check(count > 0 and not wrong, name, detail):
            print(f"{name}: {count}", flush=True)

    def run(self, name, function, *arguments):
        """Runs a group; an exception in it is a failed check."""
        start = time.monotonic()
        try:
            function(*arguments)
        except Exception:
            self.failed.append(name)
            print(f"FAILED: {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
        print(f"{name} took {time.monotonic() - start:.1f} s", flush=True)

    def end(self):
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed else 0


def impossible(what):
    print("not possible here: " + what, flush=True)


def output(command, seconds=120, text=""):
    """Runs a program; (status, standard output, standard error)."""
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds,
                            errors="replace", check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
    return result.returncode, result.stdout, result.stderr
