#pragma once

#include <utility>

#include "quire/worker/v1/worker.grpc.pb.h"
#include "server/event_loop.h"
#include "server/limits.h"
#include "server/token_file.h"
#include "server/worker_registry.h"

namespace quire::server {

// What every stream of a worker needs; all outlive the streams.
struct AttachParts {
  EventLoop& loop;
  WorkerRegistry& registry;
  FrontLimits limits;
  // Asked of workers that come over TCP; null where their certificate is enough. Those of the unix
  // socket need none.
  TokenFile* tokens = nullptr;
};

// quire.worker.v1.AttachService: one reactor for each worker, which lives until its stream is over.
class AttachService final : public quire::worker::v1::AttachService::CallbackService {
 public:
  explicit AttachService(AttachParts parts) : parts_(std::move(parts)) {}
  grpc::ServerBidiReactor<quire::worker::v1::AttachRequest, quire::worker::v1::AttachResponse>*
  Attach(grpc::CallbackServerContext* context) override;

 private:
  const AttachParts parts_;
};

}  // namespace quire::server
