# SPDX-License-Identifier: Apache-2.0
"""A real Debian kernel under QEMU (without hardware help), and the facts about it.

    guest = Guest("x64-kaslr", folder)      boots; folder gets the RAM file and the console's log
    guest.facts                             what the guest said (facts.py says what is in it)
    guest.stop(); guest.human("info tlb"); guest.dump("dump.elf", paging=False); guest.resume()
    guest.command(2, "peek", address, 16)   asks instance 2 of the guest program
    guest.close()
"""

import os
import re
import shutil
import subprocess
import tempfile

import facts as guest_facts
import image
from kernels import Failure, Kernel, Packages
from machine import Machine

BOOT_SECONDS = 240
ANSWER_SECONDS = 60
MIB = 1 << 20


def x64(cpu, words, memory=256):
    """With page table isolation (pti=on) a processor uses one of two tables of its process."""
    return {"architecture": "amd64", "package": "linux-image-cloud-amd64", "memory": memory,
            "program": "qemu-system-x86_64", "machine": "q35", "cpu": cpu,
            "command_line": "console=ttyS0 " + words, "base": 0}


def i386(package, words):
    return {"architecture": "i386", "package": package, "memory": 256,
            "program": "qemu-system-i386", "machine": "q35", "cpu": "max",
            "command_line": "console=ttyS0 " + words, "base": 0}


def arm64(cpu, words):
    return {"architecture": "arm64", "package": "linux-image-cloud-arm64", "memory": 256,
            "program": "qemu-system-aarch64", "machine": "virt,gic-version=3", "cpu": cpu,
            "command_line": "console=ttyAMA0 " + words, "base": 0x40000000}


CONFIGURATIONS = {
    "x64-nokaslr": x64("max,la57=off", "nokaslr"),
    "x64-kaslr": x64("max,la57=off", "pti=on"),
    "la57-nokaslr": x64("max", "nokaslr pti=on"),
    "la57-kaslr": x64("max", ""),
    "i386": i386("linux-image-686", ""),
    "pae": i386("linux-image-686-pae", "pti=on"),
    "arm64": arm64("cortex-a57", ""),
    "arm64-max": arm64("max,pauth-impdef=on", "nokaslr"),
    "x64-hole": x64("max,la57=off", "", memory=2816),
}


def build_folder():
    """Where guests' files are kept between runs: in the build directory of the tests."""
    return os.path.join(os.environ["TMEM_BUILD"], "real")


