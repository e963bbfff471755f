#include "worker/model/cpu_kernels.h"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define QUIRE_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QUIRE_VECTOR_CLONES
#endif

namespace quire::worker {
namespace {

// The sums may be reordered: lanes are added at the end. (-fopenmp-simd)
[[gnu::always_inline]] inline float Dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

[[gnu::always_inline]] inline void AddScaled(float scale, const float* a, float* out, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) out[i] += scale * a[i];
}

}  // namespace

QUIRE_VECTOR_CLONES
void Attend(const BlockAttention& a) {
  const int64_t head_stride = a.block_tokens * a.head_dim;
  const int64_t block_stride = a.heads * head_stride;
  float largest = -INFINITY;
  for (int64_t t = 0; t < a.tokens; ++t) {
    const float* key = a.keys + a.blocks[t / a.block_tokens] * block_stride + a.head * head_stride +
                       t % a.block_tokens * a.head_dim;
    a.scores[t] = Dot(a.query, key, a.head_dim) * a.scale;
    largest = std::max(largest, a.scores[t]);
  }
  float sum = 0;
  for (int64_t t = 0; t < a.tokens; ++t) {
    a.scores[t] = std::exp(a.scores[t] - largest);
    sum += a.scores[t];
  }
  std::fill(a.out, a.out + a.head_dim, 0.0f);
  for (int64_t t = 0; t < a.tokens; ++t) {
    const float* value = a.values + a.blocks[t / a.block_tokens] * block_stride +
                         a.head * head_stride + t % a.block_tokens * a.head_dim;
    AddScaled(a.scores[t] / sum, value, a.out, a.head_dim);
  }
}

QUIRE_VECTOR_CLONES
void AddExpert(const ExpertRow& r) {
  for (int64_t i = 0; i < 2 * r.width; ++i) r.inner[i] = Dot(r.gate_up + i * r.hidden, r.x, r.hidden);
  for (int64_t i = 0; i < r.width; ++i) {
    const float gate = r.inner[i];
    r.inner[i] = gate / (1 + std::exp(-gate)) * r.inner[r.width + i];
  }
  for (int64_t i = 0; i < r.hidden; ++i) {
    r.out[i] += r.probability * Dot(r.down + i * r.width, r.inner, r.width);
  }
}

}  // namespace quire::worker
