#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::server {

// One gRPC server that listens.
struct Listener {
  std::unique_ptr<grpc::Server> server;
  std::vector<std::string> addresses;  // as asked for, with real ports
};

// Serves `service` on `addresses`. An address that another process listens on is refused, not shared.
// Unavailable names the addresses.
//   max_receive_bytes  of one message
absl::StatusOr<Listener> Listen(grpc::Service& service, const std::vector<std::string>& addresses,
                                int max_receive_bytes);

}  // namespace quire::server
