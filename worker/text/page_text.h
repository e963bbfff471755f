#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::worker {

// A rectangle in pixels of the page.
struct PixelBox {
  double left = 0, top = 0, right = 0, bottom = 0;
};

// One piece of the page's layout.
struct Block {
  std::string label;            // as the model wrote it: text, title, table, image, ...
  std::string text;             // Markdown of the block; a table is HTML; mostly empty for an image
  std::vector<PixelBox> boxes;  // in pixels of the page; clamped to it
};

// A page's output, taken apart.
struct PageText {
  std::string markdown;       // without layout tags; images leave nothing in it
  std::string text;           // markdown without mark-up, see PlainText
  std::vector<Block> blocks;  // in the order of the output; empty where it had no layout tags
};

// Takes a model's raw output apart. Never fails, and takes linear time.
//   raw             valid UTF-8, added tokens as text, without begin and end tokens
//   width, height   pixels of the page that the boxes (0..999) are scaled to:
//                   px = trunc(x / 999 * width). Source: DeepSeek-OCR run_dpsk_ocr_image.py.
// What is a tag and what becomes of halves of tags: see CutLayout. A block's text reaches to the
// next tag; text before the first tag stands in no block. Where no text follows any tag and not all
// labels are known ones, the tags hold the page's words ("OCR this image.", "Locate ..."): each
// becomes a block labelled "text" and a line of the Markdown.
PageText ParsePageText(std::string_view raw, int width, int height);

}  // namespace quire::worker
