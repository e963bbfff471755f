#include "client/html/escape.h"

#include "absl/strings/str_replace.h"
#include "client/page_format.h"

namespace quire::client {

std::string WithoutControls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t end = text.find_first_of("\n\t");
    out += Printable(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += text[end];
    text.remove_prefix(end + 1);
  }
  return absl::StrReplaceAll(out, {{"\xEF\xBF\xBE", "\uFFFD"}, {"\xEF\xBF\xBF", "\uFFFD"}});
}

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      WithoutControls(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

}  // namespace quire::client
