// Pages through the real front, the real renderer and a worker that reads no letters.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Pages : public testing::Test {
 protected:
  void Start(ServiceOptions options = {}) {
    auto started = RunningService::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = *std::move(started);
  }
  std::unique_ptr<RunningService> service_;
};

TEST_F(Pages, EndExactlyOnceAndAreCounted) {
  Start();

  const Recognised read = Recognise(service_->stub(), MakePdf(40));

  ASSERT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(40), IsEmpty());
  EXPECT_EQ(read.accepted->selected_pages(), 40);
  EXPECT_EQ(read.summary->pages_read(), 40);
  EXPECT_EQ(read.summary->pages_failed(), 0);
}

TEST_F(Pages, AreNotMixedUp) {
  Start();
  const std::string document = MakePdf(12);

  const Recognised together = Recognise(service_->stub(), document);

  for (int page = 1; page <= 12; ++page) {
    quire::v1::RecognizeOptions alone;
    alone.set_page_ranges(std::to_string(page));
    EXPECT_EQ(Recognise(service_->stub(), document, alone).Markdown()[page],
              together.Markdown().at(page));
  }
}

TEST_F(Pages, ComeInOrderWhenAsked) {
  Start({.arguments = {"--workers", "2"}});
  quire::v1::RecognizeOptions options;
  options.set_ordered(true);
  options.set_page_ranges("7,1-3");

  const Recognised read = Recognise(service_->stub(), MakePdf(9), options);

  EXPECT_THAT(read.order, ElementsAre(1, 2, 3, 7));
}

TEST_F(Pages, StreamTheTextThatTheirResultHas) {
  Start();
  quire::v1::RecognizeOptions options;
  options.set_stream_text(true);

  const Recognised read = Recognise(service_->stub(), MakePdf(3), options);

  EXPECT_EQ(read.streamed, read.Markdown());
}

TEST_F(Pages, OfFourteenThousandPointsAreReadLikeAnyOther) {
  Start({.environment = {"QUIRE_FAKE_LONG_SIDE_PX=2048"}});
  MadePage page;
  page.width_pt = 14'400;
  page.height_pt = 7'200;

  const Recognised read = Recognise(service_->stub(), MakePdf({page}));

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  EXPECT_EQ(read.results.at(1)[0].width_px(), 2048);
  EXPECT_EQ(read.results.at(1)[0].height_px(), 1024);
}

TEST_F(Pages, BringTheirImageWhenAsked) {
  Start();
  quire::v1::RecognizeOptions options;
  options.set_include_page_image(true);
  std::string png;

  const Recognised read = Recognise(service_->stub(), MakePdf(1), options, [&](const auto& event) {
    if (event.has_page_image()) png += event.page_image().data();
  });

  EXPECT_THAT(read.results, SizeIs(1));
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
}

TEST_F(Pages, SayWhereTheirTimeWent) {
  Start({.environment = {"QUIRE_FAKE_DELAY_MS=100"}});

  const Recognised read = Recognise(service_->stub(), MakePdf(4));

  ASSERT_THAT(read.results, SizeIs(4));
  for (const auto& [number, results] : read.results) {
    const quire::v1::PageResult& page = results[0];
    EXPECT_GT(page.seconds().render(), 0);
    EXPECT_GE(page.seconds().decode(), 0.09);
    EXPECT_GE(page.first_token_seconds(), page.seconds().render());
    EXPECT_NEAR(SecondsAtWork(page) + page.seconds().queue(), page.total_seconds(),
                StageTolerance(page))
        << "page " << number;
  }
}

TEST_F(Pages, OfWhichTheModelIsUnsureAreReadAgainWithoutTheirMargins) {
  Start({.environment = {"QUIRE_FAKE_SECOND_LOOK=1", "QUIRE_FAKE_LONG_SIDE_PX=1024"}});
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("2");

  const Recognised read =
      Recognise(service_->stub(), ReadFile(QUIRE_FIXTURES "/pdf/five_pages.pdf"), options);

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(2)[0];
  EXPECT_TRUE(page.margins_cut());
  EXPECT_EQ(page.height_px(), 1024);
  EXPECT_THAT(page.markdown(), testing::Not(testing::HasSubstr("x 1024 px")));
  EXPECT_EQ(page.attempts(), 1);
  EXPECT_NEAR(SecondsAtWork(page) + page.seconds().queue(), page.total_seconds(),
              StageTolerance(page))
      << page.seconds().DebugString();
}

TEST_F(Pages, OfWhichTheModelStaysUnsureHaveNoText) {
  Start({.environment = {"QUIRE_FAKE_SECOND_LOOK=1", "QUIRE_FAKE_UNREADABLE=1",
                         "QUIRE_FAKE_LONG_SIDE_PX=1024"}});
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("2");
  options.set_include_raw_output(true);

  const Recognised read =
      Recognise(service_->stub(), ReadFile(QUIRE_FIXTURES "/pdf/five_pages.pdf"), options);

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(2)[0];
  EXPECT_EQ(page.finish_reason(), quire::v1::FINISH_REASON_UNREADABLE);
  EXPECT_EQ(page.markdown() + page.text(), "");
  EXPECT_NE(page.raw_output(), "");
  EXPECT_THAT(service_->Metrics(),
              testing::HasSubstr("quire_page_finishes_total{reason=\"unreadable\"} 1"));
}

TEST_F(Pages, ThatNobodyKeepsWaitingHaveNoTimeThatNoStageNames) {
  Start({.environment = {"QUIRE_FAKE_DELAY_MS=400"}});

  const Recognised read = Recognise(service_->stub(), MakePdf(1));

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(1)[0];
  EXPECT_NEAR(SecondsAtWork(page), page.total_seconds(), StageTolerance(page))
      << page.seconds().DebugString();
}

TEST_F(Pages, ThatWaitForAnotherSayQueue) {
  Start({.arguments = {"--worker-args=--slots=1"}, .environment = {"QUIRE_FAKE_DELAY_MS=400"}});

  const Recognised read = Recognise(service_->stub(), MakePdf(2));

  ASSERT_THAT(read.order, SizeIs(2)) << read.status.error_message();
  EXPECT_GT(read.results.at(read.order[1])[0].seconds().queue(), 0.3);
}

}  // namespace
}  // namespace quire
