// What documents bring with them, through a whole front.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kLayer[] = "wordsthatthepageholdsitselfandnobodyreads";

class Treatment : public testing::Test {
 protected:
  Treatment() : worker_(front_.WorkerOptions()) { EXPECT_TRUE(front_.WaitUntilReady()); }

  static quire::v1::RecognizeOptions With(quire::v1::TextLayer text_layer) {
    quire::v1::RecognizeOptions options;
    options.set_text_layer(text_layer);
    return options;
  }
  static std::string Document(const std::string& layer) { return "pages=3 layer=" + layer; }

  FrontUnderTest front_;
  FakeWorker worker_;
};

TEST_F(Treatment, ATextLayerIsUsedWithoutAWorker) {
  const Answers answers =
      Recognize(front_.stub(), Document(kLayer), With(quire::v1::TEXT_LAYER_USE));

  ASSERT_THAT(answers.Results(), SizeIs(3));
  for (const quire::v1::PageResult& page : answers.Results()) {
    EXPECT_EQ(page.text(), kLayer);
    EXPECT_EQ(page.markdown(), kLayer);
    EXPECT_EQ(page.text_source(), quire::v1::TEXT_SOURCE_TEXT_LAYER);
    EXPECT_EQ(page.finish_reason(), quire::v1::FINISH_REASON_STOP);
    EXPECT_EQ(page.attempts(), 1);
    EXPECT_THAT(page.blocks(), SizeIs(1));
    EXPECT_GT(page.width_px(), 0);
  }
  EXPECT_EQ(worker_.jobs(), 0);
  EXPECT_EQ(answers.Summary().pages_read(), 3);
  EXPECT_EQ(front_.render_pool().used_bytes(), 0u);
}

TEST_F(Treatment, AStampIsNoTextLayer) {
  const Answers answers =
      Recognize(front_.stub(), Document("page-3"), With(quire::v1::TEXT_LAYER_USE));

  EXPECT_EQ(worker_.jobs(), 3);
  EXPECT_EQ(answers.Summary().pages_read(), 3);
}

TEST_F(Treatment, ATextLayerIsIgnoredByDefault) {
  Recognize(front_.stub(), Document(kLayer));

  ASSERT_EQ(worker_.jobs(), 3);
  EXPECT_FALSE(worker_.all_jobs()[0].has_layer_text());
}

TEST_F(Treatment, ATextLayerGoesToTheWorkerThatIsToCompareIt) {
  Recognize(front_.stub(), Document(kLayer), With(quire::v1::TEXT_LAYER_COMPARE));

  ASSERT_EQ(worker_.jobs(), 3);
  EXPECT_EQ(worker_.all_jobs()[0].layer_text(), kLayer);
}

TEST_F(Treatment, OrientationIsAskedForWhereTheRequestDoes) {
  quire::v1::RecognizeOptions options;
  options.set_orient(quire::v1::ORIENT_AUTO);
  Recognize(front_.stub(), "pages=1", options);
  Recognize(front_.stub(), "pages=1");

  ASSERT_EQ(worker_.jobs(), 2);
  EXPECT_TRUE(worker_.all_jobs()[0].find_orientation());
  EXPECT_FALSE(worker_.all_jobs()[1].find_orientation());
}

TEST_F(Treatment, TheImageFromBeforeCleanUpsComesFirst) {
  quire::v1::RecognizeOptions options;
  options.add_clean_ups(quire::v1::CLEAN_UP_DESKEW);
  options.set_include_page_image(true);
  options.set_include_uncleaned_image(true);

  const Answers answers = Recognize(front_.stub(), "pages=1", options);

  std::vector<std::string> ends;
  for (const auto& answer : answers.all) {
    if (answer.has_page_image() && answer.page_image().last()) {
      ends.push_back(answer.page_image().uncleaned() ? "uncleaned" : "cleaned");
    }
    if (answer.has_page_result()) ends.push_back("result");
  }
  EXPECT_THAT(ends, ElementsAre("uncleaned", "cleaned", "result"));
  EXPECT_EQ(answers.Results()[0].deskewed_degrees(), 1.5);
}

TEST_F(Treatment, ADocumentIsToldWhatWaitsBeforeIt) {
  front_.render_pool().Hold();
  RecognizeClient first(front_.stub());
  first.Options().Chunk("pages=5").HalfClose();
  ASSERT_TRUE(first.ReadUntil([](const auto& answer) { return answer.has_accepted(); }));
  RecognizeClient second(front_.stub());
  second.Options().Chunk("pages=1").HalfClose();
  const auto accepted = second.Read();
  front_.render_pool().Release();

  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->accepted().pages_ahead(), 5);
}

}  // namespace
}  // namespace quire::server
