#include "client/evaluate/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

class DataSetFolder : public ::testing::Test {
 protected:
  std::string Complaint() const {
    const auto data = ReadDataSet(folder_.Path(""));
    EXPECT_EQ(ExitCodeFor(data.status()), kExitFile);
    return std::string(data.status().message());
  }

  const TemporaryFolder folder_;
};

TEST_F(DataSetFolder, PairsPagesWithTheirTruths) {
  folder_.Write("a.png", "");
  folder_.Write("a.md", "one");
  folder_.Write("b.PDF", "");
  std::filesystem::create_directory(folder_.Path("b"));
  folder_.Write("b/page_2.md", "two");
  folder_.Write("README.md", "about");
  const auto data = ReadDataSet(folder_.Path(""));
  ASSERT_TRUE(data.ok()) << data.status();
  ASSERT_EQ(data->documents.size(), 2u);
  EXPECT_EQ(data->documents[0].truths.at(1), "one");
  EXPECT_TRUE(data->documents[1].is_pdf);
  EXPECT_EQ(data->documents[1].truths.at(2), "two");
}

TEST_F(DataSetFolder, TimesTheShortestAndTheLongestImageAndThePdfNearestToFivePages) {
  folder_.Write("long.png", "");
  folder_.Write("long.md", "a long truth, longer than the other");
  folder_.Write("short.png", "");
  folder_.Write("short.md", "short");
  folder_.Write("none.png", "");
  folder_.Write("one.pdf", "");
  folder_.Write("one.md", "one");
  folder_.Write("two.pdf", "");
  std::filesystem::create_directory(folder_.Path("two"));
  folder_.Write("two/page_1.md", "1");
  folder_.Write("two/page_2.md", "2");
  const auto data = ReadDataSet(folder_.Path(""));
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->documents[*data->simple_index].name, "short.png");
  EXPECT_EQ(data->documents[*data->complex_index].name, "long.png");
  EXPECT_EQ(data->documents[*data->pdf_index].name, "two.pdf");
}

TEST_F(DataSetFolder, TakesNamesThatAreNoUtf8) {
  folder_.Write("\xFF.png", "");
  folder_.Write("\xFF.md", "truth");
  const auto data = ReadDataSet(folder_.Path(""));
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->documents[0].truths.at(1), "truth");
}

TEST_F(DataSetFolder, SaysThatThereAreNoDocuments) {
  folder_.Write("notes.txt", "");
  EXPECT_THAT(Complaint(), HasSubstr("holds no documents: it wants NAME.png"));
}

TEST_F(DataSetFolder, SaysWhichTruthHasNoPage) {
  folder_.Write("a.png", "");
  folder_.Write("b.md", "truth");
  EXPECT_THAT(Complaint(), HasSubstr("b.md has no page: there is no b.png"));
}

TEST_F(DataSetFolder, SaysWhichFolderOfTruthsHasNoPage) {
  folder_.Write("a.png", "");
  std::filesystem::create_directory(folder_.Path("b"));
  folder_.Write("b/page_1.md", "truth");
  EXPECT_THAT(Complaint(), HasSubstr("/b has no page"));
}

TEST(DataSet, SaysThatTheFolderIsMissing) {
  EXPECT_THAT(std::string(ReadDataSet("/none/such").status().message()),
              HasSubstr("cannot read the folder /none/such: No such file"));
}

}  // namespace
}  // namespace quire::client
