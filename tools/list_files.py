#!/usr/bin/env python3
"""Print the files below DIR that end in one of the SUFFIXes, sorted: list_files.py DIR SUFFIX..."""
import sys
from pathlib import Path

directory, *suffixes = sys.argv[1:]
print("\n".join(sorted(str(p) for p in Path(directory).rglob("*") if p.is_file() and p.name.endswith(tuple(suffixes)))))
