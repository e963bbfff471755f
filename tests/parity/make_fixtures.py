#!/usr/bin/env python3
"""Makes fixtures/parity: tiny random checkpoints, pages, and what transformers computes for them.

  make_fixtures.py FOLDER            writes all of it
  make_fixtures.py FOLDER --check    makes it again elsewhere and compares: checkpoints and pages
                                     byte for byte, activations to 1e-6; ends with 1 on a difference

  FOLDER/versions.json                                     what the activations were made with
  FOLDER/MODEL/model/                                      config.json, weights in bfloat16
  FOLDER/MODEL/pages/PAGE/page.safetensors                 see page.py; pixels are bfloat16
  FOLDER/MODEL/expected/PAGE/expected.safetensors          float32:
    rows                        those of the prompt and forced ids whose activations are stored
    sam.V, body.V, projected.V  of the views, V is "global" or "tiles"; body is CLIP's patches, or
                                the queries; absent from long pages
    embedded, layers.N, norm, logits
    greedy                      the best tokens behind the prompt

Weights and pixels are hashes of their names, so that no version of any library changes them. The
reference runs in float64, but for what its code computes in float32: RMS norms, softmax, router,
rotary angles, position tables. So it is the same on every machine, and errors that a test sees are
Quire's.
"""
import argparse
import copy
import dataclasses
import json
import math
import pathlib
import platform
import shutil
import sys
import tempfile

import numpy
import torch
from safetensors.torch import load_file, save_file

import checkpoint
import native
import page as pages

IMAGE_TOKEN = 120
GREEDY_TOKENS = 24
FORCED_TOKENS = 8
MOST_ROWS = 110  # of a page whose activations are stored
CLEAR_GAP = 1e-3  # between the two best logits of a greedy step
QUIET = 0.05  # factor of what goes into a norm, where a wrong eps shall show
LIMIT = 1e-6  # of a tensor's largest magnitude, or of 1


def config_of(family, sam, body, **language):
    """A config.json with the official entries and small numbers."""
    config = copy.deepcopy(checkpoint.official_config(family))
    config["image_token_id"] = IMAGE_TOKEN
    config["language_config"] |= {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 2,
        "intermediate_size": 56, "moe_intermediate_size": 16, "n_routed_experts": 8,
        "num_experts_per_tok": 3, "vocab_size": 128, "max_position_embeddings": 2048} | language
    width = config["vision_config"]["width"]
    name = next(name for name in width if name != "sam_vit_b")
    width["sam_vit_b"] |= {"width": 16, "layers": 3, "heads": 2, "global_attn_indexes": [1],
                           "out_chans": 12, "downsample_channels": [16, 24]} | sam
    width[name] |= {"layers": 2} | body
    channels = checkpoint.sam_sizes(config)["downsample_channels"][1]
    config["projector_config"] = {"projector_type": "linear", "n_embed": 32,
                                  "input_dim": channels * (2 if family == "v1" else 1)}
    return config


CLIP = {"width": 24, "heads": 2, "image_size": 56}  # 4 x 4 positions
QUERIES = {"dim": 24, "heads": 4, "kv_heads": 2, "intermediate_size": 40}

# Values that go into a norm of each kind: SAM's blocks and neck, CLIP, its layers, the query encoder;
# some of the decoder's rows. At the usual size of 1 an eps of 1e-5 in the place of 1e-6 would be lost
# in rounding.
QUIETED = ("patch_embed.proj", "sam_model.pos_embed", "neck.0", "neck.2", "pre_layrnorm",
           "query_768", "query_1024", "image_newline", "view_seperator")

# A page: sides of the global view and of a tile in tokens, the images' grids of tiles (columns, rows),
# ids before and between the images, ids after them. Greedy tokens of a random model often go round;
# the last number is one that gives a varied text without near ties.
MODELS = {
    "v1_untied": {
        "config": config_of("v1", {"patch_size": 4, "image_size": 128, "window_size": 5}, CLIP),
        "pages": {"whole": (8, 0, [(1, 1)], 0, 11),  # SAM's own grid, CLIP's enlarged
                  "tiled": (4, 3, [(2, 3)], 2, 12),  # CLIP's own grid and a smaller one
                  "two_images": (4, 3, [(3, 1), (1, 1)], 3, 11),
                  "long": (4, 3, [(2, 2), (1, 2)], 480, 42)},
    },
    "v1_tied": {
        "config": config_of("v1", {"patch_size": 4, "image_size": 64, "window_size": 4}, CLIP,
                            tie_word_embeddings=True, num_attention_heads=4, num_key_value_heads=4,
                            n_shared_experts=1, num_experts_per_tok=2, first_k_dense_replace=2),
        "pages": {"whole": (4, 0, [(1, 1)], 1, 16), "two_images": (4, 2, [(1, 2), (2, 1)], 0, 23)},
    },
    "v2_untied": {
        "config": config_of("v2", {"patch_size": 2, "image_size": 128, "window_size": 7}, QUERIES),
        "pages": {"tiled": (16, 12, [(1, 2)], 0, 21),  # 144 queries a tile, 256 for the page
                  "long": (16, 12, [(2, 1), (1, 2)], 2, 15)},
    },
    "v2_tied": {
        "config": config_of("v2", {"patch_size": 2, "image_size": 64, "window_size": 6}, QUERIES,
                            tie_word_embeddings=True, num_attention_heads=4, num_key_value_heads=4,
                            n_shared_experts=1, num_experts_per_tok=2),
        "pages": {"whole": (12, 0, [(1, 1)], 1, 7), "two_images": (12, 0, [(1, 1), (1, 1)], 3, 14)},
    },
}


