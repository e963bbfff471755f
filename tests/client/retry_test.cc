#include "client/retry.h"

#include <gtest/gtest.h>

#include "proto/rich_status.h"

namespace quire::client {
namespace {

TEST(RetryAfter, IsWhatTheServerAsksFor) {
  const auto seconds = RetryAfterSeconds(WithRetryAfter(absl::ResourceExhaustedError(""), 2.5));
  ASSERT_TRUE(seconds.has_value());
  EXPECT_NEAR(*seconds, 2.5, 1e-6);
}

TEST(RetryAfter, IsNothingWithoutTheServersWord) {
  EXPECT_EQ(RetryAfterSeconds(absl::ResourceExhaustedError("")), std::nullopt);
}

TEST(RetryAfter, IsNothingForARefusedDocument) {
  EXPECT_EQ(RetryAfterSeconds(WithRetryAfter(absl::InvalidArgumentError(""), 1)), std::nullopt);
}

TEST(BackOff, GrowsFromWhatWasAskedFor) {
  EXPECT_DOUBLE_EQ(BackOffSeconds(2, 1, 0), 2);
  EXPECT_DOUBLE_EQ(BackOffSeconds(2, 2, 0), 3);
  EXPECT_DOUBLE_EQ(BackOffSeconds(2, 2, 1), 3.75);
}

TEST(BackOff, StaysWithinHalfAMinute) {
  EXPECT_DOUBLE_EQ(BackOffSeconds(1000, 9, 1), 30);
  EXPECT_DOUBLE_EQ(BackOffSeconds(0, 1, 0), 0.05);
}

}  // namespace
}  // namespace quire::client
