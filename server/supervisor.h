#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/arena.h"
#include "server/child_process.h"

namespace quire::server {

// One local worker to keep running.
struct LocalWorker {
  std::string id;  // "cpu", "cuda-0"
  std::vector<std::string> arguments;  // beside --id, --attach and --arena-fd, which it adds
};

struct SupervisorOptions {
  std::string program;      // path of quire-worker
  std::string attach_address;  // "unix:/path" that children dial
  uint64_t arena_bytes = 0; // of each worker
  int max_start_failures = 5;  // ends in a row without ever attaching, after which it is given up
};

// What the supervisor tells.
struct SupervisorEvents {
  // The process ended and will be started again (or not: `given_up`).
  std::function<void(const std::string& id, const ExitState& exit, bool given_up)> on_ended;
};

// Keeps local workers running: starts them, reaps them, starts them again with back-off. A worker
// that fails with exit code 78 (configuration: its model cannot be loaded) is not started again
// before the back-off's longest wait, since trying at once cannot help. Thread-safe.
class Supervisor {
 public:
  Supervisor(SupervisorOptions options, std::vector<LocalWorker> workers, SupervisorEvents events);
  // Stops the workers: SIGTERM, SIGKILL after 5 s.
  ~Supervisor();

  absl::Status Start();
  // SIGTERM to all; they are not started again.
  void BeginStop();
  // Kills one that hangs; it is started again.
  void Kill(const std::string& id, std::string_view reason);
  // Tells that a worker attached: its start counts as a success.
  void OnAttached(const std::string& id);
  // The arena shared with a worker; null for an unknown id.
  std::shared_ptr<Arena> arena(const std::string& id) const;
  int restarts(const std::string& id) const;
  // Whether every worker was given up.
  bool hopeless() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
