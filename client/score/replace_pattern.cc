#include "client/score/replace_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>

#include "proto/check.h"

namespace quire::client {
namespace {

struct FreePattern {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

using Pattern = std::unique_ptr<pcre2_code, FreePattern>;

PCRE2_SPTR Bytes(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

Pattern Compile(std::string_view pattern) {
  int error = 0;
  size_t error_at = 0;
  Pattern code(pcre2_compile(Bytes(pattern), pattern.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &error_at, nullptr));
  QUIRE_CHECK(code != nullptr);
  return code;
}

}  // namespace

std::string ReplacePattern(const std::string& text, std::string_view pattern,
                           std::string_view replacement) {
  const Pattern code = Compile(pattern);
  std::string out(text.size() + 64, '\0');
  while (true) {
    size_t size = out.size();
    const int result = pcre2_substitute(
        code.get(), Bytes(text), text.size(), 0,
        PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH, nullptr, nullptr,
        Bytes(replacement), replacement.size(), reinterpret_cast<PCRE2_UCHAR*>(out.data()), &size);
    if (result == PCRE2_ERROR_NOMEMORY) {
      out.resize(size);
      continue;
    }
    if (result < 0) return text;  // out of memory while matching: as it was
    out.resize(size);
    return out;
  }
}

bool MatchesPattern(const std::string& text, std::string_view pattern) {
  const Pattern code = Compile(pattern);
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create_from_pattern(code.get(), nullptr));
  return pcre2_match(code.get(), Bytes(text), text.size(), 0, 0, match.get(), nullptr) >= 0;
}

}  // namespace quire::client
