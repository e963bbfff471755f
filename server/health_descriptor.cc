#include "server/health_descriptor.h"

#include "grpc/health/v1/health.pb.h"
#include "proto/check.h"

namespace quire::server {

void LinkHealthDescriptor() {
  QUIRE_CHECK(grpc::health::v1::HealthCheckRequest::descriptor() != nullptr);
}

}  // namespace quire::server
