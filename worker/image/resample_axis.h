#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quire::worker {

// Pillow's resampling weights for some of the outputs of one axis: output i of the range is the sum
// of source[first[i] + t] * weights[i * taps + t] for t in [0, count[i]), in 22-bit fixed point.
struct ResampleAxis {
  int taps = 0;  // room for each output's weights
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;  // [outputs, taps]

  int begin() const { return first.front(); }
  int end() const { return first.back() + count.back(); }  // one past the last source position
};

// Bicubic weights (a = -0.5, widened by the scale when shrinking) for the outputs
// [begin, begin + length) of an axis that goes from `source_size` to `full_size`; all 1 or more.
// Source: Pillow, Resample.c, precompute_coeffs and normalize_coeffs_8bpc.
ResampleAxis BicubicAxis(int source_size, int full_size, int begin, int length);

// One output of an axis for `values` neighbours at once: out[v] is the rounded, clamped weighted
// sum over taps t of source[t * stride + v].
struct WeightedSum {
  const uint8_t* source = nullptr;
  size_t stride = 0;  // bytes from a tap to the next
  const int32_t* weights = nullptr;
  int taps = 0;
  size_t values = 0;
  uint8_t* out = nullptr;
};
void Evaluate(const WeightedSum& sum);

}  // namespace quire::worker
