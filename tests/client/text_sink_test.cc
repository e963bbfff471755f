#include "client/text_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

TEST(FileSink, ShowsTheFileOnlyWhenItIsWhole) {
  const TemporaryFolder folder;
  auto sink = MakeFileSink(folder.Path("out"), "a", ".md");
  ASSERT_TRUE(sink.ok()) << sink.status();
  ASSERT_TRUE((*sink)->Write("text").ok());
  EXPECT_EQ(folder.Read("out/a.md"), "(none)");
  EXPECT_EQ((*sink)->Commit(/*complete=*/true).value(), folder.Path("out/a.md"));
  EXPECT_EQ(folder.Read("out/a.md"), "text");
}

TEST(FileSink, SaysInTheNameThatTheFileIsNotWhole) {
  const TemporaryFolder folder;
  auto sink = MakeFileSink(folder.Path(""), "a", ".md");
  ASSERT_TRUE(sink.ok()) << sink.status();
  EXPECT_TRUE((*sink)->Commit(/*complete=*/false).ok());
  EXPECT_EQ(folder.Read("a.partial.md"), "");
}

TEST(FileSink, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  { const auto sink = MakeFileSink(folder.Path(""), "a", ".md"); }
  EXPECT_EQ(folder.Count(), 0);
}

TEST(FileSink, SaysWhichFolderCannotBeMade) {
  const TemporaryFolder folder;
  const std::string file = folder.Write("file", "");
  const auto sink = MakeFileSink(file + "/out", "a", ".md");
  EXPECT_EQ(ExitCodeFor(sink.status()), kExitFile);
  EXPECT_THAT(std::string(sink.status().message()), ::testing::HasSubstr(file));
}

}  // namespace
}  // namespace quire::client
