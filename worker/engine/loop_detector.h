#pragma once

#include <vector>

namespace quire::worker {

// What a token is made of, as far as loops are concerned.
enum class TokenKind {
  kWord,   // has a letter
  kSign,   // digits, punctuation, white space
  kTable,  // <table>, <tr>, <td> and their ends
};

// What an output has to do to count as a loop.
//
// A unit of tokens that follows itself without a gap is a loop when it has come `min_repeats` times
// and filled `min_tokens` tokens. Honest pages repeat, too: rows of equal cells, columns of zeros,
// leader dots, rules of dashes. So a unit that holds a table token, or no word at all, has to fill
// `patient_tokens`, which is more than such rows take on any page.
struct LoopRules {
  int max_unit = 64;  // longest unit that is looked for, in tokens
  int min_repeats = 6;
  int min_tokens = 256;
  int patient_tokens = 2048;
};

// Watches one output token by token. Sees exact loops only. One thread.
class LoopDetector {
 public:
  explicit LoopDetector(LoopRules rules = {});

  // Adds the next token; true when the output has become a loop.
  bool Add(int id, TokenKind kind);

  // How many of the tokens are worth keeping once Add said true: all up to the end of the loop's
  // second round.
  int kept_tokens() const { return kept_tokens_; }

 private:
  bool IsPatient(int unit) const;

  LoopRules rules_;
  std::vector<int> ids_;
  std::vector<int> words_;   // [i] words among the first i tokens
  std::vector<int> tables_;  // [i] table tokens among the first i tokens
  std::vector<int> matched_;  // by unit: how many of the latest tokens equal the one a unit before
  int kept_tokens_ = 0;
};

}  // namespace quire::worker
