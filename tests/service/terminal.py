#!/usr/bin/env python3
"""quire on a terminal: a pty of its own, whose size changes and whose keys are pressed.

  terminal.py BIN_FOLDER FIXTURES [UNITTEST ARGUMENT...]
"""
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

BIN = pathlib.Path(sys.argv[1]).resolve()
FIXTURES = pathlib.Path(sys.argv[2]).resolve()
PAGES = 5


class Terminal:
    """A program whose three standard streams are a terminal."""

    def __init__(self, arguments, columns=80, rows=24, **popen):
        self.main, self.other = os.openpty()
        self.resize(columns, rows)
        self.program = subprocess.Popen(arguments, stdin=self.other, stdout=popen.pop("stdout", self.other),
                                        stderr=self.other, preexec_fn=self.take, **popen)
        self.text = ""

    def take(self):
        os.setsid()
        fcntl.ioctl(self.other, termios.TIOCSCTTY, 0)

    def resize(self, columns, rows):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.main, keys)

    def read(self, seconds):
        """What comes within so long, or until the program's end."""
        until = time.monotonic() + seconds
        got = ""
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.main], [], [], left)[0]:
                break
            got += os.read(self.main, 65536).decode(errors="replace")
        self.text += got
        return got

    def wait_for(self, pattern, seconds=30):
        until = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            if time.monotonic() > until:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            self.read(0.1)

    def end(self, seconds=30):
        """The exit code, once everything was read."""
        until = time.monotonic() + seconds
        while self.program.poll() is None and time.monotonic() < until:
            self.read(0.1)
        self.read(0.1)
        return self.program.poll()

    def close(self):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.main)
        os.close(self.other)


class OnATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="quire-tty-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.kept = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")} | {"TERM": "xterm"}
        cls.address = f"unix:{cls.folder}/front.sock"
        ready = cls.folder / "ready"
        with open(cls.folder / "log", "w") as log:
            cls.server = subprocess.Popen(
                [BIN / "quire-server", "--listen", cls.address, "--metrics-listen", "none", "--ready-file", ready,
                 "--workers", "cpu", "--worker-program", BIN / "quire-fake-worker", "--worker-args=--slots=1",
                 "--models-dir", FIXTURES / "models"], stderr=log,
                env=cls.kept | {"QUIRE_FAKE_DELAY_MS": "400"})
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        until = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.05)

    def start(self, *arguments, **how):
        terminal = Terminal([BIN / "quire", *arguments, "--server", self.address], env=self.kept, **how)
        self.addCleanup(terminal.close)
        return terminal

    def test_watch_fits_a_terminal_that_shrinks_to_twenty_columns(self):
        terminal = self.start("watch", "--interval-seconds", "0.2", columns=80)
        terminal.wait_for(r"cpu")
        terminal.resize(20, 10)
        os.kill(terminal.program.pid, signal.SIGWINCH)
        terminal.read(1)  # what was drawn before
        terminal.resize(21, 10)
        drawn = terminal.read(2)
        screens = drawn.split("\x1b[H")[1:]
        self.assertTrue(screens, drawn)
        for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screens[-1]).splitlines():
            self.assertLessEqual(len(line), 20, line)
        terminal.press(b"\x03")
        self.assertEqual(terminal.end(), 0)
        self.assertIn("\x1b[?1049l", terminal.text)  # the screen from before is back

    def test_progress_fits_twenty_columns(self):
        with open(self.folder / "out.json", "w") as out:
            terminal = self.start("recognise", "-f", "json", FIXTURES / "pdf/five_pages.pdf", columns=20, stdout=out)
            self.assertEqual(terminal.end(), 0)
        lines = re.findall(r"\r\x1b\[K([^\r\n\x1b]*)(?=\r\x1b)", terminal.text)
        self.assertTrue(any("five_pages" in line for line in lines), terminal.text)
        for line in lines:
            self.assertLess(len(line), 20, line)

    def pages_after(self, keys):
        out = self.folder / "paused.json"
        with open(out, "w") as file:
            terminal = self.start("recognise", "-f", "json", FIXTURES / "pdf/five_pages.pdf", stdout=file)
            terminal.wait_for(r"1 of 5 pages")
            terminal.press(keys)
            terminal.wait_for(r"paused")
            terminal.read(1.5)  # the page at hand
            at_pause = terminal.text.count("of 5 pages")
            terminal.read(2)  # four pages' time
            self.assertEqual(terminal.text.count("of 5 pages"), at_pause)
            terminal.press(b"p")
            self.assertEqual(terminal.end(), 0, terminal.text)
            for flag in (termios.ECHO, termios.ICANON):
                self.assertTrue(termios.tcgetattr(terminal.main)[3] & flag)
        return [page["page_number"] for page in json.loads(out.read_text())["pages"]]

    def test_p_pauses_and_goes_on(self):
        self.assertEqual(self.pages_after(b"p"), list(range(1, PAGES + 1)))

    def test_ctrl_z_pauses_too(self):
        self.assertEqual(self.pages_after(b"\x1a"), list(range(1, PAGES + 1)))

    def test_ctrl_c_ends_a_pause_and_gives_the_terminal_back(self):
        terminal = self.start("recognise", FIXTURES / "pdf/five_pages.pdf")
        terminal.wait_for(r"1 of 5 pages")
        terminal.press(b"p")
        terminal.wait_for(r"paused")
        terminal.press(b"\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertTrue(termios.tcgetattr(terminal.main)[3] & termios.ECHO)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
