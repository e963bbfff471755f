#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
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

// What the supervisor tells, from its own thread and without a lock; not once it was told to stop.
struct SupervisorEvents {
  // The process ended and will be started again (or not: `given_up`).
  std::function<void(const std::string& id, const ExitState& exit, bool given_up)> on_ended;
};

// Keeps local workers running: one thread, to which their lives are bound, starts them, reaps them and
// starts them again with back-off. A worker that ends with exit code 78 (configuration: its model
// cannot be loaded) is not started again before the back-off's longest wait, since trying at once
// cannot help. A worker has one arena for all its lives, so spans of it stay valid. Thread-safe.
class Supervisor {
 public:
  static constexpr int kConfigurationExit = 78;  // EX_CONFIG of sysexits.h

  Supervisor(SupervisorOptions options, std::vector<LocalWorker> workers, SupervisorEvents events);
  // Stops the workers: SIGTERM, SIGKILL after 5 s.
  ~Supervisor();

  // Starts all workers, once. ResourceExhausted when there is no memory for an arena, ChildProcess::
  // Start's errors when the program cannot be run; then those that run are stopped.
  absl::Status Start();
  // SIGTERM to all, SIGKILL after 5 s to those that are left; they are not started again. Returns at
  // once.
  void BeginStop();
  // Kills one that hangs; it is started again. Its end says `reason`. Nothing when it does not run.
  void Kill(const std::string& id, std::string_view reason);
  // Tells that a worker attached: its start counts as a success.
  void OnAttached(const std::string& id);
  // The arena shared with a worker; null for an unknown id, and before Start().
  std::shared_ptr<Arena> arena(const std::string& id) const;
  // Times that it was started again; 0 for an unknown id.
  int restarts(const std::string& id) const;
  // Whether there were workers and every one was given up.
  bool hopeless() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
