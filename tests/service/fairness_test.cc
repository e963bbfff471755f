// Documents share the workers fairly, and those that are refused hear it at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "proto/mutex.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

std::unique_ptr<RunningService> OneSlot(int delay_ms) {
  auto started = RunningService::Start(
      {.arguments = {"--worker-args=--slots=1", "--max-waiting-pages", "1000"},
       .environment = {"QUIRE_FAKE_DELAY_MS=" + std::to_string(delay_ms)}});
  EXPECT_TRUE(started.ok()) << started.status();
  return started.ok() ? *std::move(started) : nullptr;
}

// A long document whose client counts its pages and goes away in the destructor.
class LongDocument {
 public:
  LongDocument(RunningService& service, const std::string& document, quire::v1::Priority priority)
      : stream_(service.stub().Recognize(&context_)) {
    quire::v1::RecognizeRequest request;
    request.mutable_options()->set_priority(priority);
    stream_->Write(request);
    for (size_t at = 0; at < document.size(); at += 1 << 20) {
      request.set_chunk(document.substr(at, 1 << 20));
      stream_->Write(request);
    }
    stream_->WritesDone();
    quire::v1::RecognizeResponse response;
    while (!response.has_accepted() && stream_->Read(&response)) {
    }
    reader_ = std::thread([this] {
      quire::v1::RecognizeResponse event;
      while (stream_->Read(&event)) {
        MutexLock lock(mutex_);
        if (event.has_page_result()) ++pages_;
        changed_.NotifyAll();
      }
    });
  }
  ~LongDocument() {
    context_.TryCancel();
    reader_.join();
    stream_->Finish();
  }
  int pages() {
    MutexLock lock(mutex_);
    return pages_;
  }
  void WaitForPages(int pages) {
    const auto until = Clock::now() + std::chrono::seconds(120);
    MutexLock lock(mutex_);
    while (pages_ < pages && changed_.WaitUntil(mutex_, until)) {
    }
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<quire::v1::RecognizeRequest,
                                           quire::v1::RecognizeResponse>> stream_;
  Mutex mutex_;
  CondVar changed_;
  int pages_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread reader_;
};

std::vector<std::unique_ptr<LongDocument>> TenLongDocuments(RunningService& service) {
  const std::string document = MakePdf(1000);
  std::vector<std::unique_ptr<LongDocument>> documents;
  for (int i = 0; i < 10; ++i) {
    documents.push_back(std::make_unique<LongDocument>(service, document,
                                                       quire::v1::PRIORITY_UNSPECIFIED));
  }
  return documents;
}

// One delay for the page being read, one for its own; the third is for drawing and a busy machine.
TEST(Fairness, AOnePageDocumentBesideTenOfAThousandIsDoneWithinThreeDelays) {
  constexpr double kDelaySeconds = 0.4;
  auto service = OneSlot(400);
  ASSERT_NE(service, nullptr);
  const auto documents = TenLongDocuments(*service);
  for (const auto& long_one : documents) long_one->WaitForPages(1);
  const std::string document = MakePdf(1);
  std::vector<double> seconds;

  for (int newcomer = 0; newcomer < 5; ++newcomer) {
    const Clock::time_point begin = Clock::now();
    EXPECT_THAT(Recognise(service->stub(), document).results, SizeIs(1));
    seconds.push_back(SecondsSince(begin));
  }

  EXPECT_LE(*std::max_element(seconds.begin(), seconds.end()), 3 * kDelaySeconds);
}

TEST(Fairness, LongRunSharesAreEqualWithinTenPercent) {
  auto service = OneSlot(2);
  ASSERT_NE(service, nullptr);
  const auto documents = TenLongDocuments(*service);
  std::vector<int> before;
  for (const auto& document : documents) before.push_back(document->pages());

  documents.front()->WaitForPages(before.front() + 80);
  std::vector<int> shares;
  for (size_t i = 0; i < documents.size(); ++i) {
    shares.push_back(documents[i]->pages() - before[i]);
  }

  const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
  EXPECT_GE(*least, 70) << testing::PrintToString(shares);
  EXPECT_LE(*most - *least, 8) << testing::PrintToString(shares);
}

TEST(Fairness, SharesFollowThePriority) {
  auto service = OneSlot(2);
  ASSERT_NE(service, nullptr);
  const std::string document = MakePdf(1000);
  LongDocument low(*service, document, quire::v1::PRIORITY_LOW);
  LongDocument high(*service, document, quire::v1::PRIORITY_HIGH);
  const int low_before = low.pages();
  const int high_before = high.pages();

  high.WaitForPages(high_before + 320);

  EXPECT_NEAR(low.pages() - low_before, 320 / 16, 4);
}

TEST(Overload, IsRefusedWithinATenthOfASecondAndWhatWasLetInIsFinished) {
  auto started = RunningService::Start({.arguments = {"--max-documents", "4"},
                                        .environment = {"QUIRE_FAKE_DELAY_MS=100"}});
  ASSERT_TRUE(started.ok()) << started.status();
  RunningService& service = **started;
  std::vector<Recognised> accepted(4);
  std::vector<std::thread> clients;
  for (Recognised& read : accepted) {
    clients.emplace_back([&] { read = Recognise(service.stub(), MakePdf(40)); });
  }
  ASSERT_TRUE(service.WaitForStatus([](const auto& status) { return status.documents() == 4; }));
  std::vector<double> seconds;
  for (int i = 0; i < 20; ++i) {
    const Clock::time_point begin = Clock::now();
    const grpc::Status status = Recognise(service.stub(), "%PDF-").status;
    seconds.push_back(SecondsSince(begin));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    EXPECT_EQ(Reason(status), "TOO_MANY_DOCUMENTS");
    EXPECT_THAT(status.error_details(), testing::HasSubstr("google.rpc.RetryInfo"));
  }
  for (std::thread& client : clients) client.join();

  std::sort(seconds.begin(), seconds.end());
  EXPECT_LE(seconds[seconds.size() / 2], 0.1);
  for (const Recognised& read : accepted) {
    EXPECT_TRUE(read.status.ok()) << read.status.error_message();
    EXPECT_THAT(read.NotOnce(40), IsEmpty());
  }
}

TEST(Resuming, APageRangeOfTheSameRequestGivesWhatABrokenConnectionLost) {
  auto started = RunningService::Start({.environment = {"QUIRE_FAKE_DELAY_MS=20"}});
  ASSERT_TRUE(started.ok()) << started.status();
  RunningService& service = **started;
  const std::string document = MakePdf(30);
  const Recognised whole = Recognise(service.stub(), document);
  quire::v1::RecognizeOptions options;
  options.set_request_id("resume-me");
  options.set_ordered(true);
  std::map<int, std::string> pages;
  {
    grpc::ClientContext context;
    auto stream = service.stub().Recognize(&context);
    quire::v1::RecognizeRequest request;
    *request.mutable_options() = options;
    stream->Write(request);
    request.set_chunk(document);
    stream->Write(request);
    stream->WritesDone();
    quire::v1::RecognizeResponse event;
    while (pages.size() < 7 && stream->Read(&event)) {
      if (event.has_page_result()) {
        pages[event.page_result().page_number()] = event.page_result().markdown();
      }
    }
    context.TryCancel();
    stream->Finish();
  }
  ASSERT_THAT(pages, SizeIs(7));

  options.set_page_ranges(std::to_string(pages.rbegin()->first + 1) + "-");
  const Recognised rest = Recognise(service.stub(), document, options);
  pages.merge(rest.Markdown());

  EXPECT_EQ(rest.accepted->request_id(), "resume-me");
  EXPECT_EQ(rest.summary->pages_read(), 23);
  EXPECT_EQ(pages, whole.Markdown());
}

TEST(SlowReader, StopsOnlyItsOwnDocument) {
  auto started = RunningService::Start({.environment = {"QUIRE_FAKE_LONG_SIDE_PX=2048"}});
  ASSERT_TRUE(started.ok()) << started.status();
  RunningService& service = **started;
  grpc::ClientContext context;
  auto stream = service.stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.mutable_options()->set_include_page_image(true);
  stream->Write(request);
  request.set_chunk(MakePdf(1000));
  stream->Write(request);
  stream->WritesDone();  // and reads nothing
  int64_t before = -1;
  ASSERT_TRUE(service.WaitForStatus([&](const auto& status) {
    return status.pages_read() > 0 && std::exchange(before, status.pages_read()) == before;
  }));

  const Recognised other = Recognise(service.stub(), MakePdf(60));

  EXPECT_THAT(other.NotOnce(60), IsEmpty());
  EXPECT_TRUE(service.WaitForStatus([&](const auto& status) {
    EXPECT_EQ(status.pages_read(), before + 60);  // the slow one's stay where they were
    return true;
  }));
  EXPECT_LT(before, 500);
  context.TryCancel();
}

}  // namespace
}  // namespace quire
