// One query against a sequence's cache. Compiled once for each instruction set: see cpu_lanes.h.
#include "worker/model/cpu_kernel_table.h"
#include "worker/model/cpu_lanes.h"

namespace quire::worker::QUIRE_KERNELS {
namespace {

// Asked for so many tokens before they are read, over the end of a block: a head has 8 or 16 KiB in a block,
// and the processor's own prefetching begins anew there and every 4 KiB.
constexpr int64_t kAheadTokens = 32;

// Half precision to float: the exponent's offset is made up for by a product, which takes subnormal
// values along. Infinity and NaN are not in a cache.
[[gnu::always_inline]] inline float ToFloat(float value) { return value; }
[[gnu::always_inline]] inline float ToFloat(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half & 0x7fff) << 13;
  const float value = __builtin_bit_cast(float, bits) * 0x1p112f;
  return half & 0x8000 ? -value : value;
}

[[gnu::always_inline]] inline void LoadSome(const uint16_t* from, Floats& to) {
#if defined(__AVX512F__)
  to.parts[0] = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#elif defined(__F16C__)
  for (int p = 0; p < kParts; ++p) {
    to.parts[p] = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + p));
  }
#else
  using Halves = uint16_t __attribute__((vector_size(sizeof(Part) / 2), aligned(sizeof(uint16_t))));
  using Bits = uint32_t __attribute__((vector_size(sizeof(Part))));
  for (int p = 0; p < kParts; ++p) {
    const Bits half = __builtin_convertvector(reinterpret_cast<const Halves*>(from)[p], Bits);
    const Part value = reinterpret_cast<Part>((half & 0x7fff) << 13) * 0x1p112f;
    to.parts[p] = reinterpret_cast<Part>(reinterpret_cast<Bits>(value) | (half & 0x8000) << 16);
  }
#endif
}

// e to the power of each lane, for 0 and below, to 2 units in the last place; below -87 it is tiny or 0.
// By the power of two that is nearest, and a polynomial (Taylor's) for the rest, which is at most ln(2) / 2.
[[gnu::always_inline]] inline void Exp(Part& x) {
  using Ints = int32_t __attribute__((vector_size(sizeof(Part))));
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  x = x < -87.0f ? x - x - 87.0f : x;
  // Adding this rounds to a whole number, which is then in the low bits.
  constexpr float kRound = 0x1.8p23f;
  const Part rounded = x * kLog2E + kRound;
  const Ints power = reinterpret_cast<Ints>(rounded) << 23;
  const Part whole = rounded - kRound;
  const Part rest = (x - whole * kLn2High) - whole * kLn2Low;
  Part value = rest * (1.0f / 5040) + 1.0f / 720;
  value = value * rest + 1.0f / 120;
  value = value * rest + 1.0f / 24;
  value = value * rest + 1.0f / 6;
  value = value * rest + 0.5f;
  value = value * rest + 1.0f;
  value = value * rest + 1.0f;
  const Ints scaled = reinterpret_cast<Ints>(value) + power;
  x = reinterpret_cast<Part>(scaled);
}

// scores = e^(scores - the largest); returns their sum. There is room for a vector more.
[[gnu::always_inline]] inline float Exponentiate(float* scores, int64_t count) {
  float largest = scores[0];
  for (int64_t t = 1; t < count; ++t) largest = scores[t] > largest ? scores[t] : largest;
  for (int64_t t = count; t < count + kLanes; ++t) scores[t] = largest - 1000;  // e^-1000 is nothing
  Floats sums = {};
  for (int64_t t = 0; t < count; t += kLanes) {
    Floats some;
    LoadSome(scores + t, some);
    for (int p = 0; p < kParts; ++p) {
      some.parts[p] -= largest;
      Exp(some.parts[p]);
      sums.parts[p] += some.parts[p];
    }
    StoreSome(some, scores + t);
  }
  return SumOfLanes(sums);
}

// Where the keys or values of `tokens` begin that follow one another, and where it goes on.
template <typename Cell>
struct Run {
  const Cell* data = nullptr;
  const Cell* next = nullptr;
  int64_t tokens = 0;
};

template <typename Cell>
[[gnu::always_inline]] inline const Cell* Ahead(const Run<Cell>& run, int64_t token, int64_t stride) {
  const int64_t ahead = token + kAheadTokens;
  return ahead < run.tokens ? run.data + ahead * stride : run.next + (ahead - run.tokens) * stride;
}

