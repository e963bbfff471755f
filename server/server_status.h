#pragma once

#include <chrono>

#include "quire/v1/ocr.pb.h"
#include "server/admission.h"
#include "server/dispatcher.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/readiness.h"
#include "server/recognition.h"
#include "server/worker_registry.h"

namespace quire::server {

// What the server says of itself. Lives on the loop; what it looks at outlives it.
class ServerStatus {
 public:
  struct Parts {
    const Admission& admission;
    const Dispatcher& dispatcher;
    const WorkerRegistry& registry;
    const Readiness& readiness;
    const Metrics& metrics;
    const OpenRecognitions& open;
    FrontLimits limits;
  };
  explicit ServerStatus(const Parts& parts) : parts_(parts) {}

  quire::v1::GetServerInfoResponse Info() const;
  quire::v1::WatchStatusResponse Now() const;

 private:
  const Parts parts_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace quire::server
