#include "worker/layout/block_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace quire::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;

constexpr int kWidth = 1000, kHeight = 1400;
constexpr double kLineHeight = 20, kLetterWidth = 9, kStep = 30;
constexpr double kColumnLetters = 40;

// Lines of print, and the blocks that hold them.
class BlockPlaces : public testing::Test {
 protected:
  // A block of `lines` full lines and one of 20 letters, at (left, top); what the model says of it lies
  // `slid` further down. Returns the y below it.
  double Print(double left, double top, int lines, double slid, const std::string& label = "text") {
    const double full = left + kColumnLetters * kLetterWidth;
    PixelBox box{left, top, lines > 0 ? full : left + 20 * kLetterWidth, 0};
    for (int line = 0; line <= lines; ++line, top += kStep) {
      ink_.lines.push_back({left, top, line < lines ? full : left + 20 * kLetterWidth, top + kLineHeight});
    }
    box.bottom = top - kStep + kLineHeight;
    truth_.push_back(box);
    Block& block = blocks_.emplace_back();
    block.label = label;
    block.text = std::string(static_cast<size_t>(lines * kColumnLetters + 20), 'x');
    block.boxes = {{box.left, box.top + slid, box.right, box.bottom + slid}};
    return top;
  }

  static auto IsAbout(const PixelBox& box) {
    const auto near = [](double value) { return testing::DoubleNear(value, 4); };
    return AllOf(Field(&PixelBox::left, near(box.left)), Field(&PixelBox::top, near(box.top)),
                 Field(&PixelBox::right, near(box.right)), Field(&PixelBox::bottom, near(box.bottom)));
  }

  void Place() { PlaceBlocks(ink_, kWidth, kHeight, blocks_); }
  void ExpectAllPlaced() {
    Place();
    for (size_t i = 0; i < blocks_.size(); ++i) {
      EXPECT_THAT(blocks_[i].boxes, ElementsAre(IsAbout(truth_[i]))) << i;
    }
  }

  PageInk ink_{.letter_height = kLineHeight};
  std::vector<Block> blocks_;
  std::vector<PixelBox> truth_;
};

TEST_F(BlockPlaces, AreFoundThoughTheModelSlidesDownThePage) {
  double top = Print(100, 100, 0, 5, "title");
  top = Print(100, top + 10, 4, 30);
  top = Print(100, top + 10, 2, 55);
  top = Print(100, top + 10, 6, 70);
  Print(100, top + 10, 1, 90);
  ExpectAllPlaced();
}

TEST_F(BlockPlaces, AreFoundInTheirColumn) {
  double top = Print(100, 100, 5, 10);
  Print(100, top + 10, 3, 20);
  top = Print(540, 100, 2, -60);
  Print(540, top + 10, 6, -40);
  ExpectAllPlaced();
}

TEST_F(BlockPlaces, LeaveOutLinesThatNobodyRead) {
  ink_.lines.push_back({100, 40, 160, 60});  // a page's number
  double top = Print(100, 100, 4, 30);
  ink_.lines.push_back({100, top + 10, 500, top + 30});
  ink_.lines.push_back({100, top + 40, 500, top + 60});
  Print(100, top + 90, 5, 30);
  ExpectAllPlaced();
}

TEST_F(BlockPlaces, CountLettersNotBytesOrMarkUp) {
  Print(100, 100, 0, 10, "title");
  blocks_[0].text = "## ";
  for (int i = 0; i < 20; ++i) blocks_[0].text += "ä";
  Print(100, 140, 0, 10);
  ExpectAllPlaced();
}

TEST_F(BlockPlaces, KeepTheBoxThatNoLinesFit) {
  Print(100, 100, 0, 0);
  blocks_[0].text = std::string(3000, 'x');
  blocks_[0].boxes = {{500, 700, 990, 1390}};
  Place();
  EXPECT_DOUBLE_EQ(blocks_[0].boxes[0].top, 700);
}

TEST_F(BlockPlaces, KeepBoxesOfPicturesAndSeveralBoxes) {
  Print(100, 100, 2, 20);
  blocks_.push_back({.label = "image", .text = "", .boxes = {{100, 400, 500, 600}}});
  blocks_.push_back({.label = "text", .text = "two places", .boxes = {{1, 2, 3, 4}, {5, 6, 7, 8}}});
  blocks_.push_back({.label = "text", .text = "no place", .boxes = {}});
  Place();
  EXPECT_DOUBLE_EQ(blocks_[1].boxes[0].top, 400);
  EXPECT_DOUBLE_EQ(blocks_[2].boxes[1].bottom, 8);
  EXPECT_TRUE(blocks_[3].boxes.empty());
}

TEST_F(BlockPlaces, StayOnAPageWithoutInk) {
  Print(100, 100, 2, 20);
  ink_.lines.clear();
  Place();
  EXPECT_DOUBLE_EQ(blocks_[0].boxes[0].top, 120);
}

// Whatever a model says and a page shows: in order, within the page, soon.
TEST_F(BlockPlaces, OfAnyInkLieOnThePage) {
  std::mt19937 random(3);
  const auto upto = [&](double most) { return std::uniform_real_distribution<double>(0, most)(random); };
  for (int round = 0; round < 60; ++round) {
    ink_.lines.clear();
    blocks_.clear();
    for (int i = std::lround(upto(900)); i > 0; --i) {
      const double left = upto(kWidth - 2), top = upto(kHeight - 2);
      ink_.lines.push_back({left, top, left + 1 + upto(kWidth - left - 1), top + 1 + upto(kHeight - top - 1)});
    }
    for (int i = std::lround(upto(60)); i > 0; --i) {
      blocks_.push_back({.label = "text", .text = std::string(std::lround(upto(900)), 'x'),
                         .boxes = {{upto(kWidth), upto(kHeight), upto(kWidth), upto(kHeight)}}});
    }
    const std::vector<Block> before = blocks_;
    Place();
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const PixelBox& box = blocks_[i].boxes[0];
      if (box.left == before[i].boxes[0].left && box.top == before[i].boxes[0].top) continue;
      EXPECT_TRUE(0 <= box.left && box.left < box.right && box.right <= kWidth) << round << " " << i;
      EXPECT_TRUE(0 <= box.top && box.top < box.bottom && box.bottom <= kHeight) << round << " " << i;
    }
  }
}

}  // namespace
}  // namespace quire::worker
