#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace quire::client {

// The most resident memory that a process below `root` with this name had so far, in bytes; of
// several the largest. Nothing where the system has no /proc or there is no such process.
//   name  as in /proc/PID/comm, at most 15 bytes
std::optional<int64_t> PeakMemoryBelow(pid_t root, const std::string& name);

}  // namespace quire::client
