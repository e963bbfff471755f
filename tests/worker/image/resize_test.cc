#include "worker/image/resize.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quire::worker {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// The picture that the checksums below were made from, with Pillow 9.4.0.
Image Pattern(int width, int height) {
  Image image(width, height);
  size_t at = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.data[at++] = static_cast<uint8_t>(7 * x + 13 * y);
      image.data[at++] = static_cast<uint8_t>(x * x + 3 * y);
      image.data[at++] = static_cast<uint8_t>(x * y);
    }
  }
  return image;
}

uint32_t Crc(const Image& image) {
  EXPECT_EQ(image.data.size(), static_cast<size_t>(image.width) * image.height * 3);
  return static_cast<uint32_t>(crc32(0, image.data.data(), image.data.size()));
}

std::vector<uint8_t> PixelAt(const Image& image, int x, int y) {
  const auto first = image.data.begin() + (static_cast<size_t>(y) * image.width + x) * 3;
  return {first, first + 3};
}

// Whole and cut, the slow way.
Image ResizedThenCut(const Image& source, const ResizeWindow& window) {
  const Image whole = ResizeBicubic(source.view(), window.full_width, window.full_height);
  Image cut(window.width, window.height);
  size_t at = 0;
  for (int y = window.top; y < window.top + window.height; ++y) {
    for (int x = window.left; x < window.left + window.width; ++x) {
      for (uint8_t value : PixelAt(whole, x, y)) cut.data[at++] = value;
    }
  }
  return cut;
}

TEST(Pattern, IsThePictureTheChecksumsWereMadeFrom) {
  EXPECT_EQ(Crc(Pattern(7, 5)), 0x33c4b557u);
  EXPECT_EQ(Crc(Pattern(300, 200)), 0xaf55df4fu);
  EXPECT_EQ(Crc(Pattern(1190, 1684)), 0xefde20ffu);
}

TEST(ResizeBicubic, ShrinksATinyImageToPillowsBytes) {
  const Image result = ResizeBicubic(Pattern(7, 5).view(), 4, 3);
  EXPECT_THAT(result.data, ElementsAre(8, 1, 0, 20, 5, 1, 32, 16, 1, 44, 32, 2,         // row 0
                                       29, 6, 1, 41, 10, 4, 53, 21, 8, 65, 37, 11,      // row 1
                                       50, 11, 2, 62, 15, 7, 74, 26, 15, 86, 42, 20));  // row 2
  EXPECT_EQ(Crc(result), 0x2d07287eu);
}

TEST(ResizeBicubic, EnlargesATinyImageToPillowsBytes) {
  EXPECT_EQ(Crc(ResizeBicubic(Pattern(7, 5).view(), 9, 8)), 0x04f52f13u);
}

TEST(ResizeBicubic, StretchesToPillowsBytes) {
  EXPECT_EQ(Crc(ResizeBicubic(Pattern(300, 200).view(), 640, 640)), 0x9ed699ffu);
}

TEST(ResizeBicubic, ResizesAPageForTilesOf640ToPillowsBytes) {
  EXPECT_EQ(Crc(ResizeBicubic(Pattern(1190, 1684).view(), 1280, 1920)), 0x6cef5456u);
}

TEST(ResizeBicubic, ResizesAPageForTilesOf768ToPillowsBytes) {
  EXPECT_EQ(Crc(ResizeBicubic(Pattern(1190, 1684).view(), 1536, 2304)), 0xd2ce7176u);
}

TEST(ResizeBicubic, LeavesAnImageOfTheRightSizeAlone) {
  const Image source = Pattern(31, 17);
  EXPECT_EQ(ResizeBicubic(source.view(), 31, 17).data, source.data);
}

TEST(ResizeBicubic, KeepsAFlatColourWhenShrinkingToOnePixel) {
  Image source(500, 3);
  std::fill(source.data.begin(), source.data.end(), 200);
  EXPECT_THAT(ResizeBicubic(source.view(), 1, 1).data, ElementsAre(200, 200, 200));
}

TEST(ResizeBicubic, EnlargesOnePixelToAFlatImage) {
  Image source(1, 1);
  source.data = {9, 9, 9};
  EXPECT_THAT(ResizeBicubic(source.view(), 40, 30).data, Each(9));
}

TEST(ResizeBicubicWindow, GivesTheFirstTileOfAPage) {
  EXPECT_EQ(Crc(ResizeBicubicWindow(
                Pattern(1190, 1684).view(),
                {.full_width = 1280, .full_height = 1920, .width = 640, .height = 640})),
            0x71203e02u);
}

