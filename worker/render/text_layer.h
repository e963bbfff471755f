#pragma once

#include <string>
#include <vector>

namespace quire::render {

// A rectangle on the page as it is shown, from its upper left corner on; in points.
struct PointBox {
  double left = 0, top = 0, right = 0, bottom = 0;
  void Include(const PointBox& other);
};

// A word of a PDF's text layer.
struct LayerWord {
  std::string text;  // UTF-8
  PointBox box;
  bool space_after = true;
};

// The text that a PDF's page holds.
struct TextLayer {
  struct Paragraph {
    std::string text;  // one line
    PointBox box;
  };
  std::vector<Paragraph> paragraphs;
  std::string Text() const;  // an empty line between two
};

// Words in reading order as lines and paragraphs: a word begins a line where it does not stand to
// the right of the last one, and a paragraph where the gap above is wide, the print changes its
// size or the text goes on elsewhere. Words that a hyphen breaks over a line's end are joined. Of
// the text no more than kMostLayerBytes and kMostParagraphs are kept.
inline constexpr size_t kMostLayerBytes = 256 << 10;
inline constexpr size_t kMostParagraphs = 4000;
TextLayer ArrangeWords(const std::vector<LayerWord>& words);

}  // namespace quire::render
