#include "server/ocr_service.h"

#include "absl/strings/str_cat.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "server/authorization.h"
#include "server/recognize_call.h"

namespace quire::server {
namespace {

// Ends a stream before it begins.
class RefusedWatch final : public grpc::ServerWriteReactor<quire::v1::WatchStatusResponse> {
 public:
  explicit RefusedWatch(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

class RefusedRecognize final
    : public grpc::ServerBidiReactor<quire::v1::RecognizeRequest, quire::v1::RecognizeResponse> {
 public:
  explicit RefusedRecognize(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

grpc::ServerUnaryReactor* Refused(grpc::CallbackServerContext& context, const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

}  // namespace

absl::StatusOr<Caller> OcrService::CallerOf(const grpc::CallbackServerContext& context) const {
  return parts_.tokens == nullptr ? Caller() : parts_.tokens->Find(AuthorizationOf(context));
}

grpc::ServerBidiReactor<quire::v1::RecognizeRequest, quire::v1::RecognizeResponse>*
OcrService::Recognize(grpc::CallbackServerContext* context) {
  auto caller = CallerOf(*context);
  if (!caller.ok()) return new RefusedRecognize(caller.status());
  return NewRecognizeCall(parts_, *std::move(caller), context);
}

grpc::ServerUnaryReactor* OcrService::RecognizeImage(
    grpc::CallbackServerContext* context, const quire::v1::RecognizeImageRequest* request,
    quire::v1::RecognizeImageResponse* response) {
  auto caller = CallerOf(*context);
  if (!caller.ok()) return Refused(*context, caller.status());
  return NewRecognizeImageCall(parts_, *std::move(caller), *context, *request, response);
}

grpc::ServerUnaryReactor* OcrService::GetServerInfo(
    grpc::CallbackServerContext* context, const quire::v1::GetServerInfoRequest* /*request*/,
    quire::v1::GetServerInfoResponse* response) {
  if (const auto caller = CallerOf(*context); !caller.ok()) {
    return Refused(*context, caller.status());
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  parts_.loop.Post([this, reactor, response] {
    *response = parts_.status.Info();
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerWriteReactor<quire::v1::WatchStatusResponse>* OcrService::WatchStatus(
    grpc::CallbackServerContext* context, const quire::v1::WatchStatusRequest* request) {
  if (const auto caller = CallerOf(*context); !caller.ok()) {
    return new RefusedWatch(caller.status());
  }
  const double seconds = request->interval_seconds();
  if (seconds == 0 || (seconds >= 0.2 && seconds <= 60)) {
    return NewWatchStatusCall(parts_, seconds);
  }
  return new RefusedWatch(MakeError(
      absl::StatusCode::kInvalidArgument, "INVALID_OPTION",
      absl::StrCat("interval_seconds is ", seconds, "; give 0.2 to 60, or 0 for 1 second")));
}

}  // namespace quire::server
