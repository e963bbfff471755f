// Workers that knock at a whole front.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "proto/rich_status.h"
#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::SizeIs;

std::shared_ptr<TokenFile> Tokens(const std::string& token) {
  const std::string path = testing::TempDir() + "/quire-attach-token-" + std::to_string(getpid());
  std::ofstream(path) << token;
  auto file = TokenFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  std::filesystem::remove(path);
  return file.ok() ? *std::move(file) : nullptr;
}

TEST(Attaching, RefusesAnotherProtocolVersion) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.protocol_version = 2;
  FakeWorker worker(options);

  EXPECT_EQ(worker.WaitForEnd().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Attaching, RefusesAnIdThatIsInUse) {
  FrontUnderTest front;
  FakeWorker first(front.WorkerOptions());
  ASSERT_TRUE(first.WaitUntilAttached());
  FakeWorker second(front.WorkerOptions());

  EXPECT_EQ(second.WaitForEnd().code(), absl::StatusCode::kAlreadyExists);
}

TEST(Attaching, LetsAnIdComeBack) {
  FrontUnderTest front;
  { FakeWorker first(front.WorkerOptions()); }
  absl::Status end = absl::AlreadyExistsError("");
  while (absl::IsAlreadyExists(end)) {  // until the front has seen the first one go
    FakeWorker second(front.WorkerOptions());
    if (second.WaitUntilAttached()) break;
    end = second.WaitForEnd();
  }

  FakeWorkerOptions other = front.WorkerOptions();
  other.id = "other";
  FakeWorker third(other);
  EXPECT_TRUE(third.WaitUntilAttached());
}

class AttachingRemotely : public testing::Test {
 protected:
  AttachingRemotely()
      : front_([](FrontOptions& options) {
          options.worker_listen = "127.0.0.1:0";
          options.worker_tokens = Tokens("secret");
        }) {}
  FakeWorkerOptions Remote(const std::string& token) {
    FakeWorkerOptions options = front_.WorkerOptions();
    options.address = front_.front().worker_address();
    options.token = token;
    return options;
  }
  FrontUnderTest front_;
};

TEST_F(AttachingRemotely, TakesTheToken) {
  FakeWorker worker(Remote("secret"));
  ASSERT_TRUE(worker.WaitUntilAttached());
  EXPECT_THAT(Recognize(front_.stub(), "pages=3").Results(), SizeIs(3));
}

TEST_F(AttachingRemotely, RefusesAWrongToken) {
  FakeWorker worker(Remote("wrong"));
  EXPECT_EQ(worker.WaitForEnd().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(AttachingRemotely, RefusesNoToken) {
  FakeWorker worker(Remote(""));
  EXPECT_EQ(worker.WaitForEnd().code(), absl::StatusCode::kUnauthenticated);
}

TEST(AttachingLocally, RefusesTheIdOfALocalWorkerFromElsewhere) {
  LocalWorkers local{.devices = {{"cpu", "cpu"}}};
  FrontUnderTest front(
      [](FrontOptions& options) {
        options.worker_listen = "127.0.0.1:0";
        options.worker_tokens = Tokens("secret");
      },
      local);
  FakeWorkerOptions options = front.WorkerOptions();
  options.address = front.front().worker_address();
  options.token = "secret";
  options.id = "cpu";
  FakeWorker worker(options);

  EXPECT_EQ(worker.WaitForEnd().code(), absl::StatusCode::kAlreadyExists);
}

TEST(AttachingLocally, TellsTheSupervisor) {
  std::string attached;
  LocalWorkers local{.devices = {{"cpu", "cpu"}}};
  local.on_attached = [&](const std::string& id) { attached = id; };
  FrontUnderTest front({}, local);
  FakeWorkerOptions options = front.WorkerOptions();
  options.id = "cpu";
  FakeWorker worker(options);
  ASSERT_TRUE(worker.WaitUntilAttached());

  EXPECT_EQ(attached, "cpu");
}

TEST(AttachedWorkers, NeverGetMoreThanTheirSlots) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.slots = 3;
  options.page_seconds = 0.005;
  FakeWorker worker(options);
  ASSERT_TRUE(front.WaitUntilReady());

  EXPECT_THAT(Recognize(front.stub(), "pages=60").Results(), SizeIs(60));
  EXPECT_EQ(worker.most_at_once(), 3);
}

TEST(AttachedWorkers, AllReadOneDocument) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.page_seconds = 0.005;
  options.id = "one";
  FakeWorker one(options);
  options.id = "two";
  FakeWorker two(options);
  ASSERT_TRUE(one.WaitUntilAttached());
  ASSERT_TRUE(two.WaitUntilAttached());

  EXPECT_THAT(Recognize(front.stub(), "pages=40").Results(), SizeIs(40));
  EXPECT_GE(one.jobs(), 10);
  EXPECT_GE(two.jobs(), 10);
}

TEST(AttachedWorkers, GetPagesOfTheirModelOnly) {
  FrontUnderTest front;
  FakeWorkerOptions options = front.WorkerOptions();
  options.id = options.model = "small";
  FakeWorker small(options);
  options.id = options.model = "large";
  FakeWorker large(options);
  ASSERT_TRUE(small.WaitUntilAttached());
  ASSERT_TRUE(large.WaitUntilAttached());
  quire::v1::RecognizeOptions wanted;
  wanted.set_model("large");

  const Answers answers = Recognize(front.stub(), "pages=10", wanted);

  EXPECT_THAT(answers.Results(), SizeIs(10));
  EXPECT_EQ(small.jobs(), 0);
  EXPECT_EQ(answers.Results()[0].model(), "large");
  EXPECT_EQ(answers.Results()[0].worker_id(), "large");
}

TEST(AttachedWorkers, AreAskedToLeaveWhenTheFrontStops) {
  auto front = std::make_unique<FrontUnderTest>();
  FakeWorker worker(front->WorkerOptions());
  ASSERT_TRUE(front->WaitUntilReady());

  front->front().Stop();

  EXPECT_TRUE(worker.WaitForEnd().ok()) << worker.WaitForEnd();
}

}  // namespace
}  // namespace quire::server
