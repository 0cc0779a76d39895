#!/usr/bin/env python3
"""Documents name only paths that exist, and links between them lead somewhere."""
import re
import sys
from pathlib import Path

TOPS = {p.name for p in Path(".").iterdir() if not p.name.startswith(".") or p.name == ".ci"}
MADE = ("build/", "build-test/", "build-fuzz/", "data/")  # by ./dev, not in the repository
CODE = re.compile(r"`([^`\s]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def looks_like_path(text):
    top = text.split("/")[0]
    return "/" in text and top in TOPS and not text.startswith(MADE) and not re.search(r"[*{}<>$…,]", text)


def expand(text):
    """server/edge/conn.{c,h} is two paths; server/os/file.[ch] too."""
    match = re.fullmatch(r"(.*)(?:\{([^}]*)\}|\[ch\])(.*)", text)
    if not match:
        return [text]
    middles = match[2].split(",") if match[2] else ["c", "h"]
    return [match[1] + middle + match[3] for middle in middles]


def main():
    bad = 0
    documents = [p for p in Path(".").rglob("*.md") if not {"node_modules", ".git"} & set(p.parts)
                 and not str(p).startswith(("build", "data"))]
    for document in sorted(documents):
        text = document.read_text()
        named = {e.split(":")[0].rstrip("/") for t in CODE.findall(text) for e in expand(t) if looks_like_path(e)}
        linked = {str((document.parent / t)) for t in LINK.findall(text) if "://" not in t}
        for path in sorted(named | linked):
            if not Path(path).exists():
                print(f"{document}: there is no {path}")
                bad += 1
    sys.exit(1 if bad else 0)


main()
