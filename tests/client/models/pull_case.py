"""What the tests of `quire models pull` share.

The arguments of their programs: QUIRE NANO [UNITTEST ARGUMENT...]
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from fake_hub import COMMIT, WEIGHTS, Hub

QUIRE, NANO = sys.argv[1], pathlib.Path(sys.argv[2])
TOKEN = "hf_secret"


class PullCase(unittest.TestCase):
    """Pulls a model from a hub of its own into a folder of its own."""

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


def main():
    unittest.main("__main__", argv=[sys.argv[0], *sys.argv[3:]])
