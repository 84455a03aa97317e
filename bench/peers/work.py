# SPDX-License-Identifier: Apache-2.0
"""The same work for every debugger that is used through Python, inside of it.

A peer is a class with the methods that it has; work.serve(peer) asks it for them. The environment
says what to open; then each line on the input names an operation, and a line on the output tells
the nanoseconds that it took and the work that was done, "absent", or what went wrong. work.c is the
same for readers that are written in C, and the bytes are those of bench/fixture_memory.c.

A peer that is a process of its own has clock(), its processor time in nanoseconds, and process_id;
one that takes many reads at once has read_all() beside read().
"""

import os
import time

PAGE = 4096
TEXT_ROOM = 64
TEXT_LEAST = 8
NEEDLE = b"\x13a needle, once\xf1"
NOWHERE = NEEDLE[:-1] + bytes([NEEDLE[-1] ^ 0xff])
COUNT = 1024
HOT = 256
STRINGS = 1000
TEXT_MOST = 256
PIECE = 1 << 20
LEAST_NS = 100_000_000
MAPPINGS = 65000
MASK = (1 << 64) - 1

# Processor time, so that other work on the machine counts less; or the time on the wall.
own_clock = time.monotonic_ns if os.environ.get("PEER_WALL") else time.process_time_ns


def mix(index):
    value = (index * 0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d) & MASK
    value = ((value ^ value >> 30) * 0xbf58476d1ce4e5b9) & MASK
    value = ((value ^ value >> 27) * 0x94d049bb133111eb) & MASK
    return value ^ value >> 31


