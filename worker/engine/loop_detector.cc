#include "worker/engine/loop_detector.h"

#include <algorithm>

namespace quire::worker {

LoopDetector::LoopDetector(LoopRules rules)
    : rules_(rules), words_(1), tables_(1), matched_(rules.max_unit + 1) {}

bool LoopDetector::Add(int id, TokenKind kind) {
  ids_.push_back(id);
  words_.push_back(words_.back() + (kind == TokenKind::kWord));
  tables_.push_back(tables_.back() + (kind == TokenKind::kTable));
  const int length = static_cast<int>(ids_.size());
  for (int unit = 1; unit <= rules_.max_unit && unit < length; ++unit) {
    matched_[unit] = ids_[length - 1 - unit] == id ? matched_[unit] + 1 : 0;
    if (matched_[unit] == 0) continue;
    const int run = matched_[unit] + unit;  // the first round included
    const int needed = IsPatient(unit) ? rules_.patient_tokens : rules_.min_tokens;
    if (run < needed || run < unit * rules_.min_repeats) continue;
    kept_tokens_ = length - run + 2 * unit;
    return true;
  }
  return false;
}

bool LoopDetector::IsPatient(int unit) const {
  const size_t end = ids_.size(), begin = end - unit;
  return words_[end] == words_[begin] || tables_[end] > tables_[begin];
}

}  // namespace quire::worker
