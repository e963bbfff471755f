#!/usr/bin/env python3
"""Where the programs look for a model, and what they say when it is not there.

  model_places.py BIN_FOLDER FIXTURES [UNITTEST ARGUMENT...]
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BIN, FIXTURES = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class ModelPlaces(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="quire-places-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, name, *arguments, **more):
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("QUIRE_", "HF_", "XDG_", "DEEPSEEK_"))}
        return subprocess.run([BIN / name, *arguments], capture_output=True, text=True, timeout=170,
                              env=kept | {"HOME": str(self.folder)} | more)

    def serve(self, *arguments, **more):
        return self.run_program("quire-server", "--listen", f"unix:{self.folder}/s", "--metrics-listen", "none",
                                *arguments, **more)

    def link_nano(self, cache):
        """nano as huggingface_hub would have fetched it."""
        snapshot = cache / "models--test--nano/snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        blobs = cache / "models--test--nano/blobs"
        blobs.mkdir()
        for number, name in enumerate(("config.json", "tokenizer.json", "model.safetensors")):
            (blobs / str(number)).symlink_to(FIXTURES / "models/nano" / name)
            (snapshot / name).symlink_to(f"../../blobs/{number}")
        refs = cache / "models--test--nano/refs"
        refs.mkdir()
        (refs / "main").write_text(COMMIT)

    def test_a_server_without_its_model_says_what_to_type(self):
        result = self.serve("--model", "deepseek-ocr-2")
        self.assertEqual(result.returncode, 78)
        self.assertIn("type: quire models pull deepseek-ocr-2 (looked for: ", result.stdout + result.stderr)
        self.assertIn(f"{self.folder}/.cache/huggingface/hub/models--deepseek-ai--DeepSeek-OCR-2", result.stdout + result.stderr)

    def test_the_older_variable_is_taken(self):
        result = self.serve(DEEPSEEK_OCR_MODEL="someone/else")
        self.assertEqual(result.returncode, 78)
        self.assertIn("type: quire models pull someone/else", result.stdout + result.stderr)

    def test_an_unknown_key_is_told_the_keys(self):
        result = self.serve("--model", "huge")
        self.assertEqual(result.returncode, 78)
        self.assertIn("one of the keys deepseek-ocr, deepseek-ocr-2", result.stdout + result.stderr)

    def test_a_local_server_without_its_model_says_what_to_type(self):
        result = self.run_program("quire", "recognise", "--local", "--model", "deepseek-ocr",
                                  FIXTURES / "images/simple_text.png")
        self.assertEqual(result.returncode, 6)
        self.assertIn("type: quire models pull deepseek-ocr", result.stderr)

    @unittest.skipUnless((BIN / "quire-worker").exists(), "this build has no libtorch")
    def test_a_worker_without_its_model_says_what_to_type(self):
        result = self.run_program("quire-worker", "--model", "deepseek-ocr", "--attach", "unix:/none", "--id", "w")
        self.assertEqual(result.returncode, 78)
        self.assertIn("type: quire models pull deepseek-ocr", result.stdout + result.stderr)

    @unittest.skipUnless((BIN / "quire-worker").exists(), "this build has no libtorch")
    def test_a_page_is_read_with_a_model_of_the_hugging_face_cache(self):
        self.link_nano(self.folder / "hub")
        result = self.run_program("quire", "recognise", "--local", "--model", "test/nano",
                                  FIXTURES / "images/simple_text.png", HF_HUB_CACHE=str(self.folder / "hub"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(len(result.stdout), 200)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
