#pragma once

#include <string>
#include <string_view>

#include "tests/worker/render/drawn_page.h"
#include "tests/worker/render/made_tiff.h"

namespace quire::render {

// A picture whose four quarters have different colours: red, green over blue, white (or their
// greys). `extension` is ".png", ".jpg", ".bmp" or ".webp"; jpg and webp of the best quality.
std::string QuarteredImage(const std::string& extension, int width = 40, int height = 20);
// Its pixels: RGB, 8 bits, rows without gaps.
std::string QuarteredRgb(int width = 40, int height = 20);

// A PNG of one colour with opacity, 8 or 16 bits a channel.
std::string PngWithAlpha(const Rgb& colour, int alpha, bool sixteen);
// A grey PNG of one value of 16 bits.
std::string GreyPng16(int value);
// A WebP without loss, of one colour with opacity.
std::string WebpWithAlpha(int width, int height, const Rgb& colour, int alpha);

// An EXIF block that holds an orientation, little-endian ("II") or big-endian ("MM").
std::string ExifBlock(int orientation, std::string_view byte_order = "MM");
// The JPEG with an EXIF block that asks for an orientation.
std::string WithOrientation(const std::string& jpeg, int orientation);

// The bytes of a file of fixtures/.
std::string Fixture(const std::string& name);

}  // namespace quire::render
