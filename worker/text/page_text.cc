#include "worker/text/page_text.h"

#include <cmath>

#include "absl/strings/str_replace.h"
#include "worker/text/layout_tags.h"
#include "worker/text/plain_text.h"

namespace quire::worker {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Whether the tags hold the page's words instead of kinds of block, as "OCR this image." and
// "Locate" answer: no text follows any tag, and not all of their labels are known ones.
bool TagsHoldWords(const std::vector<LayoutPart>& parts) {
  bool tag_seen = false;
  bool unknown_seen = false;
  for (const LayoutPart& part : parts) {
    if (part.is_tag) {
      tag_seen = true;
      unknown_seen = unknown_seen || !IsKnownLabel(part.text);
    } else if (tag_seen && !IsBlank(part.text)) {
      return false;
    }
  }
  return unknown_seen;
}

std::vector<PixelBox> ToPixels(const std::vector<ModelBox>& boxes, int width, int height) {
  std::vector<PixelBox> pixels;
  pixels.reserve(boxes.size());
  for (const ModelBox& box : boxes) {
    pixels.push_back({std::trunc(box.left / 999 * width), std::trunc(box.top / 999 * height),
                      std::trunc(box.right / 999 * width), std::trunc(box.bottom / 999 * height)});
  }
  return pixels;
}

// Source: DeepSeek-OCR run_dpsk_ocr_pdf.py, which puts these two back into plain signs.
std::string Tidied(const std::string& text) {
  return TidyLines(absl::StrReplaceAll(text, {{"\\coloneqq", ":="}, {"\\eqqcolon", "=:"}}));
}

void AppendOnNewLine(std::string_view line, std::string& markdown) {
  if (!markdown.empty() && markdown.back() != '\n') markdown += '\n';
  markdown += line;
}

}  // namespace

PageText ParsePageText(std::string_view raw, int width, int height) {
  std::vector<LayoutPart> parts = CutLayout(raw);
  const bool tags_hold_words = TagsHoldWords(parts);
  PageText page;
  for (LayoutPart& part : parts) {
    if (!part.is_tag) {
      page.markdown += part.text;
      if (!page.blocks.empty() && !tags_hold_words) page.blocks.back().text += part.text;
      continue;
    }
    Block& block = page.blocks.emplace_back();
    block.boxes = ToPixels(part.boxes, width, height);
    block.label = tags_hold_words ? "text" : part.text;
    if (!tags_hold_words) continue;
    block.text = part.text;
    AppendOnNewLine(part.text, page.markdown);
  }
  for (Block& block : page.blocks) block.text = Tidied(block.text);
  page.markdown = Tidied(page.markdown);
  page.text = PlainText(page.markdown);
  return page;
}

}  // namespace quire::worker
