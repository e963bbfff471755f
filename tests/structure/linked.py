#!/usr/bin/env python3
"""Fails where a program links a library that it must not, or lacks one that it must.

  linked.py BIN_FOLDER

Looks at what each program itself names (DT_NEEDED), and for the forbidden ones at everything that
comes with it.
"""
import pathlib
import re
import subprocess
import sys

RULES = {
    "quire-server": {"must": ["libgrpc\\+\\+", "libprometheus-cpp"],
                     "never": ["libtorch", "libc10", "libpoppler", "libopencv", "libtiff", "libcurl"]},
    "quire-render": {"must": ["libpoppler-cpp", "libopencv_imgcodecs", "libtiff"],
                     "never": ["libtorch", "libc10", "libgrpc", "libprometheus"]},
    "quire-worker": {"must": ["libgrpc\\+\\+", "libtorch_cpu", "libc10", "libprometheus-cpp"],
                     "never": ["libpoppler", "libopencv_(?!core|imgproc)", "libtiff", "libtorch_cuda"]},
    "quire": {"must": ["libgrpc\\+\\+", "libcurl"],
              "never": ["libtorch", "libc10", "libpoppler", "libprometheus"]},
}


def needed(program):
    text = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text)


def loaded(program):
    text = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [line.split()[0].rsplit("/", 1)[-1] for line in text.splitlines() if line.strip()]


def main():
    folder = pathlib.Path(sys.argv[1])
    faults, seen = [], 0
    for name, rule in RULES.items():
        program = folder / name
        if not program.exists():
            continue
        seen += 1
        direct, all_of_it = needed(program), loaded(program)
        for pattern in rule["must"]:
            if not any(re.match(pattern, library) for library in direct):
                faults.append(f"{name} does not link {pattern}")
        for pattern in rule["never"]:
            faults += [f"{name} loads {l}" for l in all_of_it if re.match(pattern, l)]
    print("\n".join(faults) or f"{seen} programs link what they should")
    sys.exit(1 if faults or seen == 0 else 0)


if __name__ == "__main__":
    main()
