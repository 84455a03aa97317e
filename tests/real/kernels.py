# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels and busybox for guests, unpacked into the build directory and never installed.

apt works here with the machine's own sources and keyrings, but with lists, cache and state of its
own and with the guests' architectures, so that nothing of the machine changes.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tarfile

ARCHITECTURES = ("amd64", "i386", "arm64")
# What is kept of a package: everything else would fill the disk.
KEPT_MODULES = ("qemu_fw_cfg.ko", "brd.ko", "crc7.ko", "dummy.ko", "binfmt_misc.ko")
APT_SECONDS = 900


class Failure(Exception):
    """Something that a guest needs is not there; the text says what and why."""


def run(command, seconds=APT_SECONDS, folder=None):
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                            cwd=folder, stdin=subprocess.DEVNULL, check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8"})
    if result.returncode:
        said = (result.stdout + result.stderr).strip().splitlines()[-15:]
        raise Failure(f"{command[0]} ... {command[-1]} failed:\n" + "\n".join(said))
    return result.stdout


class Packages:
    """A private apt root in a folder; the packages that it unpacked stay there between runs."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.updated = False
        self.refused = ""
        self.locks = 0
        for name in ("state/lists/partial", "cache/archives/partial", "log", "unpacked"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        with open(self.path("state", "status"), "a", encoding="ascii"):
            pass

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def options(self):
        settings = {
            "Dir::State": self.path("state"),
            "Dir::State::status": self.path("state", "status"),
            "Dir::Cache": self.path("cache"),
            "Dir::Log": self.path("log"),
            # The machine's hooks after an update are about the machine's lists.
            "APT::Update::Post-Invoke": "",
            "APT::Sandbox::User": "root",
            "APT::Architecture": "amd64",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        for architecture in ARCHITECTURES:
            options += ["-o", f"APT::Architectures::={architecture}"]
        return options

    @contextlib.contextmanager
    def locked(self):
        """Nobody else uses the folder meanwhile: its lists and archives serve one at a time."""
        if self.locks == 0:
            self.lock = open(self.path("lock"), "w", encoding="ascii")
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.locks += 1
        try:
            yield
        finally:
            self.locks -= 1
            if self.locks == 0:
                self.lock.close()

    def update(self):
        """Fetches the lists, once in a run and only when something has to be downloaded.

        One list of many may be out of step with its archive for a while; apt refuses it. That
        counts only if the packages are then not found in the others.
        """
        if self.updated:
            return
        self.updated = True
        try:
            run(["apt-get", "-q", *self.options(), "update"])
        except Failure as failure:
            self.refused = str(failure)

    def versions(self, package, architecture):
        """The (package, version) that apt offers, the newest first; metapackages are followed."""
        try:
            text = run(["apt-cache", *self.options(), "show", f"{package}:{architecture}"])
        except Failure as failure:
            raise Failure(f"apt knows no package {package} for {architecture} (without a network "
                          f"it does not learn of any)\n{self.refused}".strip()) from failure
        found = []
        for paragraph in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines()
                          if ": " in line and not line.startswith(" "))
            if "Version" not in fields:
                continue
            real = [word.strip().split(" ")[0] for word in fields.get("Depends", "").split(",")]
            real = [name for name in real if package.startswith("linux-image-")
                    and name.startswith("linux-image-")]
            found.append((real[0] if real else package, fields["Version"]))
        if not found:
            raise Failure(f"apt offers no package {package} for {architecture}\n{self.refused}")
        return found

    def download(self, package, architecture, wanted=None):
        """Downloads a version, or the newest that can be had: an index may be ahead of its archive.

        The file is the caller's until the next download: who uses it later holds locked().
        """
        with self.locked():
            return self.download_alone(package, architecture, wanted)

    def download_alone(self, package, architecture, wanted):
        self.update()
        archives = self.path("cache", "archives")
        failures = []
        for name, version in self.versions(package, architecture):
            if wanted not in (None, version):
                continue
            for old in os.listdir(archives):
                if old.endswith(".deb"):
                    os.unlink(os.path.join(archives, old))
            try:
                run(["apt-get", "-q", *self.options(), "download",
                     f"{name}:{architecture}" + ("" if name != package else f"={version}")],
                    folder=archives)
            except Failure as failure:
                failures.append(str(failure) + "\n" + self.refused)
                continue
            for file in os.listdir(archives):
                if file.endswith(".deb"):
                    return os.path.join(archives, file)
        raise Failure("\n".join(failures) or f"apt offers {package} not in version {wanted}")

    def unpacked(self, package, architecture, version=None):
        """The folder with what is needed of a package, downloaded now if it was not before."""
        kept = f"{package}_{architecture}" + (f"_{version}" if version else "")
        folder = self.path("unpacked", kept)
        with self.locked():
            if not os.path.exists(os.path.join(folder, "complete")):
                self.unpack(package, architecture, version, folder)
        return folder

    def unpack(self, package, architecture, version, folder):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        archive = self.download(package, architecture, version)
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive],
                              stdout=subprocess.PIPE) as unpacker:
            try:
                with tarfile.open(fileobj=unpacker.stdout, mode="r|") as files:
                    for member in files:
                        keep_member(files, member, folder)
            except tarfile.TarError as error:
                raise Failure(f"dpkg-deb could not unpack {archive}: {error}") from error
            if unpacker.wait() != 0:
                raise Failure(f"dpkg-deb could not unpack {archive}")
        os.unlink(archive)
        with open(os.path.join(folder, "complete"), "w", encoding="ascii") as stamp:
            stamp.write(os.path.basename(archive) + "\n")

    def debug_kernel(self, archive):
        """The file with debug information of the kernel from a package's file; downloads much."""
        name, version, architecture = archive.removesuffix(".deb").split("_")
        folder = self.unpacked(name + "-dbg", architecture, version.replace("%3a", ":"))
        path = os.path.join(folder, "vmlinux")
        if not os.path.exists(path):
            raise Failure(f"{name}-dbg has no vmlinux")
        return path


def keep_member(files, member, folder):
    base = os.path.basename(member.name)
    if base.startswith(("vmlinuz-", "vmlinux-")) and not base.endswith(".py"):
        name = base.split("-")[0]
    elif base.startswith("config-"):
        name = "config"
    elif member.name.endswith("/bin/busybox") or base in KEPT_MODULES:
        name = base
    else:
        return
    if not member.isfile():
        return
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        shutil.copyfileobj(files.extractfile(member), out)
    os.chmod(path, 0o755 if name == "busybox" else 0o644)


class Kernel:
    """A kernel package and the busybox of its architecture, as paths."""

    def __init__(self, packages, package, architecture):
        folder = packages.unpacked(package, architecture)
        self.image = os.path.join(folder, "vmlinuz")
        self.config = os.path.join(folder, "config")
        self.modules = [os.path.join(folder, name) for name in KEPT_MODULES
                        if os.path.exists(os.path.join(folder, name))]
        self.busybox = os.path.join(packages.unpacked("busybox-static", architecture), "busybox")
        with open(os.path.join(folder, "complete"), encoding="ascii") as stamp:
            self.archive = stamp.read().strip()
        for path in (self.image, self.busybox):
            if not os.path.exists(path):
                raise Failure(f"{package} ({self.archive}) has no {os.path.basename(path)}")
