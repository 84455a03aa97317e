#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the matcher as programs for arm64: its NEON filters, beside the plain ones.

The sources of the matcher and its unit tests are compiled by clang for arm64, linked with Debian's
cmocka for it, and run by QEMU's user emulation.
"""

import os
import re
import subprocess
import sys
import tempfile

from checks import Checks
from guest import build_folder
from kernels import Packages, run

SOURCE = os.environ["TMEM_SOURCE"]
TESTS = ("test_matcher", "test_matcher_set", "test_matcher_range")
PARTS = ("src/access/matcher*.c", "src/base/error.c", "src/base/options.c", "src/base/text.c",
         "tests/unit/matcher_vectors.c")
COMPILER = ("clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-std=gnu11", "-O2", "-g",
            "-D_GNU_SOURCE", "-Wall", "-Werror", "-fno-strict-aliasing")
SYSTEM = "/usr/aarch64-linux-gnu"
LIMIT = 900


def unpack_cmocka():
    """Debian's cmocka for arm64, kept between runs; returns where headers and library are."""
    packages = Packages(os.path.join(build_folder(), "packages"))
    folder = packages.path("unpacked", "cmocka_arm64")
    stamp = os.path.join(folder, "complete")
    if not os.path.exists(stamp):
        for name in ("libcmocka0", "libcmocka-dev"):
            with packages.locked():
                archive = packages.download(name, "arm64")
                run(["dpkg-deb", "-x", archive, folder])
                os.unlink(archive)
        with open(stamp, "w", encoding="ascii") as file:
            file.write("cmocka\n")
    return (os.path.join(folder, "usr", "include"),
            os.path.join(folder, "usr", "lib", "aarch64-linux-gnu"))


def compile_test(name, headers, library, folder):
    sources = run(["tools/list-sources", *PARTS], folder=SOURCE).split()
    program = os.path.join(folder, name)
    run([*COMPILER, "-Iinclude", "-Isrc", "-Itests", "-isystem", headers,
         f"tests/unit/{name}.c", *sources, "-L", library, "-lcmocka", "-lpthread",
         "-o", program], folder=SOURCE, seconds=LIMIT)
    return program


def run_test(checks, program, library):
    """Every test in it is one check; some of them must have run with NEON vectors."""
    name = os.path.basename(program)
    result = subprocess.run(
        ["qemu-aarch64", "-L", SYSTEM, "-E", "LD_LIBRARY_PATH=" + library, program],
        capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL, check=False)
    said = result.stdout + result.stderr
    for verdict, test in re.findall(r"^\[\s*(OK|FAILED)\s*\] (test_\w+)$", said, re.M):
        checks.check(verdict == "OK", f"{name}: {test}")
    checks.check(result.returncode == 0, name, said[-3000:])
    checks.check("AVX2 vectors" in said and "NEON vectors" not in said,
                 f"{name}: vectors of arm64 and no others")


def main():
    checks = Checks()
    headers, library = unpack_cmocka()
    with tempfile.TemporaryDirectory() as folder:
        for name in TESTS:
            program = compile_test(name, headers, library, folder)
            checks.run(name, run_test, checks, program, library)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
