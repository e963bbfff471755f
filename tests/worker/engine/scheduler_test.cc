#include "worker/engine/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Share = SchedulerStep::Share;

constexpr SchedulerRules kRules{.max_batch_views = 4, .prefill_rows = 100, .decode_steps_between = 2};

SchedulerPage ToEncode(uint64_t job, int views) { return {.job_id = job, .views_left = views, .prefill_left = 1}; }
SchedulerPage ToPrefill(uint64_t job, int rows) { return {.job_id = job, .views_left = 0, .prefill_left = rows}; }
SchedulerPage Writing(uint64_t job) { return {.job_id = job}; }

TEST(Scheduler, HasNothingToDoWithoutPages) {
  Scheduler scheduler(kRules);
  EXPECT_EQ(scheduler.Next({}).kind, StepKind::kNothing);
}

TEST(Scheduler, EncodesViewsOfSeveralPagesTogether) {
  Scheduler scheduler(kRules);

  const SchedulerStep step = scheduler.Next({ToEncode(1, 3), ToEncode(2, 5)});

  EXPECT_EQ(step.kind, StepKind::kEncode);
  EXPECT_THAT(step.shares, ElementsAre(Share{1, 3}, Share{2, 1}));
}

TEST(Scheduler, PrefillsAPageBeforeOthersAreEncoded) {
  Scheduler scheduler(kRules);

  const SchedulerStep step = scheduler.Next({ToEncode(1, 3), ToPrefill(2, 250)});

  EXPECT_EQ(step.kind, StepKind::kPrefill);
  EXPECT_THAT(step.shares, ElementsAre(Share{2, 100}));
}

TEST(Scheduler, LetsPagesWriteBetweenOtherSteps) {
  Scheduler scheduler(kRules);
  const std::vector<SchedulerPage> pages = {Writing(1), ToEncode(2, 9)};
  std::vector<StepKind> kinds;

  for (int i = 0; i < 6; ++i) kinds.push_back(scheduler.Next(pages).kind);

  EXPECT_THAT(kinds, ElementsAre(StepKind::kDecode, StepKind::kDecode, StepKind::kEncode,
                                 StepKind::kDecode, StepKind::kDecode, StepKind::kEncode));
}

TEST(Scheduler, OnlyDecodesWhenAllPagesWrite) {
  Scheduler scheduler(kRules);
  for (int i = 0; i < 5; ++i) {
    const SchedulerStep step = scheduler.Next({Writing(1), Writing(2)});
    EXPECT_EQ(step.kind, StepKind::kDecode);
    EXPECT_THAT(step.shares, IsEmpty());
  }
}

}  // namespace
}  // namespace quire::worker
