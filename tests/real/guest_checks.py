#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boots one guest and compares what tmem says about it with what the guest and QEMU say.

    guest_checks.py CONFIGURATION [FOLDER]

With a folder of files that make_guests.py made, only those are looked at and nothing is booted.
"""

import json
import os
import shutil
import sys

import guest_commands
import guest_files
import guest_kernel
import guest_live
from artefacts import finish, maps_kernel, snapshot
from checks import Checks
from guest import CONFIGURATIONS, Guest, build_folder
from kernel_target import KernelTarget
from ram import Ram


class Folder:
    """The files of a guest that is not running any more, with the attributes of a Guest."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.configuration = CONFIGURATIONS[name]
        with open(self.path("facts.json"), encoding="utf-8") as file:
            self.facts = json.load(file)

    def path(self, name):
        return os.path.join(self.folder, name)


def image_options(guest):
    """What a flat file of RAM does not say itself."""
    if guest.facts["base"]:
        return f"base={guest.facts['base']:#x}"
    return "hole=q35" if guest.facts["memory"] > 0xB0000000 - 1 else ""


def sources(guest):
    """(file, options, whether user pages are missing) of what can be opened."""
    yield "ram.raw", image_options(guest), False
    for name, filtered in (("ram.lime", False), ("dump.elf", False), ("dump-paging.elf", False),
                           ("dump-swapped.elf", False), ("level-1.elf", False),
                           ("level-31.elf", True)):
        if os.path.exists(guest.path(name)):
            yield name, "", filtered


def check_file(checks, guest, ram, name, options, filtered, mappings):
    with KernelTarget(guest.path(name), options) as target:
        source = guest_kernel.Source(guest, ram, target, name, filtered)
        checks.run(f"{name}: physical memory", guest_kernel.check_physical, checks, source)
        if name == "dump-paging.elf" and not maps_kernel(guest):
            guest_kernel.check_no_kernel(checks, source)
            return
        guest_kernel.check_all(checks, source, mappings)
        if not filtered:
            checks.run(f"{name}: overlay", guest_kernel.check_overlay, checks, source)
            checks.run(f"{name}: tables", guest_kernel.check_table_write, checks, source)
        if name == "dump.elf":
            guest_commands.check_commands(checks, source, guest.path(name), mappings)


def check_compressed(checks, guest, ram):
    """An image that has to be unpacked first."""
    with KernelTarget(guest.path("ram.raw.zst"), image_options(guest)) as target:
        source = guest_kernel.Source(guest, ram, target, "ram.raw.zst")
        checks.run(f"{source.name}: physical memory", guest_kernel.check_physical, checks, source)
        checks.run(f"{source.name}: processes", guest_kernel.check_processes, checks, source)


def check_stored(checks, guest, ram):
    with open(guest.path("info-tlb.txt"), encoding="utf-8") as file:
        mappings = guest_files.parse_info_tlb(file.read())
    for name, options, filtered in sources(guest):
        checks.run(name, check_file, checks, guest, ram, name, options, filtered, mappings)
    if os.path.exists(guest.path("ram.raw.zst")):
        checks.run("ram.raw.zst", check_compressed, checks, guest, ram)
    return mappings


def check_files(checks, guest, ram):
    for check in (guest_files.check_dumps, guest_files.check_patterns, guest_files.check_iomem):
        checks.run(check.__name__, check, checks, guest, ram)
    checks.run("check_kinds", guest_files.check_kinds, checks, guest)


def check_stopped(checks, guest, ram):
    """What only a stopped guest can be asked."""
    checks.run("check_monitor", guest_files.check_monitor, checks, guest, ram)
    checks.run("check_translations", guest_files.check_translations, checks, guest)


def check_guest(checks, name, folder):
    with Guest(name, folder) as guest:
        checks.run("check_programs", guest_files.check_programs, checks, guest)
        snapshot(guest)
        ram = Ram(guest.path("ram.raw"), guest.facts["memory_map"])
        check_files(checks, guest, ram)
        check_stopped(checks, guest, ram)
        mappings = check_stored(checks, guest, ram)
        if mappings:
            checks.run("check_info_tlb", guest_files.check_info_tlb, checks, guest, mappings)
        guest_live.check_live(checks, guest, ram, image_options(guest), mappings)
        finish(guest)
        ram.close()


def main(name, folder=None):
    checks = Checks()
    if folder:
        guest = Folder(name, folder)
        ram = Ram(guest.path("ram.raw"), guest.facts["memory_map"])
        check_files(checks, guest, ram)
        check_stored(checks, guest, ram)
    else:
        folder = os.path.join(build_folder(), "run", name)
        checks.run("guest", check_guest, checks, name, folder)
        shutil.rmtree(folder, ignore_errors=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
