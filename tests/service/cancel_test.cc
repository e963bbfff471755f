// Work that nobody waits for stops, in every state that a document can be in.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <thread>

#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::SizeIs;
using quire::v1::RecognizeResponse;

// One call whose client can go away at any moment.
class Call {
 public:
  explicit Call(RunningService& service, double deadline_seconds = 120) {
    context_.set_deadline(std::chrono::system_clock::now() +
                          std::chrono::milliseconds(static_cast<int64_t>(deadline_seconds * 1000)));
    stream_ = service.stub().Recognize(&context_);
  }
  ~Call() {
    context_.TryCancel();
    if (!finished_) Finish();
  }
  void Send(const std::string& document, const quire::v1::RecognizeOptions& options,
            bool half_close) {
    quire::v1::RecognizeRequest request;
    *request.mutable_options() = options;
    stream_->Write(request);
    request.set_chunk(document);
    stream_->Write(request);
    if (half_close) stream_->WritesDone();
  }
  // Reads until an answer fits.
  bool ReadUntil(const std::function<bool(const RecognizeResponse&)>& fits) {
    RecognizeResponse response;
    while (stream_->Read(&response)) {
      if (fits(response)) return true;
    }
    return false;
  }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() {
    finished_ = true;
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<quire::v1::RecognizeRequest, RecognizeResponse>> stream_;
  bool finished_ = false;
};

class Cancelling : public testing::Test {
 protected:
  void Start(int delay_ms, std::vector<std::string> arguments = {}, int long_side_px = 256) {
    auto started = RunningService::Start(
        {.arguments = std::move(arguments),
         .environment = {"QUIRE_FAKE_DELAY_MS=" + std::to_string(delay_ms),
                         "QUIRE_FAKE_LONG_SIDE_PX=" + std::to_string(long_side_px)}});
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = *std::move(started);
  }
  // The front holds nothing any more, the worker has answered for every slot, and its own count of
  // running pages is 0: long before the pages would have been read.
  void ExpectIdle() {
    EXPECT_TRUE(service_->WaitForStatus([](const auto& status) {
      return status.documents() == 0 && status.pages_waiting() == 0 && status.pages_reading() == 0;
    }));
    EXPECT_TRUE(service_->WaitForStatus([this](const auto&) {
      return service_->Metric("quire_batch_size{worker=\"cpu\"}") == 0 &&
             service_->Metric("quire_slots{state=\"used\"}") == 0;
    }));
  }
  double FirstTries() { return service_->Metric("quire_page_attempts_total{reason=\"first\"}"); }

