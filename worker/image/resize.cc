#include "worker/image/resize.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "proto/check.h"
#include "worker/image/resample_axis.h"

namespace quire::worker {
namespace {

constexpr int kChannels = 3;
constexpr int kBandRows = 16;  // rows that the horizontal pass takes at once

// Columns [left, right) of rows [top, top + kBandRows) of the source with the rows innermost,
// [column, channel, row], so that one weight serves a run of neighbouring bytes. Rows past the end
// repeat the last.
struct Columns {
  int left = 0;
  int right = 0;
};
void TurnIn(PixelView source, Columns columns, int top, std::vector<uint8_t>& band) {
  const uint8_t* rows[kBandRows];
  for (int r = 0; r < kBandRows; ++r) {
    const size_t y = std::min(top + r, source.height - 1);
    rows[r] = source.data + (y * source.width + columns.left) * kChannels;
  }
  const size_t bytes = static_cast<size_t>(columns.right - columns.left) * kChannels;
  for (size_t b = 0; b < bytes; ++b) {
    for (int r = 0; r < kBandRows; ++r) band[b * kBandRows + r] = rows[r][b];
  }
}

// The way back: rows [top, top + rows) of `image` from [column, channel, row].
void TurnOut(const std::vector<uint8_t>& band, int top, int rows, Image& image) {
  const size_t bytes = static_cast<size_t>(image.width) * kChannels;
  for (int r = 0; r < rows; ++r) {
    uint8_t* out = image.data.data() + (top + r) * bytes;
    for (size_t b = 0; b < bytes; ++b) out[b] = band[b * kBandRows + r];
  }
}

// Rows [top, bottom) of the source, resampled along x.
Image ResampleRows(PixelView source, const ResampleAxis& axis, int top, int bottom) {
  Image result(static_cast<int>(axis.first.size()), bottom - top);
  const Columns columns{axis.begin(), axis.end()};
  constexpr size_t kColumnBytes = kChannels * kBandRows;
  std::vector<uint8_t> in((columns.right - columns.left) * kColumnBytes);
  std::vector<uint8_t> out(result.width * kColumnBytes);
  for (int y = top; y < bottom; y += kBandRows) {
    TurnIn(source, columns, y, in);
    for (int x = 0; x < result.width; ++x) {
      Evaluate({.source = in.data() + (axis.first[x] - columns.left) * kColumnBytes,
                .stride = kColumnBytes,
                .weights = axis.weights.data() + static_cast<size_t>(x) * axis.taps,
                .taps = axis.count[x],
                .values = kColumnBytes,
                .out = out.data() + x * kColumnBytes});
    }
    TurnOut(out, y - top, std::min(kBandRows, bottom - y), result);
  }
  return result;
}

// The image, whose row 0 is row `top` of the whole, resampled along y.
Image ResampleColumns(PixelView source, const ResampleAxis& axis, int top) {
  Image result(source.width, static_cast<int>(axis.first.size()));
  const size_t row_bytes = static_cast<size_t>(source.width) * kChannels;
  for (int y = 0; y < result.height; ++y) {
    Evaluate({.source = source.data + (axis.first[y] - top) * row_bytes,
              .stride = row_bytes,
              .weights = axis.weights.data() + static_cast<size_t>(y) * axis.taps,
              .taps = axis.count[y],
              .values = row_bytes,
              .out = result.data.data() + y * row_bytes});
  }
  return result;
}

Image Cut(PixelView source, int left, int top, int width, int height) {
  Image result(width, height);
  const size_t bytes = static_cast<size_t>(width) * kChannels;
  for (int y = 0; y < height; ++y) {
    const size_t from = static_cast<size_t>(top + y) * source.width + left;
    std::memcpy(result.data.data() + y * bytes, source.data + from * kChannels, bytes);
  }
  return result;
}

}  // namespace

Image ResizeBicubic(PixelView source, int width, int height) {
  return ResizeBicubicWindow(
      source, {.full_width = width, .full_height = height, .width = width, .height = height});
}

Image ResizeBicubicWindow(PixelView source, const ResizeWindow& window) {
  QUIRE_CHECK(source.width > 0 && source.height > 0 && window.width > 0 && window.height > 0);
  QUIRE_CHECK(window.left >= 0 && window.left + window.width <= window.full_width);
  QUIRE_CHECK(window.top >= 0 && window.top + window.height <= window.full_height);
  const bool across = window.full_width != source.width;
  const bool down = window.full_height != source.height;
  int top = window.top;
  int bottom = window.top + window.height;
  ResampleAxis rows;
  if (down) {
    rows = BicubicAxis(source.height, window.full_height, window.top, window.height);
    top = rows.begin();
    bottom = rows.end();
  }
  Image image =
      across ? ResampleRows(source,
                            BicubicAxis(source.width, window.full_width, window.left, window.width),
                            top, bottom)
             : Cut(source, window.left, top, window.width, bottom - top);
  return down ? ResampleColumns(image.view(), rows, top) : image;
}

}  // namespace quire::worker
