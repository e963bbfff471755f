#include <gtest/gtest.h>

#include "client/score/compared_text.h"
#include "client/score/table_score.h"
#include "client/score/text_scores.h"

namespace quire::client {
namespace {

TEST(ComparedText, LeavesWordsAlone) {
  EXPECT_EQ(ComparedText("# Title\n\n- one **two**\n\n![figure](x)\n\nthree &amp; “four”"),
            "Title one two three & \"four\"");
}

TEST(ComparedText, TakesTablesOfBothKindsApart) {
  EXPECT_EQ(ComparedText("<table><tr><td>a</td><td colspan=\"2\">b</td></tr></table>"), "a b");
  EXPECT_EQ(ComparedText("| a | b |\n|---|---|\n| c | d |"), "a b c d");
}

TEST(ComparedText, JoinsWordsBrokenOverALinesEnd) {
  EXPECT_EQ(ComparedText("some-\nthing thirty-seven"), "something thirty-seven");
}

TEST(WithoutMarkup, KeepsQuotesAndDashes) {
  EXPECT_EQ(WithoutMarkup("# A “title” – one\n\n<table><tr><td>a &amp; b</td></tr></table>"),
            "A “title” – one a & b");
}

TEST(ComparedText, TakesAnyBytes) { EXPECT_EQ(ComparedText("a\xFF z"), "a\uFFFD z"); }

TEST(CleanString, KeepsLettersAndDigits) { EXPECT_EQ(CleanString("Él, 字: 4_2!"), "Él字4_2"); }

TEST(TextScores, CountNothingOfNothingAsRight) {
  EXPECT_EQ(CharacterErrors("", "").Rate(), 0);
  EXPECT_EQ(WordErrors("", "").Rate(), 0);
  EXPECT_EQ(NormalisedEdits("", "").Rate(), 0);
  EXPECT_EQ(BagOfWordsF1("", ""), 1);
}

TEST(TextScores, CountWhatWasInvented) {
  EXPECT_EQ(CharacterErrors("", "abc").Rate(), 3);
  EXPECT_EQ(NormalisedEdits("", "abc").Rate(), 1);
  EXPECT_EQ(BagOfWordsF1("", "abc"), 0);
}

TEST(TextScores, NormaliseByTheLongerText) {
  EXPECT_DOUBLE_EQ(NormalisedEdits("ab", "ab, cd").Rate(), 0.5);
}

TEST(TextScores, BagOfWordsIsBlindToOrder) {
  EXPECT_EQ(BagOfWordsF1("one two, Three", "three one two"), 1);
  EXPECT_DOUBLE_EQ(BagOfWordsF1("one one", "one"), 2.0 / 3);
}

TEST(FindTables, ReadsWhatIsNotClosed) {
  const auto tables = FindTables("x <table><tr><th>a<td rowspan=2>b <i>c</i><tr><td>d");
  ASSERT_EQ(tables.size(), 1u);
  ASSERT_EQ(tables[0].rows.size(), 2u);
  EXPECT_EQ(tables[0].rows[0][1].text, U"b c");
  EXPECT_EQ(tables[0].rows[0][1].rowspan, 2);
}

TEST(FindTables, TakesHostileSpansAsOne) {
  const auto tables = FindTables("<table><td colspan=\"99999999999\">a</table>");
  EXPECT_EQ(tables[0].rows[0][0].colspan, 1);
}

TEST(TablesScore, CountsAMissingTableAsNothing) {
  const auto truth = FindTables("<table><tr><td>a</td></tr></table><table><tr><td>b</td></tr></table>");
  EXPECT_DOUBLE_EQ(TablesScore(truth, {truth[1]}), (0.5 + 0) / 2);
  EXPECT_DOUBLE_EQ(TablesScore(truth, truth), 1);
}

}  // namespace
}  // namespace quire::client
