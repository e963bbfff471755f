#pragma once

#include <set>
#include <string>

#include <grpcpp/health_check_service_interface.h>

namespace quire::server {

// What grpc.health.v1 answers: "live" always serves; the empty name, "ready" and
// "quire.v1.OcrService" serve while a worker is attached and nothing is being drained; "model/KEY"
// while a worker with that model is. Lives on the loop.
class Readiness {
 public:
  // Before anything else; `health` outlives this. From here on only "live" serves.
  void Bind(grpc::HealthCheckServiceInterface& health);

  //   models  keys of the models of attached workers that take pages
  void Update(const std::set<std::string>& models, bool draining);
  bool ready() const { return ready_; }

 private:
  void Set(bool ready);
  grpc::HealthCheckServiceInterface* health_ = nullptr;
  std::set<std::string> models_;  // that are told as serving
  bool ready_ = false;
};

}  // namespace quire::server
