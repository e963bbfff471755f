#pragma once

#include <functional>
#include <random>

namespace quire::client {

// Where a figure lies with 95 % confidence.
struct Interval {
  double low = 0;
  double high = 0;
  bool Holds(double value) const { return low <= value && value <= high; }
};

// The interval of a figure by the bootstrap: `draw` computes it from a sample that it draws, with
// replacement, from what was measured. 2,000 draws with a fixed seed: the same again and again.
Interval Bootstrap(const std::function<double(std::minstd_rand& random)>& draw);

}  // namespace quire::client
