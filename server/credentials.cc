#include "server/credentials.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire::server {
namespace {

constexpr unsigned kReloadSeconds = 1;

// gRPC says of a wrong file only that handshakes fail, one by one.
absl::Status CheckPem(const std::string& path, const std::string& what) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const bool found = absl::StrContains(text, "-----BEGIN ") && absl::StrContains(text, what + "-----");
  return found ? absl::OkStatus()
               : absl::FailedPreconditionError(
                     absl::StrCat("no PEM with a ", what, " could be read from ", path));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files) {
  if (files.cert_file.empty()) return grpc::InsecureServerCredentials();
  QUIRE_RETURN_IF_ERROR(CheckPem(files.cert_file, "CERTIFICATE"));
  QUIRE_RETURN_IF_ERROR(CheckPem(files.key_file, "PRIVATE KEY"));
  const bool asks_clients = !files.client_ca_file.empty();
  if (asks_clients) QUIRE_RETURN_IF_ERROR(CheckPem(files.client_ca_file, "CERTIFICATE"));
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key_file, files.cert_file, files.client_ca_file, kReloadSeconds));
  options.watch_identity_key_cert_pairs();
  if (asks_clients) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  } else {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace quire::server
