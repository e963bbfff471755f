#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

using Rgb = std::array<int, 3>;

// A drawn page with its pixels.
struct Drawing {
  DrawnPage page;
  std::vector<uint8_t> pixels;
  Rgb At(int x, int y) const;
};
// Opens a document and draws one page (0-based) of it.
absl::StatusOr<Drawing> DrawPage(const std::string& bytes, int page_index = 0,
                                 const DrawSize& size = {.dpi = 72},
                                 const DocumentLimits& limits = {}, const std::string& password = "");

// A picture whose four quarters have different colours: red, green over blue, white (or their greys).
// `extension` is ".png", ".jpg", ".bmp" or ".webp"; jpg and webp of the best quality.
std::string QuarteredImage(const std::string& extension, int width = 40, int height = 20);
inline constexpr Rgb kRed{255, 0, 0}, kGreen{0, 255, 0}, kBlue{0, 0, 255}, kWhite{255, 255, 255};

// A PNG of one colour with opacity, 8 or 16 bits a channel.
std::string PngWithAlpha(const Rgb& colour, int alpha, bool sixteen);
// A grey PNG of one value of 16 bits.
std::string GreyPng16(int value);
// The JPEG with an EXIF block that asks for an orientation.
std::string WithOrientation(const std::string& jpeg, int orientation);

// One page of a TIFF.
struct MadeTiffPage {
  int width = 40;
  int height = 20;
  int bits = 8;          // a sample: 1, 8 or 16
  int photometric = 2;   // TIFF's numbers: 0 white is zero, 1 black is zero, 2 RGB, 5 CMYK
  std::vector<int> pixel = {255, 0, 0};  // samples of every pixel
  int tile = 0;          // side of its tiles; 0: strips
  bool planar = false;   // channels apart
  int orientation = 1;
  bool thumbnail = false;
};
std::string MakeTiff(const std::vector<MadeTiffPage>& pages);

// The bytes of a file of fixtures/.
std::string Fixture(const std::string& name);

}  // namespace quire::render
