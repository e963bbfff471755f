#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quire/v1/ocr.grpc.pb.h"
#include "server/front.h"
#include "server/private_folder.h"
#include "tests/support/fake_render_pool.h"
#include "tests/support/fake_worker.h"

namespace quire::server {

// A whole Front over real gRPC on sockets of its own, with a FakeRenderPool.
class FrontUnderTest {
 public:
  //   change  may change the options before the start
  explicit FrontUnderTest(const std::function<void(FrontOptions&)>& change = {},
                          LocalWorkers local = {});

  // Options of a worker that attaches to this front.
  FakeWorkerOptions WorkerOptions() const;
  // Blocks until a worker has attached and pages can be read; false after 10 s.
  bool WaitUntilReady();

  Front& front() { return *front_; }
  Metrics& metrics() { return metrics_; }
  FakeRenderPool& render_pool() { return *render_pool_; }
  quire::v1::OcrService::Stub& stub() { return *stub_; }
  std::shared_ptr<grpc::ChannelInterface> channel() { return channel_; }
  const std::string& metrics_address() const { return metrics_address_; }

 private:
  PrivateFolder folder_;
  Metrics metrics_;
  std::string metrics_address_;
  FakeRenderPool* render_pool_;  // the front's
  std::unique_ptr<Front> front_;
  std::shared_ptr<grpc::ChannelInterface> channel_;
  std::unique_ptr<quire::v1::OcrService::Stub> stub_;
};

// What one Recognize call answered.
struct Answers {
  grpc::Status status;
  std::vector<quire::v1::RecognizeResponse> all;

  std::vector<quire::v1::PageResult> Results() const;
  std::vector<quire::v1::PageFailed> Failures() const;
  // Page numbers of results and failures, as they came.
  std::vector<int> Order() const;
  // Text of a page's deltas, all attempts.
  std::string Streamed(int page_number) const;
  quire::v1::DocumentSummary Summary() const;
  std::string reason() const;  // of the status' ErrorInfo
};

// One Recognize call, message by message.
class RecognizeClient {
 public:
  explicit RecognizeClient(quire::v1::OcrService::Stub& stub);
  ~RecognizeClient() { context_.TryCancel(); }

  RecognizeClient& Options(const quire::v1::RecognizeOptions& options = {});
  RecognizeClient& Chunk(const std::string& bytes);
  RecognizeClient& HalfClose();
  // The next answer; nothing once the stream has ended.
  std::optional<quire::v1::RecognizeResponse> Read();
  // Reads on until an answer fits; false when the stream ended before.
  bool ReadUntil(const std::function<bool(const quire::v1::RecognizeResponse&)>& fits);
  void Cancel() { context_.TryCancel(); }
  // Takes all that is left.
  Answers Finish();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<quire::v1::RecognizeRequest,
                                           quire::v1::RecognizeResponse>>
      stream_;
};

// Sends a document and takes all answers.
Answers Recognize(quire::v1::OcrService::Stub& stub, const std::string& document,
                  const quire::v1::RecognizeOptions& options = {});

}  // namespace quire::server
