#pragma once

#include "absl/status/status.h"
#include "quire/worker/v1/worker.pb.h"

namespace quire::server {

// Version of the attach protocol that this front speaks.
inline constexpr int kWorkerProtocolVersion = 1;

// Checks what a worker says of itself. FailedPrecondition: another protocol version;
// InvalidArgument: a field that cannot be.
absl::Status CheckHello(const quire::worker::v1::WorkerHello& hello);

}  // namespace quire::server
