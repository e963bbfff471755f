#include "client/resume/resumed_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/answers.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::ElementsAre;

TEST(PageRanges, AreTheShortestList) {
  EXPECT_EQ(PageRanges({1, 2, 3, 7, 9, 10}), "1-3,7,9-10");
  EXPECT_EQ(PageRanges({}), "");
}

TEST(SelectedPages, TakesRangesInAnyOrder) {
  EXPECT_THAT(*SelectedPages("7, 1-3,2", 9), ElementsAre(1, 2, 3, 7));
  EXPECT_THAT(*SelectedPages("", 2), ElementsAre(1, 2));
  EXPECT_FALSE(SelectedPages("1-99", 9).has_value());
  EXPECT_FALSE(SelectedPages("3-", 9).has_value());
}

// Pages 1 and 3 of 4 were read before.
class Resumed : public ::testing::Test {
 protected:
  Resumed() {
    PageJournal before(path_, "x", false);
    for (const auto& event : {Accepted(4), Page(1, "old 1"), Page(3, "old 3")}) {
      EXPECT_TRUE(before.Add(event).ok());
    }
  }
  absl::Status Hear(const v1::RecognizeResponse& event) {
    if (event.has_accepted()) selected_ = event.accepted().selected_pages();
    if (event.has_page_result()) heard_.push_back(event.page_result().markdown());
    if (event.has_page_failed()) heard_.push_back("failed");
    if (event.has_summary()) pages_read_ = event.summary().pages_read();
    return absl::OkStatus();
  }
  ResumedAnswer Resume(PageJournal& journal, const std::string& ranges = "") {
    return ResumedAnswer(journal, ranges,
                         [this](const v1::RecognizeResponse& event) { return Hear(event); });
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.Path("a.pages");
  std::vector<std::string> heard_;
  int selected_ = 0;
  int pages_read_ = 0;
};

TEST_F(Resumed, AsksForWhatIsMissing) {
  PageJournal journal(path_, "x", true);
  EXPECT_EQ(Resume(journal).missing_ranges(), "2,4");
  EXPECT_EQ(Resume(journal, "3-4").missing_ranges(), "4");
  EXPECT_EQ(Resume(journal, "1,3").missing_ranges(), std::nullopt);
}

TEST_F(Resumed, AsksForAllWhereNothingWasKept) {
  PageJournal journal(folder_.Path("none"), "x", true);
  EXPECT_EQ(Resume(journal, "2-").missing_ranges(), "2-");
}

TEST_F(Resumed, PutsPagesInOrder) {
  PageJournal journal(path_, "x", true);
  ResumedAnswer answer = Resume(journal);
  for (const auto& event : {Accepted(2), Page(2, "new 2"), Page(4, "new 4"), Summary(2)}) {
    ASSERT_TRUE(answer.OnEvent(event).ok());
  }
  EXPECT_THAT(heard_, ElementsAre("old 1", "new 2", "old 3", "new 4"));
  EXPECT_EQ(selected_, 4);
  EXPECT_EQ(pages_read_, 4);
  EXPECT_EQ(PageJournal(path_, "x", true).pages().size(), 4u);
}

TEST_F(Resumed, SendsWhatComesAfterTheLastNewPage) {
  PageJournal journal(path_, "x", true);
  ResumedAnswer answer = Resume(journal, "2-3");
  for (const auto& event :
       {Accepted(1), Failed(2, absl::InternalError("no")), Summary(0, 1)}) {
    ASSERT_TRUE(answer.OnEvent(event).ok());
  }
  EXPECT_THAT(heard_, ElementsAre("failed", "old 3"));
}

TEST_F(Resumed, AnswersAloneWhereNothingIsMissing) {
  PageJournal journal(path_, "x", true);
  ASSERT_TRUE(Resume(journal, "1,3").AnswerAlone().ok());
  EXPECT_THAT(heard_, ElementsAre("old 1", "old 3"));
  EXPECT_EQ(selected_, 2);
  EXPECT_EQ(pages_read_, 2);
}

}  // namespace
}  // namespace quire::client
