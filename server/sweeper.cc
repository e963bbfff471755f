#include "server/sweeper.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace quire::server {
namespace {

// What tells a file from another one that took its place: "device:inode".
std::string IdentityOf(const std::string& path) {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) != 0) return "";
  return absl::StrCat(static_cast<uint64_t>(facts.st_dev), ":",
                      static_cast<uint64_t>(facts.st_ino));
}

std::string ReadToEnd(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, got);
    if (got == 0 || (got < 0 && errno != EINTR)) return text;
  }
}

// The process: waits for the pipe's other end to close, then removes what it was told of.
[[noreturn]] void Sweep(int pipe_fd) {
  setsid();  // Ctrl-C in a terminal is the front's alone
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  prctl(PR_SET_NAME, "quire-sweeper");
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
  const std::vector<std::string> told = absl::StrSplit(ReadToEnd(pipe_fd), '\0');
  std::error_code ignored;
  for (size_t i = 0; i + 1 < told.size(); i += 2) {
    if (IdentityOf(told[i]) == told[i + 1]) std::filesystem::remove_all(told[i], ignored);
  }
  _exit(0);
}

}  // namespace

absl::StatusOr<Sweeper> Sweeper::Start() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::InternalError(absl::StrCat("no pipe could be made: ", std::strerror(errno)));
  }
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[1]);
    Sweep(ends[0]);
  }
  const int error = errno;
  close(ends[0]);
  if (pid > 0) return Sweeper(pid, ends[1]);
  close(ends[1]);
  return absl::InternalError(absl::StrCat("no process could be made: ", std::strerror(error)));
}

Sweeper::Sweeper(Sweeper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pipe_fd_(std::exchange(other.pipe_fd_, -1)) {}

Sweeper::~Sweeper() {
  if (pid_ < 0) return;
  close(pipe_fd_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Sweeper::Watch(const std::string& path) {
  const std::string identity = IdentityOf(path);
  if (identity.empty()) return;
  std::string line = path;
  line += '\0';
  line += identity;
  line += '\0';
  (void)!write(pipe_fd_, line.data(), line.size());  // atomic: a path is shorter than PIPE_BUF
}

}  // namespace quire::server
