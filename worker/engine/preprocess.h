#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "worker/image/pixels.h"
#include "worker/image/tiling.h"
#include "worker/model/config.h"

namespace quire::worker {

// "TINY", "GUNDAM", ...
std::string_view ModeName(Mode mode);

// How a page of some size is cut into views.
struct ViewPlan {
  TileGrid grid;        // 1 x 1: no tiles
  int tile_side = 0;    // pixels
  int global_side = 0;  // pixels
  bool stretch = false;  // the global view is stretched to its square, not padded
  bool mosaic = true;    // see ReadingConfig
  int views() const { return grid.tiles() + 1; }
  int vision_rows() const;  // tokens that the views become, newline and separator rows included
};

// InvalidArgument where the model does not know the mode: the message names those it knows.
absl::StatusOr<ViewPlan> PlanViews(int width, int height, Mode mode, const ReadingConfig& reading);

// A page's views, normalised to -1..1: red, green and blue planes of each view, one after another.
struct PageViews {
  std::vector<float> tiles;   // [tiles, 3, tile_side, tile_side], row-major over the grid
  std::vector<float> global;  // [3, global_side, global_side]
};

// (x / 255 - 0.5) / 0.5 of the resized pixels. Source: DeepSeek-OCR process/image_process.py.
PageViews MakeViews(PixelView page, const ViewPlan& plan);

}  // namespace quire::worker
