#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the program cannot do any more once it has opened a file, asked of the kernel.

A preloaded library (tests/programs/sandbox_probe.c) makes the system calls when the program ends.
"""

import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ["TMEM_BUILD"]
TMEM = os.path.join(BUILD, "tmem")
TIMEOUT = 120
SYNTH = "tmem synth 1\nprocess 1\nrun 0x1000 0x1000 rw-p\n"
EPERM, EACCES, ENOSYS = 1, 13, 38
PROBE = os.path.join(os.environ["TMEM_SOURCE"], "tests/programs/sandbox_probe.c")

# What must fail, and with which errno. None of these calls does harm when it is let through.
REFUSED = {
    **dict.fromkeys(
        "execve execveat fork socket ptrace process_vm_readv process_vm_writev kill terminal "
        "io_uring bpf chmod rename code".split(), EPERM),
    "clone3": ENOSYS,
    "write_elsewhere": EACCES,
}
ALLOWED = ["read", "write_here", "write_null"]


def probe(folder, *options):
    """{name: (result, errno)} of the calls made inside the program."""
    library = os.path.join(folder, "probe.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, PROBE], check=True)
    done = run(folder, *options, "synth:target.synth", "db 1000 L1", LD_PRELOAD=library,
               TMEM_PROBE_HERE=os.path.join(folder, "written"))
    found = re.findall(r"^probe (\w+) (-?\d+) (\d+)$", done.stderr, re.M)
    results = {name: (int(result), int(number)) for name, result, number in found}
    if set(results) != set(REFUSED) | set(ALLOWED) or not done.stdout.startswith("00000000`"):
        raise AssertionError("the calls were not made: %s%s" % (done.stdout, done.stderr))
    return results


def run(folder, *arguments, **environment):
    return subprocess.run(
        [TMEM, *arguments], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT,
        stdin=subprocess.DEVNULL, env={**os.environ, **environment})


def kernel_has_all(folder):
    """Landlock and seccomp, or what is missing."""
    result = run(folder, "synth:target.synth", ".sandbox")
    text = result.stdout
    if result.returncode:
        raise AssertionError(result.stderr)
    return "Landlock, ABI" in text and "(seccomp)" in text


def test_refused(folder):
    if not kernel_has_all(folder):
        print("not possible here: this kernel lacks Landlock or seccomp")
        return
    results = probe(folder)
    for name, expected in REFUSED.items():
        if results[name] != (-1, expected):
            raise AssertionError("%s: result %d, errno %d; expected errno %d"
                                 % (name, *results[name], expected))
    for name in ALLOWED:
        if results[name][0] < 0:
            raise AssertionError("%s: errno %d" % (name, results[name][1]))


def test_left_out(folder):
    """Without the sandbox the same calls reach the kernel: the test above can fail."""
    results = probe(folder, "--no-sandbox")
    for name in ("socket", "process_vm_readv", "kill", "code", "write_elsewhere"):
        if results[name][0] < 0:
            raise AssertionError("%s: errno %d" % (name, results[name][1]))
    for name in ("execve", "execveat", "chmod", "rename"):
        if results[name] != (-1, 2):
            raise AssertionError("%s: result %d, errno %d" % (name, *results[name]))


def test_status(folder):
    """Every thread is limited, also those of a large search."""
    status = run(folder, "synth:target.synth", ".writemem copy 1000 L10", ".sandbox")
    if status.returncode or status.stderr:
        raise AssertionError(status.stderr)
    elsewhere = run(folder, "synth:target.synth", ".writemem /etc/tmem-was-here 1000 L10")
    if kernel_has_all(folder):
        for part in ("Permission denied\n  the sandbox lets files be written only below",
                     folder, "--no-sandbox"):
            if part not in elsewhere.stderr:
                raise AssertionError(elsewhere.stderr)


def test_home(folder):
    """The home folder and what holds it are not written."""
    if not kernel_has_all(folder):
        print("not possible here: this kernel lacks Landlock or seccomp")
        return
    for home in (folder, os.path.join(folder, "inside")):
        os.makedirs(home, exist_ok=True)
        with tempfile.TemporaryDirectory() as other:
            result = run(folder, "synth:target.synth", ".writemem copy2 1000 L10",
                         HOME=home, TMPDIR=other)
            if "Permission denied" not in result.stderr or result.returncode != 1:
                raise AssertionError(result.stderr + result.stdout)


def test_fallbacks(folder):
    for names, text in (("landlock", "Files:     not limited"),
                        ("seccomp", "Calls:     not limited"),
                        ("landlock,seccomp", "Sandbox:   off")):
        result = run(folder, "synth:target.synth", "db 1000 L1", ".sandbox", TMEM_DISABLE=names)
        if text not in result.stdout or result.returncode:
            raise AssertionError(result.stdout + result.stderr)


def test_live(folder):
    result = run(folder, "pid:%d" % os.getpid(), ".sandbox", "db [stack] L1")
    if "Sandbox:   off: only files" not in result.stdout or result.returncode:
        raise AssertionError(result.stdout + result.stderr)


def main():
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        # Not below /tmp only by chance: TMPDIR is a folder of its own.
        with tempfile.TemporaryDirectory() as folder:
            folder = os.path.realpath(folder)
            with open(os.path.join(folder, "target.synth"), "w") as file:
                file.write(SYNTH)
            try:
                test(folder)
                passed += 1
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print("FAILED %s: %s" % (name, error))
                failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
