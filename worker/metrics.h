#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

// This worker's own figures for Prometheus, all named quire_engine_..., so that sums over them and
// over the front's, which has them for its local workers too, never mix. Thread-safe.
class Metrics {
 public:
  // `reader` outlives this; it is asked at each scrape.
  explicit Metrics(const PageReader& reader);
  ~Metrics();

  // Serves GET /metrics on "host:port" (port 0: any free one) and returns the address with its real
  // port. Unavailable when it cannot listen there.
  absl::StatusOr<std::string> Serve(const std::string& address);

  // A page ended: its stages and tokens, or why not.
  void PageEnded(const absl::StatusOr<PageOutput>& output);
  // One of its fronts came or went.
  void SetAttached(const std::string& address, bool attached);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::worker
