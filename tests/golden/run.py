#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the command transcripts of this folder: run.py [--accept] [TMEM] [FILE ...]

A transcript file (*.txt) is a list of blocks. Lines before the first block are comment.

    === name of the block
    --- target [FILE]       a machine description: the lines below, or FILE of this folder
    --- spec SPEC           instead of target: what to open, word for word
    --- options ARGUMENTS   optional: more arguments before the target
    --- environment A=B ... optional: more environment
    --- commands            one command a line; each is one argument of the program
    --- input               optional: standard input (with no commands: the script)
    --- output              what must come on standard output
    --- errors              optional: what must come on standard error
    --- file NAME           optional: bytes that the commands must leave in NAME, in hex
    --- exit N              optional: exit code, 0 when not given

Each block runs in an empty folder of its own. "{dir}" stands for the path of that folder. The
target is written to target.synth there. A last line "\\ no newline at end" says what it says.
--accept writes what came instead of comparing. Without FILE every *.txt is run.

Every block is run a second time with --json: each line must fit docs/json-schema.json, the exit code
must be the same, and what prints text must print records. So must the lines of blocks that have
--json among their own options. Without FILE, every type of record must have been seen.
"""

import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
SECTIONS = (
    "target", "spec", "options", "environment", "commands", "input", "output", "errors",
    "file", "exit",
)
NO_NEWLINE = "\\ no newline at end\n"
TIMEOUT = 180
SCHEMA = os.path.join(HERE, "../../docs/json-schema.json")
PAGE = os.path.join(HERE, "../../docs/json.md")
USAGE = "2"  # the exit code of wrong usage, which is text in any case
# Types of records that need a real process (tests/real/test_live_cli.py sees them) or a real kernel.
LIVE = {"attached", "kernel_fact"}
# Commands that print nothing.
SILENT = {"q", "*", ";"}


class Section:
    def __init__(self, name, argument, where):
        self.name = name
        self.argument = argument
        self.where = where
        self.text = ""

    def dump(self):
        head = "--- " + self.name
        if self.argument:
            head += " " + self.argument
        return head + "\n" + self.text


class Block:
    def __init__(self, name, where):
        self.name = name
        self.where = where
        self.sections = []

    def all(self, name):
        return [section for section in self.sections if section.name == name]

    def one(self, name):
        found = self.all(name)
        if len(found) > 1:
            sys.exit(f"{found[1].where}: a second section '{name}' in one block")
        return found[0] if found else None

    def text(self, name):
        section = self.one(name)
        return section.text if section else ""

    def argument(self, name):
        section = self.one(name)
        return section.argument if section else ""

    def set_text(self, name, text, after):
        """Sets a section's text; an empty section that was not there stays away."""
        section = self.one(name)
        if section is None:
            if not text:
                return
            section = Section(name, "", self.where)
            names = [other.name for other in self.sections]
            place = len(names)
            for index, other in enumerate(names):
                if other in after:
                    place = index + 1
            self.sections.insert(place, section)
        elif not text and name == "errors":
            self.sections.remove(section)
        section.text = text


def parse(path):
    """The comment at the head of a transcript file, and its blocks."""
    comment, blocks, section = "", [], None
    with open(path, encoding="utf-8", newline="") as file:
        for number, line in enumerate(file, 1):
            where = f"{os.path.basename(path)}:{number}"
            if line.startswith("=== "):
                blocks.append(Block(line[4:].strip(), where))
                section = None
                continue
            match = re.fullmatch(r"--- ([a-z]+)(?: (.*))?\n", line)
            if blocks and match and match[1] in SECTIONS:
                section = Section(match[1], (match[2] or "").strip(), where)
                blocks[-1].sections.append(section)
            elif section is not None:
                section.text += line
            elif blocks:
                sys.exit(f"{where}: expected '--- ' and one of: {', '.join(SECTIONS)}")
            else:
                comment += line
    return comment, blocks


def dump(path, comment, blocks):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(comment)
        for block in blocks:
            file.write(f"=== {block.name}\n")
            for section in block.sections:
                file.write(section.dump())


def visible(data, folder):
    """Output as the transcript shows it."""
    text = data.decode("utf-8", "backslashreplace").replace(folder, "{dir}")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda c: f"\\x{ord(c[0]):02x}", text)
    if text and not text.endswith("\n"):
        text += "\n" + NO_NEWLINE
    return text


