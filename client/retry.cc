#include "client/retry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "google/rpc/error_details.pb.h"

namespace quire::client {

std::optional<double> RetryAfterSeconds(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kResourceExhausted &&
      status.code() != absl::StatusCode::kUnavailable) {
    return std::nullopt;
  }
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
  google::rpc::RetryInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  return static_cast<double>(info.retry_delay().seconds()) + info.retry_delay().nanos() * 1e-9;
}

double BackOffSeconds(double asked, int attempt, double jitter) {
  const double wait = asked * std::pow(1.5, attempt - 1) * (1 + jitter / 4);
  return std::clamp(wait, 0.05, 30.0);
}

}  // namespace quire::client
