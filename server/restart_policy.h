#pragma once

#include <chrono>

namespace quire::server {

// When a child that ended is started again: at once first, then after 1, 1, 2, 3, 5, 8, ... seconds
// (Fibonacci) up to 60; a child that lived for `stable` starts the row again. Pure: the caller says
// the time. One thread at a time.
class RestartPolicy {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kLongestWait{60};

  RestartPolicy() = default;
  explicit RestartPolicy(Clock::duration stable) : stable_(stable) {}

  void OnStarted(Clock::time_point now) { started_ = now; }
  // When to start it again.
  Clock::time_point OnEnded(Clock::time_point now);
  // The same for a child that cannot work as it was started (a wrong configuration): the longest wait.
  Clock::time_point OnUseless(Clock::time_point now);

 private:
  Clock::duration stable_ = std::chrono::seconds(60);
  Clock::time_point started_{};
  std::chrono::seconds wait_{0};  // before the next start
  std::chrono::seconds next_{1};  // before the one after it
};

}  // namespace quire::server
