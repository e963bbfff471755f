#include "worker/layout/ink_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace quire::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kLetterWidth = 10, kLetterHeight = 20, kLetterStep = 14;

Image Paper(int width, int height, uint8_t shade) {
  Image page(width, height);
  std::fill(page.data.begin(), page.data.end(), shade);
  return page;
}

void DrawBox(Image& page, int left, int top, int right, int bottom, uint8_t shade) {
  for (int y = top; y < bottom; ++y) {
    const auto row = page.data.begin() + static_cast<std::ptrdiff_t>(y) * page.width * 3;
    std::fill(row + left * 3, row + right * 3, shade);
  }
}

// Letters as boxes; returns where they end.
int DrawLetters(Image& page, int left, int top, int count, uint8_t shade = 0) {
  for (int i = 0; i < count; ++i) {
    const int x = left + i * kLetterStep;
    DrawBox(page, x, top, x + kLetterWidth, top + kLetterHeight, shade);
  }
  return left + (count - 1) * kLetterStep + kLetterWidth;
}

// Within the two pixels that the edges of ink are wide.
auto IsAbout(double left, double top, double right, double bottom) {
  const auto near = [](double value) { return testing::DoubleNear(value, 2); };
  return AllOf(Field(&PixelBox::left, near(left)), Field(&PixelBox::top, near(top)),
               Field(&PixelBox::right, near(right)), Field(&PixelBox::bottom, near(bottom)));
}

TEST(InkLines, JoinTheWordsOfALine) {
  Image page = Paper(400, 200, 255);
  const int word = DrawLetters(page, 40, 50, 5);
  const int end = DrawLetters(page, word + 12, 50, 6);
  DrawLetters(page, 40, 90, 3);
  EXPECT_THAT(FindInk(page.view()).lines,
              ElementsAre(IsAbout(40, 50, end, 70), IsAbout(40, 90, 78, 110)));
}

TEST(InkLines, EndAtAColumnsGap) {
  Image page = Paper(400, 200, 255);
  const int end = DrawLetters(page, 40, 50, 5);
  const int next = DrawLetters(page, end + 24, 50, 6);
  EXPECT_THAT(FindInk(page.view()).lines,
              ElementsAre(IsAbout(40, 50, end, 70), IsAbout(end + 24, 50, next, 70)));
}

TEST(InkLines, AreFoundInWhiteOnBlack) {
  Image page = Paper(400, 200, 20);
  const int end = DrawLetters(page, 40, 50, 5, 240);
  EXPECT_THAT(FindInk(page.view()).lines, ElementsAre(IsAbout(40, 50, end, 70)));
}

TEST(InkLines, AreNotMadeOfRulesFramesAndPictures) {
  Image page = Paper(800, 600, 255);
  const int end = DrawLetters(page, 60, 60, 12);
  DrawBox(page, 40, 100, 760, 103, 0);   // a rule
  DrawBox(page, 40, 140, 42, 500, 0);    // a frame's side
  DrawBox(page, 100, 200, 500, 500, 90);  // a picture
  EXPECT_THAT(FindInk(page.view()).lines, ElementsAre(IsAbout(60, 60, end, 80)));
}

TEST(InkLines, AreNotFoundWhereNothingIsWritten) {
  EXPECT_THAT(FindInk(Paper(300, 400, 255).view()).lines, IsEmpty());
  EXPECT_THAT(FindInk(Paper(1, 1, 0).view()).lines, IsEmpty());
}

TEST(InkLines, OfALargePageAreInItsPixels) {
  Image page = Paper(4800, 900, 255);
  for (int i = 0; i < 12; ++i) DrawBox(page, 400 + i * 56, 300, 440 + i * 56, 380, 0);
  const PageInk ink = FindInk(page.view());
  ASSERT_THAT(ink.lines, SizeIs(1));
  EXPECT_NEAR(ink.lines[0].left, 400, 4);
  EXPECT_NEAR(ink.lines[0].bottom, 380, 4);
  EXPECT_NEAR(ink.letter_height, 80, 8);
}

TEST(InkLines, OfNoiseAreNotLookedFor) {
  Image page = Paper(2000, 2000, 255);
  for (int y = 0; y + 8 < page.height; y += 10) {
    for (int x = 0; x + 8 < page.width; x += 10) DrawBox(page, x, y, x + 6, y + 6, 0);
  }
  EXPECT_THAT(FindInk(page.view()).lines, IsEmpty());
}

}  // namespace
}  // namespace quire::worker
