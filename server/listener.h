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

struct ListenOptions {
  std::vector<std::string> addresses;  // host:port, unix:/path
  std::shared_ptr<grpc::ServerCredentials> credentials;  // of TCP addresses; unix sockets have none
  ConnectionLimits connections;
  int max_receive_bytes = 0;  // of one message
};

// Serves `service`. An address that another process listens on is refused, not shared.
// Unavailable names the addresses.
absl::StatusOr<Listener> Listen(grpc::Service& service, const ListenOptions& options);

}  // namespace quire::server