class Guest:
    """One booted configuration. Options beyond it: extra arguments for QEMU."""

    def __init__(self, name, folder, extra=(), configuration=None):
        self.name = name
        self.configuration = configuration or CONFIGURATIONS[name]
        self.folder = os.path.abspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        # Unix sockets have short names; the build directory may not.
        self.sockets = tempfile.mkdtemp(prefix="tmem-guest-")
        self.qmp_path = os.path.join(self.sockets, "qmp")
        self.gdb_path = os.path.join(self.sockets, "gdb")
        self.ram = self.path("live.ram")
        self.machine = None
        self.running = True
        try:
            self.boot(list(extra))
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def arguments(self, kernel, initrd):
        one = self.configuration
        return ["-machine", one["machine"] + ",memory-backend=ram", "-cpu", one["cpu"],
                "-m", f"{one['memory']}M", "-smp", "1",
                "-object", f"memory-backend-file,id=ram,share=on,"
                           f"mem-path={self.ram.replace(',', ',,')},"
                           f"size={one['memory']}M",
                "-device", "vmcoreinfo",
                "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
                "-gdb", f"unix:{self.gdb_path},server=on,wait=off",
                "-kernel", kernel.image, "-initrd", initrd,
                "-append", f"quiet loglevel=1 panic=-1 {one['command_line']}".strip()]

    def boot(self, extra):
        one = self.configuration
        kernel = Kernel(Packages(os.path.join(build_folder(), "packages")), one["package"],
                        one["architecture"])
        initrd = self.make_initrd(self.path("initrd"), kernel)
        if os.path.exists(self.ram):
            os.unlink(self.ram)
        self.machine = Machine(one["program"], self.arguments(kernel, initrd) + extra,
                               self.path("console.log"))
        self.monitor = self.machine.monitor
        lines = self.machine.console.lines(BOOT_SECONDS, lambda line: line == "@ready")
        self.understand(lines, kernel)

    def make_initrd(self, path, kernel):
        return image.build(path, kernel, self.configuration["architecture"])

    def understand(self, lines, kernel):
        """What the guest said until it was ready."""
        one = self.configuration
        self.facts = guest_facts.parse(lines)
        self.facts.update(configuration=self.name, kernel=kernel.archive, base=one["base"],
                          memory=one["memory"] * MIB, architecture=one["architecture"])

    def close(self):
        if self.machine:
            self.machine.close()
            self.machine = None
        shutil.rmtree(self.sockets, ignore_errors=True)
        for name in (self.ram, self.path("initrd")):
            if os.path.exists(name):
                os.unlink(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # The processor.

    def stop(self):
        self.monitor.ask("stop")
        self.running = False

    def resume(self):
        self.monitor.ask("cont")
        self.running = True

    def human(self, line):
        return self.monitor.human(line)

    def gva2gpa(self, address):
        """The physical address in the context of the stopped processor, or None."""
        match = re.match(r"gpa: (0x[0-9a-f]+)", self.human(f"gva2gpa {address:#x}"))
        return int(match[1], 16) if match else None

    def physical(self, address, size):
        """Bytes of physical memory as QEMU's monitor shows them."""
        text = self.human(f"xp /{size}xb {address:#x}")
        values = re.findall(r"0x([0-9a-f]{2})\b", re.sub(r"(?m)^[0-9a-f]+:", "", text))
        return bytes(int(value, 16) for value in values)

    def registers(self):
        """Control registers of the stopped processor: {name: value}."""
        if self.configuration["architecture"] == "arm64":
            return self.arm_registers()
        text = self.human("info registers")
        found = re.findall(r"\b(CR[0-4]|EFER|RIP|EIP)=([0-9a-f]+)", text)
        return {name: int(value, 16) for name, value in found}

    def arm_registers(self):
        """QEMU's monitor does not show them; its gdb server does."""
        names = ("TTBR0_EL1", "TTBR1_EL1", "TCR_EL1", "pc", "cpsr")
        command = ["gdb-multiarch", "-nx", "-batch", "-ex", f"target remote {self.gdb_path}"]
        for name in names:
            command += ["-ex", f'printf "{name}=%lx\\n", ${name}']
        # A detach would resume the guest.
        command += ["-ex", "disconnect"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120,
                                stdin=subprocess.DEVNULL, check=False)
        found = dict(re.findall(r"(?m)^(\w+)=([0-9a-f]+)$", result.stdout))
        if set(found) != set(names):
            raise Failure("gdb-multiarch did not show the registers:\n"
                          + result.stdout + result.stderr)
        return {name: int(value, 16) for name, value in found.items()}

    def memory_map(self):
        """QEMU's own flat view of RAM: [[first, last, offset in the RAM file], ...]."""
        text = self.human("info mtree -f")
        view = text.split("FlatView #")
        view = next(part for part in view if re.search(r'(?m)^ AS "(cpu-memory-0|memory)"', part))
        found = []
        for line in view.splitlines():
            match = re.match(r"\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (\w+)\): "
                             r"(\S+)(?: @([0-9a-f]+))?", line)
            # Shadowed read-only parts below 1 MiB are RAM as well.
            if match and match[4] == "ram" and match[3] in ("ram", "rom"):
                found.append([int(match[1], 16), int(match[2], 16), int(match[5] or "0", 16)])
        return found

    def dump(self, name, **options):
        """A dump by QEMU in the folder, with holes in the file for zeros; its path.

        options are those of dump-guest-memory: paging=True, format="...".
        """
        path = self.path(name)
        pipe = os.path.join(self.sockets, "dump")
        os.mkfifo(pipe)
        command = ["dd", "if=" + pipe, "of=" + path, "conv=sparse", "iflag=fullblock", "bs=64K",
                   "status=none"]
        with subprocess.Popen(command) as writer:
            try:
                self.monitor.ask("dump-guest-memory", protocol="file:" + pipe,
                                 **{"paging": False, **options})
            except BaseException:
                writer.kill()
                raise
            finally:
                os.unlink(pipe)
        if writer.returncode:
            raise Failure(f"dd could not write {path}")
        return path

    def copy_ram(self, name):
        """A copy of the RAM file with holes where it has them; the guest must be stopped."""
        path = self.path(name)
        subprocess.run(["cp", "--sparse=always", self.ram, path], check=True)
        return path

    # The programs in it.

    def answer(self, who):
        prefix = f"@reply {who} "
        lines = self.machine.console.lines(ANSWER_SECONDS, lambda line: line.startswith(prefix))
        return lines[:-1], lines[-1][len(prefix):]

    def command(self, who, verb, address, argument):
        """peek (bytes), sum (a number) or poke (nothing), in one instance."""
        text = f"{argument:x}" if isinstance(argument, int) else argument.hex()
        self.machine.console.send(f"{who} {verb} {address:x} {text}")
        answer = self.answer(who)[1]
        if verb == "peek":
            return bytes.fromhex(answer)
        return int(answer, 16) if verb == "sum" else None

    def start_process(self):
        """Starts one that sleeps; its pid."""
        self.machine.console.send("0 start")
        return int(self.answer(0)[1])

    def end_process(self, pid):
        self.machine.console.send(f"0 end {pid}")
        self.answer(0)

    def processes(self):
        """[[pid, parent, comm], ...] of all processes and kernel threads at this moment."""
        self.machine.console.send("0 processes")
        lines, _ = self.answer(0)
        return [guest_facts.parse_process(line[6:].split(" ")) for line in lines
                if line.startswith("@stat ")]
