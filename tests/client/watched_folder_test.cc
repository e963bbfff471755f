#include "client/watched_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WatchedFolder, GivesAFileOnceItStaysTheSame) {
  const TemporaryFolder folder;
  WatchedFolder watched(folder.Path(""));
  const std::string path = folder.Write("a.pdf", "x");
  EXPECT_THAT(*watched.Look(), IsEmpty());
  folder.Write("a.pdf", "x and more");
  EXPECT_THAT(*watched.Look(), IsEmpty());
  EXPECT_THAT(*watched.Look(), ElementsAre(path));
  EXPECT_THAT(*watched.Look(), IsEmpty());
}

TEST(WatchedFolder, GivesAFileAgainThatHasChanged) {
  const TemporaryFolder folder;
  WatchedFolder watched(folder.Path(""));
  const std::string path = folder.Write("a.pdf", "x");
  ASSERT_TRUE(watched.Look().ok());
  ASSERT_TRUE(watched.Look().ok());
  folder.Write("a.pdf", "longer");
  ASSERT_TRUE(watched.Look().ok());
  EXPECT_THAT(*watched.Look(), ElementsAre(path));
}

TEST(WatchedFolder, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  WatchedFolder watched(folder.Path(""));
  folder.Write("a.md", "x");
  folder.Write(".hidden.pdf", "x");
  std::filesystem::create_directory(folder.Path("b.pdf"));
  const std::string path = folder.Write("C.PNG", "x");
  ASSERT_TRUE(watched.Look().ok());
  EXPECT_THAT(*watched.Look(), ElementsAre(path));
}

TEST(WatchedFolder, NamesTheFolderThatIsNotThere) {
  WatchedFolder watched("/no/such/folder");
  const auto looked = watched.Look();
  EXPECT_EQ(ExitCodeFor(looked.status()), kExitFile);
  EXPECT_EQ(looked.status().message(), "cannot read the folder /no/such/folder: No such file or directory");
}

}  // namespace
}  // namespace quire::client
