#pragma once

#include <atomic>
#include <string>

namespace quire {

// A folder on a file system of its own that can be filled up, where this process may mount one (root);
// else a plain folder. One thread at a time.
class SmallDisk {
 public:
  static constexpr int64_t kBytes = 16 << 20;

  explicit SmallDisk(std::string folder);
  ~SmallDisk();

  const std::string& folder() const { return folder_; }
  bool can_be_full() const { return mounted_; }
  // To its last byte; again and again, for what becomes free meanwhile.
  void Fill();
  void Empty();

 private:
  const std::string folder_;
  bool mounted_ = false;
};

}  // namespace quire
