#include "server/listener.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

constexpr int kPermittedPingMs = 50'000;  // clients may ask every minute

std::string WithPort(const std::string& address, int port) {
  if (absl::StartsWith(address, "unix:")) return address;
  return absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
}

}  // namespace

absl::StatusOr<Listener> Listen(grpc::Service& service, const ListenOptions& options) {
  const std::vector<std::string>& addresses = options.addresses;
  const ConnectionLimits& limits = options.connections;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(options.max_receive_bytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPermittedPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, limits.keepalive_seconds * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, limits.keepalive_seconds * 1000 / 3);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             limits.max_streams_per_connection);
  std::vector<int> ports(addresses.size());
  for (size_t i = 0; i < addresses.size(); ++i) {
    const bool is_socket = absl::StartsWith(addresses[i], "unix:");
    builder.AddListeningPort(addresses[i],
                             is_socket ? grpc::InsecureServerCredentials() : options.credentials,
                             &ports[i]);
  }
  Listener listener{.server = builder.BuildAndStart()};
  if (listener.server == nullptr) {
    std::vector<std::string> failed;
    for (size_t i = 0; i < addresses.size(); ++i) {
      if (ports[i] == 0) failed.push_back(addresses[i]);
    }
    return MakeError(absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
                     absl::StrCat("cannot listen on ",
                                  absl::StrJoin(failed.empty() ? addresses : failed, ", "),
                                  ": the address is in use, or is none of this machine; give "
                                  "another one"));
  }
  for (size_t i = 0; i < addresses.size(); ++i) {
    listener.addresses.push_back(WithPort(addresses[i], ports[i]));
  }
  return listener;
}

}  // namespace quire::server
