#!/usr/bin/env python3
"""What only a GPU can show, beside full_size.py: meant for one command on such a machine.

  gpu_checks.py FOLDER [--device cuda|cpu] [--shrink N] [--part codes|speed|stages|rounding]...

  codes     a v1 checkpoint in MLX's 8 bits, kept so and decoded at load: memory, speed, logits
  speed     bfloat16: steps a second while a page is scored, and while one is read
  stages    the engine: seconds by stage, parts of decode steps by the device's own events
  rounding  float32, v2: how far logits move when rounding does; no reference can be nearer

Needs a GPU with 40 GB. Prints lines of figures; ends with 1 when kept codes are not what decoded
ones are.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import time

from safetensors.torch import load_file

import checkpoint
import full_size
import make_full_size

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("codes", "speed", "stages", "rounding")
# Of logits that spread by 1: bfloat16 at 4 has steps of 0.03, and a weight whose last bit differs
# moves many of them a little. Float32 leaves what fused multiplication and addition do.
LIMIT = {"bf16": 0.02, "f32": 1e-4}


def quire(arguments, *words):
    return full_size.run_quire(arguments, list(words))


def logits(out):
    return load_file(out / "logits.safetensors")["logits"]


def difference(a, b):
    """Root mean square, largest, best tokens that agree, positions off by more than 1e-3."""
    apart = (a - b).abs()
    return {"rms": apart.square().mean().sqrt().item(), "max": apart.max().item(),
            "agree": (a.argmax(-1) == b.argmax(-1)).double().mean().item(),
            "positions_off": int((apart.amax(-1) > 1e-3).sum()), "positions": len(a)}


def say(what, **figures):
    words = [f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
             for name, value in figures.items()]
    print(f"== {what}: {', '.join(words)}", flush=True)


def make(folder, family, shrink, eight_bit=False):
    begin = time.monotonic()
    config = make_full_size.shrunk(checkpoint.official_config(family), shrink)
    size = make_full_size.write(folder, config, eight_bit)
    say(f"made {folder.name}", gigabytes=size / 1e9, seconds=time.monotonic() - begin)


def tell_speed(what, lines):
    for line in lines:
        if line["what"] == "load":
            say(f"{what} load", seconds=line["seconds"], device_gb=line["device_bytes"] / 1e9,
                rss_anon_gib=line["rss_anon_above_baseline"] / 2**30)
        elif line["what"] == "score":
            say(f"{what} score {pathlib.Path(line['page']).name}",
                vision_seconds=line["vision_seconds"],
                steps_a_second=line["steps"] / line["decoder_seconds"])
        else:
            say(f"{what} read {line['mode']}", vision_seconds=line["vision_seconds"],
                prefill_seconds=line["prefill_seconds"], tokens_a_second=line["tokens_per_second"])


def check_codes(arguments, folder, pages):
    """Kept and decoded codes, in both types; whether they agree."""
    model, good = folder / "v1-8bit", True
    make(model, "v1", arguments.shrink, eight_bit=True)
    for dtype in ("bf16", "f32"):
        for way in ("decode", "keep"):
            words = [model, "--dtype", dtype, "--eight-bit", way, "--tokens", 100]
            for name, page in pages.items():
                words += ["--score", page, folder / f"{dtype}-{way}-{name}"]
            words += ["--read", "BASE"] if dtype == "bf16" else []
            tell_speed(f"8-bit {dtype} {way}", quire(arguments, *words))
        for name in pages:
            off = difference(logits(folder / f"{dtype}-keep-{name}"),
                             logits(folder / f"{dtype}-decode-{name}"))
            say(f"8-bit {dtype} kept against decoded, {name}", **off)
            good = good and off["rms"] <= LIMIT[dtype]
    shutil.rmtree(model)
    return good


def check_speed(arguments, folder, pages):
    model = folder / "v1"
    if not model.exists():
        make(model, "v1", arguments.shrink)
    words = [model, "--dtype", "bf16", "--tokens", 120]
    for name, page in pages.items():
        words += ["--score", page, folder / f"bf16-{name}"]
    for mode in ("TINY", "BASE", "GUNDAM"):
        words += ["--read", mode]
    tell_speed("v1 bf16", quire(arguments, *words))


def check_rounding(arguments, folder, positions):
    model = folder / "v2"
    make(model, "v2", arguments.shrink)
    page = full_size.make_pages(folder, "v2", positions)["tiled"]
    outs = {}
    for name, extra in {"as it is": [], "one chunk": ["--chunk-rows", 100000],
                        "noise 1e-6": ["--noise", 1e-6]}.items():
        outs[name] = folder / f"rounding-{len(outs)}"
        quire(arguments, model, "--dtype", "f32", "--score", page, outs[name], *extra)
    for name in list(outs)[1:]:
        say(f"v2 f32 tiled, {name} against as it is", **difference(logits(outs[name]),
                                                                  logits(outs["as it is"])))
    shutil.rmtree(model)


def check_stages(arguments, folder):
    """The engine, with the profiler in every fourth step; nano also on the host, for its text."""
    model, nano, page = folder / "v1", arguments.nano, HERE / "page.ppm"
    if not model.exists():
        make(model, "v1", arguments.shrink)
    shutil.copy(HERE / "tokenizer.json", model / "tokenizer.json")
    device = "cpu" if arguments.device == "cpu" else "cuda:0"
    bench = [arguments.bench, "--profile", "4", "--tokens", "200"]
    runs = {"nano f32": [nano, page, page, "--device", device, "--dtype", "f32", "--print"],
            "nano f32 on the host": [nano, page, "--device", "cpu", "--print"],
            "v1 bf16": [model, page, page, "--device", device],
            "v1 bf16, 8 pages together": [model, *8 * [page], "--device", device, "--together",
                                          "--slots", "8"]}
    texts = {}
    for name, words in runs.items():
        done = subprocess.run([str(word) for word in bench + words], capture_output=True, text=True,
                              env=full_size.environment(arguments))
        print(f"== stages, {name}\n{done.stdout[:4000]}{done.stderr[-1500:]}", flush=True)
        texts[name] = [line for line in done.stdout.splitlines() if not line.startswith(
            ("page ", "nano ")) and "decode steps" not in line and " pages in " not in line]
    host = texts["nano f32 on the host"]
    say("nano's text on the device is the host's",
        value=bool(host) and texts["nano f32"][:len(host)] == host)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", default=str(HERE / "quire_parity"))
    parser.add_argument("--bench", default=str(HERE / "engine_bench"))
    parser.add_argument("--libraries", help="LD_LIBRARY_PATH of the programs")
    parser.add_argument("--nano", type=pathlib.Path, default=HERE / "nano")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--shrink", type=int, default=1)
    parser.add_argument("--positions", type=int, default=200)
    parser.add_argument("--part", choices=PARTS, action="append")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    pages, good = full_size.make_pages(folder, "v1", arguments.positions), True
    for part in arguments.part or PARTS:
        if part == "codes":
            good = check_codes(arguments, folder, pages)
            print("kept codes agree" if good else "MISS kept codes differ from decoded ones", flush=True)
        elif part == "speed":
            check_speed(arguments, folder, pages)
        elif part == "stages":
            check_stages(arguments, folder)
        else:
            check_rounding(arguments, folder, arguments.positions)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
