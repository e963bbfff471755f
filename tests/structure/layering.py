#!/usr/bin/env python3
"""Fails where a file includes against the arrows between folders.

  layering.py ROOT

proto needs nothing of ours; server, worker and client need proto and never one another; inside
worker, image and text and device are leaves, layout stands on the first two, model on all leaves, engine on
both, the program on engine's seam; render uses image alone. Each heavy library has its folders, and no file sees both
torch and protobuf.
"""
import pathlib
import re
import sys

# folder -> folders that its files may include, itself aside; the longest match counts.
ARROWS = {
    "proto": set(),
    "server": {"proto"},
    "client": {"proto"},
    "worker/image": {"proto"},
    "worker/text": {"proto"},
    "worker/device": {"proto"},
    "worker/layout": {"proto", "worker/image", "worker/text"},
    "worker/model": {"proto", "worker/image", "worker/text", "worker/device"},
    "worker/engine": {"proto", "worker/image", "worker/text", "worker/device", "worker/layout", "worker/model"},
    "worker/render": {"proto", "worker/image"},
    "worker": {"proto", "worker/engine", "worker/image", "worker/text"},
}
# include prefix -> folders that may use it.
LIBRARIES = {
    ("torch/", "ATen/", "c10/"): {"worker/device", "worker/model", "worker/engine"},
    ("poppler", "tiff"): {"worker/render"},
    ("libav", "libsw"): {"worker/render"},
    ("opencv2/",): {"worker/render", "worker/layout", "client"},
    ("prometheus/",): {"proto", "server", "worker"},
    ("CLI/",): {"server", "client", "worker", "worker/render"},
    ("grpcpp/", "grpc/"): {"proto", "server", "client", "worker"},
    ("curl/",): {"client"},
}
ONE_FILE = {"prometheus/": r"(^|/)metrics[a-z_]*\.(cc|h)$", "CLI/": r"(^|/)config[a-z_]*\.cc$",
            "curl/": r"^client/models/(http|hub)\.cc$"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def folder_of(path):
    """The longest folder of ARROWS that holds the path, or nothing."""
    fits = [f for f in ARROWS if path.startswith(f + "/")]
    return max(fits, key=len) if fits else None


def faults_of(path, text):
    here = folder_of(path)
    includes = INCLUDE.findall(text)
    for include in includes:
        there = folder_of(include)
        if there and there != here and there not in ARROWS[here]:
            yield f"{path} includes {include}: {here} must not need {there}"
        for prefixes, folders in LIBRARIES.items():
            if include.startswith(prefixes) and here not in folders:
                yield f"{path} includes {include}: only {', '.join(sorted(folders))} may"
        for prefix, pattern in ONE_FILE.items():
            if include.startswith(prefix) and not re.search(pattern, path):
                yield f"{path} includes {include}: it belongs in {pattern}"
    torch = any(i.startswith(("torch/", "ATen/", "c10/")) for i in includes)
    wire = any(i.endswith(".pb.h") or i.startswith(("grpcpp/", "google/")) for i in includes)
    if torch and wire:
        yield f"{path} includes both torch and protobuf"


def main():
    root = pathlib.Path(sys.argv[1])
    faults = []
    seen = 0
    for folder in ("proto", "server", "worker", "client"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cc", ".cu", ".mm"):
                seen += 1
                faults += faults_of(file.relative_to(root).as_posix(), file.read_text())
    print("\n".join(faults) or f"{seen} files, all along the arrows")
    sys.exit(1 if faults or seen == 0 else 0)


if __name__ == "__main__":
    main()
