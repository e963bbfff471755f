#!/usr/bin/env python3
"""`quire completion` in real shells, as far as they are installed, and `quire man` in groff.

  shell_test.py QUIRE [UNITTEST ARGUMENT...]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

QUIRE = pathlib.Path(sys.argv[1]).resolve()
KEPT = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}


def quire(*arguments):
    return subprocess.run([QUIRE, *arguments], capture_output=True, text=True, env=KEPT)


def flags_of(*command):
    """Every flag that a command's --help names."""
    return set(re.findall(r"^\s+(?:-\w,)?(--[a-z][a-z-]+)", quire(*command, "--help").stdout, re.M))


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What bash offers for the last word."""
        script = quire("completion", "bash").stdout
        quoted = " ".join(f"'{word}'" for word in words)
        run = subprocess.run(
            ["bash", "--norc", "-c", f"{script}\nCOMP_WORDS=(quire {quoted}); COMP_CWORD={len(words)}; _quire\n"
             'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, cwd=QUIRE.parent)
        self.assertEqual(run.stderr, "")
        return set(run.stdout.split())

    def test_offers_commands(self):
        self.assertLessEqual({"recognise", "watch", "models", "bench", "man"}, self.complete(""))
        self.assertEqual(self.complete("models", "pu"), {"pull"})

    def test_offers_the_flags_that_help_names(self):
        for command in (("recognise",), ("models", "pull"), ("bench",)):
            offered = self.complete(*command, "--")
            self.assertEqual(flags_of(*command) - offered - {"--timeout-seconds", "--unordered"}, set(), command)
            self.assertGreater(len(offered), 3)

    def test_offers_a_flags_values(self):
        self.assertEqual(self.complete("recognise", "--text-layer", ""), {"use", "compare", "ignore"})
        self.assertEqual(self.complete("recognise", "-f", "h"), {"hocr"})

    def test_offers_files(self):
        self.assertIn("quire", self.complete("recognise", "qui"))

    def test_is_sound_in_other_shells(self):
        for shell, check in (("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")):
            if not shutil.which(shell):
                continue
            run = subprocess.run([shell, check], input=quire("completion", shell).stdout, capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stderr), (0, ""), shell)

    def test_names_every_command_in_every_shell(self):
        for shell in ("bash", "zsh", "fish"):
            text = quire("completion", shell).stdout
            for word in ("recognise", "pull", "text-layer", "compare", "frames"):
                self.assertIn(word, text, shell)

    def test_refuses_a_shell_that_it_does_not_know(self):
        run = quire("completion", "tcsh")
        self.assertEqual(run.returncode, 2)
        self.assertIn("bash", run.stderr)


class ManPage(unittest.TestCase):
    def test_names_every_flag(self):
        page = quire("man").stdout.replace("\\-", "-")
        for command in (("recognise",), ("models", "pull"), ("watch",), ("evaluate",)):
            for flag in flags_of(*command) - {"--help", "--version", "--unordered"}:
                self.assertIn(flag, page)

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_is_taken_by_groff_without_a_warning(self):
        run = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Kutf8"], input=quire("man").stdout,
                             capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("QUIRE(1)", run.stdout)
        self.assertIn("EXIT STATUS", re.sub(r"\x1b\[[0-9;]*m|.\x08", "", run.stdout))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
