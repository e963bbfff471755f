#!/usr/bin/env python3
"""Fails where a program's flags, its --help and README.md's tables differ.

  flags.py BIN_FOLDER README

Every flag that --help lists must stand in the README's table with its environment variable, and the
other way round.
"""
import pathlib
import re
import subprocess
import sys

# README heading -> the commands of its program whose flags stand under it.
PROGRAMS = {"quire-server": [()], "quire-worker": [()], "quire-render": [()], "quire": [(), ("recognise",)],
            "quire models": [("models", command) for command in ("list", "show", "verify", "pull")],
            "quire evaluate": [("evaluate",), ("evaluate", "import")], "quire watch": [("status",), ("watch",)],
            "quire bench": [("bench",)], "quire trace": [("trace",)], "quire profile": [("profile",)]}
# Flags of CLI11 itself, and positional or command words.
IGNORED = {"--help", "--version"}


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True).stdout


def flags_of(text):
    """Flag -> environment variable (or nothing) from a CLI11 help text."""
    found = {}
    current = None
    for line in text.splitlines():
        started = re.match(r"\s+(?:-\w,\s*)?(--[a-z][a-z0-9-]*)", line)
        if started:
            current = started.group(1)
            found[current] = None
        variable = re.search(r"\(Env:(QUIRE_[A-Z0-9_]+)\)", line)
        if variable and current:
            found[current] = variable.group(1)
    return {f: v for f, v in found.items() if f not in IGNORED}


def table_of(readme, program):
    """The same from the README: rows `| `--flag` | `VARIABLE` | ...` under the program's heading."""
    section = re.search(rf"^### `{re.escape(program)}`\n(.*?)(?=^##|\Z)", readme, re.M | re.S)
    rows = re.findall(r"^\| `(--[a-z0-9-]+)[^`]*` \| `?([A-Z0-9_-]*)`? \|", section.group(1) if section else "",
                      re.M)
    return {flag: (variable if variable.startswith("QUIRE_") else None) for flag, variable in rows}


def main():
    folder, readme = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text()
    faults, seen = [], 0
    for name, commands in PROGRAMS.items():
        program = folder / name.split()[0]
        if not program.exists():
            continue
        flags = {}
        for command in commands:
            flags |= flags_of(help_of(program, *command))
        seen += len(flags)
        listed = table_of(readme, name)
        faults += [f"{name} {f} is not in README.md" for f in sorted(flags.keys() - listed.keys())]
        faults += [f"README.md lists {name} {f}, which --help does not" for f in sorted(listed.keys() - flags.keys())]
        faults += [f"{name} {f}: variable {flags[f]} in --help, {listed[f]} in README.md"
                   for f in sorted(flags.keys() & listed.keys()) if flags[f] != listed[f]]
    print("\n".join(faults) or f"{seen} flags are the same in --help and README.md")
    sys.exit(1 if faults or seen == 0 else 0)


if __name__ == "__main__":
    main()
