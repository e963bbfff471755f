#include "client/ocr_client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::client {
namespace {

using RecognizeStream = grpc::ClientReaderWriter<v1::RecognizeRequest, v1::RecognizeResponse>;

constexpr size_t kChunkBytes = 256 * 1024;
constexpr int kMaxAnswerBytes = 64 << 20;  // one page's result with its blocks
constexpr int kConnectTimeoutMs = 5000;

// A proxy from the environment is for other hosts than this one.
bool IsThisHost(const std::string& address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "127.") ||
         absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:");
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const Access& access) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, IsThisHost(address) ? 0 : 1);
  return grpc::CreateCustomChannel(address, access.credentials, arguments);
}

// Sends options and document. OK also when the server ended the call early: its status says why.
absl::Status Upload(const RecogniseCall& call, DocumentSource& source, RecognizeStream& stream) {
  v1::RecognizeRequest request;
  *request.mutable_options() = call.options;
  if (!stream.Write(request)) return absl::OkStatus();
  int64_t sent_bytes = 0;
  while (true) {
    std::string& chunk = *request.mutable_chunk();
    chunk.resize(kChunkBytes);
    QUIRE_ASSIGN_OR_RETURN(const size_t bytes, source.Read(chunk.data(), chunk.size()));
    if (bytes == 0) break;
    chunk.resize(bytes);
    if (!stream.Write(request)) return absl::OkStatus();
    sent_bytes += static_cast<int64_t>(bytes);
    call.on_sent(sent_bytes);
  }
  stream.WritesDone();
  return absl::OkStatus();
}

}  // namespace

OcrClient::OcrClient(std::string address, const Access& access, Interrupt& interrupt)
    : address_(std::move(address)),
      authorization_(access.authorization),
      interrupt_(interrupt),
      channel_(MakeChannel(address_, access)),
      stub_(v1::OcrService::NewStub(channel_)) {}

// Gives a call what each has.
//   timeout_seconds  0: none
void OcrClient::Begin(grpc::ClientContext& context, double timeout_seconds) const {
  if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
  if (timeout_seconds <= 0) return;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(static_cast<int64_t>(timeout_seconds * 1000)));
}

absl::Status OcrClient::Recognise(const RecogniseCall& call, DocumentSource& source) {
  grpc::ClientContext context;
  Begin(context, call.timeout_seconds);
  const OnInterrupt cancel(interrupt_, [&context] { context.TryCancel(); });
  const auto stream = stub_->Recognize(&context);
  absl::Status upload_status;
  std::thread uploader([&] {
    upload_status = Upload(call, source, *stream);
    if (!upload_status.ok()) context.TryCancel();
  });
  absl::Status event_status;
  bool has_summary = false;
  v1::RecognizeResponse event;
  while (event_status.ok() && stream->Read(&event)) {
    has_summary = has_summary || event.has_summary();
    event_status = call.on_event(event);
  }
  if (!event_status.ok()) context.TryCancel();
  uploader.join();
  const grpc::Status status = stream->Finish();
  QUIRE_RETURN_IF_ERROR(event_status);
  QUIRE_RETURN_IF_ERROR(upload_status);
  QUIRE_RETURN_IF_ERROR(Explain(status, call.timeout_seconds));
  if (has_summary) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the server at ", address_, " ended its answer without a summary: pages may be missing"));
}

absl::StatusOr<v1::GetServerInfoResponse> OcrClient::GetServerInfo(double timeout_seconds) {
  grpc::ClientContext context;
  Begin(context, timeout_seconds);
  const OnInterrupt cancel(interrupt_, [&context] { context.TryCancel(); });
  v1::GetServerInfoResponse info;
  const grpc::Status status = stub_->GetServerInfo(&context, v1::GetServerInfoRequest(), &info);
  QUIRE_RETURN_IF_ERROR(Explain(status, timeout_seconds));
  return info;
}

absl::Status OcrClient::WatchStatus(
    double interval_seconds,
    const std::function<absl::Status(const v1::WatchStatusResponse&)>& on_state) {
  grpc::ClientContext context;
  Begin(context, /*timeout_seconds=*/0);
  const OnInterrupt cancel(interrupt_, [&context] { context.TryCancel(); });
  v1::WatchStatusRequest request;
  request.set_interval_seconds(interval_seconds);
  const auto stream = stub_->WatchStatus(&context, request);
  absl::Status state_status;
  v1::WatchStatusResponse state;
  while (state_status.ok() && stream->Read(&state)) state_status = on_state(state);
  if (!state_status.ok()) context.TryCancel();
  const grpc::Status status = stream->Finish();
  QUIRE_RETURN_IF_ERROR(state_status);
  if (interrupt_.requested()) return absl::OkStatus();
  return Explain(status, 0);
}

absl::Status OcrClient::Explain(const grpc::Status& status, double timeout_seconds) const {
  if (status.ok()) return absl::OkStatus();
  if (interrupt_.requested()) return InterruptedError();
  const absl::Status answer = FromGrpc(status);
  // What the server itself says has a reason; what has none was made on the way.
  if (!ReasonOf(answer).empty()) return answer;
  if (answer.code() == absl::StatusCode::kDeadlineExceeded && timeout_seconds > 0) {
    return absl::DeadlineExceededError(absl::StrFormat(
        "not done after %g s (--timeout-seconds): cancelled", timeout_seconds));
  }
  if (answer.code() != absl::StatusCode::kUnavailable) return answer;
  if (channel_->GetState(false) == GRPC_CHANNEL_READY) return answer;
  const bool was_connected = channel_->GetState(false) == GRPC_CHANNEL_IDLE;
  if (was_connected) {
    return absl::UnavailableError(
        absl::StrCat("the connection to the server at ", address_, " was lost: is it running?"));
  }
  const bool no_such_name = absl::StrContains(status.error_message(), "DNS resolution failed");
  return absl::UnavailableError(
      absl::StrCat("no server at ", address_, no_such_name ? " (there is no such host)" : "",
                   ": start one with quire-server, name another with --server, or use --local to "
                   "start one for this call"));
}

}  // namespace quire::client
