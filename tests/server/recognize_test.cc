// Documents through a whole front: real gRPC, a renderer without processes, workers that read no
// letters.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class Reading : public testing::Test {
 protected:
  Reading() : worker_(front_.WorkerOptions()) { EXPECT_TRUE(front_.WaitUntilReady()); }

  FrontUnderTest front_;
  FakeWorker worker_;
};

TEST_F(Reading, OnePageGivesItsTextAndASummary) {
  const Answers answers = Recognize(front_.stub(), "pages=1");

  ASSERT_TRUE(answers.status.ok()) << answers.status.error_message();
  ASSERT_THAT(answers.Results(), SizeIs(1));
  EXPECT_EQ(answers.Results()[0].markdown(), FakeWorker::TextOf(1, 32, 16, 1));
  EXPECT_EQ(answers.Summary().pages_read(), 1);
  EXPECT_EQ(answers.Summary().pages_failed(), 0);
  EXPECT_EQ(answers.Summary().output_tokens(), 7);
}

TEST_F(Reading, AcceptedComesFirstAndSummaryLast) {
  quire::v1::RecognizeOptions options;
  options.set_request_id("mine");

  const Answers answers = Recognize(front_.stub(), "pages=3", options);

  ASSERT_GE(answers.all.size(), 2u);
  const quire::v1::DocumentAccepted& accepted = answers.all.front().accepted();
  EXPECT_EQ(accepted.request_id(), "mine");
  EXPECT_EQ(accepted.document_pages(), 3);
  EXPECT_EQ(accepted.selected_pages(), 3);
  EXPECT_EQ(accepted.document_bytes(), 7);
  EXPECT_EQ(accepted.format(), quire::v1::DOCUMENT_FORMAT_PDF);
  EXPECT_TRUE(answers.all.back().has_summary());
}

TEST_F(Reading, EveryPageOfALongDocumentEndsOnce) {
  const Answers answers = Recognize(front_.stub(), "pages=200");

  std::vector<int> order = answers.Order();
  std::sort(order.begin(), order.end());
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(order, expected);
  EXPECT_EQ(answers.Summary().pages_read(), 200);
}

TEST_F(Reading, OnlySelectedPagesAreRead) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("7,2-3");

  const Answers answers = Recognize(front_.stub(), "pages=9", options);

  EXPECT_THAT(answers.Order(), UnorderedElementsAre(2, 3, 7));
  EXPECT_EQ(answers.all.front().accepted().document_pages(), 9);
  EXPECT_EQ(answers.all.front().accepted().selected_pages(), 3);
}

TEST_F(Reading, TextIsStreamedOnRequest) {
  quire::v1::RecognizeOptions options;
  options.set_stream_text(true);

  const Answers answers = Recognize(front_.stub(), "pages=2", options);

  EXPECT_EQ(answers.Streamed(1), FakeWorker::TextOf(1, 32, 16, 1));
  EXPECT_EQ(answers.Streamed(2), FakeWorker::TextOf(2, 32, 16, 2));
}

TEST_F(Reading, ThePagesImageComesBeforeItsResult) {
  quire::v1::RecognizeOptions options;
  options.set_include_page_image(true);

  const Answers answers = Recognize(front_.stub(), "pages=1", options);

  std::vector<size_t> sizes;
  std::vector<bool> last;
  for (const auto& answer : answers.all) {
    if (answer.has_page_image()) sizes.push_back(answer.page_image().data().size());
    if (answer.has_page_image()) last.push_back(answer.page_image().last());
    if (answer.has_page_result()) {
      EXPECT_THAT(sizes, ElementsAre(1 << 20, 1 << 20, 5));
    }
  }
  EXPECT_THAT(last, ElementsAre(false, false, true));
}

TEST_F(Reading, BlocksAndRawOutputAreLeftOutAsAsked) {
  quire::v1::RecognizeOptions bare;
  bare.set_omit_blocks(true);
  quire::v1::RecognizeOptions full;
  full.set_include_raw_output(true);

  const Answers without = Recognize(front_.stub(), "pages=1", bare);
  const Answers with = Recognize(front_.stub(), "pages=1", full);

  ASSERT_THAT(without.Results(), SizeIs(1));
  ASSERT_THAT(with.Results(), SizeIs(1));
  EXPECT_THAT(without.Results()[0].blocks(), IsEmpty());
  EXPECT_EQ(without.Results()[0].raw_output(), "");
  EXPECT_THAT(with.Results()[0].blocks(), SizeIs(1));
  EXPECT_THAT(with.Results()[0].raw_output(), StartsWith("page 1"));
}

TEST_F(Reading, DpiOfTheRequestGoesBeforeTheModelsSize) {
  quire::v1::RecognizeOptions options;
  options.set_dpi(100);

  const Answers answers = Recognize(front_.stub(), "pages=1", options);

  ASSERT_THAT(answers.Results(), SizeIs(1));
  EXPECT_EQ(answers.Results()[0].width_px(), 100);
  EXPECT_EQ(answers.Results()[0].render_dpi(), 100);
}

