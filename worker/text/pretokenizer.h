#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::worker {

// Cuts text into the pieces that byte-pair encoding works within: each pattern in turn cuts every
// piece that the ones before left into its matches and the gaps between them. Thread-safe.
class PreTokenizer {
 public:
  // Patterns are PCRE2 with Unicode properties. InvalidArgument names the pattern that does not
  // compile, and where in it.
  static absl::StatusOr<PreTokenizer> Create(const std::vector<std::string>& patterns);
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  // The pieces of `text` (valid UTF-8) in order; together they are the text, and none is empty.
  std::vector<std::string_view> Split(std::string_view text) const;

 private:
  class Pattern;
  PreTokenizer();

  std::vector<std::unique_ptr<Pattern>> patterns_;
};

}  // namespace quire::worker
