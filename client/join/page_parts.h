#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What a part of a page is to the text that runs over page ends.
enum class PartKind {
  kParagraph,  // text or list: may go on over the end of the page
  kHeading,    // ends what came before
  kAside,      // table, picture, caption, footnote, formula, code: text goes on around it
};

// Where a part stands, so that it may be a running head or foot.
enum class PartZone { kBody, kHead, kFoot };

// A paragraph, heading, table, ... of a page.
struct PagePart {
  PartKind kind = PartKind::kParagraph;
  PartZone zone = PartZone::kBody;
  std::string text;            // Markdown, valid UTF-8, neither empty nor with blank ends
  bool has_box = false;
  bool is_running = false;     // a running head or foot, or a page number
};

// A page, cut into parts in reading order.
struct PageParts {
  int page_number = 0;
  bool is_whole = true;        // false where the model was stopped before the page's end
  bool is_readable = true;     // false where text was left out; it is not whole then
  std::vector<PagePart> parts;
};

// Cuts a page at its blocks and at empty lines; by empty lines alone where it has no blocks, or
// where they do not hold all that its Markdown does. Parts that the model labels as running heads,
// feet or page numbers are marked.
PageParts CutPage(const v1::PageResult& page);

// Whether the page's blocks, one after another, are all that its Markdown holds; false without any.
bool BlocksHoldAll(const v1::PageResult& page);

}  // namespace quire::client
