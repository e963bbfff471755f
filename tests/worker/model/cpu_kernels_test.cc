// The CPU's kernels for every instruction set that this processor has, against sums in double.
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

INSTANTIATE_TEST_SUITE_P(Each, CpuKernelsTest, testing::ValuesIn(Levels()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace quire::worker
