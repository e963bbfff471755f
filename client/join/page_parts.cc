#include "client/join/page_parts.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/ascii.h"

namespace quire::client {
namespace {

constexpr double kHeadEnds = 0.15;    // of the page's height; running heads stand above
constexpr double kFootBegins = 0.85;
constexpr size_t kMaxRunningBytes = 160;
constexpr size_t kMaxRunningParts = 2;  // at either end of a page

constexpr std::array<std::string_view, 6> kRunningLabels = {
    "header", "footer", "page_number", "page_header", "page_footer", "pageno"};
constexpr std::array<std::string_view, 5> kTextLabels = {"text", "paragraph", "list", "list_item",
                                                         "reference"};

constexpr std::string_view kBlank = " \t\r\n";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

bool IsOneOf(std::string_view label, const auto& labels) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

PartKind KindOf(std::string_view text, std::string_view label) {
  if (text[0] == '#') return PartKind::kHeading;
  if (label.find("title") != std::string_view::npos) return PartKind::kHeading;
  if (!label.empty() && !IsOneOf(label, kTextLabels)) return PartKind::kAside;
  for (const std::string_view begin : {"<", "|", "```", "![", "$$", "\\[", ">"}) {
    if (text.starts_with(begin)) return PartKind::kAside;
  }
  return PartKind::kParagraph;
}

// Appends the paragraphs of `markdown`; code between fences stays in one piece.
void AppendParts(std::string_view markdown, std::string_view label, std::vector<PagePart>& parts) {
  std::string text;
  bool in_code = false;
  const auto close = [&] {
    const std::string trimmed(Trimmed(text));
    text.clear();
    if (trimmed.empty()) return;
    parts.push_back({.kind = KindOf(trimmed, label),
                     .text = trimmed,
                     .is_running = IsOneOf(label, kRunningLabels)});
  };
  while (!markdown.empty()) {
    const std::string_view line = markdown.substr(0, markdown.find('\n'));
    markdown.remove_prefix(std::min(line.size() + 1, markdown.size()));
    if (line.starts_with("```")) in_code = !in_code;
    if (!in_code && Trimmed(line).empty()) {
      close();
    } else {
      text.append(line).append("\n");
    }
  }
  close();
}

PartZone ZoneOfBox(const v1::Block& block) {
  if (block.boxes_size() != 1) return PartZone::kBody;
  if (block.boxes(0).bottom() <= kHeadEnds) return PartZone::kHead;
  return block.boxes(0).top() >= kFootBegins ? PartZone::kFoot : PartZone::kBody;
}

void AppendBlock(const v1::Block& block, std::vector<PagePart>& parts) {
  const size_t before = parts.size();
  const std::string label = absl::AsciiStrToLower(block.label());
  if (label == "table") {
    const std::string text(Trimmed(block.text()));
    if (!text.empty()) parts.push_back({.kind = PartKind::kAside, .text = text});
  } else {
    AppendParts(block.text(), label, parts);
  }
  for (size_t i = before; i < parts.size(); ++i) {
    parts[i].has_box = block.boxes_size() == 1;
    parts[i].zone = ZoneOfBox(block);
  }
}

// Whether `parts`, one after another, are all that `markdown` holds.
bool HoldAllOf(const std::vector<PagePart>& parts, std::string_view markdown) {
  for (const PagePart& part : parts) {
    markdown = Trimmed(markdown);
    if (!markdown.starts_with(part.text)) return false;
    markdown.remove_prefix(part.text.size());
  }
  return Trimmed(markdown).empty();
}

// Only short lines at the ends of a page can be running heads or feet.
void SetZones(std::vector<PagePart>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    PagePart& part = parts[i];
    const bool may_run =
        part.text.size() <= kMaxRunningBytes && part.text.find('\n') == std::string::npos;
    const bool first = i < kMaxRunningParts;
    const bool last = i + kMaxRunningParts >= parts.size();
    if (!may_run || !(first || last)) {
      part.zone = PartZone::kBody;
    } else if (!part.has_box) {
      part.zone = first ? PartZone::kHead : PartZone::kFoot;
    }
  }
}

}  // namespace

bool BlocksHoldAll(const v1::PageResult& page) {
  std::vector<PagePart> parts;
  for (const v1::Block& block : page.blocks()) AppendBlock(block, parts);
  return !page.blocks().empty() && HoldAllOf(parts, page.markdown());
}

PageParts CutPage(const v1::PageResult& page) {
  const v1::FinishReason reason = page.finish_reason();
  const bool is_readable = reason != v1::FINISH_REASON_UNREADABLE;
  PageParts cut = {.page_number = page.page_number(),
                   .is_whole = is_readable && reason != v1::FINISH_REASON_LENGTH &&
                               reason != v1::FINISH_REASON_REPETITION,
                   .is_readable = is_readable};
  for (const v1::Block& block : page.blocks()) AppendBlock(block, cut.parts);
  if (!HoldAllOf(cut.parts, page.markdown())) {
    cut.parts.clear();
    AppendParts(page.markdown(), "", cut.parts);
  }
  SetZones(cut.parts);
  return cut;
}

}  // namespace quire::client
