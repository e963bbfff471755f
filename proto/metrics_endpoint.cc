#include "proto/metrics_endpoint.h"

#include <civetweb.h>
#include <netdb.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

constexpr std::chrono::milliseconds kKnockTick{5};
constexpr char kThreads[] = "2";  // a scrape and a look
constexpr char kRequestTimeoutMs[] = "10000";

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

// A head and a body; nothing of it may be kept, framed or made a script of by a browser.
int Send(mg_connection* connection, const char* status, const std::string& type,
         const std::string& body, bool with_body) {
  const std::string head = absl::StrCat(
      "HTTP/1.1 ", status, "\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
      "connect-src 'self'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n");
  const std::string whole = with_body ? head + body : head;
  mg_write(connection, whole.data(), whole.size());
  return atoi(status);  // what civetweb notes
}

// Every request comes here, whatever its path.
int Answer(mg_connection* connection, void* handled) {
  const auto& pages = *static_cast<const std::vector<HttpPage>*>(handled);
  const mg_request_info& request = *mg_get_request_info(connection);
  const std::string_view method = request.request_method, path = request.local_uri;
  const bool with_body = method == "GET";
  if (!with_body && method != "HEAD") {
    return Send(connection, "405 Method Not Allowed", "text/plain", "use GET\n", true);
  }
  for (const HttpPage& page : pages) {
    if (page.path != path) continue;
    const std::optional<std::string> body = page.body();
    if (body.has_value()) return Send(connection, "200 OK", page.content_type, *body, with_body);
    return Send(connection, "503 Service Unavailable", "text/plain",
                "the server is starting or stopping\n", with_body);
  }
  return Send(connection, "404 Not Found", "text/plain", "there is /metrics\n", with_body);
}

}  // namespace

const std::vector<double>& SecondsBuckets() {
  static const auto& buckets = *new std::vector<double>{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
  return buckets;
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Serve(
    const std::string& address, std::shared_ptr<prometheus::Collectable> figures,
    std::vector<HttpPage> pages) {
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint());
  endpoint->address_ = address;
  endpoint->pages_ = std::move(pages);
  endpoint->pages_.push_back({.path = "/metrics",
                              .content_type = "text/plain; version=0.0.4; charset=utf-8",
                              .body = [figures = std::move(figures)] {
                                return prometheus::TextSerializer().Serializer::Serialize(
                                    figures->Collect());
                              }});
  mg_callbacks callbacks = {};
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };  // said is said
  const char* options[] = {"listening_ports", address.c_str(), "num_threads", kThreads,
                           "request_timeout_ms", kRequestTimeoutMs, nullptr};
  endpoint->context_ = mg_start(&callbacks, nullptr, options);
  if (endpoint->context_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("metrics cannot be served on ", address,
                                               ": the address is in use or not this machine's; "
                                               "give another --metrics-listen host:port"));
  }
  mg_set_request_handler(endpoint->context_, "/", Answer, &endpoint->pages_);
  mg_server_port port = {};
  const size_t colon = address.rfind(':');
  if (mg_get_server_ports(endpoint->context_, 1, &port) == 1 && colon != std::string::npos) {
    endpoint->address_ = absl::StrCat(address.substr(0, colon), ":", port.port);
  }
  return endpoint;
}

// civetweb's accepting thread looks whether it should end every 2 s, and after each connection.
MetricsEndpoint::~MetricsEndpoint() {
  if (context_ == nullptr) return;
  std::atomic<bool> ended = false;
  std::thread knocker([&] {
    while (!ended) {
      Knock(address_);
      std::this_thread::sleep_for(kKnockTick);
    }
  });
  mg_stop(context_);
  ended = true;
  knocker.join();
}

}  // namespace quire
