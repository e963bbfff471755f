#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "google/rpc/error_details.pb.h"
#include "proto/rich_status.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "worker/render/pdf_renderer.h"

namespace quire::render {
namespace {

using ::testing::HasSubstr;

class Pdf : public testing::Test {
 protected:
  static void SetUpTestSuite() { WarmUpPdf(); }
  static MadePage Coloured(int red, int green, int blue) {
    MadePage page;
    page.red = red, page.green = green, page.blue = blue;
    return page;
  }
};

TEST_F(Pdf, IsDrawnInItsColours) {
  const absl::StatusOr<Drawing> drawing = DrawPage(MakePdf({Coloured(255, 0, 0)}));
  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(drawing->At(3, 3), kRed);
}

TEST_F(Pdf, HasTheAskedSize) {
  const std::string pdf = MakePdf(1);  // 200 x 100 points
  const absl::StatusOr<Drawing> by_dpi = DrawPage(pdf, 0, {.dpi = 144});
  const absl::StatusOr<Drawing> by_side = DrawPage(pdf, 0, {.long_side_px = 512});

  EXPECT_EQ(by_dpi->page.width_px, 400);
  EXPECT_EQ(by_dpi->page.height_px, 200);
  EXPECT_EQ(by_side->page.width_px, 512);
  EXPECT_EQ(by_side->page.height_px, 256);
  EXPECT_NEAR(by_side->page.dpi, 184.32, 1e-9);
  EXPECT_EQ(by_side->page.width_points, 200);
}

TEST_F(Pdf, OfFourteenThousandPointsIsDrawnToTheLongSide) {
  MadePage page;
  page.width_pt = 14'400, page.height_pt = 7'200;
  const absl::StatusOr<Drawing> drawing = DrawPage(MakePdf({page}), 0, {.long_side_px = 1024});

  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(drawing->page.width_px, 1024);
  EXPECT_EQ(drawing->page.height_px, 512);
}

TEST_F(Pdf, IsTurnedAsThePageSays) {
  MadePage page;
  page.extra = "1 0 0 rg 0 50 100 50 re f\n";  // the upper left quarter is red
  const struct {
    int rotate, x, y;
  } kCases[] = {{0, 2, 2}, {90, 97, 2}, {180, 197, 97}, {270, 2, 197}};
  for (const auto& turned : kCases) {
    page.rotate = turned.rotate;
    const absl::StatusOr<Drawing> drawing = DrawPage(MakePdf({page}));
    ASSERT_TRUE(drawing.ok()) << drawing.status();
    EXPECT_EQ(drawing->page.rotation_degrees, turned.rotate);
    EXPECT_EQ(drawing->page.width_px, turned.rotate % 180 == 0 ? 200 : 100);
    EXPECT_EQ(drawing->At(turned.x, turned.y), kRed) << turned.rotate;
  }
}

TEST_F(Pdf, ShowsItsCropBox) {
  const std::string pdf = absl::StrReplaceAll(MakePdf({Coloured(0, 0, 255)}),
                                              {{"/MediaBox [0 0 200 100]", "/MediaBox [0 0 200 100] /CropBox [10 20 60 50]"}});
  const absl::StatusOr<Drawing> drawing = DrawPage(pdf);

  ASSERT_TRUE(drawing.ok()) << drawing.status();
  EXPECT_EQ(drawing->page.width_px, 50);
  EXPECT_EQ(drawing->page.height_px, 30);
  EXPECT_EQ(drawing->At(49, 29), kBlue);
}

TEST_F(Pdf, HasItsLettersDrawn) {
  const absl::StatusOr<Drawing> drawing =
      DrawPage(Fixture("pdf/five_pages.pdf"), 0, {.long_side_px = 1024});
  ASSERT_TRUE(drawing.ok()) << drawing.status();
  const size_t bytes = static_cast<size_t>(drawing->page.width_px) * drawing->page.height_px * 3;
  const auto dark = std::count_if(drawing->pixels.begin(), drawing->pixels.begin() + bytes,
                                  [](uint8_t value) { return value < 128; });
  EXPECT_GT(dark, 20'000);
}

TEST_F(Pdf, WithAPasswordNeedsIt) {
  const std::string pdf = Fixture("pdf/encrypted.pdf");
  const absl::Status none = DrawPage(pdf).status();
  const absl::Status wrong = DrawPage(pdf, 0, {.dpi = 72}, {}, "wrong").status();

  EXPECT_TRUE(absl::IsFailedPrecondition(none));
  EXPECT_EQ(ReasonOf(none), "PDF_ENCRYPTED");
  EXPECT_EQ(ReasonOf(wrong), "PDF_WRONG_PASSWORD");
  EXPECT_TRUE(DrawPage(pdf, 0, {.dpi = 72}, {}, "quire").ok());
}

TEST_F(Pdf, ThatIsDamagedIsSaidToBe) {
  EXPECT_EQ(ReasonOf(DrawPage("%PDF-1.7\nno PDF at all\n%%EOF\n").status()), "PDF_DAMAGED");
  EXPECT_EQ(ReasonOf(DrawPage(MakePdf(std::vector<MadePage>{})).status()), "PDF_DAMAGED");
  const std::string pdf = Fixture("pdf/five_pages.pdf");
  EXPECT_EQ(ReasonOf(DrawPage(pdf.substr(0, 300)).status()), "PDF_DAMAGED");
}

TEST_F(Pdf, HasLimits) {
  const absl::Status pages = DrawPage(MakePdf(3), 0, {}, {.max_pages = 2}).status();
  EXPECT_EQ(ReasonOf(pages), "TOO_MANY_PAGES");
  EXPECT_EQ(ReasonOf(DrawPage(MakePdf(3), 3).status()), "PAGE_OUT_OF_RANGE");
  MadePage huge;
  huge.width_pt = huge.height_pt = 1728;
  const absl::Status size =
      DrawPage(MakePdf({MadePage{}, huge}), 1, {.dpi = 600}, {.max_page_pixels = 4'000'000}).status();
  EXPECT_EQ(size.message(),
            "page 2 is 14,400 x 14,400 px at 600 dpi; the limit is 4 megapixels: lower --dpi or raise "
            "--max-page-megapixels");
}

TEST_F(Pdf, SaysHowMuchRoomItNeeds) {
  const std::string pdf = MakePdf(1);
  const auto document =
      OpenDocument({reinterpret_cast<const uint8_t*>(pdf.data()), pdf.size()}, "", {});
  ASSERT_TRUE(document.ok());
  std::vector<uint8_t> room(59'999);

  const absl::Status status = (*document)->Draw(0, {.dpi = 72}, {room.data(), room.size()}).status();

  EXPECT_EQ(ReasonOf(status), "ARENA_TOO_SMALL");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(
      std::string(*status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo"))));
  EXPECT_EQ(info.metadata().at("needed_bytes"), "60000");
}

}  // namespace
}  // namespace quire::render
