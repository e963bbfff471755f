#include <algorithm>
#include <cmath>
#include <cstring>

#include "proto/check.h"
#include "worker/image/resize.h"

namespace quire::worker {
namespace {

// Python's round(): the default rounding mode takes halves to even.
int RoundHalfEven(double value) { return static_cast<int>(std::nearbyint(value)); }

}  // namespace

Image PadToSquare(PixelView source, int side, uint8_t grey) {
  QUIRE_CHECK(source.width > 0 && source.height > 0 && side > 0);
  int width = side;
  int height = side;
  if (source.width > source.height) {
    height = std::max(1, RoundHalfEven(static_cast<double>(source.height) / source.width * side));
  } else if (source.width < source.height) {
    width = std::max(1, RoundHalfEven(static_cast<double>(source.width) / source.height * side));
  }
  Image fitted = ResizeBicubic(source, width, height);
  if (width == side && height == side) return fitted;

  const int left = RoundHalfEven((side - width) * 0.5);
  const int top = RoundHalfEven((side - height) * 0.5);
  Image square(side, side);
  std::fill(square.data.begin(), square.data.end(), grey);
  for (int y = 0; y < height; ++y) {
    const size_t to = (static_cast<size_t>(top + y) * side + left) * 3;
    std::memcpy(square.data.data() + to, fitted.data.data() + static_cast<size_t>(y) * width * 3,
                static_cast<size_t>(width) * 3);
  }
  return square;
}

}  // namespace quire::worker