def text_offset(page):
    return page * PAGE + mix(page ^ MASK) % (PAGE // TEXT_ROOM - 1) * TEXT_ROOM


def text(page):
    length = TEXT_LEAST + (mix(page ^ MASK) >> 32) % (TEXT_ROOM - TEXT_LEAST)
    letters = b"".join(
        ((mix(page * TEXT_ROOM + at) & 0x0f0f0f0f0f0f0f0f) + 0x6161616161616161)
        .to_bytes(8, "little") for at in range(0, TEXT_ROOM, 8))
    return letters[:length]


class Memory:
    """The big memory at an address."""

    def __init__(self, address, size):
        self.address = address
        self.size = size

    def page(self, number):
        data = bytearray(b"".join(mix(number * PAGE // 8 + i).to_bytes(8, "little")
                                  for i in range(PAGE // 8)))
        at = text_offset(number) - number * PAGE
        data[at:at + TEXT_ROOM] = text(number).ljust(TEXT_ROOM, b"\0")
        if (number + 1) * PAGE == self.size:
            data[-len(NEEDLE):] = NEEDLE
        return bytes(data)

    def bytes(self, offset, size):
        """Some bytes within one page."""
        return self.page(offset // PAGE)[offset % PAGE:offset % PAGE + size]

    def check(self, address, data, size):
        """Compares the first and the last page of what was read, or all of less."""
        offset = address - self.address
        data = bytes(data)
        if len(data) != size:
            raise ValueError(f"{len(data)} bytes of {size} were read at {address:#x}")
        for at in {0, max(0, size - PAGE)}:
            part = data[at:at + PAGE]
            if part != self.bytes(offset + at, len(part)):
                raise ValueError(f"wrong bytes at {address + at:#x}")


class Work:
    """Operations: each chooses what to do in a round, does it timed, and can compare it."""

    def __init__(self, peer):
        self.peer = peer
        self.now = getattr(peer, "clock", own_clock)
        self.memory = Memory(int(os.environ["PEER_ADDRESS"]), int(os.environ["PEER_SIZE"]))
        self.round = 0

    # What a round works on.

    def random(self):
        base, words = self.memory.address, self.memory.size // 8
        return [base + mix(self.round * COUNT + i) % words * 8 for i in range(COUNT)]

    def in_pages(self, count):
        """Pages that are far from each other and differ in the lowest bits of their numbers."""
        stride = self.memory.size // PAGE // count
        pages = [place * stride + (place - place * stride) % count for place in range(count)]
        return [self.memory.address + pages[i % count] * PAGE + mix(i % HOT) % (PAGE // 64) * 64
                for i in range(COUNT)]

    def pieces(self, step):
        base = self.memory.address + self.round % (self.memory.size // PIECE) * PIECE
        return [base + at for at in range(0, PIECE, step)]

    def read_all(self, addresses, size, _):
        read = self.peer.read
        return [read(address, size) for address in addresses]

    def reads(self, addresses, size, check):
        read_all = getattr(self.peer, "read_all", self.read_all)
        start = self.now()
        data = read_all(addresses, size, check)
        ns = self.now() - start
        if check:
            for address, part in zip(addresses, data):
                self.memory.check(address, part, size)
        return ns

    # The operations: nanoseconds and work of a round.

    def same8(self, check):
        return self.reads(self.in_pages(1), 8, check), COUNT

    def hot8(self, check):
        return self.reads(self.in_pages(64), 8, check), COUNT

    def random8(self, check):
        return self.reads(self.random(), 8, check), COUNT

    def scatter(self, check):
        return self.random8(check)

    def scatter64(self, check):
        return self.hot8(check)

    def bulk4k(self, check):
        return self.reads(self.pieces(PAGE), PAGE, check), PIECE

    def bulk1m(self, check):
        return self.reads(self.pieces(PIECE), PIECE, check), PIECE

    def write1m(self, check):
        address = self.pieces(PIECE)[0]
        number = (address - self.memory.address) // PAGE
        data = b"".join(self.memory.page(number + i) for i in range(PIECE // PAGE)) \
            if check else self.written
        start = self.now()
        self.peer.write(address, data)
        ns = self.now() - start
        if check:
            self.written = data
            self.memory.check(address, self.peer.read(address, PIECE), PIECE)
        return ns, PIECE

    def strings(self, check):
        pages = [mix(self.round * STRINGS + i) % (self.memory.size // PAGE)
                 for i in range(STRINGS)]
        addresses = [self.memory.address + text_offset(page) for page in pages]
        string = self.peer.string
        start = self.now()
        found = [string(address, TEXT_MOST) for address in addresses]
        ns = self.now() - start
        for page, got in zip(pages if check else [], found):
            if (got if isinstance(got, bytes) else got.encode("latin-1")) != text(page):
                raise ValueError(f"the text of page {page} is wrong: {got!r}")
        return ns, STRINGS

    def search(self, _):
        base, size = self.memory.address, self.memory.size
        start = self.now()
        found = self.peer.search(base, size, NEEDLE)
        ns = self.now() - start
        if found != base + size - len(NEEDLE):
            raise ValueError(f"the needle was found at {found}")
        return ns, size

    def nowhere(self, check):
        """All physical memory of a guest, where its kernel has it, for what is not in it."""
        base, size, needle = (int(os.environ["PEER_" + name])
                              for name in ("DIRECT", "MEMORY", "NEEDLE"))
        if check and base + needle not in self.peer.find_all(base, size, NEEDLE):
            raise ValueError(f"the needle was not found at {base + needle:#x}")
        start = self.now()
        found = self.peer.find_all(base, size, NOWHERE)
        ns = self.now() - start
        if found:
            raise ValueError(f"what is nowhere was found at {found[0]:#x}")
        return ns, size

    def regions(self, _):
        start = self.now()
        count = self.peer.regions()
        ns = self.now() - start
        if count < MAPPINGS:
            raise ValueError(f"only {count} regions")
        return ns, 1

    def open(self, check):
        start = self.now()
        self.peer.open()
        ns = self.now() - start
        if check:
            self.memory.check(self.memory.address, self.peer.read(self.memory.address, 8), 8)
        start = self.now()
        self.peer.close()
        return ns + self.now() - start, 1

    NEEDS = {"write1m": "write", "strings": "string", "search": "search",
             "nowhere": "find_all", "regions": "regions", "open": "open"}

    def answer(self, line):
        name = line.split()[-1]
        if name == "process":  # whose memory counts
            return f"0 {getattr(self.peer, 'process_id', os.getpid())}"
        check = line.startswith("check ")
        if not hasattr(self.peer, self.NEEDS.get(name, "read")) or not hasattr(self, name):
            return "absent"
        total = work = 0
        while not total or (total < LEAST_NS and not check):
            ns, done = getattr(self, name)(check)
            self.round += 1
            total += ns
            work += done
        return f"{total} {work}"


def told(function, *arguments):
    """What it returns; whatever a debugger raises is told, not lost."""
    try:
        return function(*arguments)
    except Exception as error:  # pylint: disable=broad-except
        return f"{type(error).__name__}: {error}".replace("\n", " ")


def serve(peer):
    """Answers until the input ends; both ends are pipes that the environment names."""
    work = Work(peer)
    opens = not os.environ.get("PEER_OPEN_ONLY")
    wrong = told(peer.open) if opens else None
    with open(int(os.environ["PEER_INPUT"]), encoding="utf-8") as questions, \
            open(int(os.environ["PEER_OUTPUT"]), "w", encoding="utf-8") as answers:
        for line in questions:
            print(wrong or told(work.answer, line), file=answers, flush=True)
    if opens and not wrong:
        peer.close()
