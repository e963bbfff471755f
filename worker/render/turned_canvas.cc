#include "worker/render/turned_canvas.h"

namespace quire::render {

TurnedCanvas::TurnedCanvas(Canvas canvas, int stored_width, int stored_height, int orientation) {
  const bool swaps_axes = orientation >= 5;
  width_ = swaps_axes ? stored_height : stored_width;
  height_ = swaps_axes ? stored_width : stored_height;
  const ptrdiff_t right = 3;
  const ptrdiff_t down = ptrdiff_t{3} * width_;
  // Directions, on the canvas, of one stored pixel and of one stored row.
  const bool pixels_run_back =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool rows_run_back =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  step_ = (swaps_axes ? down : right) * (pixels_run_back ? -1 : 1);
  row_step_ = (swaps_axes ? right : down) * (rows_run_back ? -1 : 1);
  first_ = canvas.data;
  if (pixels_run_back) first_ -= step_ * (stored_width - 1);
  if (rows_run_back) first_ -= row_step_ * (stored_height - 1);
}

}  // namespace quire::render
