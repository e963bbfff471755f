#pragma once

#include <grpcpp/grpcpp.h>

#include <string_view>

namespace quire::server {

// What a call says under "authorization"; empty when it says nothing. Lives as long as the context.
inline std::string_view AuthorizationOf(const grpc::ServerContextBase& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

}  // namespace quire::server
