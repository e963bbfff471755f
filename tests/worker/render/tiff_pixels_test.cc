// Kinds of TIFF as RGB on white, beyond the plain ones of tiff_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Rgb ColourOf(const MadeTiffPage& page) {
  const auto drawing = DrawPage(MakeTiff({page}));
  EXPECT_TRUE(drawing.ok()) << drawing.status();
  return drawing.ok() ? drawing->At(0, 0) : Rgb{-1, -1, -1};
}

// How a file keeps a picture: each is to come out the same.
struct Storage {
  std::string name;
  MadeTiffPage page;
  std::string mode = "w";
};
void PrintTo(const Storage& storage, std::ostream* out) { *out << storage.name; }

class Stored : public testing::TestWithParam<Storage> {};

TEST_P(Stored, ComesOutTheSame) {
  MadeTiffPage page = GetParam().page;
  page.width = 37;
  page.height = 23;
  page.picture = QuarteredRgb(37, 23);
  const auto drawing = DrawPage(MakeTiff({page}, GetParam().mode));
  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(std::string(drawing->pixels.begin(), drawing->pixels.end()), page.picture);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Stored,
    testing::Values(Storage{"Strips", {}}, Storage{"Uncompressed", {.compression = 1}},
                    Storage{"Lzw", {.compression = 5}}, Storage{"Planes", {.planar = true}},
                    Storage{"Tiles", {.tile = 16}}, Storage{"TilesLargerThanThePage", {.tile = 64}},
                    Storage{"TilesInPlanes", {.tile = 16, .planar = true}},
                    Storage{"BigEndian", {}, "wb"}, Storage{"BigTiff", {}, "w8"}),
    [](const auto& info) { return info.param.name; });

TEST(TiffPixels, StraightOpacityIsBlendedOnWhite) {
  EXPECT_EQ(ColourOf({.pixel = {100, 50, 0, 51}, .extra_samples = {2}}), (Rgb{224, 214, 204}));
}

TEST(TiffPixels, PremultipliedOpacityLiesOnWhite) {
  EXPECT_EQ(ColourOf({.pixel = {20, 10, 0, 51}, .extra_samples = {1}}), (Rgb{224, 214, 204}));
}

TEST(TiffPixels, MoreColourThanItsOpacityAllowsIsWhite) {
  EXPECT_EQ(ColourOf({.pixel = {200, 0, 0, 100}, .extra_samples = {1}}), (Rgb{255, 155, 155}));
}

TEST(TiffPixels, AnExtraSampleOfUnknownMeaningIsNoOpacity) {
  EXPECT_EQ(ColourOf({.pixel = {100, 50, 0, 51}, .extra_samples = {0}}), (Rgb{100, 50, 0}));
}

TEST(TiffPixels, OpacityMayFollowAnUnknownSample) {
  EXPECT_EQ(ColourOf({.pixel = {100, 50, 0, 7, 51}, .extra_samples = {0, 2}}),
            (Rgb{224, 214, 204}));
}

TEST(TiffPixels, GreyWithOpacityIsBlendedOnWhite) {
  EXPECT_EQ(ColourOf({.photometric = 1, .pixel = {100, 51}, .extra_samples = {2}}),
            (Rgb{224, 224, 224}));
}

TEST(TiffPixels, OpacityOf16BitsIsBlendedOnWhite) {
  EXPECT_EQ(
      ColourOf({.bits = 16, .pixel = {100 * 257, 50 * 257, 0, 51 * 257}, .extra_samples = {2}}),
      (Rgb{224, 214, 204}));
}

TEST(TiffPixels, Cmyk) {
  EXPECT_EQ(ColourOf({.photometric = 5, .pixel = {0, 128, 255, 0}}), (Rgb{255, 127, 0}));
  EXPECT_EQ(ColourOf({.photometric = 5, .pixel = {0, 0, 0, 155}}), (Rgb{100, 100, 100}));
  EXPECT_EQ(ColourOf({.bits = 16, .photometric = 5, .pixel = {65535, 0, 65535, 0}}), kGreen);
}

TEST(TiffPixels, CmykInPlanesAndTiles) {
  EXPECT_EQ(ColourOf({.photometric = 5, .pixel = {0, 128, 255, 0}, .tile = 16, .planar = true}),
            (Rgb{255, 127, 0}));
}

TEST(TiffPixels, GreyOf16BitsThatBeginsWithWhite) {
  EXPECT_EQ(ColourOf({.bits = 16, .photometric = 0, .pixel = {55 * 257}}), (Rgb{200, 200, 200}));
}

TEST(TiffPixels, Palette) {
  EXPECT_EQ(ColourOf({.photometric = 3, .pixel = {200}}), (Rgb{200, 100, 0}));
}

TEST(TiffPixels, JpegInside) {
  const auto drawing = DrawPage(
      MakeTiff({{.width = 64, .height = 32, .picture = QuarteredRgb(64, 32), .compression = 7}}));
  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(drawing->Quarters(), "RGBW");
}

TEST(TiffPixels, FloatingPointIsRefusedWithLibtiffsWords) {
  EXPECT_THAT(
      DrawPage(MakeTiff({{.bits = 32, .photometric = 1, .pixel = {1}, .sample_format = 3}})),
      IsError(kInvalid, "IMAGE_DAMAGED", "page 1 is of a kind that cannot be shown"));
}

}  // namespace
}  // namespace quire::render