  std::unique_ptr<RunningService> service_;
};

constexpr int kForEverMs = 120'000;

TEST_F(Cancelling, WhileUploading) {
  Start(kForEverMs, {"--max-documents", "1"});
  Call call(*service_);
  call.Send("%PDF-1.7", {}, /*half_close=*/false);
  ASSERT_TRUE(service_->WaitForStatus([](const auto& status) { return status.documents() == 1; }));

  call.Cancel();

  ExpectIdle();
  Call next(*service_);
  next.Send(MakePdf(1), {}, /*half_close=*/true);
  EXPECT_TRUE(next.ReadUntil([](const auto& event) { return event.has_page_started(); }));
}

TEST_F(Cancelling, WhileQueuedNoPageEverStarts) {
  Start(kForEverMs);
  Call first(*service_);
  first.Send(MakePdf(50), {}, true);
  ASSERT_TRUE(first.ReadUntil([](const auto& event) { return event.has_page_started(); }));
  Call queued(*service_);
  queued.Send(MakePdf(50), {}, true);
  ASSERT_TRUE(queued.ReadUntil([](const auto& event) { return event.has_accepted(); }));

  queued.Cancel();
  EXPECT_FALSE(queued.ReadUntil([](const auto& event) { return event.has_page_started(); }));

  ASSERT_TRUE(service_->WaitForStatus([](const auto& status) {
    return status.documents() == 1 && status.pages_reading() == 2;
  }));
  first.Cancel();
  ExpectIdle();
  EXPECT_LE(FirstTries(), 2 + 2 + 3);  // slots, drawn ahead, and places that opened: not 100
}

TEST_F(Cancelling, WhileAPageIsBeingDrawn) {
  Start(5, {"--renderers", "1"});
  const pid_t renderer = service_->Children("quire-render").at(0);
  Call call(*service_);
  call.Send(MakePdf(400), {}, true);
  ASSERT_TRUE(call.ReadUntil([](const auto& event) { return event.has_accepted(); }));
  kill(renderer, SIGSTOP);
  ASSERT_TRUE(service_->WaitForStatus([](const auto& status) {  // all that waits, waits for it
    return status.pages_reading() == 0 && status.pages_waiting() > 0;
  }));
  const double tries = FirstTries();

  call.Cancel();

  ExpectIdle();
  EXPECT_EQ(FirstTries(), tries);
  kill(renderer, SIGCONT);
  EXPECT_THAT(Recognise(service_->stub(), MakePdf(2)).results, SizeIs(2));
}

TEST_F(Cancelling, BeforeTheFirstText) {
  Start(kForEverMs);
  Call call(*service_);
  call.Send(MakePdf(20), {}, true);
  ASSERT_TRUE(call.ReadUntil([](const auto& event) { return event.has_page_started(); }));
  ASSERT_TRUE(service_->WaitForStatus([this](const auto&) {  // the worker says that it reads
    return service_->Metric("quire_batch_size{worker=\"cpu\"}") == 2;
  }));

  call.Cancel();

  ExpectIdle();
}

TEST_F(Cancelling, WhileTextIsBeingWritten) {
  Start(48'000);  // the first of four pieces of text after 12 s; unasked it would not end in time
  quire::v1::RecognizeOptions options;
  options.set_stream_text(true);
  Call call(*service_);
  call.Send(MakePdf(300), options, true);
  ASSERT_TRUE(call.ReadUntil([](const auto& event) { return event.has_text_delta(); }));

  call.Cancel();

  ExpectIdle();
}

TEST_F(Cancelling, WhileTheClientReadsNothing) {
  Start(5, {}, /*long_side_px=*/2048);  // images that no connection holds many of
  quire::v1::RecognizeOptions options;
  options.set_include_page_image(true);
  Call call(*service_);
  call.Send(MakePdf(1000), options, true);
  int64_t before = -1;
  ASSERT_TRUE(service_->WaitForStatus([&](const auto& status) {  // its window is full
    return std::exchange(before, status.pages_read()) == status.pages_read() &&
           status.pages_read() > 0;
  }));
  ASSERT_LT(before, 500);

  call.Cancel();

  ExpectIdle();
}

TEST_F(Cancelling, ByTheDeadline) {
  Start(kForEverMs);
  Call call(*service_, /*deadline_seconds=*/2);
  call.Send(MakePdf(20), {}, true);
  call.ReadUntil([](const auto&) { return false; });

  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  ExpectIdle();
}

// The real client, with a document in the middle of being read.
class ClientProcess {
 public:
  ClientProcess(RunningService& service, const std::string& file) {
    auto started = server::ChildProcess::Start(
        {.program = std::string(QUIRE_BINARIES) + "/quire",
         .arguments = {"recognise", "--quiet", "--server", service.address(), file}});
    EXPECT_TRUE(started.ok()) << started.status();
    if (started.ok()) process_ = *std::move(started);
  }
  ~ClientProcess() { process_.Kill(); }
  void Signal(int signal) { process_.Signal(signal); }

 private:
  server::ChildProcess process_;
};

TEST_F(Cancelling, ByTheDeathOfTheClient) {
  Start(kForEverMs);
  ClientProcess client(*service_, std::string(QUIRE_FIXTURES) + "/pdf/five_pages.pdf");
  ASSERT_TRUE(service_->WaitForStatus([](const auto& status) { return status.pages_reading() == 2; }));

  client.Signal(SIGKILL);

  ExpectIdle();
}

TEST_F(Cancelling, ByAClientThatNoLongerAnswersPings) {
  Start(kForEverMs, {"--keepalive-seconds", "1"});
  ClientProcess client(*service_, std::string(QUIRE_FIXTURES) + "/pdf/five_pages.pdf");
  ASSERT_TRUE(service_->WaitForStatus([](const auto& status) { return status.pages_reading() == 2; }));

  client.Signal(SIGSTOP);  // its sockets stay open: the connection is half dead

  ExpectIdle();
}

}  // namespace
}  // namespace quire
