#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::render {

struct SandboxOptions {
  // Address space that may be taken beyond what is mapped already; 0: no limit. Builds with a
  // sanitizer have none, since it reserves terabytes.
  int64_t memory_bytes = 0;
  // Whether files that are open already may grow.
  bool may_write = false;
  // Folders and files that may be read, if they are there: fonts and their configuration.
  std::vector<std::string> readable = {"/etc/fonts",
                                       "/usr/share/fonts",
                                       "/usr/share/fontconfig",
                                       "/usr/local/share/fonts",
                                       "/usr/share/poppler",
                                       "/usr/share/ghostscript",
                                       "/var/cache/fontconfig"};
};

// Locks this process in for good, before it sees a byte of a document: no new files but the readable
// ones, no sockets, no processes, no privileges, no core file, limited memory. Every system call that
// is not on the list ends the process (SIGSYS). The process must have one thread; descriptors that
// are open stay so.
//
// Returns what this system cannot do and is therefore missing ("landlock: not in this kernel"), empty
// when all holds. FailedPrecondition when something that should work does not.
absl::StatusOr<std::vector<std::string>> EnterSandbox(const SandboxOptions& options);

}  // namespace quire::render
