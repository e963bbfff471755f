#include "worker/alone_gate.h"

#include <algorithm>

namespace quire::worker {

void AloneGate::Read(PageRequest request, PageCallbacks callbacks) {
  std::deque<Waiting> ready;
  {
    MutexLock lock(mutex_);
    waiting_.push_back({std::move(request), std::move(callbacks)});
    ready = TakeReady();
  }
  HandOn(std::move(ready));
}

void AloneGate::Cancel(uint64_t job_id) {
  PageCallbacks callbacks;
  std::deque<Waiting> ready;
  {
    MutexLock lock(mutex_);
    if (const auto running = running_.find(job_id); running != running_.end()) {
      running->second.cancelled = true;
      if (!running->second.handed_on) return;  // HandOn() sees it
    } else {
      const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& page) {
        return page.request.job_id == job_id;
      });
      if (found == waiting_.end()) return;
      callbacks = std::move(found->callbacks);
      waiting_.erase(found);
      ready = TakeReady();
    }
  }
  if (!callbacks.on_done) return reader_.Cancel(job_id);
  callbacks.on_pixels_released();
  callbacks.on_done(absl::CancelledError("cancelled before it began"));
  HandOn(std::move(ready));
}

ReaderStats AloneGate::stats() const {
  ReaderStats stats = reader_.stats();
  MutexLock lock(mutex_);
  stats.pages += static_cast<int>(waiting_.size());
  return stats;
}

std::deque<AloneGate::Waiting> AloneGate::TakeReady() {
  std::deque<Waiting> ready;
  while (!waiting_.empty() && !one_alone_ &&
         (running_.empty() || !waiting_.front().request.alone)) {
    one_alone_ = waiting_.front().request.alone;
    running_[waiting_.front().request.job_id];
    ready.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return ready;
}

// Without the lock: the reader may end a page before Read() returns.
void AloneGate::HandOn(std::deque<Waiting> ready) {
  for (Waiting& page : ready) {
    const uint64_t job_id = page.request.job_id;
    PageCallbacks callbacks = std::move(page.callbacks);
    callbacks.on_done = [this, job_id, done = std::move(callbacks.on_done)](
                            absl::StatusOr<PageOutput> output) {
      OnDone(job_id);
      done(std::move(output));  // last: whoever waits for it may end this gate
    };
    reader_.Read(std::move(page.request), std::move(callbacks));
    bool cancelled = false;
    {
      MutexLock lock(mutex_);
      const auto running = running_.find(job_id);
      if (running == running_.end()) continue;  // it has ended already
      running->second.handed_on = true;
      cancelled = running->second.cancelled;
    }
    if (cancelled) reader_.Cancel(job_id);
  }
}

void AloneGate::OnDone(uint64_t job_id) {
  std::deque<Waiting> ready;
  {
    MutexLock lock(mutex_);
    running_.erase(job_id);
    if (running_.empty()) one_alone_ = false;
    ready = TakeReady();
  }
  HandOn(std::move(ready));
}

}  // namespace quire::worker
