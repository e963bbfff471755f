#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"
#include "server/credentials.h"
#include "server/limits.h"
#include "server/listener.h"
#include "server/metrics.h"
#include "server/render_pool.h"
#include "server/spool.h"
#include "server/token_file.h"
#include "server/worker_registry.h"

namespace quire::server {

struct FrontOptions {
  std::vector<std::string> listen;  // of the public service: host:port, unix:/path
  std::string attach_socket;        // path of the unix socket for workers; its folder is private
  std::string worker_listen;        // host:port for remote workers; empty: none
  TlsFiles tls;                     // of TCP addresses of the public service
  TlsFiles worker_tls;              // of worker_listen
  std::shared_ptr<TokenFile> client_tokens;  // asked of clients; null: none
  std::shared_ptr<TokenFile> worker_tokens;  // asked of remote workers; null: none
  ConnectionLimits connections;
  bool worker_may_come = true;      // local workers are being started, or remote ones may dial
  FrontLimits limits;
  SpoolLimits spool;
  int renderers = 1;
  double goodbye_seconds = 2;  // for the last messages and the workers to leave, in Stop()
};

// The whole service but its processes: public gRPC server, attach server, and everything on the loop.
// Thread-safe where not said otherwise.
class Front {
 public:
  // Starts to listen. Unavailable names the address where that is impossible; MakeServerCredentials'
  // errors.
  //   local        how it meets its local workers; called on the loop until Stop()
  //   render_pool  owned from here on
  //   metrics      outlives this
  static absl::StatusOr<std::unique_ptr<Front>> Start(FrontOptions options, LocalWorkers local,
                                                      std::unique_ptr<RenderPool> render_pool,
                                                      Metrics& metrics);
  ~Front();  // Stop()
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Where it listens, with real ports.
  const std::vector<std::string>& addresses() const;
  const std::string& worker_address() const;  // empty without worker_listen
  std::string attach_address() const;         // "unix:/path"

  // Calls `ready` on the loop as soon as pages can be read; once.
  void WhenReady(std::function<void()> ready);
  // A local worker's process ended. `given_up`: it will not be started again.
  void OnLocalWorkerEnded(const std::string& id, const std::string& how, bool given_up);
  // No local worker is left that could be started.
  void OnHopeless();
  // Takes nothing new; `on_idle` is called on the loop once the last document is done.
  void BeginDrain(std::function<void()> on_idle);
  // Not after Stop().
  quire::v1::WatchStatusResponse Status();
  // Ends what still runs with Unavailable and closes all streams. One caller.
  void Stop();

 private:
  struct Impl;
  explicit Front(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
