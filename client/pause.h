#pragma once

#include <termios.h>

#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "client/interrupt.h"
#include "proto/mutex.h"

namespace quire::client {

// The keys p and Ctrl-Z of the terminal that standard input is: each pauses what goes on, or lets
// it go on. Keys are not echoed while it lives; Ctrl-C and others stay what they are. Thread-safe.
class Pause {
 public:
  // Nothing where standard input is no terminal, or not this process's to read from (`quire ...
  // &`).
  //   on_change  called on another thread
  static std::unique_ptr<Pause> Watch(Interrupt& interrupt,
                                      std::function<void(bool paused)> on_change);
  ~Pause();
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  bool requested() const;
  // Returns when nobody wants the pause any more, or the user asked for the end.
  void Wait();

 private:
  Pause(Interrupt& interrupt, std::function<void(bool paused)> on_change);
  void ReadKeys();
  void Restore();
  void Toggle();

  Interrupt& interrupt_;
  const std::function<void(bool paused)> on_change_;
  termios found_ = {};  // how the terminal was
  int stop_pipe_[2] = {-1, -1};
  mutable Mutex mutex_;
  CondVar changed_;
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<OnInterrupt> restore_;  // a second Ctrl-C ends the process at once
  std::thread reader_;
};

}  // namespace quire::client
