#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "proto/mutex.h"

namespace quire::client {

// "2.10 GB of 6.67 GB, 31 %, 104 MB/s, 44 s left", at most `columns` characters.
//   bytes_before  that were there when the pull began: they count as done, not for the rate
std::string FormatPull(uint64_t bytes_done, uint64_t bytes_before, uint64_t bytes_total,
                       double seconds, int columns);

// One line for all files of a pull, on standard error. Thread-safe.
class PullProgress {
 public:
  //   visible  whether to draw: standard error is a terminal and nobody said --quiet
  PullProgress(bool visible, uint64_t bytes_total);
  ~PullProgress();
  PullProgress(const PullProgress&) = delete;
  PullProgress& operator=(const PullProgress&) = delete;

  // Bytes of a part that was there already; negative: they are fetched anew.
  void OnFound(int64_t bytes);
  void OnFetched(int64_t bytes);

 private:
  void Draw(bool at_once) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool visible_;
  const uint64_t bytes_total_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Mutex mutex_;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t before_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point drawn_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::client
