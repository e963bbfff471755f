#include "tests/support/front_under_test.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "proto/grpc_status.h"
#include "proto/rich_status.h"

namespace quire::server {

FrontUnderTest::FrontUnderTest(const std::function<void(FrontOptions&)>& change,
                               LocalWorkers local)
    : folder_(PrivateFolder::Create().value()) {
  metrics_address_ = metrics_.Serve("127.0.0.1:0").value();
  auto pool = std::make_unique<FakeRenderPool>();
  render_pool_ = pool.get();
  FrontOptions options;
  options.listen = {"unix:" + folder_.path() + "/front.sock"};
  options.attach_socket = folder_.path() + "/attach.sock";
  options.goodbye_seconds = 1;
  if (change) change(options);
  front_ = Front::Start(std::move(options), std::move(local), std::move(pool), metrics_).value();
  channel_ = grpc::CreateChannel(front_->addresses()[0], grpc::InsecureChannelCredentials());
  stub_ = quire::v1::OcrService::NewStub(channel_);
}

FakeWorkerOptions FrontUnderTest::WorkerOptions() const {
  FakeWorkerOptions options;
  options.address = front_->attach_address();
  return options;
}

bool FrontUnderTest::WaitUntilReady() {
  // The callback may come later than this returns.
  struct Signal {
    Mutex mutex;
    CondVar changed;
    bool ready = false;
  };
  auto signal = std::make_shared<Signal>();
  front_->WhenReady([signal] {
    MutexLock lock(signal->mutex);
    signal->ready = true;
    signal->changed.NotifyAll();
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  MutexLock lock(signal->mutex);
  while (!signal->ready && signal->changed.WaitUntil(signal->mutex, deadline)) {
  }
  return signal->ready;
}

std::vector<quire::v1::PageResult> Answers::Results() const {
  std::vector<quire::v1::PageResult> results;
  for (const auto& answer : all) {
    if (answer.has_page_result()) results.push_back(answer.page_result());
  }
  return results;
}

std::vector<quire::v1::PageFailed> Answers::Failures() const {
  std::vector<quire::v1::PageFailed> failures;
  for (const auto& answer : all) {
    if (answer.has_page_failed()) failures.push_back(answer.page_failed());
  }
  return failures;
}

std::vector<int> Answers::Order() const {
  std::vector<int> order;
  for (const auto& answer : all) {
    if (answer.has_page_result()) order.push_back(answer.page_result().page_number());
    if (answer.has_page_failed()) order.push_back(answer.page_failed().page_number());
  }
  return order;
}

std::string Answers::Streamed(int page_number) const {
  std::string text;
  for (const auto& answer : all) {
    if (answer.has_text_delta() && answer.text_delta().page_number() == page_number) {
      text += answer.text_delta().text();
    }
  }
  return text;
}

quire::v1::DocumentSummary Answers::Summary() const {
  return all.empty() ? quire::v1::DocumentSummary() : all.back().summary();
}

std::string Answers::reason() const { return ReasonOf(FromGrpc(status)); }

RecognizeClient::RecognizeClient(quire::v1::OcrService::Stub& stub) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  stream_ = stub.Recognize(&context_);
}

RecognizeClient& RecognizeClient::Options(const quire::v1::RecognizeOptions& options) {
  quire::v1::RecognizeRequest request;
  *request.mutable_options() = options;
  stream_->Write(request);
  return *this;
}

RecognizeClient& RecognizeClient::Chunk(const std::string& bytes) {
  quire::v1::RecognizeRequest request;
  request.set_chunk(bytes);
  stream_->Write(request);
  return *this;
}

RecognizeClient& RecognizeClient::HalfClose() {
  stream_->WritesDone();
  return *this;
}

std::optional<quire::v1::RecognizeResponse> RecognizeClient::Read() {
  quire::v1::RecognizeResponse response;
  if (!stream_->Read(&response)) return std::nullopt;
  return response;
}

bool RecognizeClient::ReadUntil(
    const std::function<bool(const quire::v1::RecognizeResponse&)>& fits) {
  while (const auto response = Read()) {
    if (fits(*response)) return true;
  }
  return false;
}

Answers RecognizeClient::Finish() {
  Answers answers;
  while (auto response = Read()) answers.all.push_back(*std::move(response));
  answers.status = stream_->Finish();
  return answers;
}

Answers Recognize(quire::v1::OcrService::Stub& stub, const std::string& document,
                  const quire::v1::RecognizeOptions& options) {
  RecognizeClient client(stub);
  client.Options(options);
  if (!document.empty()) client.Chunk(document);
  return client.HalfClose().Finish();
}

}  // namespace quire::server
