#include "client/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"

namespace quire::client {

FileLock::~FileLock() {
  if (fd_ < 0) return;
  unlink(path_.c_str());  // while it is held: who waits for it looks whether it is still there
  close(fd_);
}

absl::Status FileLock::Take(const std::string& path, const std::string& holder) {
  while (true) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return FileError("write", path, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      close(fd);
      if (error != EWOULDBLOCK) return FileError("lock", path, error);
      return WithExitCode(absl::AbortedError(absl::StrCat(holder, " is running (it holds ",
                                                          Printable(path), "); wait for it")),
                          kExitBusy);
    }
    struct stat held = {}, there = {};
    if (fstat(fd, &held) == 0 && stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino) {
      fd_ = fd;
      path_ = path;
      return absl::OkStatus();
    }
    close(fd);  // its last holder took it away in between
  }
}

}  // namespace quire::client
