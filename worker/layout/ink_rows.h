#pragma once

#include <vector>

#include "worker/layout/ink_lines.h"

namespace quire::worker {

// Lines of ink that stand beside one another, in one column.
struct InkRow {
  PixelBox box;              // of all of them
  double widths = 0;         // sum of the lines' widths, each in its own heights
  std::vector<PixelBox> lines;
  double height() const { return box.bottom - box.top; }
};

// The rows of a page from top to bottom, as if it had one column.
std::vector<InkRow> RowsDown(const std::vector<PixelBox>& lines);

// The rows in the order in which columns are read: where a gap runs down beside at least four rows
// that are wide enough for text, what is left of it comes before what is right of it.
std::vector<InkRow> RowsByColumn(const PageInk& ink);

}  // namespace quire::worker
