#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "proto/mutex.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

// Hands pages on to a reader, in order, so that one that must be alone is alone whichever front it
// came from: it waits until nothing else is read, and what comes after it waits for its end. A page
// that waits here has not begun. Thread-safe.
class AloneGate final : public PageReader {
 public:
  // `reader` outlives the gate, and ends every page before the gate goes.
  explicit AloneGate(PageReader& reader) : reader_(reader) {}

  void Read(PageRequest request, PageCallbacks callbacks) override;
  void Cancel(uint64_t job_id) override;
  const ReaderInfo& info() const override { return reader_.info(); }
  ReaderStats stats() const override;

 private:
  struct Waiting {
    PageRequest request;
    PageCallbacks callbacks;
  };
  struct Running {
    bool handed_on = false;  // the reader knows it
    bool cancelled = false;
  };

  // Takes what may begin now off the queue.
  std::deque<Waiting> TakeReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandOn(std::deque<Waiting> ready);
  void OnDone(uint64_t job_id);

  PageReader& reader_;
  mutable Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Running> running_ ABSL_GUARDED_BY(mutex_);
  bool one_alone_ ABSL_GUARDED_BY(mutex_) = false;  // what runs must be alone
};

}  // namespace quire::worker
