#include "tests/worker/render/raw_images.h"

#include <zlib.h>

#include "absl/strings/str_cat.h"

namespace quire::render {
namespace {

std::string Deflate(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

}  // namespace

std::string Little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::string Big(uint64_t value, int bytes) {
  const std::string little = Little(value, bytes);
  return {little.rbegin(), little.rend()};
}

std::string PngChunk(std::string_view name, std::string_view data) {
  const std::string body = absl::StrCat(std::string(name), std::string(data));
  const uint32_t checksum = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  return absl::StrCat(Big(data.size(), 4), body, Big(checksum, 4));
}

std::string MakePng(const RawPng& png) {
  std::string file = absl::StrCat(
      "\x89PNG\r\n\x1a\n",
      PngChunk("IHDR", absl::StrCat(Big(png.width, 4), Big(png.height, 4), Big(png.depth, 1),
                                    Big(png.colour_type, 1), std::string(3, '\0'))));
  for (const auto& [name, data] : png.chunks) file += PngChunk(name, data);
  const size_t row_bytes = png.height > 0 ? png.rows.size() / png.height : 0;
  std::string filtered;
  for (size_t at = 0; at < png.rows.size(); at += row_bytes) {
    absl::StrAppend(&filtered, std::string(1, '\0'), png.rows.substr(at, row_bytes));
  }
  return absl::StrCat(file, PngChunk("IDAT", Deflate(filtered)), PngChunk("IEND", ""));
}

std::string MakeBmp(const RawBmp& bmp) {
  std::string header = Little(bmp.header_bytes, 4);
  if (bmp.header_bytes == 12) {
    absl::StrAppend(&header, Little(bmp.width, 2), Little(bmp.height, 2), Little(1, 2),
                    Little(bmp.depth, 2));
  } else {
    absl::StrAppend(&header, Little(bmp.width, 4), Little(bmp.height, 4), Little(1, 2),
                    Little(bmp.depth, 2), Little(bmp.compression, 4), Little(bmp.rows.size(), 4),
                    std::string(16, '\0'));
    for (const uint32_t mask : bmp.masks) absl::StrAppend(&header, Little(mask, 4));
    // Behind the shortest header only the colours' masks follow.
    header.resize(bmp.header_bytes == 40 && bmp.compression == 3 ? 52 : bmp.header_bytes);
  }
  const size_t pixels_at = 14 + header.size();
  return absl::StrCat("BM", Little(pixels_at + bmp.rows.size(), 4), Little(0, 4),
                      Little(pixels_at, 4), header, bmp.rows);
}

std::string WebpFile(std::string_view chunks) {
  return absl::StrCat("RIFF", Little(chunks.size() + 4, 4), "WEBP", std::string(chunks));
}

std::string WebpChunk(std::string_view name, std::string_view data) {
  return absl::StrCat(std::string(name), Little(data.size(), 4), std::string(data),
                      std::string(data.size() % 2, '\0'));
}

std::string ChunksOf(std::string_view webp) { return std::string(webp.substr(12)); }

std::string WebpCanvas(int width, int height, uint8_t flags) {
  return WebpChunk("VP8X",
                   absl::StrCat(Little(flags, 4), Little(width - 1, 3), Little(height - 1, 3)));
}

std::string WebpFrame(const WebpPlace& place, std::string_view chunks) {
  return WebpChunk("ANMF", absl::StrCat(Little(place.x / 2, 3), Little(place.y / 2, 3),
                                        Little(place.width - 1, 3), Little(place.height - 1, 3),
                                        Little(100, 3), Little(0, 1), std::string(chunks)));
}

}  // namespace quire::render
