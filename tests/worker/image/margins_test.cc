#include "worker/image/margins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace quire::worker {
namespace {

using ::testing::AllOf;
using ::testing::Field;

// A page of one shade.
Image Paper(int width, int height, uint8_t shade) {
  Image page(width, height);
  std::fill(page.data.begin(), page.data.end(), shade);
  return page;
}

void Draw(Image& page, int x, int y, uint8_t shade) {
  std::fill_n(page.data.begin() + (y * page.width + x) * 3, 3, shade);
}

void DrawBox(Image& page, int left, int top, int right, int bottom, uint8_t shade) {
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) Draw(page, x, y, shade);
  }
}

auto IsPart(int left, int top, int width, int height) {
  return AllOf(Field(&PixelPart::left, left), Field(&PixelPart::top, top),
               Field(&PixelPart::width, width), Field(&PixelPart::height, height));
}

TEST(Margins, GoButForASixtiethOfTheWidth) {
  Image page = Paper(120, 200, 255);
  DrawBox(page, 30, 40, 90, 150, 0);
  EXPECT_THAT(WithoutMargins(page.view()), IsPart(28, 38, 64, 114));
}

TEST(Margins, GoAroundWhiteOnBlack) {
  Image page = Paper(120, 200, 10);
  DrawBox(page, 30, 40, 90, 150, 250);
  EXPECT_THAT(WithoutMargins(page.view()), IsPart(28, 38, 64, 114));
}

TEST(Margins, StayOnAnEmptyPage) {
  EXPECT_THAT(WithoutMargins(Paper(60, 80, 255).view()), IsPart(0, 0, 60, 80));
}

TEST(Margins, EndAtThePagesEdge) {
  Image page = Paper(120, 200, 255);
  DrawBox(page, 0, 0, 50, 200, 0);
  EXPECT_THAT(WithoutMargins(page.view()), IsPart(0, 0, 52, 200));
}

TEST(Margins, HoldDirtAndTheShadesOfAScan) {
  Image page = Paper(120, 200, 230);
  DrawBox(page, 30, 40, 90, 150, 20);
  DrawBox(page, 0, 0, 120, 20, 180);  // a shadow
  Draw(page, 110, 190, 0);            // a speck
  EXPECT_THAT(WithoutMargins(page.view()), IsPart(28, 38, 64, 114));
}

TEST(Margins, AreWhatACutLeavesOut) {
  Image page = Paper(4, 3, 255);
  Draw(page, 2, 1, 7);

  const Image part = Cut(page.view(), {.left = 2, .top = 1, .width = 2, .height = 2});

  EXPECT_EQ(part.width, 2);
  EXPECT_EQ(part.height, 2);
  EXPECT_THAT(part.data, testing::ElementsAre(7, 7, 7, 255, 255, 255, 255, 255, 255, 255, 255, 255));
}

}  // namespace
}  // namespace quire::worker
