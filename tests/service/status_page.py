#!/usr/bin/env python3
"""The front's status page over plain HTTP and, where it is installed, in Chromium.

  status_page.py BIN_FOLDER [UNITTEST ARGUMENT...]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BIN = pathlib.Path(sys.argv[1]).resolve()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class StatusPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="quire-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
        ready = cls.folder / "ready"
        with open(cls.folder / "log", "w") as log:
            cls.server = subprocess.Popen(
                [BIN / "quire-server", "--listen", f"unix:{cls.folder}/front.sock", "--metrics-listen", "127.0.0.1:0",
                 "--ready-file", ready, "--workers", "cpu", "--worker-program", BIN / "quire-fake-worker",
                 "--models-dir", BIN.parent.parent / "fixtures/models"], stderr=log, env=kept)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        until = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.05)
        cls.url = "http://" + json.loads(ready.read_text())["metrics"]

    def get(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def test_tells_what_watch_status_tells(self):
        status, headers, body = self.get("/status.json")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        told = json.loads(body)
        self.assertTrue(told["status"]["ready"])
        self.assertEqual(told["status"]["workers"][0]["id"], "cpu")
        self.assertEqual(told["status"]["open_documents"], [])

    def test_page_names_nothing_from_elsewhere(self):
        status, headers, page = self.get("/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        for path in ["", *re.findall(r'(?:href|src)="([^"]+)"', page)]:
            status, _, body = self.get("/" + path)
            self.assertEqual(status, 200, path)
            self.assertNotRegex(body, r"https?://|@import|innerHTML")

    def test_only_reads_and_has_no_other_path(self):
        self.assertEqual(self.get("/status.json", "POST")[0], 405)
        self.assertEqual(self.get("/", "DELETE")[0], 405)
        for path in ("/metrics/x", "/../etc/passwd", "/status.json/", "/x" * 500):
            self.assertEqual(self.get(path)[0], 404, path)
        self.assertEqual(self.get("/", "HEAD")[2], "")

    def test_still_serves_metrics(self):
        self.assertIn("\nquire_workers 1\n", self.get("/metrics")[2])

    @unittest.skipUnless(CHROMIUM, "Chromium is not installed")
    def test_chromium_shows_the_worker(self):
        dom = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.folder}/chromium",
             "--virtual-time-budget=2500", "--dump-dom", self.url + "/"],
            capture_output=True, text=True, timeout=90).stdout
        self.assertIn('<span id="state" role="status" class="ready">ready</span>', dom)
        self.assertRegex(dom, r"<td>cpu</td><td>ready</td><td>fake</td>")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
