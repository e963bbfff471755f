#pragma once

#include <string>

#include "absl/status/status.h"

namespace quire::client {

// Keeps other processes out while it lives: a lock on a file, which is made and goes with it. The
// lock goes with the process, however that ends.
class FileLock {
 public:
  FileLock() = default;
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Call once. Aborted, with kExitBusy, when another process holds it; FileError.
  //   holder  what that process is, for the sentence: "another pull of this model"
  absl::Status Take(const std::string& path, const std::string& holder);

 private:
  int fd_ = -1;
  std::string path_;
};

}  // namespace quire::client
