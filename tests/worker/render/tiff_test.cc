#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/rich_status.h"
#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Rgb ColourOf(const MadeTiffPage& page) {
  const absl::StatusOr<Drawing> drawing = DrawPage(MakeTiff({page}));
  EXPECT_TRUE(drawing.ok()) << drawing.status();
  if (!drawing.ok()) return {-1, -1, -1};
  const Rgb first = drawing->At(0, 0);
  EXPECT_EQ(drawing->At(drawing->page.width_px - 1, drawing->page.height_px - 1), first);
  return first;
}

int PagesOf(const std::string& bytes, const DocumentLimits& limits = {}) {
  const auto document =
      OpenDocument({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "", limits);
  return document.ok() ? (*document)->pages() : -1;
}

TEST(Tiff, HasEveryPage) {
  const std::string bytes = MakeTiff({{.pixel = {255, 0, 0}}, {.pixel = {0, 255, 0}}, {.pixel = {0, 0, 255}}});

  EXPECT_EQ(PagesOf(bytes), 3);
  EXPECT_EQ(DrawPage(bytes, 2)->At(0, 0), kBlue);
  EXPECT_EQ(DrawPage(bytes, 0)->At(0, 0), kRed);
}

TEST(Tiff, CountsNoThumbnails) {
  EXPECT_EQ(PagesOf(MakeTiff({{}, {.thumbnail = true}, {}})), 2);
  EXPECT_EQ(PagesOf(MakeTiff({{.thumbnail = true}})), 1);
}

TEST(Tiff, IsReadInStripsAndTilesTogetherAndApart) {
  for (const int tile : {0, 16}) {
    for (const bool planar : {false, true}) {
      EXPECT_THAT(ColourOf({.pixel = {10, 20, 30}, .tile = tile, .planar = planar}),
                  ElementsAre(10, 20, 30))
          << tile << planar;
    }
  }
}

TEST(Tiff, OfSixteenBitsIsScaledByTheFullRange) {
  EXPECT_THAT(ColourOf({.bits = 16, .pixel = {65535, 32768, 128}}), ElementsAre(255, 128, 0));
}

TEST(Tiff, OfGreyMayBeginWithWhite) {
  EXPECT_THAT(ColourOf({.photometric = 1, .pixel = {40}}), ElementsAre(40, 40, 40));
  EXPECT_THAT(ColourOf({.photometric = 0, .pixel = {40}}), ElementsAre(215, 215, 215));
}

TEST(Tiff, OfOneBitIsBlackAndWhite) {
  EXPECT_THAT(ColourOf({.bits = 1, .photometric = 1, .pixel = {1}}), ElementsAre(255, 255, 255));
  EXPECT_THAT(ColourOf({.bits = 1, .photometric = 0, .pixel = {1}}), ElementsAre(0, 0, 0));
}

TEST(Tiff, OfCmykLosesItsInks) {
  EXPECT_THAT(ColourOf({.photometric = 5, .pixel = {0, 0, 0, 0}}), ElementsAre(255, 255, 255));
  EXPECT_THAT(ColourOf({.photometric = 5, .pixel = {255, 0, 0, 0}}), ElementsAre(0, 255, 255));
  EXPECT_THAT(ColourOf({.photometric = 5, .pixel = {0, 0, 0, 255}}), ElementsAre(0, 0, 0));
}

TEST(Tiff, IsTurnedAsItsTagSays) {
  const absl::StatusOr<Drawing> drawing = DrawPage(MakeTiff({{.orientation = 6}}));
  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(drawing->page.width_px, 20);
  EXPECT_EQ(drawing->page.height_px, 40);
}

TEST(Tiff, ThatIsCutOffIsDamaged) {
  const std::string whole = MakeTiff({{.width = 400, .height = 300}});
  for (const size_t bytes : {size_t{8}, whole.size() / 2, whole.size() - 4}) {
    const absl::Status status = DrawPage(whole.substr(0, bytes)).status();
    EXPECT_EQ(ReasonOf(status), "IMAGE_DAMAGED") << bytes << " " << status;
  }
}

TEST(Tiff, WithTooManyPagesIsRefused) {
  const std::string bytes = MakeTiff({{}, {}, {}});
  EXPECT_EQ(PagesOf(bytes, {.max_pages = 3}), 3);
  const absl::Status status = DrawPage(bytes, 0, {}, {.max_pages = 2}).status();
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_PAGES");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max-document-pages"));
}

TEST(Tiff, OfWhichOnePageIsTooLargeLosesThatPageAlone) {
  const std::string bytes = MakeTiff({{}, {.width = 400, .height = 300}});
  const DocumentLimits limits{.max_page_pixels = 10'000};

  EXPECT_TRUE(DrawPage(bytes, 0, {}, limits).ok());
  EXPECT_EQ(ReasonOf(DrawPage(bytes, 1, {}, limits).status()), "IMAGE_TOO_LARGE");
}

}  // namespace
}  // namespace quire::render
