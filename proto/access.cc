#include "proto/access.h"

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire {
namespace {

// The whole of a file; empty for no file.
absl::StatusOr<std::string> ReadNamed(const char* flag, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&text);
  if (!text.empty()) return text;
  return absl::FailedPreconditionError(
      absl::StrCat(flag, " ", path, " cannot be read, or is empty"));
}

}  // namespace

absl::StatusOr<Access> ReadAccess(const AccessFiles& files, const std::string& address) {
  Access access;
  QUIRE_ASSIGN_OR_RETURN(const std::string token, ReadNamed("--token-file", files.token_file));
  if (!token.empty()) access.authorization = absl::StrCat("Bearer ", token);
  if (files.ca_file.empty() || absl::StartsWith(address, "unix:")) return access;
  grpc::SslCredentialsOptions options;
  QUIRE_ASSIGN_OR_RETURN(options.pem_root_certs, ReadNamed("--ca-file", files.ca_file));
  QUIRE_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadNamed("--cert-file", files.cert_file));
  QUIRE_ASSIGN_OR_RETURN(options.pem_private_key, ReadNamed("--key-file", files.key_file));
  access.credentials = grpc::SslCredentials(options);
  return access;
}

}  // namespace quire
