#include "client/text_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"

namespace quire::client {
namespace {

absl::Status WriteAll(int fd, std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd wait = {.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&wait, 1, -1);
    } else if (errno == EPIPE) {
      return PipeClosedError();
    } else if (errno != EINTR) {
      return FileError("write", name, errno);
    }
  }
  return absl::OkStatus();
}

class StdoutSink : public TextSink {
 public:
  absl::Status Write(std::string_view text) override {
    return WriteAll(STDOUT_FILENO, text, "standard output");
  }
  absl::StatusOr<std::string> Commit(bool) override { return std::string(); }
};

class FileSink : public TextSink {
 public:
  FileSink(int fd, std::string temporary, std::string path, std::string partial_path)
      : fd_(fd),
        temporary_(std::move(temporary)),
        path_(std::move(path)),
        partial_path_(std::move(partial_path)) {}

  ~FileSink() override {
    if (fd_ < 0) return;
    close(fd_);
    unlink(temporary_.c_str());
  }

  absl::Status Write(std::string_view text) override { return WriteAll(fd_, text, path_); }

  absl::StatusOr<std::string> Commit(bool complete) override {
    const std::string& path = complete ? path_ : partial_path_;
    const bool closed = close(std::exchange(fd_, -1)) == 0;
    if (closed && std::rename(temporary_.c_str(), path.c_str()) == 0) return path;
    const int error = errno;
    unlink(temporary_.c_str());
    return FileError("write", path, error);
  }

 private:
  int fd_;
  std::string temporary_;
  std::string path_;
  std::string partial_path_;
};

}  // namespace

std::unique_ptr<TextSink> MakeStdoutSink() { return std::make_unique<StdoutSink>(); }

absl::StatusOr<std::unique_ptr<TextSink>> MakeFileSink(const std::string& folder,
                                                       const std::string& stem,
                                                       std::string_view ending) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return FileError("create the folder", folder, error.value());
  const std::filesystem::path base = std::filesystem::path(folder);
  const std::string tail(ending);
  const std::string temporary = base / absl::StrCat(".", stem, tail, ".", getpid(), ".part");
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return FileError("create", temporary, errno);
  return std::make_unique<FileSink>(fd, temporary, base / absl::StrCat(stem, tail),
                                    base / absl::StrCat(stem, ".partial", tail));
}

}  // namespace quire::client
