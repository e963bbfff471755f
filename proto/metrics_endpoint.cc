#include "proto/metrics_endpoint.h"

#include <netdb.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

constexpr std::chrono::milliseconds kKnockTick{5};

// Connects to host:port, a number each, and leaves.
void Knock(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return;
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* target = nullptr;
  if (getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &target) != 0) return;
  const int fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)connect(fd, target->ai_addr, target->ai_addrlen);  // the attempt is all
    close(fd);
  }
  freeaddrinfo(target);
}

}  // namespace

const std::vector<double>& SecondsBuckets() {
  static const auto& buckets = *new std::vector<double>{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
  return buckets;
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Serve(
    const std::string& address, const std::shared_ptr<prometheus::Collectable>& figures) {
  // The one place where this library can throw.
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address, 1);
    exposer->RegisterCollectable(figures);
    const std::vector<int> ports = exposer->GetListeningPorts();
    const size_t colon = address.rfind(':');
    std::string bound = address;
    if (!ports.empty() && colon != std::string::npos) {
      bound = absl::StrCat(address.substr(0, colon), ":", ports.front());
    }
    // Its constructor is private.
    return std::unique_ptr<MetricsEndpoint>(
        new MetricsEndpoint(std::move(exposer), std::move(bound)));
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("metrics cannot be served on ", address, ": ",
                                               error.what(),
                                               "; give another --metrics-listen host:port"));
  }
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, std::string address)
    : exposer_(std::move(exposer)), address_(std::move(address)) {}

// civetweb's accepting thread looks whether it should end every 2 s, and after each connection.
MetricsEndpoint::~MetricsEndpoint() {
  std::atomic<bool> ended = false;
  std::thread knocker([&] {
    while (!ended) {
      Knock(address_);
      std::this_thread::sleep_for(kKnockTick);
    }
  });
  exposer_ = nullptr;
  ended = true;
  knocker.join();
}

}  // namespace quire
