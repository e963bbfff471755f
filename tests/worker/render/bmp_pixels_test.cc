// Kinds of BMP as RGB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

using std::string_literals::operator""s;

constexpr uint32_t kBitFields = 3;
constexpr std::array<uint32_t, 4> kBgra = {0xff0000, 0xff00, 0xff, 0xff000000};

class BmpPixels : public testing::Test {
 protected:
  void Draw(const RawBmp& bmp) {
    auto page = DrawPage(MakeBmp(bmp));
    ASSERT_TRUE(page.ok()) << page.status();
    page_ = *std::move(page);
  }
  Drawing page_;
};

TEST_F(BmpPixels, ItsRowsComeFromTheBottomUp) {
  const auto page = DrawPage(QuarteredImage(".bmp", 6, 4));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "RGBW");
}

TEST_F(BmpPixels, ItsRowsComeFromTheTopDownWhenItsHeightIsNegative) {
  Draw({.width = 1, .height = -2, .rows = "\x00\x00\xff\x00\x00\xff\x00\x00"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{255, 0, 0}));
  EXPECT_EQ(page_.At(0, 1), (Rgb{0, 255, 0}));
}

TEST_F(BmpPixels, OfTheOldestKind) {
  Draw({.width = 1, .height = 1, .header_bytes = 12, .rows = "\x1e\x14\x0a\x00"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{10, 20, 30}));
}

TEST_F(BmpPixels, PaddingOf32BitsIsNoOpacity) {
  Draw({.width = 2, .height = 1, .depth = 32, .rows = "\x1e\x14\x0a\x00\x03\x02\x01\x80"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{10, 20, 30}));
  EXPECT_EQ(page_.At(1, 0), (Rgb{1, 2, 3}));
}

TEST_F(BmpPixels, PaddingOf32BitsWithMasksIsNoOpacity) {
  Draw({.width = 1,
        .height = 1,
        .depth = 32,
        .compression = kBitFields,
        .masks = kBgra,
        .rows = "\x1e\x14\x0a\x00"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{10, 20, 30}));
}

TEST_F(BmpPixels, PaddingOf32BitsWithoutAnAlphaMaskIsNoOpacity) {
  Draw({.width = 1,
        .height = 1,
        .depth = 32,
        .header_bytes = 108,
        .compression = kBitFields,
        .masks = {0xff0000, 0xff00, 0xff, 0},
        .rows = "\x1e\x14\x0a\x00"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{10, 20, 30}));
}

TEST_F(BmpPixels, OpacityIsBlendedOnWhite) {
  Draw({.width = 2,
        .height = 1,
        .depth = 32,
        .header_bytes = 108,
        .compression = kBitFields,
        .masks = kBgra,
        .rows = "\x00\x32\x64\x33\x1e\x14\x0a\xff"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{224, 214, 204}));
  EXPECT_EQ(page_.At(1, 0), (Rgb{10, 20, 30}));
}

TEST_F(BmpPixels, OpacityOfTheShortestHeaderThatHasItIsBlendedOnWhite) {
  Draw({.width = 1,
        .height = 1,
        .depth = 32,
        .header_bytes = 56,
        .compression = kBitFields,
        .masks = kBgra,
        .rows = "\x00\x32\x64\x33"s});
  EXPECT_EQ(page_.At(0, 0), (Rgb{224, 214, 204}));
}

}  // namespace
}  // namespace quire::render
