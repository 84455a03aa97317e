# SPDX-License-Identifier: Apache-2.0
"""Checks of tmem over the RAM file of a guest that runs: QEMU and tmem share its memory."""

import guest_kernel
from facts import PAGE, pattern
from guest_files import pages
from kernel_target import S_OK, KernelTarget


def join(*options):
    return ",".join(option for option in options if option)


def check_write_through(checks, guest, target):
    """What tmem writes the guest's program sees, through its own tables, and the other way."""
    for number, instance in guest.facts["instances"].items():
        start, _, who = instance["regions"]["writable"]
        address, data = start + PAGE - 5, f"written to {number}".encode()
        target.select(instance["pid"])
        checks.equal(target.write(address, data), (S_OK, len(data)),
                     f"a write to instance {number}")
        checks.equal(guest.command(int(number), "peek", address, len(data)), data,
                     f"instance {number} sees the bytes")
        checks.equal(guest.command(int(number), "sum", start, PAGE),
                     fnv(pattern(start, PAGE - 5 + 5, who)[: PAGE - 5] + data[:5]),
                     f"instance {number} has its other bytes")
        guest.command(int(number), "poke", address + 2, b"GUEST")
        checks.equal(target.read([(address, len(data))]), [data[:2] + b"GUEST" + data[7:]],
                     f"tmem sees what instance {number} writes")


def check_shared(checks, guest, target):
    """One write to a shared page: both addresses, both processes, not the third one."""
    one = guest.facts["instances"]["1"]
    start, alias = one["regions"]["shared"][0], one["regions"]["alias"][0]
    data = b"shared by two"
    target.select(one["pid"])
    target.write(start + 64, data)
    for who, address in ((1, start), (1, alias), (2, start), (2, alias)):
        checks.equal(guest.command(who, "peek", address + 64, len(data)), data,
                     f"instance {who} sees a write to shared memory at {address:#x}")
    checks.equal(guest.command(3, "peek", start + 64, 16), pattern(start + 64, 16, 3),
                 "the third instance keeps its bytes")
    physical = dict(pages(one))[start]
    target.write(physical + 64, b"PHYSICALLY", "p")
    checks.equal(guest.command(2, "peek", alias + 64, 13), b"PHYSICALLYtwo",
                 "instance 2 sees a physical write")


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    return value


def check_new_tables(checks, guest, target):
    """Nothing of an older walk is kept while the guest runs: a page that is new is found."""
    instance = guest.facts["instances"]["1"]
    start = instance["regions"]["untouched"][0]
    target.select(instance["pid"])
    checks.equal(target.physical([start]), [None], "a page before its first touch")
    guest.command(1, "poke", start + 16, b"touched")
    checks.check(target.physical([start])[0] is not None, "a page after its first touch")
    checks.equal(target.read([(start + 16, 7)]), [b"touched"], "the bytes of the new page")


def check_new_process(checks, guest, target):
    """The list of processes is that of the moment."""
    _, before = target.process_list()
    pid = guest.start_process()
    said = {pid: (parent, comm) for pid, parent, comm in guest.processes()}
    _, found = target.process_list()
    checks.check(pid not in before and pid in found, "a process that is new is found")
    parent, comm = said[pid]
    checks.equal((found[pid][0], found[pid][4]), (parent, comm), "its parent and its name")
    target.select(pid)
    head, = target.read([(program_start(guest), 4)])
    checks.equal(head, b"\x7fELF", "the first bytes of its program")
    guest.end_process(pid)
    _, found = target.process_list()
    checks.check(pid not in found, "a process that ended is not found")


def program_start(guest):
    """Busybox is linked to a fixed address, the usual one of static programs."""
    return {"i386": 0x08048000}.get(guest.facts["architecture"], 0x400000)


def ranges_option(guest):
    """Where QEMU says that the guest's memory is."""
    text = ";".join(f"{first:#x}+{last + 1 - first:#x}@{offset:#x}"
                    for first, last, offset in guest.facts["memory_map"])
    return "ranges=" + text


def check_live(checks, guest, ram, options, mappings):
    """The guest is stopped at first, and then runs."""
    with KernelTarget(guest.ram, f"live=on,{ranges_option(guest)}") as target:
        source = guest_kernel.Source(guest, ram, target, "live.ram")
        guest_kernel.check_all(checks, source, mappings)
    guest.resume()
    with KernelTarget(guest.ram, join("live=on,write=through", options)) as target:
        checks.run("write through", check_write_through, checks, guest, target)
        checks.run("shared memory", check_shared, checks, guest, target)
        checks.run("new tables", check_new_tables, checks, guest, target)
        checks.run("new process", check_new_process, checks, guest, target)
