#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace quire::server {

// Removes what a front that is killed leaves in the file system: its folder and its sockets. A process
// of its own, which waits for the end of the one that made it, whichever way that comes. One thread.
class Sweeper {
 public:
  // Forks: before this process has a second thread. Internal when it cannot.
  static absl::StatusOr<Sweeper> Start();
  // Lets the process sweep and waits until it has.
  ~Sweeper();
  Sweeper(Sweeper&& other) noexcept;
  Sweeper& operator=(Sweeper&&) = delete;

  // The file or folder at `path`, which exists, goes when this process has ended or this object goes;
  // nothing does where the path then leads to another one.
  void Watch(const std::string& path);

 private:
  Sweeper(pid_t pid, int pipe_fd) : pid_(pid), pipe_fd_(pipe_fd) {}
  pid_t pid_ = -1;
  int pipe_fd_ = -1;
};

}  // namespace quire::server
