#!/usr/bin/env python3
"""Holds Quire against transformers at full size, on random weights: meant for a machine with a GPU.

  full_size.py FOLDER [--part v1|v2] [--program PATH] [--device cuda|cpu] [--shrink N] [--keep]

Makes FOLDER/v1 and FOLDER/v2, scores the same pages with transformers and with quire_parity, in float32
and bfloat16, reads a page in every mode, prints a table and writes FOLDER/PART.json as it goes. Every
program run is a process of its own, so that nothing keeps device memory. Ends with 1 on a miss:

  float32    the same best token on 99.9 % of the positions
  bfloat16   Quire's error (against its own float32) at most 1.2 x transformers' (against its own), and
             the same best token wherever the float32 gap is above a tenth of the logits' deviation
  loading    at most 2 GiB of anonymous host memory above the process's baseline, on a GPU
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import torch
from safetensors.torch import load_file, save_file

import checkpoint
import make_full_size
import page as pages

HERE = pathlib.Path(__file__).resolve().parent
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
MODES = {"v1": ("TINY", "SMALL", "BASE", "LARGE", "GUNDAM"), "v2": ("BASE", "GUNDAM")}
LIMIT_F32_AGREEMENT = 0.999
LIMIT_BF16_ERROR_RATIO = 1.2
LIMIT_GAP_DEVIATIONS = 0.1
LIMIT_RSS_ANON = 2 << 30


def make_pages(folder, family, positions):
    """One page of a single view, one of 2 x 3 tiles and a global view."""
    tile_side = 640 if family == "v1" else 768
    made = {}
    for seed, (name, grid) in enumerate({"whole": (1, 1), "tiled": (2, 3)}.items()):
        image = {"global": pages.pixels(1, 1024, seed), "grid": grid}
        if grid != (1, 1):
            image["tiles"] = pages.pixels(grid[0] * grid[1], tile_side, seed + 10)
        rows = pages.vision_rows(family, 16, tile_side // 64, grid)
        generator = torch.Generator().manual_seed(seed)
        forced = torch.randint(3, checkpoint.IMAGE_TOKEN, (positions,), generator=generator).tolist()
        made[name] = folder / "pages" / family / name
        pages.write(made[name], {"images": [image], "forced_ids": forced,
                                 "prompt_ids": [0] + [checkpoint.IMAGE_TOKEN] * rows + pages.MARKDOWN})
    return made


def score_with_transformers(model_folder, dtype, device, jobs):
    """jobs: page folder, output folder, ... Runs in a process of its own."""
    import native
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32
    begin = time.monotonic()
    model = native.load(model_folder, DTYPES[dtype], device,
                        experts="eager" if dtype == "f32" else None)
    print(json.dumps({"what": "load", "seconds": time.monotonic() - begin}), flush=True)
    for page_folder, out in zip(jobs[::2], jobs[1::2]):
        page = pages.read(page_folder)
        begin = time.monotonic()
        forced = page["forced_ids"]
        logits = native.forward(model, page, page["prompt_ids"] + forced[:-1],
                                logits_to_keep=len(forced)).logits[0]
        pathlib.Path(out).mkdir(parents=True, exist_ok=True)
        save_file({"logits": logits.float().cpu()}, pathlib.Path(out) / "logits.safetensors")
        print(json.dumps({"what": "score", "page": page_folder,
                          "seconds": time.monotonic() - begin}), flush=True)


def run(command, environment=None):
    """The JSON lines that a program prints."""
    print("+", " ".join(map(str, command)), flush=True)
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          env=environment)
    for line in done.stdout.splitlines():
        print(" ", line if len(line) < 200 else line[:200] + "...", flush=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def environment(arguments):
    """That the programs need."""
    libraries = {"LD_LIBRARY_PATH": arguments.libraries} if arguments.libraries else {}
    return dict(os.environ) | libraries


def run_quire(arguments, words):
    device = "cpu" if arguments.device == "cpu" else "cuda:0"
    return run([arguments.program, *words, "--device", device], environment(arguments))


def compare(out, device):
    """Figures of one page from the four files of logits."""
    logits = {name: load_file(out / name / "logits.safetensors")["logits"].to(device)
              for name in ("native-f32", "native-bf16", "quire-f32", "quire-bf16")}
    best = {name: values.argmax(-1) for name, values in logits.items()}
    exact = logits["native-f32"]
    deviation = exact.std().item()
    two = exact.topk(2, -1).values
    clear = (two[:, 0] - two[:, 1]) > LIMIT_GAP_DEVIATIONS * deviation

    def error(who):
        return (logits[f"{who}-bf16"] - logits[f"{who}-f32"]).square().mean().sqrt().item()

    return {
        "positions": len(exact), "deviation": deviation,
        "finite": all(bool(torch.isfinite(values).all()) for values in logits.values()),
        "f32_difference_max": (logits["quire-f32"] - exact).abs().max().item(),
        "f32_difference_rms": (logits["quire-f32"] - exact).square().mean().sqrt().item(),
        "f32_agreement": (best["quire-f32"] == best["native-f32"]).double().mean().item(),
        "bf16_error_quire": error("quire"), "bf16_error_native": error("native"),
        "clear_positions": int(clear.sum()),
        "clear_misses_quire": int((clear & (best["quire-bf16"] != best["native-f32"])).sum()),
        "clear_misses_native": int((clear & (best["native-bf16"] != best["native-f32"])).sum()),
        "bf16_agreement": (best["quire-bf16"] == best["native-bf16"]).double().mean().item(),
    }


def misses(results, on_gpu):
    """What does not hold, in words."""
    for name, figures in results["pages"].items():
        if not figures["finite"]:
            yield f"{name}: a logit is not finite"
        if figures["f32_agreement"] < LIMIT_F32_AGREEMENT:
            yield f"{name}: best token agrees on {figures['f32_agreement']:.4f} in float32"
        ratio = figures["bf16_error_quire"] / figures["bf16_error_native"]
        if not ratio <= LIMIT_BF16_ERROR_RATIO:
            yield f"{name}: bfloat16 error is {ratio:.3f} x transformers'"
        if figures["clear_misses_quire"]:
            yield f"{name}: {figures['clear_misses_quire']} clear best tokens differ in bfloat16"
    for load in results["loads"]:
        if on_gpu and load["rss_anon_above_baseline"] > LIMIT_RSS_ANON:
            yield f"loading {load['dtype']} took {load['rss_anon_above_baseline']} bytes of RssAnon"


def table(results):
    for name, f in results["pages"].items():
        print(f"{name:6} positions {f['positions']} (clear {f['clear_positions']})  "
              f"f32: agree {f['f32_agreement']:.4f}, rms {f['f32_difference_rms']:.2e}, "
              f"max {f['f32_difference_max']:.2e}  bf16 error: quire {f['bf16_error_quire']:.4f}, "
              f"transformers {f['bf16_error_native']:.4f}, "
              f"ratio {f['bf16_error_quire'] / f['bf16_error_native']:.3f}, clear misses "
              f"{f['clear_misses_quire']} (transformers {f['clear_misses_native']})")
    for f in results["loads"]:
        print(f"load {f['dtype']:5} {f['seconds']:.1f} s, {f['bytes_per_second'] / 1e9:.2f} GB/s, "
              f"RssAnon +{f['rss_anon_above_baseline'] / 2**30:.2f} GiB")
    for f in results["reads"]:
        print(f"read {f['mode']:7} {f['views']} views, {f['prompt_rows']} rows, vision "
              f"{f['vision_seconds']:.3f} s, prefill {f['prefill_seconds']:.3f} s, "
              f"{f['tokens_per_second']:.1f} tokens/s")


def run_part(arguments, family):
    """Everything of one family; what was measured is on disk even if a later step fails."""
    folder = pathlib.Path(arguments.folder)
    model, out = folder / family, folder / "logits" / family
    results = {"family": family, "torch": torch.__version__, "pages": {}, "loads": [], "reads": []}

    def save():
        (folder / f"{family}.json").write_text(json.dumps(results, indent=1))

    begin = time.monotonic()
    if not (model / "config.json").exists():  # written last
        config = make_full_size.shrunk(checkpoint.official_config(family), arguments.shrink)
        size = make_full_size.write(model, config)
        print(f"{model}: {size / 1e9:.2f} GB in {time.monotonic() - begin:.1f} s", flush=True)
    torch.cuda.empty_cache()
    made = make_pages(folder, family, arguments.positions)

    for dtype in ("bf16", "f32"):
        words = [model, "--dtype", dtype, "--tokens", arguments.tokens]
        for name, page in made.items():
            words += ["--score", page, out / name / f"quire-{dtype}"]
        for mode in MODES[family] if dtype == "bf16" else ():
            words += ["--read", mode]
        for line in run_quire(arguments, words):
            if line["what"] != "score":
                results[line["what"] + "s"].append(line)
        save()
    for dtype in ("bf16", "f32"):
        jobs = [word for name, page in made.items() for word in (page, out / name / f"native-{dtype}")]
        run([sys.executable, __file__, "--transformers", model, dtype, arguments.device, *jobs])
    for name in made:
        results["pages"][name] = compare(out / name, arguments.device)
        save()
    results["seconds"] = time.monotonic() - begin
    results["misses"] = list(misses(results, arguments.device != "cpu"))
    save()
    print(f"== {family}, {results['seconds']:.0f} s")
    table(results)
    print("\n".join(f"MISS {miss}" for miss in results["misses"]) or "all hold", flush=True)
    shutil.rmtree(out)
    if not arguments.keep:
        shutil.rmtree(model)
    return not results["misses"]


def main():
    if sys.argv[1:2] == ["--transformers"]:
        return score_with_transformers(*sys.argv[2:5], sys.argv[5:])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--part", choices=("v1", "v2"), action="append")
    parser.add_argument("--program", default=str(HERE / "quire_parity"))
    parser.add_argument("--libraries", help="LD_LIBRARY_PATH of the program")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--shrink", type=int, default=1, help="fewer layers and experts: a rehearsal")
    parser.add_argument("--positions", type=int, default=500)
    parser.add_argument("--tokens", type=int, default=200, help="to read in each mode")
    parser.add_argument("--keep", action="store_true", help="leave the checkpoints there")
    arguments = parser.parse_args()
    good = [run_part(arguments, family) for family in arguments.part or ("v1", "v2")]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
