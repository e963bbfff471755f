#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace quire {

// Facts that go with an error, such as {"limit", "3000"}.
using ErrorFacts = std::vector<std::pair<std::string, std::string>>;

// A status with a google.rpc.ErrorInfo (domain "quire").
//   reason   UPPER_SNAKE_CASE, at most 63 characters, e.g. "PDF_ENCRYPTED"
//   message  what is wrong, where, the value, the limit, what to do
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorFacts& facts = {});

// `status` with a google.rpc.RetryInfo of `seconds`.
absl::Status WithRetryAfter(absl::Status status, double seconds);

// The ErrorInfo's reason; empty when there is none.
std::string ReasonOf(const absl::Status& status);

// To and from the wire; details are kept. ToProto gives a status that has no ErrorInfo one whose
// reason is the code's name.
google::rpc::Status ToProto(const absl::Status& status);
absl::Status FromProto(const google::rpc::Status& status);

}  // namespace quire
