#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::server {

// What a child is started with. Descriptors appear in the child under the given numbers (3 and up),
// everything else above 2 is closed; stdin is /dev/null; stdout and stderr are the parent's.
struct ChildOptions {
  std::string program;  // path
  std::vector<std::string> arguments;  // without argv[0]
  struct Descriptor {
    int parent_fd = -1;
    int child_fd = -1;
  };
  std::vector<Descriptor> descriptors;
  std::vector<std::string> environment;  // "KEY=value", added to the parent's
};

// How a child ended.
struct ExitState {
  int code = 0;    // exit code when signal is 0
  int signal = 0;  // signal that ended it
  std::string Describe() const;  // "exit code 3", "signal 9 (Killed)"
};

// One child process in its own process group, told to die with its parent (PR_SET_PDEATHSIG). The
// destructor kills it (SIGKILL) and reaps it. One thread at a time.
class ChildProcess {
 public:
  // NotFound or PermissionDenied name the program when it cannot be run.
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options);
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  // To the child alone; nothing when it is gone.
  void Signal(int signal);
  // How it ended, once it has; reaps it.
  std::optional<ExitState> Poll();
  // Waits at most until the deadline.
  std::optional<ExitState> WaitUntil(std::chrono::steady_clock::time_point deadline);

 private:
  pid_t pid_ = -1;
};

}  // namespace quire::server
