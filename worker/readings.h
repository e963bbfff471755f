#pragma once

#include <optional>

#include "worker/engine/page_reader.h"

namespace quire::worker {

void AddSeconds(const StageSeconds& more, StageSeconds& sum);

// What a page's earlier readings took, where it is read more than once before its result is told.
class EarlierReadings {
 public:
  void Add(const PageOutput& output);
  // Makes stages, starts and the first token's time of the last reading those of the page; without
  // an earlier one they are already.
  void AddTo(PageOutput& output) const;

 private:
  StageSeconds spent_;
  std::optional<StageStarts> first_starts_;
};

}  // namespace quire::worker
