#include "server/page_attempts.h"

#include <gtest/gtest.h>

namespace quire::server {
namespace {

using Verdict = PageAttempts::Verdict;

TEST(PageAttempts, ALossInCompanyIsTriedAgainAlone) {
  PageAttempts attempts(3);
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kTryAgain);
  EXPECT_TRUE(attempts.alone());
}

TEST(PageAttempts, ALossInCompanyDoesNotCount) {
  PageAttempts attempts(1);
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kTryAgain);
}

TEST(PageAttempts, TwoLossesAloneGiveThePageUp) {
  PageAttempts attempts(3);
  attempts.OnWorkerLost();
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kTryAgain);
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kKillsWorkers);
}

TEST(PageAttempts, FailuresInARowGiveThePageUp) {
  PageAttempts attempts(3);
  EXPECT_EQ(attempts.OnFailed(), Verdict::kTryAgain);
  EXPECT_EQ(attempts.OnFailed(), Verdict::kTryAgain);
  EXPECT_EQ(attempts.OnFailed(), Verdict::kGiveUp);
}

TEST(PageAttempts, AFailureDoesNotIsolateThePage) {
  PageAttempts attempts(3);
  attempts.OnFailed();
  EXPECT_FALSE(attempts.alone());
}

TEST(PageAttempts, LossesAloneAndFailuresCountTogether) {
  PageAttempts attempts(2);
  attempts.OnWorkerLost();
  EXPECT_EQ(attempts.OnFailed(), Verdict::kTryAgain);
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kGiveUp);
}

TEST(PageAttempts, AWantOfMemoryInCompanyIsTriedAgainAloneAndDoesNotCount) {
  PageAttempts attempts(1);
  EXPECT_EQ(attempts.OnOutOfMemory(), Verdict::kTryAgain);
  EXPECT_TRUE(attempts.alone());
  EXPECT_EQ(attempts.OnOutOfMemory(), Verdict::kGiveUp);
}

TEST(PageAttempts, LossesOfAPageThatOnlyWaitedDoNotMakeItAKiller) {
  PageAttempts attempts(3);
  attempts.OnWorkerLost();
  for (int i = 0; i < 11; ++i) {
    EXPECT_EQ(attempts.OnWorkerLost(/*may_be_to_blame=*/false), Verdict::kTryAgain);
  }
  EXPECT_EQ(attempts.OnWorkerLost(/*may_be_to_blame=*/false), Verdict::kGiveUp);
}

TEST(PageAttempts, LossesOfAPageThatOnlyWaitedAreNoFailures) {
  PageAttempts attempts(2);
  attempts.OnWorkerLost();
  for (int i = 0; i < 3; ++i) attempts.OnWorkerLost(/*may_be_to_blame=*/false);
  EXPECT_EQ(attempts.OnFailed(), Verdict::kTryAgain);
  EXPECT_EQ(attempts.OnWorkerLost(), Verdict::kGiveUp);
}

TEST(PageAttempts, CountsTries) {
  PageAttempts attempts(3);
  attempts.OnBegin();
  attempts.OnBegin();
  EXPECT_EQ(attempts.begun(), 2);
}

}  // namespace
}  // namespace quire::server
