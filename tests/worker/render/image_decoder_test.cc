#include "worker/render/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(Image, IsADocumentOfOnePage) {
  TestDocument jpeg(QuarteredImage(".jpg"));
  ASSERT_TRUE(jpeg.status().ok()) << jpeg.status();
  EXPECT_EQ(jpeg.document().pages(), 1);
  EXPECT_EQ(jpeg.document().format(), quire::v1::DOCUMENT_FORMAT_JPEG);
  EXPECT_THAT(jpeg.Draw(1), IsError(kInvalid, "PAGE_OUT_OF_RANGE",
                                    "page 2 is not there; the document has 1 page"));
  EXPECT_THAT(jpeg.Draw(-1), IsError(kInvalid, "PAGE_OUT_OF_RANGE", "page 0 is not there"));
}

TEST(Image, KeepsItsSizeWhateverIsAsked) {
  const auto page = DrawPage(QuarteredImage(".png", 16, 8), 0, {.long_side_px = 2048});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 16);
  EXPECT_EQ(page->page.height_px, 8);
  EXPECT_EQ(page->page.dpi, 0);
  EXPECT_EQ(page->page.width_points, 0);
}

TEST(Image, IsDrawnTwiceAlike) {
  TestDocument jpeg(QuarteredImage(".jpg"));
  const auto first = jpeg.Draw();
  const auto second = jpeg.Draw();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->pixels, second->pixels);
}

TEST(Image, FitsTheLimitExactly) {
  const std::string png = QuarteredImage(".png", 16, 16);
  EXPECT_TRUE(DrawPage(png, 0, {}, {.max_page_pixels = 256}).ok());
  EXPECT_THAT(DrawPage(png, 0, {}, {.max_page_pixels = 255}),
              IsError(kInvalid, "IMAGE_TOO_LARGE", "16 x 16 px"));
}

// The sizes are in the header alone: nothing could be decoded.
TEST(Image, IsRefusedByItsHeaderWhenItIsTooLarge) {
  EXPECT_THAT(TestDocument(MakePng({.width = 60'000, .height = 50'000})).status(),
              IsError(kInvalid, "IMAGE_TOO_LARGE",
                      "the image is 60,000 x 50,000 px (3000 megapixels); the limit is 50 "
                      "megapixels: scale it down or raise --max-page-megapixels"));
}

TEST(Image, IsRefusedByAHeaderThatOverflows) {
  EXPECT_THAT(TestDocument(MakePng({.width = -1, .height = -1})).status(),
              IsError(kInvalid, "IMAGE_TOO_LARGE", "4,294,967,295 x 4,294,967,295 px"));
}

TEST(Image, WithoutRowsIsDamaged) {
  EXPECT_THAT(TestDocument(MakePng({.width = 7, .height = 0})).status(),
              IsError(kInvalid, "IMAGE_DAMAGED", "7 x 0 px"));
}

TEST(Image, TellsTheBytesThatItNeeds) {
  TestDocument png(QuarteredImage(".png", 16, 8));
  uint8_t byte = 0;
  const absl::Status status = png.document().Draw(0, {}, Canvas{&byte, 1}).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kResourceExhausted, "ARENA_TOO_SMALL",
                              "the page has 384 bytes and 1 are free"));
  EXPECT_EQ(FactOf(status, "needed_bytes"), "384");
}

TEST(Image, IsDamagedWhenItCannotBeDecoded) {
  std::string png = QuarteredImage(".png");
  png.replace(png.find("IDAT") + 4, 2, "xx");  // no zlib stream any more
  EXPECT_THAT(DrawPage(png), IsError(kInvalid, "IMAGE_DAMAGED",
                                     "the PNG cannot be decoded: send it again, or save it anew "
                                     "with the program it came from"));
}

}  // namespace
}  // namespace quire::render
