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

// How connections are watched; the same on every address.
struct ConnectionLimits {
  int keepalive_seconds = 60;            // a client that answers no ping is noticed after 4/3 of it
  int max_streams_per_connection = 256;  // calls at once
};

// Serves `service` on `addresses`. An address that another process listens on is refused, not shared.
// Unavailable names the addresses.
//   max_receive_bytes  of one message
absl::StatusOr<Listener> Listen(grpc::Service& service, const std::vector<std::string>& addresses,
                                const ConnectionLimits& limits, int max_receive_bytes);

}  // namespace quire::server
