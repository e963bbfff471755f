#include "server/page_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/rich_status.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The pages of `text` in a document of `pages` pages.
std::vector<int> PagesOf(const std::string& text, int pages) {
  const PageRanges ranges = PageRanges::Parse(text).value().Within(pages).value();
  std::vector<int> result = {ranges.first()};
  while (const auto next = ranges.After(result.back())) result.push_back(*next);
  EXPECT_EQ(static_cast<int>(result.size()), ranges.pages());
  return result;
}

void ExpectInvalid(const std::string& text, const std::string& words) {
  const absl::Status status = PageRanges::Parse(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(ReasonOf(status), "INVALID_PAGE_RANGES") << text;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(PageRanges, EmptyTextMeansAllPages) { EXPECT_THAT(PagesOf("", 3), ElementsAre(1, 2, 3)); }

TEST(PageRanges, BlanksAloneMeanAllPages) { EXPECT_THAT(PagesOf("  ", 2), ElementsAre(1, 2)); }

TEST(PageRanges, ReadsPagesAndRanges) {
  EXPECT_THAT(PagesOf("1-3,7", 9), ElementsAre(1, 2, 3, 7));
}

TEST(PageRanges, SortsPages) { EXPECT_THAT(PagesOf("7, 1-2", 9), ElementsAre(1, 2, 7)); }

TEST(PageRanges, CountsARepeatedPageOnce) {
  EXPECT_THAT(PagesOf("2-4,3,4-5,1", 9), ElementsAre(1, 2, 3, 4, 5));
}

TEST(PageRanges, AnOpenRangeGoesToTheEnd) { EXPECT_THAT(PagesOf("1,4-", 6), ElementsAre(1, 4, 5, 6)); }

TEST(PageRanges, AnOpenRangeSwallowsLaterOnes) {
  EXPECT_THAT(PagesOf("2-,4-5", 6), ElementsAre(2, 3, 4, 5, 6));
}

TEST(PageRanges, RefusesLetters) { ExpectInvalid("1-x", "'1-x'"); }
TEST(PageRanges, RefusesAnEmptyPart) { ExpectInvalid("1,,2", "''"); }
TEST(PageRanges, RefusesPageZero) { ExpectInvalid("0-2", "before page 1"); }
TEST(PageRanges, RefusesABackwardRange) { ExpectInvalid("5-2", "ends before it begins"); }
TEST(PageRanges, RefusesTwoDashes) { ExpectInvalid("1-2-3", "'1-2-3'"); }
TEST(PageRanges, RefusesANegativePage) { ExpectInvalid("-2", "'-2'"); }
TEST(PageRanges, RefusesANumberThatIsTooLarge) { ExpectInvalid("99999999999", "99999999999"); }
TEST(PageRanges, RefusesAVeryLongText) { ExpectInvalid(std::string(5000, '1'), "4096"); }

TEST(PageRanges, RefusesPagesOutsideOfTheDocument) {
  const absl::Status status = PageRanges::Parse("2-5").value().Within(3).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PAGE_OUT_OF_RANGE");
  EXPECT_THAT(std::string(status.message()), HasSubstr("page 5, the document has 3 pages"));
}

TEST(PageRanges, RefusesAnOpenRangeThatBeginsOutside) {
  EXPECT_EQ(ReasonOf(PageRanges::Parse("4-").value().Within(3).status()), "PAGE_OUT_OF_RANGE");
}

}  // namespace
}  // namespace quire::server
