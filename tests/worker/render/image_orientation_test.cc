// Every orientation that an EXIF block may ask for, in every format that may have one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

struct Turn {
  int orientation;
  std::string quarters;  // of red, green over blue, white
  bool swaps_axes;
};
void PrintTo(const Turn& turn, std::ostream* out) { *out << turn.quarters; }

void ExpectTurned(const std::string& file, const Turn& turn) {
  const auto page = DrawPage(file);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), turn.quarters);
  EXPECT_EQ(page->page.width_px, turn.swaps_axes ? 32 : 64);
  EXPECT_EQ(page->page.height_px, turn.swaps_axes ? 64 : 32);
}

class Turned : public testing::TestWithParam<Turn> {};

TEST_P(Turned, Jpeg) {
  ExpectTurned(WithOrientation(QuarteredImage(".jpg", 64, 32), GetParam().orientation), GetParam());
}

TEST_P(Turned, Png) {
  ExpectTurned(MakePng({.width = 64,
                        .height = 32,
                        .chunks = {{"eXIf", ExifBlock(GetParam().orientation)}},
                        .rows = QuarteredRgb(64, 32)}),
               GetParam());
}

TEST_P(Turned, Webp) {
  ExpectTurned(WebpFile(WebpCanvas(64, 32, 8) + ChunksOf(QuarteredImage(".webp", 64, 32)) +
                        WebpChunk("EXIF", ExifBlock(GetParam().orientation, "II"))),
               GetParam());
}

TEST_P(Turned, Tiff) {
  ExpectTurned(MakeTiff({{.width = 64,
                          .height = 32,
                          .picture = QuarteredRgb(64, 32),
                          .orientation = GetParam().orientation}}),
               GetParam());
}

// What libtiff converts. Entries of the palette: i, i/2, 0.
TEST_P(Turned, TiffWithPalette) {
  std::string picture;
  for (int y = 0; y < 32; ++y)
    picture += std::string(32, y < 16 ? '\xff' : '\0') + std::string(32, '\0');
  const auto page = DrawPage(MakeTiff({{.width = 64,
                                        .height = 32,
                                        .photometric = 3,
                                        .pixel = {0},
                                        .picture = picture,
                                        .orientation = GetParam().orientation}}));
  ASSERT_TRUE(page.ok()) << page.status();
  std::string expected = GetParam().quarters;
  for (char& quarter : expected) quarter = quarter == 'R' ? '?' : 'K';
  EXPECT_EQ(page->Quarters(), expected);
}

INSTANTIATE_TEST_SUITE_P(Orientations, Turned,
                         testing::Values(Turn{1, "RGBW", false}, Turn{2, "GRWB", false},
                                         Turn{3, "WBGR", false}, Turn{4, "BWRG", false},
                                         Turn{5, "RBGW", true}, Turn{6, "BRWG", true},
                                         Turn{7, "WGBR", true}, Turn{8, "GWRB", true}),
                         [](const auto& info) {
                           return absl::StrCat("N", info.param.orientation);
                         });

}  // namespace
}  // namespace quire::render
