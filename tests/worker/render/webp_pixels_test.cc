// Stills and animations of WebP as RGB on white.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

constexpr uint8_t kAnimated = 2;

// Two frames; the second one is red.
std::string Animation(int width, int height, const WebpPlace& place, const std::string& first) {
  return WebpFile(WebpCanvas(width, height, kAnimated) + WebpChunk("ANIM", std::string(6, '\0')) +
                  WebpFrame(place, ChunksOf(first)) +
                  WebpFrame({.width = width, .height = height},
                            ChunksOf(WebpWithAlpha(width, height, kRed, 255))));
}

TEST(WebpPixels, OpacityIsBlendedOnWhite) {
  const auto page = DrawPage(WebpWithAlpha(4, 4, {100, 50, 0}, 51));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->At(1, 1), (Rgb{224, 214, 204}));  // a fifth of it
}

TEST(WebpPixels, AnAnimationsFirstFrameIsDrawn) {
  const auto page =
      DrawPage(Animation(64, 32, {.width = 64, .height = 32}, QuarteredImage(".webp", 64, 32)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "RGBW");
}

TEST(WebpPixels, AFirstFrameThatIsSmallerLiesOnWhite) {
  const auto page = DrawPage(Animation(32, 16, {.x = 16, .y = 8, .width = 16, .height = 8},
                                       WebpWithAlpha(16, 8, kBlue, 255)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "WWWB");
  EXPECT_EQ(page->At(16, 8), kBlue);
  EXPECT_EQ(page->At(15, 8), kWhite);
  EXPECT_EQ(page->At(16, 7), kWhite);
  EXPECT_EQ(page->At(31, 15), kBlue);
}

TEST(WebpPixels, AnAnimationWithOpacityIsBlendedOnWhite) {
  const auto page = DrawPage(
      Animation(16, 16, {.width = 16, .height = 16}, WebpWithAlpha(16, 16, {100, 50, 0}, 51)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->At(8, 8), (Rgb{224, 214, 204}));
}

TEST(WebpPixels, AFrameOfAnotherSizeThanItSaysIsRefused) {
  EXPECT_THAT(
      DrawPage(Animation(64, 32, {.width = 16, .height = 8}, QuarteredImage(".webp", 32, 32))),
      IsError(absl::StatusCode::kInvalidArgument, "IMAGE_DAMAGED", "WebP"));
}

TEST(WebpPixels, ACanvasOfAnotherSizeThanItsPixelsIsRefused) {
  EXPECT_THAT(DrawPage(WebpFile(WebpCanvas(32, 32, 0) + ChunksOf(QuarteredImage(".webp", 64, 32)))),
              IsError(absl::StatusCode::kInvalidArgument, "IMAGE_DAMAGED", "WebP"));
}

// What would be drawn far beyond its canvas.
TEST(WebpPixels, ACanvasAfterTheFirstFrameDoesNotCount) {
  const std::string chunks =
      ChunksOf(Animation(64, 32, {.width = 64, .height = 32}, QuarteredImage(".webp", 64, 32)));
  const auto page = DrawPage(WebpFile(chunks + WebpCanvas(1, 1, kAnimated)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 64);
  EXPECT_EQ(page->Quarters(), "RGBW");
}

}  // namespace
}  // namespace quire::render
