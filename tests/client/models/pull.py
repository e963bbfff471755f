#!/usr/bin/env python3
"""`quire models pull` and `verify`: what is fetched, and how a pull that was cut off goes on.

  pull.py QUIRE NANO [UNITTEST ARGUMENT...]
"""
import hashlib
import json
import os
import select
import signal
import threading
import time

from fake_hub import COMMIT, WEIGHTS, git_sha1
from pull_case import NANO, QUIRE, TOKEN, PullCase, main


class Pull(PullCase):
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


if __name__ == "__main__":
    main()
