#include "worker/model/page_tokens.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

namespace quire::worker {
namespace {

int64_t SideOf(const at::Tensor& features) {
  return static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(features.size(1)))));
}

// [height, width, hidden] -> [height * (width + 1), hidden]
at::Tensor WithNewlines(const at::Tensor& grid, const at::Tensor& newline) {
  const int64_t height = grid.size(0), hidden = grid.size(2);
  return at::cat({grid, newline.expand({height, 1, hidden})}, 1).reshape({-1, hidden});
}

}  // namespace

at::Tensor PageTokens::operator()(const at::Tensor& tiles, const at::Tensor& global,
                                  TileGrid grid) const {
  const int64_t hidden = global.size(2);
  const bool tiled = grid.tiles() > 0;
  std::vector<at::Tensor> rows;
  if (!image_newline.defined()) {
    if (tiled) rows.push_back(tiles.reshape({-1, hidden}));
    rows.push_back(global.reshape({-1, hidden}));
  } else {
    if (tiled) {
      const int64_t t = SideOf(tiles);
      const at::Tensor mosaic = tiles.view({grid.rows, grid.columns, t, t, hidden})
                                    .permute({0, 2, 1, 3, 4})
                                    .reshape({grid.rows * t, grid.columns * t, hidden});
      rows.push_back(WithNewlines(mosaic, image_newline));
    }
    const int64_t g = SideOf(global);
    rows.push_back(WithNewlines(global.view({g, g, hidden}), image_newline));
  }
  rows.push_back(view_seperator.unsqueeze(0));
  return at::cat(rows, 0);                                           // [vision rows, hidden]
}

}  // namespace quire::worker
