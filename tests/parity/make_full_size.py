#!/usr/bin/env python3
"""Writes a random checkpoint of full size, with the official names, shapes, types and config.json.

  make_full_size.py FOLDER v1|v2 [--shrink N]

6.7 GB of bfloat16 in FOLDER, made on a GPU where there is one. --shrink divides the number of layers
and experts, to rehearse on a small machine.
"""
import argparse
import json
import math
import pathlib
import struct
import time
import zlib

import torch

import checkpoint


def shrunk(config, divisor):
    """The same widths with fewer layers and experts."""
    language = config["language_config"]
    if divisor == 1:
        return config
    language["num_hidden_layers"] = max(2, language["num_hidden_layers"] // divisor)
    language["n_routed_experts"] = max(8, language["n_routed_experts"] // divisor)
    width = config["vision_config"]["width"]
    sam = width["sam_vit_b"]
    sam |= {"layers": max(2, sam["layers"] // divisor), "global_attn_indexes": [1]}
    body = next(width[name] for name in width if name != "sam_vit_b")
    body["layers"] = max(2, 24 // divisor)
    return config


def value(weight, device):
    generator = torch.Generator(device).manual_seed(zlib.crc32(weight.name.encode()))
    tensor = torch.empty(weight.shape, device=device)
    return tensor.normal_(weight.mean, weight.std, generator=generator).to(torch.bfloat16)


def write(folder, config):
    """One shard, as the official repositories have it, tensor by tensor."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = list(checkpoint.weights(config))
    header, at = {}, 0
    for weight in weights:
        size = 2 * math.prod(weight.shape)
        header[weight.name] = {"dtype": "BF16", "shape": list(weight.shape),
                               "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    shard = "model-00001-of-000001.safetensors"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with open(folder / shard, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for weight in weights:
            file.write(value(weight, device).cpu().view(torch.uint8).numpy().data)
    index = {"metadata": {"total_size": at}, "weight_map": {w.name: shard for w in weights}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("family", choices=("v1", "v2"))
    parser.add_argument("--shrink", type=int, default=1)
    arguments = parser.parse_args()
    begin = time.monotonic()
    size = write(arguments.folder, shrunk(checkpoint.official_config(arguments.family),
                                          arguments.shrink))
    seconds = time.monotonic() - begin
    print(f"{arguments.folder}: {size / 1e9:.2f} GB in {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
