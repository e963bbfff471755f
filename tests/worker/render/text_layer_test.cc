#include "worker/render/text_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "worker/render/pdf_renderer.h"

namespace quire::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A word of 8 points' height whose upper left corner is at x, y.
LayerWord Word(const std::string& text, double x, double y, double height = 8) {
  return {.text = text, .box = {x, y, x + 5.0 * static_cast<double>(text.size()), y + height}};
}

std::vector<std::string> Paragraphs(const std::vector<LayerWord>& words) {
  std::vector<std::string> texts;
  for (const TextLayer::Paragraph& paragraph : ArrangeWords(words).paragraphs) {
    texts.push_back(paragraph.text);
  }
  return texts;
}

TEST(TextLayer, MakesLinesAParagraph) {
  EXPECT_THAT(Paragraphs({Word("one", 10, 10), Word("two", 30, 10), Word("three", 10, 20)}),
              ElementsAre("one two three"));
}

TEST(TextLayer, BeginsAParagraphAfterAGap) {
  EXPECT_THAT(Paragraphs({Word("one", 10, 10), Word("two", 10, 30)}), ElementsAre("one", "two"));
}

TEST(TextLayer, BeginsAParagraphWhereThePrintChanges) {
  EXPECT_THAT(Paragraphs({Word("Title", 10, 10, 14), Word("text", 10, 26)}),
              ElementsAre("Title", "text"));
}

TEST(TextLayer, BeginsAParagraphInTheNextColumn) {
  EXPECT_THAT(Paragraphs({Word("left", 10, 50), Word("right", 200, 10)}),
              ElementsAre("left", "right"));
}

TEST(TextLayer, JoinsAWordThatAHyphenBreaks) {
  EXPECT_THAT(Paragraphs({Word("some-", 10, 10), Word("thing", 10, 20)}), ElementsAre("something"));
  EXPECT_THAT(Paragraphs({Word("North-", 10, 10), Word("East", 10, 20)}),
              ElementsAre("North- East"));
}

TEST(TextLayer, SetsABoxAroundItsLines) {
  const TextLayer layer = ArrangeWords({Word("one", 10, 10), Word("longer", 10, 20)});
  ASSERT_EQ(layer.paragraphs.size(), 1u);
  EXPECT_EQ(layer.paragraphs[0].box.left, 10);
  EXPECT_EQ(layer.paragraphs[0].box.top, 10);
  EXPECT_EQ(layer.paragraphs[0].box.right, 40);
  EXPECT_EQ(layer.paragraphs[0].box.bottom, 28);
}

TEST(TextLayer, KeepsNoMoreThanItsBytes) {
  std::vector<LayerWord> words;
  for (int i = 0; i < 30; ++i) words.push_back(Word(std::string(10'000, 'a'), 10, 10.0 * i));
  EXPECT_LE(ArrangeWords(words).Text().size(), kMostLayerBytes);
}

class LayerOfPdf : public testing::Test {
 protected:
  static void SetUpTestSuite() { WarmUpPdf(); }
};

TEST_F(LayerOfPdf, IsThePagesWords) {
  const std::string pdf = Fixture("pdf/five_pages.pdf");
  const auto document =
      OpenPdf({reinterpret_cast<const uint8_t*>(pdf.data()), pdf.size()}, "", DocumentLimits());
  ASSERT_TRUE(document.ok()) << document.status();

  const TextLayer layer = (*document)->Text(0);

  ASSERT_GT(layer.paragraphs.size(), 3u);
  EXPECT_EQ(layer.paragraphs[0].text, "The Harbour Clock");
  EXPECT_THAT(layer.Text(),
              HasSubstr("could remember, the clock above the harbour office had been seven "
                        "minutes slow."));
}

// A word at the upper left stays there, whatever the page's rotation makes of its stored place.
TEST_F(LayerOfPdf, StandsWhereThePageShowsIt) {
  for (const int rotate : {0, 90, 180, 270}) {
    MadePage page;
    page.text = "Hello";
    page.rotate = rotate;
    const std::string pdf = MakePdf({page});
    const auto document =
        OpenPdf({reinterpret_cast<const uint8_t*>(pdf.data()), pdf.size()}, "", DocumentLimits());
    ASSERT_TRUE(document.ok()) << document.status();
    const TextLayer layer = (*document)->Text(0);
    ASSERT_EQ(layer.paragraphs.size(), 1u) << rotate;
    const PointBox& box = layer.paragraphs[0].box;
    const bool lies = rotate % 180 != 0;
    EXPECT_EQ(box.right - box.left > box.bottom - box.top, !lies) << rotate;
    EXPECT_GE(box.left, 0) << rotate;
    EXPECT_LE(box.right, lies ? 100 : 200) << rotate;
    EXPECT_LE(box.bottom, lies ? 200 : 100) << rotate;
  }
}

TEST_F(LayerOfPdf, IsEmptyWhereThereIsNone) {
  const std::string pdf = MakePdf(1);
  const auto document =
      OpenPdf({reinterpret_cast<const uint8_t*>(pdf.data()), pdf.size()}, "", DocumentLimits());
  EXPECT_TRUE((*document)->Text(0).paragraphs.empty());
}

}  // namespace
}  // namespace quire::render
