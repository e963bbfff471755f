#!/usr/bin/env python3
"""A run of the whole service as Prometheus sees it: every metric moves, labels are few, and every
expression of dashboard and rules gives data.

  watched.py BIN_FOLDER PROJECT_FOLDER PROMETHEUS_FOLDER WORKER_PROGRAM [UNITTEST ARGUMENT...]
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

BIN, PROJECT, PROMETHEUS = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
WORKER = sys.argv[4]
HOSTILE = 'evil"}\nname{x="1'
STAGES = {"upload", "queue", "render", "transfer", "preprocess", "tokenize", "vision", "prefill", "decode",
          "postprocess"}
# Label -> its values, or nothing where they are as many as workers, codes or versions.
LABELS = {"stage": STAGES, "part": {"attention", "experts", "head", "sampling", "other"},
          "outcome": {"read", "failed", "cancelled"}, "state": {"used", "free"},
          "reason": {"first", "worker_lost", "worker_failed", "out_of_memory", "render_failed", "model_gone", "died", "hung",
                     "configuration", "device_failed", "timeout", "stop", "length", "repetition", "unreadable", "DRAINING", "NO_WORKER",
                     "TOO_MANY_DOCUMENTS", "TOO_MANY_DOCUMENTS_OF_TOKEN", "QUEUE_FULL", "other"},
          "worker": {"cpu"}, "device": {"cpu"}, "dtype": {"f32"}, "model": {"nano", "fake"}, "code": None,
          "version": None, "le": None, "quantile": None}
VARIABLES = {"$instance": ".*", "$__rate_interval": "5m", "$__range": "5m"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(address, path, **query):
    url = f"http://{address}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def wait_for(what, seconds, condition):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def child_of(parent, program):
    """The pid of a running child of `parent` with this program, or nothing."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == parent and command.endswith("/" + program):
            return int(stat.parent.name)
    return None


def series_of(text):
    """(name, {label: value}) -> value, from the exposition format."""
    found = {}
    for line in text.splitlines():
        match = re.match(r'(\w+)(?:\{(.*)\})? (\S+)$', line)
        if match and line.startswith("quire_"):
            labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            found[match[1], labels] = float(match[3])
    return found


class Scraper(threading.Thread):
    """Reads endpoints again and again, and keeps the largest value of each series."""

    def __init__(self, addresses):
        super().__init__()
        self.addresses, self.families, self.largest, self.over = addresses, set(), {}, threading.Event()

    def run(self):
        while not self.over.wait(0.1):
            for address in self.addresses:
                try:
                    text = get(address, "/metrics")
                except OSError:
                    continue  # not up, or being started again
                self.families |= {n for n in re.findall(r"^# TYPE (quire_\w+)", text, re.M)}
                for series, value in series_of(text).items():
                    self.largest[series] = max(value, self.largest.get(series, 0))

    def stop(self):
        self.over.set()
        self.join()

    def largest_of(self, family):
        names = {family, family + "_count"}
        return max((v for (name, _), v in self.largest.items() if name in names), default=0)


class Run:
    """The service, a Prometheus that scrapes it, and documents of all kinds."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="quire-watched-"))
        self.processes, self.scraper = [], None
        self.server_address = f"unix:{self.folder}/front.sock"
        self.worker_metrics = f"127.0.0.1:{free_port()}"

    def begin(self):
        self.server = self.start_server()
        self.front_metrics = json.loads((self.folder / "ready").read_text())["metrics"]
        self.scraper = Scraper([self.front_metrics, self.worker_metrics])
        self.scraper.start()
        self.prometheus = self.start_prometheus()

    def start(self, *command, **more):
        with open(self.folder / "log", "a") as log:
            self.processes.append(subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, **more))
        return self.processes[-1]

    def start_server(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
        server = self.start(
            BIN / "quire-server", "--listen", self.server_address, "--metrics-listen", "127.0.0.1:0",
            "--ready-file", self.folder / "ready", "--workers", "cpu", "--worker-program", BIN / WORKER,
            "--models-dir", PROJECT / "fixtures/models", "--max-documents", "2", "--profile", "2",
            f"--worker-args=--metrics-listen={self.worker_metrics}",
            env=kept | {"QUIRE_FAKE_DELAY_MS": "400", "TMPDIR": str(self.folder)})
        wait_for("the server is ready", 60, (self.folder / "ready").exists)
        return server

    def start_prometheus(self):
        address = f"127.0.0.1:{free_port()}"
        config = self.folder / "prometheus.yaml"
        config.write_text(f"""
global: {{scrape_interval: 500ms, evaluation_interval: 1s}}
rule_files: ["{PROJECT}/deploy/prometheus/rules.yaml"]
scrape_configs:
  - {{job_name: quire, static_configs: [{{targets: ["{self.front_metrics}"]}}]}}
  - {{job_name: quire-worker, static_configs: [{{targets: ["{self.worker_metrics}"]}}]}}
