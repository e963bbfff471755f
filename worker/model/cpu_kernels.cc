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
void Multiply(const MatrixTimesRows& p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float* weight = p.weight + i * p.in;
    float* y = p.y + i;
    int64_t row = 0;
    for (; row + 4 <= p.rows; row += 4) {
      const float* x = p.x + row * p.x_stride;
      float a = 0, b = 0, c = 0, d = 0;
#pragma omp simd reduction(+ : a, b, c, d)
      for (int64_t k = 0; k < p.in; ++k) {
        a += weight[k] * x[k];
        b += weight[k] * x[p.x_stride + k];
        c += weight[k] * x[2 * p.x_stride + k];
        d += weight[k] * x[3 * p.x_stride + k];
      }
      float* out = y + row * p.y_stride;
      if (!p.add) out[0] = out[p.y_stride] = out[2 * p.y_stride] = out[3 * p.y_stride] = 0;
      out[0] += a;
      out[p.y_stride] += b;
      out[2 * p.y_stride] += c;
      out[3 * p.y_stride] += d;
    }
    for (; row < p.rows; ++row) {
      const float dot = Dot(weight, p.x + row * p.x_stride, p.in);
      y[row * p.y_stride] = p.add ? y[row * p.y_stride] + dot : dot;
    }
  }
}

QUIRE_VECTOR_CLONES
void GateTimesUp(const float* gate_up, int64_t width, const float* x, int64_t in, float factor,
                 float* out, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float gate = Dot(gate_up + i * in, x, in);
    const float up = Dot(gate_up + (width + i) * in, x, in);
    out[i] = factor * (gate / (1 + std::exp(-gate)) * up);
  }
}

QUIRE_VECTOR_CLONES
void NormRow(const float* x, const float* weight, int64_t size, double eps, float* out) {
  const float mean = Dot(x, x, size) / static_cast<float>(size);
  const float scale = 1 / std::sqrt(mean + static_cast<float>(eps));
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

void TurnHead(float* head, const float* cos, const float* sin, int64_t head_dim) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float first = head[i], second = head[half + i];
    head[i] = first * cos[i] - second * sin[i];
    head[half + i] = second * cos[half + i] + first * sin[half + i];
  }
}

}  // namespace quire::worker
