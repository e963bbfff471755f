#include "worker/text/plain_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace quire::worker {
namespace {

constexpr size_t kMaxTagBytes = 256;  // a longer "<td ..." is text

struct HtmlTag {
  std::string_view name;
  bool closes = false;
  size_t length = 0;  // bytes, from < to >
};

// The tag of a table or of centring that `text` starts with.
std::optional<HtmlTag> TagAt(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kNames = {"table", "thead", "tbody", "tr",
                                                             "td",    "th",    "center"};
  const size_t end = text.substr(0, kMaxTagBytes).find('>');
  if (text.empty() || text[0] != '<' || end == std::string_view::npos) return std::nullopt;
  const bool closes = text[1] == '/';
  std::string_view name = text.substr(closes ? 2 : 1, end - (closes ? 2 : 1));
  name = name.substr(0, name.find(' '));
  const auto known = std::find(kNames.begin(), kNames.end(), name);
  if (known == kNames.end()) return std::nullopt;
  return HtmlTag{*known, closes, end + 1};
}

// Writes lines; knows where in a table it is.
class LineWriter {
 public:
  void Tag(const HtmlTag& tag) {
    if (tag.name == "center") return;
    in_cell_ = false;
    in_table_ = !(tag.closes && tag.name == "table");
    if (tag.name == "td" || tag.name == "th") {
      in_cell_ = !tag.closes;
      if (!tag.closes && row_has_cells_) Put('\t');
      row_has_cells_ = true;
      return;
    }
    row_has_cells_ = false;
    line_ends_ = true;
  }

  // `text` holds no tags.
  void Text(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      // An empty line ends a table that was never closed.
      if (text.substr(i, 2) == "\n\n") in_table_ = in_cell_ = row_has_cells_ = false;
      const bool between_cells = in_table_ && !in_cell_;
      if (between_cells && text[i] == '\n') continue;
      Put(in_cell_ && text[i] == '\n' ? ' ' : text[i]);
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  void Put(char c) {
    const bool at_start = out_.empty() || out_.back() == '\n';
    if (std::exchange(line_ends_, false) && !at_start && c != '\n') out_ += '\n';
    out_ += c;
  }

  std::string out_;
  bool line_ends_ = false;  // what comes next stands on a new line
  bool in_table_ = false;
  bool in_cell_ = false;
  bool row_has_cells_ = false;
};

std::string WithoutTags(std::string_view markdown) {
  LineWriter writer;
  size_t begin = 0;
  size_t at = 0;
  while ((at = markdown.find('<', at)) != std::string_view::npos) {
    const std::optional<HtmlTag> tag = TagAt(markdown.substr(at));
    if (!tag.has_value()) {
      ++at;
      continue;
    }
    writer.Text(markdown.substr(begin, at - begin));
    writer.Tag(*tag);
    begin = at += tag->length;
  }
  writer.Text(markdown.substr(begin));
  return writer.Take();
}

// Appends a line without the # of a heading and the ** of bold.
void AppendPlainLine(std::string_view line, std::string& out) {
  const size_t hashes = std::min(line.find_first_not_of('#'), line.size());
  if (hashes >= 1 && hashes <= 6 && hashes < line.size() && line[hashes] == ' ') {
    line.remove_prefix(hashes + 1);
  }
  constexpr std::string_view kBold = "**";
  for (size_t open; (open = line.find(kBold)) != std::string_view::npos;) {
    const size_t close = line.find(kBold, open + kBold.size() + 1);
    if (close == std::string_view::npos) break;
    out.append(line.substr(0, open));
    out.append(line.substr(open + kBold.size(), close - open - kBold.size()));
    line.remove_prefix(close + kBold.size());
  }
  out.append(line);
}

}  // namespace

std::string TidyLines(std::string_view text) {
  std::string tidy;
  tidy.reserve(text.size());
  for (char c : text) {
    const bool third_newline = c == '\n' && tidy.ends_with("\n\n");
    const bool leading = tidy.empty() && (c == '\n' || c == ' ' || c == '\t' || c == '\r');
    if (!third_newline && !leading) tidy += c;
  }
  tidy.erase(tidy.find_last_not_of(" \t\r\n") + 1);
  return tidy;
}

std::string PlainText(std::string_view markdown) {
  const std::string without_tags = WithoutTags(markdown);
  std::string out;
  out.reserve(without_tags.size());
  for (std::string_view rest = without_tags; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    AppendPlainLine(rest.substr(0, end), out);
    if (end < rest.size()) out += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return TidyLines(out);
}

}  // namespace quire::worker
