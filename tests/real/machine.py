# SPDX-License-Identifier: Apache-2.0
"""One QEMU: its process, its monitor (QMP) and the guest's console."""

import json
import os
import select
import signal
import socket
import subprocess
import time

from kernels import Failure

ANSWER_SECONDS = 300


class Monitor:
    """A QMP connection over a connected socket."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.receive()
        self.ask("qmp_capabilities")

    def receive(self):
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                raise Failure(f"QEMU's monitor said nothing for {ANSWER_SECONDS} seconds")
            data = self.connection.recv(1 << 20)
            if not data:
                raise Failure("QEMU closed its monitor")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, **arguments):
        message = {"execute": command}
        if arguments:
            message["arguments"] = {key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        self.connection.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = self.receive()
            if "error" in answer:
                raise Failure(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        """A command of the human monitor; what it prints."""
        answer = self.ask("human-monitor-command", command_line=line)
        return answer.replace("\r\n", "\n")


class Console:
    """The guest's serial console: lines come in, commands go out; everything is in a log."""

    def __init__(self, connection, log):
        self.connection = connection
        self.log = open(log, "wb")
        self.rest = b""

    def lines(self, seconds, until):
        """Lines up to the first one that until() accepts, which is the last; Failure when late."""
        deadline = time.monotonic() + seconds
        found = []
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                found.append(line.rstrip(b"\r").decode("utf-8", "replace"))
                if until(found[-1]):
                    return found
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                raise Failure(f"the guest was not ready in {seconds} seconds; its last lines:\n"
                              + "\n".join(found[-20:] + [repr(self.rest)]))
            data = self.connection.recv(1 << 16)
            if not data:
                raise Failure("QEMU ended; the guest's last lines:\n" + "\n".join(found[-20:]))
            self.log.write(data)
            self.log.flush()
            self.rest += data

    def send(self, line):
        self.connection.sendall(line.encode() + b"\n")

    def close(self):
        self.connection.close()
        self.log.close()


class Machine:
    """A running QEMU; arguments are those that say what machine it is."""

    def __init__(self, program, arguments, log):
        ours, theirs = zip(socket.socketpair(), socket.socketpair())
        self.errors = log + ".qemu"
        command = [program, "-display", "none", "-nodefaults", "-no-reboot", "-no-user-config",
                   "-accel", "tcg",
                   "-chardev", f"socket,id=console,fd={theirs[0].fileno()}",
                   "-serial", "chardev:console",
                   "-chardev", f"socket,id=monitor,fd={theirs[1].fileno()}",
                   "-mon", "chardev=monitor,mode=control", *arguments]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                pass_fds=[end.fileno() for end in theirs], preexec_fn=die_with_parent)
        for end in theirs:
            end.close()
        self.console = Console(ours[0], log)
        try:
            self.monitor = Monitor(ours[1])
        except Failure as failure:
            self.close()
            with open(self.errors, encoding="utf-8", errors="replace") as errors:
                raise Failure(f"{failure}\n{errors.read()}") from failure

    def close(self):
        self.process.kill()
        self.process.wait()
        self.console.close()


def die_with_parent():
    """A test that is killed leaves no guest behind."""
    import ctypes
    libc = ctypes.CDLL(None)
    parent_death_signal = 1
    libc.prctl(parent_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        os._exit(1)
