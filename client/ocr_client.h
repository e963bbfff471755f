#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/document_source.h"
#include "client/interrupt.h"
#include "proto/access.h"
#include "quire/v1/ocr.grpc.pb.h"

namespace quire::client {

// One document to have read.
struct RecogniseCall {
  using OnEventFunction = std::function<absl::Status(const v1::RecognizeResponse&)>;
  v1::RecognizeOptions options;
  double timeout_seconds = 0;  // for the whole call; 0: none
  // Each message of the answer, on the calling thread. An error cancels the call.
  OnEventFunction on_event;
  // Bytes handed to the connection so far, on another thread.
  std::function<void(int64_t)> on_sent;
};

// Speaks to one server. The connection is made by the first call and made again when it broke.
// Errors of all calls: the server's own status with its details; UNAVAILABLE with a sentence that
// says how to get a server when none answers; InterruptedError when the user cancelled.
// Thread-safe: calls may run at the same time, on one connection.
class OcrClient {
 public:
  //   address    "host:port" or "unix:/path"
  //   interrupt  cancels running calls; outlives the client
  OcrClient(std::string address, const Access& access, Interrupt& interrupt);

  // Sends `source` from its current place and hands on the answer while the upload goes on; never
  // holds more than a chunk of the document. OK when the document was read to its end, its summary
  // included. Also the source's errors, and those of on_event.
  absl::Status Recognise(const RecogniseCall& call, DocumentSource& source);

  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo(double timeout_seconds);

  // Hands on the server's state until the user cancels (OK) or something fails. An error of
  // `on_state` ends it.
  //   interval_seconds  0.2 to 60; 0 for the server's default
  absl::Status WatchStatus(
      double interval_seconds,
      const std::function<absl::Status(const v1::WatchStatusResponse&)>& on_state);

  const std::string& address() const { return address_; }

 private:
  void Begin(grpc::ClientContext& context, double timeout_seconds) const;
  // The status that the caller gets for how a call ended.
  absl::Status Explain(const grpc::Status& status, double timeout_seconds) const;

  std::string address_;
  std::string authorization_;
  Interrupt& interrupt_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::OcrService::Stub> stub_;
};

}  // namespace quire::client
