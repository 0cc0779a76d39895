#!/usr/bin/env python3
"""The core's routes and the published description agree: same methods, paths and callers."""
import re
import sys
from pathlib import Path

ROW = re.compile(r'ROUTE\((\w+),\s*"([^"]+)",\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+)\)')
CALLERS = {("ANYONE", "NONE"): "anyone", ("BROWSER", "NONE"): "owner-browser", ("CONFIRMED", "NONE"): "owner-confirmed", ("DEVICE", "NONE"): "device",
           ("OWNER", "READ"): "key:read", ("OWNER", "CONTROL"): "key:control", ("OWNER", "MANAGE"): "key:manage"}
STATIC = {("get", "/openapi.json"), ("get", "/api/v1/openapi.json")}  # files, like those of the dashboard


def in_code():
    text = Path("server/api/routes.h").read_text()
    return {(m.lower(), p): CALLERS[(c, s)] for m, p, c, s, _, _ in ROW.findall(text)}


def in_description():
    """api/openapi.yaml is plain enough: paths at two spaces, methods at four, x-caller at six."""
    routes, path, method = {}, None, None
    for line in Path("api/openapi.yaml").read_text().splitlines():
        if match := re.fullmatch(r"  (/\S*):", line):
            path = match[1]
        elif match := re.fullmatch(r"    (get|put|post|patch|delete):", line):
            method = match[1]
        elif match := re.fullmatch(r"      x-caller: (\S+)", line):
            routes[(method, path)] = match[1]
        elif re.fullmatch(r"\S.*", line):
            path = None
    return {k: v for k, v in routes.items() if k not in STATIC}


code, description = in_code(), in_description()
problems = [f"{m} {p}: {code.get((m, p), 'not in the code')} / {description.get((m, p), 'not described')}"
            for m, p in sorted(code.keys() | description.keys()) if code.get((m, p)) != description.get((m, p))]
print("\n".join(problems))
sys.exit(1 if problems or not code else 0)
