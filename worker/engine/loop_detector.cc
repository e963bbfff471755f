#include "worker/engine/loop_detector.h"

namespace quire::worker {

LoopDetector::LoopDetector(LoopRules rules)
    : rules_(rules), counts_(1), matched_(rules.max_unit + 1) {}

bool LoopDetector::Add(int id, TokenKind kind) {
  ids_.push_back(id);
  Counts& counts = counts_.emplace_back(counts_.back());
  counts.words += kind == TokenKind::kWord;
  counts.line_ends += kind == TokenKind::kLineEnd;
  counts.tables += kind == TokenKind::kTable;
  counts.row_ends += kind == TokenKind::kRowEnd;
  const int length = static_cast<int>(ids_.size());
  for (int unit = 1; unit <= rules_.max_unit && unit < length; ++unit) {
    matched_[unit] = ids_[length - 1 - unit] == id ? matched_[unit] + 1 : 0;
    const int run = matched_[unit] + unit;  // the first round included
    if (matched_[unit] == 0 || !IsLoop(unit, run)) continue;
    kept_tokens_ = length - run + 2 * unit;
    return true;
  }
  return false;
}

LoopDetector::Counts LoopDetector::Latest(int tokens) const {
  const Counts& end = counts_.back();
  const Counts& begin = counts_[counts_.size() - 1 - tokens];
  return {.words = end.words - begin.words,
          .line_ends = end.line_ends - begin.line_ends,
          .tables = end.tables - begin.tables,
          .row_ends = end.row_ends - begin.row_ends};
}

bool LoopDetector::IsLoop(int unit, int run) const {
  if (run < unit * rules_.min_repeats) return false;
  const Counts one = Latest(unit);
  if (one.row_ends > 0) return Latest(run).row_ends > rules_.page_rows;
  if (one.tables > 0) return run >= rules_.row_tokens;
  if (one.words == 0) return run >= rules_.sign_tokens;
  if (one.line_ends > 0 && one.words <= rules_.line_words * one.line_ends) {
    return Latest(run).line_ends > rules_.page_rows;
  }
  return run >= rules_.prose_tokens;
}

}  // namespace quire::worker
