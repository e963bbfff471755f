#pragma once

#include <cstddef>
#include <string_view>

namespace quire {

// Levenshtein distance of two sequences of code points (or of numbers that stand for words): the
// fewest insertions, deletions and substitutions that turn one into the other. Time
// O(|a| * |b| / 64).
// Source: G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
// programming", J. ACM 46 (1999); blocks after H. Hyyrö, "A bit-vector algorithm for computing
// Levenshtein and Damerau edit distances", Nordic J. of Computing 10 (2003).
size_t EditDistance(std::u32string_view a, std::u32string_view b);

}  // namespace quire
