#include "worker/slot_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DivideSlots, GivesOneFrontAll) {
  const FrontDemand fronts[] = {{.jobs = 0}};
  EXPECT_THAT(DivideSlots(4, fronts), ElementsAre(4));
}

TEST(DivideSlots, SpreadsWhatNobodyWants) {
  const FrontDemand fronts[] = {{.jobs = 0}, {.jobs = 0}};
  EXPECT_THAT(DivideSlots(4, fronts), ElementsAre(2, 2));
}

TEST(DivideSlots, GivesTheBusyFrontWhatTheIdleOneDoesNotWant) {
  const FrontDemand fronts[] = {{.jobs = 4}, {.jobs = 0}};
  EXPECT_THAT(DivideSlots(4, fronts), ElementsAre(4, 0));
}

TEST(DivideSlots, GivesTwoBusyFrontsHalfEach) {
  const FrontDemand fronts[] = {{.jobs = 9}, {.jobs = 9}};
  EXPECT_THAT(DivideSlots(4, fronts), ElementsAre(2, 2));
}

TEST(DivideSlots, GivesTheOddSlotToTheFrontThatHadLess) {
  const FrontDemand fronts[] = {{.jobs = 1, .served = 7}, {.jobs = 1, .served = 6}};
  EXPECT_THAT(DivideSlots(1, fronts), ElementsAre(0, 1));
}

TEST(DivideSlots, HasNothingToDivideWithoutFronts) { EXPECT_THAT(DivideSlots(4, {}), IsEmpty()); }

// Fronts that take note of their leases when a test says so.
class Shares : public testing::Test {
 protected:
  int Join() {
    const int number = next_++;
    EXPECT_EQ(shares_.Join([this, number](int slots) { told_[number] = slots; }), number);
    told_[number] = shares_.lease(number);
    return number;
  }
  SlotShares shares_{4};
  std::map<int, int> told_;
  int next_ = 0;
};

TEST_F(Shares, TheFirstFrontHasAll) {
  Join();
  EXPECT_EQ(told_[0], 4);
}

TEST_F(Shares, ASecondFrontGetsNothingBeforeTheFirstHasTakenNote) {
  Join();
  Join();
  EXPECT_EQ(told_[1], 0);
  shares_.OnDemand(1, 1);
  EXPECT_EQ(told_[0], 2);
  EXPECT_EQ(told_[1], 0);

  shares_.OnLeaseTaken(0);

  EXPECT_EQ(told_[1], 2);
}

TEST_F(Shares, ASlotMovesWhenThePageInItHasEnded) {
  Join();
  for (int i = 0; i < 4; ++i) shares_.Begin(0);
  shares_.OnDemand(0, 4);
  Join();
  shares_.OnDemand(1, 4);
  shares_.OnLeaseTaken(0);
  EXPECT_EQ(told_[0], 2);
  EXPECT_EQ(told_[1], 0);

  shares_.End(0);

  EXPECT_EQ(told_[1], 1);
}

TEST_F(Shares, LeasesOfFrontsThatComeAndGoNeverExceedTheSlots) {
  unsigned random = 1;
  const auto any = [&](unsigned below) { return (random = random * 1103515245 + 12345) / 65536 % below; };
  std::map<int, int> held, taken;
  for (int i = 0; i < 3; ++i) taken[i] = told_[Join()];
  for (int step = 0; step < 20000; ++step) {
    const int front = static_cast<int>(any(3));
    const unsigned act = any(4);
    if (act == 0) shares_.OnDemand(front, static_cast<int>(any(6)));
    if (act == 1 && taken[front] != told_[front]) {
      taken[front] = told_[front];
      shares_.OnLeaseTaken(front);
    }
    if (act == 2 && held[front] < taken[front]) {
      shares_.Begin(front);
      ++held[front];
    }
    if (act == 3 && held[front] > 0) {
      shares_.End(front);
      --held[front];
    }
    ASSERT_LE(held[0] + held[1] + held[2], 4) << "step " << step;
    // What fronts may still send before they hear of anything else.
    int most = 0;
    for (int f = 0; f < 3; ++f) most += std::max({held[f], taken[f], told_[f]});
    ASSERT_LE(most, 4) << "step " << step;
  }
}

TEST_F(Shares, OneSlotGoesBackAndForthBetweenTwoBusyFronts) {
  SlotShares shares(1);
  std::map<int, int> told, read;
  for (int front = 0; front < 2; ++front) {
    shares.Join([&, front](int slots) { told[front] = slots; });
    told[front] = shares.lease(front);
  }
  for (int front = 0; front < 2; ++front) shares.OnDemand(front, 5);
  for (int page = 0; page < 100; ++page) {
    for (int front = 0; front < 2; ++front) shares.OnLeaseTaken(front);
    const int front = told[0] == 1 ? 0 : 1;
    ASSERT_EQ(told[front], 1) << page;
    shares.Begin(front);
    ++read[front];
    shares.OnLeaseTaken(1 - front);
    shares.End(front);
    shares.OnLeaseTaken(front);
  }
  EXPECT_NEAR(read[0], read[1], 2);
}

TEST_F(Shares, AFrontThatLeavesGivesItsSlotsBack) {
  Join();
  Join();
  shares_.OnDemand(1, 4);
  shares_.OnLeaseTaken(0);
  shares_.OnLeaseTaken(1);
  shares_.OnDemand(0, 4);
  shares_.Leave(1);
  shares_.OnLeaseTaken(0);
  EXPECT_EQ(told_[0], 4);
}

TEST_F(Shares, ABatchWithoutMemoryHalvesTheSlotsOnce) {
  Join();
  for (int i = 0; i < 4; ++i) shares_.Begin(0);
  for (int i = 0; i < 4; ++i) {
    shares_.OnOutOfMemory();
    shares_.End(0);
  }
  EXPECT_EQ(told_[0], 2);
}

TEST_F(Shares, OneSlotIsLeftHoweverOftenMemoryRunsOut) {
  Join();
  for (int i = 0; i < 9; ++i) {
    shares_.Begin(0);
    shares_.OnOutOfMemory();
    shares_.End(0);
    shares_.OnLeaseTaken(0);
  }
  EXPECT_EQ(told_[0], 1);
}

TEST_F(Shares, SlotsComeBackWhilePagesAreRead) {
  Join();
  shares_.Begin(0);
  shares_.OnOutOfMemory();
  shares_.End(0);
  shares_.OnLeaseTaken(0);
  for (int i = 0; i < SlotShares::kPagesToGrow; ++i) shares_.OnRead();
  EXPECT_EQ(told_[0], 2);
}

}  // namespace
}  // namespace quire::worker
