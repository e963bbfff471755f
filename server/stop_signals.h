#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace quire::server {

// Waits for SIGTERM and SIGINT on a thread of its own and calls `on_signal` from there, each time.
class StopSignals {
 public:
  // Blocks the signals in this thread and those that it starts from now on: call it before there are
  // others, and once.
  static void Block();

  explicit StopSignals(std::function<void(int signal)> on_signal);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  std::thread thread_;
};

}  // namespace quire::server
