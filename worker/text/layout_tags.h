#pragma once

#include <string_view>
#include <vector>

#include "worker/text/box_list.h"

namespace quire::worker {

// A stretch of a model's output: text, or the tag <|ref|>LABEL<|/ref|><|det|>BOXES<|/det|>.
struct LayoutPart {
  bool is_tag = false;
  std::string_view text;        // the text, or the tag's label without spaces around it
  std::vector<ModelBox> boxes;  // of a tag
};

// Whether the label is one that DeepSeek-OCR is known to use: text, title, table, image, ...
bool IsKnownLabel(std::string_view label);

// Cuts raw output into its parts in order, in linear time. The parts view `raw`.
// - Spaces and newlines may stand between <|/ref|> and <|det|>.
// - <|ref|>LABEL<|/ref|> without boxes is a tag where the label is a known one, else its label is
//   text; boxes that cannot be read leave a tag without boxes.
// - A mark that belongs to no tag (nested, closing nothing, never closed) is dropped, and the text
//   around it stays; boxes between <|det|> and a mark that does not close it go with the mark.
// - A tag that the end of the output cuts off is dropped, as is the beginning of a mark there. But
//   where lines of text follow a <|ref|> that is never closed, it was no tag, and they stay.
std::vector<LayoutPart> CutLayout(std::string_view raw);

}  // namespace quire::worker
