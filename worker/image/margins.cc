#include "worker/image/margins.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "proto/check.h"

namespace quire::worker {
namespace {

constexpr int kInkDifference = 60;  // from paper, of 255 shades of grey
constexpr int kFewestInkPixels = 2;  // of a row or column that is not empty: one is dirt
constexpr int kKeptShare = 60;       // a 60th of the page's width stays around the ink

int GreyAt(const uint8_t* pixel) { return (pixel[0] + 2 * pixel[1] + pixel[2]) / 4; }

// The most frequent shade.
int PaperOf(PixelView page) {
  std::array<int64_t, 256> shades{};
  const uint8_t* const end = page.data + size_t{3} * page.width * page.height;
  for (const uint8_t* pixel = page.data; pixel < end; pixel += 3) ++shades[GreyAt(pixel)];
  return static_cast<int>(std::max_element(shades.begin(), shades.end()) - shades.begin());
}

// First and last place with ink, grown by `kept` and cut to the page; all of it where there is none.
std::pair<int, int> Inked(const std::vector<int>& ink, int kept) {
  const auto has_ink = [](int pixels) { return pixels >= kFewestInkPixels; };
  const auto first = std::find_if(ink.begin(), ink.end(), has_ink);
  const auto size = static_cast<int>(ink.size());
  if (first == ink.end()) return {0, size};
  const auto last = std::find_if(ink.rbegin(), ink.rend(), has_ink);
  return {std::max(0, static_cast<int>(first - ink.begin()) - kept),
          std::min(size, static_cast<int>(ink.rend() - last) + kept)};
}

}  // namespace

PixelPart WithoutMargins(PixelView page) {
  const int paper = PaperOf(page);
  std::vector<int> columns(page.width), rows(page.height);
  const uint8_t* pixel = page.data;
  for (int y = 0; y < page.height; ++y) {
    for (int x = 0; x < page.width; ++x, pixel += 3) {
      const bool ink = std::abs(GreyAt(pixel) - paper) > kInkDifference;
      columns[x] += ink;
      rows[y] += ink;
    }
  }
  const int kept = page.width / kKeptShare;
  const auto [left, right] = Inked(columns, kept);
  const auto [top, bottom] = Inked(rows, kept);
  return {left, top, right - left, bottom - top};
}

Image Cut(PixelView page, const PixelPart& part) {
  QUIRE_CHECK(part.left >= 0 && part.top >= 0 && part.left + part.width <= page.width &&
              part.top + part.height <= page.height);
  Image image(part.width, part.height);
  const size_t row_bytes = size_t{3} * part.width;
  for (int y = 0; y < part.height; ++y) {
    std::memcpy(image.data.data() + y * row_bytes,
                page.data + (static_cast<size_t>(part.top + y) * page.width + part.left) * 3, row_bytes);
  }
  return image;
}

}  // namespace quire::worker
