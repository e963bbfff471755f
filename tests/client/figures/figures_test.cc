#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/figures/figure_crops.h"
#include "client/figures/figure_links.h"
#include "client/figures/figures_writer.h"
#include "client/page_image.h"
#include "tests/client/small_png.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

v1::Block& AddBlock(v1::PageResult& page, const std::string& label, const std::string& text = "") {
  v1::Block& block = *page.add_blocks();
  block.set_label(label);
  block.set_text(text);
  return block;
}

void AddBox(v1::Block& block, double left, double top, double right, double bottom) {
  v1::Box& box = *block.add_boxes();
  box.set_left_px(left);
  box.set_top_px(top);
  box.set_right_px(right);
  box.set_bottom_px(bottom);
}

// A title, a picture with a box of 20 x 30 px, and a text.
v1::PageResult PageWithFigure() {
  v1::PageResult page;
  page.set_page_number(3);
  page.set_markdown("# Title\n\nText below");
  AddBlock(page, "title", "# Title");
  AddBox(AddBlock(page, "image"), 10, 20, 30, 50);
  AddBlock(page, "text", "Text below");
  return page;
}

std::pair<int, int> SizeOfPng(const std::string& png) {
  const auto image = DecodePng(png);
  EXPECT_TRUE(image.ok()) << image.status();
  if (!image.ok()) return {};
  return {cairo_image_surface_get_width(image->get()),
          cairo_image_surface_get_height(image->get())};
}

TEST(FigureCrops, HaveTheSizeOfTheirBoxes) {
  v1::PageResult page = PageWithFigure();
  AddBox(*page.mutable_blocks(1), 0.4, 0.6, 59.2, 5.1);

  const auto crops = CutFigures(page, SmallPng(60, 80));

  ASSERT_TRUE(crops.ok()) << crops.status();
  ASSERT_THAT(*crops, SizeIs(2));
  EXPECT_EQ((*crops)[0].block_index, 1);
  EXPECT_EQ(SizeOfPng((*crops)[0].png), std::pair(20, 30));
  EXPECT_EQ(SizeOfPng((*crops)[1].png), std::pair(60, 6));
}

TEST(FigureCrops, ShowWhatIsInTheBox) {
  const Surface drawn(cairo_image_surface_create(CAIRO_FORMAT_RGB24, 40, 40));
  const std::unique_ptr<cairo_t, FreeContext> context(cairo_create(drawn.get()));
  cairo_set_source_rgb(context.get(), 1, 0, 0);
  cairo_rectangle(context.get(), 10, 10, 5, 5);
  cairo_fill(context.get());
  cairo_surface_flush(drawn.get());
  std::string png;
  const auto append = [](void* to, const unsigned char* data, unsigned int size) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
    return CAIRO_STATUS_SUCCESS;
  };
  cairo_surface_write_to_png_stream(drawn.get(), append, &png);
  v1::PageResult page;
  AddBox(AddBlock(page, "figure"), 10, 10, 15, 15);

  const auto crops = CutFigures(page, png);

  ASSERT_TRUE(crops.ok() && crops->size() == 1) << crops.status();
  const auto figure = DecodePng((*crops)[0].png);
  ASSERT_TRUE(figure.ok());
  const unsigned char* pixel = cairo_image_surface_get_data(figure->get());
  EXPECT_THAT(std::vector<int>(pixel, pixel + 3), ElementsAre(0, 0, 255));  // blue, green, red
}

TEST(FigureCrops, LeaveOutBoxesWithoutAPixelOnThePage) {
  v1::PageResult page;
  v1::Block& block = AddBlock(page, "image");
  AddBox(block, 30, 30, 30, 60);
  AddBox(block, 40, 40, 20, 50);
  AddBox(block, 70, 90, 80, 100);

  EXPECT_THAT(*CutFigures(page, SmallPng(60, 80)), SizeIs(0));
}

TEST(FigureCrops, OfAPageWithoutFiguresNeedNoImage) {
  v1::PageResult page;
  AddBox(AddBlock(page, "text", "words"), 0, 0, 10, 10);
  EXPECT_THAT(*CutFigures(page, "no PNG"), SizeIs(0));
}

TEST(FigureCrops, RefuseWhatIsNoPng) {
  EXPECT_EQ(CutFigures(PageWithFigure(), "GIF89a").status().code(), absl::StatusCode::kDataLoss);
}

TEST(FigureLinks, EscapeWhatMarkdownWouldMisread) {
  EXPECT_EQ(FigureLink("my (first) report.figures/1-1.png"),
            "![](my%20%28first%29%20report.figures/1-1.png)");
}

