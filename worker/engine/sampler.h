#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace quire::worker {

// The best token of a row and the natural logarithm of its probability.
struct Sample {
  int id = 0;
  double log_probability = 0;
};

// Greedy: of equal logits the first. Logits of banned ids count as minus infinity.
//   logits  [rows, vocab] float32; may be written to
//   banned  for each row, or empty
std::vector<Sample> SampleGreedily(at::Tensor logits, const std::vector<std::vector<int>>& banned);

}  // namespace quire::worker
