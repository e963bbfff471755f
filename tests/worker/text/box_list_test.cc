#include "worker/text/box_list.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quire::worker {

static bool operator==(const ModelBox& a, const ModelBox& b) {
  return a.left == b.left && a.top == b.top && a.right == b.right && a.bottom == b.bottom;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseBoxList, ReadsSeveralBoxes) {
  EXPECT_THAT(ParseBoxList("[[1, 2, 3, 4], [5,6,7,999]]"),
              ElementsAre(ModelBox{1, 2, 3, 4}, ModelBox{5, 6, 7, 999}));
}

TEST(ParseBoxList, TakesSpacesAnywhere) {
  EXPECT_THAT(ParseBoxList(" [ [1 ,2,\n3, 4 ] ] "), ElementsAre(ModelBox{1, 2, 3, 4}));
}

TEST(ParseBoxList, ReadsDecimals) {
  EXPECT_THAT(ParseBoxList("[[1.5, 2.25, 3, 4.0]]"), ElementsAre(ModelBox{1.5, 2.25, 3, 4}));
}

TEST(ParseBoxList, ClampsNumbersToThePage) {
  EXPECT_THAT(ParseBoxList("[[-5, 0, 1000, 99999999999999999999]]"),
              ElementsAre(ModelBox{0, 0, 999, 999}));
}

class NoBoxList : public ::testing::TestWithParam<const char*> {};
TEST_P(NoBoxList, HasNoBoxes) { EXPECT_THAT(ParseBoxList(GetParam()), IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(Texts, NoBoxList,
                         ::testing::Values("", "[]", "[[]]", "[1, 2, 3, 4]", "[[1, 2, 3]]",
                                           "[[1, 2, 3, 4, 5]]", "[[1, 2, 3, 4],]", "[[1, 2, 3, 4]",
                                           "[[1, 2, 3, 4]] x", "[[1e2, 2, 3, 4]]",
                                           "[[1., 2, 3, 4]]", "[[a, 2, 3, 4]]", "((1, 2, 3, 4))",
                                           "[[1 2 3 4]]", "[[1, 2, 3, 4][5, 6, 7, 8]]",
                                           "__import__('os')"));

}  // namespace
}  // namespace quire::worker
