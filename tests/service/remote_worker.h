#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "proto/mutex.h"
#include "server/child_process.h"

namespace quire {

// "127.0.0.1:PORT" that nobody listens on now.
std::string FreeAddress();

struct RemoteWorkerOptions {
  std::string program = "quire-fake-worker";  // file name in the build's bin folder
  std::string id = "remote";
  std::vector<std::string> fronts;            // addresses that it attaches to
  std::string token_file;
  std::vector<std::string> arguments;    // beside those that these make
  std::vector<std::string> environment;  // "KEY=value"
  int network = -1;  // descriptor of the network that it lives in, kept open; -1: this thread's
};

// A worker that no front starts: it is kept running, as Kubernetes or systemd would, until this goes.
// Thread-safe.
class RemoteWorker {
 public:
  explicit RemoteWorker(RemoteWorkerOptions options);
  ~RemoteWorker();

  void Signal(int signal);
  pid_t pid() const;
  // Times that it was started.
  int lives() const;

 private:
  void KeepRunning(server::ChildOptions child);

  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int lives_ ABSL_GUARDED_BY(mutex_) = 0;
  pid_t pid_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;  // a child ends when the thread that started it ends
};

}  // namespace quire
