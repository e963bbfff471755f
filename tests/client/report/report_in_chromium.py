#!/usr/bin/env python3
"""Opens the report of a thousand made-up pages in Chromium.

  report_in_chromium.py MADE_UP [PAGES [SCREENSHOT.png]]     exit code 77 without Chromium

Holds it to its size and to its time from the click to the first picture on the screen, presses its
keys, and shows that nothing of a page runs.
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import chromium

MAX_MEGABYTES = 30
MAX_SECONDS = 2.0  # the best of three: other tests may run beside this one
DRAWN = """new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() =>
    resolve(performance.now()))))"""


def expect(condition, text):
    print(("good: " if condition else "WRONG: ") + text)
    return condition


def check_keys(browser, pages):
    focused = "document.activeElement.id"
    browser.press("j")
    good = expect(browser.evaluate(focused) == "d1p1", "j goes to the first page")
    browser.press("j")
    good &= expect(browser.evaluate(focused) == "d1p2", "j goes on")
    browser.press("k")
    good &= expect(browser.evaluate(focused) == "d1p1", "k goes back")
    if pages >= 100:
        browser.press("f")
        good &= expect(browser.evaluate(focused) == "d1p100", "f goes to the first failure")
        top = browser.evaluate("document.getElementById('d1p100').getBoundingClientRect().top")
        good &= expect(0 <= top < 400, f"and shows it ({top:.0f} px from the top)")
    browser.press("b")
    good &= expect(browser.evaluate("document.body.classList.contains('no-boxes')"), "b hides the boxes")
    browser.press("b")
    browser.press("g")
    good &= expect(browser.evaluate(focused) == "go", "g goes to the page's number")
    browser.evaluate("go.value = 3; go.dispatchEvent(new Event('change'))")
    good &= expect(browser.evaluate(focused) == "d1p3", "a number goes to its page")
    browser.evaluate("document.getElementById('d1p3b1').focus()")
    good &= expect(browser.evaluate("document.querySelectorAll('.box.on').length") == 1,
                   "a block with the focus lights its box")
    return good


def check_harmless(browser):
    good = expect(browser.evaluate("window.hacked === undefined"), "no script of a page ran")
    good &= expect(browser.evaluate("document.scripts.length") == 1, "there is one script")
    good &= expect(browser.evaluate(
        "document.querySelectorAll('img,iframe,object,embed,link,base,form,a[href]:not([href^=\"#\"])').length") == 0,
        "nothing of a page loads or leads anywhere")
    good &= expect(browser.evaluate("""[...document.querySelectorAll('*')].every(
        e => [...e.attributes].every(a => !a.name.startsWith('on')))"""), "no element has a handler")
    browser.evaluate("""{const s = document.createElement('script'); s.textContent = 'window.injected = 1';
        document.body.append(s); s.remove();}""")
    good &= expect(browser.evaluate("window.injected === undefined"), "the policy stops other scripts")
    return good


def main():
    if not chromium.program():
        print("chromium is missing: run deploy/setup --tests")
        sys.exit(77)
    pages = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder, chromium.Chromium() as browser:
        file = pathlib.Path(folder) / "report.html"
        with file.open("wb") as out:
            subprocess.run([sys.argv[1], "report", str(pages)], stdout=out, check=True)
        megabytes = file.stat().st_size / 1e6
        good = expect(megabytes < MAX_MEGABYTES, f"{pages} pages are {megabytes:.1f} MB")
        seconds = []
        for _ in range(3):
            browser.open("about:blank")
            browser.open(file.as_uri())
            seconds.append(browser.evaluate(DRAWN) / 1000)
        good &= expect(min(seconds) < MAX_SECONDS, f"drawn after {', '.join(f'{s:.2f}' for s in seconds)} s")
        good &= expect(browser.evaluate("document.querySelectorAll('.page').length") == pages, "all pages are there")
        good &= check_harmless(browser)
        good &= check_keys(browser, pages)
        if len(sys.argv) > 3:
            browser.evaluate("document.getElementById('d1p3b1').focus()")
            browser.screenshot(sys.argv[3])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
