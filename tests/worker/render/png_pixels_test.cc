// Every kind of PNG as RGB on white.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

using std::string_literals::operator""s;

constexpr int kGrey = 0;
constexpr int kColours = 2;
constexpr int kPalette = 3;
constexpr int kGreyAlpha = 4;
constexpr int kColoursAlpha = 6;

class PngPixels : public testing::Test {
 protected:
  // The first pixels of the only row.
  void Draw(const RawPng& png) {
    auto page = DrawPage(MakePng(png));
    ASSERT_TRUE(page.ok()) << page.status();
    page_ = *std::move(page);
  }
  Rgb At(int x) const { return page_.At(x, 0); }

 private:
  Drawing page_;
};

TEST_F(PngPixels, ThreeColours) {
  Draw({.width = 2, .height = 1, .colour_type = kColours, .rows = "\x0a\x14\x1e\xff\x80\x00"s});
  EXPECT_EQ(At(0), (Rgb{10, 20, 30}));
  EXPECT_EQ(At(1), (Rgb{255, 128, 0}));
}

TEST_F(PngPixels, ThreeColoursOf16BitsIsRounded) {
  Draw({.width = 2,
        .height = 1,
        .depth = 16,
        .colour_type = kColours,
        .rows = "\xff\xff\x80\x80\x00\x00\x00\x80\x00\x81\x0a\x0a"s});
  EXPECT_EQ(At(0), (Rgb{255, 128, 0}));
  EXPECT_EQ(At(1), (Rgb{0, 1, 10}));  // 128 and 129 of 65,535; half of 257 lies between
}

TEST_F(PngPixels, Grey) {
  Draw({.width = 2, .height = 1, .colour_type = kGrey, .rows = "\x07\xc8"s});
  EXPECT_EQ(At(0), (Rgb{7, 7, 7}));
  EXPECT_EQ(At(1), (Rgb{200, 200, 200}));
}

TEST_F(PngPixels, GreyOf16Bits) {
  Draw({.width = 2, .height = 1, .depth = 16, .colour_type = kGrey, .rows = "\x07\x07\xc8\xc8"s});
  EXPECT_EQ(At(0), (Rgb{7, 7, 7}));
  EXPECT_EQ(At(1), (Rgb{200, 200, 200}));
}

TEST_F(PngPixels, GreyOf1Bit) {
  Draw({.width = 8, .height = 1, .depth = 1, .colour_type = kGrey, .rows = "\xa0"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{0, 0, 0}));
  EXPECT_EQ(At(2), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(3), (Rgb{0, 0, 0}));
}

TEST_F(PngPixels, GreyOf2And4Bits) {
  Draw({.width = 4, .height = 1, .depth = 2, .colour_type = kGrey, .rows = "\x1b"s});
  EXPECT_EQ(At(1), (Rgb{85, 85, 85}));
  EXPECT_EQ(At(2), (Rgb{170, 170, 170}));
  Draw({.width = 2, .height = 1, .depth = 4, .colour_type = kGrey, .rows = "\x3c"s});
  EXPECT_EQ(At(0), (Rgb{51, 51, 51}));
  EXPECT_EQ(At(1), (Rgb{204, 204, 204}));
}

TEST_F(PngPixels, Palette) {
  Draw({.width = 3,
        .height = 1,
        .colour_type = kPalette,
        .chunks = {{"PLTE", "\xff\x00\x00\x00\xff\x00\x01\x02\x03"s}},
        .rows = "\x02\x00\x01"s});
  EXPECT_EQ(At(0), (Rgb{1, 2, 3}));
  EXPECT_EQ(At(1), (Rgb{255, 0, 0}));
  EXPECT_EQ(At(2), (Rgb{0, 255, 0}));
}

TEST_F(PngPixels, PaletteOf4Bits) {
  Draw({.width = 2,
        .height = 1,
        .depth = 4,
        .colour_type = kPalette,
        .chunks = {{"PLTE", "\xff\x00\x00\x00\xff\x00"s}},
        .rows = "\x10"s});
  EXPECT_EQ(At(0), (Rgb{0, 255, 0}));
  EXPECT_EQ(At(1), (Rgb{255, 0, 0}));
}

