#include "worker/engine/loop_detector.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace quire::worker {
namespace {

struct Token {
  int id = 0;
  TokenKind kind = TokenKind::kWord;
};

// How many tokens went in when it was called a loop; nothing when it never was.
std::optional<int> LoopAfter(LoopDetector& detector, const std::vector<Token>& tokens) {
  int count = 0;
  for (const Token& token : tokens) {
    ++count;
    if (detector.Add(token.id, token.kind)) return count;
  }
  return std::nullopt;
}

std::vector<Token> Repeated(const std::vector<Token>& unit, int times) {
  std::vector<Token> tokens;
  for (int i = 0; i < times; ++i) tokens.insert(tokens.end(), unit.begin(), unit.end());
  return tokens;
}

TEST(LoopDetector, FindsASentenceThatIsSaidAgainAndAgain) {
  LoopDetector detector;
  std::vector<Token> tokens = {{900}, {901}, {902}};
  const std::vector<Token> loop = Repeated({{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}}, 100);
  tokens.insert(tokens.end(), loop.begin(), loop.end());

  EXPECT_EQ(LoopAfter(detector, tokens), 3 + 256);
  EXPECT_EQ(detector.kept_tokens(), 3 + 2 * 8);
}

// <tr>, `cells` times <td>WORD</td>, </tr>
std::vector<Token> Row(int cells) {
  std::vector<Token> row = {{1, TokenKind::kTable}};
  for (int cell = 0; cell < cells; ++cell) {
    row.insert(row.end(), {{2, TokenKind::kTable}, {3, TokenKind::kWord}, {4, TokenKind::kTable}});
  }
  row.push_back({5, TokenKind::kRowEnd});
  return row;
}

TEST(LoopDetector, LetsATableOfAsManyEqualRowsBeAsAPageCanHold) {
  for (const int cells : {1, 2, 4, 12, 30}) {
    LoopDetector detector;
    EXPECT_EQ(LoopAfter(detector, Repeated(Row(cells), 200)), std::nullopt) << cells;
  }
}

TEST(LoopDetector, EndsATableOfMoreEqualRows) {
  LoopDetector detector;
  EXPECT_EQ(LoopAfter(detector, Repeated(Row(4), 1000)), 201 * 14);
  EXPECT_EQ(detector.kept_tokens(), 2 * 14);
}

TEST(LoopDetector, LetsARowOfEqualCellsBe) {
  LoopDetector detector;
  const std::vector<Token> cell = {
      {2, TokenKind::kTable}, {3, TokenKind::kSign}, {4, TokenKind::kTable}};
  EXPECT_EQ(LoopAfter(detector, Repeated(cell, 300)), std::nullopt);
}

TEST(LoopDetector, EndsARowThatNeverEnds) {
  LoopDetector detector;
  const std::vector<Token> cell = {{1, TokenKind::kTable}, {2, TokenKind::kTable}};
  EXPECT_EQ(LoopAfter(detector, Repeated(cell, 2000)), 1024);
}

TEST(LoopDetector, LetsATableWithoutTagsBe) {
  // "| yes | no |" on each line of a page.
  const std::vector<Token> line = {{1, TokenKind::kSign}, {2}, {1, TokenKind::kSign}, {3},
                                   {4, TokenKind::kLineEnd}};
  LoopDetector detector;
  EXPECT_EQ(LoopAfter(detector, Repeated(line, 200)), std::nullopt);
}

TEST(LoopDetector, EndsOneOfMoreLinesThanAPageHolds) {
  LoopDetector detector;
  EXPECT_EQ(LoopAfter(detector, Repeated({{2}, {4, TokenKind::kLineEnd}}, 300)), 402);
}

TEST(LoopDetector, EndsAParagraphThatIsWrittenAgainAndAgain) {
  std::vector<Token> paragraph;
  for (int i = 0; i < 39; ++i) paragraph.push_back({i});
  paragraph.push_back({100, TokenKind::kLineEnd});
  LoopDetector detector;
  EXPECT_EQ(LoopAfter(detector, Repeated(paragraph, 20)), 256);
}

TEST(LoopDetector, LetsColumnsOfZerosAndLeadersBe) {
  LoopDetector zeros, leaders;
  EXPECT_EQ(LoopAfter(zeros, Repeated({{1, TokenKind::kSign}, {2, TokenKind::kLineEnd}}, 1000)),
            std::nullopt);
  EXPECT_EQ(LoopAfter(leaders, Repeated({{1, TokenKind::kSign}}, 2000)), std::nullopt);
}

TEST(LoopDetector, EndsSignsThatNeverEnd) {
  LoopDetector detector;
  EXPECT_EQ(LoopAfter(detector, Repeated({{1, TokenKind::kSign}}, 4000)), 2048);
}

TEST(LoopDetector, AsksForRepetitionsOfALongUnit) {
  std::vector<Token> unit;
  for (int i = 0; i < 60; ++i) unit.push_back({i});
  LoopDetector five, six;

  EXPECT_EQ(LoopAfter(five, Repeated(unit, 5)), std::nullopt);
  EXPECT_EQ(LoopAfter(six, Repeated(unit, 6)), 360);
}

TEST(LoopDetector, ForgetsALoopThatIsBroken) {
  std::vector<Token> tokens;
  for (int i = 0; i < 20; ++i) {
    const std::vector<Token> part = Repeated({{1}, {2}}, 60);
    tokens.insert(tokens.end(), part.begin(), part.end());
    tokens.push_back({1000 + i});
  }
  LoopDetector detector;

  EXPECT_EQ(LoopAfter(detector, tokens), std::nullopt);
}

}  // namespace
}  // namespace quire::worker
