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

// Asks for memory that is read soon: a cached head is 16 KiB, and the processor's own prefetching ends
// with each 4 KiB.
[[gnu::always_inline]] inline void Prefetch(const float* data, int64_t floats) {
  constexpr int64_t kLine = 16;
  for (int64_t i = 0; i < floats; i += kLine) __builtin_prefetch(data + i);
}
constexpr int64_t kPrefetchTokens = 8;

// Where the keys or values of `tokens` begin, and how many follow one another there.
struct Run {
  const float* data = nullptr;
  int64_t tokens = 0;
};

[[gnu::always_inline]] inline Run RunAt(const BlockAttention& a, const float* cached, int64_t token) {
  const int64_t head_stride = a.block_tokens * a.head_dim;
  const int64_t in_block = token % a.block_tokens;
  return {cached + a.blocks[token / a.block_tokens] * a.heads * head_stride + a.head * head_stride +
              in_block * a.head_dim,
          std::min(a.block_tokens - in_block, a.tokens - token)};
}

// scores[t] = query * keys[t] * scale. Four at a time, so that their sums overlap.
[[gnu::always_inline]] inline void Score(const BlockAttention& a, const Run& keys, float* scores) {
  int64_t t = 0;
  for (; t + 4 <= keys.tokens; t += 4) {
    const float* k = keys.data + t * a.head_dim;
    Prefetch(k + kPrefetchTokens * a.head_dim, 4 * a.head_dim);
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (int64_t i = 0; i < a.head_dim; ++i) {
      s0 += a.query[i] * k[i];
      s1 += a.query[i] * k[a.head_dim + i];
      s2 += a.query[i] * k[2 * a.head_dim + i];
      s3 += a.query[i] * k[3 * a.head_dim + i];
    }
    scores[t] = s0 * a.scale;
    scores[t + 1] = s1 * a.scale;
    scores[t + 2] = s2 * a.scale;
    scores[t + 3] = s3 * a.scale;
  }
  for (; t < keys.tokens; ++t) scores[t] = Dot(a.query, keys.data + t * a.head_dim, a.head_dim) * a.scale;
}

// out[0..kLanes] += sum of scores[t] * values[t][0..kLanes]; the sums stay in registers.
template <int kLanes>
[[gnu::always_inline]] inline void Mix(const float* scores, const Run& values, int64_t stride, float* out) {
  float sums[kLanes];
  for (int i = 0; i < kLanes; ++i) sums[i] = out[i];
  for (int64_t t = 0; t < values.tokens; ++t) {
    const float* value = values.data + t * stride;
    Prefetch(value + kPrefetchTokens * stride, kLanes);
#pragma omp simd
    for (int i = 0; i < kLanes; ++i) sums[i] += scores[t] * value[i];
  }
  for (int i = 0; i < kLanes; ++i) out[i] = sums[i];
}

}  // namespace

QUIRE_VECTOR_CLONES
void Attend(const BlockAttention& a) {
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) Score(a, RunAt(a, a.keys, t), a.scores + t);
  const float largest = *std::max_element(a.scores, a.scores + a.tokens);
  float sum = 0;
  for (int64_t t = 0; t < a.tokens; ++t) sum += a.scores[t] = std::exp(a.scores[t] - largest);
  std::fill(a.out, a.out + a.head_dim, 0.0f);
  constexpr int kLanes = 64;
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) {
    Run values = RunAt(a, a.values, t);
    int64_t lane = 0;
    for (; lane + kLanes <= a.head_dim; lane += kLanes) {
      Mix<kLanes>(a.scores + t, {values.data + lane, values.tokens}, a.head_dim, a.out + lane);
    }
    for (; lane < a.head_dim; ++lane) {
      Mix<1>(a.scores + t, {values.data + lane, values.tokens}, a.head_dim, a.out + lane);
    }
  }
  for (int64_t i = 0; i < a.head_dim; ++i) a.out[i] /= sum;
}

QUIRE_VECTOR_CLONES
void Multiply(const MatrixTimesRows& p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float* weight = p.weight + i * p.in;
    Prefetch(weight + 2 * p.in, p.in);
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
    const float* gate_row = gate_up + i * in;
    const float* up_row = gate_up + (width + i) * in;
    Prefetch(gate_row + 2 * in, in);
    Prefetch(up_row + 2 * in, in);
    const float gate = Dot(gate_row, x, in);
    const float up = Dot(up_row, x, in);
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
