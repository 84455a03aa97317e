# SPDX-License-Identifier: Apache-2.0
"""Checks of the command line over a dump: the commands about kernels, with --json."""

import json
import os

from artefacts import WORKER
from checks import output
from facts import pattern
from guest_files import pages
from guest_kernel import same_name, sized_mappings


def records(target, *commands):
    """What the commands print, as dictionaries; errors are records too."""
    program = os.path.join(os.environ["TMEM_BUILD"], "tmem")
    _, text, errors = output([program, "--json", target, *commands], seconds=300)
    lines = (text + errors).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def of_type(found, kind):
    return [record for record in found if record["type"] == kind]


def check_process_command(checks, source, path):
    found = of_type(records(path, "!process 0 0"), "kernel_process")
    by_pid = {record["system_id"]: record for record in found}
    wrong = [(pid, comm) for pid, parent, comm in source.facts["before"]
             if not comm.startswith("kworker/") and
             (pid not in by_pid or by_pid[pid]["parent_system_id"] != parent
              or not same_name(by_pid[pid]["name"], comm))]
    checks.all("!process 0 0: processes of the guest", wrong, len(source.facts["before"]))


def check_implicit_command(checks, source, path):
    """.process chooses whose bytes an address has, also from inside a list of commands."""
    commands, expected = [], []
    for number, instance in source.facts["instances"].items():
        start, _, who = instance["regions"]["writable"]
        commands += [f".process /p pid:{instance['pid']}", f"db {start:x} L10"]
        expected.append(pattern(start, 16, who).hex())
    found = [record["bytes"] for record in of_type(records(path, *commands), "memory")]
    checks.equal(found, expected, ".process and db for each instance")


def check_vtop_command(checks, source, path):
    worker = source.facts["instances"][WORKER]
    where = dict(pages(worker))
    names = ("writable", "readonly", "none", "code", "alias", "huge")
    addresses = [worker["regions"][name][0] + 0x123 for name in names]
    hole = worker["regions"]["buffer"][0] + 0x80000
    commands = [f"!vtop {address:x}" for address in [*addresses, hole]]
    found = of_type(records(path, f".process pid:{worker['pid']}", *commands), "translation")
    checks.equal([record.get("physical") for record in found],
                 [f"{where[address - 0x123] + 0x123:#018x}" for address in addresses] + [None],
                 "!vtop of one address of each kind")


def joined(mappings):
    """Mappings (virtual, physical, size) in order, joined where both addresses go on."""
    found = []
    for virtual, physical, size in sorted(mappings):
        if found and found[-1][0] + found[-1][2] == virtual and \
                found[-1][1] + found[-1][2] == physical:
            found[-1] = (*found[-1][:2], found[-1][2] + size)
        else:
            found.append((virtual, physical, size))
    return found


def without(mappings, start, size):
    """Mappings less what they have in one range."""
    for virtual, physical, length in mappings:
        before = max(0, min(length, start - virtual))
        after = max(0, min(length, virtual + length - start - size))
        if before:
            yield virtual, physical, before
        if after:
            yield virtual + length - after, physical + length - after, after


def check_ptov_command(checks, source, path, mappings):
    """All mappings of a process at once, against QEMU's list."""
    found = of_type(records(path, f"!ptov {source.facts['registers']['CR3']:x}"), "mapping")
    listed = [(int(record["virtual"], 16) & source.mask, int(record["physical"], 16),
               int(record["size"], 16)) for record in found]
    none, none_size, _ = source.facts["instances"][WORKER]["regions"]["none"]
    listed = set(joined(without(listed, none, none_size)))
    expected = set(joined(sized_mappings(source, mappings)))
    checks.all("!ptov: runs of mappings that QEMU's list has",
               [(hex(v), hex(p), size) for v, p, size in sorted(expected - listed)], len(expected))
    checks.all("!ptov: runs of mappings that QEMU's list lacks",
               [(hex(v), hex(p), size) for v, p, size in sorted(listed - expected)], len(listed))


def check_address_command(checks, source, path):
    """All regions, in order, each once; also of a dump whose frame list ends inside a page."""
    found = of_type(records(path, "!address"), "region")
    edges = [(int(record["base"], 16) & source.mask, int(record["last"], 16) & source.mask)
             for record in found]
    wrong = [hex(edge[0]) for edge in edges if edge[0] & 4095 or edge[1] & 4095 != 4095]
    wrong += [hex(after[0]) for before, after in zip(edges, edges[1:]) if after[0] <= before[1]]
    # A dump made through a process's own tables may lack those of the kernel, and says so.
    if edges or path.endswith("/dump.elf"):
        checks.all("!address: regions in order, of whole pages", wrong, len(edges))


def check_commands(checks, source, path, mappings):
    checks.run("!process", check_process_command, checks, source, path)
    checks.run(".process", check_implicit_command, checks, source, path)
    checks.run("!vtop", check_vtop_command, checks, source, path)
    for name in (path, os.path.join(os.path.dirname(path), "dump-paging.elf")):
        if os.path.exists(name):
            checks.run("!address", check_address_command, checks, source, name)
    if mappings:
        checks.run("!ptov", check_ptov_command, checks, source, path, mappings)
