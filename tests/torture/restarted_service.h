#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "proto/mutex.h"
#include "tests/service/running_service.h"

namespace quire {

struct RestartedServiceOptions {
  std::string folder;          // of its socket
  std::string worker_address;  // that remote workers dial
  std::string token_file;      // for them
  std::string spool_folder;
  std::vector<std::string> environment;  // "KEY=value"
};

// The service under torture, which is started again at the same address whatever becomes of it.
// Thread-safe.
class RestartedService {
 public:
  explicit RestartedService(RestartedServiceOptions options);

  // False, and a line on stderr, when it does not come up.
  bool Start();
  // Ends the front by SIGTERM or SIGKILL and starts the next one. Counts what it left behind.
  bool StartAgain(bool by_crash);
  void End(bool by_crash);
  // Sends a signal to one of the children with this name; false when there is none.
  bool Signal(const std::string& program, int signal, std::mt19937& random);
  // Anonymous memory of the front and all its workers. Renderers are bounded by their own limit and
  // come and go.
  int64_t MemoryBytes();
  // From now on this process counts too.
  void MeasureThisProcess() { with_this_process_ = true; }

  const std::string& address() const { return address_; }
  int orphans() const { return orphans_; }
  int left_files() const { return left_files_; }

 private:
  std::shared_ptr<RunningService> running();

  const RestartedServiceOptions options_;
  const std::string address_;
  Mutex mutex_;
  std::shared_ptr<RunningService> running_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> with_this_process_ = false;
  std::atomic<int> orphans_ = 0;
  std::atomic<int> left_files_ = 0;
};

}  // namespace quire
