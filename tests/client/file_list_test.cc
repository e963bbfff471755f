#include "client/file_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::client {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> StemsOf(const std::vector<std::string>& paths) {
  std::vector<std::string> stems;
  for (const InputFile& input : ListInputs(paths)) stems.push_back(input.output_stem);
  return stems;
}

TEST(FileList, NamesOutputsAfterInputs) {
  EXPECT_THAT(StemsOf({"a/x.pdf", "y.tar.png", "-"}), ElementsAre("x", "y.tar", "stdin"));
}

TEST(FileList, KeepsOutputsApart) {
  EXPECT_THAT(StemsOf({"a/x.pdf", "b/x.pdf", "x.png"}), ElementsAre("x", "x-2", "x-3"));
}

TEST(FileList, KeepsOutputsApartWhereCaseDoesNotCount) {
  EXPECT_THAT(StemsOf({"a/x.pdf", "b/X.pdf"}), ElementsAre("x", "X-2"));
}

TEST(FileList, LeavesANumberedNameToItsOwner) {
  EXPECT_THAT(StemsOf({"a/x.pdf", "b/x.pdf", "x-2.pdf"}), ElementsAre("x", "x-3", "x-2"));
}

TEST(FileList, NeverMakesAnEmptyName) { EXPECT_THAT(StemsOf({"/"}), ElementsAre("document")); }

}  // namespace
}  // namespace quire::client
