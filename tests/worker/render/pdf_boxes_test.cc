// Boxes, turns and sizes of PDF pages, odd ones too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/drawn_page.h"
#include "worker/render/pdf_renderer.h"

namespace quire::render {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kMediaBox[] = "/MediaBox [0 0 200 100]";

// Quarters of red and green over blue and white, within a box.
std::string Quarters(double left, double bottom, double width, double height) {
  const double middle = left + width / 2;
  const double half = height / 2;
  const auto fill = [&](const char* colour, double x, double y) {
    return absl::StrCat(colour, " rg ", x, " ", y, " ", width / 2, " ", half, " re f\n");
  };
  return absl::StrCat(fill("1 0 0", left, bottom + half), fill("0 1 0", middle, bottom + half),
                      fill("0 0 1", left, bottom));
}

// 200 x 100 points unless its box is replaced, which moves the objects: poppler then looks for
// them.
std::string PdfWith(const std::string& box, const std::string& content, int rotate = 0) {
  MadePage page;
  page.rotate = rotate;
  page.extra = content;
  return absl::StrReplaceAll(MakePdf({page}), {{kMediaBox, box}});
}

class PdfBoxes : public testing::Test {
 protected:
  static void SetUpTestSuite() { WarmUpPdf(); }
};

struct Turn {
  int rotate;
  int degrees;
  std::string quarters;
};
void PrintTo(const Turn& turn, std::ostream* out) { *out << turn.rotate; }

class PdfTurned : public testing::TestWithParam<Turn> {};

TEST_P(PdfTurned, Page) {
  const Turn& turn = GetParam();
  const auto page = DrawPage(PdfWith(kMediaBox, Quarters(0, 0, 200, 100), turn.rotate));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), turn.quarters);
  EXPECT_EQ(page->page.rotation_degrees, turn.degrees);
  EXPECT_EQ(page->page.width_px, turn.degrees % 180 == 0 ? 200 : 100);
  EXPECT_EQ(page->page.width_points, page->page.width_px);
  EXPECT_EQ(page->page.height_points, page->page.height_px);
}

TEST_P(PdfTurned, PageWithACropBox) {
  const Turn& turn = GetParam();
  const auto page = DrawPage(PdfWith(absl::StrCat(kMediaBox, " /CropBox [10 20 90 60]"),
                                     Quarters(10, 20, 80, 40), turn.rotate));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), turn.quarters);
  EXPECT_EQ(page->page.width_px, turn.degrees % 180 == 0 ? 80 : 40);
}

TEST_P(PdfTurned, PageByItsLongSide) {
  const Turn& turn = GetParam();
  const auto page =
      DrawPage(PdfWith(kMediaBox, Quarters(0, 0, 200, 100), turn.rotate), 0, {.long_side_px = 64});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), turn.quarters);
  EXPECT_EQ(page->page.width_px, turn.degrees % 180 == 0 ? 64 : 32);
  EXPECT_EQ(page->page.height_px, turn.degrees % 180 == 0 ? 32 : 64);
}

INSTANTIATE_TEST_SUITE_P(Degrees, PdfTurned,
                         testing::Values(Turn{0, 0, "RGBW"}, Turn{90, 90, "BRWG"},
                                         Turn{180, 180, "WBGR"}, Turn{270, 270, "GWRB"},
                                         Turn{-90, 270, "GWRB"}, Turn{450, 90, "BRWG"}));

TEST_F(PdfBoxes, NeedNotBeginAtZero) {
  const auto page = DrawPage(PdfWith("/MediaBox [-100 -50 100 50]", Quarters(-100, -50, 200, 100)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "RGBW");
}

TEST_F(PdfBoxes, MayNameTheirCornersTheOtherWayRound) {
  const auto page = DrawPage(PdfWith("/MediaBox [200 100 0 0]", Quarters(0, 0, 200, 100)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 200);
  EXPECT_EQ(page->Quarters(), "RGBW");
}

TEST_F(PdfBoxes, ACropBoxEndsWithThePage) {
  const auto page = DrawPage(
      PdfWith(absl::StrCat(kMediaBox, " /CropBox [-500 -500 500 500]"), Quarters(0, 0, 200, 100)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 200);
  EXPECT_EQ(page->page.height_px, 100);
  EXPECT_EQ(page->Quarters(), "RGBW");
}

TEST_F(PdfBoxes, FractionsOfAPixelAreRounded) {
  const auto page = DrawPage(PdfWith("/MediaBox [0 0 595.276 841.89]", ""), 0, {.dpi = 200});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 1654);   // 1,653.54
  EXPECT_EQ(page->page.height_px, 2339);  // 2,338.58
}

TEST_F(PdfBoxes, ATinyPageHasAPixel) {
  const auto page = DrawPage(PdfWith("/MediaBox [0 0 0.01 0.01]", ""));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 1);
  EXPECT_EQ(page->page.height_px, 1);
}

TEST_F(PdfBoxes, AStripHasAPixelOnItsShortSide) {
  const auto page = DrawPage(PdfWith("/MediaBox [0 0 14400 1]", ""), 0, {.long_side_px = 512});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.width_px, 512);
  EXPECT_EQ(page->page.height_px, 1);
}

TEST_F(PdfBoxes, AnAbsurdPageIsTooLarge) {
  EXPECT_THAT(DrawPage(PdfWith("/MediaBox [0 0 1000000000000 1000000000000]", "")),
              IsError(kInvalid, "PAGE_TOO_LARGE", "1,000,000,000 x 1,000,000,000 px"));
}

TEST_F(PdfBoxes, AnAbsurdResolutionIsTooLarge) {
  EXPECT_THAT(DrawPage(MakePdf(1), 0, {.dpi = 1e300}),
              IsError(kInvalid, "PAGE_TOO_LARGE", "1,000,000,000 x 1,000,000,000 px"));
}

TEST_F(PdfBoxes, TheLimitIsMetExactly) {
  EXPECT_TRUE(DrawPage(MakePdf(1), 0, {.dpi = 72}, {.max_page_pixels = 20'000}).ok());
  EXPECT_THAT(DrawPage(MakePdf(1), 0, {.dpi = 72}, {.max_page_pixels = 19'999}),
              IsError(kInvalid, "PAGE_TOO_LARGE",
                      "page 1 is 200 x 100 px at 72 dpi; the limit is 0.019999 megapixels"));
}

TEST_F(PdfBoxes, APageWithoutContentIsWhite) {
  const std::string pdf = absl::StrReplaceAll(MakePdf(1), {{"/Contents 4 0 R", "/Contents null"}});
  const auto page = DrawPage(pdf);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "WWWW");
}

}  // namespace
}  // namespace quire::render
