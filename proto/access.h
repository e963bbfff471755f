#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace quire {

// Files that open a server's door; each may be empty.
struct AccessFiles {
  std::string ca_file;     // --ca-file: speaks TLS and trusts these
  std::string cert_file;   // --cert-file: shown to the server
  std::string key_file;    // --key-file: of cert_file
  std::string token_file;  // --token-file
};

// How a server is spoken to.
struct Access {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  std::string authorization;  // "Bearer TOKEN", or empty
};

// FailedPrecondition names a file that cannot be used. A unix socket is never spoken TLS on.
absl::StatusOr<Access> ReadAccess(const AccessFiles& files, const std::string& address);

}  // namespace quire
