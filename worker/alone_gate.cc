#include "worker/alone_gate.h"

#include <algorithm>

namespace quire::worker {

void AloneGate::Read(PageRequest request, PageCallbacks callbacks) {
  std::deque<Waiting> ready;
  {
    MutexLock lock(state_->mutex);
    state_->waiting.push_back({std::move(request), std::move(callbacks)});
    ready = state_->TakeReady();
  }
  state_->HandOn(std::move(ready));
}

void AloneGate::Cancel(uint64_t job_id) {
  PageCallbacks callbacks;
  std::deque<Waiting> ready;
  {
    MutexLock lock(state_->mutex);
    std::deque<Waiting>& waiting = state_->waiting;
    if (const auto running = state_->running.find(job_id); running != state_->running.end()) {
      running->second.cancelled = true;
      if (!running->second.handed_on) return;  // HandOn() sees it
    } else {
      const auto found = std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& page) {
        return page.request.job_id == job_id;
      });
      if (found == waiting.end()) return;
      callbacks = std::move(found->callbacks);
      waiting.erase(found);
      ready = state_->TakeReady();
    }
  }
  if (!callbacks.on_done) return state_->reader.Cancel(job_id);
  callbacks.on_pixels_released();
  callbacks.on_done(absl::CancelledError("cancelled before it began"));
  state_->HandOn(std::move(ready));
}

ReaderStats AloneGate::stats() const {
  ReaderStats stats = state_->reader.stats();
  MutexLock lock(state_->mutex);
  stats.pages += static_cast<int>(state_->waiting.size());
  return stats;
}

std::deque<AloneGate::Waiting> AloneGate::State::TakeReady() {
  std::deque<Waiting> ready;
  while (!waiting.empty() && !one_alone && (running.empty() || !waiting.front().request.alone)) {
    one_alone = waiting.front().request.alone;
    running[waiting.front().request.job_id];
    ready.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  return ready;
}

// Without the lock: the reader may end a page before Read() returns.
void AloneGate::State::HandOn(std::deque<Waiting> ready) {
  for (Waiting& page : ready) {
    const uint64_t job_id = page.request.job_id;
    PageCallbacks callbacks = std::move(page.callbacks);
    callbacks.on_done = [self = shared_from_this(), job_id,
                         done = std::move(callbacks.on_done)](absl::StatusOr<PageOutput> output) {
      done(std::move(output));
      self->OnDone(job_id);
    };
    reader.Read(std::move(page.request), std::move(callbacks));
    bool cancelled = false;
    {
      MutexLock lock(mutex);
      const auto found = running.find(job_id);
      if (found == running.end()) continue;  // it has ended already
      found->second.handed_on = true;
      cancelled = found->second.cancelled;
    }
    if (cancelled) reader.Cancel(job_id);
  }
}

void AloneGate::State::OnDone(uint64_t job_id) {
  std::deque<Waiting> ready;
  {
    MutexLock lock(mutex);
    running.erase(job_id);
    if (running.empty()) one_alone = false;
    ready = TakeReady();
  }
  HandOn(std::move(ready));
}

}  // namespace quire::worker
