#pragma once

#include <ATen/core/Tensor.h>

#include "worker/image/tiling.h"

namespace quire::worker {

// Rows of the vision part of a prompt.
struct PageTokens {
  at::Tensor image_newline;   // [hidden]; undefined in v2
  at::Tensor view_seperator;  // [hidden], spelt as in the checkpoint

  // v1: mosaic of the tiles with a newline after each of its rows, then the global grid likewise,
  // then the separator. Source: modeling_deepseekocr.py, DeepseekOCRModel.forward.
  // v2: tile after tile, the global view, the separator. Source: modeling_deepseekocr2.py.
  //   tiles   [columns * rows, t * t, hidden], row-major; undefined without tiles
  //   global  [1, g * g, hidden]
  at::Tensor operator()(const at::Tensor& tiles, const at::Tensor& global, TileGrid grid) const;
};

}  // namespace quire::worker