TEST(ResizeBicubicWindow, GivesTheLastTileOfAPage) {
  EXPECT_EQ(Crc(ResizeBicubicWindow(Pattern(1190, 1684).view(), {.full_width = 1280,
                                                                 .full_height = 1920,
                                                                 .left = 640,
                                                                 .top = 1280,
                                                                 .width = 640,
                                                                 .height = 640})),
            0xfdf7b18au);
}

// Shrunk, enlarged, one axis kept, both kept; sizes that are no multiple of a band or a lane.
class ResizeWindowCase : public ::testing::TestWithParam<ResizeWindow> {};
TEST_P(ResizeWindowCase, EqualsResizingWholeAndCutting) {
  const Image source = Pattern(101, 67);
  const Image window = ResizeBicubicWindow(source.view(), GetParam());
  EXPECT_EQ(window.width, GetParam().width);
  EXPECT_EQ(window.height, GetParam().height);
  EXPECT_EQ(window.data, ResizedThenCut(source, GetParam()).data);
}
INSTANTIATE_TEST_SUITE_P(
    Windows, ResizeWindowCase,
    ::testing::Values(ResizeWindow{50, 33, 7, 5, 21, 17}, ResizeWindow{301, 200, 290, 190, 11, 10},
                      ResizeWindow{101, 40, 3, 0, 90, 13}, ResizeWindow{40, 67, 0, 60, 40, 7},
                      ResizeWindow{101, 67, 100, 66, 1, 1}, ResizeWindow{3, 500, 1, 250, 1, 250}));

TEST(PadToSquare, PutsAPageBetweenGreyColumns) {
  const Image square = PadToSquare(Pattern(1190, 1684).view(), 1024);
  EXPECT_EQ(Crc(square), 0x6e0ae516u);
  EXPECT_THAT(PixelAt(square, 149, 0), ElementsAre(127, 127, 127));
}

TEST(PadToSquare, EnlargesASmallImageAndRoundsItsOffsetToEven) {
  EXPECT_EQ(Crc(PadToSquare(Pattern(300, 200).view(), 1024)), 0x84df1a81u);
}

TEST(PadToSquare, PutsAStripBetweenGreyRows) {
  EXPECT_EQ(Crc(PadToSquare(Pattern(641, 100).view(), 1024)), 0x56166e6bu);
}

TEST(PadToSquare, PadsAnOddSizeToPillowsBytes) {
  EXPECT_EQ(Crc(PadToSquare(Pattern(333, 257).view(), 1024)), 0x1ecabaf8u);
}

TEST(PadToSquare, OnlyResizesASquare) {
  const Image source = Pattern(50, 50);
  EXPECT_EQ(PadToSquare(source.view(), 64).data, ResizeBicubic(source.view(), 64, 64).data);
}

TEST(PadToSquare, GivesAVeryThinImageOnePixel) {
  Image line(3000, 1);
  std::fill(line.data.begin(), line.data.end(), 255);
  const Image square = PadToSquare(line.view(), 64, /*grey=*/0);
  EXPECT_THAT(PixelAt(square, 5, 31), ElementsAre(0, 0, 0));
  EXPECT_THAT(PixelAt(square, 5, 32), ElementsAre(255, 255, 255));
  EXPECT_THAT(PixelAt(square, 5, 33), ElementsAre(0, 0, 0));
}

// Where the picture lies in the square: white pages on black show it.
struct PadCase {
  int width, height;
  int left, top;  // first pixel of the page
  int fitted_width, fitted_height;
};
class PadOffset : public ::testing::TestWithParam<PadCase> {};
TEST_P(PadOffset, FollowsPillowsRounding) {
  const PadCase& c = GetParam();
  Image page(c.width, c.height);
  std::fill(page.data.begin(), page.data.end(), 255);
  Image expected(1024, 1024);
  for (int y = c.top; y < c.top + c.fitted_height; ++y) {
    const auto row = expected.data.begin() + (static_cast<size_t>(y) * 1024 + c.left) * 3;
    std::fill(row, row + c.fitted_width * 3, 255);
  }
  EXPECT_TRUE(PadToSquare(page.view(), 1024, /*grey=*/0).data == expected.data);
}
INSTANTIATE_TEST_SUITE_P(Pages, PadOffset,
                         ::testing::Values(PadCase{1190, 1684, 150, 0, 724, 1024},
                                           PadCase{800, 600, 0, 128, 1024, 768},
                                           PadCase{1224, 1584, 116, 0, 791, 1024},
                                           PadCase{300, 200, 0, 170, 1024, 683},
                                           PadCase{641, 100, 0, 432, 1024, 160}));

}  // namespace
}  // namespace quire::worker
