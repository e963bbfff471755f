#include "client/figures/figure_links.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace quire::client {
namespace {

// `text` as a paragraph of its own at `place`; returns the place behind it.
size_t InsertParagraph(const std::string& text, size_t place, std::string& markdown) {
  const std::string_view before = std::string_view(markdown).substr(0, place);
  const std::string_view after = std::string_view(markdown).substr(place);
  const std::string above = before.empty() || before.ends_with("\n\n") ? ""
                            : before.ends_with("\n")                   ? "\n"
                                                                       : "\n\n";
  const std::string below = after.empty() || after.starts_with("\n\n") ? ""
                            : after.starts_with("\n")                  ? "\n"
                                                                       : "\n\n";
  const std::string paragraph = absl::StrCat(above, text, below);
  markdown.insert(place, paragraph);
  return place + paragraph.size();
}

}  // namespace

std::string FigureLink(std::string_view path) {
  std::string link = "![](";
  for (const char c : path) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        std::string_view("/._-~").find(c) != std::string_view::npos) {
      link += c;
    } else {
      absl::StrAppendFormat(&link, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return link + ")";
}

void PlaceLinks(const std::map<int, std::vector<std::string>>& links, v1::PageResult& page) {
  size_t place = 0;
  for (int i = 0; i < page.blocks_size(); ++i) {
    v1::Block& block = *page.mutable_blocks(i);
    if (const auto found = links.find(i); found != links.end()) {
      const std::string text = absl::StrJoin(found->second, "\n\n");
      place = InsertParagraph(text, place, *page.mutable_markdown());
      if (block.text().empty()) {
        block.set_text(text);
        continue;
      }
    }
    const size_t at = page.markdown().find(block.text(), place);
    if (at != std::string::npos) place = at + block.text().size();
  }
}

}  // namespace quire::client
