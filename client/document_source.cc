#include "client/document_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "client/exit_code.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr size_t kCopyBytes = 256 * 1024;

// An empty file that no folder names.
absl::StatusOr<int> OpenUnlinked() {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error) folder = "/tmp";
  std::string name = (folder / "quire-input-XXXXXX").string();
  const int fd = mkstemp(name.data());
  if (fd < 0) return FileError("create", name, errno);
  unlink(name.c_str());
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

absl::Status WriteAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", "a temporary copy of the input", errno);
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

// Copies a pipe to its end; Ctrl-C ends the wait for its writer.
absl::Status CopyPipe(int from, int to, const std::string& name, const Interrupt& interrupt) {
  std::vector<char> buffer(kCopyBytes);
  while (true) {
    std::array<pollfd, 2> waits = {{{.fd = from, .events = POLLIN, .revents = 0},
                                    {.fd = interrupt.fd(), .events = POLLIN, .revents = 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      return FileError("read", name, errno);
    }
    if (interrupt.requested()) return InterruptedError();
    if (waits[0].revents == 0) continue;
    const ssize_t bytes = read(from, buffer.data(), buffer.size());
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (bytes < 0) return FileError("read", name, errno);
    if (bytes == 0) return absl::OkStatus();
    QUIRE_RETURN_IF_ERROR(WriteAll(to, buffer.data(), static_cast<size_t>(bytes)));
  }
}

}  // namespace

absl::StatusOr<DocumentSource> DocumentSource::Open(const std::string& path,
                                                    const Interrupt& interrupt) {
  const bool is_stdin = path == "-";
  const int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                          : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  DocumentSource source(is_stdin ? "standard input" : path, fd);
  if (fd < 0) return FileError("read", source.name_, errno);
  struct stat facts = {};
  if (fstat(fd, &facts) != 0) return FileError("read", source.name_, errno);
  if (S_ISDIR(facts.st_mode)) return FileError("read", source.name_, EISDIR);
  if (!S_ISREG(facts.st_mode)) {
    QUIRE_ASSIGN_OR_RETURN(const int copy, OpenUnlinked());
    DocumentSource spooled(source.name_, copy);
    QUIRE_RETURN_IF_ERROR(CopyPipe(fd, copy, source.name_, interrupt));
    if (fstat(copy, &facts) != 0) return FileError("read", source.name_, errno);
    source = std::move(spooled);
  }
  source.size_bytes_ = facts.st_size;
  return source;
}

DocumentSource::~DocumentSource() {
  if (fd_ >= 0) close(fd_);
}

DocumentSource::DocumentSource(DocumentSource&& other) noexcept { *this = std::move(other); }

DocumentSource& DocumentSource::operator=(DocumentSource&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(fd_, other.fd_);
  std::swap(offset_, other.offset_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

absl::StatusOr<size_t> DocumentSource::Read(char* buffer, size_t capacity) {
  while (true) {
    const ssize_t bytes = pread(fd_, buffer, capacity, offset_);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return FileError("read", name_, errno);
    offset_ += bytes;
    return static_cast<size_t>(bytes);
  }
}

}  // namespace quire::client
