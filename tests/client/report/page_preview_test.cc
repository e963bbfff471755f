#include "client/report/page_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "tests/client/small_png.h"

namespace quire::client {
namespace {

TEST(PagePreview, IsASmallJpeg) {
  const auto preview = MakePagePreview(SmallPng(600, 800), 100);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->width_px, 75);
  EXPECT_EQ(preview->height_px, 100);
  EXPECT_EQ(preview->jpeg.substr(0, 3), "\xFF\xD8\xFF");
}

TEST(PagePreview, MakesNothingLarger) {
  EXPECT_EQ(MakePagePreview(SmallPng(60, 80), 1000)->height_px, 80);
}

TEST(PagePreview, RefusesWhatIsNoPng) {
  EXPECT_EQ(MakePagePreview("GIF89a", 100).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(MakePagePreview("", 100).ok());
  EXPECT_FALSE(MakePagePreview(SmallPng(60, 80).substr(0, 50), 100).ok());
}

}  // namespace
}  // namespace quire::client
