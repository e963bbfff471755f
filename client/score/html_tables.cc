#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "client/score/table_score.h"
#include "proto/text_distance/code_points.h"

namespace quire::client {
namespace {

constexpr int kMaxSpan = 1000;  // of HTML itself

// A tag at the head of `html`, such as `<td colspan="2">`.
struct Tag {
  std::string name;  // lower case, "/td" for an end
  std::string_view attributes;
  size_t bytes = 0;
};

std::optional<Tag> ReadTag(std::string_view html) {
  const size_t end = html.find('>');
  if (end == std::string_view::npos || html.size() < 2) return std::nullopt;
  if (html[1] != '/' && !absl::ascii_isalpha(static_cast<unsigned char>(html[1]))) {
    return std::nullopt;
  }
  const std::string_view inside = html.substr(1, end - 1);
  const size_t name_end = std::min(inside.find_first_of(" \t\r\n", 1), inside.size());
  Tag tag{.name = absl::AsciiStrToLower(std::string(inside.substr(0, name_end))),
          .attributes = inside.substr(name_end),
          .bytes = end + 1};
  while (tag.name.size() > 1 && tag.name.back() == '/') tag.name.pop_back();
  return tag;
}

// colspan or rowspan; 1 when it is missing or no number.
int SpanOf(std::string_view attributes, std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(std::string(attributes));
  const size_t at = lower.find(std::string(name));
  if (at == std::string::npos) return 1;
  const size_t digit = lower.find_first_not_of(" =\"'", at + name.size());
  if (digit == std::string::npos) return 1;
  const size_t end = std::min(lower.find_first_not_of("0123456789", digit), lower.size());
  int span = 1;
  if (!absl::SimpleAtoi(lower.substr(digit, end - digit), &span)) return 1;
  return std::clamp(span, 1, kMaxSpan);
}

std::u32string CellText(const std::string& html) {
  std::string text = absl::StrReplaceAll(
      html, {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "},
             {"&amp;", "&"}});
  absl::RemoveExtraAsciiWhitespace(&text);
  return ToCodePoints(text);
}

// Puts a table together, tag by tag.
class TableReader {
 public:
  // False when the table has ended.
  bool OnTag(const Tag& tag) {
    if (tag.name == "table") ++depth_;
    if (tag.name == "/table" && --depth_ == 0) {
      CloseCell();
      return false;
    }
    if (depth_ > 1) return true;
    if (tag.name == "td" || tag.name == "th") {
      OpenCell(tag);
    } else if (tag.name == "/td" || tag.name == "/th") {
      CloseCell();
    } else if (tag.name == "tr") {
      CloseCell();
      table_.rows.emplace_back();
    } else if (tag.name == "br" || tag.name == "p" || tag.name == "/p") {
      text_ += ' ';
    }
    return true;
  }
  void OnText(std::string_view text) { text_ += text; }
  Table Take() {
    CloseCell();
    return std::move(table_);
  }

 private:
  void OpenCell(const Tag& tag) {
    CloseCell();
    if (table_.rows.empty()) table_.rows.emplace_back();
    table_.rows.back().push_back({.colspan = SpanOf(tag.attributes, "colspan"),
                                  .rowspan = SpanOf(tag.attributes, "rowspan")});
    in_cell_ = true;
    text_.clear();
  }
  void CloseCell() {
    if (in_cell_) table_.rows.back().back().text = CellText(text_);
    in_cell_ = false;
    text_.clear();
  }

  Table table_;
  std::string text_;
  bool in_cell_ = false;
  int depth_ = 0;
};

}  // namespace

std::vector<Table> FindTables(std::string_view page) {
  std::vector<Table> tables;
  std::optional<TableReader> reader;
  while (!page.empty()) {
    const std::optional<Tag> tag = page[0] == '<' ? ReadTag(page) : std::nullopt;
    if (!tag.has_value()) {
      const size_t text = std::min(page.find('<', 1), page.size());
      if (reader.has_value()) reader->OnText(page.substr(0, text));
      page.remove_prefix(text);
      continue;
    }
    if (!reader.has_value() && tag->name == "table") reader.emplace();
    if (reader.has_value() && !reader->OnTag(*tag)) {
      tables.push_back(reader->Take());
      reader.reset();
    }
    page.remove_prefix(tag->bytes);
  }
  if (reader.has_value()) tables.push_back(reader->Take());
  return tables;
}

}  // namespace quire::client
