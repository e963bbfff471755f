#!/usr/bin/env python3
"""`quire evaluate` with nano as it is, on one small page.

  evaluate_nano.py BIN_FOLDER FIXTURES
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BIN, FIXTURES = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()


class EvaluateNano(unittest.TestCase):
    def test_a_page_is_measured_and_scored(self):
        with tempfile.TemporaryDirectory(prefix="quire-evaluate-") as folder:
            for name in ("simple_text.png", "simple_text.md"):
                (pathlib.Path(folder) / name).symlink_to(FIXTURES / "evaluate" / name)
            kept = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
            result = subprocess.run(
                [BIN / "quire", "evaluate", "--data", folder, "--models", "nano", "--runs", "1", "-f", "json"],
                capture_output=True, text=True, timeout=170, env=kept)
        self.assertEqual(result.returncode, 0, result.stderr)
        nano = json.loads(result.stdout)["candidates"][0]
        self.assertLess(nano["accuracy"]["character_error_rate"], 0.05)
        self.assertGreater(nano["simple_seconds"]["median"], 0)
        self.assertGreater(nano["load_seconds"], 0)
        self.assertGreater(nano["host_bytes"], 50_000_000)
        self.assertEqual(nano["device"], "cpu")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
