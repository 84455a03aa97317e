# SPDX-License-Identifier: Apache-2.0
"""Loading a library that a sanitizer may have been built into."""

import os
import re
import subprocess
import sys


def preload_runtime(library):
    """Starts over with the runtime that a sanitized library wants to come first.

    Ends the test where that cannot be done, and says so.
    """
    needed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    if "libtsan" in needed:
        print("not possible here: an interpreter without the thread sanitizer cannot load a "
              "library that has it")
        sys.exit(0)
    runtime = re.search(r"=> (\S*libasan\S*)", needed)
    if runtime and "LD_PRELOAD" not in os.environ:
        # What the interpreter does not free is its own business.
        os.environ["LD_PRELOAD"] = runtime.group(1)
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
        os.execv(sys.executable, [sys.executable] + sys.argv)
    os.environ.pop("LD_PRELOAD", None)
