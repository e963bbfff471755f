#include "proto/rich_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace quire {
namespace {

constexpr std::string_view kTypePrefix = "type.googleapis.com/";
constexpr std::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr std::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

google::rpc::ErrorInfo InfoWithReason(std::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_domain("quire");
  info.set_reason(std::string(reason));
  return info;
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorFacts& facts) {
  google::rpc::ErrorInfo info = InfoWithReason(reason);
  for (const auto& [key, value] : facts) (*info.mutable_metadata())[key] = value;
  absl::Status status(code, View(message));
  status.SetPayload(View(kErrorInfoUrl), absl::Cord(info.SerializeAsString()));
  return status;
}

absl::Status WithRetryAfter(absl::Status status, double seconds) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(static_cast<int64_t>(seconds));
  retry.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>((seconds - static_cast<int64_t>(seconds)) * 1e9));
  status.SetPayload(View(kRetryInfoUrl), absl::Cord(retry.SerializeAsString()));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(View(kErrorInfoUrl));
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "";
  return info.reason();
}

google::rpc::Status ToProto(const absl::Status& status) {
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    google::protobuf::Any* detail = proto.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(value));
  });
  if (!status.ok() && ReasonOf(status).empty()) {
    proto.add_details()->PackFrom(InfoWithReason(absl::StatusCodeToString(status.code())));
  }
  return proto;
}

absl::Status FromProto(const google::rpc::Status& proto) {
  absl::Status status(static_cast<absl::StatusCode>(proto.code()), proto.message());
  for (const google::protobuf::Any& detail : proto.details()) {
    if (!absl::StartsWith(detail.type_url(), View(kTypePrefix))) continue;
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

}  // namespace quire
