#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of guests (artefacts.py says which): make_guests.py [-o FOLDER] [CONFIG...]

They go to FOLDER/CONFIG, below the build directory (TMEM_BUILD) if no folder is given. Without a
name all configurations are made.
"""

import argparse
import os
import sys
import time

from artefacts import make
from guest import CONFIGURATIONS, build_folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("-o", "--output", help="folder for the files")
    parser.add_argument("names", nargs="*", choices=[[], *CONFIGURATIONS], metavar="CONFIG",
                        help=", ".join(CONFIGURATIONS))
    options = parser.parse_args()
    if options.list:
        print("\n".join(CONFIGURATIONS))
        return
    output = options.output or os.path.join(build_folder(), "guests")
    for name in options.names or CONFIGURATIONS:
        start = time.monotonic()
        folder = make(name, os.path.join(output, name))
        print(f"{name}: {folder} ({time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
