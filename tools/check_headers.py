#!/usr/bin/env python3
"""Every header compiles alone: check_headers.py BUILD-DIRECTORY (for the generated queries.h)."""
import subprocess
import sys
from pathlib import Path

build = Path(sys.argv[1])
flags = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I.", f"-I{build}/server/store", "-fsyntax-only"]
bad = 0
for header in sorted(p for top in ("common", "server", "firmware", "bench") for p in Path(top).rglob("*.h")):
    # Twice, so that a missing guard is found too.
    source = f'#include "{header}"\n#include "{header}"\n'
    done = subprocess.run(["gcc", *flags, "-x", "c", "-"], input=source, text=True, capture_output=True)
    if done.returncode != 0:
        print(f"{header}:\n{done.stderr}")
        bad += 1
sys.exit(1 if bad else 0)
