#include "server/readiness.h"

namespace quire::server {

void Readiness::Bind(grpc::HealthCheckServiceInterface& health) {
  health_ = &health;
  health_->SetServingStatus("live", true);
  Set(false);
}

void Readiness::Set(bool ready) {
  ready_ = ready;
  for (const char* name : {"", "ready", "quire.v1.OcrService"}) {
    health_->SetServingStatus(name, ready);
  }
}

void Readiness::Update(const std::set<std::string>& models, bool draining) {
  const bool ready = !models.empty() && !draining;
  if (ready != ready_) Set(ready);
  const std::set<std::string> serving = draining ? std::set<std::string>() : models;
  for (const std::string& model : models_) {
    if (!serving.contains(model)) health_->SetServingStatus("model/" + model, false);
  }
  for (const std::string& model : serving) {
    if (!models_.contains(model)) health_->SetServingStatus("model/" + model, true);
  }
  models_ = serving;
}

}  // namespace quire::server
