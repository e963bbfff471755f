#include "client/page_format.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace quire::client {
namespace {

// Bytes of the UTF-8 character that `text` begins with; 0 when it begins with none.
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
                       : lead < 0xF5 ? 4 : 0;
  if (bytes == 0 || bytes > text.size()) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
  if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return bytes;
}

// C0, DEL and C1 controls.
bool IsControl(std::string_view character) {
  const auto lead = static_cast<uint8_t>(character[0]);
  return lead < 0x20 || lead == 0x7F ||
         (lead == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0);
}

}  // namespace

std::string_view FileEnding(OutputFormat format) {
  switch (format) {
    case OutputFormat::kMarkdown:
    case OutputFormat::kDocument:
      return ".md";
    case OutputFormat::kText:
      return ".txt";
    case OutputFormat::kJson:
      return ".json";
    case OutputFormat::kHocr:
      return ".hocr";
    case OutputFormat::kPdf:
      return ".pdf";
  }
  return "";
}

bool NeedsBlocks(OutputFormat format) {
  return format != OutputFormat::kMarkdown && format != OutputFormat::kText;
}

bool NeedsImages(OutputFormat format) { return format == OutputFormat::kPdf; }

std::string Printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) {
      line += "\xEF\xBF\xBD";
    } else if (IsControl(text.substr(0, bytes))) {
      line += ' ';
    } else {
      line += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return line;
}

std::string Shorten(std::string_view text, int characters) {
  size_t end = 0;
  for (int count = 0; end < text.size(); ++end) {
    const bool starts_character = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (starts_character && ++count > characters) break;
  }
  return std::string(text.substr(0, end));
}

std::string PageHeading(int page_number, OutputFormat format, std::string_view note) {
  const std::string_view comma = note.empty() ? "" : ", ";
  if (format == OutputFormat::kText) {
    return absl::StrFormat("--- page %d%s%s ---\n", page_number, comma, Printable(note));
  }
  // Two hyphens in a row would end an HTML comment early.
  return absl::StrFormat("<!-- page %d%s%s -->\n", page_number, comma,
                         absl::StrReplaceAll(Printable(note), {{"--", "- -"}}));
}

std::string DocumentHeading(std::string_view name, OutputFormat format) {
  if (format == OutputFormat::kText) return absl::StrFormat("=== %s ===\n", Printable(name));
  return absl::StrFormat("<!-- document %s -->\n",
                         absl::StrReplaceAll(Printable(name), {{"--", "- -"}}));
}

const std::string& PageBody(const v1::PageResult& page, OutputFormat format, bool raw) {
  if (raw) return page.raw_output();
  return format == OutputFormat::kText ? page.text() : page.markdown();
}

}  // namespace quire::client
