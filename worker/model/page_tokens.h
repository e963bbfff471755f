#pragma once

#include <ATen/core/Tensor.h>

#include "worker/image/tiling.h"

namespace quire::worker {

// Rows of the vision part of a prompt.
struct PageTokens {
  at::Tensor image_newline;   // [hidden]
  at::Tensor view_seperator;  // [hidden], spelt as in the checkpoint

  // Mosaic of the tiles with a newline after each of its rows, then the global grid likewise, then
  // the separator. Source: modeling_deepseekocr.py, DeepseekOCRModel.forward.
  //   tiles   [columns * rows, t * t, hidden], row-major; undefined without tiles
  //   global  [1, g * g, hidden]
  at::Tensor operator()(const at::Tensor& tiles, const at::Tensor& global, TileGrid grid) const;
  // How many that gives.
  static int Count(TileGrid grid, int tile_side, int global_side);
};

}  // namespace quire::worker
