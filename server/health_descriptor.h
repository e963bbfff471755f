#pragma once

namespace quire::server {

// Keeps the descriptor of grpc.health.v1 in the program: gRPC's own health service has none, and
// without it reflection lists the service but cannot describe it.
void LinkHealthDescriptor();

}  // namespace quire::server
