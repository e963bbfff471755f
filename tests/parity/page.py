"""Pages as tests and programs exchange them: page.safetensors in a folder of its own.

  global.N       [1, 3, side, side], normalised to -1..1
  tiles.N        [columns * rows, 3, side, side]; absent without tiles
  grid.N         [2] columns, rows
  prompt_ids     [prompt], a run of placeholders for each image
  forced_ids     [positions], what is fed after the prompt, whatever the model says

Ids are float32, exact up to 2^24, so that the C++ side reads them as it reads weights.
"""
import pathlib

import torch
from safetensors.torch import load_file, save_file

import checkpoint

MARKDOWN = [201, 128820, 21842, 270, 4940, 304, 2121, 7919, 16]


def vision_rows(family, global_grid, tile_grid=0, grid=(1, 1)):
    """Rows that an image becomes; the grids are sides in tokens."""
    columns, rows = grid
    tiles = columns * rows if columns * rows > 1 else 0
    if family == "v2":
        return tiles * tile_grid ** 2 + global_grid ** 2 + 1
    local = rows * tile_grid * (columns * tile_grid + 1) if tiles else 0
    return local + global_grid * (global_grid + 1) + 1


def pixels(views, side, seed):
    """Something with large and small structure, in 256 steps, as float32."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((views, 3, side // 32, side // 32), generator=generator)
    picture = torch.nn.functional.interpolate(coarse, (side, side), mode="nearest")
    picture = picture * 0.7 + torch.rand((views, 3, side, side), generator=generator) * 0.3
    return (picture * 255).round() / 255 * 2 - 1


def write(folder, page):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: torch.tensor(page[name], dtype=torch.float32)
               for name in ("prompt_ids", "forced_ids")}
    for i, image in enumerate(page["images"]):
        tensors[f"global.{i}"] = image["global"]
        tensors[f"grid.{i}"] = torch.tensor(image["grid"], dtype=torch.float32)
        if "tiles" in image:
            tensors[f"tiles.{i}"] = image["tiles"]
    save_file(dict(sorted(tensors.items())), folder / "page.safetensors")


def read(folder):
    tensors = load_file(pathlib.Path(folder) / "page.safetensors")
    images = []
    while f"global.{len(images)}" in tensors:
        i = len(images)
        image = {"global": tensors[f"global.{i}"].float(),
                 "grid": tuple(int(v) for v in tensors[f"grid.{i}"])}
        if f"tiles.{i}" in tensors:
            image["tiles"] = tensors[f"tiles.{i}"].float()
        images.append(image)
    return {"images": images, **{name: [int(v) for v in tensors[name]]
                                 for name in ("prompt_ids", "forced_ids")}}
