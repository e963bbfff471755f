#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace quire {

// The only two places where absl and gRPC statuses meet. Details (ErrorInfo, RetryInfo) are kept:
// they travel as a google.rpc.Status in the trailer "grpc-status-details-bin".
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace quire
