#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/render/document.h"

namespace quire::render {

// A canvas that is written in the order of an image's stored rows and turned by its EXIF orientation
// on the way. Pixels of one stored row are `step()` bytes apart. One thread.
//
//   for (int y = 0; y < stored_height; ++y) WriteRow(turned.Row(y), turned.step());
class TurnedCanvas {
 public:
  // orientation  1 to 8 as in EXIF
  // canvas       has room for the image: CheckCanvas
  TurnedCanvas(Canvas canvas, int stored_width, int stored_height, int orientation);

  // Size of the image as it is to be looked at.
  int width() const { return width_; }
  int height() const { return height_; }

  // Where the first pixel of a stored row goes.
  uint8_t* Row(int stored_y) const { return first_ + stored_y * row_step_; }
  ptrdiff_t step() const { return step_; }

 private:
  int width_;
  int height_;
  uint8_t* first_;
  ptrdiff_t step_;
  ptrdiff_t row_step_;
};

}  // namespace quire::render
