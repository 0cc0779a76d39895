#!/usr/bin/env python3
"""Be the parent and the core of a courier, and ask it whether a person is there.

Usage: courier_ask.py PROGRAM DIRECTORY CA SECRET-FILE URL TOKEN...

Prints one line a token: the verdict (done, refused, unreachable) and what the courier says about it. Knows the
messages of server/ipc/control.h and server/ipc/outbound.h.
"""
import array
import os
import socket
import struct
import sys

VERDICTS = {1: "done", 2: "refused", 3: "unreachable"}


def control_types():
    """The numbers of enum control_type, from the header itself."""
    path = os.path.join(os.path.dirname(__file__), "../../server/ipc/control.h")
    names, inside = {}, False
    for line in open(path):
        inside = inside or line.startswith("enum control_type")
        word = line.strip().split(",")[0].split(" ")[0]
        if inside and word.startswith("CONTROL_"):
            names[word] = len(names) + 1
        if inside and line.startswith("}"):
            return names


def text(s):
    bytes_ = s.encode()
    return struct.pack("<H", len(bytes_)) + bytes_


def send(sock, kind, payload=b"", fd=None):
    rights = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    sock.sendmsg([bytes([kind]) + payload], rights)


def main():
    program, directory, ca, secret, url, *tokens = sys.argv[1:]
    types = control_types()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link, its_link = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        os.dup2(theirs.fileno(), 3)
        os.execv(program, ["oceanremote", "courier"])
    theirs.close()
    config = struct.pack("<I", 0) + text(directory) + text("") + struct.pack("<HB", 0, 0) + text("") + text("")
    send(ours, types["CONTROL_CONFIG"], config + text(ca) + text(secret) + text(url))
    send(ours, types["CONTROL_COURIER"], b"", its_link.fileno())
    send(ours, types["CONTROL_START"])
    its_link.close()
    ours.settimeout(10)
    assert ours.recv(100) == bytes([types["CONTROL_READY"]]), "the courier is not ready"
    link.settimeout(30)
    peer = bytes(10) + bytes([255, 255, 192, 0, 2, 7])
    for number, token in enumerate(tokens):
        link.send(struct.pack("<BQ", 2, number) + peer + text(token))
        answer = link.recv(1000)
        verdict, back, length = struct.unpack("<BQH", answer[:11])
        assert back == number and len(answer) == 11 + length, answer
        print(VERDICTS[verdict], answer[11:].decode())
    send(ours, types["CONTROL_DRAIN"])
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
