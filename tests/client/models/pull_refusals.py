#!/usr/bin/env python3
"""`quire models pull` against a hub that lies, refuses, is busy or away.

  pull_refusals.py QUIRE NANO [UNITTEST ARGUMENT...]
"""
import email.utils
import hashlib
import os
import pty
import subprocess
import time

from fake_hub import COMMIT, WEIGHTS, Hub, git_sha1
from pull_case import NANO, QUIRE, PullCase, main


class Refusals(PullCase):
    def test_no_server_is_said_so(self):
        _, err = self.pull("--retries", "0", code=6, HF_ENDPOINT="http://127.0.0.1:1")
        self.assertIn("127.0.0.1:1", err)

    # Lies.

    def lie(self, answer):
        def fault(request):
            if request.server_name != "cdn":
                return False
            answer(request, self.hub.files[WEIGHTS])
            return True
        self.hub.fault = fault

    def test_wrong_bytes_are_not_kept(self):
        self.lie(lambda request, data: request.send(200, b"\0" * len(data)))
        _, err = self.pull(code=8)
        self.assertIn("sha256 is " + hashlib.sha256(b"\0" * 300_000).hexdigest(), err)
        self.assertIn("expected " + hashlib.sha256(self.hub.files[WEIGHTS]).hexdigest(), err)
        self.assert_nothing_named()
        self.assertEqual(self.part().stat().st_size, 0)

    def test_a_small_file_with_another_digest_is_refused(self):
        def fault(request):
            if request.command == "HEAD" and request.path.endswith("config.json"):
                request.send(200, b"{}", ETag='"' + "0" * 40 + '"')
                return True
            return False
        self.hub.fault = fault
        _, err = self.pull(code=8)
        self.assertIn("git-sha1 is " + git_sha1(b"{}"), err)
        self.assertFalse(self.snapshot.exists())

    def test_a_length_that_is_too_long_is_refused(self):
        self.lie(lambda request, data: request.send(200, data + b"more"))
        _, err = self.pull(code=8)
        self.assertIn("announces 300004 bytes; expected 300000", err)
        self.assert_nothing_named()

    def test_a_length_that_is_too_short_is_refused(self):
        self.lie(lambda request, data: request.send(200, data[:-1]))
        _, err = self.pull(code=8)
        self.assertIn("announces 299999 bytes; expected 300000", err)
        self.assert_nothing_named()

    def test_more_than_was_told_without_a_length_is_refused(self):
        def endless(request, data):
            request.send_response(200)
            request.send_header("Connection", "close")
            request.end_headers()
            for _ in range(1000):
                request.wfile.write(data)
        self.lie(endless)
        _, err = self.pull(code=8)
        self.assertIn("more than the 300000 bytes", err)
        self.assert_nothing_named()
        self.assertLessEqual(self.part().stat().st_size, 300_000)

    def test_another_range_than_was_asked_for_is_refused(self):
        def shifted(request, data):
            begin = Hub.begin_of(request)
            if begin == 0:
                request.send_response(200)
                request.send_header("Content-Length", "300000")
                request.end_headers()
                request.wfile.write(data[:1000])
                return request.cut()
            request.send(206, data[999:], Content_Range="bytes 999-299999/300000")
        self.lie(shifted)
        _, err = self.pull(code=8)
        self.assertIn("answers with 'bytes 999-299999/300000'; expected bytes 1000- of 300000", err)
        self.assert_nothing_named()

    def test_a_host_that_knows_no_ranges_sends_the_whole_again(self):
        def no_ranges(request, data):
            if len(self.hub.weight_requests()) > 1:
                return request.send(200, data)
            request.send_response(200)
            request.send_header("Content-Length", "300000")
            request.end_headers()
            request.wfile.write(data[:1000])
            request.cut()
        self.lie(no_ranges)
        self.pull()
        self.assert_whole()

    def test_a_file_without_a_digest_is_refused(self):
        self.hub.fault = lambda request: request.command == "HEAD" and not request.send(200, b"{}")
        _, err = self.pull(code=8)
        self.assertIn("ETag is ''; expected a SHA-256 or a git SHA-1", err)

    def test_a_listing_that_is_no_listing_is_refused(self):
        for body in (b"<html>", b"[]", b'{"sha": 1}', b'{"sha": "%s", "siblings": 1}' % COMMIT.encode(),
                     b"[" * 100_000):
            self.hub.fault = lambda request: "/api/" in request.path and not request.send(200, body)
            _, err = self.pull(code=8)
            self.assertIn("its listing", err)

    def test_a_listing_without_weights_is_no_model(self):
        del self.hub.files[WEIGHTS]
        _, err = self.pull(code=8)
        self.assertIn("it lacks *.safetensors", err)

    def test_a_circle_of_redirects_ends(self):
        self.lie(lambda request, data: request.send(302, Location=request.path))
        _, err = self.pull(code=8)
        self.assertIn("redirects more than 10 times", err)

    def test_a_redirect_to_a_file_is_refused(self):
        self.lie(lambda request, data: request.send(302, Location="file:///etc/passwd"))
        _, err = self.pull(code=8)
        self.assertIn("redirects to 'file:///etc/passwd'", err)

    def test_more_than_the_disk_holds_is_refused_before_a_byte_comes(self):
        def huge(request):
            if request.command == "HEAD" and request.path.endswith(WEIGHTS):
                request.send(302, Location=self.hub.url("cdn") + "/" + WEIGHTS, X_Linked_Size=10**15,
                             X_Linked_Etag='"' + "0" * 64 + '"')
                return True
            return False
        self.hub.fault = huge
        _, err = self.pull(code=3)
        self.assertRegex(err, "has room for .* and this pull needs 1000 TB; free some")
        self.assertEqual(self.hub.weight_requests(), [])

    # Refusals.

    def refuse(self, status, times=1000, where="/", **headers):
        left = [times]

        def fault(request):
            if left[0] == 0 or where not in request.path or request.server_name != "hub":
                return False
            left[0] -= 1
            request.send(status, **headers)
            return True
        self.hub.fault = fault

    def test_401_asks_for_a_token(self):
        self.refuse(401, X_Error_Message="Access to model test/model is restricted")
        _, err = self.pull(code=8, HF_TOKEN="")
        self.assertIn("401 (Access to model test/model is restricted)", err)
        self.assertIn("set HF_TOKEN", err)
        self.assertEqual(len(self.hub.seen), 1)

    def test_401_with_a_token_says_that_it_was_refused(self):
        self.refuse(401)
        self.assertIn("refuses HF_TOKEN", self.pull(code=8)[1])

    def test_404_is_said_so(self):
        self.refuse(404)
        self.assertIn("no such repository", self.pull(code=8)[1])

    def test_404_of_a_file_names_it(self):
        self.refuse(404, where="tokenizer.json")
        self.assertIn("/tokenizer.json answers 404", self.pull(code=8)[1])

    def test_429_waits_as_long_as_it_is_asked_to(self):
        self.refuse(429, times=1, Retry_After=1)
        begin = time.monotonic()
        self.pull()
        self.assertGreaterEqual(time.monotonic() - begin, 1)
        self.assert_whole()

    def test_429_waits_until_the_date_it_is_told(self):
        self.refuse(429, times=1, Retry_After=email.utils.formatdate(time.time() + 3, usegmt=True))
        begin = time.monotonic()
        self.pull()
        self.assertGreaterEqual(time.monotonic() - begin, 1.5)

    def test_429_of_a_file_waits_as_long_as_it_is_asked_to(self):
        def fault(request):
            if request.server_name != "cdn" or len(self.hub.weight_requests()) > 1:
                return False
            request.send(429, Retry_After=1)
            return True
        self.hub.fault = fault
        begin = time.monotonic()
        self.pull()
        self.assertGreaterEqual(time.monotonic() - begin, 1)
        self.assert_whole()

    def test_503_that_stays_is_given_up(self):
        self.refuse(503)
        _, err = self.pull("--retries", "1", code=7)
        self.assertIn("503", err)
        self.assertEqual(len(self.hub.seen), 2)

    def test_a_token_does_not_travel_in_clear(self):
        _, err = self.pull(code=8, HF_ENDPOINT="http://hub.invalid")
        self.assertIn("would travel in clear", err)

    def test_what_ships_is_not_pulled(self):
        self.assertIn("ships with Quire", self.pull(model="nano", code=2)[1])

    def test_an_unknown_key_names_those_there_are(self):
        self.assertIn("deepseek-ocr-2", self.pull(model="deepseek", code=2)[1])

    # The line that tells how far it is.

    def pull_on_terminal(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([QUIRE, "models", "pull", "test/model"], stdout=subprocess.DEVNULL,
                                   stderr=theirs, env=self.environment(TERM="xterm"))
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 4096):
                text += chunk
        except OSError:  # Linux: nobody holds the other end any more
            pass
        os.close(ours)
        self.assertEqual(process.wait(), 0)
        return text.decode()

    def test_a_terminal_is_told_how_far_it_is(self):
        text = self.pull_on_terminal()
        self.assertIn("\r300 kB of 300 kB, 100 %", text)
        self.assertEqual(text.count("100 %\x1b") + text.count("100 %,"), text.count("100 %"))

    def test_a_file_is_not(self):
        out, err = self.pull()
        self.assertNotIn("%", out + err)
        self.assertNotIn("\r", out + err)

    def test_a_quiet_pull_says_nothing_but_the_folder(self):
        out, err = self.pull("--quiet")
        self.assertEqual((out, err), (f"{self.snapshot}\n", ""))


if __name__ == "__main__":
    main()
