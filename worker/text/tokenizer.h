#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::worker {

// Byte-level BPE read from a Hugging Face tokenizer.json: pre-tokenizer patterns (PCRE2, Unicode
// properties), vocabulary, merges (as pairs or as "a b" strings) and added tokens. Thread-safe
// after Load.
class Tokenizer {
 public:
  // InvalidArgument names the file and what is missing or wrong in it (a model other than BPE, an
  // unknown pre-tokenizer step, a merge whose parts are not in the vocabulary, a damaged JSON,
  // ...).
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(const std::string& path);
  // The same from the file's text; `name` stands in errors.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Parse(std::string_view json,
                                                          const std::string& name);
  ~Tokenizer();

  // Ids of `text` (UTF-8; invalid parts count as U+FFFD); no begin or end token is added. Added
  // tokens are matched first, leftmost and longest.
  std::vector<int> Encode(std::string_view text) const;
  // The same, reading the literal text of added tokens as ordinary text.
  std::vector<int> EncodePlain(std::string_view text) const;

  // The bytes that a token stands for: an added token's literal text, nothing for an unknown id.
  std::string_view Bytes(int id) const;
  // Bytes of all of them, not yet checked to be UTF-8.
  std::string Decode(std::span<const int> ids) const;
  // Id of an added token or vocabulary entry by its literal text.
  std::optional<int> Find(std::string_view token) const;
  // One above the largest id.
  int size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::worker
