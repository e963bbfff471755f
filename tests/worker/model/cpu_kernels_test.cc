// The CPU's kernels for every instruction set that this processor has, against sums in double.
#include <c10/util/Half.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "worker/model/cpu_kernel_table.h"

namespace quire::worker {
namespace {

struct Level {
  const char* name;
  const CpuKernels* kernels;
};
void PrintTo(const Level& level, std::ostream* out) { *out << level.name; }

std::vector<Level> Levels() {
  std::vector<Level> levels = {{"any", &any::kKernels}};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) levels.push_back({"avx2", &avx2::kKernels});
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    levels.push_back({"avx512", &avx512::kKernels});
  }
#endif
  return levels;
}

// A weight of random codes beside the values that they stand for.
struct Weight {
  int64_t out, in, group;
  std::vector<uint8_t> codes;
  std::vector<float> scales, biases, values;

  Weight(int64_t out, int64_t in, int64_t group, std::mt19937& random)
      : out(out), in(in), group(group), codes(out * in), scales(out * in / group), biases(scales.size()) {
    for (uint8_t& code : codes) code = static_cast<uint8_t>(random());
    // As bfloat16 stores them, so that code * scale is exact.
    const auto eighths = [&] { return static_cast<float>(static_cast<int>(random() % 255) - 127) / 1024; };
    for (float& scale : scales) scale = eighths();
    for (float& bias : biases) bias = eighths() * 64;
    for (int64_t i = 0; i < out * in; ++i) {
      values.push_back(scales[i / group] * codes[i] + biases[i / group]);
    }
  }
  CpuMatrix coded() const {
    return {.codes = codes.data(), .scales = scales.data(), .biases = biases.data(), .in = in, .group = group};
  }
  CpuMatrix plain() const { return {.values = values.data(), .in = in}; }
  double Dot(int64_t row, const float* x) const {
    double sum = 0;
    for (int64_t i = 0; i < in; ++i) sum += static_cast<double>(values[row * in + i]) * x[i];
    return sum;
  }
};

std::vector<float> RandomRows(int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> rows(count);
  for (float& value : rows) value = normal(random);
  return rows;
}

class CpuKernelsTest : public testing::TestWithParam<Level> {
 protected:
  const CpuKernels& kernels() const { return *GetParam().kernels; }
  std::mt19937 random_{7};
};

TEST_P(CpuKernelsTest, DecodesToTheValuesOfTheCodes) {
  for (const int64_t group : {16, 32, 64, 1024}) {
    const Weight weight(6, 2048, group, random_);
    std::vector<float> values(4 * weight.in);
    kernels().decode(weight.coded(), 1, 5, values.data());
    EXPECT_EQ(values, std::vector<float>(weight.values.begin() + weight.in,
                                         weight.values.begin() + 5 * weight.in))
        << "group " << group;
  }
}

TEST_P(CpuKernelsTest, MultipliesAnyNumberOfRowsWithValuesAndCodes) {
  // 1,120 is more than a piece of codes and no whole number of pieces.
  for (const int64_t in : {32, 320, 1120}) {
    const Weight weight(5, in, 32, random_);
    for (int64_t rows = 1; rows <= 11; ++rows) {
      const std::vector<float> x = RandomRows(rows * in, random_);
      for (const bool coded : {false, true}) {
        for (const bool add : {false, true}) {
          std::vector<float> y(rows * weight.out, 100);
          std::vector<CpuProduct> products;
          for (int64_t r = 0; r < rows; ++r) products.push_back({&x[r * in], &y[r * weight.out]});
          kernels().multiply(coded ? weight.coded() : weight.plain(), products, add, 1, weight.out);
          for (int64_t r = 0; r < rows; ++r) {
            EXPECT_EQ(y[r * weight.out], 100) << "row 0 of the weight was not asked for";
            for (int64_t i = 1; i < weight.out; ++i) {
              EXPECT_NEAR(y[r * weight.out + i], weight.Dot(i, &x[r * in]) + (add ? 100 : 0), 2e-3)
                  << in << " columns, product " << r << " of " << rows << ", output " << i
                  << (coded ? ", codes" : ", values");
            }
          }
        }
      }
    }
  }
}

TEST_P(CpuKernelsTest, MultipliesWidthsThatNoVectorDivides) {
  std::vector<float> values = RandomRows(3 * 37, random_), x = RandomRows(4 * 37, random_), y(4 * 3);
  std::vector<CpuProduct> products;
  for (int r = 0; r < 4; ++r) products.push_back({&x[r * 37], &y[r * 3]});
  kernels().multiply({.values = values.data(), .in = 37}, products, false, 0, 3);
  for (int r = 0; r < 4; ++r) {
    for (int i = 0; i < 3; ++i) {
      double sum = 0;
      for (int k = 0; k < 37; ++k) sum += static_cast<double>(values[i * 37 + k]) * x[r * 37 + k];
      EXPECT_NEAR(y[r * 3 + i], sum, 1e-4);
    }
  }
}

TEST_P(CpuKernelsTest, GateTimesUpIsSiluOfTheGateTimesUpTimesTheFactor) {
  const int64_t width = 3, in = 64;
  const Weight weight(2 * width, in, 32, random_);
  for (int64_t rows : {1, 2, 5}) {
    std::vector<float> x = RandomRows(rows * in, random_), y(rows * width);
    for (float& value : x) value *= 0.05f;
    std::vector<CpuProduct> products;
    for (int64_t r = 0; r < rows; ++r) {
      products.push_back({&x[r * in], &y[r * width], 0.5f + static_cast<float>(r)});
    }
    kernels().gate_times_up(weight.coded(), width, products, 0, width);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < width; ++i) {
        const double gate = weight.Dot(i, &x[r * in]), up = weight.Dot(width + i, &x[r * in]);
        const double expected = products[r].factor * gate / (1 + std::exp(-gate)) * up;
        EXPECT_NEAR(y[r * width + i], expected, 1e-4 * (1 + std::fabs(expected)));
      }
    }
  }
}

