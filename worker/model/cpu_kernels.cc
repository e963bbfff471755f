// Products with weights. Compiled once for each instruction set: see cpu_lanes.h.
#include "worker/model/cpu_kernel_table.h"
#include "worker/model/cpu_lanes.h"

namespace quire::worker::QUIRE_KERNELS {

void Attend(const BlockAttention& attention);  // cpu_attention.cc

namespace {

constexpr int64_t kPrefetchRows = 2;

// The sums may be reordered: lanes are added at the end. (-fopenmp-simd)
[[gnu::always_inline]] inline float Dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

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
