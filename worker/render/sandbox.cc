#include "worker/render/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/render/landlock.h"
#include "worker/render/system_calls.h"

namespace quire::render {
namespace {

constexpr rlim_t kMostDescriptors = 64;

absl::Status Failed(std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat(std::string(what), ": ", std::strerror(errno)));
}

absl::Status SetLimit(decltype(RLIMIT_AS) resource, rlim_t most, std::string_view what) {
  const rlimit limit{most, most};
  return setrlimit(resource, &limit) == 0 ? absl::OkStatus() : Failed(what);
}

#ifdef QUIRE_SANITIZED
absl::Status LimitMemory(int64_t /*bytes*/) { return absl::OkStatus(); }
#else
// Address space that is mapped now, in bytes; -1 when the system does not say.
int64_t MappedBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return -1;
  long long pages = -1;
  const bool read = std::fscanf(file, "%lld", &pages) == 1;
  std::fclose(file);
  return read ? pages * sysconf(_SC_PAGESIZE) : -1;
}

absl::Status LimitMemory(int64_t bytes) {
  if (bytes <= 0) return absl::OkStatus();
  const int64_t mapped = MappedBytes();
  if (mapped < 0) return absl::FailedPreconditionError("/proc/self/statm cannot be read");
  return SetLimit(RLIMIT_AS, static_cast<rlim_t>(mapped + bytes), "memory cannot be limited");
}
#endif

}  // namespace

absl::StatusOr<std::vector<std::string>> EnterSandbox(const SandboxOptions& options) {
  QUIRE_RETURN_IF_ERROR(LimitMemory(options.memory_bytes));
  QUIRE_RETURN_IF_ERROR(SetLimit(RLIMIT_CORE, 0, "core files cannot be switched off"));
  if (!options.may_write) {
    QUIRE_RETURN_IF_ERROR(SetLimit(RLIMIT_FSIZE, 0, "files cannot be limited"));
  }
  QUIRE_RETURN_IF_ERROR(SetLimit(RLIMIT_NOFILE, kMostDescriptors, "descriptors cannot be limited"));
  std::signal(SIGXFSZ, SIG_IGN);  // a library's complaint on stderr, into a file, is not worth dying for
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return Failed("PR_SET_DUMPABLE");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("PR_SET_NO_NEW_PRIVS");
  std::vector<std::string> missing;
  for (const absl::Status& status : {RestrictFiles(options.readable), RestrictSystemCalls()}) {
    if (absl::IsUnimplemented(status)) {
      missing.emplace_back(status.message());
    } else if (!status.ok()) {
      return status;
    }
  }
  return missing;
}

}  // namespace quire::render
