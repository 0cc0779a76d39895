#!/usr/bin/env python3
"""Who may include whom: the rules between rooms, read from the sources themselves.

A room is a folder; the list says which other rooms its files may include. Tests, fuzz targets and
their support may include anything.
"""
import re
import sys
from pathlib import Path

ROOMS = {
    "common/base": [],
    "common/crypto": ["common/base"],
    "common/wire": ["common/base"],
    "common/proto": ["common/base", "common/crypto", "common/wire"],
    "server/os": ["common/base"],
    "server/net": ["common/base", "common/crypto", "server/os", "server/ipc"],
    "server/ipc": ["common/base", "common/crypto", "server/os"],
    # the only room where private keys are
    "server/pki": ["common/base", "common/crypto", "server/os", "server/ipc"],
    # the only room with connections to the outside
    "server/courier": ["common/base", "common/crypto", "common/wire", "server/os", "server/ipc"],
    # what mails say
    "server/mail": ["common/base", "common/crypto", "server/domain"],
    "server/limit": ["common/base", "common/crypto", "server/os"],
    # what authenticators and browsers say of passkeys; pure
    "server/webauthn": ["common/base", "common/crypto", "common/wire"],
    "server/store": ["common/base", "server/os"],
    # no socket, no clock, no SQL text: time and entropy are passed in
    "server/domain": ["common/base", "common/crypto", "common/wire", "common/proto", "server/store",
                      # addresses as text, and whose they are: no socket
                      "server/net/networks.h", "server/net/known_networks.h"],
    "server/api": ["common/base", "common/crypto", "common/wire", "common/proto", "server/domain", "server/store",
                   "server/ipc", "server/limit", "server/webauthn", "server/os/log.h"],
    # meets strangers and decides nothing: it asks by message
    "server/edge": ["common/base", "common/crypto", "common/wire", "server/net", "server/ipc", "server/limit",
                    "server/os"],
    "server/process": ["common/", "server/os", "server/net", "server/ipc", "server/pki", "server/store",
                       "server/domain", "server/api", "server/edge", "server/limit", "server/courier", "server/mail"],
    # asks as a stranger does: it shares no code with the edge; routes.h is the list that it asks for
    "server/prove": ["common/", "server/os", "server/limit", "server/store", "server/domain/password.h",
                     "server/api/routes.h", "server/process/config.h"],
    "server/cli": ["common/", "server/os", "server/net/networks.h", "server/net/known_networks.h",
                   "server/courier/curl_lib.h", "server/store", "server/domain", "server/ipc",
                   "server/process", "server/prove"],
    # portable: no OS header, no port
    "firmware/core": ["common/", "firmware/port/contract.h", "firmware/include"],
    "firmware/port/posix": ["common/", "firmware/port/contract.h", "firmware/include", "firmware/core"],
    "bench/load": ["common/"],
}
# Standard and system headers that a room without an operating system may use.
FREESTANDING = {"stdbool.h", "stddef.h", "stdint.h", "string.h", "limits.h", "stdarg.h"}
PORTABLE = ["common/base", "common/wire", "common/proto", "firmware/core"]
NO_SYSTEM_CALLS = {"unistd.h", "fcntl.h", "poll.h", "time.h", "sys/socket.h", "sys/epoll.h", "signal.h", "stdio.h"}
PURE = ["server/domain"]

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def room_of(path):
    rooms = [r for r in ROOMS if str(path).startswith(r + "/")]
    return max(rooms, key=len) if rooms else None


def problems_of(path):
    room = room_of(path)
    for kind, name in INCLUDE.findall(path.read_text()):
        if kind == "<":
            if room in PORTABLE and name not in FREESTANDING:
                yield f"{room} runs on bare metal and may not include <{name}>"
            if room in PURE and name in NO_SYSTEM_CALLS:
                yield f"{room} is told time and makes no system call: not <{name}>"
            continue
        if name == "queries.h":
            name = "server/store/queries.h"
        if name.startswith(room + "/"):
            continue
        if not any(name.startswith(allowed) for allowed in ROOMS[room]):
            yield f"{room} may not include {name}"


def main():
    bad = 0
    for path in sorted(p for top in ("common", "server", "firmware", "bench") for p in Path(top).rglob("*.[ch]")):
        if path.stem.endswith(("_test", "_fuzz")) or path.parts[:2] == ("firmware", "include"):
            continue
        if room_of(path) is None:
            if str(path) != "firmware/port/contract.h":
                print(f"{path}: this folder is no room of tools/check_includes.py")
                bad += 1
            continue
        for problem in problems_of(path):
            print(f"{path}: {problem}")
            bad += 1
    sys.exit(1 if bad else 0)


main()
