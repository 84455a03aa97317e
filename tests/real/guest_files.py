# SPDX-License-Identifier: Apache-2.0
"""Checks of the files of a guest against each other, before anything is asked of tmem.

Who says what: the guest's kernel (pagemap), the guest's programs (the bytes that they read), QEMU
(its own walk of the tables, its dumps, its RAM file), makedumpfile (that it accepts the dumps).
"""

import mmap
import re

from artefacts import MAKEDUMPFILE, WORKER, can_filter, large_memory, maps_kernel
from checks import impossible
from elf_dump import ElfDump
from facts import PAGE, pattern
from image import file_pattern

CHUNK = 1 << 20


def check_dump(checks, guest, ram, name, complete):
    """Every byte that the file has is the byte of RAM; if complete, all RAM has a segment."""
    dump = ElfDump(guest.path(name))
    data = mmap.mmap(dump.file.fileno(), 0, prot=mmap.PROT_READ)
    wrong, compared, covered = [], 0, set()
    for physical, _, offset, size, memory_size in dump.ranges:
        for address, length, at in ram.pieces(physical, size):
            if at is None:
                continue
            covered.update(range(address // CHUNK, (address + length - 1) // CHUNK + 1))
            for step in range(0, length, CHUNK):
                count = min(CHUNK, length - step)
                here = offset + address - physical + step
                if data[here : here + count] != ram.bytes[at + step : at + step + count]:
                    wrong.append(hex(address + step))
                compared += count
        for address, length, at in ram.pieces(physical, memory_size):
            if at is not None:
                covered.update(range(address // CHUNK, (address + length - 1) // CHUNK + 1))
    data.close()
    dump.close()
    checks.all(f"{name}: bytes that equal the RAM file", wrong, compared)
    if not complete:
        return
    everything = set()
    for first, last, _ in ram.ranges:
        everything.update(range(first // CHUNK, last // CHUNK + 1))
    checks.all(f"{name}: MiB of RAM that have a segment", sorted(everything - covered),
               len(everything))


def check_dumps(checks, guest, ram):
    names = ["dump.elf"]
    if not large_memory(guest):
        names.append("dump-paging.elf")
        if can_filter(guest):
            names += ["dump-swapped.elf", *MAKEDUMPFILE]
        else:
            impossible("makedumpfile over dumps of other architectures than this machine's")
    for name in names:
        check_dump(checks, guest, ram, name, name != "dump-paging.elf" or maps_kernel(guest))


def pages(instance):
    """(virtual, physical) of every page that an instance said it has."""
    for virtual, physical, count, _ in instance["runs"]:
        for index in range(count):
            yield virtual + index * PAGE, physical + index * PAGE


def in_region(instance, address):
    return any(start <= address < start + size
               for start, size, _ in instance["regions"].values())


def check_translations(checks, guest):
    """QEMU's own walk of the tables agrees with the guest kernel's pagemap."""
    worker = guest.facts["instances"][WORKER]
    wrong, count = [], 0
    none, none_size, _ = worker["regions"]["none"]
    for virtual, physical in pages(worker):
        # A PROT_NONE page is in memory, but no processor can use it.
        expected = None if none <= virtual < none + none_size else physical
        found = guest.gva2gpa(virtual)
        count += 1
        if found != expected:
            wrong.append((hex(virtual), found, expected))
    checks.all("pages where QEMU's walk equals the guest's pagemap", wrong, count)


def parse_info_tlb(text):
    """[(virtual, physical, flags), ...] of QEMU's list of the stopped processor's mappings."""
    found = re.findall(r"(?m)^([0-9a-f]+): ([0-9a-f]+) (\S+)$", text)
    # With PAE it leaves the no-execute bit in the address.
    return [(int(virtual, 16), int(physical, 16) & (1 << 52) - 1, flags)
            for virtual, physical, flags in found]


def check_info_tlb(checks, guest, mappings):
    """QEMU's list of the processor's mappings has the pages of the worker's regions, no others."""
    worker = guest.facts["instances"][WORKER]
    expected = {virtual: physical for virtual, physical in pages(worker)
                if in_region(worker, virtual)}
    none, none_size, _ = worker["regions"]["none"]
    for address in range(none, none + none_size, PAGE):
        expected.pop(address)
    found = {}
    for virtual, physical, flags in mappings:
        if in_region(worker, virtual):
            large = "P" in flags and virtual == worker["regions"]["huge"][0] & ~0x1FFFFF or \
                "P" in flags and in_huge(worker, virtual)
            size = large_size(guest) if large else PAGE
            for step in range(0, size, PAGE):
                found[virtual + step] = physical + step
    checks.all("pages of the regions in QEMU's list of mappings",
               [hex(a) for a in expected if found.get(a) != expected[a]], len(expected))
    checks.all("mappings of the regions that pagemap has too",
               [hex(a) for a in found if a not in expected], len(found))


def in_huge(instance, address):
    start, size, _ = instance["regions"]["huge"]
    return start <= address < start + size


def large_size(guest):
    return 4 << 20 if guest.name == "i386" else 2 << 20


def without_changes(name):
    """Regions whose bytes nobody changes after the pattern is in them."""
    return name in ("writable", "readonly", "none", "code", "shared", "huge", "high")


def check_patterns(checks, guest, ram):
    """The painted pages are in the RAM file where pagemap has them."""
    for number, instance in guest.facts["instances"].items():
        where = dict(pages(instance))
        wrong, count = [], 0
        for name, (start, size, who) in instance["regions"].items():
            if not without_changes(name):
                continue
            for address in range(start, start + size, PAGE):
                count += 1
                if address not in where:
                    wrong.append((name, hex(address), "absent"))
                elif ram.read(where[address], PAGE) != pattern(address, PAGE, who):
                    wrong.append((name, hex(address), hex(where[address])))
        checks.all(f"painted pages of instance {number} in the RAM file", wrong, count)
        start, size, _ = instance["regions"]["file"]
        found = b"".join(ram.read(where[at], PAGE) for at in range(start, start + size, PAGE))
        checks.check(found == file_pattern(), f"the mapped file of instance {number} in RAM")


def check_kinds(checks, guest):
    """The guest has the kinds of memory that the tests are about."""
    for number, instance in guest.facts["instances"].items():
        where = dict(pages(instance))
        regions = instance["regions"]
        huge = regions["huge"][0]
        run = [where.get(huge + at, 0) - where[huge] for at in range(0, large_size(guest), PAGE)]
        checks.check(run == list(range(0, large_size(guest), PAGE)) and
                     where[huge] % large_size(guest) == 0, f"a huge page in instance {number}")
        shared, alias = regions["shared"][0], regions["alias"][0]
        checks.check(where[shared] == where[alias], f"one page at two addresses in {number}")
        zero = regions["zero"][0]
        checks.check(where[zero] == where[zero + PAGE], f"one zero page twice in {number}")
        swapped = [address for address, _, _ in instance["swapped"]]
        start, size, _ = regions["swapped"]
        checks.equal(swapped, list(range(start, start + size, PAGE)),
                     f"pages of instance {number} on the swap device")
        checks.check(regions["untouched"][0] not in where, f"no page without a touch in {number}")
        buffer = regions["buffer"][0]
        jumps = sum(where[buffer + at] + PAGE != where[buffer + at + PAGE]
                    for at in range(0, 0x80000 - PAGE, PAGE))
        checks.check(jumps > 30, f"scattered frames of the buffer in {number}", f"{jumps} jumps")
    one, two, three = (dict(pages(guest.facts["instances"][n])) for n in "123")
    shared = guest.facts["instances"]["1"]["regions"]["shared"][0]
    checks.check(one[shared] == two[shared] != three[shared], "a page of two processes")
    if guest.name.startswith("la57"):
        checks.check("high" in guest.facts["instances"]["1"]["regions"], "memory above 47 bits")


def check_iomem(checks, guest, ram):
    """What the guest's kernel calls RAM is RAM for QEMU."""
    wrong, count = [], 0
    for first, last, depth, name in guest.facts["iomem"]:
        if depth == 0 and name == "System RAM":
            count += 1
            covered = sum(length for _, length, at in ram.pieces(first, last + 1 - first)
                          if at is not None)
            if covered != last + 1 - first:
                wrong.append((hex(first), hex(last)))
    checks.all("ranges of RAM that the guest has too", wrong, count)


def check_monitor(checks, guest, ram):
    """QEMU's monitor shows the bytes of the RAM file."""
    worker = guest.facts["instances"][WORKER]
    wrong, looked = [], list(pages(worker))[::97]
    for _, physical in looked:
        if guest.physical(physical + 0x7F0, 64) != ram.read(physical + 0x7F0, 64):
            wrong.append(hex(physical))
    checks.all("pieces of memory that QEMU's monitor shows", wrong, len(looked))


def check_programs(checks, guest):
    """The guest's programs read what they painted; for the running guest."""
    for number, instance in guest.facts["instances"].items():
        for name in ("writable", "shared", "huge"):
            start, _, who = instance["regions"][name]
            checks.equal(guest.command(int(number), "peek", start + 0x100, 32),
                         pattern(start + 0x100, 32, who), f"{name} of instance {number}")
