#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::server {

// What a child is started with. Descriptors appear in the child under the given numbers (3 and up),
// everything else above 2 is closed; stdin is /dev/null; stdout and stderr are the parent's. Signals
// are neither blocked nor ignored.
struct ChildOptions {
  std::string program;  // path
  std::vector<std::string> arguments;  // without argv[0]
  struct Descriptor {
    int parent_fd = -1;
    int child_fd = -1;
  };
  std::vector<Descriptor> descriptors;
  std::vector<std::string> environment;  // "KEY=value", put before the parent's
};

// How a child ended.
struct ExitState {
  int code = 0;    // exit code when signal is 0
  int signal = 0;  // signal that ended it
  std::string reason;  // what we know beside that, such as why we killed it
  std::string Describe() const;  // "exit code 3", "signal 9 (Killed): no progress"
};

// One child process in its own process group. The destructor kills it (SIGKILL) and reaps it. One
// thread at a time.
//
// It dies with the *thread* that started it (PR_SET_PDEATHSIG, Linux): start children from a thread
// that lives as long as they should.
class ChildProcess {
 public:
  // NotFound, PermissionDenied, InvalidArgument (not a program of this machine) name the program when
  // it cannot be run; ResourceExhausted when the system has no process or descriptor left.
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options);
  ChildProcess() = default;
  ~ChildProcess() { Kill(); }
  ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  // Until its end was seen by Poll(), WaitUntil() or Kill().
  bool running() const { return pid_ > 0; }
  // Readable for poll() once the child has ended; owned by this.
  int exit_fd() const { return exit_fd_; }
  // To the child alone; nothing when it is gone.
  void Signal(int signal);
  // How it ended, once it has; reaps it. Nothing before, and after that was told.
  std::optional<ExitState> Poll();
  // Waits at most until the deadline.
  std::optional<ExitState> WaitUntil(std::chrono::steady_clock::time_point deadline);
  // Ends it at once and waits for that; it may have ended by itself before.
  std::optional<ExitState> Kill();

 private:
  std::optional<ExitState> Reap(int wait_options);

  pid_t pid_ = -1;
  int exit_fd_ = -1;  // pidfd
};

}  // namespace quire::server
