#!/usr/bin/env python3
"""Writes a random checkpoint of full size, with the official names, shapes, types and config.json.

  make_full_size.py FOLDER v1|v2 [--shrink N] [--eight-bit]

6.7 GB of bfloat16 in FOLDER, made on a GPU where there is one. --shrink divides the number of layers
and experts, to rehearse on a small machine. --eight-bit stores the decoder's matrices and the projector as
MLX does, in groups of 64: 3.9 GB.
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

GROUP = 64  # columns of a row that share a scale


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


def is_coded(weight):
    """Whether MLX's converter quantises it."""
    vision = any(part in weight.name for part in ("vision_model", "sam_model", "qwen2_model"))
    router = weight.name.endswith("mlp.gate.weight")
    single_row = len(weight.shape) != 2 or weight.shape[1] % GROUP
    return not (vision or router or single_row)


def parts_of(weight, eight_bit):
    """What is stored of a tensor: names, types, shapes."""
    if not (eight_bit and is_coded(weight)):
        return [(weight.name, "BF16", weight.shape)]
    stem, (out, inner) = weight.name.removesuffix(".weight"), weight.shape
    return [(weight.name, "U32", (out, inner // 4)), (f"{stem}.scales", "BF16", (out, inner // GROUP)),
            (f"{stem}.biases", "BF16", (out, inner // GROUP))]


def coded(tensor):
    """8-bit codes, scales and biases: value = scale * code + bias."""
    grouped = tensor.float().unflatten(1, (-1, GROUP))
    low = grouped.amin(-1, keepdim=True).to(torch.bfloat16)
    scale = ((grouped.amax(-1, keepdim=True) - low.float()) / 255).to(torch.bfloat16)
    codes = ((grouped - low.float()) / scale.float()).round().clamp(0, 255)
    return codes.to(torch.uint8).flatten(1), scale.squeeze(-1), low.squeeze(-1)


def write(folder, config, eight_bit=False):
    """One shard, as the official repositories have it, tensor by tensor."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = list(checkpoint.weights(config))
    header, at = {}, 0
    for weight in weights:
        for name, dtype, shape in parts_of(weight, eight_bit):
            size = {"BF16": 2, "U32": 4}[dtype] * math.prod(shape)
            header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
            at += size
    if eight_bit:
        config = config | {"quantization": {"group_size": GROUP, "bits": 8, "mode": "affine"}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    shard = "model-00001-of-000001.safetensors"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with open(folder / shard, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for weight in weights:
            tensor = value(weight, device)
            for part in coded(tensor) if eight_bit and is_coded(weight) else (tensor,):
                file.write(part.contiguous().cpu().view(torch.uint8).numpy().data)
    index = {"metadata": {"total_size": at}, "weight_map": {name: shard for name in header}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("family", choices=("v1", "v2"))
    parser.add_argument("--shrink", type=int, default=1)
    parser.add_argument("--eight-bit", action="store_true")
    arguments = parser.parse_args()
    begin = time.monotonic()
    size = write(arguments.folder, shrunk(checkpoint.official_config(arguments.family),
                                          arguments.shrink), arguments.eight_bit)
    seconds = time.monotonic() - begin
    print(f"{arguments.folder}: {size / 1e9:.2f} GB in {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