TEST_F(Reading, APageThatCannotBeDrawnFailsAlone) {
  const Answers answers = Recognize(front_.stub(), "pages=4 bad=2");

  EXPECT_TRUE(answers.status.ok());
  ASSERT_THAT(answers.Failures(), SizeIs(1));
  EXPECT_EQ(answers.Failures()[0].page_number(), 2);
  EXPECT_EQ(answers.Failures()[0].status().code(), 3);
  EXPECT_EQ(answers.Summary().pages_read(), 3);
  EXPECT_EQ(answers.Summary().pages_failed(), 1);
}

TEST_F(Reading, StagesAddUpToThePagesTime) {
  const Answers answers = Recognize(front_.stub(), "pages=3");

  for (const quire::v1::PageResult& page : answers.Results()) {
    const quire::v1::StageSeconds& s = page.seconds();
    EXPECT_NEAR(s.queue() + s.render() + s.transfer() + s.decode(), page.total_seconds(), 1e-6);
    EXPECT_GT(s.upload(), 0);
  }
}

TEST_F(Reading, OneImageIsReadInOneCall) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image("pages=3");
  quire::v1::RecognizeImageResponse response;

  const grpc::Status status = front_.stub().RecognizeImage(&context, request, &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.page().markdown(), FakeWorker::TextOf(1, 32, 16, 1));
}

TEST_F(Reading, SeveralPagesAreReadInOnePrompt) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image("pages=3");
  request.set_pages_in_prompt(3);
  quire::v1::RecognizeImageResponse response;

  const grpc::Status status = front_.stub().RecognizeImage(&context, request, &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  // Pages of one size hold their numbers: the sum over all pixels is that of one page full of 6.
  EXPECT_EQ(response.page().markdown(), FakeWorker::TextOf(1, 32, 16, 1 + 2 + 3));
  ASSERT_THAT(worker_.all_jobs(), SizeIs(1));
  ASSERT_THAT(worker_.all_jobs()[0].more_images(), SizeIs(2));
  EXPECT_EQ(worker_.all_jobs()[0].more_images(1).width_px(), 32);
  EXPECT_EQ(worker_.all_jobs()[0].more_images(1).height_px(), 16);
  EXPECT_EQ(front_.render_pool().used_bytes(), 0u);
}

TEST_F(Reading, OnePromptFailsWithTheFirstOfItsPages) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image("pages=3 bad=2");
  request.set_pages_in_prompt(3);
  quire::v1::RecognizeImageResponse response;

  const grpc::Status status = front_.stub().RecognizeImage(&context, request, &response);

  EXPECT_EQ(status.error_message(), "the page cannot be drawn");
  EXPECT_THAT(worker_.all_jobs(), IsEmpty());
}

TEST_F(Reading, AnImageThatCannotBeReadIsTheCallsStatus) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image("pages=1 bad=1");
  quire::v1::RecognizeImageResponse response;

  const grpc::Status status = front_.stub().RecognizeImage(&context, request, &response);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "the page cannot be drawn");
}

TEST(ReadingInOrder, KeepsTheOrderThoughLaterPagesAreQuicker) {
  FrontUnderTest front;
  FakeWorkerOptions slow = front.WorkerOptions();
  slow.id = "slow";
  slow.page_seconds = 0.05;
  FakeWorkerOptions quick = front.WorkerOptions();
  quick.id = "quick";
  FakeWorker first(slow);
  ASSERT_TRUE(first.WaitUntilAttached());
  FakeWorker second(quick);
  ASSERT_TRUE(second.WaitUntilAttached());
  quire::v1::RecognizeOptions options;
  options.set_ordered(true);

  const Answers answers = Recognize(front.stub(), "pages=20", options);

  std::vector<int> expected(20);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(answers.Order(), expected);
}

TEST(ReadingRemotely, LargePagesComeInChunks) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.long_side_px = 1600;  // 3.8 MB a page
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=5");

  ASSERT_THAT(answers.Results(), SizeIs(5));
  for (const quire::v1::PageResult& page : answers.Results()) {
    EXPECT_EQ(page.markdown(),
              FakeWorker::TextOf(page.page_number(), 1600, 800, page.page_number()));
  }
  EXPECT_EQ(front.render_pool().used_bytes(), 0u);
}

TEST(ReadingLocally, PixelsLieInTheWorkersArena) {
  const std::shared_ptr<Arena> arena = Arena::Create(1 << 20).value();
  LocalWorkers local{.devices = {{"cpu", "cpu"}}};
  local.arena = [&](const std::string&) { return arena; };
  FrontUnderTest front({}, local);
  FakeWorkerOptions options = front.WorkerOptions();
  options.id = "cpu";
  options.arena = arena->data();
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=40");

  EXPECT_THAT(answers.Results(), SizeIs(40));
  for (const quire::v1::PageResult& page : answers.Results()) {
    EXPECT_EQ(page.markdown(), FakeWorker::TextOf(page.page_number(), 32, 16, page.page_number()));
  }
  const std::vector<quire::worker::v1::PageJob> jobs = worker.all_jobs();
  EXPECT_TRUE(std::all_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.has_arena(); }));
  EXPECT_EQ(arena->free_bytes(), arena->bytes());
}

}  // namespace
}  // namespace quire::server
