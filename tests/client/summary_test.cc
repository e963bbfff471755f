#include "client/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/answers.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

TEST(FormatSeconds, ReadsLikeAPersonSaysIt) {
  EXPECT_EQ(FormatSeconds(0), "0 s");
  EXPECT_EQ(FormatSeconds(0.417), "0.42 s");
  EXPECT_EQ(FormatSeconds(9.96), "10 s");
  EXPECT_EQ(FormatSeconds(200), "3 min 20 s");
  EXPECT_EQ(FormatSeconds(7500), "2 h 5 min");
}

TEST(FormatSummary, TellsPagesAndTimes) {
  EXPECT_EQ(FormatSummary("a.pdf", Summary(5, 1).summary(), /*with_stages=*/false),
            "a.pdf: 5 pages read, 1 failed, 2 s (150.0 pages a minute), first page after 0.5 s, "
            "100 tokens\n");
}

TEST(FormatSummary, ListsEveryStage) {
  const std::string text = FormatSummary("a.pdf", Summary(5).summary(), /*with_stages=*/true);
  EXPECT_THAT(text, HasSubstr("  decode           1.250\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12);
}

TEST(PagesPerMinute, IsZeroWithoutTime) { EXPECT_EQ(PagesPerMinute(5, 0), 0); }

}  // namespace
}  // namespace quire::client
