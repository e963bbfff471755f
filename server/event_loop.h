#pragma once

#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "proto/mutex.h"

namespace quire::server {

// The one thread on which the front's state lives: recognitions, page queue, dispatcher and worker
// registry need no lock, and nothing that they call can find them half changed. Reactions of gRPC,
// the render pool and the spool writers post here and return. What waits is bounded by what is
// outstanding elsewhere: each stream has one read, one write and one cancel, each page one drawing.
// Tasks must not block. Thread-safe.
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = absl::AnyInvocable<void()>;

  EventLoop();
  ~EventLoop();  // Stop()
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `task` on the loop's thread, after those posted before. Dropped after Stop().
  void Post(Task task);
  // Runs `task` once `when` has come. Dropped by Stop().
  void PostAt(Clock::time_point when, Task task);
  // Runs `task` and waits for its end. Not from the loop itself, nor after Stop().
  void PostAndWait(Task task);
  // Runs what was posted, then ends the thread. Not from the loop itself.
  void Stop();

 private:
  void Run();
  std::vector<Task> TakeDue();  // waits; empty once stopped and nothing is left

  Mutex mutex_;
  CondVar changed_;
  std::vector<Task> posted_ ABSL_GUARDED_BY(mutex_);
  std::multimap<Clock::time_point, Task> timers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace quire::server