TEST(FigureLinks, StandBetweenTheTextsOfTheirNeighbours) {
  v1::PageResult page = PageWithFigure();
  PlaceLinks({{1, {"![](a)", "![](b)"}}}, page);

  EXPECT_EQ(page.markdown(), "# Title\n\n![](a)\n\n![](b)\n\nText below");
  EXPECT_EQ(page.blocks(1).text(), "![](a)\n\n![](b)");
}

TEST(FigureLinks, OpenAndCloseAPage) {
  v1::PageResult page;
  page.set_markdown("words");
  AddBlock(page, "image");
  AddBlock(page, "text", "words");
  AddBlock(page, "image");
  PlaceLinks({{0, {"![](a)"}}, {2, {"![](b)"}}}, page);

  EXPECT_EQ(page.markdown(), "![](a)\n\nwords\n\n![](b)");
}

TEST(FigureLinks, StandAboveTheWordsOfTheirBlock) {
  v1::PageResult page;
  page.set_markdown("above\n\nwords of the picture");
  AddBlock(page, "text", "above");
  AddBlock(page, "image", "words of the picture");
  PlaceLinks({{1, {"![](a)"}}}, page);

  EXPECT_EQ(page.markdown(), "above\n\n![](a)\n\nwords of the picture");
  EXPECT_EQ(page.blocks(1).text(), "words of the picture");
}

// Keeps the pages that it is told of.
class Listener : public DocumentWriter {
 public:
  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_page_result()) pages.push_back(event.page_result());
    return absl::OkStatus();
  }
  absl::Status OnEnd(const absl::Status&) override { return absl::OkStatus(); }
  std::vector<v1::PageResult> pages;
};

v1::RecognizeResponse Image(int page_number, const std::string& data, bool last) {
  v1::RecognizeResponse event;
  event.mutable_page_image()->set_page_number(page_number);
  event.mutable_page_image()->set_data(data);
  event.mutable_page_image()->set_last(last);
  return event;
}

v1::RecognizeResponse Result(const v1::PageResult& page) {
  v1::RecognizeResponse event;
  *event.mutable_page_result() = page;
  return event;
}

TEST(FiguresWriter, WritesFiguresBesideTheTextThatLinksToThem) {
  TemporaryFolder folder;
  Listener listener;
  const auto writer = MakeFiguresWriter(folder.Path("out"), "a report", listener);
  const std::string png = SmallPng(60, 80);

  ASSERT_TRUE(writer->OnEvent(Image(3, png.substr(0, 40), false)).ok());
  ASSERT_TRUE(writer->OnEvent(Image(3, png.substr(40), true)).ok());
  ASSERT_TRUE(writer->OnEvent(Result(PageWithFigure())).ok());

  EXPECT_EQ(SizeOfPng(folder.Read("out/a report.figures/3-1.png")), std::pair(20, 30));
  ASSERT_THAT(listener.pages, SizeIs(1));
  EXPECT_THAT(listener.pages[0].markdown(), HasSubstr("![](a%20report.figures/3-1.png)"));
}

TEST(FiguresWriter, LinksToWhatAnEarlierCallWroteAndToNothingElse) {
  TemporaryFolder folder;
  Listener listener;
  const auto writer = MakeFiguresWriter(folder.Path(""), "a", listener);
  ASSERT_TRUE(writer->OnEvent(Result(PageWithFigure())).ok());
  ASSERT_TRUE(writer->OnEvent(Image(3, SmallPng(60, 80), true)).ok());
  ASSERT_TRUE(writer->OnEvent(Result(PageWithFigure())).ok());
  ASSERT_TRUE(writer->OnEvent(Result(PageWithFigure())).ok());

  ASSERT_THAT(listener.pages, SizeIs(3));
  EXPECT_THAT(listener.pages[0].markdown(), Not(HasSubstr("![]")));
  EXPECT_THAT(listener.pages[2].markdown(), HasSubstr("![](a.figures/3-1.png)"));
}

TEST(FiguresWriter, SaysWhereItCannotWrite) {
  TemporaryFolder folder;
  folder.Write("out", "a file, no folder");
  Listener listener;
  const auto writer = MakeFiguresWriter(folder.Path("out"), "a", listener);
  ASSERT_TRUE(writer->OnEvent(Image(3, SmallPng(60, 80), true)).ok());

  EXPECT_THAT(std::string(writer->OnEvent(Result(PageWithFigure())).message()),
              HasSubstr("a.figures"));
}

}  // namespace
}  // namespace quire::client
