#include "client/score/compared_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "client/score/replace_pattern.h"
#include "proto/text_distance/code_points.h"

namespace quire::client {
namespace {

std::string TakeMarkupAway(std::string text) {
  text = ReplacePattern(text, R"(!\[[^\]\n]*\]\([^)\n]*\))", " ");
  text = ReplacePattern(text, R"(<!--(?s:.*?)-->)", " ");
  text = ReplacePattern(text, R"(</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>)", " ");
  text = ReplacePattern(text, R"(^[ \t]*\|?[ \t]*:?-{3,}[-:| \t]*$)", " ");
  text = ReplacePattern(text, R"(^[ \t]*(?:#{1,6}|[-*+>•●▪■·])[ \t]+)", "");
  return ReplacePattern(text, R"(\*\*|[|`])", " ");
}

std::string Fold(std::string text) {
  text = absl::StrReplaceAll(
      text, {{"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "},
             {"‘", "'"},      {"’", "'"},      {"‚", "'"},       {"“", "\""},    {"”", "\""},
             {"„", "\""},     {"«", "\""},     {"»", "\""},      {"‐", "-"},     {"‑", "-"},
             {"–", "-"},      {"—", "-"},      {"−", "-"},       {"ﬁ", "fi"},    {"ﬂ", "fl"},
             {"ﬀ", "ff"},     {"ﬃ", "ffi"},    {"ﬄ", "ffl"},     {"…", "..."},   {"•", "*"},
             {"\u00AD", ""},  {"\u200B", ""},  {"\uFEFF", ""},   {"&amp;", "&"}});
  return ReplacePattern(text, R"((\p{L})-[ \t]*\r?\n\s*(?=\p{Ll}))", "$1");
}

std::string OneBlankBetweenWords(const std::string& text) {
  std::string words = ReplacePattern(text, R"(\s+)", " ");
  absl::StripAsciiWhitespace(&words);
  return words;
}

}  // namespace

std::string WithoutMarkup(std::string_view markdown) {
  return absl::StrReplaceAll(OneBlankBetweenWords(TakeMarkupAway(ToUtf8(ToCodePoints(markdown)))),
                             {{"&lt;", "<"},
                              {"&gt;", ">"},
                              {"&quot;", "\""},
                              {"&#39;", "'"},
                              {"&nbsp;", " "},
                              {"&amp;", "&"}});
}

std::string ComparedText(std::string_view markdown) {
  // Decoding first: what is no UTF-8 becomes a character that counts as wrong.
  return OneBlankBetweenWords(Fold(TakeMarkupAway(ToUtf8(ToCodePoints(markdown)))));
}

std::string CleanString(const std::string& compared) {
  return ReplacePattern(compared, R"([^\p{L}\p{N}_]+)", "");
}

}  // namespace quire::client
