#pragma once

#include <string>
#include <string_view>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What is written for a page.
enum class OutputFormat { kMarkdown, kText, kJson, kDocument, kHocr, kPdf };

// Ending of a file in this format, dot included.
std::string_view FileEnding(OutputFormat format);

// Whether the format is made of a page's blocks, or of its text alone.
bool NeedsBlocks(OutputFormat format);

// Whether it is made of pages' images, too.
bool NeedsImages(OutputFormat format);

// `text` as one line that is safe on a terminal: control characters become spaces, bytes that are
// not UTF-8 become U+FFFD.
std::string Printable(std::string_view text);

// The first `characters` of UTF-8 text.
std::string Shorten(std::string_view text, int characters);

// The line above a page, with its line end: "<!-- page 3 -->" or "--- page 3 ---".
//   note  follows the number, e.g. "attempt 2"; nothing when empty
std::string PageHeading(int page_number, OutputFormat format, std::string_view note = "");

// Said of a page that ends with FINISH_REASON_UNREADABLE; something of it may have been readable.
inline constexpr const char* UnreadableNote(bool has_text) {
  return has_text ? "some of its text was not readable and is left out"
                  : "its text was not readable and is left out";
}

// The line above a document when several go to one place.
std::string DocumentHeading(std::string_view name, OutputFormat format);

// A page's text in Markdown or plain text, or what the model wrote when `raw`.
const std::string& PageBody(const v1::PageResult& page, OutputFormat format, bool raw);

}  // namespace quire::client
