#pragma once

#include <cstdint>
#include <string>

namespace quire {

// Memory of this machine, or what its control group (cgroup v2) allows of it; 0: unknown.
struct HostMemory {
  int64_t total_bytes = 0;
  int64_t available_bytes = 0;  // without swapping; pages of files that can be dropped count
};

//   root  of the file systems that tell: /proc/meminfo and /sys/fs/cgroup
HostMemory ReadHostMemory(const std::string& root = "");

}  // namespace quire
