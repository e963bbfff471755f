#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace quire {

// The wall clock of a host, which is set while programs run by it. Their monotonic clocks go on as they
// are, as on a real host. Thread-safe.
class SteppedClock {
 public:
  //   file  is made, and read by the programs; ends this process where it cannot be made
  explicit SteppedClock(std::string file);
  ~SteppedClock();
  SteppedClock(const SteppedClock&) = delete;
  SteppedClock& operator=(const SteppedClock&) = delete;

  // Of programs that are to run by it; nothing under a sanitizer, which wants to be loaded first.
  std::vector<std::string> environment() const;
  // To this much ahead of the kernel's clock; below 0: behind it.
  void Set(std::chrono::seconds ahead);
  // Whether a program sees what is set: `date` is asked. Leaves the clock right.
  bool Works();

 private:
  const std::string file_;
  std::atomic<int64_t>* ahead_ = nullptr;  // nanoseconds, in the file
};

}  // namespace quire