""")
        self.start(PROMETHEUS / "prometheus", f"--config.file={config}", f"--web.listen-address={address}",
                   f"--storage.tsdb.path={self.folder}/tsdb", "--log.level=warn")

        def has_scraped():
            try:
                answer = json.loads(get(address, "/api/v1/query", query="sum(up) == 2"))
                return bool(answer["data"]["result"])
            except OSError:
                return False
        wait_for("Prometheus scrapes front and worker", 60, has_scraped)
        return address

    def read(self, name="pdf/five_pages.pdf", *flags):
        return self.start(BIN / "quire", "recognise", "--server", self.server_address, "--retries", "0",
                          "--max-tokens", "60", *flags, PROJECT / "fixtures" / name)

    def figure(self, name, **labels):
        return sum(value for (n, found), value in series_of(get(self.front_metrics, "/metrics")).items()
                   if n == name and labels.items() <= dict(found).items())

    def wait_for_figure(self, least, name, **labels):
        wait_for(f"{name} {labels} is {least}", 120, lambda: self.figure(name, **labels) >= least)

    def drive(self):
        self.read("images/simple_text.png").wait()
        self.read("pdf/five_pages.pdf", "--request-id", HOSTILE, "--mode", "base").wait()
        self.read("pdf/five_pages.pdf", "--model", HOSTILE).wait()
        self.read("pdf/five_pages.pdf", "--pages", "1", "--dpi", "1200").wait()  # too large: fails
        long = [self.read("pdf/five_pages.pdf"), self.read("pdf/five_pages.pdf")]
        self.wait_for_figure(2, "quire_documents_open")
        self.read().wait()  # one too many
        self.wait_for_figure(1, "quire_slots", state="used")
        os.kill(child_of(self.server.pid, WORKER), signal.SIGKILL)
        os.kill(child_of(self.server.pid, "quire-render"), signal.SIGKILL)
        for reading in long:
            reading.wait()
        read = self.figure("quire_pages_total", outcome="read")
        cancelled = self.read()
        self.wait_for_figure(read + 1, "quire_pages_total", outcome="read")
        cancelled.send_signal(signal.SIGINT)
        cancelled.wait()
        self.wait_for_figure(1, "quire_pages_total", outcome="cancelled")
        self.read("images/simple_text.png").wait()

    def stop(self):
        if self.scraper:
            self.scraper.stop()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait()

    def without_data(self, expressions, seconds=60):
        """Those that give no number, asked again until `seconds` have passed."""
        left, until = dict.fromkeys(expressions), time.monotonic() + seconds
        while left and time.monotonic() < until:
            left = {e: None for e in left if not self.has_data(e)}
            if left:
                time.sleep(0.5)
        return list(left)

    def has_data(self, expression):
        try:
            answer = json.loads(get(self.prometheus, "/api/v1/query", query=expression))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        return any(sample["value"][1] != "NaN" for sample in answer["data"]["result"])


def filled_in(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def without_limits(expression):
    """An alert's expression as one that gives 0 or 1 where its metrics exist, fulfilled or not."""
    outside = re.split(r"(\{[^}]*\})", expression)  # not in label matchers
    outside[::2] = [re.sub(r"(==|!=|>=|<=|>|<)", r"\1 bool", part) for part in outside[::2]]
    return "".join(outside)


class Watched(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.run_ = Run()
        cls.addClassCleanup(shutil.rmtree, cls.run_.folder, ignore_errors=True)
        cls.addClassCleanup(cls.run_.stop)
        cls.run_.begin()
        cls.run_.drive()

    def test_every_metric_moves(self):
        still = sorted(f for f in self.run_.scraper.families if self.run_.scraper.largest_of(f) == 0)
        self.assertEqual(still, [])
        self.assertGreater(len(self.run_.scraper.families), 35)

    @unittest.skipUnless(WORKER == "quire-worker", "the fake reader has no such stages")
    def test_every_stage_takes_time(self):
        for family in ("quire_stage_seconds_sum", "quire_engine_stage_seconds_sum"):
            sums = {dict(labels)["stage"]: v for (n, labels), v in self.run_.scraper.largest.items() if n == family}
            idle = {stage for stage, seconds in sums.items() if seconds == 0}
            # The worker shares the front's memory: nothing is carried in it.
            self.assertEqual(idle, {"transfer"} if "engine" in family else set())

    def test_the_readme_lists_every_metric(self):
        listed = re.findall(r"^\| `(quire_\w+)` \|", (PROJECT / "README.md").read_text(), re.M)
        self.assertEqual(sorted(listed), sorted(self.run_.scraper.families))

    def test_labels_have_few_values(self):
        for name, labels in self.run_.scraper.largest:
            for label, value in labels:
                self.assertIn(label, LABELS, name)
                self.assertTrue(LABELS[label] is None or value in LABELS[label], f"{name} {label}={value}")
                self.assertNotIn("evil", value)

    def test_every_expression_of_the_dashboard_gives_data(self):
        board = json.loads((PROJECT / "deploy/grafana/quire.json").read_text())
        expressions = [filled_in(t["expr"]) for panel in board["panels"] for t in panel["targets"]]
        self.assertGreater(len(expressions), 30)
        self.assertEqual(self.run_.without_data(expressions), [])
        for left_out in VARIABLES:
            self.assertNotIn(left_out, " ".join(expressions))

    def test_every_rule_gives_data(self):
        groups = json.loads(get(self.run_.prometheus, "/api/v1/rules"))["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertEqual([r["name"] for r in rules if r.get("lastError")], [])
        recorded = [r["name"] for r in rules if r["type"] == "recording"]
        alerts = [without_limits(r["query"]) for r in rules if r["type"] == "alerting"]
        self.assertGreaterEqual(min(len(recorded), len(alerts)), 8)
        self.assertEqual(self.run_.without_data(recorded + alerts), [])

    def test_the_run_fires_what_it_should(self):
        self.assertTrue(self.run_.has_data('increase(quire_rejected_total{reason="TOO_MANY_DOCUMENTS"}[5m]) > 0'))
        self.assertTrue(self.run_.has_data('increase(quire_worker_restarts_total{reason="died"}[5m]) > 0'))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]])
