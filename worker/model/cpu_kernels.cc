// Compiled once for each instruction set, with QUIRE_KERNELS as the name of its namespace. Only what is
// inlined for certain may be used here: a function of the standard library that the linker shares with
// the rest of the program would bring instructions that the processor may not have.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "worker/model/cpu_kernel_table.h"

namespace quire::worker::QUIRE_KERNELS {
namespace {

[[gnu::always_inline]] inline int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// The sums may be reordered: lanes are added at the end. (-fopenmp-simd)
[[gnu::always_inline]] inline float Dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// Asks for memory that is read soon: a cached head is 16 KiB, and the processor's own prefetching ends
// with each 4 KiB.
[[gnu::always_inline]] inline void Prefetch(const void* data, int64_t bytes) {
  constexpr int64_t kLine = 64;
  const char* lines = static_cast<const char*>(data);
  for (int64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(lines + i);
}
constexpr int64_t kPrefetchTokens = 8;
constexpr int64_t kPrefetchRows = 2;

// Vectors of one width everywhere; the compiler splits them for narrower processors.
constexpr int kLanes = CpuMatrix::kCodesAtOnce;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

// By reference: to return a vector would make the wide ones part of the ABI. GCC 12 takes bytes to
// floats one by one, so that step is spelled out.
[[gnu::always_inline]] inline void DecodeSome(const uint8_t* codes, float scale, float bias, Floats& to) {
#if defined(__AVX512F__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  const auto values = reinterpret_cast<Floats>(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)));
#elif defined(__AVX2__)
  union {
    __m256 halves[2];
    Floats whole;
  } both;
  for (int half = 0; half < 2; ++half) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + 8 * half));
    both.halves[half] = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  }
  const Floats values = both.whole;
#else
  Floats values;
  for (int i = 0; i < kLanes; ++i) values[i] = codes[i];
#endif
  to = values * scale + bias;
}

// sums += codes * x, lane by lane.
[[gnu::always_inline]] inline void AddProducts(const uint8_t* codes, float scale, float bias,
                                               const float* x, Floats& sums) {
  Floats values;
  DecodeSome(codes, scale, bias, values);
  sums += values * *reinterpret_cast<const Floats*>(x);
}

[[gnu::always_inline]] inline float SumOfLanes(const Floats& lanes) {
  float sums[kLanes / 2];
  for (int i = 0; i < kLanes / 2; ++i) sums[i] = lanes[i] + lanes[i + kLanes / 2];
  for (int width = kLanes / 4; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
  }
  return sums[0];
}

// A row of codes * x.
[[gnu::always_inline]] inline float DotCodes(const CpuMatrix& m, int64_t row, const float* x) {
  const int64_t groups = m.in / m.group;
  const uint8_t* codes = m.codes + row * m.in;
  Floats even = {}, odd = {};
  for (int64_t g = 0; g < groups; ++g) {
    const float scale = m.scales[row * groups + g], bias = m.biases[row * groups + g];
    int64_t i = g * m.group;
    const int64_t end = i + m.group;
    for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
      AddProducts(codes + i, scale, bias, x + i, even);
      AddProducts(codes + i + kLanes, scale, bias, x + i + kLanes, odd);
    }
    for (; i < end; i += kLanes) {
      AddProducts(codes + i, scale, bias, x + i, even);
    }
  }
  even += odd;
  return SumOfLanes(even);
}

[[gnu::always_inline]] inline void PrefetchRow(const CpuMatrix& m, int64_t row) {
  if (m.values != nullptr) {
    Prefetch(m.values + row * m.in, m.in * sizeof(float));
  } else {
    Prefetch(m.codes + row * m.in, m.in);
  }
}

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
          Smaller(a.block_tokens - in_block, a.tokens - token)};
}