// Attention over blocks that lie apart, for one head of several.
class CpuAttentionTest : public CpuKernelsTest {
 protected:
  static constexpr int64_t kHeads = 3, kHead = 1, kBlockTokens = 8;

  template <typename Cell>
  void Check(int64_t tokens, int64_t head_dim, CacheCell cell, double tolerance) {
    const int64_t count = (tokens + kBlockTokens - 1) / kBlockTokens;
    std::vector<int32_t> blocks;
    for (int64_t i = 0; i < count; ++i) blocks.push_back(static_cast<int32_t>(count - 1 - i));
    const std::vector<float> query = RandomRows(head_dim, random_);
    const std::vector<float> wide_keys = RandomRows(count * kHeads * kBlockTokens * head_dim, random_);
    const std::vector<float> wide_values = RandomRows(wide_keys.size(), random_);
    const std::vector<Cell> keys(wide_keys.begin(), wide_keys.end());
    const std::vector<Cell> values(wide_values.begin(), wide_values.end());
    std::vector<float> scores(tokens + CpuMatrix::kCodesAtOnce), out(head_dim, 100);
    kernels().attend({.query = query.data(),
                      .keys = keys.data(),
                      .values = values.data(),
                      .cell = cell,
                      .blocks = blocks.data(),
                      .tokens = tokens,
                      .heads = kHeads,
                      .head = kHead,
                      .block_tokens = kBlockTokens,
                      .head_dim = head_dim,
                      .scale = 0.3f,
                      .scores = scores.data(),
                      .out = out.data()});

    const auto place = [&](int64_t token) {
      const int64_t head = blocks[token / kBlockTokens] * kHeads + kHead;
      return (head * kBlockTokens + token % kBlockTokens) * head_dim;
    };
    std::vector<double> weights, mixed(head_dim);
    double sum = 0;
    for (int64_t t = 0; t < tokens; ++t) {
      double score = 0;
      for (int64_t i = 0; i < head_dim; ++i) score += query[i] * static_cast<double>(keys[place(t) + i]);
      sum += weights.emplace_back(std::exp(score * 0.3f));
    }
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t i = 0; i < head_dim; ++i) {
        mixed[i] += weights[t] / sum * static_cast<double>(values[place(t) + i]);
      }
    }
    for (int64_t i = 0; i < head_dim; ++i) {
      EXPECT_NEAR(out[i], mixed[i], tolerance)
          << tokens << " tokens, " << head_dim << " columns, column " << i;
    }
  }
};

TEST_P(CpuAttentionTest, IsTheSoftmaxOfScoresTimesValues) {
  for (const int64_t tokens : {1, 3, 8, 9, 29, 200}) {
    for (const int64_t head_dim : {8, 16, 64, 80, 128}) {
      Check<float>(tokens, head_dim, CacheCell::kF32, 2e-6);
      Check<c10::Half>(tokens, head_dim, CacheCell::kF16, 2e-6);
    }
  }
}

// A score far below the best one counts nothing, and is no NaN.
TEST_P(CpuAttentionTest, TakesScoresThatAreFarApart) {
  const std::vector<float> query = {1}, keys = {500, -500, 0, 499};
  const std::vector<float> values = {1, 1000, 1000, 2};
  const int32_t block = 0;
  std::vector<float> scores(4 + CpuMatrix::kCodesAtOnce), out(1);
  kernels().attend({.query = query.data(), .keys = keys.data(), .values = values.data(), .blocks = &block,
                    .tokens = 4, .heads = 1, .block_tokens = 4, .head_dim = 1, .scores = scores.data(),
                    .out = out.data()});
  EXPECT_NEAR(out[0], (1 + 2 * std::exp(-1.0)) / (1 + std::exp(-1.0)), 1e-6);
}

// Every value of half precision, also those below 2^-14.
TEST_P(CpuAttentionTest, TakesEveryFiniteHalf) {
  const int32_t block = 0;
  for (uint32_t bits = 0; bits < 0x10000; bits += 16) {
    if ((bits & 0x7c00) == 0x7c00) continue;  // infinity, NaN
    std::vector<uint16_t> values;
    std::vector<float> expected, out(16);
    for (uint32_t i = 0; i < 16; ++i) {
      values.push_back(static_cast<uint16_t>(bits + i));
      expected.push_back(c10::Half(values.back(), c10::Half::from_bits()));
    }
    std::vector<float> scores(1 + CpuMatrix::kCodesAtOnce);
    const std::vector<float> query(16, 1);
    const std::vector<uint16_t> keys(16, 0);
    kernels().attend({.query = query.data(), .keys = keys.data(), .values = values.data(),
                      .cell = CacheCell::kF16, .blocks = &block, .tokens = 1, .heads = 1,
                      .block_tokens = 1, .head_dim = 16, .scores = scores.data(), .out = out.data()});
    ASSERT_EQ(out, expected) << std::hex << bits;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, CpuAttentionTest, testing::ValuesIn(Levels()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Each, CpuKernelsTest, testing::ValuesIn(Levels()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace quire::worker
