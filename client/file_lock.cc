#include "client/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"

namespace quire::client {

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

absl::Status FileLock::Take(const std::string& path, const std::string& holder) {
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return FileError("write", path, errno);
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno != EWOULDBLOCK) return FileError("lock", path, errno);
  return WithExitCode(absl::AbortedError(absl::StrCat(holder, " is running (it holds ",
                                                      Printable(path), "); wait for it")),
                      kExitBusy);
}

}  // namespace quire::client
