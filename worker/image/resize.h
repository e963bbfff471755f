#pragma once

#include "worker/image/pixels.h"

namespace quire::worker {

// Bicubic resize that gives the bytes of Pillow's Image.resize(BICUBIC) on RGB: antialiased kernel
// with a = -0.5, 22-bit fixed point, horizontal pass first, a pass skipped when its size stays.
//   width, height   1 or more
Image ResizeBicubic(PixelView source, int width, int height);

// As ResizeBicubic, then cut: only the rectangle [left, left + width) x [top, top + height) of the
// image that ResizeBicubic(source, full_width, full_height) would give. (A tile of a page costs its
// own share of the work only.)
struct ResizeWindow {
  int full_width = 0;
  int full_height = 0;
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};
Image ResizeBicubicWindow(PixelView source, const ResizeWindow& window);

// The bytes of Pillow's ImageOps.pad(image, (side, side), BICUBIC, color=(grey, grey, grey)):
// fitted into the square keeping its aspect, centred, half-to-even rounding; a side that would
// round to 0 becomes 1.
Image PadToSquare(PixelView source, int side, uint8_t grey = 127);

}  // namespace quire::worker
