# SPDX-License-Identifier: Apache-2.0
"""Checks of tmem over one file of a guest: dump, image, or the RAM file of the stopped guest.

Expected answers come from the guest's kernel, from QEMU, and from the copy of the RAM file.
"""

from artefacts import WORKER
from facts import PAGE, pattern
from guest_files import in_region, large_size, pages, without_changes
from kernel_target import S_FALSE, S_OK

NO_PAGE = 0xD0000147
NO_KERNEL = 0x80004002
CHUNK = 16 * PAGE


class Source:
    """A file, its options, and whether user pages are missing in it."""

    def __init__(self, guest, ram, target, name, filtered=False):
        self.guest, self.ram, self.target = guest, ram, target
        self.name, self.filtered = name, filtered
        self.facts = guest.facts
        # What QEMU's paging=true leaves out is what no table of the processor reaches; zeros are
        # what makedumpfile leaves out first, and what is not the kernel's RAM is not in ram.lime.
        self.partial = name in ("dump-paging.elf", "level-1.elf", "level-31.elf", "ram.lime")
        self.mask = 0xFFFFFFFF if self.facts["architecture"] == "i386" else (1 << 64) - 1


def check_physical(checks, source):
    """Physical memory in many places: just before, at and behind the ends of its ranges too."""
    spans = [(first, 64) for first, _, _ in source.ram.ranges]
    spans += [(last - 63, 64) for _, last, _ in source.ram.ranges]
    for instance in source.facts["instances"].values():
        spans += [(physical + 0xFC0, 64) for _, physical in list(pages(instance))[::37]]
    found = source.target.read(spans, "p")
    wrong = [hex(address) for (address, size), data in zip(spans, found)
             if data != source.ram.read(address, size)[: len(data)]
             or len(data) != size and not source.partial]
    checks.all(f"{source.name}: pieces of physical memory", wrong, len(spans))
    top = source.ram.ranges[-1][1]
    after, = source.target.read([(top - 15, 64)], "p")
    checks.check(len(after) <= 16, f"{source.name}: nothing behind the end of RAM")


def check_no_kernel(checks, source):
    """A dump without the kernel's memory says that, instead of something."""
    status, _ = source.target.process_list()
    checks.equal(status, NO_KERNEL, f"{source.name}: status without the kernel's memory")
    checks.check("kernel" in source.target.error(), f"{source.name}: words for it")


def same_name(found, said):
    """A name as task_struct has it, against /proc/PID/stat, which completes those of threads."""
    if said.startswith("kworker/"):
        said = said.replace("+", "-").split("-")[0]
    return found == said[:15]


def check_processes(checks, source):
    status, found = source.target.process_list()
    checks.equal(status, S_OK, f"{source.name}: status of the process list")
    said = {pid: (parent, comm) for pid, parent, comm in source.facts["before"]}
    wrong = [(pid, comm, found.get(pid)) for pid, (parent, comm) in said.items()
             if not comm.startswith("kworker/") and pid not in found
             or pid in found and (found[pid][0] != parent or not same_name(found[pid][4], comm))]
    checks.all(f"{source.name}: processes of the guest that are found", wrong, len(said))
    wrong = [(pid, one) for pid, one in found.items()
             if pid not in said and pid != 0 and not one[4].startswith("kworker/")]
    checks.all(f"{source.name}: processes that the guest has too", wrong, len(found))
    user = sorted(pid for pid, one in found.items() if not one[1] & 1)
    checks.equal(user, [1] + sorted(i["pid"] for i in source.facts["instances"].values()),
                 f"{source.name}: processes with user space")


def check_instances(checks, source):
    for number, instance in source.facts["instances"].items():
        source.target.select(instance["pid"])
        check_translations(checks, source, number, instance)
        check_absent(checks, source, number, instance)
        check_bytes(checks, source, number, instance)
        check_patterns(checks, source, number, instance)
        if not source.filtered:
            check_hole(checks, source, number, instance)
            check_strings(checks, source, number, instance)


