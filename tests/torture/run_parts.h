#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "tests/torture/books.h"

namespace quire {

struct TortureSettings {
  double minutes = 1;
  unsigned seed = 1;
  int clients = 12;
  std::string plant = "nothing";
  bool nano = true;
};

// Waits in pieces that a stop ends.
class Stop {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Stop(Clock::time_point end) : end_(end) {}
  Clock::time_point end() const { return end_; }
  bool over() const { return Clock::now() >= end_; }
  // False when the run is over.
  bool Pause(int milliseconds) const {
    std::this_thread::sleep_until(
        std::min(end_, Clock::now() + std::chrono::milliseconds(milliseconds)));
    return !over();
  }

 private:
  const Clock::time_point end_;
};

// What became of calls and pages, for the reader of the report.
struct Counts {
  std::atomic<int> calls = 0, broken = 0, refused = 0, disk_full = 0, failed_pages = 0,
                   failed_opens = 0, late = 0, unexpected = 0;
  std::atomic<int64_t> nano_pages = 0, other_pages = 0;
};

// What clients and faults of one run share.
struct RunParts {
  const TortureSettings& settings;
  Books& books;
  Counts& counts;
  const Stop& stop;
  std::map<int, std::string> texts;       // by code, as an undisturbed reading gave them
  std::map<int, std::string> nano_texts;  // the same of pages for nano; empty: it is not there
};

inline int Between(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

}  // namespace quire
