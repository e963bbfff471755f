#!/usr/bin/env python3
"""Opens the HTML of an evaluation of made-up candidates in Chromium.

  evaluation_in_chromium.py MADE_UP [SCREENSHOT.png]     exit code 77 without Chromium
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import chromium

CANDIDATES = 5
ROW = """[...document.querySelectorAll('tr')].find(row => row.textContent.startsWith('%s'))"""


def expect(condition, text):
    print(("good: " if condition else "WRONG: ") + text)
    return condition


def check_bars(browser):
    row = ROW % "simple image"
    widths = browser.evaluate(f"[...{row}.querySelectorAll('.bar')].map(bar => bar.getBoundingClientRect().width)")
    good = expect(len(widths) == CANDIDATES - 1, f"a bar for each that was measured: {len(widths)}")
    ratios = [b / a for a, b in zip(widths, widths[1:])]
    good &= expect(all(1.7 < ratio < 2.3 for ratio in ratios), f"twice as slow is twice as long: {ratios}")
    best = browser.evaluate(f"[...{row}.querySelectorAll('td')].findIndex(cell => cell.className === 'best')")
    good &= expect(best == 0, "the fastest is bold")
    return good


def main():
    if not chromium.program():
        print("chromium is missing: run deploy/setup --tests")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder, chromium.Chromium() as browser:
        file = pathlib.Path(folder) / "evaluation.html"
        with file.open("wb") as out:
            subprocess.run([sys.argv[1], "evaluation", str(CANDIDATES)], stdout=out, check=True)
        browser.open(file.as_uri())
        good = check_bars(browser)
        good &= expect(browser.evaluate("document.querySelectorAll('thead th[scope=col]').length") == CANDIDATES,
                       "a column for each candidate")
        good &= expect("no such model" in browser.evaluate(f"({ROW % 'state'}).textContent"), "a failure says why")
        good &= expect(browser.evaluate("window.hacked === undefined && document.scripts.length === 0"),
                       "nothing of a name or note runs")
        good &= expect(browser.evaluate("document.querySelectorAll('img,svg,base,a').length") == 0,
                       "nothing of a name or note becomes an element")
        good &= expect(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it fits 1,280 pixels")
        if len(sys.argv) > 2:
            browser.screenshot(sys.argv[2])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
