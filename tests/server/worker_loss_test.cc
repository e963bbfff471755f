// Workers that die, hang, fail or leave: pages still end exactly once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "proto/rich_status.h"
#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using quire::worker::v1::PageJob;

// Keeps one FakeWorker attached, as a supervisor would: a new one whenever the last one's stream has
// ended.
class TirelessWorker {
 public:
  explicit TirelessWorker(FakeWorkerOptions options)
      : thread_([this, options] {
          while (!stopping_) {
            auto worker = std::make_unique<FakeWorker>(options);
            {
              MutexLock lock(mutex_);
              current_ = std::move(worker);
            }
            while (!stopping_ && absl::IsDeadlineExceeded(current_->WaitForEnd())) {
            }
            kept_alone_ = kept_alone_ && current_->kept_alone();
            ++lives_;
          }
        }) {}
  // The front must have let go of the worker, or be about to.
  ~TirelessWorker() { Stop(); }
  void Stop() {
    stopping_ = true;
    {
      MutexLock lock(mutex_);
      if (current_ != nullptr) current_->Leave();
    }
    if (thread_.joinable()) thread_.join();
  }
  int lives() const { return lives_; }
  bool kept_alone() const { return kept_alone_; }

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> kept_alone_ = true;
  std::atomic<int> lives_ = 0;
  Mutex mutex_;
  std::unique_ptr<FakeWorker> current_;
  std::thread thread_;
};

std::string ReasonOfPage(const quire::v1::PageFailed& failed) {
  return ReasonOf(FromProto(failed.status()));
}

TEST(WorkerLoss, PagesOfALostWorkerAreReadAgain) {
  FrontUnderTest front;
  std::atomic<bool> crashed = false;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 4;
  options.answer = [&](const PageJob& job) {
    return job.page_number() == 5 && !crashed.exchange(true) ? FakeAnswer::kCrash
                                                              : FakeAnswer::kRead;
  };
  TirelessWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=12");

  EXPECT_TRUE(answers.status.ok()) << answers.status.error_message();
  EXPECT_THAT(answers.Results(), SizeIs(12));
  EXPECT_EQ(answers.Summary().pages_read(), 12);
}

TEST(WorkerLoss, APageThatKillsWorkersFailsAndItsNeighboursAreRead) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 4;
  options.answer = [](const PageJob& job) {
    return job.page_number() == 3 ? FakeAnswer::kCrash : FakeAnswer::kRead;
  };
  TirelessWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=8");
  worker.Stop();

  EXPECT_TRUE(answers.status.ok()) << answers.status.error_message();
  EXPECT_THAT(answers.Results(), SizeIs(7));
  ASSERT_THAT(answers.Failures(), SizeIs(1));
  EXPECT_EQ(answers.Failures()[0].page_number(), 3);
  EXPECT_EQ(ReasonOfPage(answers.Failures()[0]), "PAGE_KILLS_WORKER");
  EXPECT_THAT(answers.Failures()[0].status().message(), HasSubstr("worker"));
  EXPECT_TRUE(worker.kept_alone());
}

TEST(WorkerLoss, TwoPagesThatKillWorkersFailAndTheOthersAreRead) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 8;
  options.answer = [](const PageJob& job) {
    return job.page_number() % 4 == 1 ? FakeAnswer::kCrash : FakeAnswer::kRead;
  };
  TirelessWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=8");

  EXPECT_THAT(answers.Results(), SizeIs(6));
  EXPECT_THAT(answers.Failures(), SizeIs(2));
}

TEST(WorkerLoss, OtherWorkersGoOn) {
  FrontUnderTest front;
  FakeWorkerOptions doomed = front.WorkerOptions();
  doomed.id = "doomed";
  doomed.answer = [](const PageJob&) { return FakeAnswer::kCrash; };
  FakeWorkerOptions sound = front.WorkerOptions();
  sound.id = "sound";
  FakeWorker first(doomed);
  ASSERT_TRUE(first.WaitUntilAttached());
  FakeWorker second(sound);
  ASSERT_TRUE(second.WaitUntilAttached());

  const Answers answers = Recognize(front.stub(), "pages=20");

  EXPECT_THAT(answers.Results(), SizeIs(20));
}

TEST(WorkerLoss, ASilentWorkerCountsAsLost) {
  FrontUnderTest front([](FrontOptions& options) {
    options.limits.heartbeat_seconds = 0.1;
    options.limits.heartbeat_limit_seconds = 0.3;
  });
  FakeWorkerOptions silent = front.WorkerOptions();
  silent.has_heartbeats = false;
  silent.answer = [](const PageJob&) { return FakeAnswer::kHang; };
  FakeWorker worker(silent);
  ASSERT_TRUE(worker.WaitUntilAttached());

  const absl::Status end = worker.WaitForEnd();

  EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(end), "WORKER_HUNG");
}