// scores[t] = query * keys[t] * scale. Four at a time, so that their sums overlap.
[[gnu::always_inline]] inline void Score(const BlockAttention& a, const Run& keys, float* scores) {
  int64_t t = 0;
  for (; t + 4 <= keys.tokens; t += 4) {
    const float* k = keys.data + t * a.head_dim;
    Prefetch(k + kPrefetchTokens * a.head_dim, 4 * a.head_dim * sizeof(float));
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

// out[0..kWidth] += sum of scores[t] * values[t][0..kWidth]; the sums stay in registers.
template <int kWidth>
[[gnu::always_inline]] inline void Mix(const float* scores, const Run& values, int64_t stride, float* out) {
  float sums[kWidth];
  for (int i = 0; i < kWidth; ++i) sums[i] = out[i];
  for (int64_t t = 0; t < values.tokens; ++t) {
    const float* value = values.data + t * stride;
    Prefetch(value + kPrefetchTokens * stride, kWidth * sizeof(float));
#pragma omp simd
    for (int i = 0; i < kWidth; ++i) sums[i] += scores[t] * value[i];
  }
  for (int i = 0; i < kWidth; ++i) out[i] = sums[i];
}

// The columns begin..end of a row of codes; both are multiples of its group.
[[gnu::always_inline]] inline void DecodePiece(const CpuMatrix& m, int64_t row, int64_t begin,
                                               int64_t end, float* values) {
  const uint8_t* codes = m.codes + row * m.in + begin;
  int64_t at = row * (m.in / m.group) + begin / m.group;
  for (int64_t i = 0; i < end - begin; ++at) {
    for (const int64_t group_end = i + m.group; i < group_end; i += kLanes) {
      DecodeSome(codes + i, m.scales[at], m.biases[at], *reinterpret_cast<Floats*>(values + i));
    }
  }
}

// sums[r] += values * (x of product r, from column `begin` on).
template <int kProducts>
[[gnu::always_inline]] inline void AddDots(const float* values, int64_t n, const CpuProduct* products,
                                           int64_t begin, float* sums) {
  if constexpr (kProducts == 1) {
    sums[0] += Dot(values, products[0].x + begin, n);
  } else {
    Floats lanes[kProducts] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      const Floats value = *reinterpret_cast<const Floats*>(values + i);
      for (int r = 0; r < kProducts; ++r) {
        lanes[r] += value * *reinterpret_cast<const Floats*>(products[r].x + begin + i);
      }
    }
    for (int r = 0; r < kProducts; ++r) {
      sums[r] += SumOfLanes(lanes[r]);
      for (int64_t k = i; k < n; ++k) sums[r] += values[k] * products[r].x[begin + k];
    }
  }
}

// sums[r] = row of the weight * x of product r.
template <int kProducts>
[[gnu::always_inline]] inline void RowDots(const CpuMatrix& m, int64_t row, const CpuProduct* products,
                                           float* sums) {
  for (int r = 0; r < kProducts; ++r) sums[r] = 0;
  if (m.values != nullptr) {
    AddDots<kProducts>(m.values + row * m.in, m.in, products, 0, sums);
  } else if constexpr (kProducts == 1) {
    sums[0] = DotCodes(m, row, products[0].x);
  } else {
    alignas(64) float values[CpuMatrix::kLargestGroup];
    const int64_t piece = CpuMatrix::kLargestGroup / m.group * m.group;
    for (int64_t begin = 0; begin < m.in; begin += piece) {
      const int64_t end = Smaller(begin + piece, m.in);
      DecodePiece(m, row, begin, end, values);
      AddDots<kProducts>(values, end - begin, products, begin, sums);
    }
  }
}

template <int kProducts>
void MultiplySome(const CpuMatrix& weight, const CpuProduct* products, bool add, int64_t begin,
                  int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    PrefetchRow(weight, i + kPrefetchRows);
    float sums[kProducts];
    RowDots<kProducts>(weight, i, products, sums);
    for (int r = 0; r < kProducts; ++r) products[r].y[i] = add ? products[r].y[i] + sums[r] : sums[r];
  }
}

