#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "proto/mutex.h"

namespace quire::worker {

// What one front asks of a worker's slots.
struct FrontDemand {
  int jobs = 0;         // that it would like to have
  uint64_t served = 0;  // that it had; of fronts that have as much, the one with less goes first
};

// `slots` divided so that no front has more while another, which wants it, has less; what nobody wants
// is spread evenly, so that the next document finds a slot. The sum is `slots`, unless there are no
// fronts. Pure.
std::vector<int> DivideSlots(int slots, std::span<const FrontDemand> fronts);

// The slots of this worker and which front may fill how many of them. The leases never add up to more
// than the slots: one that shrinks counts in full until its front has taken note and the pages beyond
// it have ended. Running out of device memory halves what may be read at once; with every
// kPagesToGrow pages read it grows by one again. Thread-safe.
class SlotShares {
 public:
  static constexpr int kPagesToGrow = 32;

  explicit SlotShares(int slots) : slots_(slots), limit_(slots) {}

  // A front is there; returns its number. `tell` hears of each change of its lease, under this object's
  // lock, until Leave().
  int Join(std::function<void(int slots)> tell);
  // The lease of a front that has just joined, for its hello.
  int lease(int front) const;
  // The front is gone and all its jobs have ended.
  void Leave(int front);
  void OnDemand(int front, int jobs);
  // The front has taken note of the lease that it was told last.
  void OnLeaseTaken(int front);
  // A job came, and ended. Returns a number for it that no other job of this process has.
  uint64_t Begin(int front);
  void End(int front);
  // How pages end, told before End(): with text, or for want of memory.
  void OnRead();
  void OnOutOfMemory();

 private:
  struct Front {
    std::function<void(int)> tell;
    FrontDemand demand;
    int held = 0;
    int lease = 0;               // that it may count on
    std::optional<int> pending;  // that it was told and has not taken note of
    // Jobs that it has or may send before it hears anything else.
    int bound() const;
  };

  void Rebalance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int slots_;
  mutable Mutex mutex_;
  int limit_ ABSL_GUARDED_BY(mutex_);  // slots that there is memory for
  int read_ ABSL_GUARDED_BY(mutex_) = 0;     // since the limit changed
  int unended_ ABSL_GUARDED_BY(mutex_) = 0;  // jobs that were held when memory ran out last
  int next_front_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_job_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int, Front> fronts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::worker
