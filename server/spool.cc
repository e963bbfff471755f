#include "server/spool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::server {
namespace {

constexpr double kRetrySeconds = 5;
constexpr size_t kCopyBytes = 1 << 20;

std::string Megabytes(int64_t bytes) { return absl::StrCat(static_cast<double>(bytes) / 1e6, " MB"); }

bool IsFull(int error) {
  return error == ENOSPC || error == EDQUOT || error == ENOMEM || error == EFBIG;
}

// Writes all of `bytes` at `offset`; 0 or the errno.
int WriteAt(int fd, std::string_view bytes, int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return 0;
}

// Copies the first `bytes` of one file to another; 0 or the errno.
int Copy(int from, int to, int64_t bytes) {
  std::vector<char> buffer(kCopyBytes);
  for (int64_t offset = 0; offset < bytes;) {
    const size_t wanted = std::min<size_t>(buffer.size(), static_cast<size_t>(bytes - offset));
    const ssize_t got = pread(from, buffer.data(), wanted, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    const int error = WriteAt(to, {buffer.data(), static_cast<size_t>(got)}, offset);
    if (error != 0) return error;
    offset += got;
  }
  return 0;
}

// A file of `directory` without a name; -1 with errno.
int OpenUnlinked(const std::string& directory) {
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  // These say that the file system has no such files; others speak of the folder.
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string path = directory + "/quire-spool-XXXXXX";
  const int named = mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) unlink(path.c_str());
  return named;
}

SpoolLimits WithDirectory(SpoolLimits limits) {
  if (!limits.directory.empty()) return limits;
  const char* folder = std::getenv("TMPDIR");
  limits.directory = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  return limits;
}

absl::Status SpoolFull(std::string_view message) {
  return WithRetryAfter(MakeError(absl::StatusCode::kResourceExhausted, "SPOOL_FULL", message),
                        kRetrySeconds);
}

absl::Status CannotStore(const std::string& directory, int error) {
  const std::string place =
      absl::StrCat("the spool folder ", directory, ": ", std::strerror(error));
  if (IsFull(error)) {
    return SpoolFull(absl::StrCat("no space for a document in ", place,
                                  "; try again later, or make room there (--spool-dir)"));
  }
  return MakeError(absl::StatusCode::kInternal, "SPOOL_UNUSABLE",
                   absl::StrCat("a document cannot be written to ", place,
                                "; give a folder that can be written (--spool-dir)"));
}

}  // namespace

SpoolFile::~SpoolFile() {
  if (fd_ >= 0) close(fd_);
  spool_.Shrink(size_);
}

absl::Status SpoolFile::Append(std::string_view bytes) {
  const SpoolLimits& limits = spool_.limits();
  const int64_t count = static_cast<int64_t>(bytes.size());
  if (count > limits.max_document_bytes - size_) {
    const std::string limit = Megabytes(limits.max_document_bytes);
    return MakeError(absl::StatusCode::kInvalidArgument, "DOCUMENT_TOO_LARGE",
                     absl::StrCat("the document has more than ", limit, "; the limit is ", limit,
                                  ": split it or raise --max-document-megabytes"),
                     {{"limit_bytes", absl::StrCat(limits.max_document_bytes)}});
  }
  QUIRE_RETURN_IF_ERROR(spool_.Grow(count));
  const absl::Status status = Write(bytes);
  if (!status.ok()) {
    spool_.Shrink(count);
    return status;
  }
  size_ += count;
  return absl::OkStatus();
}

absl::Status SpoolFile::Write(std::string_view bytes) {
  const SpoolLimits& limits = spool_.limits();
  if (!on_disk_ && static_cast<int64_t>(bytes.size()) > limits.memory_bytes - size_) {
    QUIRE_RETURN_IF_ERROR(MoveToDisk());
  }
  int error = WriteAt(fd_, bytes, size_);
  if (!on_disk_ && IsFull(error)) {  // memory is short before the limit says so
    QUIRE_RETURN_IF_ERROR(MoveToDisk());
    error = WriteAt(fd_, bytes, size_);
  }
  return error == 0 ? absl::OkStatus() : CannotStore(limits.directory, error);
}

absl::Status SpoolFile::MoveToDisk() {
  const std::string& directory = spool_.limits().directory;
  const int disk = OpenUnlinked(directory);
  if (disk < 0) return CannotStore(directory, errno);
  if (const int error = Copy(fd_, disk, size_); error != 0) {
    close(disk);
    return CannotStore(directory, error);
  }
  close(std::exchange(fd_, disk));
  on_disk_ = true;
  return absl::OkStatus();
}

Spool::Spool(SpoolLimits limits) : limits_(WithDirectory(std::move(limits))) {}

absl::StatusOr<std::unique_ptr<SpoolFile>> Spool::Create() {
  std::unique_ptr<SpoolFile> file(new SpoolFile(*this));  // its constructor is private
  file->fd_ = memfd_create("quire-document", MFD_CLOEXEC);
  if (file->fd_ < 0) {
    return SpoolFull(absl::StrCat("no file for a document: ", std::strerror(errno),
                                  "; try again later, or raise the limit of open files"));
  }
  return file;
}

int64_t Spool::total_bytes() const {
  MutexLock lock(mutex_);
  return total_bytes_;
}

absl::Status Spool::Grow(int64_t bytes) {
  MutexLock lock(mutex_);
  if (bytes > limits_.max_total_bytes - total_bytes_) {
    return SpoolFull(absl::StrCat(
        "the documents that are being read hold ", Megabytes(total_bytes_), "; the limit is ",
        Megabytes(limits_.max_total_bytes), " (--spool-total-gigabytes): try again later"));
  }
  total_bytes_ += bytes;
  return absl::OkStatus();
}

void Spool::Shrink(int64_t bytes) {
  MutexLock lock(mutex_);
  total_bytes_ -= bytes;
}

}  // namespace quire::server
