#include "worker/model/team.h"

namespace quire::worker {
namespace {

// About half a millisecond: to wake who sleeps takes as long as a stage of a step, and between two steps
// (a token is chosen and embedded) goes a tenth of one.
constexpr int kSpins = 10000;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `value` is another than `old`.
void WaitForChange(const std::atomic<uint32_t>& value, uint32_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int threads) : threads_(threads) {
  for (int rank = 1; rank < threads; ++rank) others_.emplace_back([this, rank] { Serve(rank); });
}

Team::~Team() {
  stopping_ = true;
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  for (std::thread& other : others_) other.join();
}

void Team::Run(const std::function<void(int)>& work) {
  work_ = &work;
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  work(0);
  Meet();  // the others may still be at work
}

void Team::Meet() {
  if (threads_ == 1) return;
  const uint32_t meeting = meetings_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < threads_) {
    return WaitForChange(meetings_, meeting);
  }
  arrived_.store(0, std::memory_order_relaxed);
  meetings_.fetch_add(1, std::memory_order_release);
  meetings_.notify_all();
}

void Team::Serve(int rank) {
  uint32_t seen = 0;
  while (true) {
    WaitForChange(runs_, seen);
    ++seen;
    if (stopping_) return;
    (*work_)(rank);
    Meet();
  }
}

}  // namespace quire::worker
