#include "proto/text_distance/code_points.h"

#include <cstdint>

namespace quire {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t point = kReplacement;
  size_t bytes = 1;
};

Decoded DecodeFirst(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
                       : lead < 0xF5 ? 4 : 0;
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t point = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    point = point << 6 | (byte & 0x3F);
  }
  const bool overlong = (bytes == 3 && point < 0x800) || (bytes == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {point, bytes};
}

}  // namespace

std::u32string ToCodePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    const Decoded decoded = DecodeFirst(text);
    points += decoded.point;
    text.remove_prefix(decoded.bytes);
  }
  return points;
}

std::string ToUtf8(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  for (const char32_t point : points) {
    if (point < 0x80) {
      text += static_cast<char>(point);
      continue;
    }
    const int tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const char32_t lead = tail == 1 ? 0xC0 : tail == 2 ? 0xE0 : 0xF0;
    text += static_cast<char>(lead | point >> (6 * tail));
    for (int i = tail - 1; i >= 0; --i) {
      text += static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3F));
    }
  }
  return text;
}

}  // namespace quire
