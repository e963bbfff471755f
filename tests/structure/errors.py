#!/usr/bin/env python3
"""Fails where the reasons of errors in the code and in README.md's table differ.

  errors.py ROOT

Reasons are the UPPER_SNAKE_CASE strings that server/ and worker/render/ hand to MakeError() and its
like; each must stand in a row `| CODE | `REASON` | ...`, and the other way round.
"""
import pathlib
import re
import sys

# Said between the programs, never to a client.
INTERNAL = {"ARENA_TOO_SMALL", "DOCUMENT_NOT_OPEN", "CANNOT_LISTEN"}
# Strings of this shape that are no reasons.
OTHERS = {"PR_SET_DUMPABLE", "PR_SET_NO_NEW_PRIVS", "F_ADD_SEALS"}


def reasons_in(folder):
    found = set()
    for path in folder.rglob("*.cc"):
        found |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', path.read_text()))
    return {r for r in found if not r.startswith(("QUIRE_", "DEEPSEEK_"))} - INTERNAL - OTHERS


def main():
    root = pathlib.Path(sys.argv[1])
    said = reasons_in(root / "server") | reasons_in(root / "worker/render")
    rows = set(re.findall(r"^\| [A-Z_]+ \| `([A-Z_]+)` \|", (root / "README.md").read_text(), re.M))
    rows = {r for r in rows if "_" in r}  # one word alone is not told from other strings in the code
    faults = [f"{r} is not in README.md's table of errors" for r in sorted(said - rows)]
    faults += [f"README.md lists {r}, which the code does not say" for r in sorted(rows - said)]
    print("\n".join(faults) or f"{len(said)} reasons are the same in the code and README.md")
    sys.exit(1 if faults or not said else 0)


if __name__ == "__main__":
    main()
