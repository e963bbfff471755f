#include "worker/image/tiling.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace quire::worker {
namespace {

int SmallestProduct(int64_t pixels, const TilingRules& rules) {
  if (rules.dense_min_tiles == 0) return rules.min_tiles;
  const int64_t tile_pixels = int64_t{rules.tile_side} * rules.tile_side;
  const int64_t full_tiles = (pixels + tile_pixels - 1) / tile_pixels;
  return static_cast<int>(
      std::min<int64_t>(rules.dense_min_tiles, std::max<int64_t>(rules.min_tiles, full_tiles)));
}

}  // namespace

TileGrid ChooseGrid(int width, int height, const TilingRules& rules) {
  if (std::max(width, height) <= rules.single_view_max_side) return {};
  const int64_t pixels = int64_t{width} * height;
  const double aspect = static_cast<double>(width) / height;
  const double tile_pixels = static_cast<double>(rules.tile_side) * rules.tile_side;
  TileGrid best;
  double best_difference = std::numeric_limits<double>::infinity();
  for (int product = SmallestProduct(pixels, rules); product <= rules.max_tiles; ++product) {
    for (int columns = 1; columns <= product; ++columns) {
      if (product % columns != 0) continue;
      const TileGrid grid{columns, product / columns};
      const double difference = std::abs(aspect - static_cast<double>(grid.columns) / grid.rows);
      const bool tie_won = difference == best_difference && pixels > 0.5 * tile_pixels * product;
      if (difference < best_difference || tie_won) {
        best = grid;
        best_difference = difference;
      }
    }
  }
  return best;
}

}  // namespace quire::worker
