#!/usr/bin/env python3
"""The requests of a table of tests/vectors as one file each: seeds.py TABLE DIRECTORY."""

import pathlib
import re
import sys

SINGLE = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
ESCAPE = re.compile(r"\\(?:\((\d+) ([^)]*)\)|x([0-9A-F]{2})|(.))|([^\\])", re.S)


def unescape(text):
    out = b""
    for count, inner, digits, letter, plain in ESCAPE.findall(text):
        if count:
            out += unescape(inner) * int(count)
        elif digits:
            out += bytes([int(digits, 16)])
        elif letter:
            out += SINGLE[letter]
        else:
            out += plain.encode("latin-1")
    return out


def main():
    table, directory = map(pathlib.Path, sys.argv[1:])
    for number, line in enumerate(table.read_text("latin-1").splitlines(), 1):
        if line and not line.startswith("#"):
            request = line.split("|", 2)[2].removeprefix(" ")
            (directory / f"table-{number:03}").write_bytes(unescape(request)[:10000])


main()
