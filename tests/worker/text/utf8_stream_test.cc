#include "worker/text/utf8_stream.h"

#include "gtest/gtest.h"

namespace quire::worker {
namespace {

constexpr std::string_view kMixed = "aß€\U0001F600\xFF\xE2\x82z\xF0\x9F\x98\xC0\xED\xA0\x80\n";
constexpr std::string_view kMixedRead =
    "aß€\U0001F600\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\n";

std::string Read(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.Append(bytes);
  return text + stream.Finish();
}

TEST(Utf8Stream, LeavesValidTextAlone) {
  EXPECT_EQ(Read("aß€\U0001F600\U0010FFFF\uD7FF\uE000"), "aß€\U0001F600\U0010FFFF\uD7FF\uE000");
}

TEST(Utf8Stream, HoldsAnUnfinishedCharacterBack) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Append("a\xE2\x82"), "a");
  EXPECT_EQ(stream.Append("\xAC!"), "€!");
}

TEST(Utf8Stream, ReplacesWhatIsUnfinishedAtTheEndOnce) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Append("\xF0\x9F\x98"), "");
  EXPECT_EQ(stream.Finish(), "\uFFFD");
  EXPECT_EQ(stream.Finish(), "");
}

TEST(Utf8Stream, ReplacesAMaximalSubpartOnce) { EXPECT_EQ(Read("\xE2\x82z"), "\uFFFDz"); }

TEST(Utf8Stream, ReplacesEachByteThatCanStartNothing) {
  EXPECT_EQ(Read("\x80\xBF\xC0\xC1\xF5\xFF"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Utf8Stream, ReplacesSurrogatesByteByByte) {
  EXPECT_EQ(Read("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
}

TEST(Utf8Stream, ReplacesOverlongFormsByteByByte) {
  EXPECT_EQ(Read("\xE0\x80\xAF"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Read("\xF0\x80\x80\xAF"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Utf8Stream, ReplacesWhatLiesAboveUnicode) {
  EXPECT_EQ(Read("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Utf8Stream, ReadsAMixedStringWhole) { EXPECT_EQ(Read(kMixed), kMixedRead); }

class SplitPosition : public ::testing::TestWithParam<size_t> {};
TEST_P(SplitPosition, DoesNotChangeTheText) {
  Utf8Stream stream;
  std::string text = stream.Append(kMixed.substr(0, GetParam()));
  text += stream.Append(kMixed.substr(GetParam()));
  EXPECT_EQ(text + stream.Finish(), kMixedRead);
}
INSTANTIATE_TEST_SUITE_P(Positions, SplitPosition, ::testing::Range(size_t{0}, kMixed.size() + 1));

}  // namespace
}  // namespace quire::worker
