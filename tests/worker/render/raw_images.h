#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::render {

// Images made byte by byte, so that they can be of any kind, wrong ones too.

struct RawPng {
  int width = 0;
  int height = 0;
  int depth = 8;
  int colour_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  std::vector<std::pair<std::string, std::string>> chunks;  // between IHDR and IDAT: name, data
  std::string rows;  // samples, big-endian, rows without their filter byte
};
std::string MakePng(const RawPng& png);
std::string PngChunk(std::string_view name, std::string_view data);

struct RawBmp {
  int width = 0;
  int height = 0;  // negative: rows from the top down
  int depth = 24;
  uint32_t header_bytes = 40;
  uint32_t compression = 0;
  std::array<uint32_t, 4> masks{};  // red, green, blue, alpha
  std::string rows;                 // padded to 4 bytes each
};
std::string MakeBmp(const RawBmp& bmp);

// A WebP from whole chunks, and a chunk from its data.
std::string WebpFile(std::string_view chunks);
std::string WebpChunk(std::string_view name, std::string_view data);
// The chunks of a WebP file.
std::string ChunksOf(std::string_view webp);
// A VP8X chunk. Flags: 2 animated, 8 EXIF, 16 opacity.
std::string WebpCanvas(int width, int height, uint8_t flags);
// An ANMF chunk: where the frame lies, and a still's chunks.
struct WebpPlace {
  int x = 0;  // x and y are even
  int y = 0;
  int width = 0;
  int height = 0;
};
std::string WebpFrame(const WebpPlace& place, std::string_view chunks);

// A number's bytes, least or most significant first.
std::string Little(uint64_t value, int bytes);
std::string Big(uint64_t value, int bytes);

}  // namespace quire::render
