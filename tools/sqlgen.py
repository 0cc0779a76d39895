#!/usr/bin/env python3
"""Turn server/store/sql/X.sql into C: one typed function sql_X() a query.

Usage: sqlgen.py OUT.h OUT.c FILE.sql...

A query file opens with comment lines:

    -- What it is for, in a sentence or more.
    -- in:    account_id int, email text
    -- out:   id int, password text
    -- rows:  none | one | many
    -- index: account.email

`in` names the parameters $1, $2, ... in order; `out` the columns in order; `rows` says which C shape the
query gets:

    none  enum err sql_X(store, in...)                      runs it; affected rows by store_changes()
    one   enum err sql_X(store, [arena,] in..., &row)       ERR_NOT_FOUND without a row; text is copied
                                                        into the arena
    many  enum err sql_X(store, in..., &cursor)             then sql_X_next(&cursor, &row) until false, then
                                                        cursor_end(&cursor); text is valid until the
                                                        next step
Types: int (int64_t), real (double), text and blob (struct str).
"""
import re
import sys
from pathlib import Path

C_TYPE = {"int": "int64_t", "real": "double", "text": "struct str", "blob": "struct str"}


def parse_columns(text, path):
    columns = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, kind = part.partition(" ")
        if kind not in C_TYPE or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            sys.exit(f"{path}: '{part}' is not 'name int|real|text|blob'")
        columns.append((name, kind))
    return columns


class Query:
    def __init__(self, path):
        self.name = "sql_" + Path(path).stem
        head, body = [], []
        for line in Path(path).read_text().splitlines():
            (head if line.startswith("--") and not body else body).append(line)
        fields, purpose = {}, []
        for line in head:
            text = line[2:].strip()
            key, colon, value = text.partition(":")
            if colon and key in ("in", "out", "rows", "index"):
                fields[key] = value.strip()
            else:
                purpose.append(text)
        if not purpose or "rows" not in fields or "index" not in fields:
            sys.exit(f"{path}: the head needs a purpose, 'rows:' and 'index:'")
        self.purpose = " ".join(purpose)
        self.rows = fields["rows"]
        self.inputs = parse_columns(fields.get("in", ""), path)
        self.outputs = parse_columns(fields.get("out", ""), path)
        self.sql = "\n".join(body).strip()
        if self.rows not in ("none", "one", "many"):
            sys.exit(f"{path}: rows is none, one or many")
        if bool(self.outputs) == (self.rows == "none"):
            sys.exit(f"{path}: 'out' and 'rows: {self.rows}' contradict each other")
        used = sorted({int(n) for n in re.findall(r"\$(\d+)", self.sql)})
        if used != list(range(1, len(self.inputs) + 1)):
            sys.exit(f"{path}: parameters used {used}, declared {len(self.inputs)}")

    @property
    def takes_arena(self):
        return self.rows == "one" and any(k in ("text", "blob") for _, k in self.outputs)

    def prototype(self):
        args = ["struct store *s"]
        if self.takes_arena:
            args.append("struct arena *a")
        args += [f"{C_TYPE[k]} {n}" for n, k in self.inputs]
        if self.rows == "one":
            args.append(f"struct {self.name}_row *out")
        if self.rows == "many":
            args.append("struct cursor *out")
        return f"enum err {self.name}({', '.join(args)})"

    def header(self):
        lines = [f"/* {self.purpose} */"]
        if self.outputs:
            lines.append(f"struct {self.name}_row {{")
            lines += [f"    {C_TYPE[k]} {n};" for n, k in self.outputs]
            lines.append("};")
        lines.append(f"MUST_CHECK {self.prototype()};")
        if self.rows == "many":
            lines.append(f"bool {self.name}_next(struct cursor *c, struct {self.name}_row *out);")
        return "\n".join(lines) + "\n"

    def read_row(self, source, copied):
        lines = []
        for i, (name, kind) in enumerate(self.outputs):
            if kind in ("text", "blob") and copied:
                lines.append(f"    if (e == OK)\n        e = arena_copy(a, store_column_{kind}({source}, {i}), &row.{name});")
            else:
                lines.append(f"    row.{name} = store_column_{kind}({source}, {i});")
        return lines

    def source(self):
        q = f"QUERY_{self.name[4:].upper()}"
        lines = [self.prototype(), "{", f"    struct statement *q = store_statement(s, {q});"]
        for i, (name, kind) in enumerate(self.inputs):
            lines.append(f"    store_bind_{kind}(q, {i + 1}, {name});")
        if self.rows == "none":
            lines += ["    return store_run(s, q);", "}"]
        elif self.rows == "one":
            lines += [f"    struct {self.name}_row row = {{0}};", "    enum err e = store_step_one(s, q);",
                      "    if (e != OK)", "        return e;"]
            lines += self.read_row("q", True)
            lines += ["    store_reset(q);", "    if (e == OK)", "        *out = row;", "    return e;", "}"]
        else:
            lines += ["    *out = (struct cursor){.store = s, .statement = q};", "    return OK;", "}", "",
                      f"bool {self.name}_next(struct cursor *c, struct {self.name}_row *out)", "{",
                      "    if (!cursor_step(c))", "        return false;", f"    struct {self.name}_row row = {{0}};"]
            lines += self.read_row("c->statement", False)
            lines += ["    *out = row;", "    return true;", "}"]
        return "\n".join(lines) + "\n"


def c_string(sql):
    # SQLite numbers "$1" by order of appearance and "?1" by its number; PostgreSQL knows "$1" only.
    sql = re.sub(r"\$(\d+)", r"?\1", sql)
    escaped = sql.replace("\\", "\\\\").replace('"', '\\"').splitlines()
    return "\n        ".join(f'"{line}\\n"' for line in escaped)


def main():
    out_h, out_c, *files = sys.argv[1:]
    queries = [Query(f) for f in sorted(files)]
    head = ['/* Generated by tools/sqlgen.py from server/store/sql. */', "#ifndef OC_STORE_QUERIES_H",
            "#define OC_STORE_QUERIES_H", "", '#include "server/store/store.h"', "", "enum query {"]
    head += [f"    QUERY_{q.name[4:].upper()}," for q in queries] + ["    QUERY_COUNT,", "};", ""]
    Path(out_h).write_text("\n".join(head) + "\n" + "\n".join(q.header() for q in queries) + "\n#endif\n")
    body = ['/* Generated by tools/sqlgen.py from server/store/sql. */', '#include "queries.h"',
            '#include "server/store/statement.h"', "", "const struct query_text store_queries[] = {"]
    body += [f'    [QUERY_{q.name[4:].upper()}] = {{"{q.name[4:]}",\n        {c_string(q.sql)}}},' for q in queries]
    body += ["};", "const size_t store_query_count = QUERY_COUNT;", ""]
    Path(out_c).write_text("\n".join(body) + "\n" + "\n".join(q.source() for q in queries))


main()
