#include "server/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::server {
namespace {

using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kGiven[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNew[] = "00-[0-9a-f]{32}-[0-9a-f]{16}-00";

TEST(ContinueTrace, KeepsTheTraceAndItsFlagsUnderAParentOfItsOwn) {
  const std::string continued = ContinueTrace(kGiven);

  EXPECT_THAT(continued, MatchesRegex("00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01"));
  EXPECT_NE(continued, kGiven);
}

TEST(ContinueTrace, BeginsANewOneWithoutATrace) {
  EXPECT_THAT(ContinueTrace(""), MatchesRegex(kNew));
  EXPECT_NE(ContinueTrace(""), ContinueTrace(""));
}

TEST(ContinueTrace, BeginsANewOneForWhatTheStandardForbids) {
  for (const char* wrong : {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                            "00 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_THAT(ContinueTrace(wrong), MatchesRegex(kNew)) << wrong;
    EXPECT_THAT(ContinueTrace(wrong), Not(StartsWith("00-4bf9"))) << wrong;
  }
}

TEST(ContinueTrace, TakesWhatALaterVersionAdds) {
  EXPECT_THAT(ContinueTrace("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"),
              StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
}

}  // namespace
}  // namespace quire::server
