#pragma once

#include <vector>

namespace quire::worker {

// What a token is made of, as far as loops are concerned.
enum class TokenKind {
  kWord,     // has a letter
  kSign,     // digits, punctuation, white space within a line
  kLineEnd,  // the same with a line end
  kTable,    // <table>, <td> and their ends, <tr>
  kRowEnd,   // </tr>
};

// What an output has to do to count as a loop: a unit of tokens follows itself without a gap,
// `min_repeats` times and more. Honest pages repeat, too: tables of equal rows, lists of equal
// entries, columns of zeros, leader dots, rules of dashes. What no page holds is the measure, so
// that none of them is cut.
struct LoopRules {
  int max_unit = 128;      // longest unit that is looked for, in tokens
  int min_repeats = 6;
  int page_rows = 200;     // rows of a table, or lines of few words; a page set in 6 pt has 140
  int line_words = 24;     // words of such a line at most: longer ones are no rows of a table
  int row_tokens = 1024;   // cells without a row's end: more than one row has
  int sign_tokens = 2048;  // neither words nor tags
  int prose_tokens = 256;  // all else
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
  struct Counts {
    int words = 0, line_ends = 0, tables = 0, row_ends = 0;
  };
  // Among the latest tokens.
  Counts Latest(int tokens) const;
  //   run  tokens that the unit's rounds fill
  bool IsLoop(int unit, int run) const;

  LoopRules rules_;
  std::vector<int> ids_;
  std::vector<Counts> counts_;  // [i] among the first i tokens
  std::vector<int> matched_;  // by unit: how many of the latest tokens equal the one a unit before
  int kept_tokens_ = 0;
};

}  // namespace quire::worker
