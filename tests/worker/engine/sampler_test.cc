#include "worker/engine/sampler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quire::worker {
namespace {

TEST(Sampler, TakesTheBestOfEachRowWithItsProbability) {
  const std::vector<Sample> samples =
      SampleGreedily(at::tensor({0.f, std::log(3.f), 0.f, 2.f, 1.f, 0.f}).view({2, 3}), {});

  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].id, 1);
  EXPECT_NEAR(std::exp(samples[0].log_probability), 0.6, 1e-6);
  EXPECT_EQ(samples[1].id, 0);
}

TEST(Sampler, TakesTheFirstOfEqualOnes) {
  EXPECT_EQ(SampleGreedily(at::tensor({1.f, 5.f, 5.f, 5.f}).view({1, 4}), {})[0].id, 1);
}

TEST(Sampler, LeavesBannedIdsOut) {
  const std::vector<Sample> samples =
      SampleGreedily(at::tensor({0.f, 9.f, 1.f, 0.f, 9.f, 1.f}).view({2, 3}), {{1}, {}});

  EXPECT_EQ(samples[0].id, 2);
  EXPECT_EQ(samples[1].id, 1);
  EXPECT_NEAR(std::exp(samples[0].log_probability), std::exp(1.) / (std::exp(1.) + 1), 1e-6);
}

}  // namespace
}  // namespace quire::worker