TEST_F(PngPixels, PaletteWithOpacityIsBlendedOnWhite) {
  Draw({.width = 3,
        .height = 1,
        .colour_type = kPalette,
        .chunks = {{"PLTE", "\xff\x00\x00\x00\xff\x00\x01\x02\x03"s}, {"tRNS", "\x00\x66"s}},
        .rows = "\x00\x01\x02"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{153, 255, 153}));
  EXPECT_EQ(At(2), (Rgb{1, 2, 3}));
}

TEST_F(PngPixels, RgbWithOpacityIsBlendedOnWhite) {
  Draw({.width = 3,
        .height = 1,
        .colour_type = kColoursAlpha,
        .rows = "\x64\x32\x00\xff\x64\x32\x00\x00\x64\x32\x00\x33"s});
  EXPECT_EQ(At(0), (Rgb{100, 50, 0}));
  EXPECT_EQ(At(1), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(2), (Rgb{224, 214, 204}));  // a fifth of it, four of white
}

TEST_F(PngPixels, RgbWithOpacityOf16BitsIsBlendedOnWhite) {
  Draw({.width = 1,
        .height = 1,
        .depth = 16,
        .colour_type = kColoursAlpha,
        .rows = "\x64\x64\x32\x32\x00\x00\x33\x33"s});
  EXPECT_EQ(At(0), (Rgb{224, 214, 204}));
}

TEST_F(PngPixels, GreyWithOpacityIsBlendedOnWhite) {
  Draw({.width = 2, .height = 1, .colour_type = kGreyAlpha, .rows = "\x64\x33\x64\xff"s});
  EXPECT_EQ(At(0), (Rgb{224, 224, 224}));
  EXPECT_EQ(At(1), (Rgb{100, 100, 100}));
}

TEST_F(PngPixels, ATransparentColourIsWhite) {
  Draw({.width = 2,
        .height = 1,
        .colour_type = kColours,
        .chunks = {{"tRNS", "\x00\x0a\x00\x14\x00\x1e"s}},
        .rows = "\x0a\x14\x1e\x0a\x14\x1f"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{10, 20, 31}));
}

TEST_F(PngPixels, ATransparentColourOf16BitsIsWhite) {
  Draw({.width = 2,
        .height = 1,
        .depth = 16,
        .colour_type = kColours,
        .chunks = {{"tRNS", "\x0a\x0a\x14\x14\x1e\x1e"s}},
        .rows = "\x0a\x0a\x14\x14\x1e\x1e\x0a\x0b\x14\x14\x1e\x1e"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{10, 20, 30}));
}

TEST_F(PngPixels, ATransparentGreyIsWhite) {
  Draw({.width = 2,
        .height = 1,
        .colour_type = kGrey,
        .chunks = {{"tRNS", "\x00\x64"s}},
        .rows = "\x64\x65"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{101, 101, 101}));
}

TEST_F(PngPixels, ATransparentGreyOf4BitsIsWhite) {
  Draw({.width = 2,
        .height = 1,
        .depth = 4,
        .colour_type = kGrey,
        .chunks = {{"tRNS", "\x00\x03"s}},
        .rows = "\x34"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  EXPECT_EQ(At(1), (Rgb{68, 68, 68}));
}

// As libpng does.
TEST_F(PngPixels, BitsOfATransparentColourAboveTheDepthDoNotCount) {
  Draw({.width = 1,
        .height = 1,
        .colour_type = kGrey,
        .chunks = {{"tRNS", "\x01\x64"s}},
        .rows = "\x64"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
  Draw({.width = 1,
        .height = 1,
        .colour_type = kColours,
        .chunks = {{"tRNS", "\x01\x0a\x01\x14\x01\x1e"s}},
        .rows = "\x0a\x14\x1e"s});
  EXPECT_EQ(At(0), (Rgb{255, 255, 255}));
}

}  // namespace
}  // namespace quire::render
