#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "proto/mutex.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

// Hands pages on to a reader, in order, so that one that must be alone is alone whichever front it
// came from: it waits until nothing else is read, and what comes after it waits for its end. A page
// that waits here has not begun, and begins only after the answers of those that it waited for were
// given: if it takes the worker down, they are not to blame. Thread-safe.
class AloneGate final : public PageReader {
 public:
  // `reader` outlives the gate, and ends every page before the gate goes.
  explicit AloneGate(PageReader& reader) : state_(std::make_shared<State>(reader)) {}

  void Read(PageRequest request, PageCallbacks callbacks) override;
  void Cancel(uint64_t job_id) override;
  const ReaderInfo& info() const override { return state_->reader.info(); }
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
  // Second owners: callbacks of pages, since whoever waits for the last answer may end the gate.
  struct State : std::enable_shared_from_this<State> {
    explicit State(PageReader& reader) : reader(reader) {}
    // Takes what may begin now off the queue.
    std::deque<Waiting> TakeReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
    void HandOn(std::deque<Waiting> ready);
    void OnDone(uint64_t job_id);

    PageReader& reader;
    Mutex mutex;
    std::deque<Waiting> waiting ABSL_GUARDED_BY(mutex);
    std::map<uint64_t, Running> running ABSL_GUARDED_BY(mutex);
    bool one_alone ABSL_GUARDED_BY(mutex) = false;  // what runs must be alone
  };

  const std::shared_ptr<State> state_;
};

}  // namespace quire::worker
