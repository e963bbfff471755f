#include "proto/text_distance/letter_distance.h"

#include <algorithm>
#include <array>

#include "proto/text_distance/code_points.h"
#include "proto/text_distance/edit_distance.h"

namespace quire {
namespace {

struct Range {
  char32_t first, last;
};

// Blocks of Unicode without letters and digits.
constexpr Range kSigns[] = {{0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},
                            {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2000, 0x206F}, {0x20A0, 0x20FF},
                            {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},
                            {0xFE00, 0xFE6F}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF20}, {0xFEFF, 0xFEFF}};

constexpr std::array<std::u32string_view, 5> kLigatures = {U"ff", U"fi", U"fl", U"ffi", U"ffl"};
constexpr char32_t kFirstLigature = 0xFB00;

bool IsLetterOrDigit(char32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return std::none_of(std::begin(kSigns), std::end(kSigns),
                      [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace

std::u32string Letters(std::string_view text) {
  std::u32string letters;
  for (const char32_t c : ToCodePoints(text)) {
    const char32_t ligature = c - kFirstLigature;
    if (c >= kFirstLigature && ligature < kLigatures.size()) {
      letters += kLigatures[ligature];
    } else if (IsLetterOrDigit(c)) {
      letters += c;
    }
  }
  return letters;
}

double LetterDistance(std::string_view a, std::string_view b) {
  const std::u32string left = Letters(a).substr(0, kComparedLetters);
  const std::u32string right = Letters(b).substr(0, kComparedLetters);
  const size_t longer = std::max(left.size(), right.size());
  return longer == 0 ? 0
                     : static_cast<double>(EditDistance(left, right)) / static_cast<double>(longer);
}

}  // namespace quire
