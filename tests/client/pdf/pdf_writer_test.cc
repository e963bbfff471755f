#include "client/pdf/pdf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poppler-document.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <memory>

#include "client/pdf/text_fit.h"
#include "tests/client/answers.h"
#include "tests/client/small_png.h"
#include "tests/client/string_sink.h"

// fontconfig keeps what it read for the life of the process.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every character is half as wide as the font is high.
double HalfAsWide(void*, const std::string& text) { return 0.5 * static_cast<double>(text.size()); }

std::vector<std::string> Lines(const FittedText& fitted) {
  std::vector<std::string> lines;
  for (const FittedText::Line& line : fitted.lines) lines.push_back(line.text);
  return lines;
}

TEST(FitText, FillsABoxOfOneLine) {
  const FittedText fitted = FitText("word", 100, 12, HalfAsWide, nullptr);
  EXPECT_NEAR(fitted.font_size, 10, 0.01);
  EXPECT_THAT(Lines(fitted), ElementsAre("word"));
}

TEST(FitText, BreaksWordsIntoTheLinesThatFit) {
  const FittedText fitted = FitText("aaaa bbbb cccc dddd", 50, 24, HalfAsWide, nullptr);
  EXPECT_THAT(Lines(fitted), ElementsAre("aaaa bbbb", "cccc dddd"));
  EXPECT_NEAR(fitted.font_size, 10, 0.01);
}

TEST(FitText, TakesWordsThatNoBoxHolds) {
  const FittedText fitted = FitText(std::string(1000, 'x') + " y", 10, 10, HalfAsWide, nullptr);
  EXPECT_EQ(fitted.lines.size(), 2u);
  EXPECT_GT(fitted.font_size, 0);
  EXPECT_LE(2 * kLineHeight * fitted.font_size, 10 + 1e-6);
}

TEST(FitText, MakesNothingOfNothing) {
  EXPECT_TRUE(FitText(" ", 10, 10, HalfAsWide, nullptr).lines.empty());
  EXPECT_TRUE(FitText("a", 0, 10, HalfAsWide, nullptr).lines.empty());
}

v1::RecognizeResponse Image(int page) {
  v1::RecognizeResponse event;
  event.mutable_page_image()->set_page_number(page);
  event.mutable_page_image()->set_data(SmallPng(100, 140));
  event.mutable_page_image()->set_last(true);
  return event;
}

// A page of 595 x 842 points with one block in its upper half.
v1::RecognizeResponse PageOfPdf(int number, const std::string& text) {
  v1::RecognizeResponse event = Page(number, text);
  v1::PageResult& page = *event.mutable_page_result();
  page.set_width_points(595);
  page.set_height_points(842);
  v1::Block& block = *page.add_blocks();
  block.set_label("text");
  block.set_text(text);
  v1::Box& box = *block.add_boxes();
  box.set_left(0.1);
  box.set_top(0.2);
  box.set_right(0.9);
  box.set_bottom(0.3);
  return event;
}

struct Written {
  std::string bytes;
  std::unique_ptr<poppler::document> pdf;
  std::unique_ptr<poppler::page> Page(int index) const {
    return std::unique_ptr<poppler::page>(pdf->create_page(index));
  }
  std::string Text(int index) const {
    const poppler::byte_array text = Page(index)->text().to_utf8();
    return {text.begin(), text.end()};
  }
};

Written Write(const std::vector<v1::RecognizeResponse>& events) {
  StringSink sink;
  const auto writer = MakePdfWriter({.document_name = "a.pdf"}, sink);
  for (const auto& event : events) {
    const absl::Status status = writer->OnEvent(event);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_TRUE(writer->OnEnd(absl::OkStatus()).ok());
  Written written{.bytes = sink.written};
  written.pdf.reset(poppler::document::load_from_raw_data(written.bytes.data(),
                                                          static_cast<int>(written.bytes.size())));
  EXPECT_NE(written.pdf, nullptr);
  return written;
}

TEST(PdfWriter, HoldsThePagesWordsWhereTheyStand) {
  const Written written = Write({Accepted(2), Image(1), PageOfPdf(1, "# The **first** naïve page"),
                                 Image(2), PageOfPdf(2, "Second"), Summary(2)});
  ASSERT_EQ(written.pdf->pages(), 2);
  EXPECT_THAT(written.Text(0), HasSubstr("The first naïve page"));
  EXPECT_THAT(written.Text(1), HasSubstr("Second"));
  for (const poppler::text_box& word : written.Page(0)->text_list()) {
    EXPECT_GE(word.bbox().left(), 0.1 * 595 - 3);
    EXPECT_LE(word.bbox().right(), 0.9 * 595 + 3);
    EXPECT_GE(word.bbox().top(), 0.2 * 842 - 10);
    EXPECT_LE(word.bbox().bottom(), 0.3 * 842 + 15);
  }
  EXPECT_NEAR(written.Page(0)->page_rect().width(), 595, 0.5);
}

TEST(PdfWriter, ShowsTheImageAlone) {
  const Written written = Write({Accepted(1), Image(1), PageOfPdf(1, "Dark words"), Summary(1)});
  poppler::page_renderer renderer;
  renderer.set_image_format(poppler::image::format_gray8);
  const auto page = written.Page(0);
  const poppler::image drawn = renderer.render_page(page.get(), 36, 36);
  for (int y = 2; y < drawn.height() - 2; ++y) {
    for (int x = 2; x < drawn.width() - 2; ++x) {
      const auto grey =
          static_cast<unsigned char>(drawn.const_data()[y * drawn.bytes_per_row() + x]);
      ASSERT_NEAR(grey, 204, 4) << x << " " << y;  // the picture's
    }
  }
}

TEST(PdfWriter, SaysWhichPageFailed) {
  const Written written =
      Write({Accepted(1), Failed(1, absl::InvalidArgumentError("too large")), Summary(0, 1)});
  EXPECT_THAT(written.Text(0), HasSubstr("Page 1 was not read: too large"));
}

TEST(PdfWriter, RefusesAPageWithoutItsImage) {
  StringSink sink;
  const auto writer = MakePdfWriter({}, sink);
  EXPECT_EQ(writer->OnEvent(PageOfPdf(1, "a")).code(), absl::StatusCode::kInternal);
}

TEST(PdfWriter, WritesNothingWhereThereIsNoPage) {
  StringSink sink;
  const auto writer = MakePdfWriter({}, sink);
  EXPECT_TRUE(writer->OnEnd(absl::UnavailableError("away")).ok());
  EXPECT_TRUE(sink.written.empty());
}

}  // namespace
}  // namespace quire::client