def hashed(name, count):
    """Whole numbers below 2^32: MurmurHash3's finaliser over FNV-1a of the name plus a step an index."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = (seed + 2654435761 * numpy.arange(count, dtype=numpy.uint64)) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ x >> shift) * factor) & 0xFFFFFFFF
    return x ^ x >> 16


def weights(config):
    for weight in checkpoint.weights(config):
        if any(name in weight.name for name in QUIETED):
            weight = dataclasses.replace(weight, std=QUIET * weight.std, mean=QUIET * weight.mean)
        yield weight


def write_checkpoint(folder, name, config):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tensors = {}
    for weight in weights(config):
        spread = hashed(f"{name}/{weight.name}", math.prod(weight.shape)) / 2**31 - 1
        values = weight.mean + weight.std * math.sqrt(3) * spread
        tensors[weight.name] = torch.from_numpy(values).float().bfloat16().reshape(weight.shape)
    save_file(tensors, folder / "model.safetensors")


def pixels(name, views, side):
    """Squares of one colour under noise, in steps of 1/128."""
    square = side // 4
    coarse = hashed(name + "/coarse", views * 3 * 16).reshape(views, 3, 4, 4) >> 24
    fine = hashed(name + "/fine", views * 3 * side * side).reshape(views, 3, side, side) >> 24
    value = (7 * coarse.repeat(square, 2).repeat(square, 3) + 3 * fine) // 10
    return torch.from_numpy((value.astype(numpy.float64) - 128) / 128).bfloat16()


def ids(name, count):
    """Ordinary tokens: neither begin, end nor image."""
    return [2 + int(value) for value in hashed(name, count) % (IMAGE_TOKEN - 2)]


def make_page(name, config, plan):
    global_grid, tile_grid, grids, before, after = plan
    token_side = 4 * checkpoint.sam_sizes(config)["patch_size"]
    images, prompt = [], [0] + ids(name + "/before", before)
    for i, grid in enumerate(grids):
        image = {"global": pixels(f"{name}/global.{i}", 1, global_grid * token_side), "grid": grid}
        if grid != (1, 1):
            image["tiles"] = pixels(f"{name}/tiles.{i}", grid[0] * grid[1], tile_grid * token_side)
        images.append(image)
        family = "v2" if checkpoint.is_v2(config) else "v1"
        rows = pages.vision_rows(family, global_grid, tile_grid, grid)
        # Images stand side by side where nothing stands before the first.
        between = ids(f"{name}/between.{i}", before) if i else []
        prompt += between + [IMAGE_TOKEN] * rows
    return {"images": images, "prompt_ids": prompt + ids(name + "/after", after),
            "forced_ids": ids(name + "/forced", FORCED_TOKENS)}


class Recorder:
    """What modules gave in one run of the model, by our names."""

    def __init__(self, model):
        vision, text = model.model.vision_tower, model.model.language_model
        self.seen, self.hooks = {}, []
        self._after(vision.sam_encoder, "sam", lambda out: out.last_hidden_state)
        self._after(vision.vision_encoder, "body", self._without_inputs)
        self._after(model.model.multi_modal_projector, "projected", lambda out: out)
        self.hooks.append(text.layers[0].register_forward_pre_hook(
            lambda _, given: self._keep("embedded", given[0])))
        for i, layer in enumerate(text.layers):
            self._after(layer, f"layers.{i}", lambda out: out)
        self._after(text.norm, "norm", lambda out: out)

    def _without_inputs(self, out):
        """CLIP without its class row; of the query encoder, the queries."""
        patches = self.seen["sam"][-1][0, 0].numel()
        return out.last_hidden_state[:, -patches:]

    def _keep(self, name, tensor):
        self.seen.setdefault(name, []).append(tensor)

    def _after(self, module, name, take):
        self.hooks.append(module.register_forward_hook(
            lambda _, __, out: self._keep(name, take(out))))

    def take(self):
        for hook in self.hooks:
            hook.remove()
        return self.seen


def stored_rows(sequence):
    """All of a short sequence; of a long one every few, the images' separators, and the last."""
    count = len(sequence)
    separators = [i for i in range(count - 1)
                  if sequence[i] == IMAGE_TOKEN and sequence[i + 1] != IMAGE_TOKEN]
    last = range(max(0, count - FORCED_TOKENS - 1), count)
    return sorted({*range(0, count, -(-count // MOST_ROWS)), *separators, *last})


def continue_greedily(model, embedded, prompt_rows):
    """Best tokens after the prompt, by whole runs: nothing of the reference's cache takes part."""
    rows, written = embedded[:, :prompt_rows], []
    for _ in range(GREEDY_TOKENS):
        logits = model(inputs_embeds=rows, use_cache=False).logits[0, -1]
        two = logits.topk(2)
        if two.values[0] - two.values[1] < CLEAR_GAP:
            raise ValueError(f"token {len(written)} is a near tie: change the page's plan")
        written.append(int(two.indices[0]))
        following = model.get_input_embeddings()(torch.tensor([[written[-1]]]))
        rows = torch.cat([rows, following], dim=1)
    return written


def expect(model, page):
    """All activations of the page's prompt and forced ids, logits, and the greedy continuation."""
    recorder = Recorder(model)
    sequence = page["prompt_ids"] + page["forced_ids"][:-1]
    logits = native.forward(model, page, sequence).logits[0]
    seen = recorder.take()
    rows = stored_rows(sequence)
    tensors = {"rows": torch.tensor(rows), "logits": logits[rows]}
    for name, runs in seen.items():
        if name in ("sam", "body", "projected"):
            # Of a page with many views the splice below is enough.
            if len(sequence) <= 1000:
                tensors |= {f"{name}.{views}": run for views, run in zip(("global", "tiles"), runs)}
        else:
            tensors[name] = runs[0][0, rows]
    with torch.inference_mode():
        tensors["greedy"] = torch.tensor(
            continue_greedily(model, seen["embedded"][0], len(page["prompt_ids"])))
    return {name: tensor.float().contiguous() for name, tensor in tensors.items()}


def make(folder):
    torch.set_num_threads(2)
    for name, model in MODELS.items():
        base = folder / name
        write_checkpoint(base / "model", name, model["config"])
        reference = native.load(base / "model", torch.float64, "cpu", experts="eager")
        for page_name, plan in model["pages"].items():
            pages.write(base / "pages" / page_name,
                        make_page(f"{name}/{page_name}", model["config"], plan))
            expected = expect(reference, pages.read(base / "pages" / page_name))
            out = base / "expected" / page_name
            out.mkdir(parents=True)
            save_file(expected, out / "expected.safetensors")
            print(f"{name}/{page_name}: {len(expected['rows'])} rows stored, greedy "
                  f"{[int(i) for i in expected['greedy']]}", flush=True)
    import safetensors
    import transformers
    versions = {"python": platform.python_version(), "torch": torch.__version__.split("+")[0],
                "transformers": transformers.__version__, "safetensors": safetensors.__version__,
                "numpy": numpy.__version__}
    (folder / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


def differences(there, made):
    """What of `made` is not as it is `there`, in words."""
    files = {root: {p.relative_to(root) for p in root.rglob("*") if p.is_file()}
             for root in (there, made)}
    for path in sorted(files[there] ^ files[made]):
        yield f"{path}: is in one of them only"
    for path in sorted(files[there] & files[made]):
        if path.name == "versions.json":
            continue
        if path.name != "expected.safetensors":
            if (there / path).read_bytes() != (made / path).read_bytes():
                yield f"{path}: other bytes"
            continue
        old, new = load_file(there / path), load_file(made / path)
        if {n: t.shape for n, t in old.items()} != {n: t.shape for n, t in new.items()}:
            yield f"{path}: other names or shapes"
            continue
        for name in old:
            off = (old[name] - new[name]).abs().max().item() / max(1, old[name].abs().max().item())
            if not off <= LIMIT or (name in ("rows", "greedy") and off):
                yield f"{path}: {name} differs by {off:.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quire-parity-") as folder:
        made = pathlib.Path(folder)
        make(made)
        if not arguments.check:
            for name in MODELS:
                shutil.rmtree(arguments.folder / name, ignore_errors=True)
            shutil.copytree(made, arguments.folder, dirs_exist_ok=True)
            return
        found = list(differences(arguments.folder, made))
        for name, where in ("there", arguments.folder), ("made", made):
            print(f"{name}: {' '.join((where / 'versions.json').read_text().split())}")
    print("\n".join(found) or "all as it was")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
