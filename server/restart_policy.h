#pragma once

#include <chrono>

namespace quire::server {

// When a child that ended is started again: at once first, then after 1, 1, 2, 3, 5, 8, ... seconds
// (Fibonacci) up to 60; a child that lived for `stable` starts the row again. Pure: the caller says
// the time.
class RestartPolicy {
 public:
  using Clock = std::chrono::steady_clock;
  explicit RestartPolicy(Clock::duration stable = std::chrono::seconds(60)) : stable_(stable) {}

  void OnStarted(Clock::time_point now);
  // When to start it again.
  Clock::time_point OnEnded(Clock::time_point now);
  int restarts() const { return restarts_; }

 private:
  Clock::duration stable_;
  Clock::time_point started_{};
  int previous_seconds_ = 0;
  int next_seconds_ = 0;
  int restarts_ = 0;
};

}  // namespace quire::server
