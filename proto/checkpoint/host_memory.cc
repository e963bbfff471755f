#include "proto/checkpoint/host_memory.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace quire {
namespace {

// The number behind `key` in a file of "key number" lines; the file's first where `key` is empty.
std::optional<int64_t> Number(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipWhitespace());
    int64_t number = 0;
    const size_t at = key.empty() ? 0 : 1;
    if (words.size() <= at || (!key.empty() && words[0] != key)) continue;
    if (absl::SimpleAtoi(words[at], &number)) return number;
    if (key.empty()) return std::nullopt;  // "max"
  }
  return std::nullopt;
}

}  // namespace

HostMemory ReadHostMemory(const std::string& root) {
  const std::string facts = root + "/proc/meminfo", group = root + "/sys/fs/cgroup/";
  HostMemory memory{.total_bytes = 1024 * Number(facts, "MemTotal:").value_or(0),
                    .available_bytes = 1024 * Number(facts, "MemAvailable:").value_or(0)};
  const std::optional<int64_t> allowed = Number(group + "memory.max", "");
  if (!allowed) return memory;
  const int64_t used = Number(group + "memory.current", "").value_or(0) -
                       Number(group + "memory.stat", "inactive_file").value_or(0) -
                       Number(group + "memory.stat", "active_file").value_or(0);
  if (memory.total_bytes == 0 || *allowed < memory.total_bytes) memory.total_bytes = *allowed;
  memory.available_bytes = std::clamp<int64_t>(*allowed - used, 0, memory.available_bytes);
  return memory;
}

}  // namespace quire
