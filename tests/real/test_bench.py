#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The measurements run to their end, on little memory: every byte that they compare is right, and
every row that is listed is measured or said to be absent. How fast anything is does not count."""

import json
import os
import re
import sys
import tempfile

from checks import Checks, output
from kernels import Failure, run

SOURCE, BUILD = os.environ["TMEM_SOURCE"], os.environ["TMEM_BUILD"]
BENCH = os.path.join(BUILD, "bench", "bench")
SIZE = "16M"
LIMIT = 600


def make_guest():
    status, said, why = output([os.path.join(SOURCE, "tools", "bench-guest"), BUILD, SIZE], LIMIT)
    if status:
        raise Failure(why)
    return said.strip()


def measure(guest, folder):
    """(status, standard output, error output, the JSON file)."""
    path = os.path.join(folder, "bench.json")
    os.environ.update(BENCH_GUEST=guest, TMPDIR=folder)
    status, said, why = output([BENCH, "--repeat", "1", "--json", path], LIMIT)
    with open(path, encoding="utf-8") as file:
        return status, said, why, json.load(file)


def listed():
    """[(row, metric), ...] of what there is to measure."""
    _, said, _ = output([BENCH, "--list"])
    return [(line[:4].strip(), line[24:65].strip()) for line in said.splitlines()]


def check_table(checks, said, record):
    """What people see is what programs get; the verdict's words stand nowhere else."""
    rows = [line for line in said.splitlines() if re.match(r"G\d", line)]
    words = re.findall(r"\b(pass|short)\b", said)
    checks.equal(len(rows), len(record["rows"]), "rows in the table and in the file")
    checks.equal(words, [row["verdict"] for row in record["rows"]], "verdicts")


def check_run(checks):
    run(["ninja", "-C", BUILD, "bench/bench"])
    guest = make_guest()
    with tempfile.TemporaryDirectory() as folder:
        status, said, why, record = measure(guest, folder)
        checks.equal(os.listdir(folder), ["bench.json"], "files that are left")
    checks.check(status == 0 and not why, "bytes and calls", f"status {status}: {why}")
    found = {(row["id"], row["metric"]) for row in record["rows"]}
    wanted = listed()
    absent = [name for name in wanted if name not in found
              and not any(name[1] in note or name[0] in note for note in record["not_measured"])]
    checks.all("listed rows that were measured or said to be absent", absent, len(wanted))
    checks.check(sum("guest" in metric for _, metric in found) >= 10, "rows on the guest's dump")
    check_table(checks, said, record)


def check_refusals(checks):
    """What cannot be made or measured is said in words, with the status for it."""
    tool = os.path.join(SOURCE, "tools", "bench-guest")
    for size in ("1M", "8G", "none", ""):
        status, said, why = output([tool, BUILD, size])
        checks.check(status == 1 and not said and "SIZE is from" in why, f"a guest of '{size}'", why)
    for name in ("BENCH_GUEST", "TMPDIR"):
        os.environ.pop(name, None)
    status, said, _ = output([BENCH, "--repeat", "1", "G21"], LIMIT)
    checks.check(status == 0 and "not possible here: the dump of a real guest" in said,
                 "rows without a guest", said)
    status, _, why = output([BENCH, "G99"])
    checks.check(status == 2 and "no row 'G99'" in why, "a row that is not there", why)


def main():
    os.environ["BENCH_SIZE"] = SIZE
    checks = Checks()
    checks.run("a run of the measurements", check_run, checks)
    checks.run("refusals", check_refusals, checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
