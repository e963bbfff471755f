#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Whether the block is a picture, not text: the labels "image" and "figure".
bool IsFigure(const v1::Block& block);

// A figure that was cut out of a page.
struct FigureCrop {
  int block_index = 0;  // in PageResult.blocks
  int number = 0;       // 1-based, of its box among those of all figures of the page
  std::string png;
};

// The figures of a page, one for each box of each IsFigure() block, in their order. Boxes without a
// pixel inside the page are left out.
//   page_png  the whole page, of width_px x height_px
// Errors of DecodePng; ResourceExhausted when memory is short.
absl::StatusOr<std::vector<FigureCrop>> CutFigures(const v1::PageResult& page,
                                                   std::string_view page_png);

}  // namespace quire::client
