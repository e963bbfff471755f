#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "proto/mutex.h"
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

// The pages that are read more than once, by job, from their first reading to their result. Thread-safe.
template <typename Page>
class PagesInWork {
 public:
  void Add(uint64_t job_id, std::shared_ptr<Page> page) {
    MutexLock lock(mutex_);
    pages_[job_id] = std::move(page);
  }
  // Nothing when it is done, or was never added.
  std::shared_ptr<Page> Find(uint64_t job_id) {
    MutexLock lock(mutex_);
    const auto found = pages_.find(job_id);
    return found == pages_.end() ? nullptr : found->second;
  }
  void Forget(uint64_t job_id) {
    MutexLock lock(mutex_);
    pages_.erase(job_id);
  }

 private:
  Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Page>> pages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::worker
