#!/usr/bin/env python3
"""The real library against docs/dbgeng-methods.md: what is not offered returns E_NOTIMPL.

Each slot that the page shows without a file is called, with zeros; a slot with a file must be
another function.
"""

import ctypes
import os
import re
import sys
import unittest

import sanitized

SOURCE = os.environ.get("TMEM_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARY = os.path.join(os.environ["TMEM_BUILD"], "libdbgeng.so")
E_NOTIMPL = 0x80004001 - 2**32
# Ids of the newest versions, by name.
NEWEST = {
    "IDebugClient7": "13586be3-542e-481e-b1f2-8497ba74f9a9",
    "IDebugControl7": "b86fb3b1-80d4-475b-aea3-cf06539cf63a",
    "IDebugDataSpaces4": "d98ada1f-29e9-4ef5-a6c0-e53349883212",
    "IDebugSystemObjects4": "489468e6-7d0f-4af5-87ab-25207454d553",
    "IDebugSymbols5": "c65fa83e-1e69-475e-8e0e-b5d79e9cc17e",
    "IDebugAdvanced4": "d1069067-2a65-4bf0-ae97-76184b67856b",
    "IDebugRegisters2": "1656afa9-19c6-4e3a-97e7-5dc9160cf9c4",
}
METHOD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *[ctypes.c_uint64] * 12)


def table_of_page():
    """interface -> [(slot, method, offered)]"""
    with open(os.path.join(SOURCE, "docs/dbgeng-methods.md"), encoding="utf-8") as file:
        text = file.read()
    found = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        rows = re.findall(r"^\| (\d+) \| (\w+) \| \w+ \| (\S+) \|$", section, re.M)
        found[section.split("\n")[0]] = [(int(slot), method, part != "-")
                                         for slot, method, part in rows]
    return found


def guid(text):
    a, b, c, d, e = text.split("-")
    return (bytes.fromhex(a)[::-1] + bytes.fromhex(b)[::-1] + bytes.fromhex(c)[::-1] +
            bytes.fromhex(d + e))


class Offered(unittest.TestCase):
    def setUp(self):
        self.library = ctypes.CDLL(LIBRARY)

    def slots(self, iid, count):
        """(object, the pointers of its table)"""
        thing = ctypes.c_void_p()
        self.assertEqual(self.library.DebugCreate(guid(iid), ctypes.byref(thing)), 0)
        table = ctypes.cast(thing, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
        return thing, table[:count]

    def test_page_has_every_family(self):
        page = table_of_page()
        self.assertEqual(set(page), set(NEWEST))
        for name, rows in page.items():
            self.assertEqual([slot for slot, _, _ in rows], list(range(3, len(rows) + 3)), name)

    def test_slots(self):
        not_offered = set()
        asked = 0
        for name, rows in table_of_page().items():
            thing, pointers = self.slots(NEWEST[name], len(rows) + 3)
            for slot, method, offered in rows:
                if offered:
                    continue
                result = METHOD(pointers[slot])(thing, *[0] * 12)
                self.assertEqual(result, E_NOTIMPL, f"{name}::{method}")
                not_offered.add(pointers[slot])
                asked += 1
            for slot, method, offered in rows:
                if offered:
                    self.assertNotIn(pointers[slot], not_offered, f"{name}::{method}")
            METHOD(pointers[2])(thing, *[0] * 12)
        self.assertGreater(asked, 50)
        self.assertEqual(len(not_offered), 1)


if __name__ == "__main__":
    sanitized.preload_runtime(LIBRARY)
    unittest.main(argv=[sys.argv[0], "-v"])
