#include "worker/engine/decode_profiler.h"

#include <gtest/gtest.h>

#include <chrono>

namespace quire::worker {
namespace {

// Computes for so long, as a part of a step would.
void Work(double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < until) {
  }
}

TEST(DecodeProfiler, TimesNothingWhenItIsOff) {
  DecodeProfiler profiler(/*every=*/0, "cpu");
  EXPECT_EQ(profiler.BeginStep(), nullptr);
  profiler.EndStep(/*rows=*/1);
  EXPECT_EQ(profiler.profile().steps, 0);
}

TEST(DecodeProfiler, TimesEverySoManythStep) {
  DecodeProfiler profiler(/*every=*/3, "cpu");
  std::vector<bool> timed;
  for (int step = 0; step < 7; ++step) {
    timed.push_back(profiler.BeginStep() != nullptr);
    profiler.EndStep(/*rows=*/2);
  }
  EXPECT_EQ(timed, std::vector<bool>({false, false, true, false, false, true, false}));
  EXPECT_EQ(profiler.profile().steps, 2);
  EXPECT_EQ(profiler.profile().tokens, 4);
}

TEST(DecodeProfiler, GivesEachPartItsTimeAndTheRestToOther) {
  DecodeProfiler profiler(/*every=*/1, "cpu");
  StepClock* const clock = profiler.BeginStep();
  ASSERT_NE(clock, nullptr);
  Work(0.004);
  BeginPart(clock, StepPart::kAttention);
  Work(0.008);
  BeginPart(clock, StepPart::kExperts);
  Work(0.002);
  BeginPart(clock, StepPart::kAttention);
  Work(0.008);
  BeginPart(clock, StepPart::kSampling);
  Work(0.001);
  profiler.EndStep(/*rows=*/1);

  const DecodeProfile profile = profiler.profile();
  EXPECT_GE(profile.attention_seconds, 0.016);
  EXPECT_GE(profile.experts_seconds, 0.002);
  EXPECT_GE(profile.other_seconds, 0.004);
  EXPECT_GE(profile.sampling_seconds, 0.001);
  EXPECT_EQ(profile.head_seconds, 0);
}

TEST(DecodeProfiler, ForgetsAStepThatFailedHalfway) {
  DecodeProfiler profiler(/*every=*/1, "cpu");
  BeginPart(profiler.BeginStep(), StepPart::kExperts);
  Work(0.005);
  BeginPart(profiler.BeginStep(), StepPart::kAttention);
  profiler.EndStep(/*rows=*/1);
  EXPECT_EQ(profiler.profile().experts_seconds, 0);
  EXPECT_EQ(profiler.profile().steps, 1);
}

}  // namespace
}  // namespace quire::worker
