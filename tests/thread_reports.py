#!/usr/bin/env python3
"""Tells ThreadSanitizer's reports about Quire from those about libraries that it cannot look into.

  thread_reports.py FOLDER

FOLDER holds what every program of a test run wrote (TSAN_OPTIONS=log_path). The distribution's gRPC,
protobuf and abseil are not instrumented: their locks and queues are not seen, so whatever one thread
hands to another through them looks unguarded, some ten thousand times. An access is the library's when
the first frame that is neither the sanitizer's nor the standard library's is one of its headers or
binaries. A report of a race counts when both accesses are Quire's, one of another kind when any of its stacks
is; HANDED_OVER names those that stay, each with its reason. Prints what counts; ends with 1 if any does.

What this cannot see: an access of Quire's beside one inside a library.
"""
import collections
import pathlib
import re
import sys

PASSED_OVER = re.compile(r"libtsan|^operator (new|delete)|^std::|^__|/usr/include/c\+\+/"
                         r"|^(memcpy|memmove|memset)|/proto/mutex\.h:")
OURS = re.compile(r" \.\./(proto|server|worker|client|tests)/")
# Pairs of frames, and why the one comes before the other.
HANDED_OVER = (
    # A call's object is made before gRPC, which it is returned to, calls it.
    (r"New\w+Call\(|AttachService::Attach\(|OcrService::WatchStatus\(|^\w*(Call|Stream|Watch|Health) ",
     r"^(On\w+|operator\(\)|~\w+) "),
    # A job's bytes go from the front to a worker of the same process through gRPC's stream.
    (r"WorkerRegistry::Assign", r"FakeWorker::"),
    # A test's server: gRPC calls each of its calls in turn, and has ended them before it goes.
    (r"/fake_ocr_server\.", r"/fake_ocr_server\."),
)


def owner(access):
    """The frame that an access belongs to."""
    frames = re.findall(r"^\s+#\d+ (.*)$", access, re.M)
    return next((frame for frame in frames if not PASSED_OVER.search(frame)), "")


def is_handed_over(pair):
    return any(re.search(a, x) and re.search(b, y)
               for a, b in HANDED_OVER for x, y in (pair, pair[::-1]))


def counts(report):
    """What the report is about, where it counts; else nothing."""
    stacks = re.split(r"\n\s*\n", report)
    if not report.startswith("data race"):
        owners = [owner(stack) for stack in stacks]
        return next((f"{report.split(' (pid')[0]}: {it}" for it in owners if OURS.search(it)), None)
    pair = tuple(map(owner, stacks[:2]))
    if len(pair) < 2 or not all(OURS.search(frame) for frame in pair) or is_handed_over(pair):
        return None
    return " beside ".join(pair)


def main():
    reports = 0
    found = collections.Counter()
    examples = {}
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*")):
        for report in file.read_text(errors="replace").split("WARNING: ThreadSanitizer: ")[1:]:
            reports += 1
            about = counts(report)
            if about:
                found[about] += 1
                examples.setdefault(about, report)
    for about, times in found.most_common():
        print(f"{times} times: {about}\n{examples[about]}")
    print(f"ThreadSanitizer: {reports} reports, {sum(found.values())} about Quire")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
