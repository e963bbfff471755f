#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace quire::server {

// Files of PEM that TLS is spoken with; all empty: it is not.
struct TlsFiles {
  std::string cert_file;       // chain, the server's own certificate first
  std::string key_file;
  std::string client_ca_file;  // clients must show a certificate of one of these; empty: they need none
};

// How TCP addresses are served. Changed files count from a second later on, for new connections;
// while they cannot be used, those before count on. FailedPrecondition names a file that cannot be
// used now.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files);

}  // namespace quire::server
