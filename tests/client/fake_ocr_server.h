#pragma once

#include <grpcpp/server.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "quire/v1/ocr.grpc.pb.h"

namespace quire::client {

// What the fake does with one document.
struct FakeAnswer {
  std::vector<v1::RecognizeResponse> early_events;  // sent before a byte of the document is taken
  std::vector<v1::RecognizeResponse> events;        // sent after its end
  absl::Status status;                              // ends the call
  bool refuse_at_once = false;  // ends it after the options, the document unread
  bool hang = false;            // after the events: never ends it
  std::chrono::milliseconds delay{};  // before the events
};

// A document that the fake was sent.
struct ReceivedDocument {
  v1::RecognizeOptions options;
  std::string bytes;
  size_t largest_chunk_bytes = 0;
};

// An OcrService that gives prepared answers, over real gRPC. Thread-safe.
class FakeOcrServer {
 public:
  // Answers calls in turn, the last answer again and again.
  //   address  where to listen; a socket in a folder of its own when empty
  explicit FakeOcrServer(std::vector<FakeAnswer> answers, const std::string& address = "");
  ~FakeOcrServer();

  const std::string& address() const { return address_; }
  // Documents whose options came, in the order of the calls.
  std::vector<ReceivedDocument> received() const;
  // Waits until a call was cancelled; false after 20 s.
  bool WaitUntilCancelled() const;

 private:
  class Service;
  std::string folder_;
  std::string address_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace quire::client
