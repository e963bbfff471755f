// Cancelling, slow clients, windows and draining, on a whole front.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::SizeIs;
using quire::v1::RecognizeResponse;
using quire::worker::v1::PageJob;

// Blocks until the front's status fits; false after 10 s.
bool WaitForStatus(FrontUnderTest& front,
                   const std::function<bool(const quire::v1::WatchStatusResponse&)>& fits) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  quire::v1::WatchStatusRequest request;
  request.set_interval_seconds(0.2);
  const auto stream = front.stub().WatchStatus(&context, request);
  quire::v1::WatchStatusResponse status;
  bool fitted = false;
  while (!fitted && stream->Read(&status)) fitted = fits(status);
  context.TryCancel();
  return fitted;
}

FakeWorkerOptions Hanging(const FrontUnderTest& front) {
  FakeWorkerOptions options = front.WorkerOptions();
  options.answer = [](const PageJob&) { return FakeAnswer::kHang; };
  return options;
}

TEST(Cancelling, StopsRunningPagesAndNeverStartsQueuedOnes) {
  FrontUnderTest front;
  FakeWorker worker(Hanging(front));
  ASSERT_TRUE(front.WaitUntilReady());
  RecognizeClient client(front.stub());
  client.Options().Chunk("pages=50").HalfClose();
  ASSERT_TRUE(worker.WaitForJobs(2));

  client.Cancel();

  EXPECT_TRUE(worker.WaitForCancelled(2));
  EXPECT_TRUE(WaitForStatus(front, [](const auto& status) {
    return status.documents() == 0 && status.pages_waiting() == 0 && status.pages_reading() == 0 &&
           status.workers(0).slots_used() == 0;
  }));
  EXPECT_EQ(worker.jobs(), 2);
  EXPECT_EQ(front.render_pool().used_bytes(), 0u);
}

TEST(Cancelling, ADeadlineCancelsToo) {
  FrontUnderTest front;
  FakeWorker worker(Hanging(front));
  ASSERT_TRUE(front.WaitUntilReady());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  quire::v1::RecognizeImageRequest request;
  request.set_image("pages=1");
  quire::v1::RecognizeImageResponse response;

  const grpc::Status status = front.stub().RecognizeImage(&context, request, &response);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(worker.WaitForCancelled(1));
}

TEST(Cancelling, WhileDrawingLeavesNothingBehind) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  front.render_pool().Hold();
  RecognizeClient client(front.stub());
  client.Options().Chunk("pages=50").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(3));

  client.Cancel();

  EXPECT_TRUE(WaitForStatus(front, [](const auto& status) { return status.documents() == 0; }));
  front.render_pool().Release();
  EXPECT_THAT(Recognize(front.stub(), "pages=2").Results(), SizeIs(2));
  EXPECT_EQ(front.render_pool().used_bytes(), 0u);
}

TEST(Cancelling, DuringTheUploadLetsTheNextOneIn) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.max_documents = 1; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  RecognizeClient client(front.stub());
  client.Options().Chunk("pages");
  ASSERT_TRUE(WaitForStatus(front, [](const auto& status) { return status.documents() == 1; }));

  client.Cancel();

  ASSERT_TRUE(WaitForStatus(front, [](const auto& status) { return status.documents() == 0; }));
  EXPECT_THAT(Recognize(front.stub(), "pages=1").Results(), SizeIs(1));
}

TEST(SlowClients, StopTheDrawingOfTheirOwnDocumentOnly) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  quire::v1::RecognizeOptions large;
  large.set_include_page_image(true);  // 2 MiB a page, far above what a connection holds
  RecognizeClient slow(front.stub());
  slow.Options(large).Chunk("pages=1000").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(8));  // its window

  EXPECT_THAT(Recognize(front.stub(), "pages=30").Results(), SizeIs(30));
  EXPECT_LE(front.render_pool().drawings(), 30 + 16);
}

TEST(SlowClients, AreLeftAfterAWhile) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.client_stall_seconds = 0.5; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  quire::v1::RecognizeOptions large;
  large.set_include_page_image(true);
  RecognizeClient slow(front.stub());
  slow.Options(large).Chunk("pages=1000").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(8));

  EXPECT_TRUE(WaitForStatus(front, [](const auto& status) { return status.documents() == 0; }));
}

TEST(Fairness, AShortDocumentIsReadBesideALongOne) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 1;
  options.page_seconds = 0.01;
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());
  RecognizeClient long_one(front.stub());
  long_one.Options().Chunk("pages=1000").HalfClose();
  ASSERT_TRUE(worker.WaitForJobs(3));
  const int jobs_before = worker.jobs();

  EXPECT_THAT(Recognize(front.stub(), "pages=1").Results(), SizeIs(1));

  EXPECT_LE(worker.jobs() - jobs_before, 10);
}

TEST(Draining, FinishesWhatRunsAndRefusesWhatComes) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.page_seconds = 0.05;
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());
  RecognizeClient running(front.stub());
  running.Options().Chunk("pages=6").HalfClose();
  ASSERT_TRUE(worker.WaitForJobs(1));
  std::atomic<bool> idle = false;
  front.front().BeginDrain([&] { idle = true; });

  const Answers refused = Recognize(front.stub(), "pages=1");
  const Answers answers = running.Finish();

  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(refused.reason(), "DRAINING");
  EXPECT_THAT(answers.Results(), SizeIs(6));
  EXPECT_TRUE(WaitForStatus(front, [&](const auto& status) { return status.draining() && idle; }));
}

TEST(Stopping, EndsWhatRunsWithUnavailable) {
  auto front = std::make_unique<FrontUnderTest>();
  FakeWorker worker(Hanging(*front));
  ASSERT_TRUE(front->WaitUntilReady());
  RecognizeClient running(front->stub());
  running.Options().Chunk("pages=6").HalfClose();
  ASSERT_TRUE(worker.WaitForJobs(1));
  std::thread stop([&] { front->front().Stop(); });

  const Answers answers = running.Finish();
  stop.join();

  EXPECT_EQ(answers.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(answers.reason(), "DRAINING");
}

}  // namespace
}  // namespace quire::server
