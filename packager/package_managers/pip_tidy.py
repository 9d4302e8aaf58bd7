"""Make installed scripts and their records the same everywhere; the argument is the folder of the packages.

pip starts the scripts it makes with the path of the Python that ran it, and records their hashes.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
first = re.compile(rb"\A#!(?:/bin/sh\n'''exec' )?[^\n]*python[^\n]*\n(?:' '''\n)?")
for script in root.glob("bin/*"):
    text = script.read_bytes()
    if first.match(text):
        script.write_bytes(first.sub(b"#!/usr/bin/env python3\n", text))
for record in root.glob("*.dist-info/RECORD"):
    text = record.read_bytes()
    record.write_bytes(re.sub(rb"(?m)^((?:[.][.]/)+bin/[^,]*),[^,]*,[^,\r\n]*", rb"\1,,", text))
