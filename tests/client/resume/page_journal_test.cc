#include "client/resume/page_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"
#include "tests/client/answers.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class Journal : public ::testing::Test {
 protected:
  PageJournal Open(const std::string& identity = "x", bool resume = true) const {
    return PageJournal(path_, identity, resume);
  }
  void Keep(const std::vector<v1::RecognizeResponse>& events) const {
    PageJournal journal = Open("x", false);
    for (const auto& event : events) ASSERT_TRUE(journal.Add(event).ok());
  }
  const TemporaryFolder folder_;
  const std::string path_ = folder_.Path("out/.quire/a.md.pages");
};

TEST_F(Journal, GivesPagesBack) {
  Keep({Accepted(3), Page(1, "one"), Page(3, "three")});
  const PageJournal journal = Open();
  ASSERT_TRUE(journal.accepted().has_value());
  EXPECT_EQ(journal.accepted()->document_pages(), 3);
  EXPECT_THAT(journal.pages(), SizeIs(2));
  EXPECT_EQ(journal.Read(3)->markdown(), "three");
  EXPECT_EQ(journal.Read(1)->markdown(), "one");
  EXPECT_EQ(journal.Read(2).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(Journal, KeepsNoPageThatFailed) {
  Keep({Accepted(1), Failed(1, absl::InternalError("no"))});
  EXPECT_THAT(Open().pages(), SizeIs(0));
}

TEST_F(Journal, CountsNothingOfAnotherDocument) {
  Keep({Accepted(1), Page(1, "one")});
  EXPECT_FALSE(Open("y").accepted().has_value());
}

TEST_F(Journal, CountsNothingWhereNobodyResumes) {
  Keep({Accepted(1), Page(1, "one")});
  EXPECT_FALSE(Open("x", false).accepted().has_value());
}

TEST_F(Journal, LeavesOutWhatWasCutOff) {
  Keep({Accepted(3), Page(1, "one"), Page(2, "two")});
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 3);
  PageJournal journal = Open();
  EXPECT_THAT(journal.pages(), SizeIs(1));
  ASSERT_TRUE(journal.Add(Page(3, "three")).ok());
  EXPECT_EQ(Open().Read(3)->markdown(), "three");
}

TEST_F(Journal, ForgetsThePagesOfAWholeOutput) {
  Keep({Accepted(1), Page(1, "a secret")});
  ASSERT_TRUE(Open().Complete().ok());
  EXPECT_TRUE(Open().is_complete());
  EXPECT_FALSE(Open("y").is_complete());
  EXPECT_THAT(folder_.Read("out/.quire/a.md.pages"), Not(HasSubstr("secret")));
}

TEST_F(Journal, NamesTheFileThatCannotBeWritten) {
  folder_.Write("out", "a file");
  PageJournal journal = Open();
  const absl::Status status = journal.Add(Accepted(1));
  EXPECT_EQ(ExitCodeFor(status), kExitFile);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.md.pages"));
}

TEST(JournalIdentity, ChangesWithTheDocumentAndHowItIsRead) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("a.pdf", "x");
  v1::RecognizeOptions options;
  const auto before = JournalIdentity(path, options);
  ASSERT_TRUE(before.has_value());
  options.set_request_id("another");
  EXPECT_EQ(JournalIdentity(path, options), before);
  options.set_mode(v1::MODE_BASE);
  EXPECT_NE(JournalIdentity(path, options), before);
  folder.Write("a.pdf", "xy");
  EXPECT_NE(JournalIdentity(path, v1::RecognizeOptions()), before);
  EXPECT_FALSE(JournalIdentity("-", options).has_value());
}

}  // namespace
}  // namespace quire::client
