// Products with weights. Compiled once for each instruction set: see cpu_lanes.h.
#include "worker/model/cpu_kernel_table.h"
#include "worker/model/cpu_lanes.h"

namespace quire::worker::QUIRE_KERNELS {

void Attend(const BlockAttention& attention);  // cpu_attention.cc

namespace {

// The sums may be reordered: lanes are added at the end. (-fopenmp-simd)
[[gnu::always_inline]] inline float Dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// GCC 12 takes bytes to floats one by one, so that step is spelled out.
[[gnu::always_inline]] inline void DecodeSome(const uint8_t* codes, float scale, float bias, Floats& to) {
#if defined(__AVX512F__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  to.parts[0] = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
#elif defined(__AVX2__)
  for (int p = 0; p < kParts; ++p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + kPartLanes * p));
    to.parts[p] = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  }
#else
  for (int p = 0; p < kParts; ++p) {
    const uint8_t* const some = codes + kPartLanes * p;
    const auto at = [&](int i) __attribute__((always_inline)) { return static_cast<float>(some[i]); };
    to.parts[p] = Part{at(0), at(1), at(2), at(3)};
  }
#endif
  for (int p = 0; p < kParts; ++p) to.parts[p] = to.parts[p] * scale + bias;
}

[[gnu::always_inline]] inline void PrefetchRows(const CpuMatrix& m, int64_t row, int64_t rows) {
  if (m.values != nullptr) {
    Prefetch(m.values + row * m.in, rows * m.in * sizeof(float));
  } else {
    Prefetch(m.codes + row * m.in, rows * m.in);
  }
}

// Vectors of sums that stay in registers, beside what is added to them.
#if defined(__AVX512F__)
constexpr int kSums = 28;
#elif defined(__AVX2__)
constexpr int kSums = 5;
#else
constexpr int kSums = 2;
#endif

// Rows of a weight that are taken at once: each piece of x is read once for all of them, and their sums
// do not wait for one another.
constexpr int RowsAtOnce(int products) {
  const int rows = kSums / products;
  return rows < 1 ? 1 : rows > 4 ? 4 : rows;
}

// sums[k][r] += row k's values of these columns * those of product r's x.
template <int kRows, int kProducts>
[[gnu::always_inline]] inline void AddColumns(const Floats (&values)[kRows], const CpuProduct* products,
                                              int64_t column, Floats (&sums)[kRows][kProducts]) {
  for (int r = 0; r < kProducts; ++r) {
    Floats x;
    LoadSome(products[r].x + column, x);
    for (int k = 0; k < kRows; ++k) AddProduct(values[k], x, sums[k][r]);
  }
}

// dots[r][k] = row + k of the weight * x of product r. Each is summed in the same order whatever the
// number of rows and products, so that a page does not depend on those beside it.
template <int kRows, int kProducts>
[[gnu::always_inline]] inline void RowDots(const CpuMatrix& m, int64_t row, const CpuProduct* products,
                                           float (&dots)[kProducts][kRows]) {
  Floats values[kRows], sums[kRows][kProducts] = {};
  int64_t i = 0;
  if (m.values != nullptr) {
    for (; i + kLanes <= m.in; i += kLanes) {
      for (int k = 0; k < kRows; ++k) LoadSome(m.values + (row + k) * m.in + i, values[k]);
      AddColumns(values, products, i, sums);
    }
  } else {
    const int64_t groups = m.in / m.group;
    for (int64_t g = 0; g < groups; ++g) {
      for (const int64_t end = i + m.group; i < end; i += kLanes) {
        for (int k = 0; k < kRows; ++k) {
          const int64_t at = (row + k) * groups + g;
          DecodeSome(m.codes + (row + k) * m.in + i, m.scales[at], m.biases[at], values[k]);
        }
        AddColumns(values, products, i, sums);
      }
    }
  }
  for (int r = 0; r < kProducts; ++r) {
    if constexpr (kRows == 4) {
      SumsOfFour<kProducts>(&sums[0][r], dots[r]);
    } else {
      for (int k = 0; k < kRows; ++k) dots[r][k] = SumOfLanes(sums[k][r]);
    }
    for (int k = 0; k < kRows; ++k) {
      for (int64_t rest = i; rest < m.in; ++rest) {
        dots[r][k] += m.values[(row + k) * m.in + rest] * products[r].x[rest];
      }
    }
  }
}

template <int kRows, int kProducts>
[[gnu::always_inline]] inline void MultiplyRows(const CpuMatrix& weight, const CpuProduct* products,
                                                bool add, int64_t row) {
  float dots[kProducts][kRows];
  RowDots(weight, row, products, dots);
  for (int r = 0; r < kProducts; ++r) {
    float* y = products[r].y + row;
    for (int k = 0; k < kRows; ++k) y[k] = add ? y[k] + dots[r][k] : dots[r][k];
  }
}

template <int kProducts>
void MultiplySome(const CpuMatrix& weight, const CpuProduct* products, bool add, int64_t begin,
                  int64_t end) {
  constexpr int kRows = RowsAtOnce(kProducts);
  int64_t i = begin;
  for (; i + kRows <= end; i += kRows) {
    PrefetchRows(weight, i + kRows, kRows);
    MultiplyRows<kRows, kProducts>(weight, products, add, i);
  }
  for (; i < end; ++i) MultiplyRows<1, kProducts>(weight, products, add, i);
}

template <int kRows, int kProducts>
[[gnu::always_inline]] inline void GateTimesUpRows(const CpuMatrix& gate_up, int64_t width,
                                                   const CpuProduct* products, int64_t row) {
  float gates[kProducts][kRows], ups[kProducts][kRows];
  RowDots(gate_up, row, products, gates);
  RowDots(gate_up, width + row, products, ups);
  for (int r = 0; r < kProducts; ++r) {
    for (int k = 0; k < kRows; ++k) {
      const float silu = gates[r][k] / (1 + __builtin_expf(-gates[r][k]));
      products[r].y[row + k] = products[r].factor * (silu * ups[r][k]);
    }
  }
}

template <int kProducts>
void GateTimesUpSome(const CpuMatrix& gate_up, int64_t width, const CpuProduct* products, int64_t begin,
                     int64_t end) {
  constexpr int kRows = RowsAtOnce(kProducts);
  int64_t i = begin;
  for (; i + kRows <= end; i += kRows) {
    PrefetchRows(gate_up, i + kRows, kRows);
    PrefetchRows(gate_up, width + i + kRows, kRows);
    GateTimesUpRows<kRows, kProducts>(gate_up, width, products, i);
  }
  for (; i < end; ++i) GateTimesUpRows<1, kProducts>(gate_up, width, products, i);
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
  const int64_t groups = matrix.in / matrix.group;
  for (int64_t group = begin * groups; group < end * groups; ++group) {
    const uint8_t* codes = matrix.codes + group * matrix.group;
    for (int64_t i = 0; i < matrix.group; i += kLanes, values += kLanes) {
      Floats some;
      DecodeSome(codes + i, matrix.scales[group], matrix.biases[group], some);
      StoreSome(some, values);
    }
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
