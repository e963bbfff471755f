#include "worker/image/resample_axis.h"

#include <algorithm>
#include <cmath>

namespace quire::worker {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;  // 8 bits of pixel, 2 of overshoot
constexpr size_t kLanes = 48;              // neighbours that are summed at once

double CubicKernel(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

int32_t ToFixed(double weight) {
  const double scaled = weight * (1 << kFractionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);  // half away from zero
}

// kLanes is above what the compiler unrolls whole, so that it makes vectors of the inner loop.
template <size_t lanes>
[[gnu::always_inline]] inline void EvaluateLanes(const WeightedSum& sum, size_t at) {
  int32_t totals[lanes];
  for (int32_t& total : totals) total = 1 << (kFractionBits - 1);
  const uint8_t* source = sum.source + at;
  for (int t = 0; t < sum.taps; ++t, source += sum.stride) {
    const int32_t weight = sum.weights[t];
    for (size_t v = 0; v < lanes; ++v) totals[v] += weight * source[v];
  }
  uint8_t* out = sum.out + at;
  for (size_t v = 0; v < lanes; ++v) {
    out[v] = static_cast<uint8_t>(std::clamp(totals[v] >> kFractionBits, 0, 255));
  }
}

[[gnu::always_inline]] inline void EvaluateAll(const WeightedSum& sum) {
  size_t at = 0;
  for (; at + kLanes <= sum.values; at += kLanes) EvaluateLanes<kLanes>(sum, at);
  for (; at < sum.values; ++at) EvaluateLanes<1>(sum, at);
}

void EvaluatePlain(const WeightedSum& sum) { EvaluateAll(sum); }

#if defined(__x86_64__)
// The x86-64 baseline has no 32-bit multiply for vectors; AVX2 makes this several times faster.
[[gnu::target("avx2")]] void EvaluateAvx2(const WeightedSum& sum) { EvaluateAll(sum); }

const bool kHasAvx2 = __builtin_cpu_supports("avx2");
#endif

}  // namespace

ResampleAxis BicubicAxis(int source_size, int full_size, int begin, int length) {
  const double scale = static_cast<double>(source_size) / full_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = 2.0 * filter_scale;
  ResampleAxis axis;
  axis.taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  axis.weights.resize(static_cast<size_t>(length) * axis.taps);
  std::vector<double> exact(axis.taps);
  for (int i = 0; i < length; ++i) {
    const double center = (begin + i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(center - support + 0.5));
    const int high = std::min(source_size, static_cast<int>(center + support + 0.5));
    double total = 0.0;
    for (int x = low; x < high; ++x) {
      exact[x - low] = CubicKernel((x - center + 0.5) * (1.0 / filter_scale));
      total += exact[x - low];
    }
    for (int x = low; x < high; ++x) {
      const double weight = total != 0.0 ? exact[x - low] / total : exact[x - low];
      axis.weights[static_cast<size_t>(i) * axis.taps + x - low] = ToFixed(weight);
    }
    axis.first.push_back(low);
    axis.count.push_back(high - low);
  }
  return axis;
}

void Evaluate(const WeightedSum& sum) {
#if defined(__x86_64__)
  if (kHasAvx2) return EvaluateAvx2(sum);
#endif
  EvaluatePlain(sum);
}

}  // namespace quire::worker
