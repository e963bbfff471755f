#pragma once

#include <string_view>
#include <vector>

namespace quire::worker {

// A rectangle as the model writes it: thousandths of the page, 0..999, of its width or height.
struct ModelBox {
  double left = 0, top = 0, right = 0, bottom = 0;
};

// Reads "[[x0, y0, x1, y1], ...]": one or more quadruples of whole or decimal numbers, spaces
// between anything; numbers outside 0..999 are taken to the nearest of these. Whatever is not just
// that has no boxes.
std::vector<ModelBox> ParseBoxList(std::string_view text);

}  // namespace quire::worker
