#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/metrics_endpoint.h"
#include "quire/v1/ocr.pb.h"
#include "quire/worker/v1/worker.pb.h"

namespace quire::server {

// Figures for Prometheus, all named quire_...; labels take few values. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // Serves GET /metrics on "host:port" (port 0: any free one) and returns the address with its real
  // port. Unavailable when it cannot listen there.
  //   pages  to be served beside it
  absl::StatusOr<std::string> Serve(const std::string& address, std::vector<HttpPage> pages = {});

  // A page was read: its stages, total time, tokens and why its text ended.
  void PageRead(const quire::v1::PageResult& page);
  // A page ended without text: "failed" or "cancelled".
  void PageEnded(std::string_view outcome);
  // A try began: "first", "worker_lost", "worker_failed", "out_of_memory", "render_failed"
  // or "model_gone".
  void PageAttempt(std::string_view reason);
  // Seconds from half-close to a document's first page.
  void FirstPage(double seconds);
  void DocumentEnded(absl::StatusCode code);
  // A document was not let in; `reason` is that of its ErrorInfo. One that Admission does not give
  // counts as "other": labels have few values, whatever comes.
  void Rejected(const std::string& reason);
  void Received(int64_t bytes);
  // A local worker ended: "died", "configuration", "device_failed" or "hung".
  void WorkerRestart(std::string_view reason);
  // A renderer was killed or died: "timeout" or "died".
  void RenderKill(std::string_view reason);

  // An attached worker.
  struct WorkerLevels {
    std::string device, model, dtype;
    quire::worker::v1::Heartbeat heartbeat;
  };
  // Levels, as they are now.
  struct Levels {
    int64_t queue_pages = 0;
    int documents_open = 0;
    int slots_used = 0;
    int slots_free = 0;
    int64_t spool_bytes = 0;
    std::map<std::string, WorkerLevels> workers;  // by id
  };
  void SetLevels(const Levels& levels);

  int64_t pages_read() const;
  int64_t pages_failed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
