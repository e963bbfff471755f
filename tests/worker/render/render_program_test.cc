// The real quire-render in its sandbox, driven by the front's pool.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/rich_status.h"
#include "server/render_pool.h"
#include "tests/support/blocking_renders.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"

namespace quire {
namespace {

using server::OpenedDocument;
using server::RenderedPage;
using server::RenderPool;

class RenderProgram : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(server::RenderPoolOptions options) {
    pool_ = nullptr;
    options.program = std::string(QUIRE_BINARIES) + "/quire-render";
    options.renderers = 1;
    auto pool = RenderPool::Create(options, [this](std::string_view) { ++kills_; });
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }
  absl::StatusOr<OpenedDocument> Open(const std::string& bytes) {
    return OpenAndWait(*pool_, bytes);
  }
  absl::StatusOr<RenderedPage> Draw(const OpenedDocument& document, int page_index) {
    return RenderAndWait(*pool_, document,
                         {.page_index = page_index, .size = {.long_side_px = 256}});
  }
  static int64_t DarkSamples(const RenderedPage& page) {
    const uint8_t* samples = page.pixels.data();
    return std::count_if(samples, samples + page.pixels.bytes(), [](uint8_t value) { return value < 128; });
  }

  std::atomic<int> kills_ = 0;
  std::unique_ptr<RenderPool> pool_;
};

TEST_F(RenderProgram, DrawsEveryFormatBehindItsSandbox) {
  for (const std::string& bytes :
       {render::QuarteredImage(".png"), render::QuarteredImage(".jpg"), render::QuarteredImage(".webp"),
        render::QuarteredImage(".bmp"), render::MakeTiff({{}, {}}), MakePdf(2)}) {
    const absl::StatusOr<OpenedDocument> opened = Open(bytes);
    ASSERT_TRUE(opened.ok()) << opened.status();
    const absl::StatusOr<RenderedPage> page = Draw(*opened, opened->pages - 1);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->pixels.bytes(), static_cast<uint64_t>(page->width_px) * page->height_px * 3);
  }
  EXPECT_EQ(kills_, 0);
}

TEST_F(RenderProgram, FindsItsFontsBehindTheSandbox) {
  // Helvetica is not embedded: fontconfig has to look for another. The longer text moves the objects;
  // poppler then looks for them itself.
  MadePage page;
  page.extra = "BT /F1 60 Tf 10 30 Td (HHH) Tj ET\n";
  const absl::StatusOr<OpenedDocument> opened = Open(absl::StrReplaceAll(
      MakePdf({page}), {{"/Resources << >>", "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 "
                                             "/BaseFont /Helvetica >> >> >>"}}));
  ASSERT_TRUE(opened.ok()) << opened.status();

  const absl::StatusOr<RenderedPage> drawn = Draw(*opened, 0);

  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_GT(DarkSamples(*drawn), 2'000);
}

TEST_F(RenderProgram, DrawsEveryPageOfAPdf) {
  const absl::StatusOr<OpenedDocument> opened = Open(render::Fixture("pdf/five_pages.pdf"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->pages, 5);
  for (int i = 0; i < 5; ++i) {
    const absl::StatusOr<RenderedPage> drawn = Draw(*opened, i);
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    EXPECT_GT(DarkSamples(*drawn), 100) << i;
  }
}

// A page that draws a form ten times, which draws another one ten times, and so on: 10^12 squares.
std::string PageWithoutEnd() {
  std::string pdf = "%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
                    "2 0 obj << /Type /Pages /Count 1 /Kids [3 0 R] >> endobj\n"
                    "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R "
                    "/Resources << /XObject << /X 10 0 R >> >> >> endobj\n"
                    "4 0 obj << /Length 5 >> stream\n/X Do\nendstream endobj\n";
  for (int depth = 0; depth < 12; ++depth) {
    std::string content;
    for (int i = 0; i < 10; ++i) content += depth == 11 ? "0 0 1 1 re f\n" : "/X Do\n";
    absl::StrAppend(&pdf, 10 + depth, " 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 100 100] ",
                    "/Resources << /XObject << /X ", 11 + depth, " 0 R >> >> /Length ",
                    content.size(), " >> stream\n", content, "\nendstream endobj\n");
  }
  return pdf + "trailer << /Root 1 0 R >>\n%%EOF\n";
}

TEST_F(RenderProgram, EndsAPageThatIsDrawnForEverAndDrawsTheNextDocument) {
  Start({.page_seconds = 2});
  const absl::StatusOr<OpenedDocument> opened = Open(PageWithoutEnd());
  ASSERT_TRUE(opened.ok()) << opened.status();

  EXPECT_EQ(ReasonOf(Draw(*opened, 0).status()), "RENDER_TIMEOUT");

  const absl::StatusOr<OpenedDocument> sound = Open(MakePdf(1));
  ASSERT_TRUE(sound.ok()) << sound.status();
  EXPECT_TRUE(Draw(*sound, 0).ok());
  EXPECT_EQ(kills_, 1);
}

TEST_F(RenderProgram, DrawsInASandboxThatIsRequired) {
  Start({.sandbox = "required"});
  const absl::StatusOr<OpenedDocument> opened = Open(MakePdf(1));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(Draw(*opened, 0).ok());
}

TEST_F(RenderProgram, OutlivesHostileBytes) {
  const std::string pdf = render::Fixture("pdf/five_pages.pdf");
  for (size_t at = 100; at < pdf.size(); at += pdf.size() / 40) {
    std::string damaged = pdf;
    for (size_t i = at; i < std::min(at + 200, damaged.size()); ++i) damaged[i] = static_cast<char>(i * 37);
    const absl::StatusOr<OpenedDocument> opened = Open(damaged);
    if (opened.ok()) (void)Draw(*opened, 0);
  }
  const absl::StatusOr<OpenedDocument> sound = Open(MakePdf(1));
  ASSERT_TRUE(sound.ok()) << sound.status();
  EXPECT_TRUE(Draw(*sound, 0).ok());
}

}  // namespace
}  // namespace quire
