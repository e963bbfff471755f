#pragma once

namespace quire::worker {

// How a page is cut into views. Same names as quire.v1.Mode.
enum class Mode { kDefault, kTiny, kSmall, kBase, kLarge, kGundam, kAuto };

// Tiles across and down; 1 x 1 means that the page is read by its global view alone.
struct TileGrid {
  int columns = 1;
  int rows = 1;
  int tiles() const { return columns * rows > 1 ? columns * rows : 0; }
  bool operator==(const TileGrid&) const = default;
};

// What a model's entry says about tiles.
struct TilingRules {
  int tile_side = 640;             // pixels
  int min_tiles = 2;               // smallest product of a grid
  int max_tiles = 9;               // largest product of a grid
  int single_view_max_side = 640;  // a page with no side above this is not tiled
  // 0: min_tiles holds for every page. Otherwise the smallest product rises with the page:
  // min(dense_min_tiles, max(min_tiles, ceil(width * height / tile_side^2))).
  int dense_min_tiles = 0;
};

// The grid whose width:height comes closest to the page's. On an exactly equal difference the grid
// with more tiles is taken only where the page has more than half of that grid's pixels.
// Source: DeepSeek-OCR process/image_process.py, find_closest_aspect_ratio and dynamic_preprocess.
TileGrid ChooseGrid(int width, int height, const TilingRules& rules);

}  // namespace quire::worker