def check_translations(checks, source, number, instance):
    expected = list(pages(instance))
    found = source.target.physical([virtual for virtual, _ in expected])
    wrong = [(hex(virtual), physical, one) for (virtual, physical), one in zip(expected, found)
             if one != physical]
    checks.all(f"{source.name}: pages of instance {number} that are where pagemap says", wrong,
               len(expected))


def absent_pages(instance):
    """Addresses in or beside the regions that have no page."""
    where = dict(pages(instance))
    regions = instance["regions"]
    first = min(start for start, _, _ in regions.values())
    wanted = []
    for start, size, _ in regions.values():
        wanted += range(max(start - PAGE, first), start + size + PAGE, PAGE)
    return [address for address in sorted(set(wanted)) if address not in where]


def check_absent(checks, source, number, instance):
    addresses = absent_pages(instance)
    answers = source.target.many([f"pa {address + 8:x}" for address in addresses])
    wrong = [(hex(address), hex(status), rest) for address, (status, rest)
             in zip(addresses, answers) if status != NO_PAGE]
    checks.all(f"{source.name}: addresses of instance {number} without a page", wrong,
               len(addresses))
    found = source.target.read([(address, 64) for address in addresses])
    checks.all(f"{source.name}: reads of instance {number} without a page",
               [hex(address) for address, data in zip(addresses, found) if data], len(addresses))
    for address in (instance["regions"]["swapped"][0], instance["regions"]["untouched"][0]):
        source.target.ask(f"pa {address:x}")
        swapped = address == instance["swapped"][0][0]
        checks.equal("paged out" in source.target.error(), swapped,
                     f"{source.name}: whether {address:#x} of instance {number} is paged out")


def check_bytes(checks, source, number, instance):
    """All memory of a process, against RAM at the place that pagemap says."""
    spans = []
    for virtual, physical, count, _ in instance["runs"]:
        for at in range(0, count * PAGE, CHUNK):
            spans.append((virtual + at, physical + at, min(CHUNK, count * PAGE - at)))
    found = source.target.read([(virtual, size) for virtual, _, size in spans])
    wrong, read = [], 0
    for (virtual, physical, size), data in zip(spans, found):
        expected = source.ram.read(physical, size)
        read += len(data)
        missing = expected[len(data) :][:PAGE]
        if data != expected[: len(data)] or \
                missing and not source.filtered and not (source.partial and not any(missing)):
            wrong.append(hex(virtual))
    checks.all(f"{source.name}: bytes of instance {number} that are in RAM", wrong, read)


def check_patterns(checks, source, number, instance):
    """The bytes of the instance itself, never those that the others have at the same address."""
    wrong, count = [], 0
    for name, (start, size, who) in instance["regions"].items():
        if not without_changes(name) or source.filtered:
            continue
        size = min(size, 4 * CHUNK)
        data, = source.target.read([(start, size)])
        count += len(data)
        if data != pattern(start, size, who):
            wrong.append(name)
    if not source.filtered:
        checks.all(f"{source.name}: bytes that instance {number} painted", wrong, count)


def check_hole(checks, source, number, instance):
    """A read stops at a hole, and begins behind it."""
    start = instance["regions"]["buffer"][0]
    hole = start + 0x80000
    before, inside, after = source.target.read([(hole - 24, 4096), (hole + 8, 4096),
                                                (hole + 3 * PAGE, 24)])
    checks.equal((before, inside, after),
                 (pattern(hole - 24, 24, int(number)), b"",
                  pattern(hole + 3 * PAGE, 24, int(number))),
                 f"{source.name}: a read into a hole of instance {number}")


def check_strings(checks, source, number, instance):
    """A search in virtual memory, over scattered frames and across the end of a page."""
    start, size, _ = instance["regions"]["buffer"]
    strings = start + 0x1F0000
    for text, address in ((f"guest {number} string 37", strings + 37 * 64),
                          (f"guest {number} string across pages", strings + PAGE - 16)):
        status, found = source.target.ask(f"sv {start:x} {size:x} {text.encode().hex()}")
        checks.equal((status, int(found, 16)), (S_OK, address),
                     f"{source.name}: the string {text!r} in instance {number}")
    other = "guest %d string 37" % (int(number) % 3 + 1)
    status, _ = source.target.ask(f"sv {start:x} {size:x} {other.encode().hex()}")
    checks.check(status != S_OK, f"{source.name}: no {other!r} in instance {number}")


