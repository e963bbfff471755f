#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

struct mg_context;

namespace quire {

// Upper bounds of every histogram of seconds: 1 ms to 300 s.
const std::vector<double>& SecondsBuckets();

// Something to look at beside the metrics.
struct HttpPage {
  std::string path;          // "/status.json"
  std::string content_type;  // "application/json"
  // Called from the endpoint's threads; nothing when there is nothing to show yet: 503.
  std::function<std::optional<std::string>()> body;
};

// Answers GET /metrics, and other pages, on an address, from threads of its own. Read-only: it takes
// no other method, no file and no request body.
class MetricsEndpoint {
 public:
  //   address   host:port; port 0: any free one
  //   figures   asked at each scrape
  // Unavailable when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Serve(
      const std::string& address, std::shared_ptr<prometheus::Collectable> figures,
      std::vector<HttpPage> pages = {});
  // Takes milliseconds, or 2 s while a scraper keeps a connection.
  ~MetricsEndpoint();

  const std::string& address() const { return address_; }  // with the true port

 private:
  MetricsEndpoint() = default;

  std::vector<HttpPage> pages_;  // the handler's; the metrics are the last
  std::string address_;
  mg_context* context_ = nullptr;
};

}  // namespace quire
