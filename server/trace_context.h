#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

namespace quire::server {

// W3C trace context (https://www.w3.org/TR/trace-context/): the `traceparent` of what this server does
// for a caller who sent `given`: the caller's trace and flags, and an id of our own as the parent of
// what follows. A new trace, not sampled, where `given` is empty or not what the standard allows.
std::string ContinueTrace(std::string_view given);
// The same for a call's metadata.
std::string ContinueTrace(const grpc::ServerContextBase& context);

}  // namespace quire::server
