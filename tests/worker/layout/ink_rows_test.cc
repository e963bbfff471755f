#include "worker/layout/ink_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr double kLetterHeight = 20;

PixelBox Line(double left, double top, double right) { return {left, top, right, top + kLetterHeight}; }

// Left and top of each row.
std::vector<std::pair<double, double>> Corners(const std::vector<InkRow>& rows) {
  std::vector<std::pair<double, double>> corners;
  for (const InkRow& row : rows) corners.emplace_back(row.box.left, row.box.top);
  return corners;
}

TEST(InkRows, HoldWhatStandsBesideOneAnother) {
  const std::vector<InkRow> rows = RowsDown({Line(300, 104, 500), Line(50, 140, 200), Line(50, 100, 250)});
  EXPECT_THAT(Corners(rows), ElementsAre(std::pair(50, 100), std::pair(50, 140)));
  EXPECT_THAT(rows[0].lines, SizeIs(2));
  EXPECT_DOUBLE_EQ(rows[0].widths, 20);  // 200 / 20 twice
  EXPECT_DOUBLE_EQ(rows[0].box.right, 500);
  EXPECT_DOUBLE_EQ(rows[0].height(), 24);
}

TEST(InkRows, OfTheLeftColumnComeFirst) {
  PageInk ink{.letter_height = kLetterHeight};
  ink.lines.push_back(Line(100, 50, 900));  // a title over both columns
  for (int row = 0; row < 4; ++row) {
    ink.lines.push_back(Line(100, 100 + row * 30, 480));
    ink.lines.push_back(Line(520, 100 + row * 30, 900));
  }
  ink.lines.push_back(Line(100, 300, 900));  // a note below both
  EXPECT_THAT(Corners(RowsByColumn(ink)),
              ElementsAre(std::pair(100, 50), std::pair(100, 100), std::pair(100, 130), std::pair(100, 160),
                          std::pair(100, 190), std::pair(520, 100), std::pair(520, 130), std::pair(520, 160),
                          std::pair(520, 190), std::pair(100, 300)));
}

TEST(InkRows, OfATableStayTogether) {
  PageInk ink{.letter_height = kLetterHeight};
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 3; ++column) {
      ink.lines.push_back(Line(100 + column * 200, 100 + row * 30, 180 + column * 200));
    }
  }
  EXPECT_THAT(RowsByColumn(ink), SizeIs(6));
}

TEST(InkRows, OfFewLinesBesideEachOtherAreNoColumns) {
  PageInk ink{.letter_height = kLetterHeight};
  for (int row = 0; row < 3; ++row) {
    ink.lines.push_back(Line(100, 100 + row * 30, 480));
    ink.lines.push_back(Line(520, 100 + row * 30, 900));
  }
  EXPECT_THAT(RowsByColumn(ink), SizeIs(3));
}

}  // namespace
}  // namespace quire::worker
