#include "client/pdf/text_fit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace quire::client {
namespace {

constexpr int kHalvings = 20;  // of the range of sizes: to a millionth of it

struct Word {
  std::string text;
  double width = 0;  // with size 1
};

// Lines of `width`, a multiple of the font's size.
std::vector<FittedText::Line> Break(const std::vector<Word>& words, double blank, double width) {
  std::vector<FittedText::Line> lines;
  for (const Word& word : words) {
    if (!lines.empty() && lines.back().width + blank + word.width <= width) {
      absl::StrAppend(&lines.back().text, " ", word.text);
      lines.back().width += blank + word.width;
    } else {
      lines.push_back({word.text, word.width});
    }
  }
  return lines;
}

}  // namespace

FittedText FitText(std::string_view text, double box_width, double box_height,
                   double (*width_of)(void* context, const std::string& text), void* context) {
  std::vector<Word> words;
  const std::vector<std::string> texts = absl::StrSplit(std::string(text), ' ', absl::SkipEmpty());
  for (const std::string& word : texts) words.push_back({word, width_of(context, word)});
  if (words.empty() || !(box_width > 0) || !(box_height > 0)) return {};
  const double blank = width_of(context, "n n") - 2 * width_of(context, "n");
  double fits = 0;
  double too_large = box_height / kLineHeight;
  const auto lines_of = [&](double size) { return Break(words, blank, box_width / size); };
  if (lines_of(too_large).size() == 1) {
    fits = too_large;
  } else {
    for (int i = 0; i < kHalvings; ++i) {
      const double size = (fits + too_large) / 2;
      const bool fit =
          static_cast<double>(lines_of(size).size()) * kLineHeight * size <= box_height;
      (fit ? fits : too_large) = size;
    }
  }
  const double size = std::max(fits, box_height * 1e-4);
  FittedText fitted{.font_size = size, .lines = lines_of(size)};
  for (FittedText::Line& line : fitted.lines) line.width *= size;
  return fitted;
}

}  // namespace quire::client
