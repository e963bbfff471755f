#include "worker/text/plain_text.h"

#include "gtest/gtest.h"

namespace quire::worker {
namespace {

TEST(TidyLines, KeepsOneEmptyLineAtMost) {
  EXPECT_EQ(TidyLines("a\n\n\n\n\nb\n\nc\nd"), "a\n\nb\n\nc\nd");
}

TEST(TidyLines, DropsSpacesAroundTheText) { EXPECT_EQ(TidyLines(" \n\n a b \n\n"), "a b"); }

TEST(PlainText, DropsHeadingMarks) { EXPECT_EQ(PlainText("# A\n\n###### B #3"), "A\n\nB #3"); }

TEST(PlainText, KeepsHashesThatMakeNoHeading) {
  EXPECT_EQ(PlainText("#tag\n####### seven\na # b"), "#tag\n####### seven\na # b");
}

TEST(PlainText, DropsBoldMarks) { EXPECT_EQ(PlainText("**a** b **c d**"), "a b c d"); }

TEST(PlainText, KeepsStarsThatMarkNothing) {
  EXPECT_EQ(PlainText("2 ** 3\n****\n** x"), "2 ** 3\n****\n** x");
}

TEST(PlainText, KeepsListMarkersAndEntities) {
  EXPECT_EQ(PlainText("- a\n1. b &amp; c"), "- a\n1. b &amp; c");
}

TEST(PlainText, WritesTableRowsWithTabs) {
  EXPECT_EQ(PlainText("x\n<table><tr><td>1</td><td>2</td></tr><tr><td></td><td colspan=\"2\">4"
                      "</td></tr></table>\ny"),
            "x\n1\t2\n\t4\ny");
}

TEST(PlainText, WritesATableHeadAsARow) {
  EXPECT_EQ(PlainText("<table><thead><tr><th>a</th><th>b</th></tr></thead></table>"), "a\tb");
}

TEST(PlainText, KeepsACellOnItsLine) {
  EXPECT_EQ(PlainText("<table><tr><td>a\nb</td><td>c</td></tr></table>"), "a b\tc");
}

TEST(PlainText, KeepsARowOnItsLine) {
  EXPECT_EQ(PlainText("<table>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n<tr>\n<td>c</td>\n</tr>\n"
                      "</table>\n\nd"),
            "a\tb\nc\n\nd");
}

TEST(PlainText, EndsATableThatIsNeverClosedAtAnEmptyLine) {
  EXPECT_EQ(PlainText("<table><tr><td>a\n\nb\nc"), "a\n\nb\nc");
}

TEST(PlainText, DropsCentring) { EXPECT_EQ(PlainText("<center>Figure 1</center>"), "Figure 1"); }

TEST(PlainText, KeepsOtherAngleBrackets) {
  EXPECT_EQ(PlainText("a < b > c <tdx> <> < </ <td"), "a < b > c <tdx> <> < </ <td");
}

}  // namespace
}  // namespace quire::worker
