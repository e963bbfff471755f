#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::worker {

// What a tokenizer.json says, checked: every id below kMaxTokens, no id taken twice, every merge's
// parts and result in the vocabulary.
struct TokenizerFile {
  static constexpr int kMaxTokens = 1 << 20;

  struct Token {
    std::string bytes;  // what it stands for
    int id = 0;
  };
  struct Merge {
    int left = 0;
    int right = 0;
    int result = 0;
  };
  std::vector<std::string> patterns;  // of the pre-tokenizer, in order
  std::array<int, 256> byte_ids = {};
  std::vector<Token> vocabulary;
  std::vector<Merge> merges;  // lowest rank first
  std::vector<Token> added;
};

// InvalidArgument says what is missing, damaged or of a kind that Quire does not read.
absl::StatusOr<TokenizerFile> ReadTokenizerJson(std::string_view json);

}  // namespace quire::worker
