#include "worker/render/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace quire::render {
namespace {

// The kernel's struct as of ABI 6; older headers end earlier, older kernels want less of it.
struct Rights {
  uint64_t files = 0;
  uint64_t network = 0;
  uint64_t scoped = 0;
};

// Rights on files that came after Debian 12's header. See linux/landlock.h.
constexpr uint64_t kRefer = 1 << 13;         // ABI 2
constexpr uint64_t kTruncate = 1 << 14;      // ABI 3
constexpr uint64_t kDeviceIoctl = 1 << 15;   // ABI 5
constexpr uint64_t kFirstFileRights = (1 << 13) - 1;
constexpr uint64_t kTcp = 3;                 // bind and connect, ABI 4
constexpr uint64_t kScopes = 3;              // abstract unix sockets and signals, ABI 6

Rights AllRights(int abi) {
  Rights rights{.files = kFirstFileRights};
  if (abi >= 2) rights.files |= kRefer;
  if (abi >= 3) rights.files |= kTruncate;
  if (abi >= 4) rights.network = kTcp;
  if (abi >= 5) rights.files |= kDeviceIoctl;
  if (abi >= 6) rights.scoped = kScopes;
  return rights;
}

size_t StructBytes(int abi) { return abi >= 6 ? 24 : abi >= 4 ? 16 : 8; }

absl::Status Failed(std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("landlock: ", std::string(what), ": ", std::strerror(errno)));
}

// A folder with all that is in it, or a file.
absl::Status AllowReading(int ruleset, const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return absl::OkStatus();
  struct stat facts {};
  const bool is_folder = fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
  const uint64_t folder_rights = is_folder ? LANDLOCK_ACCESS_FS_READ_DIR : 0;
  landlock_path_beneath_attr rule{.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | folder_rights,
                                  .parent_fd = fd};
  const long result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  const absl::Status status = result == 0 ? absl::OkStatus() : Failed(path);
  close(fd);
  return status;
}

}  // namespace

absl::Status RestrictFiles(const std::vector<std::string>& readable) {
  const int abi = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (abi < 1) return absl::UnimplementedError("landlock: not in this kernel, or switched off");
  const Rights rights = AllRights(abi);
  const int ruleset =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &rights, StructBytes(abi), 0));
  if (ruleset < 0) return Failed("no rules can be made");
  absl::Status status;
  for (const std::string& path : readable) status.Update(AllowReading(ruleset, path));
  if (status.ok() && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
    status = Failed("the rules cannot be entered");
  }
  close(ruleset);
  return status;
}

}  // namespace quire::render