def check_symbols(checks, source):
    wrong, count = [], 0
    for name, address in source.facts["symbols"].items():
        status, found = source.target.ask(f"symbol {name}")
        count += 1
        if status not in (S_OK, S_FALSE) or int(found, 16) & source.mask != address:
            wrong.append((name, hex(status), found, hex(address)))
    checks.all(f"{source.name}: symbols as in /proc/kallsyms", wrong, count)


def check_kernel(checks, source, mappings):
    """The kernel's own memory, without a process: where QEMU says, and the bytes of RAM."""
    source.target.ask("process 0")
    symbols = [(source.facts["symbols"][name], physical)
               for name, physical in source.facts["kernel"].items() if physical is not None]
    if not symbols:
        return
    found = source.target.physical([virtual for virtual, _ in symbols])
    checks.all(f"{source.name}: symbols that are where QEMU finds them",
               [(hex(v), hex(p), one) for (v, p), one in zip(symbols, found) if one != p],
               len(symbols))
    half = (source.mask + 1) >> 1 if source.mask >> 32 else 0xC0000000
    places = symbols + [(virtual, physical) for virtual, physical, _ in mappings
                        if virtual >= half][::23]
    places = [(v, p) for v, p in places if source.ram.offset(p, 64) is not None]
    found = source.target.read([(virtual, 64) for virtual, _ in places])
    wrong = [hex(virtual) for (virtual, physical), data in zip(places, found)
             if data != source.ram.read(physical, 64)
             and not (source.partial and data == b"")]
    checks.all(f"{source.name}: pieces of the kernel's memory", wrong, len(places))


def check_facts(checks, source):
    """The release, and the banner in the kernel's memory."""
    _, lines = source.target.table("facts")
    release = source.facts["uname"].split()[2]
    checks.check(any(line.startswith(f"release = {release} ") for line in lines),
                 f"{source.name}: the release", lines)
    banner = source.facts["symbols"].get("linux_banner")
    if banner:
        text = f"Linux version {release} "
        found, = source.target.read([(banner, len(text))])
        checks.equal(found, text.encode(), f"{source.name}: the kernel's banner")


def check_modules(checks, source):
    status, found = source.target.modules()
    checks.equal(status, S_OK, f"{source.name}: status of the module list")
    wrong = [(name, hex(address), found.get(name)) for name, _, address in source.facts["modules"]
             if found.get(name, (0, 0))[0] & source.mask != address]
    checks.all(f"{source.name}: modules as in /proc/modules", wrong, len(source.facts["modules"]))


def mapping_size(source, virtual, physical, flags, following):
    """How much a line of QEMU's list maps: it does not say, but marks pages above the last level.

    The same bit is a memory type in the entry of a small page: those are next to each other.
    """
    large = large_size(source.guest)
    if "P" not in flags or virtual % large or physical % large or following - virtual < large:
        return PAGE
    return large


def sized_mappings(source, mappings):
    """[(virtual, physical, size), ...] in order of address."""
    ordered = sorted(mappings)
    found = []
    for index, (virtual, physical, flags) in enumerate(ordered):
        following = ordered[index + 1][0] if index + 1 < len(ordered) else 1 << 64
        found.append((virtual, physical, mapping_size(source, virtual, physical, flags, following)))
    return found


def check_info_tlb(checks, source, mappings):
    """Every mapping of the stopped processor, and no other, by the value of its register."""
    sized = sized_mappings(source, mappings)
    ends = [(v, p) for v, p, _ in sized] + [(v + size - 1, p + size - 1) for v, p, size in sized]
    tables = source.facts["registers"]["CR3"]
    found = source.target.physical([virtual for virtual, _ in ends], tables)
    checks.all(f"{source.name}: mappings of QEMU's list",
               [(hex(v), hex(p), one) for (v, p), one in zip(ends, found) if one != p], len(ends))
    check_gaps(checks, source, sized, tables)
    status, _ = source.target.ask(f"directory {tables:x}")
    checks.equal(status, S_OK, f"{source.name}: tables of CR3 as the virtual space")
    found = source.target.physical([virtual for virtual, _ in ends])
    checks.all(f"{source.name}: mappings of QEMU's list in that space",
               [(hex(v), hex(p), one) for (v, p), one in zip(ends, found) if one != p], len(ends))
    source.target.ask("directory 0")


