#include "worker/text/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace quire::worker {
namespace {

struct FreePcre2 {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

// Bytes of the UTF-8 character that starts at text[at].
size_t CharacterLength(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

}  // namespace

// One compiled pattern. Const after it is made, so that threads may share it.
class PreTokenizer::Pattern {
 public:
  explicit Pattern(pcre2_code* code) : code_(code) {
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where there is no JIT, matching interprets
  }

  void Split(std::string_view text, std::vector<std::string_view>& pieces) const {
    const std::unique_ptr<pcre2_match_data, FreePcre2> match(
        pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    size_t gap = 0;     // start of what no match has taken yet
    size_t search = 0;  // where the next match may start
    while (search < text.size()) {
      // NO_UTF_CHECK: the text is valid, and a check of all the rest at each match would make this
      // quadratic. A match that fails for want of memory leaves the rest in one piece.
      const int result = pcre2_match(code_.get(), subject, text.size(), search, PCRE2_NO_UTF_CHECK,
                                     match.get(), nullptr);
      if (result < 0) break;
      const size_t* bounds = pcre2_get_ovector_pointer(match.get());
      if (bounds[1] <= bounds[0]) {  // an empty match cuts nothing
        search =
            bounds[0] < text.size() ? bounds[0] + CharacterLength(text, bounds[0]) : text.size();
        continue;
      }
      if (bounds[0] > gap) pieces.push_back(text.substr(gap, bounds[0] - gap));
      pieces.push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
      gap = search = bounds[1];
    }
    if (gap < text.size()) pieces.push_back(text.substr(gap));
  }

 private:
  std::unique_ptr<pcre2_code, FreePcre2> code_;
};

PreTokenizer::PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

absl::StatusOr<PreTokenizer> PreTokenizer::Create(const std::vector<std::string>& patterns) {
  PreTokenizer result;
  for (const std::string& pattern : patterns) {
    int error = 0;
    size_t offset = 0;
    pcre2_code* code =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
    if (code == nullptr) {
      unsigned char message[256] = {};
      pcre2_get_error_message(error, message, sizeof(message));
      return absl::InvalidArgumentError(absl::StrCat(
          "the pattern '", pattern, "' does not compile: ", reinterpret_cast<const char*>(message),
          " at byte ", offset));
    }
    result.patterns_.push_back(std::make_unique<Pattern>(code));
  }
  return result;
}

std::vector<std::string_view> PreTokenizer::Split(std::string_view text) const {
  std::vector<std::string_view> pieces;
  if (!text.empty()) pieces.push_back(text);
  for (const auto& pattern : patterns_) {
    std::vector<std::string_view> cut;
    for (std::string_view piece : std::exchange(pieces, {})) pattern->Split(piece, cut);
    pieces = std::move(cut);
  }
  return pieces;
}

}  // namespace quire::worker