def strip_blank(text):
    """A blank line that sets blocks apart is no output."""
    while text.endswith("\n\n"):
        text = text[:-1]
    return "" if text == "\n" else text


def hex_text(data):
    lines = [data[at:at + 16].hex(" ") for at in range(0, len(data), 16)]
    return "".join(line + "\n" for line in lines)


def command_line(block, tmem, folder, more):
    arguments = [tmem] + more + shlex.split(block.argument("options"))
    spec = block.argument("spec")
    if block.one("target"):
        text = block.text("target")
        if block.argument("target"):
            with open(os.path.join(HERE, block.argument("target")), encoding="utf-8") as file:
                text = file.read()
        with open(os.path.join(folder, "target.synth"), "w", encoding="utf-8") as file:
            file.write(text)
        spec = "synth:target.synth"
    if spec:
        arguments.append(spec)
    commands = strip_blank(block.text("commands"))
    return [part.replace("{dir}", folder) for part in arguments + commands.splitlines()]


def execute(block, tmem, folder, more=()):
    """Runs a block; returns (output, errors, exit code, {name: hex of a file})."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="dumb", COLUMNS="80")
    for pair in shlex.split(block.argument("environment")):
        name, _, value = pair.partition("=")
        environment[name] = value
    try:
        done = subprocess.run(
            command_line(block, tmem, folder, list(more)), cwd=folder, env=environment, timeout=TIMEOUT,
            input=block.text("input").encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        output, errors, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        output, errors, code = late.stdout or b"", late.stderr or b"", "none, it ran too long"
    files = {}
    for section in block.all("file"):
        try:
            with open(os.path.join(folder, section.argument), "rb") as file:
                files[section.argument] = hex_text(file.read())
        except FileNotFoundError:
            files[section.argument] = "no such file\n"
    return visible(output, folder), visible(errors, folder), str(code), files


def difference(title, expected, got):
    if expected == got:
        return []
    lines = difflib.unified_diff(
        expected.splitlines(), got.splitlines(), f"{title} expected", f"{title} got", lineterm="")
    return ["    " + line for line in lines]


def compare(block, got):
    output, errors, code, files = got
    lines = difference("output", strip_blank(block.text("output")), strip_blank(output))
    lines += difference("errors", strip_blank(block.text("errors")), strip_blank(errors))
    lines += difference("exit", (block.argument("exit") or "0") + "\n", code + "\n")
    for section in block.all("file"):
        lines += difference(
            section.argument, strip_blank(section.text), files[section.argument])
    return lines


class Records:
    """Checks records, and remembers what was seen."""

    def __init__(self):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        self.types = {name[7:] for name in schema["$defs"] if name.startswith("record_")}
        self.validators = {
            name: jsonschema.Draft202012Validator(
                {"$ref": "#/$defs/record_" + name, "$defs": schema["$defs"]})
            for name in self.types}
        self.whole = jsonschema.Draft202012Validator(schema)
        self.seen = set()

    def check_line(self, line):
        try:
            record = json.loads(line)
        except ValueError as error:
            return [f"    no JSON ({error}): {line}"]
        kind = record.get("type") if isinstance(record, dict) else None
        if kind not in self.types:
            return [f"    no record of the schema: {line}"]
        # The definition of its type says best what is wrong; the first one goes through the whole.
        validator = self.validators[kind] if kind in self.seen else self.whole
        self.seen.add(kind)
        if validator.is_valid(record):
            return []
        return [f"    {error.message}: {line}"
                for error in self.validators[kind].iter_errors(record)]

    def check(self, output):
        return sum((self.check_line(line) for line in output.splitlines()), [])

    def check_again(self, block, tmem, expected):
        """The same block, with records."""
        with tempfile.TemporaryDirectory(prefix="tmem-golden-") as folder:
            output, errors, code, _ = execute(block, tmem, folder, ["--json"])
        text, text_errors, text_code, _ = expected
        if code == USAGE:
            return []
        lines = difference("exit with --json", text_code + "\n", code + "\n")
        lines += difference("errors with --json", "", errors)
        lines += self.check(output)
        if (text.strip() or text_errors.strip()) and not output.strip():
            lines.append("    with --json nothing was printed")
        if text_errors.strip() and '"type": "error"' not in output:
            lines.append("    with --json no error was printed")
        return lines

    def missing(self):
        return sorted(self.types - self.seen - LIVE)


def accept(block, got):
    output, errors, code, files = got
    block.set_text("output", output, ("target", "spec", "options", "commands", "input"))
    block.set_text("errors", errors, ("target", "spec", "options", "commands", "input", "output"))
    for section in block.all("file"):
        section.text = files[section.argument]
    section = block.one("exit")
    if section is None and code != "0":
        section = Section("exit", code, block.where)
        block.sections.append(section)
    if section is not None:
        section.argument = code
    block.sections = [one for one in block.sections if one.name != "exit" or one.argument != "0"]
    for section in block.sections:
        if section.name != "input":
            section.text = strip_blank(section.text)
    block.sections[-1].text += "\n"


def is_json(block):
    return "--json" in shlex.split(block.argument("options"))


def run_file(path, tmem, accepting, records):
    comment, blocks = parse(path)
    passed = failed = 0
    for block in blocks:
        with tempfile.TemporaryDirectory(prefix="tmem-golden-") as folder:
            got = execute(block, tmem, folder)
        if accepting:
            accept(block, got)
        lines = compare(block, got)
        if is_json(block):
            lines += records.check(got[0])
        elif block.one("target") or block.one("spec"):
            lines += records.check_again(block, tmem, got)
        if lines:
            print(f"FAILED {block.where} {block.name}")
            print("\n".join(lines))
            failed += 1
        else:
            passed += 1
    if accepting and blocks:
        dump(path, comment, blocks)
    return passed, failed


def check_page(tmem):
    """docs/commands.md and the dictionary for fuzzing are made of .help; True when current."""
    tools = os.path.join(HERE, "../../tools")
    results = [subprocess.run([os.path.join(tools, name), "--check", tmem], check=False).returncode
               for name in ("gen-commands", "gen-dict")]
    return not any(results)


def check_types(records):
    """True when every type of record was seen and has its row in docs/json.md."""
    with open(PAGE, encoding="utf-8") as file:
        rows = set(re.findall(r"^\| `(\w+)` \|", file.read(), re.M))
    for name in records.missing():
        print(f"FAILED records of type {name}: none was seen")
    for name in sorted(rows ^ records.types):
        print(f"FAILED records of type {name}: docs/json.md and the schema do not agree")
    return not records.missing() and rows == records.types


def is_used(names, lines):
    # A letter's name ends where letters do: "db1000".
    return any(re.match(re.escape(name) + "(?![A-Za-z])", text.lstrip())
               for name in names for text in lines)


def check_commands(files, tmem):
    """True when every command has a block, and one with --json unless it prints nothing."""
    with tempfile.TemporaryDirectory(prefix="tmem-golden-") as folder:
        path = os.path.join(folder, "empty.synth")
        shutil.copy(os.path.join(HERE, "basic.synth"), path)
        done = subprocess.run([tmem, "--json", "synth:" + path, ".help"],
                              stdout=subprocess.PIPE, check=True)
    every, with_json = [], []
    for path in files:
        for block in parse(path)[1]:
            lines = block.text("commands").splitlines() + block.text("input").splitlines()
            every += lines
            with_json += lines if is_json(block) else []
    good = True
    for line in done.stdout.splitlines():
        names = [entry["name"] for entry in json.loads(line)["names"]]
        silent = bool(SILENT & set(names))
        if not is_used(names, every if silent else with_json):
            print(f"FAILED {' '.join(names)}: no block" + ("" if silent else " with --json"))
            good = False
    return good


def main(arguments):
    accepting = "--accept" in arguments
    if accepting and os.environ.get("CI"):
        sys.exit("--accept is for people: read the difference before committing it")
    files = [os.path.abspath(a) for a in arguments if a.endswith(".txt")]
    programs = [a for a in arguments if a != "--accept" and not a.endswith(".txt")]
    build = os.environ.get("TMEM_BUILD") or os.path.join(HERE, "../../build")
    tmem = os.path.abspath(programs[0] if programs else os.path.join(build, "tmem"))
    if not os.access(tmem, os.X_OK):
        sys.exit(f"no program {tmem}: build it first, or set TMEM_BUILD to the build folder")
    every = not files
    if every:
        files = sorted(
            os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".txt"))
    passed = failed = 0
    records = Records()
    for path in files:
        ok, bad = run_file(path, tmem, accepting, records)
        passed += ok
        failed += bad
    if every and not accepting:
        for good in (check_page(tmem), check_types(records), check_commands(files, tmem)):
            passed += good
            failed += not good
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
