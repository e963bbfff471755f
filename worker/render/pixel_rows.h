#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace quire::render {

enum class Colours { kGrey, kGreyWhiteIsZero, kRgb, kBgr, kCmyk };
enum class Alpha { kNone, kStraight, kPremultiplied };

// How the samples of a decoded row lie.
struct PixelLayout {
  Colours colours = Colours::kRgb;
  int samples = 3;       // a pixel, the first ones are the colours
  bool sixteen = false;  // 16-bit samples of the machine's byte order, else 8-bit
  Alpha alpha = Alpha::kNone;
  int alpha_index = 0;  // which sample
  // The colour (grey in all three, or red, green, blue) that counts as transparent.
  std::optional<std::array<uint16_t, 3>> transparent;
};

// Colours are the first samples of a pixel: this many.
int ColourSamples(Colours colours);

// Writes a row as RGB, 8 bits. 16-bit samples are scaled by their full range, transparent pixels are
// blended on white; both are rounded once, to the nearest. CMYK has no colour profile:
// red = white - cyan, times white - black.
//   row   width * samples values, 8 or 16 bits each
//   out   the first pixel; the next ones are `step` bytes apart
void WriteRgbRow(const PixelLayout& layout, const void* row, int width, uint8_t* out,
                 ptrdiff_t step);

}  // namespace quire::render
