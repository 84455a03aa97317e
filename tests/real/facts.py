# SPDX-License-Identifier: Apache-2.0
"""What a guest says about itself on its console, as one dictionary (numbers as numbers).

    uname, cmdline      strings
    vmcoreinfo          [physical address, size] of the note
    btf                 size of the kernel's type information, or null
    iomem               [[first, last, depth, name], ...]
    modules             [[name, size, address], ...]
    symbols             {name: address}
    swap                lines of /proc/swaps
    instances           {"1": {pid, regions, maps, runs, swapped}, ...}
        regions         {name: [start, size, who]}: who painted it with the pattern, 0 = nobody
        maps            lines of /proc/PID/maps
        runs            [[virtual, physical, pages, first eight bytes or null], ...]
        swapped         [[virtual, pagemap's type and offset, pages], ...]
"""

import struct

from kernels import Failure

PAGE = 4096
MASK = (1 << 64) - 1


def word(address, who):
    value = ((address >> 3) * 0x9E3779B97F4A7C15 + who * 0xD1B54A32D192ED03) & MASK
    return value ^ (value >> 29)


def pattern(address, size, who):
    """The bytes that instance `who` painted at an address; both are multiples of eight."""
    words = (word(at, who) for at in range(address, address + size, 8))
    return struct.pack(f"<{size // 8}Q", *words)


def new_facts():
    return {"uname": "", "cmdline": "", "vmcoreinfo": None, "btf": None, "iomem": [],
            "modules": [], "symbols": {}, "swap": [], "instances": {}}


def parse_process(words):
    """A line of /proc/PID/stat: the name is in brackets and may hold anything."""
    text = " ".join(words)
    pid, rest = text.split(" (", 1)
    comm, rest = rest.rsplit(") ", 1)
    return [int(pid), int(rest.split()[1]), comm]


def add_instance(instances, kind, words):
    number = words[0]
    if kind == "instance":
        instances[number] = {"pid": int(words[1]), "regions": {}, "maps": [], "runs": [],
                             "swapped": []}
        return
    one = instances[number]
    if kind == "region":
        one["regions"][words[1]] = [int(words[2], 16), int(words[3], 16), int(words[4])]
    elif kind == "map":
        one["maps"].append(" ".join(words[1:]))
    elif kind == "run":
        first = None if words[4] == "-" else words[4]
        one["runs"].append([int(words[1], 16), int(words[2], 16), int(words[3]), first])
    elif kind == "swapped":
        one["swapped"].append([int(words[1], 16), int(words[2], 16), int(words[3])])


def add_iomem(facts, line):
    depth = (len(line) - len(line.lstrip())) // 2
    span, name = line.strip().split(" : ", 1)
    first, last = span.split("-")
    facts["iomem"].append([int(first, 16), int(last, 16), depth, name])


def add_line(facts, line):
    kind, _, rest = line[1:].partition(" ")
    words = rest.split()
    if kind in ("uname", "cmdline"):
        facts[kind] = rest
    elif kind == "vmcoreinfo":
        facts["vmcoreinfo"] = [int(text, 16) for text in words]
    elif kind == "btf":
        facts["btf"] = int(words[0]) if words else None
    elif kind == "iomem":
        add_iomem(facts, rest)
    elif kind == "module":
        facts["modules"].append([words[0], int(words[1]), int(words[5], 16)])
    elif kind == "symbol":
        facts["symbols"].setdefault(words[2], int(words[0], 16))
    elif kind == "swap":
        facts["swap"].append(rest)
    elif kind == "failed":
        raise Failure("in the guest: " + rest)
    elif kind not in ("done", "ready"):
        add_instance(facts["instances"], kind, words)


def parse(lines):
    """The facts from the console's lines; lines without @ are the kernel's own."""
    facts = new_facts()
    for line in lines:
        if not line.startswith("@"):
            continue
        try:
            add_line(facts, line)
        except (ValueError, KeyError, IndexError) as error:
            raise Failure(f"the guest said {line!r}: {error}") from error
    for number in ("1", "2", "3"):
        if number not in facts["instances"]:
            raise Failure(f"instance {number} of the guest program said nothing")
    return facts
