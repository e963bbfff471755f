#include "worker/render/text_layer.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quire::render {
namespace {

// Of a line's height.
constexpr double kWidestGapInParagraph = 0.7;
constexpr double kMostChangeOfSize = 0.25;

struct Line {
  std::string text;
  PointBox box;
  bool open = true;  // the next word follows without a blank
  double Height() const { return box.bottom - box.top; }
};

bool StandsOnLine(const Line& line, const PointBox& word) {
  const double middle = (word.top + word.bottom) / 2;
  return middle > line.box.top && middle < line.box.bottom &&
         word.left >= line.box.right - line.Height();
}

std::vector<Line> Lines(const std::vector<LayerWord>& words) {
  std::vector<Line> lines;
  size_t bytes = 0;
  for (const LayerWord& word : words) {
    bytes += word.text.size() + 2;
    if (bytes > kMostLayerBytes) break;
    if (word.text.empty()) continue;
    if (lines.empty() || !StandsOnLine(lines.back(), word.box)) {
      lines.push_back({.text = word.text, .box = word.box, .open = !word.space_after});
      continue;
    }
    Line& line = lines.back();
    absl::StrAppend(&line.text, line.open ? "" : " ", word.text);
    line.box.Include(word.box);
    line.open = !word.space_after;
  }
  return lines;
}

bool GoesOn(const Line& last, const Line& next) {
  const double height = std::max(last.Height(), next.Height());
  const double gap = next.box.top - last.box.bottom;
  return std::abs(next.Height() - last.Height()) <= kMostChangeOfSize * height &&
         gap <= kWidestGapInParagraph * height && next.box.top > last.box.top &&
         next.box.left < last.box.right && last.box.left < next.box.right;
}

bool StartsLowerCase(const std::string& text) { return text[0] >= 'a' && text[0] <= 'z'; }

void Append(TextLayer::Paragraph& paragraph, const Line& line) {
  const std::string& text = paragraph.text;
  const bool broken = text.size() > 1 && text.back() == '-' && text[text.size() - 2] != ' ' &&
                      StartsLowerCase(line.text);
  if (broken) paragraph.text.pop_back();
  absl::StrAppend(&paragraph.text, broken ? "" : " ", line.text);
  paragraph.box.Include(line.box);
}

}  // namespace

void PointBox::Include(const PointBox& other) {
  left = std::min(left, other.left);
  top = std::min(top, other.top);
  right = std::max(right, other.right);
  bottom = std::max(bottom, other.bottom);
}

std::string TextLayer::Text() const {
  return absl::StrJoin(paragraphs, "\n\n", [](std::string* out, const Paragraph& paragraph) {
    absl::StrAppend(out, paragraph.text);
  });
}

TextLayer ArrangeWords(const std::vector<LayerWord>& words) {
  TextLayer layer;
  const Line* last = nullptr;
  const std::vector<Line> lines = Lines(words);
  for (const Line& line : lines) {
    if (last != nullptr && GoesOn(*last, line)) {
      Append(layer.paragraphs.back(), line);
    } else {
      if (layer.paragraphs.size() == kMostParagraphs) break;
      layer.paragraphs.push_back({.text = line.text, .box = line.box});
    }
    last = &line;
  }
  return layer;
}

}  // namespace quire::render
