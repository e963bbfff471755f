#!/usr/bin/env python3
"""`quire models pull` and `verify` against a hub on this machine that breaks in every way.

  models_pull.py QUIRE NANO [UNITTEST ARGUMENT...]

The hub and the host that it redirects to are two servers on free ports of the loopback interface.
"""
import email.utils
import hashlib
import http.server
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

QUIRE, NANO = sys.argv[1], pathlib.Path(sys.argv[2])
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.safetensors"
TOKEN = "hf_secret"


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that go away are what is tested."""


class Hub:
    """Two servers: `hub` lists and tells digests, `cdn` holds the large file. `fault(request)` may answer
    in their place: it returns True when it has."""

    def __init__(self):
        self.files = {"config.json": b"{}", "tokenizer.json": b'{"t": 1}', WEIGHTS: os.urandom(300_000),
                      "README.md": b"read me"}
        self.listed = None
        self.seen = []  # (server, method, path, headers)
        self.fault = lambda request: False
        self.servers = {name: self.serve(name) for name in ("hub", "cdn")}

    def serve(self, name):
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_name = name

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.answer()

            def do_GET(self):
                self.answer()

            def answer(self):
                hub.seen.append((name, self.command, self.path, dict(self.headers)))
                try:
                    if not hub.fault(self):
                        hub.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def send(self, status, body=b"", **headers):
                self.send_response(status)
                headers = {"Content-Length": len(body)} | {k.replace("_", "-"): v for k, v in headers.items()}
                for key, value in headers.items():
                    if value is not None:
                        self.send_header(key, str(value))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def cut(self):
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)

        server = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def url(self, name):
        return f"http://127.0.0.1:{self.servers[name].server_port}"

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def answer(self, request):
        name = request.path.rsplit("/", 1)[-1]
        if request.server_name == "cdn":
            return self.send_range(request, self.files[name])
        if request.path.startswith("/api/models/"):
            names = self.listed or list(self.files)
            return request.send(200, json.dumps(
                {"sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}).encode())
        data = self.files.get(name)
        if data is None:
            return request.send(404)
        if name.endswith(".safetensors"):
            return request.send(302, Location=self.url("cdn") + "/" + name, X_Linked_Size=len(data),
                                X_Linked_Etag=f'"{hashlib.sha256(data).hexdigest()}"')
        return request.send(200, data, ETag=f'"{git_sha1(data)}"')

    @staticmethod
    def begin_of(request):
        text = request.headers.get("Range")
        return int(text.removeprefix("bytes=").removesuffix("-")) if text else 0

    def send_range(self, request, data):
        begin = self.begin_of(request)
        if begin == 0:
            return request.send(200, data)
        return request.send(206, data[begin:], Content_Range=f"bytes {begin}-{len(data) - 1}/{len(data)}")

    def weight_requests(self):
        return [h for server, method, path, h in self.seen if server == "cdn" and method == "GET"]


class PullTest(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.close)
        folder = tempfile.TemporaryDirectory(prefix="quire-pull-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.root = self.folder / "quire/models/models--test--model"
        self.snapshot = self.root / "snapshots" / COMMIT

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("QUIRE_", "HF_", "XDG_")) and not k.lower().endswith("_proxy")}
        return kept | {"HOME": str(self.folder), "QUIRE_CACHE_DIR": str(self.folder / "quire"),
                       "HF_ENDPOINT": self.hub.url("hub"), "HF_TOKEN": TOKEN} | more

    def start(self, *arguments, model="test/model", **more):
        return subprocess.Popen([QUIRE, "models", "pull", model, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment(**more),
                                # Where tests run in the background Ctrl-C is ignored, and would stay so.
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def pull(self, *arguments, code=0, **more):
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, err)
        self.assertNotIn(TOKEN, out + err)
        return out, err

    def models(self, *arguments):
        return subprocess.run([QUIRE, "models", *arguments], capture_output=True, text=True,
                              env=self.environment())

    def assert_whole(self):
        for name in ("config.json", "tokenizer.json", WEIGHTS, "README.md"):
            self.assertEqual((self.snapshot / name).read_bytes(), self.hub.files[name], name)

    def assert_nothing_named(self):
        """No file that is not whole has a model's name."""
        self.assertFalse(self.snapshot.exists())
        self.assertEqual([p for p in self.root.rglob("*.safetensors")], [])
        self.assertEqual(self.models("verify", "test/model").returncode, 8)

    def wait_for(self, condition):
        for _ in range(600):
            if condition():
                return
            time.sleep(0.05)
        self.fail("it did not come")

    def part(self):
        return next(iter(self.root.rglob(WEIGHTS + ".*.part")), None)

    # What a hub does that is as it should be.

    def test_fetches_every_file_and_points_the_revision_to_it(self):
        out, err = self.pull()
        self.assertEqual(out.strip(), str(self.snapshot))
        self.assertIn("every digest right", err)
        self.assert_whole()
        self.assertEqual((self.root / "refs/main").read_text(), COMMIT)
        self.assertFalse((self.root / "partial").exists())

    def test_the_token_goes_to_the_hub_alone(self):
        self.pull()
        sent = {(server, h.get("Authorization")) for server, _, _, h in self.hub.seen}
        self.assertEqual(sent, {("hub", f"Bearer {TOKEN}"), ("cdn", None)})

    def test_a_second_pull_fetches_nothing(self):
        self.pull()
        self.hub.seen.clear()
        _, err = self.pull()
        self.assertIn("here already", err)
        self.assertEqual([path for _, _, path, _ in self.hub.seen], ["/api/models/test/model/revision/main"])

    def test_what_the_hugging_face_cache_has_is_not_fetched(self):
        blobs = self.folder / ".cache/huggingface/hub/models--test--model/blobs"
        there = blobs.parent / "snapshots" / COMMIT
        for folder in (blobs, there):
            folder.mkdir(parents=True)
        for name, data in self.hub.files.items():
            (blobs / git_sha1(data)).write_bytes(data)
            (there / name).symlink_to(f"../../blobs/{git_sha1(data)}")
        out, _ = self.pull()
        self.assertEqual(out.strip(), str(there))
        self.assertEqual(self.hub.weight_requests(), [])

    def test_names_that_leave_the_folder_are_not_fetched(self):
        self.hub.listed = [*self.hub.files, "../evil.json", "/etc/evil.json", "a/b.json", ".hidden.json",
                           "..\\evil.json", "run.py"]
        self.pull()
        self.assertEqual(sorted(p.name for p in self.snapshot.iterdir()),
                         sorted([*self.hub.files, "quire-digests.json"]))

    def test_a_revision_is_asked_for_by_name(self):
        self.pull(model="test/model@release/1.0")
        self.assertEqual(self.hub.seen[0][2], "/api/models/test/model/revision/release%2F1.0")
        self.assertEqual((self.root / "refs/release/1.0").read_text(), COMMIT)

    def test_many_shards_come_in_parallel(self):
        for i in range(5):
            self.hub.files[f"part-{i}.safetensors"] = os.urandom(1000)
        waiting = threading.Barrier(6)

        def meet(request):
            if request.server_name == "cdn":
                waiting.wait(timeout=20)  # passes when all six requests are there at once
            return False
        self.hub.fault = meet
        self.pull()

    def test_nano_is_pulled_verified_and_shown(self):
        self.hub.files = {n: (NANO / n).read_bytes() for n in ("config.json", "tokenizer.json", WEIGHTS)}
        self.pull()
        verified = self.models("verify", "test/model")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("sha256 " + hashlib.sha256(self.hub.files[WEIGHTS]).hexdigest(), verified.stdout)
        self.assertIn("723 tensors", verified.stdout)
        shown = json.loads(self.models("show", "test/model", "--format", "json").stdout)
        self.assertEqual(shown["place"], "Quire's cache")
        self.assertIn("test/model", self.models("list").stdout)

    def test_verify_names_the_file_that_changed(self):
        self.hub.files = {n: (NANO / n).read_bytes() for n in ("config.json", "tokenizer.json", WEIGHTS)}
        self.pull()
        with open(self.snapshot / WEIGHTS, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        verified = self.models("verify", "test/model")
        self.assertEqual(verified.returncode, 8)
        self.assertIn("DAMAGED   " + WEIGHTS, verified.stdout)
        self.assertIn(WEIGHTS + ": its sha256 is ", verified.stderr)

    # Connections.

    def test_a_cut_is_continued_where_it_was(self):
        def cut_once(request):
            if request.server_name != "cdn" or len(self.hub.weight_requests()) > 1:
                return False
            request.send_response(200)
            request.send_header("Content-Length", "300000")
            request.end_headers()
            request.wfile.write(self.hub.files[WEIGHTS][:100_000])
            request.cut()
            return True
        self.hub.fault = cut_once
        self.pull()
        self.assert_whole()
        self.assertEqual([h.get("Range") for h in self.hub.weight_requests()], [None, "bytes=100000-"])

    def test_an_answer_without_a_length_that_ends_early_is_continued(self):
        def end_early(request):
            if request.server_name != "cdn" or len(self.hub.weight_requests()) > 1:
                return False
            request.send_response(200)
            request.send_header("Connection", "close")
            request.end_headers()
            request.wfile.write(self.hub.files[WEIGHTS][:50_000])
            request.cut()
            return True
        self.hub.fault = end_early
        self.pull()
        self.assert_whole()
        self.assertEqual(self.hub.weight_requests()[1].get("Range"), "bytes=50000-")

    def test_a_host_that_cuts_every_time_without_a_byte_is_given_up(self):
        def cut(request):
            if request.server_name == "cdn":
                request.cut()
            return request.server_name == "cdn"
        self.hub.fault = cut
        _, err = self.pull("--retries", "1", code=6)
        self.assertEqual(len(self.hub.weight_requests()), 2)
        self.assertIn(self.hub.url("cdn"), err)
        self.assert_nothing_named()

    def test_a_stall_is_noticed_and_continued(self):
        def stall_once(request):
            if request.server_name != "cdn" or len(self.hub.weight_requests()) > 1:
                return False
            request.send_response(200)
            request.send_header("Content-Length", "300000")
            request.end_headers()
            request.wfile.write(self.hub.files[WEIGHTS][:1000])
            request.wfile.flush()
            time.sleep(5)
            request.close_connection = True
            return True
        self.hub.fault = stall_once
        begin = time.monotonic()
        self.pull("--stall-seconds", "0.5")
        self.assertLess(time.monotonic() - begin, 4.5)
        self.assert_whole()

    def hold_weights(self):
        """Sends 100,000 bytes of the weights, then nothing until the client goes."""
        def hold(request):
            if request.server_name != "cdn":
                return False
            request.send_response(200)
            request.send_header("Content-Length", "300000")
            request.end_headers()
            request.wfile.write(self.hub.files[WEIGHTS][:100_000])
            request.wfile.flush()
            select.select([request.connection], [], [], 30)
            request.close_connection = True
            return True
        self.hub.fault = hold

    def end_and_continue(self, how, code):
        self.hold_weights()
        process = self.start()
        self.wait_for(lambda: self.part() and self.part().stat().st_size == 100_000)
        process.send_signal(how)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, code)
        self.assert_nothing_named()
        self.hub.fault = lambda request: False
        self.hub.seen.clear()
        self.pull()
        self.assert_whole()
        self.assertEqual([h.get("Range") for h in self.hub.weight_requests()], ["bytes=100000-"])

    def test_ctrl_c_keeps_the_part_for_the_next_pull(self):
        self.end_and_continue(signal.SIGINT, 130)

    def test_a_killed_pull_is_continued(self):
        self.end_and_continue(signal.SIGKILL, -signal.SIGKILL)

    def test_two_pulls_of_a_model_do_not_meet(self):
        self.hold_weights()
        first = self.start()
        self.addCleanup(first.communicate)
        self.addCleanup(first.kill)
        self.wait_for(self.part)
        _, err = self.pull(code=7)
        self.assertIn("another pull", err)
        self.assertIn("pull.lock", err)

    def test_a_part_that_was_changed_is_fetched_anew(self):
        self.hold_weights()
        process = self.start()
        self.wait_for(lambda: self.part() and self.part().stat().st_size == 100_000)
        process.kill()
        process.communicate()
        with open(self.part(), "r+b") as part:
            part.write(b"not these bytes")
        self.hub.fault = lambda request: False
        self.pull()
        self.assert_whole()

    def test_a_part_of_other_weights_is_not_continued(self):
        self.hold_weights()
        process = self.start()
        self.wait_for(lambda: self.part() and self.part().stat().st_size == 100_000)
        process.kill()
        process.communicate()
        self.hub.files[WEIGHTS] = os.urandom(300_000)
        self.hub.fault = lambda request: False
        self.hub.seen.clear()
        self.pull()
        self.assert_whole()
        self.assertEqual([h.get("Range") for h in self.hub.weight_requests()], [None])

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
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
