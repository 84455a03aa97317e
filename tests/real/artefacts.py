# SPDX-License-Identifier: Apache-2.0
"""Everything that is made from one booted guest, in a folder of its own.

    facts.json          what guest.py's Guest knows, with the stopped processor's registers, the
                        RAM ranges, where QEMU finds the kernel's symbols in physical memory
                        ("kernel"), and processes before and after the stop
    ram.raw             a copy of the guest's RAM file
    ram.lime            what the guest's kernel calls RAM, with the headers of a LiME image
    ram.raw.zst         ram.raw, compressed
    dump.elf            QEMU's dump of physical memory
    dump-paging.elf     the same with paging=true: one segment for each virtual range
    dump-swapped.elf    dump.elf as older QEMUs wrote it, with its headers in another order
    level-1.elf, level-31.elf      what makedumpfile leaves of dump.elf
    info-tlb.txt, info-mem.txt     the stopped processor's mappings as QEMU sees them

All of it shows the same moment. Of a guest with much memory dump.elf is the last one.
"""

import hashlib
import json
import os
import struct
import subprocess

from elf_dump import swap_headers
from guest import CONFIGURATIONS, Guest
from kernels import Failure
from ram import Ram

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = ("kernels.py", "image.py", "machine.py", "facts.py", "guest.py", "artefacts.py",
          "elf_dump.py", "ram.py", "guest/guest.c", "guest/init.sh")
# Where a stopped guest should be: instance 3 spins, and one of its pages proves it.
WORKER = "3"
TRIES = 200
LIME_MAGIC = 0x4C694D45
LIME_STEP = 1 << 16
# With page table isolation: which of the process' two tables the processor should be using.
USER_TABLES = {"x64-kaslr": 0, "la57-nokaslr": 0x1000, "pae": 0}
MAKEDUMPFILE = {
    "level-1.elf": ["-E", "-d", "1"],
    "level-31.elf": ["-E", "-d", "31"],
}


def stamp(name):
    """Changes when anything changes that the files depend on."""
    digest = hashlib.sha256(name.encode())
    for path in INPUTS:
        with open(os.path.join(HERE, path), "rb") as file:
            digest.update(file.read())
    program = CONFIGURATIONS[name]["program"]
    digest.update(subprocess.run([program, "--version"], capture_output=True, check=True).stdout)
    return digest.hexdigest()


def in_wanted_tables(guest):
    if guest.name == "arm64":
        # In user mode it may not look at the kernel, and QEMU heeds that. (A processor with PAN
        # may not look at user space from the kernel either; this one has none.)
        return guest.gva2gpa(guest.facts["symbols"]["_stext"]) is not None
    wanted = USER_TABLES.get(guest.name)
    return wanted is None or guest.registers()["CR3"] & 0x1000 == wanted


def stop_in_worker(guest):
    """Stops the guest while its processor has the tables of the spinning instance."""
    start, size, _ = guest.facts["instances"][WORKER]["regions"]["writable"]
    runs = guest.facts["instances"][WORKER]["runs"]
    expected = next(run[1] for run in runs if run[0] == start)
    for _ in range(TRIES):
        guest.stop()
        if guest.gva2gpa(start) == expected and in_wanted_tables(guest):
            return
        guest.resume()
    raise Failure(f"the guest did not stop in instance {WORKER}: {start:#x} should be at "
                  f"{expected:#x}, is at {guest.gva2gpa(start)}")


def write_text(guest, name, text):
    with open(guest.path(name), "w", encoding="utf-8") as file:
        file.write(text)


def can_filter(guest):
    """makedumpfile reads dumps of the architecture that it was built for."""
    return guest.facts["architecture"] == "amd64"


def large_memory(guest):
    return guest.facts["memory"] > 1 << 30


def maps_kernel(guest):
    """Whether the stopped processor's tables reach the kernel, and so QEMU's paging=true dump."""
    return USER_TABLES.get(guest.name, 0) == 0


def filter_dump(guest):
    """Runs makedumpfile over dump.elf, once for each file that it makes."""
    source = guest.path("dump-swapped.elf")
    subprocess.run(["cp", "--sparse=always", guest.path("dump.elf"), source], check=True)
    os.chmod(source, 0o600)
    swap_headers(source)
    for name, options in MAKEDUMPFILE.items():
        result = subprocess.run(["makedumpfile", "-f", *options, source, guest.path(name)],
                                capture_output=True, text=True, errors="replace", timeout=600,
                                stdin=subprocess.DEVNULL, check=False)
        if result.returncode:
            raise Failure("makedumpfile refused the dump:\n" + result.stdout + result.stderr)


def write_lime(guest):
    """LiME's own layout, made here: its module would have to be built for each kernel."""
    ram = Ram(guest.path("ram.raw"), guest.facts["memory_map"])
    with open(guest.path("ram.lime"), "wb") as file:
        for first, last, depth, name in guest.facts["iomem"]:
            if depth or name != "System RAM":
                continue
            file.write(struct.pack("<IIQQQ", LIME_MAGIC, 1, first, last, 0))
            for at in range(first, last + 1, LIME_STEP):
                data = ram.read(at, min(LIME_STEP, last + 1 - at))
                if data.count(0) == len(data):
                    file.seek(len(data), os.SEEK_CUR)
                else:
                    file.write(data)
        file.truncate()
    ram.close()


def snapshot(guest):
    """Makes all files from a running guest and leaves it stopped."""
    facts = guest.facts
    facts["before"] = guest.processes()
    stop_in_worker(guest)
    facts["registers"] = guest.registers()
    facts["memory_map"] = guest.memory_map()
    facts["kernel"] = {name: guest.gva2gpa(address) for name, address in facts["symbols"].items()}
    write_text(guest, "info-tlb.txt", guest.human("info tlb"))
    if not guest.name.startswith("la57"):  # it walks five levels for minutes
        write_text(guest, "info-mem.txt", guest.human("info mem"))
    guest.copy_ram("ram.raw")
    guest.dump("dump.elf")
    if large_memory(guest):
        return
    write_lime(guest)
    subprocess.run(["zstd", "-q", "-1", "-T0", "-f", guest.path("ram.raw")], check=True)
    guest.dump("dump-paging.elf", paging=True)
    if can_filter(guest):
        filter_dump(guest)


def finish(guest):
    """Lets the guest run again, and writes down what it says then."""
    guest.resume()
    guest.facts["after"] = guest.processes()
    write_text(guest, "facts.json", json.dumps(guest.facts, indent=1))


def make(name, folder):
    """The folder with all files of a configuration; boots it only when they are not current."""
    os.makedirs(folder, exist_ok=True)
    mark = os.path.join(folder, "stamp")
    wanted = stamp(name)
    if os.path.exists(mark):
        with open(mark, encoding="ascii") as file:
            if file.read() == wanted:
                return folder
        os.unlink(mark)
    with Guest(name, folder) as guest:
        snapshot(guest)
        finish(guest)
    with open(mark, "w", encoding="ascii") as file:
        file.write(wanted)
    return folder
