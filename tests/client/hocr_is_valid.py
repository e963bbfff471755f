#!/usr/bin/env python3
"""Checks hOCR with the validator of the format's authors (hocr-spec), and what it does not look at.

  hocr_is_valid.py MADE_UP HOCR_SPEC_FOLDER     exit code 77 where the validator is not there

That the file is well-formed XML, that boxes lie within their page, that every id is there once, and
that each class in use is a capability.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"


def box_of(element):
    found = re.search(r"bbox (\d+) (\d+) (\d+) (\d+)", element.get("title", ""))
    return [int(value) for value in found.groups()] if found else None


def faults_of(text):
    root = ElementTree.fromstring(text)
    metas = {meta.get("name"): meta.get("content") for meta in root.iter(f"{XHTML}meta")}
    for name in ("ocr-system", "ocr-capabilities", "ocr-number-of-pages"):
        if not metas.get(name):
            yield f"no meta {name}"
    classes = {element.get("class") for element in root.iter() if element.get("class")}
    yield from (f"{name} is no capability" for name in classes - set(metas["ocr-capabilities"].split()))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    yield from (f"id {name} is there twice" for name in {i for i in ids if ids.count(i) > 1})
    pages = [element for element in root.iter() if element.get("class") == "ocr_page"]
    if len(pages) != int(metas["ocr-number-of-pages"]):
        yield f"{len(pages)} pages of {metas['ocr-number-of-pages']}"
    for page in pages:
        limits = box_of(page)
        for element in page.iter():
            box = box_of(element)
            if box and limits and not (0 <= box[0] <= box[2] <= limits[2] and 0 <= box[1] <= box[3] <= limits[3]):
                yield f"{element.get('id')} lies outside of its page: {box}"


def main():
    made_up, spec = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (spec / "hocr_spec").exists():
        print(f"{spec} is missing: run deploy/setup --tests")
        sys.exit(77)
    text = subprocess.run([made_up, "hocr", "120"], capture_output=True, check=True).stdout
    faults = list(faults_of(text))
    with tempfile.NamedTemporaryFile(suffix=".hocr") as file:
        file.write(text)
        file.flush()
        sys.path.insert(0, str(spec))
        from hocr_spec import HocrValidator
        report = HocrValidator("standard").validate(file.name)
        lines = report.format("text").splitlines()
        # Its warnings name the classes that it has no rules for.
        faults += [line for line in lines if "ERROR" in line]
        print(f"hocr-spec: {len(lines)} lines")
    print("\n".join(faults[:20]) or "valid")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
