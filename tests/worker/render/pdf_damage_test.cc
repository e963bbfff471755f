// PDFs that are damaged in part or whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "worker/render/pdf_renderer.h"

namespace quire::render {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class PdfDamage : public testing::Test {
 protected:
  static void SetUpTestSuite() { WarmUpPdf(); }
};

TEST_F(PdfDamage, IsSaidWithWhatToDo) {
  EXPECT_THAT(TestDocument("%PDF-1.7\nno PDF at all\n%%EOF\n").status(),
              IsError(kInvalid, "PDF_DAMAGED",
                      "the PDF cannot be read: send it again, or save it anew with the program it "
                      "came from"));
}

TEST_F(PdfDamage, OfAPdfWithoutPages) {
  EXPECT_THAT(TestDocument(MakePdf(std::vector<MadePage>{})).status(),
              IsError(kInvalid, "PDF_DAMAGED", "the PDF has no pages"));
}

TEST_F(PdfDamage, OfAPageThatIsNotThereLeavesTheOthers) {
  // Two pages, of which the last one is an object that the file lacks.
  TestDocument pdf(absl::StrReplaceAll(MakePdf(2), {{"3 0 R 5 0 R", "3 0 R 7 0 R"}}));
  ASSERT_TRUE(pdf.status().ok()) << pdf.status();
  EXPECT_TRUE(pdf.Draw(0).ok());
  EXPECT_THAT(pdf.Draw(1), IsError(kInvalid, "PAGE_DAMAGED", "page 2 cannot be found in the PDF"));
}

TEST_F(PdfDamage, OfAPagesContentLeavesTheOthers) {
  MadePage garbage;
  garbage.extra = "\xff\xfe( << [ BT /F1 Tf 9 9 9 re W* n Do q q q\n";
  TestDocument pdf(MakePdf({MadePage{}, garbage, MadePage{.code = 0xffff}}));
  ASSERT_TRUE(pdf.status().ok()) << pdf.status();
  EXPECT_TRUE(pdf.Draw(1).ok());
  const auto next = pdf.Draw(2);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_GT(next->DarkPixels(), 500);
}

TEST_F(PdfDamage, OfTheTableOfObjectsIsMended) {
  const std::string pdf = absl::StrReplaceAll(MakePdf(2), {{"0000000", "9999999"}});
  EXPECT_TRUE(DrawPage(pdf, 1).ok());
}

TEST_F(PdfDamage, OfItsEndIsMended) {
  const std::string pdf = MakePdf(2);
  EXPECT_TRUE(DrawPage(pdf.substr(0, pdf.find("startxref")), 1).ok());
}

TEST_F(PdfDamage, OfAPageTreeThatGoesRoundEnds) {
  const std::string pdf = absl::StrReplaceAll(MakePdf(1), {{"/Kids [ 3 0 R ]", "/Kids [ 2 0 R ]"}});
  EXPECT_FALSE(DrawPage(pdf).ok());
}

TEST_F(PdfDamage, OfACountThatLiesFindsNoFurtherPage) {
  TestDocument pdf(absl::StrReplaceAll(MakePdf(1), {{"/Count 1 ", "/Count 3 "}}));
  ASSERT_TRUE(pdf.status().ok()) << pdf.status();
  EXPECT_TRUE(pdf.Draw(0).ok());
  EXPECT_EQ(pdf.document().pages(), 3);
  EXPECT_THAT(pdf.Draw(2), IsError(kInvalid, "PAGE_DAMAGED", "page 3 cannot be found in the PDF"));
}

TEST_F(PdfDamage, OfACountBeyondTheLimitIsRefused) {
  EXPECT_THAT(
      TestDocument(absl::StrReplaceAll(MakePdf(4), {{"/Count 4 ", "/Count 9 "}}), {.max_pages = 3})
          .status(),
      IsError(kInvalid, "TOO_MANY_PAGES",
              "the limit is 3: split it or raise --max-document-pages"));
}

TEST_F(PdfDamage, AnEncryptedPdfIsReadWithItsPasswordAlone) {
  const std::string pdf = Fixture("pdf/encrypted.pdf");
  EXPECT_THAT(TestDocument(pdf).status(),
              IsError(absl::StatusCode::kFailedPrecondition, "PDF_ENCRYPTED",
                      "the PDF is encrypted: send its password (--password-file)"));
  EXPECT_THAT(TestDocument(pdf, {}, "Quire").status(),
              IsError(absl::StatusCode::kFailedPrecondition, "PDF_WRONG_PASSWORD",
                      "this is not its password"));
  const auto page = DrawPage(pdf, 0, {.dpi = 72}, {}, "quire");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_GT(page->DarkPixels(), 100);
}

}  // namespace
}  // namespace quire::render
