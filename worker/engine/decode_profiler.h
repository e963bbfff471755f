#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "proto/mutex.h"
#include "worker/engine/page_reader.h"
#include "worker/model/step_clock.h"

namespace quire::worker {

// Times every so-many-th decode step by its parts. Steps in between cost one comparison. The model
// thread's alone, but for profile().
class DecodeProfiler {
 public:
  //   every   1 or more; 0: no step
  //   device  "cpu", "cuda:0", ...: what the parts run on
  DecodeProfiler(int every, const std::string& device);
  ~DecodeProfiler();

  // Before a step: what it is to tell its parts, or null when it is not timed.
  StepClock* BeginStep();
  // After it, when the host has its tokens.
  //   rows  sequences of the step
  void EndStep(int rows);
  // Any thread.
  DecodeProfile profile() const;

 private:
  class Stopwatch;      // the host's clock
  class DeviceEvents;   // marks in a device's stream, read when the step is over
  class PartClock;

  const int every_;
  int steps_ = 0;  // since the last that was timed
  std::unique_ptr<PartClock> clock_;
  bool timing_ = false;
  std::chrono::steady_clock::time_point began_;
  mutable Mutex mutex_;
  DecodeProfile profile_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::worker
