// PNG, JPEG, WebP and BMP: colours, opacity, orientation, and what is wrong with a file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/rich_status.h"
#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

using ::testing::HasSubstr;

void ExpectColour(const Rgb& found, const Rgb& wanted, int tolerance = 0) {
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(found[i], wanted[i], tolerance);
}

TEST(Images, AreDrawnInTheirColours) {
  for (const char* extension : {".png", ".bmp", ".webp", ".jpg"}) {
    SCOPED_TRACE(extension);
    const absl::StatusOr<Drawing> drawing = DrawPage(QuarteredImage(extension));
    ASSERT_TRUE(drawing.ok()) << drawing.status();
    EXPECT_EQ(drawing->page.width_px, 40);
    EXPECT_EQ(drawing->page.height_px, 20);
    EXPECT_EQ(drawing->page.dpi, 0);
    const int tolerance = std::string(extension) == ".jpg" ? 3 : 0;
    ExpectColour(drawing->At(4, 4), kRed, tolerance);
    ExpectColour(drawing->At(35, 4), kGreen, tolerance);
    ExpectColour(drawing->At(4, 15), kBlue, tolerance);
    ExpectColour(drawing->At(35, 15), kWhite, tolerance);
  }
}

TEST(Images, AreBlendedOnWhite) {
  for (const bool sixteen : {false, true}) {
    const absl::StatusOr<Drawing> half = DrawPage(PngWithAlpha({200, 0, 100}, 51, sixteen));
    ASSERT_TRUE(half.ok()) << half.status();
    ExpectColour(half->At(1, 1), {244, 204, 224});  // a fifth of it
    ExpectColour(DrawPage(PngWithAlpha(kBlue, 0, sixteen))->At(1, 1), kWhite);
    ExpectColour(DrawPage(PngWithAlpha(kBlue, 255, sixteen))->At(1, 1), kBlue);
  }
}

TEST(Images, OfSixteenBitsAreScaledByTheirFullRange) {
  ExpectColour(DrawPage(GreyPng16(65535))->At(0, 0), kWhite);
  ExpectColour(DrawPage(GreyPng16(32768))->At(0, 0), {128, 128, 128});
  ExpectColour(DrawPage(GreyPng16(128))->At(0, 0), {0, 0, 0});
  ExpectColour(DrawPage(GreyPng16(129))->At(0, 0), {1, 1, 1});
}

TEST(Images, AreTurnedAsTheirExifBlockSays) {
  // Where the red quarter is for each orientation: left or right, top or bottom.
  const struct {
    bool right, bottom, swapped;
  } kWhere[] = {{false, false, false}, {true, false, false}, {true, true, false}, {false, true, false},
                {false, false, true},  {true, false, true},  {true, true, true},  {false, true, true}};
  const std::string jpeg = QuarteredImage(".jpg");
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const auto& where = kWhere[orientation - 1];
    const absl::StatusOr<Drawing> drawing = DrawPage(WithOrientation(jpeg, orientation));
    ASSERT_TRUE(drawing.ok()) << drawing.status();
    EXPECT_EQ(drawing->page.width_px, where.swapped ? 20 : 40);
    EXPECT_EQ(drawing->page.height_px, where.swapped ? 40 : 20);
    ExpectColour(drawing->At(where.right ? drawing->page.width_px - 4 : 3,
                             where.bottom ? drawing->page.height_px - 4 : 3),
                 kRed, 3);
  }
}

TEST(Images, ThatAreCutOffAreDamaged) {
  for (const char* extension : {".png", ".jpg", ".bmp", ".webp"}) {
    const std::string whole = QuarteredImage(extension, 400, 200);
    for (const size_t bytes : {whole.size() / 2, whole.size() - 3, size_t{40}}) {
      const absl::Status status = DrawPage(whole.substr(0, bytes)).status();
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << extension << " " << bytes << " " << status;
      EXPECT_EQ(ReasonOf(status), "IMAGE_DAMAGED") << extension << " " << bytes;
    }
  }
}

TEST(Images, AboveThePixelLimitAreRefusedByTheirHeader) {
  const absl::Status status =
      DrawPage(QuarteredImage(".png", 400, 200), 0, {.dpi = 72}, {.max_page_pixels = 79'999}).status();

  EXPECT_EQ(ReasonOf(status), "IMAGE_TOO_LARGE");
  EXPECT_THAT(std::string(status.message()), HasSubstr("400 x 200 px"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max-page-megapixels"));
}

TEST(Images, HaveOnePage) {
  EXPECT_EQ(ReasonOf(DrawPage(QuarteredImage(".png"), 1).status()), "PAGE_OUT_OF_RANGE");
}

}  // namespace
}  // namespace quire::render