TEST(WorkerLoss, AWorkerWhoseEngineStandsStillIsKilledAndItsPagesAreReadElsewhere) {
  std::atomic<int> kills = 0;
  LocalWorkers local{.devices = {{"stuck", "cpu"}}};
  local.kill = [&](const std::string& id, std::string_view reason) {
    EXPECT_EQ(id, "stuck");
    EXPECT_EQ(reason, "hung");
    ++kills;
  };
  FrontUnderTest front([](FrontOptions& options) { options.limits.page_stall_seconds = 0.5; },
                       local);
  FakeWorkerOptions stuck = front.WorkerOptions();
  stuck.id = "stuck";
  stuck.engine_moves = false;
  stuck.answer = [](const PageJob&) { return FakeAnswer::kHang; };
  FakeWorker worker(stuck);
  ASSERT_TRUE(front.WaitUntilReady());
  RecognizeClient client(front.stub());
  client.Options().Chunk("pages=3").HalfClose();
  EXPECT_EQ(ReasonOf(worker.WaitForEnd()), "WORKER_HUNG");
  FakeWorker sound(front.WorkerOptions());

  const Answers answers = client.Finish();

  EXPECT_THAT(answers.Results(), SizeIs(3));
  EXPECT_EQ(kills, 1);
}

TEST(WorkerLoss, AnIdleWorkerMayStandStill) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.page_stall_seconds = 0.4; });
  FakeWorkerOptions still = front.WorkerOptions();
  still.engine_moves = false;
  FakeWorker worker(still);
  ASSERT_TRUE(front.WaitUntilReady());
  FakeWorkerOptions slow = front.WorkerOptions();
  slow.id = "slow";
  slow.page_seconds = 1;  // well over the limit; meanwhile the first one has nothing to do
  FakeWorker busy(slow);
  ASSERT_TRUE(busy.WaitUntilAttached());

  EXPECT_THAT(Recognize(front.stub(), "pages=4").Results(), SizeIs(4));
  EXPECT_THAT(Recognize(front.stub(), "pages=4").Results(), SizeIs(4));
}

TEST(WorkerLoss, AFailureThatMayPassIsTriedThreeTimes) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.answer = [](const PageJob& job) {
    return job.page_number() == 2 ? FakeAnswer::kFail : FakeAnswer::kRead;
  };
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=3");

  EXPECT_THAT(answers.Results(), SizeIs(2));
  ASSERT_THAT(answers.Failures(), SizeIs(1));
  EXPECT_EQ(answers.Failures()[0].attempts(), 3);
  EXPECT_EQ(ReasonOfPage(answers.Failures()[0]), "FAKE_FAILURE");
}

TEST(WorkerLoss, AFailureForGoodIsNotTriedAgain) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.answer = [](const PageJob&) { return FakeAnswer::kFailForGood; };
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=1");

  ASSERT_THAT(answers.Failures(), SizeIs(1));
  EXPECT_EQ(answers.Failures()[0].attempts(), 1);
  EXPECT_TRUE(answers.status.ok());
}

TEST(WorkerLoss, PagesThatFindNoMemoryTogetherAreReadAloneAtTheSecondTry) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 4;
  options.answer = [](const PageJob& job) {
    return job.alone() ? FakeAnswer::kRead : FakeAnswer::kNoMemory;
  };
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=8");

  ASSERT_THAT(answers.Results(), SizeIs(8));
  for (const quire::v1::PageResult& page : answers.Results()) EXPECT_EQ(page.attempts(), 2);
  EXPECT_TRUE(worker.kept_alone());
}

TEST(WorkerLoss, APageThatFindsNoMemoryAloneFailsAndItsNeighboursAreRead) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.answer = [](const PageJob& job) {
    return job.page_number() == 2 ? FakeAnswer::kNoMemory : FakeAnswer::kRead;
  };
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=3");

  EXPECT_TRUE(answers.status.ok()) << answers.status.error_message();
  EXPECT_THAT(answers.Results(), SizeIs(2));
  ASSERT_THAT(answers.Failures(), SizeIs(1));
  const quire::v1::PageFailed failed = answers.Failures()[0];
  EXPECT_EQ(failed.attempts(), 4);  // once beside others, three times alone
  EXPECT_EQ(failed.status().code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ReasonOfPage(failed), "DEVICE_MEMORY");
  EXPECT_THAT(failed.status().message(), HasSubstr("no memory left"));
}

TEST(WorkerLoss, APageThatTakesTooLongFailsAlone) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.page_total_seconds = 0.5; });
  FakeWorkerOptions options = front.WorkerOptions();
  options.answer = [](const PageJob& job) {
    return job.page_number() == 1 ? FakeAnswer::kHang : FakeAnswer::kRead;
  };
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=3");

  EXPECT_THAT(answers.Results(), SizeIs(2));
  ASSERT_THAT(answers.Failures(), SizeIs(1));
  EXPECT_EQ(ReasonOfPage(answers.Failures()[0]), "PAGE_TIMEOUT");
  EXPECT_TRUE(worker.WaitForCancelled(1));
}

TEST(WorkerLoss, ADocumentThatNoWorkerComesForIsUnavailable) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.worker_wait_seconds = 0.3; });
  auto worker = std::make_unique<FakeWorker>(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  front.render_pool().Hold();
  RecognizeClient client(front.stub());
  client.Options().Chunk("pages=2").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(1));
  worker = nullptr;

  const Answers answers = client.Finish();

  EXPECT_EQ(answers.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(answers.reason(), "NO_WORKER");
  front.render_pool().Release();
}

}  // namespace
}  // namespace quire::server
