#include "worker/text/page_text.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quire::worker {

static bool operator==(const PixelBox& a, const PixelBox& b) {
  return a.left == b.left && a.top == b.top && a.right == b.right && a.bottom == b.bottom;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPage[] =
    "<|ref|>title<|/ref|><|det|>[[0, 0, 999, 100]]<|/det|>\n# R&D \n\n"
    "<|ref|>text<|/ref|><|det|>[[0, 100, 500, 200]]<|/det|>\nOne\ntwo\n\n"
    "<|ref|>image<|/ref|><|det|>[[10, 300, 20, 400]]<|/det|>\n\n"
    "<|ref|>stamp<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>\nPaid";

TEST(ParsePageText, ScalesBoxesToThePage) {
  const auto page =
      ParsePageText("<|ref|>image<|/ref|><|det|>[[100, 200, 999, 999]]<|/det|>", 1000, 2000);
  ASSERT_THAT(page.blocks, SizeIs(1));
  EXPECT_EQ(page.blocks[0].label, "image");
  EXPECT_THAT(page.blocks[0].boxes, ElementsAre(PixelBox{100, 400, 1000, 2000}));
  EXPECT_EQ(page.markdown, "");
}

TEST(ParsePageText, GivesEachBlockItsLabelAndText) {
  const auto page = ParsePageText(kPage, 999, 999);
  ASSERT_THAT(page.blocks, SizeIs(4));
  EXPECT_EQ(page.blocks[0].label, "title");
  EXPECT_EQ(page.blocks[0].text, "# R&D");
  EXPECT_EQ(page.blocks[1].text, "One\ntwo");
  EXPECT_EQ(page.blocks[2].label, "image");
  EXPECT_EQ(page.blocks[2].text, "");
  EXPECT_EQ(page.blocks[3].text, "Paid");
}

TEST(ParsePageText, KeepsUnknownLabelsAndSeveralBoxes) {
  const auto page = ParsePageText(kPage, 999, 999);
  EXPECT_EQ(page.blocks[3].label, "stamp");
  EXPECT_THAT(page.blocks[3].boxes, ElementsAre(PixelBox{1, 2, 3, 4}, PixelBox{5, 6, 7, 8}));
}

TEST(ParsePageText, LeavesTagsOutOfTheMarkdown) {
  EXPECT_EQ(ParsePageText(kPage, 999, 999).markdown, "# R&D \n\nOne\ntwo\n\nPaid");
}

TEST(ParsePageText, LeavesMarkUpOutOfTheText) {
  EXPECT_EQ(ParsePageText(kPage, 999, 999).text, "R&D \n\nOne\ntwo\n\nPaid");
}

TEST(ParsePageText, HasNoBlocksWithoutTags) {
  const auto page = ParsePageText("# A\n\n\n\nb <table> c", 10, 10);
  EXPECT_THAT(page.blocks, IsEmpty());
  EXPECT_EQ(page.markdown, "# A\n\nb <table> c");
}

TEST(ParsePageText, KeepsTextBeforeTheFirstTagOutOfTheBlocks) {
  const auto page =
      ParsePageText("Before\n<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nIn", 9, 9);
  ASSERT_THAT(page.blocks, SizeIs(1));
  EXPECT_EQ(page.blocks[0].text, "In");
  EXPECT_EQ(page.markdown, "Before\n\nIn");
}

TEST(ParsePageText, KeepsABoxThatIsInsideOut) {
  const auto page = ParsePageText("<|ref|>text<|/ref|><|det|>[[9, 9, 3, 4]]<|/det|>\nIn", 999, 999);
  EXPECT_THAT(page.blocks[0].boxes, ElementsAre(PixelBox{9, 9, 3, 4}));
}

TEST(ParsePageText, KeepsABlockWhoseBoxesCannotBeRead) {
  const auto page = ParsePageText("<|ref|>text<|/ref|><|det|>exit()<|/det|>\nIn", 9, 9);
  ASSERT_THAT(page.blocks, SizeIs(1));
  EXPECT_THAT(page.blocks[0].boxes, IsEmpty());
  EXPECT_EQ(page.markdown, "In");
}

TEST(ParsePageText, TakesSpacesBetweenLabelAndBoxes) {
  const auto page =
      ParsePageText("<|ref|> text <|/ref|> \n<|det|>[[1, 2, 3, 4]]<|/det|>\nIn", 999, 999);
  EXPECT_EQ(page.blocks[0].label, "text");
  EXPECT_THAT(page.blocks[0].boxes, SizeIs(1));
}

TEST(ParsePageText, TakesAKnownLabelWithoutBoxesAsABlock) {
  const auto page = ParsePageText("<|ref|>title<|/ref|>\n# A", 9, 9);
  ASSERT_THAT(page.blocks, SizeIs(1));
  EXPECT_EQ(page.blocks[0].text, "# A");
}

TEST(ParsePageText, TakesAnotherLabelWithoutBoxesAsText) {
  const auto page = ParsePageText("see <|ref|>the cat<|/ref|> there", 9, 9);
  EXPECT_THAT(page.blocks, IsEmpty());
  EXPECT_EQ(page.markdown, "see the cat there");
}

TEST(ParsePageText, TakesWordsInTagsAsTheText) {
  const auto page = ParsePageText(
      "<|ref|>Grand total<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
      "<|ref|>table<|/ref|><|det|>[[5, 6, 7, 8]]<|/det|>",
      999, 999);
  ASSERT_THAT(page.blocks, SizeIs(2));
  EXPECT_EQ(page.blocks[0].label, "text");
  EXPECT_EQ(page.blocks[0].text, "Grand total");
  EXPECT_THAT(page.blocks[1].boxes, ElementsAre(PixelBox{5, 6, 7, 8}));
  EXPECT_EQ(page.markdown, "Grand total\ntable");
}

TEST(ParsePageText, SeparatesWordsInTagsThatTouch) {
  EXPECT_EQ(ParsePageText("<|ref|>a b<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>"
                          "<|ref|>c<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>",
                          9, 9)
                .markdown,
            "a b\nc");
}

TEST(ParsePageText, TakesKnownLabelsWithoutTextAsBlocks) {
  const auto page = ParsePageText(
      "<|ref|>image<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
      "<|ref|>figure<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>",
      9, 9);
  EXPECT_EQ(page.markdown, "");
  EXPECT_EQ(page.blocks[1].label, "figure");
}

TEST(ParsePageText, PutsDefinitionSignsBack) {
  const auto page = ParsePageText(
      "<|ref|>equation<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
      "\\[ a \\coloneqq b \\eqqcolon c \\]",
      9, 9);
  EXPECT_EQ(page.markdown, "\\[ a := b =: c \\]");
  EXPECT_EQ(page.blocks[0].text, "\\[ a := b =: c \\]");
}

// The token cap may cut the output anywhere in its last tag: what stands before it is kept.
class CutOffTag : public ::testing::TestWithParam<const char*> {};
TEST_P(CutOffTag, IsDropped) {
  const auto page = ParsePageText(
      std::string("<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nIn\n\n") + GetParam(), 9, 9);
  EXPECT_THAT(page.blocks, SizeIs(1));
  EXPECT_EQ(page.markdown, "In");
}
INSTANTIATE_TEST_SUITE_P(Tails, CutOffTag,
                         ::testing::Values("<|r", "<|ref|>", "<|ref|>tab", "<|ref|>table<|/r",
                                           "<|ref|>table<|/ref|>", "<|ref|>table<|/ref|><|det",
                                           "<|ref|>table<|/ref|><|det|>",
                                           "<|ref|>table<|/ref|><|det|>[[1, 2, 3",
                                           "<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4]]<|/d"));

// Marks that belong to no tag go, the words around them stay.
class StrayMark : public ::testing::TestWithParam<const char*> {};
TEST_P(StrayMark, IsDroppedAndItsTextStays) {
  EXPECT_EQ(ParsePageText(GetParam(), 9, 9).markdown, "a\nb");
}
INSTANTIATE_TEST_SUITE_P(
    Outputs, StrayMark,
    ::testing::Values("<|/ref|>a\nb", "a\n<|/det|>b", "<|det|>[[1, 2, 3, 4]]<|/det|>a\nb",
                      "<|ref|>a\nb", "<|ref|><|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>a\nb",
                      "<|ref|>text<|/ref|><|det|>[[1, 2<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]"
                      "<|/det|>a\nb",
                      "<|det|>a\nb<|/ref|>", "<|ref|>text<|/ref|><|det|>a\nb"));

TEST(ParsePageText, TakesNanosLayoutPageApart) {
  const auto golden =
      nlohmann::json::parse(std::ifstream(QUIRE_FIXTURES "/models/nano/golden/golden.json"));
  const auto item = std::find_if(golden.begin(), golden.end(), [](const auto& page) {
    return page["image"] == "letter_layout.png";
  });
  ASSERT_NE(item, golden.end());
  const std::string raw = (*item)["output_text"];
  const auto page = ParsePageText(raw, 1264, 1648);
  EXPECT_FALSE(page.blocks.empty());
  EXPECT_EQ(page.markdown.find("<|"), std::string::npos);
}

}  // namespace
}  // namespace quire::worker