template <typename Cell>
[[gnu::always_inline]] inline Run<Cell> RunAt(const BlockAttention& a, const void* cached, int64_t token) {
  const int64_t head_stride = a.block_tokens * a.head_dim;
  const int64_t block = token / a.block_tokens;
  const auto head_of = [&](int64_t which) {
    return static_cast<const Cell*>(cached) + (a.blocks[which] * a.heads + a.head) * head_stride;
  };
  const bool last = token + a.block_tokens >= a.tokens;
  return {head_of(block), head_of(last ? 0 : block + 1), Smaller(a.block_tokens, a.tokens - token)};
}

// scores[t] = query * keys[t] * scale for kTokens tokens, so that their sums overlap.
template <int kTokens, typename Cell>
[[gnu::always_inline]] inline void ScoreSome(const BlockAttention& a, const Cell* keys, float* scores) {
  Floats sums[kTokens] = {};
  int64_t i = 0;
  for (; i + kLanes <= a.head_dim; i += kLanes) {
    Floats query, key;
    LoadSome(a.query + i, query);
    for (int t = 0; t < kTokens; ++t) {
      LoadSome(keys + t * a.head_dim + i, key);
      AddProduct(query, key, sums[t]);
    }
  }
  if constexpr (kTokens == 4) {
    SumsOfFour<1>(sums, scores);
  } else {
    for (int t = 0; t < kTokens; ++t) scores[t] = SumOfLanes(sums[t]);
  }
  for (int t = 0; t < kTokens; ++t) {
    for (int64_t k = i; k < a.head_dim; ++k) {
      scores[t] += a.query[k] * ToFloat(keys[t * a.head_dim + k]);
    }
    scores[t] *= a.scale;
  }
}

template <typename Cell>
[[gnu::always_inline]] inline void Score(const BlockAttention& a, const Run<Cell>& keys, float* scores) {
  int64_t t = 0;
  for (; t + 4 <= keys.tokens; t += 4) {
    const Cell* key = keys.data + t * a.head_dim;
    Prefetch(Ahead(keys, t, a.head_dim), 4 * a.head_dim * sizeof(Cell));
    ScoreSome<4>(a, key, scores + t);
  }
  for (; t < keys.tokens; ++t) ScoreSome<1>(a, keys.data + t * a.head_dim, scores + t);
}

// out += sum of scores[t] * values[t], for kVectors * kLanes columns; the sums stay in registers.
template <int kVectors, typename Cell>
[[gnu::always_inline]] inline void Mix(const float* scores, const Run<Cell>& values, int64_t stride,
                                       float* out) {
  Floats sums[kVectors];
  for (int i = 0; i < kVectors; ++i) LoadSome(out + i * kLanes, sums[i]);
  for (int64_t t = 0; t < values.tokens; ++t) {
    const Cell* value = values.data + t * stride;
    Prefetch(Ahead(values, t, stride), kVectors * kLanes * sizeof(Cell));
    for (int i = 0; i < kVectors; ++i) {
      Floats some;
      LoadSome(value + i * kLanes, some);
      AddProduct(scores[t], some, sums[i]);
    }
  }
  for (int i = 0; i < kVectors; ++i) StoreSome(sums[i], out + i * kLanes);
}

template <typename Cell>
[[gnu::always_inline]] inline void MixAll(const BlockAttention& a, const float* scores, Run<Cell> values) {
  constexpr int kVectors = 4;
  int64_t lane = 0;
  const auto next = [&] { return Run<Cell>{values.data + lane, values.next + lane, values.tokens}; };
  for (; lane + kVectors * kLanes <= a.head_dim; lane += kVectors * kLanes) {
    Mix<kVectors>(scores, next(), a.head_dim, a.out + lane);
  }
  for (; lane + kLanes <= a.head_dim; lane += kLanes) Mix<1>(scores, next(), a.head_dim, a.out + lane);
  for (; lane < a.head_dim; ++lane) {
    for (int64_t t = 0; t < values.tokens; ++t) {
      a.out[lane] += scores[t] * ToFloat(values.data[t * a.head_dim + lane]);
    }
  }
}

template <typename Cell>
void AttendCells(const BlockAttention& a) {
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) {
    Score(a, RunAt<Cell>(a, a.keys, t), a.scores + t);
  }
  const float sum = Exponentiate(a.scores, a.tokens);
  for (int64_t i = 0; i < a.head_dim; ++i) a.out[i] = 0;
  for (int64_t t = 0; t < a.tokens; t += a.block_tokens) {
    MixAll(a, a.scores + t, RunAt<Cell>(a, a.values, t));
  }
  for (int64_t i = 0; i < a.head_dim; ++i) a.out[i] /= sum;
}

}  // namespace

void Attend(const BlockAttention& a) {
  if (a.cell == CacheCell::kF16) return AttendCells<uint16_t>(a);
  AttendCells<float>(a);
}

}  // namespace quire::worker::QUIRE_KERNELS
