#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace quire::server {

// A temporary folder that only this user can enter; removed with what it holds when this goes. Its
// path is short enough for a socket's name.
class PrivateFolder {
 public:
  // Internal, with the system's words, when it cannot be made.
  static absl::StatusOr<PrivateFolder> Create();
  ~PrivateFolder();
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  PrivateFolder& operator=(PrivateFolder&&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace quire::server
