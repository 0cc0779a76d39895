#!/usr/bin/env python3
"""What Python's own parser makes of a mail on standard input, as JSON."""
import email
import email.policy
import email.utils
import json
import sys

mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(mail.walk())


def content(kind):
    return next(p for p in parts if p.get_content_type() == kind).get_content()


def defects(part):
    return [repr(d) for d in part.defects] + [repr(d) for h in part.values() for d in getattr(h, "defects", [])]


print(json.dumps({
    "defects": [d for p in parts for d in defects(p)],
    "types": [p.get_content_type() for p in parts],
    "to": mail["To"].addresses[0].addr_spec,
    "from": mail["From"].addresses[0].addr_spec,
    "subject": str(mail["Subject"]),
    "date": mail["Date"].datetime.timestamp(),
    "id": mail["Message-ID"],
    "auto": mail["Auto-Submitted"],
    "text": content("text/plain").replace("\r\n", "\n"),
    "html": content("text/html").replace("\r\n", "\n"),
}))