def check_gaps(checks, source, sized, tables):
    """Addresses just before and behind each mapping that QEMU's list does not have."""
    none, none_size, _ = source.facts["instances"][WORKER]["regions"]["none"]
    starts = {virtual for virtual, _, _ in sized}
    ends = {virtual + size for virtual, _, size in sized}
    gaps = [end for end in ends - starts if end <= source.mask]
    gaps += [start - 1 for start in starts - ends if start > 0]
    gaps = [address for address in gaps if not none <= address < none + none_size]
    found = source.target.physical(gaps, tables)
    checks.all(f"{source.name}: addresses that QEMU's list does not have",
               [(hex(a), hex(one)) for a, one in zip(gaps, found) if one is not None], len(gaps))


def check_overlay(checks, source):
    """A write to a stored file shows everywhere: at the alias, in the other process, in RAM."""
    one, two, three = (source.facts["instances"][number] for number in "123")
    start, alias = one["regions"]["shared"][0], one["regions"]["alias"][0]
    address, data = start + PAGE - 6, bytes(range(200, 212))
    where = dict(pages(one))
    target = source.target
    target.select(one["pid"])
    old, = target.read([(address, 12)])
    checks.equal(target.write(address, data), (S_OK, 12), f"{source.name}: a write to a file")
    found = target.read([(address, 12), (alias + PAGE - 6, 12)])
    found += target.read([(where[start] + PAGE - 6, 6), (where[start + PAGE], 6)], "p")
    target.select(two["pid"])
    found += target.read([(alias + PAGE - 6, 12)])
    checks.equal(found, [data, data, data[:6], data[6:], data],
                 f"{source.name}: the written bytes at all their addresses")
    target.select(three["pid"])
    checks.equal(target.read([(address, 12)]), [pattern(start + PAGE - 8, 16, 3)[2:14]],
                 f"{source.name}: another process's bytes stay")
    target.write(where[start + PAGE], old[6:], "p")
    target.select(one["pid"])
    checks.equal(target.read([(alias + PAGE - 6, 12)]), [data[:6] + old[6:]],
                 f"{source.name}: a physical write shows at virtual addresses")


def check_table_write(checks, source):
    """A written paging entry counts: a page of the buffer appears a second time, in its hole."""
    instance = source.facts["instances"]["1"]
    target = source.target
    target.select(instance["pid"])
    buffer = instance["regions"]["buffer"][0]
    hole, page = buffer + 0x80000, buffer + 0x7F000
    status, rest = target.ask(f"entry {page:x}")
    checks.equal(status, S_OK, f"{source.name}: the paging entry of a page")
    address, size = (int(text, 16) for text in rest.split())
    entry, = target.read([(address, size)], "p")
    # Both pages are in one table: their addresses differ in the last level only.
    target.write(address + size, entry, "p")
    checks.equal(target.read([(hole, 64)]), [pattern(page, 64, 1)],
                 f"{source.name}: a page where an entry was written")
    target.write(address + size, bytes(size), "p")
    checks.equal(target.physical([hole]), [None], f"{source.name}: no page without the entry")


def check_all(checks, source, mappings):
    """Everything that a stopped guest's file can be asked."""
    checks.run(f"{source.name}: processes", check_processes, checks, source)
    checks.run(f"{source.name}: instances", check_instances, checks, source)
    checks.run(f"{source.name}: symbols", check_symbols, checks, source)
    checks.run(f"{source.name}: kernel", check_kernel, checks, source, mappings)
    checks.run(f"{source.name}: facts", check_facts, checks, source)
    checks.run(f"{source.name}: modules", check_modules, checks, source)
    if mappings:
        checks.run(f"{source.name}: info tlb", check_info_tlb, checks, source, mappings)
