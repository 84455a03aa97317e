#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Symbols of a live process and of its core, compared with what readelf, nm and gdb say.

The program is tests/programs/target.c and copies of it: stripped, with its symbols in a file
beside it, removed while it runs, and static for 32 bits.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ["TMEM_BUILD"]
TMEM = os.path.join(BUILD, "tmem")
PROGRAMS = os.path.join(BUILD, "tests", "programs")
TIMEOUT = 120
PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
WITHOUT = {**PLAIN, "TMEM_DISABLE": "elfutils"}


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, env=PLAIN,
                          timeout=TIMEOUT, stdin=subprocess.DEVNULL).stdout


class Target:
    """A running copy of the target program."""

    def __init__(self, path):
        self.process = subprocess.Popen([path, "--no-uffd"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.split()[0] == "ready":
                break
        self.spec = "pid:%d" % self.process.pid

    def close(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


def records(spec, commands, environment=PLAIN):
    """One record for each command, or what it failed with."""
    done = subprocess.run([TMEM, "--json", spec], input="\n".join(commands) + "\n",
                          capture_output=True, text=True, env=environment, timeout=TIMEOUT)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(commands), (len(found), len(commands), done.stderr[:500])
    return found


def module_base(spec, name):
    for record in records(spec, ["lm m " + name]):
        if record["type"] == "module":
            return int(record["base"], 16)
    raise AssertionError("no module " + name)


def dynamic_symbols(path):
    """readelf's view: name -> values of its default version, and value -> names."""
    by_name, by_value = {}, {}
    for line in output("readelf", "--dyn-syms", "-W", path).splitlines():
        words = line.split()
        if len(words) < 8 or not words[0][:-1].isdigit() or words[6] in ("UND", "ABS"):
            continue
        if words[3] not in ("FUNC", "IFUNC", "OBJECT", "NOTYPE"):
            continue
        value, name = int(words[1], 16), words[7]
        plain = name.split("@")[0]
        by_value.setdefault(value, set()).add(plain)
        if "@" not in name or "@@" in name:
            by_name.setdefault(plain, set()).add(value)
    return by_name, by_value


def check_library(spec, module, path, environment):
    """Names of a library, there and back, against readelf."""
    by_name, by_value = dynamic_symbols(path)
    base = module_base(spec, module)
    names = sorted(by_name)[:: max(1, len(by_name) // 250)]
    assert len(names) > 20, (path, len(names))
    answers = records(spec, ["? %s!%s" % (module, name) for name in names], environment)
    for name, answer in zip(names, answers):
        assert answer["type"] == "value", (name, answer)
        assert int(answer["value"], 16) - base in by_name[name], (name, answer)
    values = sorted(by_value)[:: max(1, len(by_value) // 250)]
    answers = records(spec, ["ln 0x%x" % (base + value) for value in values], environment)
    for value, answer in zip(values, answers):
        assert int(answer["symbol_address"], 16) == base + value, (hex(value), answer)
        assert answer["displacement"] == "0x0", answer
        name = answer["symbol"]
        assert name.startswith(module + "!"), name
        if environment is WITHOUT:
            assert name[len(module) + 1:] in by_value[value], (name, by_value[value])
    return base, sorted(by_name)


def gdb(path, where, commands):
    words = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
             "set auto-load safe-path /"]
    for command in commands:
        words += ["-ex", command]
    return output(*words, *(["-p", where] if where.isdigit() else [path, where]))


def own_names(path):
    """Some functions and objects of a program, of which there is only one, main among them."""
    names = [line.split()[-1] for line in output("nm", path).splitlines()
             if line.split()[-2] in "TtDdBb" and re.search(r" [a-z]\w+$", line)]
    names = sorted(name for name in names if names.count(name) == 1)
    assert len(names) > 10, names
    return ["main"] + names[:: len(names) // 8]


def check_with_gdb(spec, path, where):
    """Functions and objects of the program itself, as gdb places them."""
    known = {}
    for name in own_names(path):
        text = gdb(path, where, ["print/x (long)&%s" % name])
        known[name] = int(re.search(r"^\$1 = (0x[0-9a-f]+)$", text, re.M).group(1), 16)
    module = os.path.basename(path)
    for name, answer in zip(known, records(spec, ["? %s!%s" % (module, n) for n in known])):
        assert answer["type"] == "value" and int(answer["value"], 16) == known[name], (name, answer)
    place = known["main"] + 5
    said = gdb(path, where, ["info symbol 0x%x" % place])
    answer = records(spec, ["ln 0x%x" % place])[0]
    assert "main + 5" in said, said
    assert answer["symbol"] == module + "!main" and answer["displacement"] == "0x5", answer


def libraries(target):
    with open("/proc/%d/maps" % target.process.pid, encoding="utf-8") as maps:
        paths = {line.split()[5] for line in maps if len(line.split()) > 5}
    libc = next(path for path in paths if os.path.basename(path) == "libc.so.6")
    loader = next(path for path in paths if os.path.basename(path).startswith("ld-"))
    return libc, loader


def check_libraries(spec, target):
    libc, loader = libraries(target)
    for environment in (PLAIN, WITHOUT):
        check_library(spec, "libc", libc, environment)
        check_library(spec, os.path.basename(loader).split(".so")[0], loader, environment)


def test_live():
    target = Target(os.path.join(PROGRAMS, "target64"))
    try:
        check_libraries(target.spec, target)
        check_with_gdb(target.spec, os.path.join(PROGRAMS, "target64"), str(target.process.pid))
    finally:
        target.close()


def test_core():
    with tempfile.TemporaryDirectory() as folder:
        target = Target(os.path.join(PROGRAMS, "target64"))
        core = os.path.join(folder, "core")
        try:
            output("gcore", "-o", core, str(target.process.pid))
            core += ".%d" % target.process.pid
            check_libraries(core, target)
            check_with_gdb(core, os.path.join(PROGRAMS, "target64"), core)
            # Without local files: what the core has of the dynamic symbols, and no failure.
            answer = subprocess.run([TMEM, "-o", "images=off", core, "lm"], env=PLAIN,
                                    capture_output=True, text=True, timeout=TIMEOUT)
            assert answer.returncode == 0, answer
        finally:
            target.close()


def main_of(path):
    """Offset of main in a file that has a symbol table."""
    for line in output("nm", path).splitlines():
        words = line.split()
        if words[-1] == "main":
            return int(words[0], 16)
    raise AssertionError("no main in " + path)


def ask_main(path, environment=PLAIN):
    """What tmem says main is, as an offset in the program; None when it does not know."""
    target = Target(path)
    name = os.path.basename(path)
    try:
        base = module_base(target.spec, name)
        answer = records(target.spec, ["? %s!main" % name], environment)[0]
        return int(answer["value"], 16) - base if answer["type"] == "value" else None
    finally:
        target.close()


def test_stripped():
    original = os.path.join(PROGRAMS, "target64")
    expected = main_of(original)
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "stripped")
        output("objcopy", "--strip-all", original, stripped)
        assert ask_main(original) == expected
        assert ask_main(original, WITHOUT) is None
        assert ask_main(stripped) is None
        # Its symbols in a file beside it, then in one that is another build.
        debug = os.path.join(folder, "stripped.debug")
        linked = os.path.join(folder, "linked")
        output("objcopy", "--only-keep-debug", original, debug)
        output("objcopy", "--strip-all", "--add-gnu-debuglink=" + debug, original, linked)
        assert ask_main(linked) == expected
        assert ask_main(linked, WITHOUT) is None
        output("objcopy", "--only-keep-debug", os.path.join(PROGRAMS, "shm"), debug)
        assert ask_main(linked) is None


def test_removed_file():
    """A program whose file was removed, and one whose file was replaced by another build."""
    original = os.path.join(PROGRAMS, "target64")
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy")
        output("cp", original, copy)
        target = Target(copy)
        try:
            os.rename(copy, copy + ".old")
            os.unlink(copy + ".old")
            output("cp", os.path.join(PROGRAMS, "shm"), copy)
            expected = main_of(original)
            modules = [r for r in records(target.spec, ["lm a main"]) if r["type"] == "module"]
            answer = records(target.spec, ["? main"])[0]
            assert answer["type"] == "value", answer
            assert int(answer["value"], 16) - int(modules[0]["base"], 16) == expected
        finally:
            target.close()


def test_static_32():
    path = os.path.join(PROGRAMS, "target32")
    target = Target(path)
    try:
        answer = records(target.spec, ["? target32!main"])[0]
        assert int(answer["value"], 16) == main_of(path), answer
    finally:
        target.close()


def main():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    failed = 0
    for test in tests:
        print("[ RUN      ] %s" % test.__name__, flush=True)
        try:
            test()
            print("[       OK ] %s" % test.__name__, flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print("%s: %s\n[  FAILED  ] %s" % (type(error).__name__, error, test.__name__),
                  flush=True)
    return 1 if failed else 0


sys.exit(main())
