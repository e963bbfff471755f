#pragma once

#include <cstddef>
#include <string>

namespace quire::client {

// Edits and what they are counted against, so that pages can be added up.
struct ErrorCount {
  size_t edits = 0;
  size_t length = 0;  // of the truth; for normalised distance of the longer one

  // 0 for nothing of nothing; edits of an empty truth count as if one symbol was expected.
  double Rate() const;
};

// The texts are compared as they are, as UTF-8: see ComparedText.

// Character error rate: edits over characters (code points, blanks included) of the truth. May be
// above 1. As jiwer's cer counts it.
ErrorCount CharacterErrors(const std::string& truth, const std::string& read);

// Word error rate: the same over words, which blanks divide. As jiwer's wer counts it.
ErrorCount WordErrors(const std::string& truth, const std::string& read);

// Normalised edit distance, 0 to 1: edits over the longer of the two, of letters and digits alone.
// Source: OmniDocBench, metrics/cal_metric.py, call_Edit_dist (upper_len) on clean_string; its
// figure for a set is the mean over pages. It compares block by block after matching them; here
// a page is one block, so that order counts.
ErrorCount NormalisedEdits(const std::string& truth, const std::string& read);

// F1 of the words as a multiset, blind to their order; case folded (ASCII), marks around words
// dropped. 1 where neither has words.
double BagOfWordsF1(const std::string& truth, const std::string& read);

}  // namespace quire::client
