#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace quire {

// Upper bounds of every histogram of seconds: 1 ms to 300 s.
const std::vector<double>& SecondsBuckets();

// Answers GET /metrics on an address, from threads of its own.
class MetricsEndpoint {
 public:
  //   address   host:port; port 0: any free one
  //   figures   asked at each scrape
  // Unavailable when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Serve(
      const std::string& address, const std::shared_ptr<prometheus::Collectable>& figures);
  // Takes milliseconds, or 2 s while a scraper keeps a connection.
  ~MetricsEndpoint();

  const std::string& address() const { return address_; }  // with the true port

 private:
  MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, std::string address);

  std::unique_ptr<prometheus::Exposer> exposer_;
  const std::string address_;
};

}  // namespace quire
