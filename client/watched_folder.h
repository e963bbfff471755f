#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::client {

// A folder into which documents are put: PDF and images by the endings of their names, not hidden,
// not in folders below. It is looked at again and again: folders on a network announce nothing.
// One thread at a time.
class WatchedFolder {
 public:
  explicit WatchedFolder(std::string folder) : folder_(std::move(folder)) {}

  // Files that are new or have changed, and have stayed the same since the last look: what is still
  // being written is not ready. In the order of their names. FileError when the folder cannot be
  // read.
  absl::StatusOr<std::vector<std::string>> Look();

 private:
  struct State {
    uintmax_t size_bytes = 0;
    std::filesystem::file_time_type changed;
    bool given = false;
  };

  const std::string folder_;
  std::map<std::string, State> files_;  // by path
};

}  // namespace quire::client
