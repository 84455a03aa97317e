#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The prompt on a terminal of 80 columns: completion, history, going on by ENTER, help."""

import fcntl
import os
import pty
import re
import select
import stat
import struct
import subprocess
import sys
import tempfile
import termios

BUILD = os.environ["TMEM_BUILD"]
TMEM = os.path.join(BUILD, "tmem")
BASIC = os.path.join(os.environ["TMEM_SOURCE"], "tests/golden/basic.synth")
TIMEOUT = 60
PROMPT = r"0:000> "


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, folder, *arguments, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        variables = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
                     "HOME": os.path.join(folder, "home"), "TMPDIR": os.path.join(folder, "here")}
        variables.pop("XDG_STATE_HOME", None)
        variables.pop("TMEM_HISTORY", None)
        variables.update(environment)
        self.process = subprocess.Popen(
            [TMEM, *(arguments or ["synth:" + BASIC])], stdin=slave, stdout=slave, stderr=slave,
            cwd=os.path.join(folder, "here"), env=variables, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""
        self.expect(PROMPT)

    def expect(self, pattern):
        """Reads until the pattern comes; returns all up to its end and drops it."""
        while True:
            found = re.search(pattern, self.seen)
            if found:
                text, self.seen = self.seen[:found.end()], self.seen[found.end():]
                return text
            if not select.select([self.master], [], [], TIMEOUT)[0]:
                raise AssertionError("%r did not come after %r" % (pattern, self.seen))
            try:
                self.seen += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError("ended before %r: %r" % (pattern, self.seen)) from None

    def send(self, text):
        os.write(self.master, text.encode())

    def ask(self, text):
        """Sends a line; what comes up to the next prompt."""
        self.send(text + "\n")
        return self.expect(r"\r\n(?s:.*)" + PROMPT)

    def leave(self):
        self.send("\x15q\n")
        if self.process.wait(TIMEOUT):
            raise AssertionError("exit code %d" % self.process.returncode)
        os.close(self.master)


def contains(found, expected):
    if expected not in found:
        raise AssertionError("expected %r in %r" % (expected, found))


def history(folder):
    with open(os.path.join(folder, "home/.local/state/tmem/history")) as file:
        return file.read().splitlines()


def test_command_names(folder):
    terminal = Terminal(folder)
    terminal.send(".wri\tpage.bin 10000 L10\n")
    terminal.expect("Writing 10 bytes")
    terminal.expect(PROMPT)
    assert os.path.getsize(os.path.join(folder, "here/page.bin")) == 16
    terminal.send("dp\t")
    # A list, in columns that fit.
    text = terminal.expect(r"dp +dpa +dpp +dps +dpu\r\n.*" + PROMPT + "dp")
    assert all(len(line) < 80 for line in text.split("\r\n")), text
    terminal.send("\x15? 1; .hel\tdb\n")
    terminal.expect("bytes, and their characters")
    terminal.expect(PROMPT)
    terminal.send(".help .wri\t\n")
    terminal.expect("copy memory into a file")
    terminal.leave()


def test_names_of_regions(folder):
    terminal = Terminal(folder)
    terminal.send("db [sta\tL1\n")
    terminal.expect("\r\n00007fff`fffdd000  00  ")
    terminal.expect(PROMPT)
    terminal.send("? 5 + [sta\t\n")
    terminal.expect("Evaluate expression: ")
    terminal.expect(PROMPT)
    # Nothing fits: nothing happens.
    terminal.send("db [nosuch\t\x15? 0n77\n")
    terminal.expect("= 00000000`0000004d")
    terminal.leave()


def test_names_of_modules(folder):
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            terminal = Terminal(folder, "pid:%d" % sleeper.pid)
            terminal.send("? slee\t\n")
            terminal.expect("Evaluate expression: [1-9][0-9]+ = ")
            terminal.expect(PROMPT)
            terminal.send("? 1+slee\t\n")
            terminal.expect("Evaluate expression: [1-9][0-9]+ = [0-9a-f`]+001\r")
            terminal.leave()
        finally:
            sleeper.kill()


def test_names_of_files(folder):
    os.makedirs(os.path.join(folder, "here/work/deep"))
    with open(os.path.join(folder, "here/work/script.txt"), "w") as file:
        file.write("? 0n88\n")
    terminal = Terminal(folder)
    # A folder goes on; what is whole is set apart.
    terminal.send(".writemem wo\tscr\t10000 L10\n")
    terminal.expect("Writing 10 bytes")
    terminal.expect(PROMPT)
    assert os.path.getsize(os.path.join(folder, "here/work/script.txt")) == 16
    with open(os.path.join(folder, "here/work/script.txt"), "w") as file:
        file.write("? 0n88\n")
    terminal.send("$<work/scr\t\n")
    terminal.expect("= 00000000`00000058")
    terminal.expect(PROMPT)
    terminal.send(".overlay export work/d\tchanges.txt\n")
    terminal.expect(r"\r\n" + PROMPT)
    assert os.path.exists(os.path.join(folder, "here/work/deep/changes.txt"))
    terminal.leave()


def test_history(folder):
    terminal = Terminal(folder)
    terminal.ask("? 0n77")
    terminal.ask("? 0n78")
    terminal.leave()
    path = os.path.join(folder, "home/.local/state/tmem/history")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert history(folder) == ["? 0n77", "? 0n78", "q"], history(folder)
    # The next session has them, before q.
    terminal = Terminal(folder)
    terminal.send("\x1b[A\x1b[A\x1b[A\n")
    terminal.expect("= 00000000`0000004d")
    terminal.expect(PROMPT)
    terminal.leave()


def test_history_elsewhere(folder):
    state = os.path.join(folder, "state")
    terminal = Terminal(folder, XDG_STATE_HOME=state)
    terminal.ask("? 1")
    terminal.leave()
    with open(os.path.join(state, "tmem/history")) as file:
        assert file.read() == "? 1\nq\n"
    # Off.
    terminal = Terminal(folder, TMEM_HISTORY="")
    terminal.ask("? 1")
    terminal.leave()
    assert not os.path.exists(os.path.join(folder, "home/.local"))


def test_no_home(folder):
    nowhere = os.path.join(folder, "nowhere")
    terminal = Terminal(folder, HOME=nowhere)
    terminal.ask("? 1")
    terminal.leave()
    assert not os.path.exists(nowhere)


def test_history_is_bounded(folder):
    path = os.path.join(folder, "long")
    with open(path, "w") as file:
        file.writelines("? 0n%d\n" % number for number in range(60000))
    terminal = Terminal(folder, TMEM_HISTORY=path)
    text = terminal.send("\x1b[A\n") or terminal.expect("expression: 59999 ")
    contains(text, "59999")
    terminal.expect(PROMPT)
    terminal.leave()
    assert os.path.getsize(path) < 256 * 1024
    with open(path) as file:
        lines = file.read().splitlines()
    assert lines[-3:] == ["? 0n59999", "? 0n59999", "q"], lines[-3:]
    assert all(re.fullmatch(r"\? 0n\d+", line) for line in lines[:-1])


def test_history_of_others(folder):
    """A link or a pipe in the file's place is not followed."""
    other = os.path.join(folder, "other")
    open(other, "w").close()
    os.symlink(other, os.path.join(folder, "link"))
    os.mkfifo(os.path.join(folder, "pipe"))
    for name in ("link", "pipe"):
        terminal = Terminal(folder, TMEM_HISTORY=os.path.join(folder, name))
        terminal.ask("? 1")
        terminal.leave()
    assert os.path.getsize(other) == 0


def test_going_on(folder):
    terminal = Terminal(folder)
    contains(terminal.ask("db 10000 L10"), "00000000`00010000  ")
    contains(terminal.ask(""), "00000000`00010010  ")
    text = terminal.ask('s -[1sn 2]a 10000 L100 "QQ"')
    contains(text, "0x0000000000010081")
    assert "0x0000000000010082" not in text
    text = terminal.ask("")
    contains(text, "0x0000000000010082")
    assert "0x0000000000010080" not in text
    terminal.leave()


def test_help(folder):
    terminal = Terminal(folder)
    contains(terminal.ask("dps ?"), "dds dqs dps [/p] [RANGE]")
    contains(terminal.ask("dbx 1"), "did you mean db?")
    terminal.leave()


def test_width(folder):
    """Nothing that help shows is wider than the terminal."""
    terminal = Terminal(folder)
    for line in (".help", "db ?", "s ?", "!address ?", ".sandbox ?", ".target"):
        text = terminal.ask(line).replace("\x1b[K", "")
        wide = [one for one in text.split("\r\n") if len(one) > 80]
        assert not wide, wide
    terminal.leave()


def main():
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            # The home folder is not written by commands, so they run in another one.
            os.mkdir(os.path.join(folder, "home"))
            os.mkdir(os.path.join(folder, "here"))
            try:
                test(os.path.realpath(folder))
                passed += 1
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                print("FAILED %s: %s" % (name, error))
                failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