template <int kProducts>
void GateTimesUpSome(const CpuMatrix& gate_up, int64_t width, const CpuProduct* products, int64_t begin,
                     int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    PrefetchRow(gate_up, i + kPrefetchRows);
    PrefetchRow(gate_up, width + i + kPrefetchRows);
    float gates[kProducts], ups[kProducts];
    RowDots<kProducts>(gate_up, i, products, gates);
    RowDots<kProducts>(gate_up, width + i, products, ups);
    for (int r = 0; r < kProducts; ++r) {
      const float silu = gates[r] / (1 + __builtin_expf(-gates[r]));
      products[r].y[i] = products[r].factor * (silu * ups[r]);
    }
  }
}

constexpr int kMostProducts = 8;

// Calls one<N>(the next N products) until all have been served; N is as large as it can be.
template <typename One>
[[gnu::always_inline]] inline void InGroups(const CpuProduct* products, int64_t count, const One& one) {
  while (count > 0) {
    const int now = static_cast<int>(Smaller(count, kMostProducts));
    switch (now) {
      case 1: one.template operator()<1>(products); break;
      case 2: one.template operator()<2>(products); break;
      case 3: one.template operator()<3>(products); break;
      case 4: one.template operator()<4>(products); break;
      case 5: one.template operator()<5>(products); break;
      case 6: one.template operator()<6>(products); break;
      case 7: one.template operator()<7>(products); break;
      default: one.template operator()<kMostProducts>(products); break;
    }
    products += now;
    count -= now;
  }
}

void Attend(const BlockAttention& a) {
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) Score(a, RunAt(a, a.keys, t), a.scores + t);
  float largest = a.scores[0];
  for (int64_t t = 1; t < a.tokens; ++t) largest = a.scores[t] > largest ? a.scores[t] : largest;
  float sum = 0;
  for (int64_t t = 0; t < a.tokens; ++t) sum += a.scores[t] = __builtin_expf(a.scores[t] - largest);
  for (int64_t i = 0; i < a.head_dim; ++i) a.out[i] = 0;
  constexpr int kWidth = 64;
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) {
    Run values = RunAt(a, a.values, t);
    int64_t lane = 0;
    for (; lane + kWidth <= a.head_dim; lane += kWidth) {
      Mix<kWidth>(a.scores + t, {values.data + lane, values.tokens}, a.head_dim, a.out + lane);
    }
    for (; lane < a.head_dim; ++lane) {
      Mix<1>(a.scores + t, {values.data + lane, values.tokens}, a.head_dim, a.out + lane);
    }
  }
  for (int64_t i = 0; i < a.head_dim; ++i) a.out[i] /= sum;
}

void Multiply(const CpuMatrix& weight, std::span<const CpuProduct> products, bool add, int64_t begin,
              int64_t end) {
  InGroups(products.data(), static_cast<int64_t>(products.size()),
           [&]<int kProducts>(const CpuProduct* some) {
             MultiplySome<kProducts>(weight, some, add, begin, end);
           });
}

void Decode(const CpuMatrix& matrix, int64_t begin, int64_t end, float* values) {
  for (int64_t row = begin; row < end; ++row, values += matrix.in) {
    DecodePiece(matrix, row, 0, matrix.in, values);
  }
}

void GateTimesUp(const CpuMatrix& gate_up, int64_t width, std::span<const CpuProduct> products,
                 int64_t begin, int64_t end) {
  InGroups(products.data(), static_cast<int64_t>(products.size()),
           [&]<int kProducts>(const CpuProduct* some) {
             GateTimesUpSome<kProducts>(gate_up, width, some, begin, end);
           });
}

void NormRow(const float* x, const float* weight, int64_t size, double eps, float* out) {
  const float mean = Dot(x, x, size) / static_cast<float>(size);
  const float scale = 1 / __builtin_sqrtf(mean + static_cast<float>(eps));
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

}  // namespace

const CpuKernels kKernels = {.attend = Attend,
                             .multiply = Multiply,
                             .decode = Decode,
                             .gate_times_up = GateTimesUp,
                             .norm_row = NormRow};

}  // namespace quire::worker::QUIRE_KERNELS
