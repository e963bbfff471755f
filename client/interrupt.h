#pragma once

#include <signal.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "proto/mutex.h"

namespace quire::client {

class OnInterrupt;

// Ctrl-C, SIGTERM and SIGHUP. The first one asks for a clean end; the second one ends the process
// at once with exit code 130. Signals that the parent had ignored stay ignored. Thread-safe.
class Interrupt {
 public:
  // Call once, before any other thread is started: it blocks the signals for all of them.
  static std::unique_ptr<Interrupt> Install();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const { return requested_.load(); }
  // The same end as by the first signal, from within.
  void Request();
  // Readable from the first signal on; owned by this object.
  int fd() const { return pipe_[0]; }
  // Waits; true as soon as the user asked for the end.
  bool WaitFor(double seconds) const;

 private:
  friend class OnInterrupt;
  Interrupt() = default;
  void Watch();

  sigset_t signals_ = {};
  int pipe_[2] = {-1, -1};
  std::atomic<bool> requested_ = false;
  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  std::map<const OnInterrupt*, std::function<void()>> actions_ ABSL_GUARDED_BY(mutex_);
  std::thread watcher_;
};

// While it lives, the first signal runs `action` (on another thread; at once when the signal was
// there already).
class OnInterrupt {
 public:
  OnInterrupt(Interrupt& interrupt, std::function<void()> action);
  ~OnInterrupt();
  OnInterrupt(const OnInterrupt&) = delete;
  OnInterrupt& operator=(const OnInterrupt&) = delete;

 private:
  Interrupt& interrupt_;
};

}  // namespace quire::client
