#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace quire::client {

// Waits, without polling, for what happens to a child process: its end, and changes in a folder
// that it writes into. One thread at a time.
class ChildEvents {
 public:
  //   pid     a child of this process that was not reaped yet
  //   folder  an existing folder
  // Internal when the system has no more descriptors.
  static absl::StatusOr<ChildEvents> Open(pid_t pid, const std::string& folder);
  ~ChildEvents();
  ChildEvents(ChildEvents&& other) noexcept;
  ChildEvents& operator=(ChildEvents&&) = delete;

  // Returns when the child ended, something in the folder changed, `wake_fd` became readable (-1:
  // none) or the deadline passed; may also return for nothing. The caller looks what it was.
  //   returns  false when the deadline passed
  bool Wait(int wake_fd, std::chrono::steady_clock::time_point deadline);

 private:
  ChildEvents(int child_fd, int folder_fd) : child_fd_(child_fd), folder_fd_(folder_fd) {}

  int child_fd_;   // Linux: a pidfd; else a kqueue that also holds the folder
  int folder_fd_;  // Linux: an inotify descriptor; else the open folder
};

}  // namespace quire::client
