#include "worker/text/pretokenizer.h"

#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string_view> Split(const std::vector<std::string>& patterns,
                                    std::string_view text) {
  return PreTokenizer::Create(patterns).value().Split(text);
}

TEST(PreTokenizer, KeepsTheGapsBetweenMatches) {
  EXPECT_THAT(Split({R"(\p{N}{1,3})"}, "a12345b"), ElementsAre("a", "123", "45", "b"));
}

TEST(PreTokenizer, CutsThePiecesOfThePatternBefore) {
  EXPECT_THAT(Split({R"(\p{N})", R"(\p{L}+)"}, "ab1 c"), ElementsAre("ab", "1", " ", "c"));
}

TEST(PreTokenizer, LooksAheadWithinThePieceOnly) {
  EXPECT_THAT(Split({R"(\p{N})", R"(\s+(?!\S)|\s+)"}, "  1"), ElementsAre("  ", "1"));
}

TEST(PreTokenizer, KnowsUnicodeLettersAndSpaces) {
  EXPECT_THAT(Split({R"(\s+)"}, "ä\u3000ö"), ElementsAre("ä", "\u3000", "ö"));
}

TEST(PreTokenizer, CutsNothingAtAnEmptyMatch) {
  EXPECT_THAT(Split({"x*"}, "äxb"), ElementsAre("ä", "x", "b"));
}

TEST(PreTokenizer, LeavesTextWholeWithoutPatterns) {
  EXPECT_THAT(Split({}, "a b"), ElementsAre("a b"));
  EXPECT_THAT(Split({}, ""), IsEmpty());
}

TEST(PreTokenizer, NamesThePatternThatDoesNotCompile) {
  const auto result = PreTokenizer::Create({"a", "(b"});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("'(b'"));
}

TEST(PreTokenizer, SplitsMegabytesOfSpacesAndLettersInTime) {
  const std::string text = std::string(1 << 20, ' ') + std::string(1 << 20, 'a') + "b c";
  const auto pieces = Split({R"(\p{N}{1,3})", R"(\s*[\r\n]+|\s+(?!\S)|\s+|[\p{L}\p{M}]+)"}, text);
  const size_t bytes = std::accumulate(pieces.begin(), pieces.end(), size_t{0},
                                       [](size_t sum, auto piece) { return sum + piece.size(); });
  EXPECT_EQ(bytes, text.size());
  EXPECT_EQ(pieces.size(), 5u);
}

}  // namespace
}  // namespace quire::worker
