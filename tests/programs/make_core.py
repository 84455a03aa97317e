#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a core of one of the test programs.

    make_core.py kernel|gcore PROGRAM CORE [--filter HEX] [--ask COMMAND]... [-- OPTION...]

Starts PROGRAM with the options, waits for its `ready`, asks it the commands, then has the kernel
(by `crash`) or gdb's gcore write its core to CORE. CORE.lines receives what the program printed
before `ready`, CORE.answers one line for each command. --filter is the coredump_filter (7f).
Where gcore cannot read a page of a mapping (guard, past the end of the file, userfaultfd) it leaves
zeros from there to the end of that mapping.

Exit status 0: made; 1: failed; 3: this machine cannot, after a line `not possible here: ...`.
"""

import argparse
import contextlib
import fcntl
import glob
import os
import resource
import shutil
import subprocess
import sys
import tempfile

PATTERN = "/proc/sys/kernel/core_pattern"
LOCK = os.path.join(tempfile.gettempdir(), "tmem-core-pattern.lock")


class Impossible(Exception):
    """What the machine does not let us do."""


def plain(pattern):
    return not pattern.startswith("|") and "/" not in pattern


@contextlib.contextmanager
def plain_core_pattern():
    """Has the kernel write cores into the working directory; puts the pattern back afterwards."""
    with open(LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(PATTERN, encoding="utf-8") as file:
            before = file.read().rstrip("\n")
        changed = not plain(before)
        if changed:
            try:
                with open(PATTERN, "w", encoding="utf-8") as file:
                    file.write("core")
            except OSError as error:
                raise Impossible(f"a core by the kernel: core_pattern is '{before}' and may not "
                                 f"be changed ({error.strerror})") from error
        try:
            yield
        finally:
            if changed:
                with open(PATTERN, "w", encoding="utf-8") as file:
                    file.write(before)


def allow_cores():
    wanted = resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (wanted, wanted))
    except (OSError, ValueError) as error:
        if resource.getrlimit(resource.RLIMIT_CORE)[1] != wanted:
            raise Impossible("a core by the kernel: the hard limit of ulimit -c is low") from error


def start(program, options, folder):
    """The program, after it said ready, and the lines before."""
    process = subprocess.Popen([os.path.abspath(program)] + options, cwd=folder, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = []
    for line in process.stdout:
        if line == "ready\n":
            return process, lines
        lines.append(line)
    raise RuntimeError(f"{program} did not get ready: {''.join(lines)}")


def ask(process, command):
    process.stdin.write(command + "\n")
    process.stdin.flush()
    return process.stdout.readline()


def set_filter(process, value):
    with open(f"/proc/{process.pid}/coredump_filter", "w", encoding="ascii") as file:
        file.write("0x" + value)


def crash(process, folder):
    """Ends the process with a core; the file that the kernel wrote."""
    process.stdin.write("crash\n")
    process.stdin.flush()
    process.wait()
    found = [path for path in glob.glob(os.path.join(folder, "*")) if os.path.isfile(path)]
    if len(found) != 1:
        raise RuntimeError(f"the kernel wrote {len(found)} files, not one core")
    return found[0]


def gcore(process, folder):
    """A core by gdb; the process ends afterwards."""
    gdb = shutil.which("gdb")
    if not gdb:
        raise RuntimeError("gdb is missing")
    prefix = os.path.join(folder, "core")
    done = subprocess.run(
        [gdb, "--nx", "--batch", "-iex", "set auto-load no", "-iex", "set debuginfod enabled off",
         "-ex", f"attach {process.pid}", "-ex", f"gcore {prefix}", "-ex", "detach"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    process.stdin.close()
    process.wait()
    if not os.path.isfile(prefix):
        raise RuntimeError("gcore wrote nothing:\n" + done.stdout + done.stderr)
    return prefix


def make(arguments, folder):
    process, lines = start(arguments.program, arguments.options, folder)
    try:
        set_filter(process, arguments.filter)
        answers = [ask(process, command) for command in arguments.ask]
        written = (crash if arguments.kind == "kernel" else gcore)(process, folder)
    finally:
        process.kill()
        process.wait()
    shutil.move(written, arguments.core)
    for suffix, text in ((".lines", lines), (".answers", answers)):
        with open(arguments.core + suffix, "w", encoding="utf-8") as file:
            file.writelines(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("kernel", "gcore"))
    parser.add_argument("program")
    parser.add_argument("core")
    parser.add_argument("--filter", default="7f")
    parser.add_argument("--ask", action="append", default=[])
    own, options = sys.argv[1:], []
    if "--" in own:
        own, options = own[:own.index("--")], own[own.index("--") + 1:]
    arguments = parser.parse_args(own)
    arguments.options = options
    # Beside the result, so that moving it there copies nothing.
    place = os.path.dirname(os.path.abspath(arguments.core))
    with tempfile.TemporaryDirectory(dir=place, prefix="make-core-") as folder:
        try:
            if arguments.kind == "gcore":
                make(arguments, folder)
            else:
                allow_cores()
                with plain_core_pattern():
                    make(arguments, folder)
        except Impossible as why:
            print(f"not possible here: {why}")
            return 3
        except (OSError, RuntimeError) as error:
            print(f"make_core: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
